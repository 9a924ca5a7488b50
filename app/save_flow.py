"""Saving annotations: when, where, and what becomes of what cannot be saved. Nothing that a person did is lost.

    UndoFlow --document_stepped--> SaveFlow --edit--> Journal            at once, for a crash
                                            --path--> Autosave           when
    Autosave --save_wanted-->      SaveFlow --SaveAnnotation-->          saving thread
                                            <--saved, failed--

Where a folder's annotations go is found by what lies there, else asked once in the bar above the picture.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.annotation_saving import OneSentence, SaveAnnotation, SavedAnnotation, SaveFailed
from app.autosave import Autosave
from app.changed_on_disk import changed_since
from app.edit import Box, Edit
from app.image_flow import ImageFlow
from app.journal import Journal
from app.places import SAMPLES
from app.save_questions import ChangedOnDisk, NotWritten, Question, WhereToSave
from app.sentences import say
from app.session import Session
from app.state import State
from app.undo_flow import UndoFlow
from app.window import MainWindow
from app.workers import Threads
from detector.datasets import DatasetError
from detector.datasets.annotation import FORMAT_NAMES, FORMATS, AnnotationStore, Stamp, Stored, stamp_of
from detector.datasets.stores import make_store


class SaveFlow(QObject):
    """Sees to it that the files say what a person has made of the images.

    Signals:
        annotation_changed(object): what is known of an image's annotation is other than before, by its `Path`.
        place_chosen(): annotations of the open folder go elsewhere.
    """

    annotation_changed = Signal(object)
    place_chosen = Signal()

    def __init__(
        self, window: MainWindow, state: State, threads: Threads, images: ImageFlow, undo: UndoFlow, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._threads, self._images, self._undo = window, state, threads, images, undo
        self.journal = Journal()
        self.autosave = Autosave(self, on=window.preferences.flag("autosave", True))
        self._stores, self._saving = threads.reading.stores, threads.saving
        self._asked: dict[int, tuple[Path, Edit]] = {}
        self._by_hand: set[Path] = set()
        self._overwrites: set[Path] = set()
        self._postponed: set[Path] = set()
        self._images_of: dict[Path, set[Path]] = {}
        self._failures = OneSentence()
        self._unsaved_soon = QTimer(self)
        self._unsaved_soon.setSingleShot(True)
        self._unsaved_soon.setInterval(0)
        self._unsaved_soon.timeout.connect(self._on_unsaved_soon)
        window.close_wanted.connect(self._on_unsaved_soon)
        self._stamps: dict[Path, list[Stamp]] = {}
        self.autosave.save_wanted.connect(self._on_wanted)
        self._saving.annotation_saved.connect(self._on_saved)
        self._saving.annotation_failed.connect(self._on_failed)
        self._saving.cancelled.connect(self._on_outdone)
        undo.document_stepped.connect(self._on_stepped)
        window.save_requested.connect(self.save_now)
        window.place_requested.connect(self.ask_place)
        window.option_toggled.connect(self._on_option)
        window.activated.connect(self.look_at_files)
        window.canvas.box_dragged.connect(self._on_dragged)
        window.canvas.drag_ended.connect(self._on_drag_ended)
        window.dialogs.place_chosen.connect(self.choose_place)
        bar = window.save_bar
        bar.format_chosen.connect(self.choose_place)
        bar.postponed.connect(self._on_postponed)
        bar.other_place_wanted.connect(self._on_other_place)
        bar.theirs_wanted.connect(self._on_theirs)
        bar.mine_wanted.connect(self._on_mine)
        bar.retry_wanted.connect(self._on_retry)
        bar.elsewhere_wanted.connect(self._on_elsewhere)

    def start(self) -> None:
        """Folders whose place a person has chosen before are saved there again."""
        self._stores.remember(self._window.preferences.places)

    # -- when ----------------------------------------------------------------------------------------------------------

    @Slot(object, object)
    def _on_stepped(self, path: Path, edit: Edit) -> None:
        self.edited(path)

    def edited(self, path: Path) -> None:
        """An image has other objects than before."""
        session = self._state.sessions.get(path)
        if session is None:
            return
        if self._is_kept_out(path):
            self._show_unsaved()
            self.annotation_changed.emit(path)
            return
        self._keep(path)
        if not session.is_unsaved and not self._is_being_saved(path):
            self.autosave.settle(path)
        else:
            self._make_ready(path)
            self.autosave.edited(path)
        self._show_unsaved()
        self.annotation_changed.emit(path)

    def _is_being_saved(self, path: Path) -> bool:
        """What its file says is about to be something else, so that what it says now may have to be written again."""
        return any(each == path for each, _ in self._asked.values())

    def _keep(self, path: Path) -> None:
        """In the journal is what no file says."""
        session = self._state.sessions[path]
        if session.is_changed:
            failed = self.journal.keep(path, session.edit, session.stored, stamp_of(path), session.records)
            if failed is not None:
                self._window.show_error(failed)
        else:
            self.journal.forget(path)

    def _make_ready(self, path: Path) -> None:
        """Where the folder's annotations go is known, or asked."""
        store = self.store_of(path)
        is_ready = store is not None and store.is_writable
        self.autosave.set_ready(is_ready)
        if not is_ready and path.parent not in self._postponed:
            self._window.save_bar.ask(WhereToSave.beside(path.parent))

    @Slot(object)
    def _on_postponed(self, question: Question) -> None:
        """Asked once; Ctrl+S asks again."""
        if isinstance(question, WhereToSave):
            self._postponed.add(question.folder)

    def document_changed(self) -> None:
        """Another image is open; what was done to the one before is saved."""
        for path in self.autosave.unsaved:
            self.autosave.leave(path)
        # What is answered there is about the folder of the open image.
        self._window.save_bar.withdraw_all(WhereToSave)
        document = self._state.document
        if document is not None:
            if self._state.session is None:
                self._undo.forget_document(document.path)  # its objects are as in the files, which are others' now
            store = self.store_of(document.path)
            self.autosave.set_ready(store is not None and store.is_writable)
            if self._state.session is not None and self._state.session.is_unsaved:
                self._make_ready(document.path)

    @Slot()
    def save_now(self) -> None:
        """Ctrl+S: this image, whatever is set."""
        document = self._state.document
        if document is None:
            return
        if self._is_kept_out(document.path):
            self._window.status.show_message(say("saving.samples"))
            return
        path, session = document.path, self._state.session
        if session is None or not session.is_unsaved:
            self._window.status.show_message(say("saving.nothing", name=document.name))
            return
        self._postponed.discard(path.parent)
        self._make_ready(path)
        store = self.store_of(path)
        if store is None or not store.is_writable:
            self._window.status.show_message(say("saving.no_place"))
            return
        self._by_hand.add(path)
        self.autosave.resume()
        self.autosave.save_now(path)

    def close(self) -> None:
        """The window goes: all that can be saved is."""
        if self.autosave.is_on:
            self.autosave.resume()
            self.autosave.save_now()

    def end(self) -> None:
        """All threads have ended: what is in the journal now is for the next start.

        Of the last saves no answer came any more; the files tell.
        """
        for path, edit in self._asked.values():
            session, store = self._state.sessions.get(path), self.store_of(path)
            if session is None or store is None or session.edit is not edit or edit.proposed:
                continue
            with contextlib.suppress(DatasetError):
                written = store.read(path, session.image_hw).annotation
                if written is not None and written.says_the_same(edit.confirmed({})):
                    self.journal.forget(path)
        self.journal.close()

    @property
    def num_to_ask(self) -> int:
        """Images whose changes closing would leave in no file."""
        return sum(session.is_unsaved and not self._is_saved_by_itself(path) for path, session in self._sessions())

    def _sessions(self) -> list[tuple[Path, Session]]:
        return [(path, each) for path, each in self._state.sessions.items() if not self._is_kept_out(path)]

    def _is_saved_by_itself(self, path: Path) -> bool:
        store = self.store_of(path)
        is_possible = store is not None and store.is_writable and not self._state.sessions[path].failure
        return is_possible and self.autosave.is_on

    @Slot(int, object)
    def _on_dragged(self, row: int, box: Box) -> None:
        self.autosave.pause()

    @Slot()
    def _on_drag_ended(self) -> None:
        self.autosave.resume()

    @Slot(str, bool)
    def _on_option(self, name: str, on: bool) -> None:
        if name == "autosave":
            self._window.preferences.set_flag(name, on)
            self.autosave.set_on(on)
            self._show_unsaved()

    # -- saving --------------------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_wanted(self, path: Path) -> None:
        session, store = self._state.sessions.get(path), self.store_of(path)
        if session is None or store is None or not store.is_writable:
            self.autosave.failed(path)
            return
        number = self._threads.next_number()
        seen = None if path in self._overwrites else session.stored or Stored(None, store.path_of(path))
        self._asked[number] = (path, session.edit)
        self.journal.saving(path, session.edit, session.stored)
        self._keep(path)
        request = SaveAnnotation(
            number, path, session.image_hw, store, session.to_write, seen, session.edit.confirmed_ids
        )
        self._saving.save(request)

    @Slot(int, object)
    def _on_saved(self, number: int, answer: SavedAnnotation) -> None:
        path, edit = self._asked.pop(number)
        session, store = self._state.sessions.get(path), self.store_of(path)
        self.autosave.saved(path)
        self._stamps.setdefault(answer.stored.path, []).append(answer.stored.stamp)
        self._overwrites.discard(path)
        if session is None or store is None:
            return
        if answer.stored.path != store.path_of(path):
            # It went to the place that was chosen before.
            if session.is_unsaved:
                self.autosave.edited(path)
            return
        session.saved(edit, answer.stored)
        if session.is_unsaved:
            self.autosave.edited(path)  # undone while it was being written
        self._keep(path)
        where = answer.stored.path
        self._failures.succeeded(path, store.place)
        for question in (ChangedOnDisk(where), NotWritten(where, "")):
            self._window.save_bar.withdraw(question)
        if path in self._by_hand:
            self._by_hand.discard(path)
            self._window.status.show_message(say("saving.saved", path=f"{where.parent.name}/{where.name}"))
        self._show_unsaved()
        self._images.show_source()
        self.annotation_changed.emit(path)

    @Slot(int)
    def _on_outdone(self, number: int) -> None:
        """A newer edit of the image was asked to be written in its place."""
        self._asked.pop(number, None)

    @Slot(int, object)
    def _on_failed(self, number: int, answer: SaveFailed) -> None:
        path, _ = self._asked.pop(number)
        session, store = self._state.sessions.get(path), self.store_of(path)
        self.autosave.failed(path)
        by_hand = path in self._by_hand
        self._by_hand.discard(path)
        if session is None or store is None:
            return
        session.failure = answer.text
        where = store.path_of(path)
        self._overwrites.discard(path)
        self._images_of.setdefault(where, set()).add(path)
        said = self._failures.failed(answer, by_hand=by_hand)
        if said is not None:
            self._window.show_error(said)
            self._window.save_bar.ask(ChangedOnDisk(where) if answer.is_conflict else NotWritten(where, answer.text))
        self._show_unsaved()

    def _show_unsaved(self) -> None:
        """Soon: where a whole folder is changed, every image would be looked at for every other."""
        self._unsaved_soon.start()

    @Slot()
    def _on_unsaved_soon(self) -> None:
        self._unsaved_soon.stop()
        self._images.show_unsaved()
        self._window.show_to_ask(self.num_to_ask)

    # -- where ---------------------------------------------------------------------------------------------------------

    def store_of(self, path: Path) -> AnnotationStore | None:
        """Where the annotations of an image's folder are; None where there is no place yet, or it cannot be read."""
        try:
            return self._stores.of(path)
        except DatasetError as error:
            self._window.show_error(say("error", text=str(error)))
            return None

    @Slot()
    def ask_place(self) -> None:
        """Where and how the boxes of this folder are saved, in the bar above the picture."""
        document = self._state.document
        if document is not None and not self._is_kept_out(document.path):
            self._window.save_bar.ask(WhereToSave.beside(document.path.parent))

    @Slot(str, object)
    def choose_place(self, name: str, place: Path) -> None:
        """Save the open folder's annotations there from now on; what is elsewhere is read as before."""
        document = self._state.document
        kind = next((each for each in FORMATS if each == name), None)
        if document is None or kind is None:
            return
        folder = document.path.parent
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
        for path, session in self._sessions():
            if path.parent == folder:
                self._move(path, session, store)
        if document.path not in self._state.sessions:
            self._reopen(document.path)
        self.autosave.set_ready(True)
        self._images.show_source()
        self.place_chosen.emit()

    def _move(self, path: Path, session: Session, store: AnnotationStore) -> None:
        """What is unsaved of an image goes to the new place; the rest is read there."""
        if not session.is_changed:
            self._drop(path)
            return
        try:
            session.move_to(store.read(path, session.image_hw))
        except DatasetError:
            session.move_to(Stored(None, store.path_of(path)))
        self._keep(path)

    @Slot(object)
    def _on_other_place(self, question: WhereToSave) -> None:
        self._window.dialogs.ask_place(question.folder)

    @Slot(object)
    def _on_elsewhere(self, path: Path) -> None:
        self._window.dialogs.ask_place(next(iter(self._images_of.get(path, (path,)))).parent)

    # -- what others do to the files -----------------------------------------------------------------------------------

    @Slot()
    def look_at_files(self) -> None:
        """The window is the active one again: whether another program has changed the open image's annotation."""
        document, session = self._state.document, self._state.session
        if document is None or self._is_kept_out(document.path) or self._asked:
            return
        stored = document.stored if session is None else session.stored
        if stored is None or not changed_since(stored, self._stamps.get(stored.path, ())):
            return
        if session is None or not session.is_changed:
            self._images.show_image(document.path)
        else:
            self._images_of.setdefault(stored.path, set()).add(document.path)
            self._window.save_bar.ask(ChangedOnDisk(stored.path))

    @Slot(object)
    def _on_theirs(self, where: Path) -> None:
        for path in self._images_of.pop(where, set()):
            self._take_theirs(path)

    def _take_theirs(self, path: Path) -> None:
        """What another program wrote, as a step of the image: undo brings back what was done here."""
        session, store = self._state.sessions.get(path), self.store_of(path)
        if session is None or store is None:
            return
        try:
            stored = store.read(path, session.image_hw)
        except DatasetError as error:
            self._window.show_error(say("error", text=str(error)))
            return
        before = session.edit
        after = before.replaced_by(stored.annotation)
        session.take_theirs(after, stored)
        self._failures.succeeded(path, store.place)
        self._undo.bring_back_document(path, before, after, say("undo.theirs"))

    def _drop(self, path: Path) -> None:
        """What was done to an image here counts no more."""
        self._undo.forget_document(path)
        self._state.sessions.pop(path, None)
        self.journal.forget(path)
        self.autosave.settle(path)
        store = self.store_of(path)
        if store is not None:
            self._failures.succeeded(path, store.place)
        self._show_unsaved()

    def _reopen(self, path: Path) -> None:
        """Read the image again, if it is the open one."""
        if self._state.document is not None and self._state.document.path == path:
            self._images.show_image(path)

    @Slot(object)
    def _on_mine(self, where: Path) -> None:
        self._overwrites |= self._images_of.get(where, set())
        self._on_retry(where)

    @Slot(object)
    def _on_retry(self, where: Path) -> None:
        for path in self._images_of.pop(where, set()):
            if path in self._state.sessions:
                self._by_hand.add(path)
                self.autosave.edited(path)
                self.autosave.save_now(path)

    def _is_kept_out(self, path: Path) -> bool:
        """Nothing is saved of it: a case is what it is, and the bundled samples are for everybody to play with."""
        read = self._state.read
        is_case = read is not None and read.path == path and read.case is not None
        return is_case or path.parent == SAMPLES
