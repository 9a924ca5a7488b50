"""Check annotations: the folder looked through in the background, findings shown and gone to.

CheckPanel --check_wanted--> CheckFlow --pieces--> reading thread --CheckDone--> CheckPanel
           --fix_wanted, fix_all_wanted--> CheckFlow --begin--> FixFlow
UndoFlow   --document_stepped--> CheckFlow        the image is judged anew, whoever has changed it
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from app.checking import CheckDone, Progress, by_kind, check_pieces, checked_edit
from app.edit import Edit
from app.fix_flow import FixFlow, Fixing
from app.image_flow import ImageFlow
from app.panels.check_panel import CheckPanel
from app.scene import Message, Ref
from app.select_flow import SelectFlow
from app.sentences import say
from app.state import State
from app.theme import Theme
from app.undo_flow import UndoFlow
from app.window import MainWindow
from app.workers import Threads
from detector.datasets import DatasetError
from detector.datasets.check import Finding
from detector.datasets.check_kinds import TOGETHER, Kind
from detector.messages import counted

TINY, AROUND = 12.0, 40.0
"""A box with a side of fewer pixels on the screen is brought nearer, with so many image pixels around it."""


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
        self._goal: Finding | None = None
        self._changed: set[Path] = set()
        # A step that changes many images is shown once.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._judge_changed)
        self._fixes = FixFlow(window, state, threads, undo, self)
        self._fixes.progressed.connect(self._on_fixes_progressed)
        self._fixes.ended.connect(self._on_fixed)
        window.actions_by_id["check"].triggered.connect(self.open)
        window.workspace_chosen.connect(self._on_workspace)
        window.themes.theme_changed.connect(self._on_theme)
        images.folder_opened.connect(self._on_folder)
        window.close_wanted.connect(self._on_close_wanted)
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
        return self._number > 0 or self._fixes.is_running

    def _end(self) -> None:
        self._fixes.stop()
        if self._number:
            self._threads.reading.end_chore()
        self._number = 0
        if self.panel is not None:
            self.panel.show_progress(None)

    @Slot()
    def check(self) -> None:
        """Look through the whole folder."""
        files = self._window.images.model.files
        self._end()
        self._done = None
        self._changed.clear()
        if self.panel is not None:
            self.panel.show_findings({}, say("check.reading", done=0, of=len(files)), None)
            self.panel.show_progress(say("check.reading", done=0, of=len(files)), 0, len(files))
        self._number = self._threads.next_number()
        pieces = check_pieces(files, self._state.in_hand, self._threads.reading.stores)
        self._threads.reading.begin_chore(self._number, pieces)

    @Slot()
    def stop(self) -> None:
        """Leave what runs; what is fixed stays fixed, if it is not for all images or for none."""
        self._end()
        if self._done is not None:
            self._judge_changed()
        elif self.panel is not None:
            self.panel.show_told(say("check.ended"))

    @Slot()
    def _on_close_wanted(self) -> None:
        if self._fixes.is_running:
            self.stop()

    @Slot(int, object)
    def _on_piece(self, number: int, piece: object) -> None:
        if number != self._number:
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

    @Slot(int, object)
    def _on_failed(self, number: int, message: Message) -> None:
        if number == self._number:
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
        if self._done is not None:
            found = by_kind(self._done).get(kind, [])
            paths = found[0].images if kind in TOGETHER and found else [finding.path for finding in found]
            self._fix(kind, list(dict.fromkeys(paths)))

    def _fix(self, wanted: Kind | Finding, paths: list[Path]) -> None:
        if self._done is not None and not self._is_running and self._state.view.workspace == "annotate":
            self._fixes.begin(wanted, paths, self._done.judgement)

    @Slot(int, int)
    def _on_fixes_progressed(self, done: int, of: int) -> None:
        if self.panel is not None:
            self.panel.show_progress(say("check.fixing", done=done, of=of), done, of)

    @Slot(object)
    def _on_fixed(self, fixing: Fixing) -> None:
        self._end()
        if fixing.is_whole and fixing.made:
            self.check()  # what was found of all images together is another thing now
        else:
            self._judge_changed()
            self._show()

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
