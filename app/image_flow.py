"""Opening folders and images, walking through them, small pictures: between the window and the reading thread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from app.canvas.pyramid import ImagePyramid
from app.case_words import source
from app.document import Document
from app.edit import Edit
from app.jobs import Folder, OpenPaths, ReadImage
from app.places import SAMPLES, is_case
from app.scene import Message
from app.sentences import say
from app.state import State
from app.window import MainWindow
from app.wording import text
from app.workers import Threads
from detector.datasets.annotation import FORMAT_NAMES, AnnotationStore

PATIENCE_MS = 300
"""An image that takes longer to read says so, and the one before goes."""


class ImageFlow(QObject):
    """Knows the folder and which image is open.

    Signals:
        document_changed: `State.document` is another one, or None.
        document_edited: it is the same image with another ground truth.
        folder_opened(tuple): other images are in the list, their files as text.
    """

    document_changed = Signal()
    document_edited = Signal()
    folder_opened = Signal(object)  # a `list` would be rebuilt item by item: 0.2 s for 100,000

    def __init__(self, window: MainWindow, state: State, threads: Threads, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state, self._threads = window, state, threads
        self._number = 0
        self._viewed: Path | None = None
        self._keep_message = False
        self._goes_on = False
        self._list_in: Path | None = None
        """The folder of the first image of the list."""
        self._said: Message | None = None
        self._offered: Message | None = None
        self._reading: Path | None = None
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self._on_patience)
        window.paths_opened.connect(self.open_where_left)
        window.paths_dropped.connect(self.open_where_left)
        window.images.image_chosen.connect(self.show_image)
        window.images.thumbnails_wanted.connect(self._on_thumbnails_wanted)
        reading = threads.reading
        reading.folder_opened.connect(self._on_folder)
        reading.image_read.connect(self._on_image)
        reading.image_failed.connect(self._on_image_failed)
        reading.thumbnail_read.connect(self._on_thumbnail)
        reading.failed.connect(self._on_failed)

    @Slot(list)
    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open images or folders; of a folder the first image."""
        self._number = self._threads.next_number()
        self._goes_on = False
        self._threads.reading.put(OpenPaths(self._number, tuple(paths)), self._number)

    @Slot(list)
    def open_where_left(self, paths: Sequence[Path]) -> None:
        """The same, but a folder that was open before at the image that was left."""
        self.open_paths(paths)
        self._goes_on = True

    @Slot(object)
    def show_image(self, path: Path) -> None:
        """Open one image of the folder; its neighbours are read ahead."""
        self._number = self._threads.next_number()
        self._keep_message, self._said, self._offered = False, None, None
        neighbours = self._window.images.beside(path)
        self._window.images.select(path)
        self._reading = path
        if not self._patience.isActive():
            self._patience.start()
        self._threads.reading.put(ReadImage(self._number, path, neighbours), self._number)

    def show_nothing(self) -> None:
        """There is no image any more."""
        self._number = self._threads.next_number()
        self._end_reading()
        self._window.canvas.show_image(None)
        self._window.show_title("")
        self._window.show_source("")
        self._state.open(None)
        self.document_changed.emit()

    @Slot(object, object)
    def take_edit(self, path: Path, edit: Edit) -> None:
        """An image has other objects."""
        if self._state.edit(path, edit):
            self.show_source()
            self.document_edited.emit()

    def show_unsaved(self) -> None:
        """Say which images have something that is not in their files."""
        self._window.show_unsaved(self._state.edits.keys())

    def show_source(self) -> None:
        """Say where the objects of the open image are, or will be."""
        if self._state.document is not None:
            words, short = _source(self._state.document, self._store)
            self._window.show_source(words, short=short)

    @property
    def _store(self) -> AnnotationStore | None:
        document = self._state.document
        if document is None or document.case is not None:
            return None
        return self._threads.reading.stores.known(document.path)

    @Slot(object)
    def tell(self, message: Message, offer: Message | None = None) -> None:
        """Show a message, with what can be done about it; while an image is being read, once it is there."""
        if self.is_reading:
            self._said, self._offered = message, offer
        else:
            self._window.status.show_message(message, offer=offer)

    @Slot()
    def _on_patience(self) -> None:
        """Boxes and sliders must not stand for an image that is on its way out."""
        path = self._reading
        if path is None:
            return
        said = say("status.reading", name=path.name)
        self._window.status.show_progress(said, None, of="reading")
        self._window.canvas.show_image(None)
        self._window.canvas.set_error(text(said))
        self._window.show_title(path.name)
        self._window.show_source("")
        if self._state.document is not None:
            self._state.open(None)
            self.document_changed.emit()

    @property
    def wanted(self) -> Path | None:
        """The image that is open, or is about to be."""
        document = self._state.document
        return self._reading or (None if document is None else document.path)

    @property
    def is_reading(self) -> bool:
        """The image that was asked for is not there yet."""
        return self._reading is not None

    def _end_reading(self) -> None:
        self._patience.stop()
        self._reading = None
        self._window.status.show_progress(None, None, of="reading")

    @Slot(int, object)
    def _on_folder(self, number: int, folder: Folder) -> None:
        if number != self._number:
            return
        if folder.problems:
            self._window.show_error(_problems_message(folder.problems))
        if folder.first is None:
            return
        first, self._list_in = folder.first, Path(folder.files[0]).parent
        left = self._window.preferences.image_left_at(self._list_in) if self._goes_on else None
        if left is not None and folder.is_whole and str(left) in folder.files:
            first = left
        self._window.images.show_folder(folder.files)
        self.folder_opened.emit(folder.files)
        if is_case(folder.first):
            self._window.remember_case(folder.first)
        else:
            self._window.remember_folder(folder.first.parent)
        self._window.show_start(False)
        self.show_image(first)
        self._keep_message = bool(folder.problems)

    @Slot(int, object, object)
    def _on_image(self, number: int, document: Document, pyramid: ImagePyramid) -> None:
        if number != self._number:
            return
        self._end_reading()
        if not self._keep_message:  # what is wrong with the folder outlives its first image
            self._window.status.show_message(self._said, offer=self._offered)
        self._window.canvas.set_error("")
        # Within a folder one goes on looking at the same part in the same scale.
        self._window.canvas.show_image(pyramid, keep_view=self._viewed == document.path.parent)
        self._viewed = document.path.parent
        if self._list_in is not None and document.case is None and self._viewed != SAMPLES:
            self._window.preferences.remember_image(self._list_in, document.path)
        self._window.show_title(document.name)
        self._state.open(document)
        self._show_truth(self._state.document or document)
        self.document_changed.emit()

    def _show_truth(self, document: Document) -> None:
        """Where the objects come from, or why there are none though there is a file."""
        if document.problem is None:
            self.show_source()
            if document.warnings and not self._keep_message and self._said is None:
                self._window.status.show_message(_oddity(document.warnings))
            return
        words, short = text(say("source.problem")), text(say("source.problem.short"))
        self._window.show_source(words, problem=document.problem, short=short)
        self._window.images.mark_state(document.path, (), is_run=False, problem=say("image.broken_truth"))
        self._window.show_error(say("error", text=document.problem))

    @Slot(int, object, str)
    def _on_image_failed(self, number: int, path: Path, sentence: str) -> None:
        self._window.images.mark_state(path, (), is_run=False, problem=say("image.failed"))
        if number != self._number:
            return
        self._end_reading()
        self._window.canvas.show_image(None)
        self._window.canvas.set_error(sentence)
        self._window.show_title(path.name)
        self._window.show_source("")
        self._window.show_error(say("error", text=sentence))
        self._state.open(None)
        self.document_changed.emit()

    @Slot(list)
    def _on_thumbnails_wanted(self, paths: list[Path]) -> None:
        self._threads.reading.want_thumbnails(paths)

    @Slot(object, QImage)
    def _on_thumbnail(self, path: Path, image: QImage) -> None:
        self._window.images.set_thumbnail(path, image)

    @Slot(int, object)
    def _on_failed(self, number: int, message: Message) -> None:
        if number == self._number:
            self._end_reading()
            self._window.show_error(message)


