"""What the mouse does on the canvas: clicks, pans, and, where the scene can be edited, one drag that changes boxes.

A press decides what a drag would be; it becomes one after some points, and until then may still be a click. Nothing is
changed here: while the hand moves the canvas draws the boxes where it has them, and at the end one signal says so.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QPointF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QMouseEvent

from app.canvas.box_changes import corner
from app.canvas.clicks import Clicks
from app.canvas.frame import Frame, Live
from app.canvas.grasp import Grasp, Looks
from app.canvas.hover import HoverTracker
from app.canvas.mouse import DRAG_STARTS, Pan
from app.canvas.objects import Objects
from app.canvas.tools import NEW, Band, Drag, Drawing, Held, Moving, Resizing
from app.scene import Floats, Ref

SMALLEST_DRAWN = 3.0
"""Widget points: a box that is smaller in either direction was drawn by accident."""

SETTLED_MS = 1000
"""A change that nobody has taken over by then was refused: the boxes are shown as they are."""

NO_BUTTON, LEFT, MIDDLE, RIGHT = (
    Qt.MouseButton.NoButton,
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.RightButton,
)


class Hand(QObject):
    """Turns the mouse into the canvas' signals of the same names.

    Signals:
        panned: the view that a drag leads to; rested: that drag is over.
        activated: a double click on this `Hit`.
        cursor_wanted: the shape of the cursor, None for the usual one.
        repaint: something to be seen has changed.

    Attributes:
        clicks: what clicks pick.
    """

    picked = Signal(object)
    activated = Signal(object)
    things_listed = Signal(list, QPoint)
    panned = Signal(object)
    rested = Signal()
    cursor_wanted = Signal(object)
    repaint = Signal()

    box_drawn = Signal(object)
    boxes_changed = Signal(object)
    boxes_duplicated = Signal(object)
    box_dragged = Signal(int, object)
    drag_ended = Signal()
    object_toggled = Signal(object)
    rows_chosen = Signal(list)
    menu_wanted = Signal(object, QPoint)
    draw_ended = Signal()
    drawn_too_small = Signal()
    locked_dragged = Signal(object)

    def __init__(self, frame: Frame, live: Live, looks: Looks, tracker: HoverTracker, parent: QObject) -> None:
        super().__init__(parent)
        self._frame = frame
        self._live = live
        self._look = looks
        self._grasp = Grasp(frame, live, looks)
        self._tracker = tracker
        self.clicks = Clicks(live, looks.every, self)
        self.clicks.picked.connect(self.picked)
        self.clicks.repaint.connect(self.repaint)
        self._space_held = self._is_space_free = False
        self._held = Held()
        self._at: QPointF | None = None
        self._pan: Pan | None = None
        self._locked: Ref | None = None
        self._drag: Drag | None = None
        self._button = NO_BUTTON
        self._pressed_at = QPointF()
        self._is_dragging = False
        self._is_double = False
        self._menu_at: QPointF | None = None
        self._was_editing = False
        self._boxes: Floats | None = None
        self._told = QTimer(self)
        self._told.setSingleShot(True)
        self._told.setInterval(0)
        self._told.timeout.connect(self._tell)
        self._was_told = False
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLED_MS)
        self._settled.timeout.connect(self._settle)

    # What the canvas asks

    @property
    def is_panning(self) -> bool:
        """The picture is being moved, or may be once the hand has moved far enough."""
        return self._pan is not None

    @property
    def looks_at_boxes(self) -> bool:
        """Whether a box under the cursor matters now."""
        objects = self._objects
        return objects is None or (objects.editing.tool != "draw" and not self._is_dragging)

    # What the canvas tells

    def scene_changed(self) -> None:
        """Another scene is on show: go on with the drag where it still makes sense, else it has ended."""
        objects = self._objects
        boxes = None if objects is None else objects.editing.boxes
        if objects is not None and self._boxes is not None and not objects.same_boxes(self._boxes):
            self.clicks.forget()  # rows stand for other objects
        self._boxes = boxes
        if self._live.settling is not None and (objects is None or not objects.same_as(self._live.settling)):
            self._settle()
        if self._drag is not None and not self._goes_on(self._drag, objects):
            self._give_up()
        if objects is None:
            self._menu_at = None
        if objects is not None or self._was_editing:
            self._mark()
        self._was_editing = objects is not None

    def image_changed(self) -> None:
        """Another image is on show: whatever the hand was about belongs to the one before."""
        self.clicks.forget()
        self._settle()
        self._give_up()

    def _give_up(self) -> None:
        """The drag has nothing to go on with; who was told of it is told that it is over."""
        told = self._was_told
        self._let_go()
        if told:
            self.drag_ended.emit()

    def cancel(self) -> bool:
        """Give the boxes back as they were; whether there was a drag."""
        drag, told = self._drag, self._was_told
        if drag is None:
            return False
        self._let_go()
        if told:
            self.drag_ended.emit()
        if isinstance(drag, Drawing):
            self.draw_ended.emit()
        return True

    def press(self, event: QMouseEvent, *, is_double: bool = False) -> None:
        """Begin a drag or a click."""
        at, button = event.position(), event.button()
        if self._pan is not None or self._button != NO_BUTTON:
            return
        self._is_space_free = False
        if button == MIDDLE or (button == LEFT and self._space_held):
            self._pan = Pan(at, self._look.view(), button, may_click=False)
        elif button == LEFT:
            self._begin(event, is_double)
        elif button == RIGHT and self._objects is not None:
            # A second click would be needed to set the other corner: the right one gives the box up.
            self._menu_at = None if self.cancel() else at
        else:
            event.ignore()

    def move(self, event: QMouseEvent) -> None:
        """Go on with the drag, else tell where the cursor is."""
        at = self._at = event.position()
        self._held = _held(event)
        if self._pan is not None:
            view = self._pan.move(at)
            if view is not None:
                if self._locked is not None:
                    self.locked_dragged.emit(self._locked)
                    self._locked = None
                self.cursor_wanted.emit(Qt.CursorShape.ClosedHandCursor)
                self._tracker.leave()
                self.panned.emit(view)
            return
        self._follow()
        self._tracker.move(at, self._look.view().to_image(at.x(), at.y()))
        self._remark()

    def release(self, event: QMouseEvent) -> None:
        """End a drag, or click."""
        button = event.button()
        if self._pan is not None:
            if button == self._pan.button:
                self._end_pan(self._pan, event)
        elif self._drag is not None and button == self._button:
            self._end_drag(self._drag, event)
        elif button == RIGHT and self._menu_at is not None:
            at, self._menu_at = event.position(), None
            self.menu_wanted.emit(self._grasp.thing_at(at), event.globalPosition().toPoint())

    def double_click(self, event: QMouseEvent) -> None:
        """Zoom to the box that the first click picked; where boxes are edited it is a press, and may become a drag."""
        if self._objects is not None:
            self.press(event, is_double=event.button() == LEFT)
        elif event.button() != LEFT:
            event.ignore()
        else:
            self._activate()

    def hold_space(self, is_held: bool) -> bool:
        """While it is down dragging moves the picture, wherever it begins; whether it was only tapped."""
        was_held, is_tap = self._space_held, self._is_space_free and self._pan is None
        self._space_held, self._is_space_free = is_held, is_held
        self._show_cursor()
        return was_held and not is_held and is_tap

    def hold_keys(self, held: Held) -> None:
        """Shift or Ctrl went down or up: a drag means another thing at once, not only at the next movement."""
        if held != self._held:
            self._held = held
            self._follow()
            self._remark()

    def leave(self) -> None:
        """The cursor is gone; a drag goes on."""
        self._at = None
        self._tracker.leave()
        self._remark()

    def view_changed(self) -> None:
        """Another point of the image lies under the cursor."""
        self._follow()
        self._remark()

    # Presses

    @property
    def _objects(self) -> Objects | None:
        return self._frame.objects

    def _begin(self, event: QMouseEvent, is_double: bool) -> None:
        at, objects = event.position(), self._objects
        self._held, self._is_double = _held(event), is_double
        if self._drag is not None:
            # The second click of a box drawn by clicks: it ends where the button is let go.
            self._button, self._at = LEFT, at
            self._follow()
            return
        drag = None if objects is None else self._grasp.drag_from(objects, at, event.modifiers())
        if drag is None:
            self._pan = Pan(at, self._look.view(), LEFT, may_click=True)
            self._locked = None if objects is None else self._grasp.locked_at(objects, at, event.modifiers())
            return
        self._drag, self._button, self._is_dragging = drag, LEFT, False
        self._pressed_at, self._at = at, at

    # Drags

    def _follow(self) -> None:
        drag, at = self._drag, self._at
        if drag is None or at is None:
            return
        if not self._is_dragging:
            apart = at - self._pressed_at
            by_clicks = isinstance(drag, Drawing) and drag.by_clicks
            if not by_clicks and max(abs(apart.x()), abs(apart.y())) < DRAG_STARTS:
                return
            self._is_dragging = True
            self._settle()
            self._live.drag, self._live.counter = drag, ""
            if isinstance(drag, Moving) and drag.selects:
                self.picked.emit(Ref("object", drag.row))
                if self._drag is not drag:
                    return
        before = drag.boxes
        drag.follow(self._look.view().to_image(at.x(), at.y()), self._held)
        if drag.boxes != before:
            self._told.start()
        self.repaint.emit()

    @Slot()
    def _tell(self) -> None:
        """Once a turn of the event loop, however fast the mouse is."""
        drag = self._drag
        box = None if drag is None else drag.boxes.get(drag.row)
        if drag is not None and box is not None and box[2] > box[0] and box[3] > box[1]:
            self._was_told = True
            self.box_dragged.emit(drag.row, box)

    def _end_pan(self, pan: Pan, event: QMouseEvent) -> None:
        self._pan = self._locked = None
        self._show_cursor()
        if not pan.is_click:
            self.rested.emit()
        elif event.modifiers() & Qt.KeyboardModifier.AltModifier:
            refs = [found.ref for found in self._look.every(event.position())]
            # The list says it all; a tip would stand beside it.
            self._tracker.reset()
            self.repaint.emit()
            self.things_listed.emit(refs, event.globalPosition().toPoint())
        else:
            self._click(event)

    def _end_drag(self, drag: Drag, event: QMouseEvent) -> None:
        self._at, self._held = event.position(), _held(event)
        self._follow()
        if self._drag is not drag:
            return
        if not self._is_dragging:
            self._button = NO_BUTTON
            if isinstance(drag, Drawing):
                drag.by_clicks = True
                self._follow()
            else:
                self._let_go()
                self._click(event)
            return
        told = self._was_told
        self._let_go()
        self._say(drag)
        if told:
            self.drag_ended.emit()

    def _say(self, drag: Drag) -> None:
        """The one thing that a drag has done, if it has done anything."""
        if isinstance(drag, Band):
            self.rows_chosen.emit(list(drag.rows))
        elif isinstance(drag, Drawing):
            x1, y1, x2, y2 = drag.boxes[NEW]
            if min(x2 - x1, y2 - y1) >= max(self._look.view().reach(SMALLEST_DRAWN), 1.0):
                self._await(drag)
                self.box_drawn.emit(drag.boxes[NEW])
                self.draw_ended.emit()
            else:
                self.drawn_too_small.emit()
        elif isinstance(drag, Moving | Resizing):
            before = drag.before if isinstance(drag, Moving) else {drag.row: drag.before}
            ids = drag.objects.editing.ids
            changed = {ids[row]: box for row, box in drag.boxes.items() if box != before[row]}
            if changed:
                self._await(drag)
                (self.boxes_changed if drag.replaces else self.boxes_duplicated).emit(changed)

    def _await(self, drag: Drag) -> None:
        """Show the boxes where the hand left them until a scene has them there."""
        objects = self._objects
        if objects is not None:
            self._live.drag, self._live.settling = drag, objects.editing
            self._settled.start()

    @Slot()
    def _settle(self) -> None:
        self._settled.stop()
        if self._live.settling is not None:
            self._live.settling = self._live.drag = None
            self.repaint.emit()

    def _let_go(self) -> None:
        """No drag any more; says nothing."""
        self._told.stop()
        if self._drag is None:
            return
        self._drag, self._button, self._is_dragging, self._was_told = None, NO_BUTTON, False, False
        if self._live.settling is None:
            self._live.drag = None
        self.repaint.emit()
        self._remark()

    def _goes_on(self, drag: Drag, objects: Objects | None) -> bool:
        """Whether a drag still means something in another scene: the same tool, and rows stand for the same objects."""
        if objects is None or (objects.editing.tool == "draw") != isinstance(drag, Drawing):
            return False
        return objects.editing.ids == drag.objects.editing.ids

    # Clicks

    def _click(self, event: QMouseEvent) -> None:
        at, objects = event.position(), self._objects
        is_double, self._is_double = self._is_double, False
        if objects is not None and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            found = self._look.one(at)
            if found is not None and found.ref.kind == "object":
                self.object_toggled.emit(found.ref)
        elif is_double:
            if self.clicks.continues(at):
                self._activate()
        elif not self._grasp.is_on_handle(at) or self.clicks.continues(at):
            self.clicks.click(at)

    def _activate(self) -> None:
        found = self.clicks.take_last()
        if found is not None:
            self.activated.emit(found)

    # What the cursor shows

    def _remark(self) -> None:
        if self._objects is not None:
            self._mark()

    def _mark(self) -> None:
        """Crosshair, handles and the cursor, for where it is now."""
        objects, at, live, view = self._objects, self._at, self._live, self._look.view()
        before = (live.cross, live.handles, live.grip)
        live.cross, live.handles, live.grip = None, False, None
        if objects is not None and objects.editing.tool == "draw":
            if at is not None and objects.editing.crosshair:
                live.cross = corner(view.to_image(at.x(), at.y()), objects.room(self._held.control))
        elif objects is not None and not self._is_dragging:
            live.handles = True
            if at is not None and self._drag is None:
                live.grip = self._grasp.grip_at(objects, at)
        if before != (live.cross, live.handles, live.grip):
            self.repaint.emit()
        if self._pan is None:
            self._show_cursor()

    def _show_cursor(self) -> None:
        """What a press would do here."""
        objects = self._objects
        if self._space_held:
            self.cursor_wanted.emit(Qt.CursorShape.OpenHandCursor)
        else:
            self.cursor_wanted.emit(
                None if objects is None else self._grasp.shape(objects, self._at, self._drag, self._held)
            )


def _held(event: QMouseEvent) -> Held:
    keys = event.modifiers()
    return Held(bool(keys & Qt.KeyboardModifier.ShiftModifier), bool(keys & Qt.KeyboardModifier.ControlModifier))
