"""What the check of a folder has found, fixed: images in hand at once, the others as soon as their files are read.

CheckFlow --begin--> FixFlow --pieces--> reading thread --Found--> FixFlow --Edit--> UndoFlow    a step of each image
          <--progressed, ended--

What all images together have is fixed in all of them or in none: half of it would look like another thing, and a fix
that is begun again would be made twice. So where it is stopped, or one cannot be fixed, what was done is taken back.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.checking import checked_edit, fixed_edit, store_pieces
from app.edit import Box, Edit
from app.look_up import Found
from app.scene import Message
from app.sentences import say
from app.sessions import Held
from app.state import State
from app.undo_flow import UndoFlow
from app.window import MainWindow
from app.wording import text
from app.workers import Threads
from detector.datasets import DatasetError
from detector.datasets.check import Finding
from detector.datasets.check_kinds import TOGETHER, Kind
from detector.datasets.check_source import Judgement
from detector.messages import counted

AT_ONCE_SECONDS = 0.02
"""How long images are fixed before whatever else waits has its turn."""


class _Made(NamedTuple):
    """One image was fixed, by the step of this number."""

    path: Path
    before: Edit
    after: Edit
    number: int


@dataclass(eq=False)
class Fixing:
    """All of a kind, or one finding, being fixed.

    Attributes:
        wanted: what.
        paths: images that have it.
        judgement: by which it was found.
        number: of the chore that reads the files of those that nobody has in hand; 0 where there is none.
        done: of the images.
        findings: that were fixed.
        made: the images that were.
        failed: a sentence for each that could not be.
        queue: what has been read and waits to be fixed.
        is_read: the files of all of them have been read.
    """

    wanted: Kind | Finding
    paths: list[Path]
    judgement: Judgement
    number: int = 0
    done: int = 0
    findings: int = 0
    made: list[_Made] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    queue: deque[Found] = field(default_factory=deque)
    is_read: bool = False

    @property
    def kind(self) -> Kind:
        """Of what is fixed."""
        return self.wanted if isinstance(self.wanted, str) else self.wanted.kind

    @property
    def is_whole(self) -> bool:
        """In all images or in none."""
        return self.kind in TOGETHER


class FixFlow(QObject):
    """Fixes one thing at a time.

    Signals:
        progressed(int, int): so many images are done, of so many.
        ended(object): all that could be is fixed, or it is taken back; the `Fixing`. Not after `stop`.
    """

    progressed = Signal(int, int)
    ended = Signal(object)

    def __init__(self, window: MainWindow, state: State, threads: Threads, undo: UndoFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state, self._threads, self._undo = window, state, threads, undo
        self._fixing: Fixing | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._fix_some)
        threads.reading.chore_stepped.connect(self._on_piece)
        threads.reading.failed.connect(self._on_failed)

    @property
    def is_running(self) -> bool:
        """Images are being fixed."""
        return self._fixing is not None

    def begin(self, wanted: Kind | Finding, paths: list[Path], judgement: Judgement) -> None:
        """Fix something in these images."""
        self._fixing = fixing = Fixing(wanted, paths, judgement)
        self._undo.end_gesture()
        others = []
        for path in paths:
            held = self._state.held(path)
            if held is None:
                others.append(path)
            else:
                self._fix(fixing, path, held)
        if not others:
            self._end(fixing)
            return
        self.progressed.emit(fixing.done, len(paths))
        fixing.number = self._threads.next_number()
        self._threads.reading.begin_chore(fixing.number, store_pieces(others, self._threads.reading.stores))

    def stop(self) -> None:
        """Leave the rest as it is; what goes for all images or for none is taken back."""
        fixing, self._fixing = self._fixing, None
        if fixing is not None:
            self._threads.reading.end_chore()
            self._take_back(fixing)
            self._tell(fixing, is_stopped=True)

    def _end(self, fixing: Fixing) -> None:
        self._fixing = None
        if fixing.failed:
            self._take_back(fixing)
        self._follow_class(fixing)
        self._tell(fixing)
        self.ended.emit(fixing)

    def _take_back(self, fixing: Fixing) -> None:
        """Of an image that a person has changed since, the boxes that are still as the fix has left them."""
        if not fixing.is_whole:
            return
        made, fixing.made = fixing.made, []
        for path, before, after, number in reversed(made):
            session = self._state.sessions.get(path)
            if session is None or self._undo.drop_step(path, number):
                continue
            label = say("undo.class.back", what=_step_of(fixing.kind))
            back = _as_before(session.edit, before, after)
            if not back.same_as(session.edit):
                self._undo.bring_back_document(path, session.edit, back, label)

    def _follow_class(self, fixing: Fixing) -> None:
        """The next box has no class that was only mistyped."""
        hand = self._state.annotating
        for _, before, after, _ in fixing.made:
            now = dict(zip(after.ids, after.truth.labels, strict=True))
            for each, label in zip(before.ids, before.truth.labels, strict=True):
                if label == hand.label != now.get(each, label):
                    hand.label = now[each]
                    return

    @Slot(int, object)
    def _on_piece(self, number: int, piece: list[Found] | None) -> None:
        fixing = self._fixing
        if fixing is None or number != fixing.number:
            return
        if piece is None:
            fixing.is_read = True
        else:
            fixing.queue.extend(piece)
        self._soon.start()

    @Slot(int, object)
    def _on_failed(self, number: int, message: Message) -> None:
        fixing = self._fixing
        if fixing is not None and number == fixing.number:
            fixing.failed.append(text(message))
            self._end(fixing)

    @Slot()
    def _fix_some(self) -> None:
        """As many as can be done while nobody notices."""
        fixing = self._fixing
        if fixing is None:
            return
        until = time.monotonic() + AT_ONCE_SECONDS
        while fixing.queue and time.monotonic() < until:
            self._fix_found(fixing, fixing.queue.popleft())
        self.progressed.emit(fixing.done, len(fixing.paths))
        if fixing.queue:
            self._soon.start()
        elif fixing.is_read:
            self._end(fixing)

    def _fix_found(self, fixing: Fixing, found: Found) -> None:
        """An image that nobody had in hand when its files were read."""
        held = self._state.held(found.path)
        if held is not None:
            self._fix(fixing, found.path, held)
        elif found.problem:
            fixing.done += 1
            fixing.failed.append(found.problem)
        else:
            edit = Edit.of(None if found.stored is None else found.stored.annotation)
            self._fix(fixing, found.path, Held(edit, found.image_hw), found)

    def _fix(self, fixing: Fixing, path: Path, held: Held, found: Found | None = None) -> None:
        """One image, as one step of it.

        Args:
            found: of one that nobody has in hand: from then on it is, if anything is to be done.
        """
        fixing.done += 1
        edit = held.edit
        try:
            after, num = fixed_edit(checked_edit(path, *held), edit, fixing.judgement, fixing.wanted)
        except DatasetError as error:
            fixing.failed.append(str(error))
            return
        if not num or after.same_as(edit):
            return
        fixing.findings += num
        label = _step_of(fixing.kind)
        document = self._state.document
        is_open = document is not None and document.path == path
        if is_open:
            self._state.annotating.choose(())
        if found is not None:
            self._state.sessions.resume(path, found.stored, found.image_hw, found.picture)
        number = self._undo.bring_back_document(path, edit, after, label)
        fixing.made.append(_Made(path, edit, after, number))

    def _tell(self, fixing: Fixing, *, is_stopped: bool = False) -> None:
        kind = say(f"check.kind.{fixing.kind}")
        if fixing.failed:
            words = "check.failed.back" if fixing.is_whole else "error"
            self._window.show_error(say(words, text=fixing.failed[0]))
        elif is_stopped and fixing.is_whole:
            self._window.status.show_message(say("check.stopped.back"))
        elif fixing.findings == 1:
            self._window.status.show_message(say("check.done.one", kind=kind))
        elif fixing.findings:
            images = counted("check.images", len(fixing.made))
            self._window.status.show_message(say("check.done", kind=kind, n=fixing.findings, images=images))
        else:
            self._window.status.show_message(say("check.gone"))


def _step_of(kind: Kind) -> Message:
    return say("check.step", kind=say(f"check.kind.{kind}"), fix=say(f"check.fix.{kind}"))


def _as_before(now: Edit, before: Edit, after: Edit) -> Edit:
    """What a person has made of an image since it was fixed, with the boxes that nobody has touched as they were."""
    was, left = (dict(zip(each.ids, each.truth.boxes.tolist(), strict=True)) for each in (before, after))
    here = zip(now.ids, now.truth.boxes.tolist(), strict=True)
    boxes: dict[int, Box] = {
        each: tuple(was[each]) for each, box in here if each in was and left.get(each) == box != was[each]
    }
    return replace(now.with_boxes(boxes), stated_hw=before.stated_hw)
