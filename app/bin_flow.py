"""Images that are to go: moved into the bin folder with their annotations, and back where that was not meant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from app.bin_folder import BinError, Binned, move_to_bin, restore
from app.image_flow import ImageFlow
from app.place_flow import PlaceFlow
from app.sentences import say
from app.state import State
from app.window import MainWindow
from detector.messages import counted


class BinFlow(QObject):
    """Moves images to the bin. What was not saved of one keeps it where it is.

    Signals:
        left(object): `Path`s of images that are in the folder no more.
        returned(): some are back.
    """

    left = Signal(object)
    returned = Signal()

    def __init__(self, window: MainWindow, state: State, images: ImageFlow, places: PlaceFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state, self._images, self._places = window, state, images, places
        self._binned: list[Binned] = []
        self._files: list[str] = []
        window.images.bin_wanted.connect(self.move)
        window.status.offer_taken.connect(self._on_offer)

    @Slot(list)
    def move(self, paths: Sequence[Path]) -> None:
        """Move images; those that cannot be moved stay in the list."""
        model = self._window.images.model
        before, here = list(model.files), self._state.read
        binned: list[Binned] = []
        problem = None
        for path in paths:
            session = self._state.sessions.get(path)
            if session is not None and not session.is_settled:
                problem = say("bin.unsaved", name=path.name)
                continue
            try:
                binned.append(move_to_bin(path, self._annotation_of(path)))
            except BinError as error:
                problem = error.message
                continue
            self._state.sessions.end(path)
        if binned:
            gone = {str(each.image) for each in binned}
            follower = self._follower(before, gone)
            self._binned, self._files = binned, before
            self._window.images.show_files([file for file in before if file not in gone])
            self.left.emit([each.image for each in binned])
            if here is not None and str(here.path) in gone:
                self._open(follower)
            self._window.status.show_message(counted("bin.moved", len(binned)), offer=say("bin.undo"))
        if problem is not None:
            self._window.show_error(problem)

    def _annotation_of(self, path: Path) -> Path | None:
        store = self._places.store_of(path)
        return None if store is None else store.own_file(path)

    def _follower(self, files: Sequence[str], gone: set[str]) -> Path | None:
        """The image that is open once those are gone: the next one that stays, else the one before."""
        here = self._state.read
        at = files.index(str(here.path)) if here is not None and str(here.path) in files else 0
        order = [*files[at:], *reversed(files[:at])]
        return next((Path(file) for file in order if file not in gone), None)

    def _open(self, path: Path | None) -> None:
        if path is not None:
            self._images.show_image(path)
        else:
            self._images.show_nothing()

    @Slot(str)
    def _on_offer(self, taken: str) -> None:
        if taken != "bin.undo":
            return
        binned, self._binned = self._binned, []
        back: list[Binned] = []
        for each in binned:
            try:
                restore(each)
                back.append(each)
            except BinError as error:
                self._window.show_error(error.message)
        if back:
            there = {*self._window.images.model.files, *(str(each.image) for each in back)}
            self._window.images.show_files([file for file in self._files if file in there])
            self.returned.emit()
            self._images.show_image(back[0].image)
