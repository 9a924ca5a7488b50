"""The canvas: one widget that owns its painting.

Image, then the cached picture of the mass layers, then the crisp boxes, then what is live: the selection's story, the
box under the cursor, texts. It draws a Scene and says what the hand did; it decides nothing.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.canvas.adjustments import Adjustments
from app.canvas.box_changes import Box
from app.canvas.camera import Camera
from app.canvas.frame import Frame, Live
from app.canvas.grasp import Looks
from app.canvas.hand import Hand
from app.canvas.hit_test import Hit, all_hits, hit
from app.canvas.hover import HoverTracker
from app.canvas.mouse import Scroll, wheel_meaning
from app.canvas.overlay import Quality
from app.canvas.pyramid import ImagePyramid
from app.canvas.sharpening import DrawingThread, Sharpening
from app.canvas.stills import still_image, story_area
from app.canvas.tools import Held
from app.canvas.transform import ViewTransform
from app.canvas.vector import svg_of
from app.scene import Scene
from app.theme import Theme, line_scale

HIT_POINTS = 4.0
"""An outline is hit within this many widget points."""
ZOOM_STEP = 1.25

FROM_HAND = (
    "picked", "things_listed", "box_drawn", "boxes_changed", "boxes_duplicated", "box_dragged", "drag_ended",
    "object_toggled", "rows_chosen", "menu_wanted", "draw_ended", "drawn_too_small", "locked_dragged",
)  # fmt: skip
"""Signals that the hand gives and the canvas passes on."""


class BoxCanvas(QWidget):
    """Shows an image with boxes over it.

    Signals:
        picked: a click; the `Ref` under it, or None.
        box_activated: a double click on a box, to which the view zooms.
        things_listed: Alt+click; all `Ref`s there and the place on the screen.
        hovered: the cursor moved over the image (image pixels); left: it left the image.
        cell_hovered, cell_left: the same by cells, where anchors are on show.
        hover_changed: the cursor rests on this `Ref`, or on none any more; answer with `set_hover_text`.
        zoom_changed: device pixels per image pixel.
        view_changed: the picture lies elsewhere on the canvas, or in another size.
        space_tapped: the space bar was pressed and let go, and moved nothing.

    Where the scene can be edited, and nowhere else (rows of the ground truth, image pixels, plain numbers):
        box_drawn: a new box, (x1, y1, x2, y2); boxes_changed, boxes_duplicated: a dict of an object's id to its box
            as it is now, or to its copy's; one signal a drag.
        box_dragged: while the hand moves: the row under it (-1: a new box) and its box, or that of its copy;
            drag_ended: no longer.
        object_toggled: Ctrl+click on this `Ref`; rows_chosen: the rows in a rubber band.
        menu_wanted: the right button: the `Ref` under it, or None, and the place on the screen.
        draw_ended: a box was drawn, or given up.
        drawn_too_small: it was too small to be meant, and is neither.
        locked_dragged: a drag that began on this locked `Ref` moves the picture.

    Attributes:
        bar_above: a bar that comes and goes, and takes its room from the top of the canvas; None for none.
    """

    picked = Signal(object)
    box_activated = Signal(object)
    things_listed = Signal(list, QPoint)
    hovered = Signal(float, float)
    left = Signal()
    cell_hovered = Signal(int, int)
    cell_left = Signal()
    hover_changed = Signal(object)
    zoom_changed = Signal(float)
    view_changed = Signal()
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
    space_tapped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._frame = Frame()
        self._live = Live()
        self._camera = Camera(self)
        self._camera.moved.connect(self._on_moved)
        self._camera.zoomed.connect(self._on_zoomed)
        self._wheel_scrolls = False
        self.bar_above: QWidget | None = None
        self._taken = 0
        self._tracker = HoverTracker(self._frame, self._live, self._hit_to_hover, self)
        self._tracker.hovered.connect(self.hovered)
        self._tracker.left.connect(self.left)
        self._tracker.cell_hovered.connect(self.cell_hovered)
        self._tracker.cell_left.connect(self.cell_left)
        self._tracker.hover_changed.connect(self.hover_changed)
        self._tracker.repaint.connect(self.update)
        looks = Looks(lambda: self.transform, self._hit, self._hits)
        self._hand = Hand(self._frame, self._live, looks, self._tracker, self)
        for name in FROM_HAND:
            getattr(self._hand, name).connect(getattr(self, name))
        self._hand.activated.connect(self._on_activated)
        self._hand.panned.connect(self._pan)
        self._hand.cursor_wanted.connect(self._on_cursor_wanted)
        self._hand.repaint.connect(self.update)
        self._sharpening = Sharpening(self._frame, self._live, self._camera, lambda: self._hand.is_panning, self)
        self._sharpening.repaint.connect(self.update)
        self._hand.rested.connect(self._sharpening.rest)

    # What is shown

    def show_image(self, image: ImagePyramid | None, keep_view: bool = False) -> None:
        """Show another image; `keep_view`: in the same scale and at the same part of it, unless the whole is seen."""
        self._frame.show_image(image)
        self._hand.image_changed()
        self._tracker.reset()
        if image is not None:
            self._camera.show(image.size, keeps=keep_view)
        self.update()

    def show_scene(self, scene: Scene) -> None:
        """Show boxes. Emits nothing."""
        self._frame.show_scene(scene)
        self._sharpening.scene_changed()
        self._tracker.scene_changed()
        self._hand.scene_changed()
        self.update()

    def draw_in(self, thread: DrawingThread) -> None:
        """Have slow pictures drawn there from now on."""
        self._sharpening.draw_in(thread)

    def is_sharp(self) -> bool:
        """Nothing better is to come: every box is exact, and a pan may begin."""
        return self._frame.quality(self.transform, self._camera.canvas_wh) is Quality.WIDE

    def set_error(self, text: str) -> None:
        """Why the picture cannot be shown; the next `show_image` takes it away."""
        self._frame.error = text
        self.update()

    def set_hover_text(self, text: str) -> None:
        """The tooltip of the box under the cursor."""
        self._live.hover_text = text
        self.update()

    def set_adjustments(self, brightness: float = 0.0, contrast: float = 1.0, gamma: float = 1.0) -> None:
        """How the image is shown; the image itself and saved pictures stay as they are.

        Args:
            brightness: -1 to 1, added; contrast: times the distance from the middle grey; gamma: over 1 lights up the
                dark parts.
        """
        self._frame.adjust(Adjustments(float(brightness), float(contrast), float(gamma)))
        self.update()

    def set_wheel_scrolls(self, scrolls: bool) -> None:
        """The wheel moves the picture up and down instead of zooming."""
        self._wheel_scrolls = scrolls

    def cancel_gesture(self) -> bool:
        """Give a box that is being drawn or changed back as it was; whether there was one."""
        return self._hand.cancel()

    def set_theme(self, theme: Theme) -> None:
        """Take the ground around the picture, which is dark in both themes, and how thick lines are."""
        self._frame.background = QColor(theme.canvas)
        self._frame.line_scale = line_scale()
        self.update()

    def render_to_image(self, with_legend: bool = False) -> QImage:
        """The view as it is, sharp, without the marks of the cursor."""
        return still_image(self._frame, self.transform, self._camera.canvas_wh, self.font(), with_legend=with_legend)

    def story_area(self) -> QRect:
        """What is drawn of the selection, its boxes and texts together, in widget points; empty without one."""
        view, canvas_wh = self.transform, self._camera.canvas_wh
        parts = self._frame.parts(view, canvas_wh, self.font(), moving=self._live.panning)
        return story_area(parts, view, canvas_wh)

    def render_to_svg(self) -> str:
        """The same in vectors, with its legend."""
        view, canvas_wh = self.transform, self._camera.canvas_wh
        parts = self._frame.parts(view, canvas_wh, self.font())
        return svg_of(parts, view, canvas_wh, self._frame.background)

    # The view

    @property
    def transform(self) -> ViewTransform:
        """Where the image lies, on the screen that the canvas is on now."""
        return self._camera.view

    def fit(self) -> None:
        """The whole image, with a small margin; it stays fitted when the canvas changes its size."""
        self._camera.fit()

    def zoom_to(self, scale: float) -> None:
        """A scale, about the middle of the canvas; 1 shows each pixel of the image as one of the screen."""
        self._camera.zoom(scale)

    def zoom_in(self) -> None:
        """One step."""
        self.zoom_to(self.transform.scale * ZOOM_STEP)

    def zoom_out(self) -> None:
        """One step."""
        self.zoom_to(self.transform.scale / ZOOM_STEP)

    def zoom_to_box(self, box: Box) -> None:
        """Bring a box into the middle, with some of what is around it."""
        self._camera.zoom_to_box(box)

    @Slot()
    def _on_moved(self) -> None:
        self.update()
        self._hand.view_changed()
        self.view_changed.emit()

    @Slot(float)
    def _on_zoomed(self, scale: float) -> None:
        self._live.counter = ""
        self.zoom_changed.emit(scale)

    @Slot(object)
    def _pan(self, view: ViewTransform) -> None:
        self._live.panning = True
        self._live.counter = ""
        self._camera.move(view)
        self._sharpening.panned()

    # What the hand does

    def _hit(self, at: QPointF) -> Hit | None:
        view = self.transform
        return hit(self._frame.pickable, *view.to_image(at.x(), at.y()), view.reach(HIT_POINTS))

    def _hits(self, at: QPointF) -> list[Hit]:
        view = self.transform
        return all_hits(self._frame.pickable, *view.to_image(at.x(), at.y()), view.reach(HIT_POINTS))

    def _hit_to_hover(self, at: QPointF) -> Hit | None:
        return self._hit(at) if self._hand.looks_at_boxes else None

    @Slot(object)
    def _on_activated(self, found: Hit) -> None:
        self.zoom_to_box(found.box)
        self.box_activated.emit(found.ref)

    @Slot(object)
    def _on_cursor_wanted(self, shape: Qt.CursorShape | None) -> None:
        if shape is None:
            self.unsetCursor()
        elif shape != self.cursor().shape():
            self.setCursor(shape)

    # Called by Qt

    def sizeHint(self) -> QSize:
        """Large: the picture is what the window is for."""
        return QSize(800, 600)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint in device pixels, whatever the screen."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        painter.scale(1.0 / ratio, 1.0 / ratio)
        quality = self._frame.paint(painter, self.transform, self._camera.canvas_wh, self._live, self.font())
        painter.end()
        self._sharpening.painted(quality)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The picture stays where it is on the screen as a bar comes or goes; else fitted, or with the same middle."""
        super().resizeEvent(event)
        bar, before = self.bar_above, self._taken
        self._taken = 0 if bar is None or bar.isHidden() else bar.height()
        if self._taken != before and event.size().width() == event.oldSize().width():
            self._camera.shift(before - self._taken)
        else:
            self._camera.canvas_resized(event.oldSize(), event.size())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag or a click."""
        self._hand.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the drag, else tell where the cursor is."""
        self._hand.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag, or click."""
        self._hand.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Zoom to the box that the first click picked."""
        self._hand.double_click(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu key asks for the menu of the selected thing; the mouse asked when its button came up."""
        scene = self._frame.scene
        if scene is None or scene.editing is None:
            super().contextMenuEvent(event)
        elif event.reason() == QContextMenuEvent.Reason.Keyboard:
            box = None if scene.selected is None else scene.box_of(scene.selected)
            at = self.rect().center()
            if box is not None:
                at = QPointF(*self.transform.to_widget((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)).toPoint()
            self.menu_wanted.emit(scene.selected, self.mapToGlobal(at))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor or move."""
        meaning = wheel_meaning(event, scrolls=self._wheel_scrolls)
        if isinstance(meaning, Scroll):
            self._pan(self.transform.panned(meaning.dx, meaning.dy))
        else:
            self._camera.zoom(self.transform.scale * meaning.factor, event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Two fingers that spread apart zoom; a screen of another scale shows the same view in its own pixels."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._camera.screen_changed()
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self._camera.zoom(self.transform.scale * (1.0 + event.value()), event.position())
            return True
        return super().event(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The cursor is gone."""
        super().leaveEvent(event)
        self._hand.leave()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space held: dragging moves the picture, wherever it begins."""
        if not self._key(event, is_down=True):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Space let go."""
        if not self._key(event, is_down=False):
            super().keyReleaseEvent(event)

    def _key(self, event: QKeyEvent, is_down: bool) -> bool:
        """Whether it is one that the hand needs alone."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            if self._hand.hold_space(is_down):
                self.space_tapped.emit()
            return True
        keys, key = event.modifiers(), event.key()
        # Some systems name the key itself among the modifiers as it goes down, some only afterwards.
        shift = is_down if key == Qt.Key.Key_Shift else bool(keys & Qt.KeyboardModifier.ShiftModifier)
        control = is_down if key == Qt.Key.Key_Control else bool(keys & Qt.KeyboardModifier.ControlModifier)
        self._hand.hold_keys(Held(shift, control))
        return False

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Keys and buttons let go elsewhere are not told to us."""
        super().focusOutEvent(event)
        self._hand.hold_space(False)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._hand.cancel()
