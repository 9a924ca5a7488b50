"""Scenes and what a person does with them: between the window and the follow thread."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, QPoint, QPointF, QRect, QTimer, Signal, Slot

from app.jobs import Follow, Followed
from app.scene import STAGES, Message, Ref, Role, Scene, Stage, ViewOptions
from app.scene_annotate import annotate_scene
from app.scene_builder import space_of
from app.scene_frame import Frame
from app.scene_hover import hover_messages, listed_things
from app.sentences import say
from app.state import State
from app.window import MainWindow
from app.wording import text
from app.workers import Threads
from detector.memo import Memo
from detector.messages import counted
from detector.trace import Trace


class SceneFlow(QObject):
    """Asks for scenes, shows them, and turns clicks into a selection.

    Attributes:
        totals: objects of each class in the folder, as far as they are counted.
        badge: what Annotate writes at the selected box.

    Signals:
        shown: a `Followed` that is now on the screen.
    """

    shown = Signal(object)

    def __init__(self, window: MainWindow, state: State, threads: Threads, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state, self._threads = window, state, threads
        self._memo = Memo()
        self.totals: Mapping[str, int] = {}
        self.badge: Message | None = None
        self._asked = False
        self._again = False
        # Runs out once what is shown has been painted: then the next scene is made while this thread rests, instead of
        # both wanting the interpreter at once.
        self._painted = QTimer(self)
        self._painted.setSingleShot(True)
        self._painted.setInterval(0)
        self._painted.timeout.connect(self._answered)
        for panel in (window.things, window.canvas, window.objects, window.details):
            panel.picked.connect(self.pick)
        window.deselected.connect(self._on_deselected)
        window.back_requested.connect(self._on_back)
        window.forward_requested.connect(self._on_forward)
        window.stage_chosen.connect(self.choose_stage)
        window.tree.layer_toggled.connect(self._on_layer_toggled)
        window.isolate_toggled.connect(self._on_isolate)
        window.boxes_hidden.connect(self._on_boxes_hidden)
        window.labels_hidden.connect(self._on_labels_hidden)
        window.canvas.cell_hovered.connect(self._on_cell_hovered)
        window.canvas.cell_left.connect(self._on_cell_left)
        window.canvas.hovered.connect(self._on_hovered)
        window.canvas.left.connect(self._on_left)
        window.canvas.hover_changed.connect(self._on_hover_changed)
        window.canvas.things_listed.connect(self._on_things_listed)
        threads.follow.followed.connect(self._on_followed)
        threads.follow.failed.connect(self._on_failed)
        threads.drawing.failed.connect(self._on_drawing_failed)
        window.canvas.draw_in(threads.drawing)

    @Slot()
    def ask(self) -> None:
        """Make the scene of the state as it is now.

        One wish is on its way at a time; those that come meanwhile become one, asked when its answer is there. Scenes
        made faster than they can be painted would pile up in the event queue and hold up mouse and keys.
        """
        self._show_history()
        self.show_annotation()
        if self._asked:
            self._again = True
            return
        self._asked = True
        state = self._state
        number = self._threads.next_number()
        request = Follow(
            number, state.document, state.evidence, state.settings, state.view.options, state.stale,
            state.view.selection, state.replayed,
        )  # fmt: skip
        self._threads.follow.put(request, number)

    @property
    def badge_text(self) -> str:
        """The badge in words, "" for none."""
        return "" if self.badge is None else text(self.badge)

    def show_annotation(self) -> None:
        """In Annotate a box is at once where the hand has left it; the detector's word on it comes later."""
        state = self._state
        if state.view.workspace != "annotate" or state.document is None:
            return
        fits = state.trace is not None and not state.stale
        trace = state.trace if fits else None
        space = None if trace is None else space_of(trace)
        state.scene = annotate_scene(
            state.document,
            state.view.options,
            state.annotating,
            trace,
            totals=self.totals,
            space=space,
            badge=self.badge_text,
        )
        self._window.show_scene(state.scene)

    @Slot()
    def _answered(self) -> None:
        self._asked = False
        if self._again:
            self._again = False
            self.ask()

    @Slot(int, object)
    def _on_followed(self, number: int, followed: Followed) -> None:
        self._painted.start()
        # An answer to a wish that is not the newest is still true, and better than none while a slider is dragged;
        # only one about another image or another pass of the network is not.
        request, state = followed.request, self._state
        if request.document is not state.document or not _same_pass(request, state):
            return
        state.trace, state.scene = followed.trace, followed.scene
        if request.selection == state.view.selection and request.selection is not None:
            # the same thing under its new number; one that is gone for now keeps its memory
            state.view.selection = request.selection._replace(ref=followed.scene.selected or request.selection.ref)
        if state.view.workspace == "annotate" and state.document is not None:
            self.show_annotation()
        else:
            self._window.show_scene(followed.scene)
        self._show_history()
        self._mark_state(followed)
        self.shown.emit(followed)

    @Slot(int, object)
    def _on_failed(self, number: int, message: Message) -> None:
        self._answered()
        self._window.show_error(message)

    @Slot(int, object)
    def _on_drawing_failed(self, number: int, message: Message) -> None:
        self._window.show_error(message)

    @Slot(object)
    def pick(self, ref: Ref | None) -> None:
        """Select a thing, or nothing."""
        self._state.select(ref)
        self.ask()

    @Slot(str)
    def choose_stage(self, stage: str) -> None:
        """Another stage with its own layers."""
        chosen: Stage | None = next((each for each in STAGES if each == stage), None)
        if chosen is not None:
            self._state.view.stage = chosen
            self._state.view.hover_cell = None
            self.ask()

    def reset_view(self) -> None:
        """The last stage with its own layers, nothing hidden, the whole image."""
        view, window = self._state.view, self._window
        view.shown.clear()
        view.hidden.clear()
        view.nms.clear()
        for name in ("isolate", "hide_boxes", "hide_labels"):
            window.actions_by_id[name].setChecked(False)
        window.canvas.fit()
        self.choose_stage(STAGES[-1])

    @Slot()
    def _on_deselected(self) -> None:
        self.pick(None)

    @Slot()
    def _on_back(self) -> None:
        self._reselect(-1)

    @Slot()
    def _on_forward(self) -> None:
        self._reselect(+1)

    def _reselect(self, by: int) -> None:
        if self._state.reselect(by):
            self.ask()

    def _show_history(self) -> None:
        for name, by in (("selection_back", -1), ("selection_forward", +1)):
            self._window.actions_by_id[name].setEnabled(self._state.can_reselect(by))

    @Slot(str, bool)
    def _on_layer_toggled(self, layer_id: str, visible: bool) -> None:
        self._state.view.toggle(layer_id, visible)
        self.ask()

    @Slot(bool)
    def _on_isolate(self, isolate: bool) -> None:
        self._state.view.isolate = isolate
        self.ask()

    @Slot(bool)
    def _on_boxes_hidden(self, hidden: bool) -> None:
        self._state.view.hide_boxes = hidden
        said, status = say("status.boxes_hidden"), self._window.status
        if hidden or status.shown == said:
            status.show_message(said if hidden else None)
        self.ask()

    @Slot(bool)
    def _on_labels_hidden(self, hidden: bool) -> None:
        self._state.view.hide_labels = hidden
        self.ask()

    @Slot(int, int)
    def _on_cell_hovered(self, x: int, y: int) -> None:
        if self._state.view.hover_cell != (x, y):
            self._state.view.hover_cell = (x, y)
            self.ask()

    @Slot()
    def _on_cell_left(self) -> None:
        if self._state.view.hover_cell is not None:
            self._state.view.hover_cell = None
            self.ask()

    @Slot(float, float)
    def _on_hovered(self, x: float, y: float) -> None:
        scene = self._state.scene
        self._window.status.show_cursor(None if scene is None else scene.space, x, y)

    @Slot()
    def _on_left(self) -> None:
        self._window.status.show_cursor(None, None, None)

    @Slot(object)
    def _on_hover_changed(self, ref: Ref | None) -> None:
        frame = self._frame()
        if ref is None or frame is None:
            self._window.canvas.set_hover_text("")
            return
        lines = [text(message) for message in hover_messages(frame, ref)]
        self._window.canvas.set_hover_text("\n".join([" – ".join(lines[:2]), *lines[2:]]))

    def _frame(self) -> Frame | None:
        """What there is to be said of the boxes on show."""
        trace, document = self._state.trace, self._state.document
        if trace is None or document is None:
            return None
        return Frame(trace, self._memo, ViewOptions(), document.objects.proposals)

    @Slot(list, QPoint)
    def _on_things_listed(self, refs: list[Ref], place: QPoint) -> None:
        frame, scene, canvas = self._frame(), self._state.scene, self._window.canvas
        if scene is None or not refs:
            return
        known = {row.ref: row for row in scene.objects}
        rows = listed_things(frame, refs) if frame is not None else [known[ref] for ref in refs]
        x1, y1, x2, y2 = scene.box_of(refs[0]) or (0.0, 0.0, 0.0, 0.0)
        corners = [QPointF(*canvas.transform.to_widget(x, y)) for x, y in ((x1, y1), (x2, y2))]
        first, last = (canvas.mapToGlobal(corner).toPoint() for corner in corners)
        self._window.things.show_things(rows, scene.selected, place, QRect(first, last))

    def _mark_state(self, followed: Followed) -> None:
        if followed.trace is None or followed.request.document is None or followed.request.stale:
            return
        parts = image_state(followed.trace, followed.scene)
        document = followed.request.document
        problem = None if document.problem is None else say("image.broken_truth")
        if document.holds(followed.request.evidence):
            parts.insert(0, (say("image.case"), None))
        self._window.images.mark_state(document.path, parts, problem=problem)


def _same_pass(request: Follow, state: State) -> bool:
    if request.evidence is None or state.evidence is None:
        return request.evidence is state.evidence
    return request.evidence.first is state.evidence.first


def image_state(trace: Trace, scene: Scene) -> list[tuple[Message, Role | None]]:
    """The second line of an image in the list: what was found, missed and false, or how many detections there are."""
    counts = {row.id: row.count or 0 for row in scene.tree}
    wrong = counts["detections.false_positive"]
    if trace.judgement is None:
        return [(counted("image.detections", counts["detections.judged"]), None)]
    found = sum(str(each.outcome) == "found" for each in trace.judgement.objects)
    parts: list[tuple[Message, Role | None]] = [(say("image.found", n=found), None)]
    if counts["ground_truth.missed"]:
        parts.append((say("image.missed", n=counts["ground_truth.missed"]), Role.MISSED))
    if wrong:
        parts.append((say("image.false", n=wrong), Role.FALSE_POSITIVE))
    return parts
