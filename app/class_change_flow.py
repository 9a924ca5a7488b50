"""Classes over the whole folder: renamed, merged, deleted, coloured, proposed.

    list of classes --rename_wanted ...--> ClassChangeFlow --ClassTask-->  saving thread
                                                           <--task_done--
                                           ClassChangeFlow --steps-->      UndoFlow

Files are counted and changed by the saving thread, in short pieces, so that no store is ever written by two at once.
Images that a person has worked on, and the open one, are changed as steps of theirs when all files are done. All of it
is one step of the folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog

from app.annotating import ClassNames
from app.class_change import Change, ClassUse, FileCount
from app.class_edits import changed, taken_back
from app.class_work import Changed, ClassCount, ClassTask, ClassWork, Counted, Hit
from app.commands import FolderStep
from app.dialogs import NON_NATIVE_VARIABLE
from app.edit import Edit
from app.edit_flow import EditFlow
from app.image_flow import ImageFlow
from app.panels.class_change_dialog import ClassChangeDialog
from app.panels.waiting_dialog import WaitingDialog
from app.places import class_changes_dir
from app.save_flow import SaveFlow
from app.scan_flow import ScanFlow
from app.scene import Message
from app.scene_flow import SceneFlow
from app.sentences import say
from app.state import State
from app.undo_flow import UndoFlow
from app.window import MainWindow
from app.wording import text
from app.workers import Threads
from detector.datasets import DatasetError
from detector.messages import counted

Phase: TypeAlias = Literal["count", "begin", "change", "begin_back", "back"]


class _InHand(NamedTuple):
    """What was changed of an image that a person works on: the number of the step, and its objects before."""

    number: int
    before: Edit


@dataclass(eq=False)
class _Job:
    """One change, from the first question on.

    Attributes:
        files: all images of the folder.
        use: what has been counted.
        hits: images whose files are to be changed.
        per_file: boxes of the class in each file.
        num_images: that have the class, and then, that have been changed.
        count: what the saving thread counts with.
        work: what it changes with; None before that is wanted.
        hand: how the classes were before.
        in_hand: what was changed of images that a person works on.
        done: images that have been gone through.
        failures: a sentence for each file that was left as it is.
        step: of the folder; None until all is done once.
        is_stopped: a person does not want it.
    """

    kind: Change
    name: str
    into: str
    files: tuple[str, ...]
    use: ClassUse
    hits: list[Hit] = field(default_factory=list)
    per_file: dict[Path, int] = field(default_factory=dict)
    num_images: int = 0
    count: ClassCount | None = None
    work: ClassWork | None = None
    hand: ClassNames | None = None
    in_hand: dict[Path, _InHand] = field(default_factory=dict)
    done: int = 0
    failures: list[str] = field(default_factory=list)
    step: FolderStep | None = None
    is_stopped: bool = False

    @property
    def folder(self) -> Path:
        """The step belongs to it."""
        return Path(self.files[0]).parent

    def label(self, num_images: int | None = None) -> Message:
        """What was done, in so many images; None: for one that speaks of itself."""
        words = {"name": self.name, "into": self.into}
        if num_images is None:
            return Message(f"undo.class.{self.kind}.here", words)
        return Message(f"undo.class.{self.kind}", words | {"images": counted("change.images", num_images)})


class ClassChangeFlow(QObject):
    """Does what the list of classes offers."""

    def __init__(
        self,
        window: MainWindow,
        state: State,
        threads: Threads,
        images: ImageFlow,
        scenes: SceneFlow,
        undo: UndoFlow,
        edits: EditFlow,
        saves: SaveFlow,
        scans: ScanFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._threads, self._images = window, state, threads, images
        self._scenes, self._undo, self._saves, self._scans = scenes, undo, saves, scans
        self._stores = threads.reading.stores
        self._jobs: list[_Job] = []
        """Those that can be taken back, or done again."""
        self._job: _Job | None = None
        self._asked: tuple[int, Phase] | None = None
        self._dialog: ClassChangeDialog | None = None
        self._waiting: WaitingDialog | None = None
        self._colored = ""
        classes = window.annotate.classes
        classes.rename_wanted.connect(self._on_rename)
        classes.merge_wanted.connect(self._on_merge)
        classes.delete_wanted.connect(self._on_delete)
        classes.color_wanted.connect(self._on_color)
        classes.prelabel_wanted.connect(edits.prelabel)
        images.folder_opened.connect(self._on_folder)
        threads.saving.task_done.connect(self._on_answer)
        threads.saving.failed.connect(self._on_failed)
        window.status.offer_taken.connect(self._on_offer)

    def start(self) -> None:
        """Colours as they were chosen."""
        self._state.annotating.colors = dict(self._window.preferences.class_colors)

    def close(self) -> None:
        """The threads have ended: what is half done is taken back, and what was kept goes."""
        for job in (*self._jobs, self._job):
            if job is not None and job.work is not None:
                job.work.close()

    @Slot(list)
    def _on_folder(self, files: list[str]) -> None:
        self._undo.open_folder(Path(files[0]).parent if files else None)

    # -- colour --------------------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_color(self, name: str) -> None:
        scene = self._state.scene
        rows = () if scene is None or scene.editing is None else scene.editing.classes
        color = next((row.color for row in rows if row.name == name), "#FFFFFF")
        self._colored = name
        dialog = QColorDialog(QColor(color), self._window)
        dialog.setWindowTitle(text(say("classes.color.title", name=name)))
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog, bool(os.environ.get(NON_NATIVE_VARIABLE)))
        dialog.colorSelected.connect(self._on_color_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(QColor)
    def _on_color_chosen(self, color: QColor) -> None:
        self._give_color(self._colored, color.name().upper())

    def _give_color(self, name: str, color: str) -> None:
        self._state.annotating.colors[name] = color
        self._window.preferences.remember_class_color(name, color)
        self._scenes.show_annotation()

    # -- asking --------------------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_rename(self, name: str) -> None:
        self._ask("rename", name)

    @Slot(str)
    def _on_merge(self, name: str) -> None:
        self._ask("merge", name)

    @Slot(str)
    def _on_delete(self, name: str) -> None:
        self._ask("delete", name)

    def _ask(self, kind: Change, name: str) -> None:
        """Open the dialog, and begin to count."""
        files = tuple(self._window.images.model.files)
        document = self._state.document
        if self._job is not None or not files or self._state.view.workspace != "annotate":
            return
        names = self._state.annotating.classes(None if document is None else document.objects)
        dialog = ClassChangeDialog(kind, name, names, self._window)
        dialog.set_theme(self._window.themes.theme)
        dialog.confirmed.connect(self._on_confirmed)
        dialog.stopped.connect(self._on_stopped)
        dialog.finished.connect(self._on_dialog_finished)
        self._job = job = _Job(kind, name, "", files, ClassUse(of=len(files)))
        self._dialog = dialog
        in_hand = self._in_hand(files)
        for path, edit in in_hand.items():
            self._add_hit(job, Hit(path, self._file_of(path), edit.truth.labels.count(name)))
        job.count = ClassCount(self._stores, name, files, in_hand.keys())
        self._show_use(job, 0)
        dialog.open()
        self._do("count", job.count.some)

    def _in_hand(self, files: tuple[str, ...]) -> dict[Path, Edit]:
        """Images that a person has worked on, and the open one, with their objects."""
        there = set(files)
        found = {path: each.edit for path, each in self._state.sessions.items() if str(path) in there}
        document = self._state.document
        if document is not None and document.case is None and document.problem is None and str(document.path) in there:
            found[document.path] = document.objects
        return found

    def _file_of(self, path: Path) -> Path:
        try:
            store = self._stores.of(path)
        except DatasetError:
            return path
        return path if store is None else store.path_of(path)

    def _add_hit(self, job: _Job, hit: Hit) -> None:
        if hit.num_boxes:
            job.per_file[hit.file] = job.per_file.get(hit.file, 0) + hit.num_boxes
            job.num_images += 1

    def _show_use(self, job: _Job, num_done: int) -> None:
        use = job.use
        files = tuple(FileCount(f"{file.parent.name}/{file.name}", count) for file, count in job.per_file.items())
        job.use = ClassUse(job.num_images, files, min(use.done + num_done, use.of), use.of)
        if self._dialog is not None:
            self._dialog.show_use(job.use)

    @Slot()
    def _on_stopped(self) -> None:
        if self._job is not None:
            self._job.is_stopped = True

    @Slot()
    def _on_dialog_finished(self) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.deleteLater()
        if self._job is not None and self._job.work is None:  # asked, and not wanted
            self._job, self._asked = None, None

    # -- what the saving thread does -----------------------------------------------------------------------------------

    def _do(self, phase: Phase, run: Callable[[], object]) -> None:
        number = self._threads.next_number()
        self._asked = (number, phase)
        self._threads.saving.save(ClassTask(number, run))

    @Slot(int, object)
    def _on_answer(self, number: int, answer: object) -> None:
        if self._asked is None or self._asked[0] != number or self._job is None:
            return
        phase, job = self._asked[1], self._job
        self._asked = None
        if isinstance(answer, Counted):
            self._on_counted(job, answer)
        elif isinstance(answer, Changed):
            self._on_changed(phase, job, answer)
        elif isinstance(answer, str):
            self._on_begun(phase, job, answer)

    @Slot(int, object)
    def _on_failed(self, number: int, message: Message) -> None:
        """Something that nobody expected: the log has it."""
        if self._asked is None or self._asked[0] != number or self._job is None:
            return
        job, phase = self._job, self._asked[1]
        self._asked = None
        self._window.show_error(message)
        if phase == "change" and job.work is not None:
            self._stop(job, job.work)
        else:
            self._finish()

    def _on_counted(self, job: _Job, answer: Counted) -> None:
        for hit in answer.hits:
            self._add_hit(job, hit)
        job.hits += answer.hits
        self._show_use(job, answer.num_done)
        if not answer.is_last and job.count is not None:
            self._do("count", job.count.some)

    @Slot(str, str)
    def _on_confirmed(self, kind: Change, into: str) -> None:
        job = self._job
        if job is None:
            return
        job.kind, job.into = kind, into
        job.work = ClassWork(kind, job.name, into, self._stores, class_changes_dir())
        self._begin(job)

    def _begin(self, job: _Job) -> None:
        """Make the change, for the first time or again."""
        work = job.work
        assert work is not None
        self._saves.autosave.pause()
        self._scans.scan(())
        in_hand = self._in_hand(job.files)
        job.hand = self._state.annotating.class_names
        paths = [hit.path for hit in job.hits if hit.path not in in_hand]
        folders = dict.fromkeys(path.parent for path in (*paths, *in_hand))
        job.done, job.num_images, job.failures, job.is_stopped = 0, 0, [], False
        self._show_done(job, 0)
        self._do("begin", lambda: work.begin(folders, paths))

    def _on_begun(self, phase: Phase, job: _Job, failure: str) -> None:
        work = job.work
        assert work is not None
        if failure:
            self._finish()
            self._window.show_error(say("error", text=failure))
        elif phase == "begin":
            self._do("change", work.change_some)
        else:
            self._do("back", work.back_some)

    def _on_changed(self, phase: Phase, job: _Job, answer: Changed) -> None:
        work = job.work
        assert work is not None
        self._scans.take_found(answer.states)
        job.failures += answer.failures
        self._show_done(job, answer.num_done)
        if phase == "change":
            job.num_images += len(answer.states)
            if job.is_stopped:
                self._stop(job, work)
            elif not answer.is_last:
                self._do("change", work.change_some)
            else:
                self._on_all_changed(job, work)
        elif not answer.is_last:
            self._do("back", work.back_some)
        else:
            self._on_all_back(job, work)

    def _stop(self, job: _Job, work: ClassWork) -> None:
        """What has been changed so far is taken back; images in hand were not changed yet."""
        job.done, job.is_stopped = 0, False
        self._do("begin_back", lambda: work.begin_back(()))

    def _show_done(self, job: _Job, num_done: int) -> None:
        job.done += num_done
        if self._dialog is not None:
            self._dialog.show_progress(job.done, max(len(job.hits), job.done))
        elif self._waiting is not None:
            self._waiting.show_progress(job.done, max(len(job.hits), job.done))

    # -- when all files are done ---------------------------------------------------------------------------------------

    def _on_all_changed(self, job: _Job, work: ClassWork) -> None:
        work.end()
        for path, edit in self._in_hand(job.files).items():
            known = job.in_hand.get(path)
            if known is not None and self._undo.step_document(path, known.number, again=True):
                job.num_images += 1
                continue
            after = changed(edit, job.kind, job.name, job.into)
            if not after.same_as(edit):
                number = self._undo.bring_back_document(path, edit, after, job.label())
                job.in_hand[path] = _InHand(number, edit)
                job.num_images += 1
        self._change_names(job)
        if job.step is None:
            job.step = FolderStep(self._apply, job.folder, job.label(job.num_images))
            self._jobs.append(job)
            self._undo.add_folder_step(job.step)
        self._finish()
        self._tell_changed(job)

    def _tell_changed(self, job: _Job) -> None:
        what, offer = job.label(job.num_images), say("change.undo.offer")
        if not job.failures:
            self._window.status.show_message(say("change.done", what=what), offer=offer)
            return
        said = counted("change.left", len(job.failures))
        left = Message(said.id, said.values | {"what": what, "text": job.failures[0]})
        self._window.status.show_message(left, error=True, offer=offer)

    def _change_names(self, job: _Job) -> None:
        """The class in the list, of the next box and on the clipboard."""
        hand = self._state.annotating
        hand.rename_class(job.name, job.into)
        if self._scans.totals[job.name] > 0:  # of files that were left as they are
            hand.listed = (*hand.listed, job.name)
        if job.kind == "rename" and job.name in hand.colors and job.into not in hand.colors:
            self._give_color(job.into, hand.colors[job.name])

    def _on_all_back(self, job: _Job, work: ClassWork) -> None:
        if job.hand is not None:
            self._state.annotating.bring_names_back(job.hand, job.into if job.kind == "rename" else "", job.name)
        said = say("change.stopped")
        if job.step is not None:
            said = say("status.undone", what=job.step.label)
            self._take_back_in_hand(job, work)
        self._finish()
        document = self._state.document
        if job.step is not None and document is not None and document.path not in self._state.sessions:
            self._images.show_image(document.path)
        if job.failures:
            failed = counted("change.not_back", len(job.failures))
            self._window.show_error(Message(failed.id, failed.values | {"text": job.failures[0]}))
        else:
            self._images.tell(said)

    def _take_back_in_hand(self, job: _Job, work: ClassWork) -> None:
        """Images that a person worked on then, and those that one has worked on since."""
        there = set(job.files)
        label = say("undo.class.back", what=job.label())
        for path, session in list(self._state.sessions.items()):
            known = job.in_hand.get(path)
            if str(path) not in there or (
                known is not None and self._undo.step_document(path, known.number, again=False)
            ):
                continue
            before = work.before(path) if known is None else known.before
            after, records = taken_back(session.edit, before, job.kind, job.name, job.into)
            session.records |= records
            if not after.same_as(session.edit):
                self._undo.bring_back_document(path, session.edit, after, label)

    def _finish(self) -> None:
        """Nothing runs any more."""
        job, self._job = self._job, None
        if job is not None and job.step is None and job.work is not None:
            job.work.close()
        dialog, waiting, self._waiting = self._dialog, self._waiting, None
        if dialog is not None:
            dialog.finish()
        if waiting is not None:
            waiting.finish()
        self._saves.autosave.resume()
        self._scans.list_again()
        self._scans.scan_again()

    # -- as a step of the folder ---------------------------------------------------------------------------------------

    def _apply(self, step: FolderStep, again: bool) -> None:
        """Begin to make a change again, or to take it back."""
        job = next((each for each in self._jobs if each.step is step), None)
        if job is None or job.work is None or self._job is not None:
            return
        work, self._job = job.work, job
        self._waiting = WaitingDialog(say("change.again" if again else "change.taking_back"), self._window)
        self._waiting.open()
        if again:
            self._begin(job)
            return
        self._saves.autosave.pause()
        self._scans.scan(())
        job.done, job.failures = 0, []
        in_hand = frozenset(self._state.sessions)
        self._do("begin_back", lambda: work.begin_back(in_hand))

    @Slot(str)
    def _on_offer(self, offer: str) -> None:
        if offer == "change.undo.offer" and isinstance(self._undo.next_undo, FolderStep):
            self._undo.undo()
