"""Puts the window, the state and the threads together.

Each kind of work has a flow of its own:

    image_flow      folders, images, small pictures      <-> reading thread
    network_flow    models, detection                    <-> network thread
    settings_flow   sliders                              ->  both others
    study_flow      what nobody waits for                <-> network thread
    scene_flow      scenes, selection, layers            <-> follow thread
    undo_flow       steps of settings and ground truth   ->  settings_flow, image_flow
    accept_flow     detections that become ground truth  ->  undo_flow, proposal_flow
    edit_gate       changes of objects by hand           ->  undo_flow
    select_flow     objects that are selected            ->  edit_gate
    tool_flow       drawing or selecting                 ->  edit_gate
    edit_flow       what the hand does to objects        ->  edit_gate
    copy_flow       copies of objects                    ->  edit_gate
    proposal_flow   boxes that are to be accepted        ->  edit_gate
    annotate_flow   the workspace Annotate               ->  scene_flow
    class_change_flow   classes over the whole folder    <-> saving thread, ->  undo_flow
    save_flow       annotations into their files         <-> saving thread
    place_flow      where those are
    move_flow       another place for them               <-> saving thread
    conflict_flow   what others do to those              <-> saving thread, ->  undo_flow
    look_flow       menu of an object, looks of boxes    ->  edit_flow, copy_flow, scene_flow
    bin_flow        images into the bin folder           ->  image_flow
    recover_flow    what the last time was not saved     ->  undo_flow
    scan_flow       annotations of the whole folder      <-  reading thread
    check_flow      what is wrong in the folder          <-> reading thread, ->  undo_flow
    walk_flow       M through the images                 ->  image_flow
    replay_flow     training mini-batches                ->  study_flow
    case_flow       saved cases                          <-> saving thread, ->  settings_flow
    remedy_flow     what would have found an object      ->  study_flow, undo_flow
    nms_flow        stepping through NMS                 ->  scene_flow
    lesson_flow     what a first start teaches           <-  scene_flow
    picture_flow    the canvas as a picture

What changes: a flow changes the state and says so; this file knows what follows from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from app.accept_flow import AcceptFlow
from app.annotate_flow import AnnotateFlow
from app.bin_flow import BinFlow
from app.case_flow import CaseFlow
from app.check_flow import CheckFlow
from app.class_change_flow import ClassChangeFlow
from app.conflict_flow import ConflictFlow
from app.copy_flow import CopyFlow
from app.edit_flow import EditFlow
from app.edit_gate import EditGate
from app.image_flow import ImageFlow
from app.jobs import Followed, ModelChoice
from app.lesson_flow import LessonFlow
from app.look_flow import LookFlow
from app.move_flow import MoveFlow
from app.network_flow import NetworkFlow
from app.nms_flow import NmsFlow
from app.picture_flow import PictureFlow
from app.place_flow import PlaceFlow
from app.places import DEFAULT_MODEL, SAMPLES, is_case
from app.proposal_flow import ProposalFlow
from app.recover_flow import RecoverFlow
from app.remedy_flow import RemedyFlow
from app.replay_flow import ReplayFlow
from app.save_flow import SaveFlow
from app.scan_flow import ScanFlow
from app.scene_flow import SceneFlow
from app.select_flow import SelectFlow
from app.settings_flow import SettingsFlow
from app.state import State
from app.study_flow import StudyFlow
from app.tool_flow import ToolFlow
from app.torch_import import load_model
from app.undo_flow import UndoFlow
from app.walk_flow import WalkFlow
from app.window import MainWindow
from app.workers import Load, Threads

MODEL_WITHOUT_FOLDER_MS, MODEL_AT_LATEST_MS, MODEL_AFTER_MS = 10_000, 1500, 100
"""The model is loaded once the first image has been shown, or so long after its folder has, or the start.

