"""Where the annotations of each folder are saved: found by what lies there, else asked once in the bar."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from app.places import is_never_saved
from app.save_questions import Question, WhereToSave
from app.sentences import say
from app.state import State
from app.window import MainWindow
from app.workers import Threads
from detector.datasets import DatasetError
from detector.datasets.annotation import FORMAT_NAMES, FORMATS, AnnotationStore
from detector.datasets.stores import make_store


class PlaceFlow(QObject):
    """Knows the store of each folder.

    Signals:
        place_chosen(object): annotations of the images of this folder go elsewhere from now on.
    """

    place_chosen = Signal(object)

    def __init__(self, window: MainWindow, state: State, threads: Threads, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state, self._stores = window, state, threads.reading.stores
        self._postponed: set[Path] = set()
        window.place_requested.connect(self.ask_here)
        window.dialogs.place_chosen.connect(self.choose)
        bar = window.save_bar
        bar.format_chosen.connect(self.choose)
        bar.postponed.connect(self._on_postponed)
        bar.other_place_wanted.connect(self._on_other_place)

    def start(self) -> None:
        """Folders whose place a person has chosen before are saved there again."""
        self._stores.remember(self._window.preferences.places)

    def store_of(self, path: Path) -> AnnotationStore | None:
        """Where the annotations of an image's folder are; None where there is no place yet, or it cannot be read."""
        try:
            return self._stores.of(path)
        except DatasetError as error:
            self._window.show_error(say("error", text=str(error)))
            return None

    def writable_of(self, path: Path) -> AnnotationStore | None:
        """Where an image's annotation is to be written; None where there is no place yet."""
        store = self.store_of(path)
        return store if store is not None and store.is_writable else None

    def ask(self, folder: Path, *, by_hand: bool = False) -> None:
        """In the bar above the picture, where it is the folder of the open image; once, but by hand."""
        document = self._state.document
        if by_hand:
            self._postponed.discard(folder)
        if document is not None and document.path.parent == folder and folder not in self._postponed:
            self._window.save_bar.ask(WhereToSave.beside(folder))

    @Slot(object)
    def _on_postponed(self, question: Question) -> None:
        if isinstance(question, WhereToSave):
            self._postponed.add(question.folder)

    def document_changed(self) -> None:
        """Perhaps of another folder."""
        self._window.save_bar.withdraw_all(WhereToSave)

    @Slot()
    def ask_here(self) -> None:
        """Where and how the boxes of the open folder are saved."""
        document = self._state.document
        if document is not None and not is_never_saved(document.path):
            self.ask(document.path.parent, by_hand=True)

    @Slot(object)
    def _on_other_place(self, question: WhereToSave) -> None:
        self._window.dialogs.ask_place(question.folder)

    @Slot(object, str, object)
    def choose(self, folder: Path, name: str, place: Path) -> None:
        """Save the annotations of a folder's images there from now on; what is elsewhere is read as before.

        By the time a person has chosen, the image of another folder may be open.
        """
        kind = next((each for each in FORMATS if each == name), None)
        if kind is None:
            return
        try:
            store = self._stores.choose(folder, make_store(kind, place, self._state.annotating.classes()))
        except DatasetError as error:
            self._window.show_error(say("error", text=str(error)))
            return
        self._window.preferences.remember_place(folder, kind, place)
        self._window.save_bar.withdraw(WhereToSave.beside(folder))
        self._window.status.show_message(
            say("saving.place", format=FORMAT_NAMES[store.format], place=f"{place.parent.name}/{place.name}")
        )
        self.place_chosen.emit(folder)