def _oddity(warnings: tuple[str, ...]) -> Message:
    first, others = warnings[0], len(warnings) - 1
    return say("warning.several", text=first, n=others) if others else say("warning.file", text=first)


def _source(document: Document, store: AnnotationStore | None) -> tuple[str, str]:
    """Format and place of the annotations, and what of this image is not in them; and format and folder alone."""
    count, short = len(document.proposed), ""
    if document.case is not None:
        words = text(source(document))
    elif document.path.parent == SAMPLES:
        words = text(say("source.samples"))
    elif store is not None:
        where = store.place if store.format == "coco" else store.path_of(document.path)
        words = f"{FORMAT_NAMES[store.format]} › {where.parent.name}/{where.name}"
        short = f"{FORMAT_NAMES[store.format]} › {(where if store.format == 'coco' else where.parent).name}"
    else:
        words = text(say("source.none"))
    if not count:
        return words, short
    # Last: where there is no room, the beginning goes.
    return f"{words} · {text(say('source.proposed.several' if count > 1 else 'source.proposed', n=count))}", short


def _problems_message(problems: Sequence[str]) -> Message:
    """The first, and how many more there are: the status line has one line."""
    first, more = problems[0], len(problems) - 1
    return say("status.problems", text=first, n=more) if more else say("error", text=first)
