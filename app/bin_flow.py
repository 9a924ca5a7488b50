"""Images that are to go: moved into the bin folder with their annotations, and back where that was not meant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.bin_folder import BinError, Binned, move_to_bin, restore
from app.commands import FolderStep
from app.image_flow import ImageFlow
from app.place_flow import PlaceFlow
from app.scene import Message
from app.sentences import say
from app.state import State
from app.undo_flow import UndoFlow
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

    def __init__(
        self,
        window: MainWindow,
        state: State,
        images: ImageFlow,
        places: PlaceFlow,
        undo: UndoFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._images, self._places, self._undo = window, state, images, places, undo
        self._moved: dict[FolderStep, list[Binned]] = {}
        """What each step has moved, as long as it is in the bin."""
        self._files: dict[FolderStep, list[str]] = {}
        """The list of images before each."""
        self._step: FolderStep | None = None
        self._todo: list[tuple[FolderStep, bool]] = []
        # A step is over, and told, before the next image is opened.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._do)
        window.images.bin_wanted.connect(self.move)
        window.status.offer_taken.connect(self._on_offer)

    @Slot(list)
    def move(self, paths: Sequence[Path]) -> None:
        """Move images as one step of the folder; those that cannot be moved stay in the list."""
        files = list(self._window.images.model.files)
        binned, problem = self._move(paths)
        if binned:
            label = counted("bin.step", len(binned))
            self._step = step = FolderStep(self._apply, self._undo.folder or paths[0].parent, label)
            self._moved[step], self._files[step] = binned, files
            self._undo.add_folder_step(step)
            self._images.tell(counted("bin.moved", len(binned)), offer=say("bin.undo"))
        if problem is not None:
            self._window.show_error(problem)

    def _move(self, paths: Sequence[Path]) -> tuple[list[Binned], Message | None]:
        """Move images, and open another one where the open one goes.

        Returns:
            What was moved, and why the last one was not that could not be.
        """
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
            self._window.images.show_files([file for file in before if file not in gone])
            self.left.emit([each.image for each in binned])
            if here is not None and str(here.path) in gone:
                self._open(follower)
        return binned, problem

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
        if taken == "bin.undo" and self._step is not None:
            self._undo.undo_folder_step(self._step)

    def _apply(self, step: FolderStep, again: bool) -> None:
        self._todo.append((step, again))
        self._soon.start()

    @Slot()
    def _do(self) -> None:
        todo, self._todo = self._todo, []
        for step, again in todo:
            moved = self._moved.get(step, [])
            if again:
                self._moved[step], problem = self._move([each.image for each in moved])
            else:
                problem = self._put_back(moved, self._files[step])
            self._images.tell(say("status.redone" if again else "status.undone", what=step.label))
            if problem is not None:
                self._window.show_error(problem)

    def _put_back(self, binned: Sequence[Binned], files: Sequence[str]) -> Message | None:
        """Put images back where they stood in the list of these files.

        Returns:
            Why the last one was not put back that could not be.
        """
        back: list[Binned] = []
        problem = None
        for each in binned:
            try:
                restore(each)
                back.append(each)
            except BinError as error:
                problem = error.message
        if back:
            there = {*self._window.images.model.files, *(str(each.image) for each in back)}
            there_before = [file for file in files if file in there]
            self._window.images.show_files([*there_before, *sorted(there.difference(files))])
            self.returned.emit()
            self._images.show_image(back[0].image)
        return problem
