"""Saving annotations: when, and that nothing a person did is lost until it is done.

    UndoFlow --document_stepped--> SaveFlow --edit--> Journal            at once, for a crash
                                            --path--> Autosave           when
    Autosave --save_wanted-->      SaveFlow --SaveAnnotation-->          saving thread
                                            <--saved, failed--
                                            --saved, not_saved-->        ConflictFlow

Where to is `app.place_flow`'s; what becomes of what cannot be saved is asked by `app.conflict_flow`.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.annotation_saving import SaveAnnotation, SavedAnnotation, SaveFailed
from app.autosave import Autosave
from app.changed_on_disk import changed_since
from app.edit import Box, Edit
from app.image_flow import ImageFlow
from app.journal import Journal
from app.place_flow import PlaceFlow
from app.places import is_never_saved
from app.sentences import say
from app.session import Session
from app.state import State
from app.undo_flow import UndoFlow
from app.window import MainWindow
from app.workers import Threads
from detector.datasets import DatasetError
from detector.datasets.annotation import Annotation, Stamp, Stored, stamp_of


class SaveFlow(QObject):
    """Sees to it that the files say what a person has made of the images.

    Signals:
        annotation_changed(object): what is known of an image's annotation is other than before, by its `Path`.
        saved(object, object): the `Path` of an image, and what its file says now, a `Stored`.
        not_saved(object, bool): `SaveFailed`; True where a person asked for this save.
        undecided(object): the `Path` of an image that is not saved before a person has decided whose work counts.
    """

    annotation_changed = Signal(object)
    saved = Signal(object, object)
    not_saved = Signal(object, bool)
    undecided = Signal(object)

    def __init__(
        self,
        window: MainWindow,
        state: State,
        threads: Threads,
        images: ImageFlow,
        undo: UndoFlow,
        places: PlaceFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._threads, self._images = window, state, threads, images
        self._places, self._saving = places, threads.saving
        self.journal = Journal()
        self.autosave = Autosave(self, on=window.preferences.flag("autosave", True))
        self._asked: dict[int, tuple[Path, Session, Edit]] = {}
        self._by_hand: set[Path] = set()
        self._overwrites: set[Path] = set()
        self._stamps: dict[Path, Stamp] = {}
        """Of each annotation file as it was last written here."""
        self._unsaved_soon = QTimer(self)
        self._unsaved_soon.setSingleShot(True)
        self._unsaved_soon.setInterval(0)
        self._unsaved_soon.timeout.connect(self._on_unsaved_soon)
        window.close_wanted.connect(self._on_unsaved_soon)
        self.autosave.save_wanted.connect(self._on_wanted)
        self._saving.annotation_saved.connect(self._on_saved)
        self._saving.annotation_failed.connect(self._on_failed)
        self._saving.cancelled.connect(self._on_outdone)
        state.sessions.when_ended(self._on_ended)
        undo.document_stepped.connect(self._on_stepped)
        window.save_requested.connect(self.save_now)
        window.option_toggled.connect(self._on_option)
        window.canvas.box_dragged.connect(self._on_dragged)
        window.canvas.drag_ended.connect(self._on_drag_ended)

    # -- when ----------------------------------------------------------------------------------------------------------

    @Slot(object, object)
    def _on_stepped(self, path: Path, edit: Edit) -> None:
        """An image has other objects than before."""
        session = self._state.sessions.get(path)
        if session is None:
            return
        if not is_never_saved(path):
            self._keep(path, session)
            if session.is_unsaved or session.num_writing:  # the file is about to say something else
                self._ask_place_of(path)
                self.autosave.edited(path)
            else:
                self.autosave.settle(path)
        self._show_unsaved()
        self.annotation_changed.emit(path)

    def _keep(self, path: Path, session: Session) -> None:
        """In the journal is what no file says."""
        if session.is_changed:
            failed = self.journal.keep(path, session.edit, session.known, stamp_of(path), session.records)
            if failed is not None:
                self._window.show_error(failed)
        else:
            self.journal.forget(path)

    def _ask_place_of(self, path: Path) -> None:
        if self._places.writable_of(path) is None:
            self._places.ask(path.parent)

    def _on_ended(self, path: Path) -> None:
        """What was done to an image here counts no more."""
        self.journal.forget(path)
        self.autosave.settle(path)
        for images in (self._by_hand, self._overwrites):
            images.discard(path)
        self._show_unsaved()

    def document_changed(self) -> None:
        """Another image is open; what was done to the one before is saved."""
        for path in self.autosave.unsaved:
            self.autosave.leave(path)
        document, session = self._state.document, self._state.session
        if document is not None and session is not None and session.is_unsaved and not is_never_saved(document.path):
            self._ask_place_of(document.path)

    @Slot()
    def save_now(self) -> None:
        """Ctrl+S: this image, whatever is set."""
        document, session = self._state.document, self._state.session
        if document is None:
            return
        path, status = document.path, self._window.status
        if is_never_saved(path):
            status.show_message(say("saving.samples"))
        elif session is None or not session.is_unsaved:
            status.show_message(say("saving.nothing", name=document.name))
        elif self._places.writable_of(path) is None:
            self._places.ask(path.parent, by_hand=True)
            status.show_message(say("saving.no_place"))
        else:
            self._by_hand.add(path)
            self.autosave.resume()
            self.autosave.save_now(path)

    def save_again(self, path: Path, *, overwrite: bool = False) -> None:
        """A person wants one more try.

        Args:
            overwrite: whatever another program has written.
        """
        if path not in self._state.sessions:
            return
        if overwrite:
            self._overwrites.add(path)
        self._by_hand.add(path)
        self.autosave.edited(path)
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
        for path, session, edit in self._asked.values():
            store = self._places.store_of(path)
            if self._state.sessions.get(path) is not session or store is None or session.edit is not edit:
                continue
            if edit.proposed:
                continue
            with contextlib.suppress(DatasetError):
                written = store.read(path, session.image_hw).annotation or Annotation.empty()
                if written.says_the_same(edit.confirmed({})):
                    self.journal.forget(path)
        self.journal.close()

    @property
    def num_to_ask(self) -> int:
        """Images whose changes closing would leave in no file."""
        sessions = self._state.sessions.items()
        unsaved = [path for path, each in sessions if each.is_unsaved and not is_never_saved(path)]
        return sum(not self._is_saved_by_itself(path) for path in unsaved)

    def _is_saved_by_itself(self, path: Path) -> bool:
        """Nobody hears of what happens to it once the window is gone; for that there is the journal."""
        session = self._state.sessions[path]
        can_be_written = self._places.writable_of(path) is not None and not session.failure
        return can_be_written and not session.is_waiting and self.autosave.is_on and not self.journal.is_failing

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
        session, store = self._state.sessions.get(path), self._places.writable_of(path)
        if session is None or store is None:
            self.autosave.failed(path)
            return
        if session.moving or (session.dispute and path not in self._overwrites):
            self.autosave.failed(path)
            if session.dispute:
                self.undecided.emit(path)
            return
        number = self._threads.next_number()
        seen = None if path in self._overwrites else session.stored or Stored(None, store.path_of(path))
        session.is_made = seen is not None and (session.is_made or seen.annotation is None)
        self._asked[number] = (path, session, session.edit)
        session.num_writing += 1
        self.journal.saving(path, session.edit, session.stored)
        self._keep(path, session)
        request = SaveAnnotation(
            number, path, session.image_hw, store, session.to_write, seen, session.edit.confirmed_ids, session.is_none
        )
        self._saving.save(request)

    @Slot(int, object)
    def _on_saved(self, number: int, answer: SavedAnnotation) -> None:
        path, session, edit = self._answered(number)
        store = self._places.store_of(path)
        self._stamps[answer.stored.path] = answer.stored.stamp
        if self._state.sessions.get(path) is not session:
            return
        self.autosave.saved(path)
        self._overwrites.discard(path)
        if store is None:
            return
        if answer.stored.path != store.path_of(path):
            # It went to the place that was chosen before.
            if session.is_unsaved:
                self.autosave.edited(path)
            return
        session.saved(edit, answer.stored)
        if session.is_unsaved:
            self.autosave.edited(path)  # undone while it was being written
        self._keep(path, session)
        if path in self._by_hand:
            self._by_hand.discard(path)
            where = answer.stored.path
            self._window.status.show_message(say("saving.saved", path=f"{where.parent.name}/{where.name}"))
        for note in answer.stored.notes:
            self._window.status.show_message(say("warning.file", text=note))
        self.saved.emit(path, answer.stored)
        self._show_unsaved()
        self._images.show_source()
        self.annotation_changed.emit(path)

    @Slot(int)
    def _on_outdone(self, number: int) -> None:
        """A newer edit of the image was asked to be written in its place."""
        if number in self._asked:  # or it was no annotation
            self._answered(number)

    def _answered(self, number: int) -> tuple[Path, Session, Edit]:
        path, session, edit = self._asked.pop(number)
        session.num_writing -= 1
        return path, session, edit

    @Slot(int, object)
    def _on_failed(self, number: int, answer: SaveFailed) -> None:
        path, session, _ = self._answered(number)
        by_hand = path in self._by_hand
        self._by_hand.discard(path)
        self._overwrites.discard(path)
        if self._state.sessions.get(path) is not session:
            return
        if session.is_settled:
            self.autosave.settle(path)  # it was undone meanwhile, or theirs was taken
            return
        self.autosave.failed(path)
        session.failure = answer.text
        session.is_made = session.is_made and not answer.is_conflict
        self.not_saved.emit(answer, by_hand)
        self._show_unsaved()

    def is_changed_elsewhere(self, stored: Stored | None) -> bool:
        """Another program has written the file since it was read or written here, as far as can be told now."""
        if stored is None or self._asked:
            return False
        return changed_since(stored, (self._stamps.get(stored.path),))

    def _show_unsaved(self) -> None:
        """Soon: where a whole folder is changed, every image would be looked at for every other."""
        self._unsaved_soon.start()

    @Slot()
    def _on_unsaved_soon(self) -> None:
        self._unsaved_soon.stop()
        self._images.show_unsaved()
        self._window.show_to_ask(self.num_to_ask, are_kept=not self.journal.is_failing)

    # -- elsewhere -----------------------------------------------------------------------------------------------------

    def moved(self, path: Path, stored: Stored) -> None:
        """What is unsaved of an image goes to another place, now that it is known what that says of the image."""
        session = self._state.sessions[path]
        session.move_to(stored)
        self._keep(path, session)
        if session.is_unsaved or session.num_writing:
            self.autosave.edited(path)
        else:
            self.autosave.settle(path)
        if session.dispute or path in self._by_hand:
            self.autosave.save_now(path)
        self._show_unsaved()
