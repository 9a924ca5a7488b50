"""What becomes of images whose files cannot be written as they are, or that other programs write too.

SaveFlow --saved, not_saved--> ConflictFlow --question--> the bar above the picture
                                            <--answer---
                                            --Task--> saving thread --what the files say--> a step of each image
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot

from app.annotation_saving import OneSentence, SaveFailed
from app.image_flow import ImageFlow
from app.jobs import Task
from app.look_up import Found, look_up
from app.place_flow import PlaceFlow
from app.places import is_never_saved
from app.save_flow import SaveFlow
from app.save_questions import ChangedOnDisk, NotWritten, Question, SharedFile
from app.sentences import say
from app.state import State
from app.undo_flow import UndoFlow
from app.window import MainWindow
from app.workers import Threads
from detector.datasets.annotation import Stored, stamp_of


class ConflictFlow(QObject):
    """Asks, and does what is answered."""

    def __init__(
        self,
        window: MainWindow,
        state: State,
        threads: Threads,
        images: ImageFlow,
        undo: UndoFlow,
        places: PlaceFlow,
        saves: SaveFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._threads, self._images = window, state, threads, images
        self._undo, self._places, self._saves = undo, places, saves
        self._images_of: dict[Path, dict[Path, None]] = {}
        """Of each annotation file that is asked about, in the order in which they came up."""
        self._failures = OneSentence()
        self._reads: dict[int, bool] = {}
        """Of what is being read whether what was done here is to be added to it."""
        saves.saved.connect(self._on_saved)
        saves.not_saved.connect(self._on_not_saved)
        saves.undecided.connect(self._on_undecided)
        state.sessions.when_ended(self._settle)
        window.activated.connect(self.look_at_files)
        threads.saving.task_done.connect(self._on_read)
        bar = window.save_bar
        bar.theirs_wanted.connect(self._on_theirs)
        bar.mine_wanted.connect(self._on_mine)
        bar.both_wanted.connect(self._on_both)
        bar.postponed.connect(self._on_postponed)
        bar.retry_wanted.connect(self._on_retry)
        bar.elsewhere_wanted.connect(self._on_elsewhere)
        bar.image_wanted.connect(self._on_image_wanted)

    # -- asking --------------------------------------------------------------------------------------------------------

    @Slot(object, bool)
    def _on_not_saved(self, answer: SaveFailed, by_hand: bool) -> None:
        path, store = answer.image_path, self._places.store_of(answer.image_path)
        if store is None:
            return
        where = store.path_of(path)
        self._images_of.setdefault(where, {})[path] = None
        said = self._failures.failed(answer, by_hand=by_hand)
        if said is None:
            return
        self._window.show_error(said)
        if answer.owner:
            self._window.save_bar.ask(SharedFile(where, path, answer.owner))
        elif answer.is_conflict:
            self._ask_whose(where, path, is_gone=answer.is_gone)
        else:
            self._window.save_bar.ask(NotWritten(where, answer.text))

    def _ask_whose(self, where: Path, path: Path, *, is_gone: bool = False, is_other: bool = False) -> None:
        images = self._images_of.setdefault(where, {})
        images[path] = None
        self._window.save_bar.ask(ChangedOnDisk(where, tuple(images), is_gone, is_other))

    @Slot(object)
    def _on_undecided(self, path: Path) -> None:
        session, store = self._state.sessions.get(path), self._places.store_of(path)
        if session is not None and store is not None:
            self._ask_whose(store.path_of(path), path, is_other=session.dispute == "there")

    @Slot(object)
    def _on_postponed(self, question: Question) -> None:
        """It is asked again when the next save fails."""
        if isinstance(question, ChangedOnDisk | SharedFile):
            for path in question.images:
                self._failures.forget(path)

    @Slot()
    def look_at_files(self) -> None:
        """The window is the active one again: whether another program has changed the open image's annotation."""
        document, session = self._state.document, self._state.session
        if document is None or is_never_saved(document.path):
            return
        stored = document.stored if session is None else session.stored
        if stored is None or not self._saves.is_changed_elsewhere(stored):
            return
        if session is None or not session.is_changed:
            self._images.show_image(document.path)
            self._images.tell(say("annotate.read_again", file=stored.path.name))
        else:
            self._ask_whose(stored.path, document.path, is_gone=stamp_of(stored.path) is None)

    def document_changed(self) -> None:
        """Another image is open: nobody has to be led there any more."""
        self._window.save_bar.set_open_image(None if self._state.document is None else self._state.document.path)

    # -- settled -------------------------------------------------------------------------------------------------------

    @Slot(object, object)
    def _on_saved(self, path: Path, stored: Stored) -> None:
        self._settle(path)

    def _settle(self, path: Path) -> None:
        """Nothing is in the way of an image's boxes any more, or they are given up."""
        store = self._places.store_of(path)
        if store is not None:
            self._failures.succeeded(path, store.place)
        self._window.save_bar.withdraw(SharedFile(path, image=path, owner=""))
        for where in [where for where, images in self._images_of.items() if path in images]:
            del self._images_of[where][path]
            if not self._images_of[where]:
                del self._images_of[where]
                for question in (ChangedOnDisk(where), NotWritten(where, "")):
                    self._window.save_bar.withdraw(question)
        self._window.save_bar.settle(path)

    # -- answers -------------------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_theirs(self, where: Path) -> None:
        self._read(where, adds_mine=False)

    @Slot(object)
    def _on_both(self, where: Path) -> None:
        self._read(where, adds_mine=True)

    def _read(self, where: Path, *, adds_mine: bool) -> None:
        """What the file says is read where nobody waits for it."""
        sessions, stores = self._state.sessions, self._threads.reading.stores
        sizes = {path: sessions[path].image_hw for path in self._images_of.get(where, {}) if path in sessions}
        number = self._threads.next_number()
        self._reads[number] = adds_mine
        self._threads.saving.save(
            Task(number, lambda: [look_up(path, stores, size) for path, size in sizes.items()], f"reading {where.name}")
        )

    @Slot(int, object)
    def _on_read(self, number: int, found: list[Found]) -> None:
        adds_mine = self._reads.pop(number, None)
        if adds_mine is not None:
            for each in found:
                self._take_theirs(each, adds_mine=adds_mine)

    def _take_theirs(self, found: Found, *, adds_mine: bool) -> None:
        """As a step of the image: undo brings back what was done here."""
        path, stored = found.path, found.stored
        session, store = self._state.sessions.get(path), self._places.store_of(path)
        if session is None or store is None:
            return  # given up meanwhile
        where = store.path_of(path)
        if found.problem:
            self._window.show_error(say("error", text=found.problem))
            self._ask_whose(where, path)
            return
        if stored is None or stored.path != where:
            return  # saved elsewhere meanwhile
        before = session.edit
        theirs = before.replaced_by(stored.annotation)
        session.take_theirs(theirs, stored)
        self._settle(path)
        after = theirs.with_objects_of(before) if adds_mine else theirs
        self._undo.bring_back_document(path, before, after, say("undo.both" if adds_mine else "undo.theirs"))

    @Slot(object)
    def _on_mine(self, where: Path) -> None:
        self._again(where, overwrite=True)

    @Slot(object)
    def _on_retry(self, where: Path) -> None:
        self._again(where, overwrite=False)

    def _again(self, where: Path, *, overwrite: bool) -> None:
        for path in list(self._images_of.get(where, {})):
            self._saves.save_again(path, overwrite=overwrite)

    @Slot(object)
    def _on_elsewhere(self, where: Path) -> None:
        """For the folder of the first image that is kept from being saved, whichever is open."""
        for image in list(self._images_of.get(where, ()))[:1]:
            self._window.dialogs.ask_place(image.parent)

    @Slot(object)
    def _on_image_wanted(self, path: Path) -> None:
        """Show it; where it is none of the images in the list, with its folder."""
        if str(path) in self._window.images.model.files:
            self._images.show_image(path)
        else:
            self._images.open_paths([path])