Importing torch holds up all else, as the reading of a large folder."""


class Controller(QObject):
    """Everything behind one window.

    Attributes:
        state: what is open, chosen and known.
    """

    def __init__(self, window: MainWindow, load: Load = load_model, choice: ModelChoice | None = None) -> None:
        super().__init__(window)
        self._window = window
        self.state = State(choice or ModelChoice(DEFAULT_MODEL))
        self.threads = Threads(load)
        self.images = ImageFlow(window, self.state, self.threads, self)
        self.network = NetworkFlow(window, self.state, self.threads, self)
        self.studies = StudyFlow(self.network, self.threads, self)
        self.undo = UndoFlow(window, self.state, self)
        # Before all others: they look at what the image has then.
        self.undo.document_stepped.connect(self.images.take_edit)
        self.settings = SettingsFlow(window, self.state, self.network, self.undo, self)
        self.cases = CaseFlow(window, self.state, self.threads, self.images, self.network, self.settings, self)
        self.scenes = SceneFlow(window, self.state, self.threads, self)
        self.nms = NmsFlow(window, self.state, self.scenes, self)
        self.walks = WalkFlow(window, self.state, self.images, self.network, self.scenes, self)
        self.gate = EditGate(window, self.state, self.images, self.undo, self)
        self.selects = SelectFlow(window, self.state, self.undo, self.gate, self)
        self.tools = ToolFlow(window, self.state, self.images, self.gate, self.selects, self)
        self.edits = EditFlow(window, self.state, self.undo, self.gate, self.selects, self)
        self.copies = CopyFlow(window, self.state, self.gate, self)
        self.proposals = ProposalFlow(window, self.state, self.threads, self.gate, self.selects, self)
        self.places = PlaceFlow(window, self.state, self.threads, self)
        self.saves = SaveFlow(window, self.state, self.threads, self.images, self.undo, self.places, self)
        self.conflicts = ConflictFlow(
            window, self.state, self.threads, self.images, self.undo, self.places, self.saves, self
        )
        self.moves = MoveFlow(self.state, self.threads, self.images, self.places, self.saves, self)
        self.recovery = RecoverFlow(window, self.state, self.threads, self.saves, self.undo, self)
        self.bins = BinFlow(window, self.state, self.images, self.places, self.undo, self)
        self.scans = ScanFlow(window, self.state, self.threads, self)
        self.images.folder_opened.connect(self.scans.open_folder)
        self.images.folder_opened.connect(self._on_folder_opened)
        self.saves.annotation_changed.connect(self.scans.look_at)
        self.places.place_chosen.connect(self.scans.scan_again)
        self.bins.left.connect(self.scans.forget)
        self.bins.returned.connect(self.scans.scan_again)
        self.accepts = AcceptFlow(window, self.state, self.images, self.undo, self.gate, self.proposals, self)
        self.annotates = AnnotateFlow(
            window, self.state, self.images, self.network, self.scenes, self.undo, self.gate, self.tools, self.scans,
            self,
        )  # fmt: skip
        self.looks = LookFlow(window, self.state, self.scenes, self.edits, self.selects, self.copies, self)
        self.class_changes = ClassChangeFlow(
            window, self.state, self.threads, self.images, self.scenes, self.undo, self.saves, self.scans, self,
        )  # fmt: skip
        self.checks = CheckFlow(window, self.state, self.threads, self.images, self.undo, self.selects, self)
        self.lesson = LessonFlow(window, self.state, self.scenes, self)
        self.replays = ReplayFlow(window, self.state, self.scenes, self.studies, self.settings, self)
        self.remedies = RemedyFlow(window, self.state, self.scenes, self.studies, self.undo, self)
        self.pictures = PictureFlow(window, self.state, self)
        self._stopped = False
        self._is_model_asked_for = False
        self._model_timer = QTimer(self)
        self._model_timer.setSingleShot(True)
        self._model_timer.timeout.connect(self._on_model_time)
        self._connect()

    def _connect(self) -> None:
        """What follows from what; a flow connects the rest to the window itself."""
        window = self._window
        self.studies.busy_changed.connect(window.show_studying)
        self.undo.said.connect(self.images.tell)
        self.images.document_changed.connect(self._on_document_changed)
        self.images.document_edited.connect(self.scenes.ask)
        self.network.evidence_changed.connect(self.scenes.ask)
        self.settings.live_changed.connect(self.scenes.ask)
        self.lesson.finished.connect(self.settings.bring_back)
        self.network.settings_changed.connect(self.remedies.counts.forget)
        self.scans.classes_changed.connect(self.annotates.show_classes)
        self.scenes.shown.connect(self._on_shown)
        window.samples_requested.connect(self.open_samples)
        window.lesson_requested.connect(self.show_lesson)
        window.closing.connect(self.stop)

    def start(self, paths: Sequence[Path] = ()) -> None:
        """Start the threads, open what there is to open, without a path the samples, and then load the model.

        Cases need none: it is loaded with the first image, or when it is asked for.
        """
        self.threads.start()
        self.places.start()
        self.recovery.start()
        self.annotates.start()
        self.class_changes.start()
        self.looks.start()
        self.settings.show_settings()
        self.network.show_models()
        if paths:
            self.images.open_paths(paths)
            if all(map(is_case, paths)):
                return
        elif SAMPLES.is_dir() and any(SAMPLES.iterdir()):
            self._open_samples(explained=not self._window.preferences.lesson_seen)
        else:
            self._on_model_time()
            return
        self._model_timer.start(MODEL_WITHOUT_FOLDER_MS)

    @Slot()
    def _on_folder_opened(self) -> None:
        if self._model_timer.isActive():
            self._model_timer.start(MODEL_AT_LATEST_MS)

    @Slot()
    def _on_model_time(self) -> None:
        self._is_model_asked_for = True
        if self.state.model is None and not self.network.busy:
            self.network.choose(self.state.choice)

    @Slot()
    def open_samples(self) -> None:
        """The bundled samples, with the object selected whose miss teaches most."""
        self._open_samples(explained=False)

    @Slot()
    def show_lesson(self) -> None:
        """The same with the callouts of the first start, and everything as it was then, as long as they are there."""
        own = self.state.own_settings
        if own.settings != own.defaults:
            self.settings.set_aside()
        self.scenes.reset_view()
        self._open_samples(explained=True)

    def _open_samples(self, explained: bool) -> None:
        self.lesson.expect(explained)
        self.images.open_paths([SAMPLES])

    @Slot()
    def stop(self) -> None:
        """The window goes: hide it at once, then wait for what cannot be interrupted."""
        if self._stopped:
            return
        self._stopped = True
        self._model_timer.stop()
        self.class_changes.stop()
        self.saves.close()
        self._window.hide()
        self.threads.stop()
        self.class_changes.close()
        self.saves.end()

    @Slot()
    def _on_document_changed(self) -> None:
        self.lesson.document_changed()
        self.places.document_changed()
        self.saves.document_changed()
        self.conflicts.document_changed()
        self.scans.document_changed()
        self.annotates.document_changed()
        self.cases.document_changed()
        self.scenes.ask()
        self.network.document_changed()
        is_image = self.state.document is not None and self.state.case is None
        if is_image and not self._is_model_asked_for and not self._model_timer.isActive():
            self._model_timer.start(MODEL_AT_LATEST_MS)

    @Slot(object)
    def _on_shown(self, followed: Followed) -> None:
        if self._model_timer.isActive() and followed.request.document is not None:
            self._model_timer.start(min(MODEL_AFTER_MS, self._model_timer.remainingTime()))
        trace = followed.trace
        self.accepts.shown(followed)
        self.annotates.shown()
        if trace is not None and not followed.request.stale and len(trace.detections.waiting):
            self.network.complete(trace.detections.waiting)
        self.cases.shown(followed)
        self.walks.shown(followed)
