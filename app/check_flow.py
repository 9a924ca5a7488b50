"""Check annotations: the folder looked through in the background, findings shown, gone to and fixed.

CheckPanel --check_wanted--> CheckFlow --pieces--> reading thread --CheckDone--> CheckPanel
           --fix_wanted, fix_all_wanted--> CheckFlow --Edit--> UndoFlow        one step of each image
UndoFlow   --document_stepped--> CheckFlow        the image is judged anew, whoever has changed it
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from app.checking import (
    CheckDone,
    Found,
    Held,
    Progress,
    by_kind,
    check_pieces,
    checked_edit,
    fixed_edit,
    store_pieces,
)
from app.edit import Edit
from app.image_flow import ImageFlow
from app.panels.check_panel import CheckPanel
from app.scene import Message, Ref
from app.select_flow import SelectFlow
from app.sentences import say
from app.session import Session
from app.state import State
from app.theme import Theme
from app.undo_flow import UndoFlow
from app.window import MainWindow
from app.workers import Threads
from detector.datasets import DatasetError
from detector.datasets.check import Finding
from detector.datasets.check_kinds import TOGETHER, Kind
from detector.messages import counted

AT_ONCE_SECONDS = 0.02
"""How long images are fixed before whatever else waits has its turn."""

TINY, AROUND = 12.0, 40.0
"""A box with a side of fewer pixels on the screen is brought nearer, with so many image pixels around it."""


@dataclass
class _Fixing:
    """All of a kind, or one finding, being fixed.

    Attributes:
        wanted: what.
        paths: images that have it.
        done: of them.
        findings, images: that were fixed.
        is_read: the files of all of them have been read.
        failed: a sentence for each that could not be.
    """

    wanted: Kind | Finding
    paths: list[Path]
    done: int = 0
    findings: int = 0
    images: int = 0
    is_read: bool = False
    failed: list[str] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        return self.wanted if isinstance(self.wanted, str) else self.wanted.kind


class CheckFlow(QObject):
    """Does what the panel offers. What was found holds for the open folder, until another one is opened."""

    def __init__(
        self,
        window: MainWindow,
        state: State,
        threads: Threads,
        images: ImageFlow,
        undo: UndoFlow,
        selects: SelectFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._threads = window, state, threads
        self._images, self._undo, self._selects = images, undo, selects
        self.panel: CheckPanel | None = None
        self._done: CheckDone | None = None
        self._number = 0
        self._fixing: _Fixing | None = None
        self._goal: Finding | None = None
        self._changed: set[Path] = set()
        # A step that changes many images is shown once.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._judge_changed)
        self._queue: deque[Found] = deque()
        self._fix_soon = QTimer(self)
        self._fix_soon.setSingleShot(True)
        self._fix_soon.setInterval(0)
        self._fix_soon.timeout.connect(self._fix_some)
        window.actions_by_id["check"].triggered.connect(self.open)
        window.workspace_chosen.connect(self._on_workspace)
        window.themes.theme_changed.connect(self._on_theme)
        images.folder_opened.connect(self._on_folder)
        images.document_changed.connect(self._on_document_changed)
        undo.document_stepped.connect(self._on_document_stepped)
        threads.reading.chore_stepped.connect(self._on_piece)
        threads.reading.failed.connect(self._on_failed)

    # -- the panel -----------------------------------------------------------------------------------------------------

    @Slot()
    def open(self) -> None:
        """Show the panel; what was found before is still there, else the folder is checked."""
        if not self._window.images.model.files:
            self._window.status.show_message(say("check.no_folder"))
            return
        if self.panel is None:
            panel = CheckPanel(self._window)
            panel.set_theme(self._window.themes.theme)
            panel.check_wanted.connect(self.check)
            panel.stop_wanted.connect(self.stop)
            panel.finding_chosen.connect(self._on_chosen)
            panel.fix_wanted.connect(self._on_fix)
            panel.fix_all_wanted.connect(self._on_fix_all)
            self.panel = panel
        self.panel.show_open(self._state.view.workspace == "annotate")
        self.panel.show()
        self.panel.raise_()
        self.panel.activateWindow()
        self.panel.kinds.setFocus()
        if self._done is None and not self._is_running:
            self.check()

    @Slot(object)
    def _on_theme(self, theme: Theme) -> None:
        if self.panel is not None:
            self.panel.set_theme(theme)

    @Slot(str)
    def _on_workspace(self, name: str) -> None:
        if self.panel is not None:
            self.panel.show_open(name == "annotate")

    @Slot(object)
    def _on_folder(self, files: tuple[str, ...]) -> None:
        self._end()
        self._done, self._goal = None, None
        if self.panel is not None:
            self.panel.close()

    def _show(self) -> None:
        if self.panel is None or self._done is None:
            return
        done = self._done
        found = by_kind(done)
        num = sum(len(some) for some in found.values())
        objects = sum(len(image.truth) for image in done.images.values())
        what, where = counted("check.objects", objects), counted("check.images", len(done.images))
        told = say("check.nothing", objects=what, images=where)
        if num:
            told = say("check.total.one" if num == 1 else "check.total", n=num, objects=what, images=where)
        self.panel.show_findings(found, told, _note(done))

    # -- checking ------------------------------------------------------------------------------------------------------

    @property
    def _is_running(self) -> bool:
        return self._number > 0

    def _begin(self, pieces: Iterator[object]) -> None:
        self._number = self._threads.next_number()
        self._threads.reading.begin_chore(self._number, pieces)

    def _end(self) -> None:
        if self._is_running:
            self._threads.reading.end_chore()
        self._number, self._fixing = 0, None
        self._queue.clear()
        if self.panel is not None:
            self.panel.show_progress(None)

    @Slot()
    def check(self) -> None:
        """Look through the whole folder."""
        files = self._window.images.model.files
        held = {path: Held(each.edit, each.image_hw) for path, each in self._state.sessions.items()}
        self._end()
        self._done = None
        self._changed.clear()
        if self.panel is not None:
            self.panel.show_findings({}, say("check.reading", done=0, of=len(files)), None)
            self.panel.show_progress(say("check.reading", done=0, of=len(files)), 0, len(files))
        self._begin(check_pieces(files, held, self._threads.reading.stores))

    @Slot()
    def stop(self) -> None:
        """Leave what runs; what is fixed stays fixed."""
        fixing = self._fixing
        self._end()
        if fixing is not None:
            self._tell(fixing)
        elif self.panel is not None and self._done is None:
            self.panel.show_told(say("check.ended"))

    @Slot(int, object)
    def _on_piece(self, number: int, piece: object) -> None:
        if number != self._number or not self._is_running:
            return
        if isinstance(piece, Progress) and self.panel is not None:
            said = "check.reading" if piece.phase == "reading" else "check.judging"
            self.panel.show_progress(say(said, done=piece.done, of=piece.of), piece.done, piece.of)
        elif isinstance(piece, CheckDone):
            self._done = piece
            # What a person has done meanwhile.
            self._changed |= self._state.sessions.keys()
            self._end()
            self._judge_changed()
            self._show()
        elif isinstance(piece, list):
            self._queue.extend(piece)
            self._fix_soon.start()
        elif piece is None and self._fixing is not None:
            self._fixing.is_read = True
            self._fix_soon.start()

    @Slot(int, object)
    def _on_failed(self, number: int, message: Message) -> None:
        if number == self._number and self._is_running:
            self._end()
            self._window.show_error(message)

    # -- going there ---------------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_chosen(self, finding: Finding) -> None:
        document = self._state.document
        if finding.kind == "no_image":
            return
        if document is not None and document.path == finding.path and not self._images.is_reading:
            self._look_at(finding)
        elif self._goal is not finding:
            self._goal = finding
            self._images.show_image(finding.path)

    @Slot()
    def _on_document_changed(self) -> None:
        goal, document = self._goal, self._state.document
        if goal is None or document is None:
            return
        self._goal = None
        if document.path == goal.path:
            self._look_at(goal)

    def _look_at(self, finding: Finding) -> None:
        document = self._state.document
        if document is None or finding.row is None:
            return
        ids = document.objects.confirmed_ids
        if finding.row >= len(ids):
            return
        row = document.objects.row_of(ids[finding.row])
        self._selects.choose(Ref("object", row))
        x1, y1, x2, y2 = document.objects.truth.boxes[row].tolist()
        self._bring_near((min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)))

    def _bring_near(self, box: tuple[float, float, float, float]) -> None:
        """Move the picture only where the box cannot be seen as it is."""
        canvas = self._window.canvas
        left, top = canvas.transform.to_widget(box[0], box[1])
        right, bottom = canvas.transform.to_widget(box[2], box[3])
        area = canvas.rect()
        is_within = left >= 0 and top >= 0 and right <= area.width() and bottom <= area.height()
        if not is_within or min(right - left, bottom - top) < TINY:
            canvas.zoom_to_box((box[0] - AROUND, box[1] - AROUND, box[2] + AROUND, box[3] + AROUND))

    # -- fixing --------------------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_fix(self, finding: Finding) -> None:
        self._fix(finding, [finding.path])

    @Slot(str)
    def _on_fix_all(self, kind: Kind) -> None:
        if self._done is None:
            return
        found = by_kind(self._done).get(kind, [])
        paths = found[0].images if kind in TOGETHER and found else [finding.path for finding in found]
        self._fix(kind, list(dict.fromkeys(paths)))

    def _fix(self, wanted: Kind | Finding, paths: list[Path]) -> None:
        """Those in hand at once; what the files of the others say is read in the background."""
        if self._done is None or self._is_running or self._state.view.workspace != "annotate":
            return
        self._fixing = fixing = _Fixing(wanted, paths)
        self._undo.end_gesture()
        others = []
        for path in paths:
            document = self._state.document
            if path in self._state.sessions or (document is not None and document.path == path):
                self._fix_in_hand(fixing, path)
            else:
                others.append(path)
        if others:
            self._show_fixing(fixing)
            self._begin(store_pieces(others, self._threads.reading.stores))
        else:
            self._finish()

    @Slot()
    def _fix_some(self) -> None:
        """As many as can be done while nobody notices."""
        fixing = self._fixing
        if fixing is None:
            return
        until = time.monotonic() + AT_ONCE_SECONDS
        while self._queue and time.monotonic() < until:
            self._fix_found(fixing, self._queue.popleft())
        self._show_fixing(fixing)
        if self._queue:
            self._fix_soon.start()
        elif fixing.is_read:
            self._finish()

    def _fix_found(self, fixing: _Fixing, found: Found) -> None:
        """An image that nobody has in hand: from now on it is, if anything is to be done."""
        if found.problem:
            fixing.done += 1
            fixing.failed.append(found.problem)
            return
        sessions, document = self._state.sessions, self._state.document
        is_new = found.path not in sessions and (document is None or document.path != found.path)
        if is_new:
            sessions[found.path] = Session.resumed(found.stored, found.image_hw, found.picture)
        if not self._fix_in_hand(fixing, found.path) and is_new:
            del sessions[found.path]

    def _fix_in_hand(self, fixing: _Fixing, path: Path) -> bool:
        """One image, as one step of it; False where nothing was to be done."""
        fixing.done += 1
        document, session = self._state.document, self._state.sessions.get(path)
        is_open = document is not None and document.path == path
        if self._done is None or (document is not None and is_open and document.problem is not None):
            return False
        edit = document.objects if document is not None and is_open else session.edit if session is not None else None
        hw = document.image_hw if document is not None and is_open else session.image_hw if session else None
        if edit is None or hw is None:
            return False
        try:
            image = checked_edit(path, edit, hw)
        except DatasetError as error:
            fixing.failed.append(str(error))
            return False
        after, num = fixed_edit(image, edit, self._done.judgement, fixing.wanted)
        if not num or after.same_as(edit):
            return False
        fixing.findings += num
        fixing.images += 1
        label = say("check.step", kind=say(f"check.kind.{fixing.kind}"), fix=say(f"check.fix.{fixing.kind}"))
        if is_open:
            self._state.annotating.choose(())
            self._undo.change_document(after, label)
        else:
            self._undo.bring_back_document(path, edit, after, label)
        return True

    def _show_fixing(self, fixing: _Fixing) -> None:
        if self.panel is not None:
            done, of = fixing.done, len(fixing.paths)
            self.panel.show_progress(say("check.fixing", done=done, of=of), done, of)

    def _finish(self) -> None:
        fixing = self._fixing
        self._end()
        if fixing is None:
            return
        self._tell(fixing)
        if fixing.kind in TOGETHER and fixing.images:
            self.check()  # what was found of all images together is another thing now
        else:
            self._judge_changed()
            self._show()

    def _tell(self, fixing: _Fixing) -> None:
        kind = say(f"check.kind.{fixing.kind}")
        if fixing.failed:
            self._window.show_error(say("error", text=fixing.failed[0]))
        elif fixing.findings == 1:
            self._window.status.show_message(say("check.done.one", kind=kind))
        elif fixing.findings:
            images = counted("check.images", fixing.images)
            self._window.status.show_message(say("check.done", kind=kind, n=fixing.findings, images=images))
        else:
            self._window.status.show_message(say("check.gone"))

    # -- what others change --------------------------------------------------------------------------------------------

    @Slot(object, object)
    def _on_document_stepped(self, path: Path, edit: Edit) -> None:
        self._changed.add(path)
        if self._done is not None and not self._is_running:
            self._soon.start()

    @Slot()
    def _judge_changed(self) -> None:
        """Images that were changed since they were judged."""
        done, paths = self._done, list(self._changed)
        if done is None:
            return
        self._changed.clear()
        for path in paths:
            session = self._state.sessions.get(path)
            if session is None or path not in done.images:
                continue
            try:
                image = checked_edit(path, session.edit, session.image_hw)
            except DatasetError:
                continue
            image = done.images[path] = replace(image, broken=done.images[path].broken)
            found = done.judgement.findings(image)
            if found:
                done.findings[path] = found
            else:
                done.findings.pop(path, None)
        if paths:
            self._show()


def _note(done: CheckDone) -> Message | None:
    if done.failed:
        words = "check.broken.one" if len(done.failed) == 1 else "check.broken"
        return say(words, n=len(done.failed), text=done.failed[0])
    note = done.judgement.note
    return None if note is None else say("check.note.one_based", **note.values)
