"""Classes over the whole folder: renamed, merged, deleted.

    list of classes --rename_wanted ...--> ClassChangeFlow --Task-->       saving thread
                                                           <--task_done--
                                           ClassChangeFlow --steps-->      UndoFlow

Files are counted and changed by the saving thread, in short pieces, so that no store is ever written by two at once.
Images that a person has worked on, and the open one, are changed as steps of theirs when all files are done. All of it
is one step of the folder.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

from PySide6.QtCore import QObject, Slot

from app.class_change import Change, ClassUse
from app.class_color_flow import ClassColorFlow
from app.class_edits import changed, taken_back
from app.class_job import ClassJob, InHand
from app.class_work import Changed, ClassCount, ClassWork, Counted, Hit
from app.commands import FolderStep
from app.image_flow import ImageFlow
from app.jobs import Task
from app.panels.class_change_dialog import ClassChangeDialog
from app.panels.waiting_dialog import WaitingDialog
from app.places import class_changes_dir
from app.save_flow import SaveFlow
from app.scan_flow import ScanFlow
from app.scene import Message
from app.scene_flow import SceneFlow
from app.sentences import say
from app.sessions import Held
from app.state import State
from app.undo_flow import UndoFlow
from app.window import MainWindow
from app.workers import Threads
from detector.datasets import DatasetError
from detector.messages import counted

DOING = "changing a class in the files"

Phase: TypeAlias = Literal["count", "begin", "change", "begin_back", "back"]


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
        saves: SaveFlow,
        scans: ScanFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._threads, self._images = window, state, threads, images
        self._undo, self._saves, self._scans = undo, saves, scans
        self._stores = threads.reading.stores
        self._jobs: list[ClassJob] = []
        """Those that can be taken back, or done again."""
        self._job: ClassJob | None = None
        self._asked: tuple[int, Phase] | None = None
        self._dialog: ClassChangeDialog | None = None
        self._waiting: WaitingDialog | None = None
        self.colors = ClassColorFlow(window, state, scenes, self)
        classes = window.annotate.classes
        classes.rename_wanted.connect(self._on_rename)
        classes.merge_wanted.connect(self._on_merge)
        classes.delete_wanted.connect(self._on_delete)
        images.folder_opened.connect(self._on_folder)
        threads.saving.task_done.connect(self._on_answer)
        threads.saving.failed.connect(self._on_failed)
        window.status.offer_taken.connect(self._on_offer)

    def start(self) -> None:
        """Colours as they were chosen."""
        self.colors.start()

    def stop(self) -> None:
        """The window goes: what is half done is taken back before anything else is saved."""
        if self._job is not None and self._job.work is not None:
            self._threads.saving.save(Task(self._threads.next_number(), self._job.work.close, DOING))

    def close(self) -> None:
        """The threads have ended: what was kept goes."""
        for job in (*self._jobs, self._job):
            if job is not None and job.work is not None:
                job.work.close()

    @Slot(object)
    def _on_folder(self, files: tuple[str, ...]) -> None:
        self._undo.open_folder(Path(files[0]).parent if files else None)

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
        if kind == "delete" and self._scans.is_unused(name):
            self._state.annotating.rename_class(name, "")
            self._scans.list_again()
            self._window.status.show_message(say("change.off_list", name=name))
            return
        names = self._state.annotating.classes(None if document is None else document.objects)
        dialog = ClassChangeDialog(kind, name, names, self._window)
        dialog.set_theme(self._window.themes.theme)
        dialog.confirmed.connect(self._on_confirmed)
        dialog.stopped.connect(self._on_stopped)
        dialog.finished.connect(self._on_dialog_finished)
        self._job = job = ClassJob(kind, name, "", files, ClassUse(of=len(files)))
        self._dialog = dialog
        in_hand = self._in_hand(files)
        for path, held in in_hand.items():
            job.add(Hit(path, self._file_of(path), held.edit.truth.labels.count(name)))
        job.count = ClassCount(self._stores, name, files, in_hand.keys())
        self._show_use(job, 0)
        dialog.open()
        self._do("count", job.count.some)

    def _in_hand(self, files: tuple[str, ...]) -> dict[Path, Held]:
        there = set(files)
        return {path: each for path, each in self._state.in_hand.items() if str(path) in there}

    def _file_of(self, path: Path) -> Path:
        try:
            store = self._stores.of(path)
        except DatasetError:
            return path
        return path if store is None else store.path_of(path)

    def _show_use(self, job: ClassJob, num_done: int) -> None:
        use = job.count_on(num_done)
        if self._dialog is not None:
            self._dialog.show_use(use)

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
        self._threads.saving.save(Task(number, run, DOING))

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

    def _on_counted(self, job: ClassJob, answer: Counted) -> None:
        for hit in answer.hits:
            job.add(hit)
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

    def _begin(self, job: ClassJob) -> None:
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

    def _on_begun(self, phase: Phase, job: ClassJob, failure: str) -> None:
        work = job.work
        assert work is not None
        if failure:
            self._finish()
            self._window.show_error(say("error", text=failure))
        elif phase == "begin":
            self._do("change", work.change_some)
        else:
            self._do("back", work.back_some)

    def _on_changed(self, phase: Phase, job: ClassJob, answer: Changed) -> None:
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

    def _stop(self, job: ClassJob, work: ClassWork) -> None:
        """What has been changed so far is taken back; images in hand were not changed yet."""
        job.done, job.is_stopped = 0, False
        self._do("begin_back", lambda: work.begin_back(()))

    def _show_done(self, job: ClassJob, num_done: int) -> None:
        job.done += num_done
        if self._dialog is not None:
            self._dialog.show_progress(job.done, max(len(job.hits), job.done))
        elif self._waiting is not None:
            self._waiting.show_progress(job.done, max(len(job.hits), job.done))

    # -- when all files are done ---------------------------------------------------------------------------------------

    def _on_all_changed(self, job: ClassJob, work: ClassWork) -> None:
        work.end()
        for path, (edit, _) in self._in_hand(job.files).items():
            known = job.in_hand.get(path)
            if known is not None and self._undo.step_document(path, known.number, again=True):
                job.num_images += 1
                continue
            after = changed(edit, job.kind, job.name, job.into)
            if not after.same_as(edit):
                number = self._undo.bring_back_document(path, edit, after, job.label())
                job.in_hand[path] = InHand(number, edit)
                job.num_images += 1
        self._change_names(job)
        job.is_back = False
        if job.step is None:
            self._forget_undone(job.folder)
            job.step = FolderStep(self._apply, job.folder, job.label(job.num_images))
            self._jobs.append(job)
            self._undo.add_folder_step(job.step)
        self._finish()
        self._tell_changed(job)

    def _forget_undone(self, folder: Path) -> None:
        """After another change nobody can do again what was taken back before."""
        for job in [each for each in self._jobs if each.is_back and each.folder == folder]:
            self._jobs.remove(job)
            if job.work is not None:
                job.work.close()

    def _tell_changed(self, job: ClassJob) -> None:
        what, offer = job.label(job.num_images), say("change.undo.offer")
        if not job.failures:
            self._window.status.show_message(say("change.done", what=what), offer=offer)
            return
        said = counted("change.left", len(job.failures))
        left = Message(said.id, said.values | {"what": what, "text": job.failures[0]})
        self._window.status.show_message(left, error=True, offer=offer)

    def _change_names(self, job: ClassJob) -> None:
        """The class in the list, of the next box and on the clipboard."""
        hand = self._state.annotating
        hand.rename_class(job.name, job.into)
        if self._scans.totals[job.name] > 0:  # of files that were left as they are
            hand.listed = (*hand.listed, job.name)
        if job.kind == "rename" and job.name in hand.colors and job.into not in hand.colors:
            self.colors.give(job.into, hand.colors[job.name])

    def _on_all_back(self, job: ClassJob, work: ClassWork) -> None:
        if job.hand is not None:
            self._state.annotating.bring_names_back(job.hand, job.into if job.kind == "rename" else "", job.name)
        said = say("change.stopped")
        if job.step is not None:
            said = say("status.undone", what=job.step.label)
            job.is_back = True
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

    def _take_back_in_hand(self, job: ClassJob, work: ClassWork) -> None:
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
