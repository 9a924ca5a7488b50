"""The tool in the hand: boxes are drawn, one or one after another, or selected. And what Escape gives up of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot

from app.edit_gate import EditGate
from app.image_flow import ImageFlow
from app.select_flow import SelectFlow
from app.sentences import say
from app.state import State
from app.window import MainWindow


class ToolFlow(QObject):
    """Chooses the tool.

    Drawing one box is about the image that it was begun on, and ends with it; who keeps drawing does so on the next
    image too.
    """

    def __init__(
        self,
        window: MainWindow,
        state: State,
        images: ImageFlow,
        gate: EditGate,
        selects: SelectFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._images, self._gate, self._selects = window, state, images, gate, selects
        self._draws_on: Path | None = None
        self._gives_up = False
        window.canvas.draw_ended.connect(self._on_draw_ended)
        window.canvas.drawn_too_small.connect(self._on_drawn_too_small)
        window.edit_requested.connect(self._on_command)

    def draw(self, *, keeps: bool = False) -> None:
        """Draw one box, or with `keeps` one after another; on an image that cannot be annotated it is said why not."""
        if self._images.is_reading or self._gate.edit is not None:
            hand = self._state.annotating
            hand.tool, hand.keeps_drawing, self._draws_on = "draw", keeps, self._images.wanted
            # Who draws wants to see what is there.
            self._window.actions_by_id["hide_boxes"].setChecked(False)
            self._gate.tell(say("annotate.drawing_more") if keeps else say("annotate.drawing"))
        self._gate.hand_changed.emit()

    def select(self) -> None:
        """No longer draw."""
        hand = self._state.annotating
        hand.tool, hand.keeps_drawing = "select", False
        self._gate.hand_changed.emit()

    def image_changed(self) -> None:
        """Another image is open."""
        if self._state.annotating.tool == "draw" and not self._goes_on_here:
            self.select()

    @property
    def _goes_on_here(self) -> bool:
        return self._state.annotating.keeps_drawing or self._draws_on == self._images.wanted

    def escape(self) -> None:
        """Give up what is in hand; else what waits for its class; else the selection; else the tool.

        Who keeps drawing always has a box selected, the last one: there the tool comes first.
        """
        self._gives_up = True
        gave_up = self._window.canvas.cancel_gesture()
        self._gives_up = False
        if gave_up or self._gate.give_unnamed_up():
            return
        document, hand = self._state.document, self._state.annotating
        if hand.tool == "draw" and hand.keeps_drawing:
            self.select()
        elif document is not None and (hand.chosen_of(document.objects) or self._state.view.selection is not None):
            self._selects.choose(None)
        else:
            self.select()

    @Slot()
    def _on_draw_ended(self) -> None:
        if not self._state.annotating.keeps_drawing and not self._gives_up:
            self.select()

    @Slot()
    def _on_drawn_too_small(self) -> None:
        self._gate.tell(say("annotate.too_small"))

    @Slot(str)
    def _on_command(self, name: str) -> None:
        if self._state.view.workspace != "annotate":
            return
        if name == "escape":
            self.escape()
        elif name in ("draw", "draw_more"):
            hand, keeps = self._state.annotating, name == "draw_more"
            if hand.tool == "draw" and hand.keeps_drawing == keeps and self._goes_on_here:
                self.select()
            else:
                self.draw(keeps=keeps)
