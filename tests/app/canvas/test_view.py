"""What the hand does, and what the canvas says about it."""

import weakref

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from app.canvas.overlay import Quality
from app.canvas.pyramid import ImagePyramid
from app.canvas.view import BoxCanvas
from app.scene import Mark, Ref, Role

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
ALT, SHIFT, CONTROL = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
PLAIN = Qt.KeyboardModifier.NoModifier
INTENTS = ("picked", "box_activated", "things_listed", "hovered", "left", "cell_hovered", "cell_left", "hover_changed")


def at(x, y):
    """The widget point that shows a point of the image, in the fixture's view."""
    return QPoint(50 + x, 25 + y)


@pytest.fixture
def said(canvas):
    """Everything that the canvas emits, by signal."""
    heard = {name: [] for name in INTENTS}
    for name, calls in heard.items():
        getattr(canvas, name).connect(lambda *values, calls=calls: calls.append(values))
    return heard


@pytest.fixture
def boxes(canvas, make_layer, make_scene):
    """Two objects in each other and one apart."""
    canvas.show_scene(make_scene(make_layer([[100, 100, 300, 300], [150, 150, 250, 250], [350, 20, 400, 60]])))


def wheel(canvas, point, *, angle=(0, 0), pixels=(0, 0), modifiers=PLAIN, phase=Qt.ScrollPhase.NoScrollPhase):
    place = QPointF(point)
    event = QWheelEvent(place, place, QPoint(*pixels), QPoint(*angle), Qt.MouseButton.NoButton, modifiers, phase, False)
    QApplication.sendEvent(canvas, event)


def move(canvas, point, buttons=Qt.MouseButton.NoButton):
    place = QPointF(point)
    event = QMouseEvent(
        QEvent.Type.MouseMove, place, canvas.mapToGlobal(place), Qt.MouseButton.NoButton, buttons, PLAIN
    )
    QApplication.sendEvent(canvas, event)


def drag(qtbot, canvas, start, end, button=LEFT):
    qtbot.mousePress(canvas, button, pos=start)
    move(canvas, end, button)
    qtbot.mouseRelease(canvas, button, pos=end)


def test_showing_emits_no_intent(canvas, said, boxes, make_scene, make_layer, qtbot):
    canvas.show_scene(make_scene(make_layer([[0, 0, 9, 9]]), selected=Ref("object", 0), stage="anchors"))
    canvas.show_image(ImagePyramid(np.zeros((40, 50, 3), np.uint8)))
    canvas.repaint()
    canvas.render_to_image()
    assert not any(said.values())


def test_a_click_picks_the_outline_then_the_smallest(canvas, said, boxes, qtbot):
    qtbot.mouseClick(canvas, LEFT, pos=at(102, 200))
    qtbot.mouseClick(canvas, LEFT, pos=at(200, 190))
    qtbot.mouseClick(canvas, LEFT, pos=at(120, 200))
    qtbot.mouseClick(canvas, LEFT, pos=at(20, 380))
    assert said["picked"] == [(Ref("object", 0),), (Ref("object", 1),), (Ref("object", 0),), (None,)]


def test_what_is_picked_is_plain(canvas, said, boxes, qtbot):
    qtbot.mouseClick(canvas, LEFT, pos=at(102, 200))
    (ref,) = said["picked"][0]
    assert type(ref) is Ref
    assert type(ref.row) is int


def test_clicking_again_goes_on_and_counts(canvas, said, boxes, qtbot):
    for _ in range(3):
        canvas._hand.clicks.click(QPointF(at(200, 200)))
        assert canvas._hand.clicks._timer.isActive()
    assert [ref.row for (ref,) in said["picked"]] == [1, 0, 1]
    assert canvas._live.counter == "1 of 2"
    canvas._hand.clicks.click(QPointF(at(200, 206)))  # more than 4 points away: a new place
    assert said["picked"][-1] == (Ref("object", 1),)


def test_the_counter_is_painted_and_goes(canvas, boxes, pixels_of, qtbot):
    canvas._hand.clicks.click(QPointF(at(200, 200)))
    light = 0xF2F4F6
    assert (pixels_of(canvas.grab().toImage()) == light).sum() > 100
    canvas._hand.clicks._on_counter_end()
    assert (pixels_of(canvas.grab().toImage()) == light).sum() == 0


def test_a_mark_can_be_picked(canvas, said, make_scene, qtbot):
    canvas.show_scene(make_scene(marks=(Mark((100.0, 100.0, 200.0, 200.0), Role.PROPOSAL, ref=Ref("proposal", 77)),)))
    qtbot.mouseClick(canvas, LEFT, pos=at(100, 150))
    assert said["picked"] == [(Ref("proposal", 77),)]


def test_alt_click_lists_what_is_there(canvas, said, boxes, qtbot):
    qtbot.mouseClick(canvas, LEFT, ALT, pos=at(200, 200))
    refs, place = said["things_listed"][0]
    assert refs == [Ref("object", 1), Ref("object", 0)]
    assert place == canvas.mapToGlobal(at(200, 200))
    assert said["picked"] == []


def test_the_tip_gives_way_to_the_list(canvas, boxes, qtbot):
    with qtbot.waitSignal(canvas.hover_changed):
        qtbot.mouseMove(canvas, at(200, 200))
    canvas.set_hover_text("RBC #2")
    qtbot.mouseClick(canvas, LEFT, ALT, pos=at(200, 200))
    assert canvas._live.hover_text == ""


def test_a_double_click_zooms_to_the_box(canvas, said, boxes, qtbot):
    qtbot.mouseClick(canvas, LEFT, pos=at(200, 200))
    qtbot.mouseDClick(canvas, LEFT, pos=at(200, 200))
    assert said["box_activated"] == [(Ref("object", 1),)]
    # 450 high, less 20 % on both sides: 270 for 100.
    assert canvas.transform.scale == pytest.approx(2.7)
    assert canvas.transform.to_widget(200, 200) == pytest.approx((300, 225))
    assert len(said["picked"]) <= 2  # qtbot's double click sends a press and a release of its own first


def test_a_drag_moves_and_picks_nothing(canvas, said, boxes, qtbot):
    before = canvas.transform.to_widget(0, 0)
    drag(qtbot, canvas, at(200, 200), at(230, 185))
    assert canvas.transform.to_widget(0, 0) == pytest.approx((before[0] + 30, before[1] - 15))
    assert said["picked"] == []


def test_a_trembling_click_is_a_click(canvas, said, boxes, qtbot):
    before = canvas.transform
    drag(qtbot, canvas, at(200, 190), at(203, 188))
    assert canvas.transform == before
    assert len(said["picked"]) == 1


def test_the_middle_button_moves_at_once(canvas, said, boxes, qtbot):
    before = canvas.transform.to_widget(0, 0)
    drag(qtbot, canvas, at(200, 200), at(202, 201), MIDDLE)
    assert canvas.transform.to_widget(0, 0) == pytest.approx((before[0] + 2, before[1] + 1))
    assert said["picked"] == []


def test_space_and_drag_moves(canvas, said, boxes, qtbot):
    qtbot.keyPress(canvas, Qt.Key.Key_Space)
    drag(qtbot, canvas, at(200, 200), at(201, 200))
    qtbot.keyRelease(canvas, Qt.Key.Key_Space)
    qtbot.mouseClick(canvas, LEFT, pos=at(20, 380))
    assert said["picked"] == [(None,)]


def test_the_right_button_does_nothing(canvas, said, boxes, qtbot):
    qtbot.mouseClick(canvas, Qt.MouseButton.RightButton, pos=at(200, 200))
    assert said["picked"] == []


def test_the_wheel_zooms_at_the_cursor(canvas, boxes, qtbot):
    point = at(123, 77)
    before = canvas.transform.to_image(point.x(), point.y())
    scales = []
    canvas.zoom_changed.connect(scales.append)
    for _ in range(3):
        wheel(canvas, point, angle=(0, 120))
    assert canvas.transform.scale == pytest.approx(2.0)
    assert canvas.transform.to_image(point.x(), point.y()) == pytest.approx(before)
    wheel(canvas, point, angle=(0, -120), modifiers=CONTROL)
    assert scales[-1] == pytest.approx(2 ** (2 / 3))


def test_a_wheel_that_scrolls_moves_up_and_down_and_zooms_with_ctrl(canvas, boxes):
    canvas.zoom_to(4.0)
    before = canvas.transform
    canvas.set_wheel_scrolls(True)
    wheel(canvas, QPoint(100, 80), angle=(0, -120))  # one notch: 60 points
    after = canvas.transform
    assert after.scale == before.scale
    assert after.to_widget(50, 40)[1] == pytest.approx(before.to_widget(50, 40)[1] - 60, abs=1)
    wheel(canvas, QPoint(100, 80), angle=(0, 120), modifiers=CONTROL)
    assert canvas.transform.scale == pytest.approx(4.0 * 2 ** (1 / 3))


def test_shift_and_wheel_goes_sideways(canvas, boxes):
    before = canvas.transform.to_widget(0, 0)
    wheel(canvas, at(9, 9), angle=(0, 120), modifiers=SHIFT)
    assert canvas.transform.to_widget(0, 0) == pytest.approx((before[0] + 60, before[1]))


def test_two_fingers_move(canvas, boxes):
    before = canvas.transform
    wheel(canvas, at(9, 9), angle=(0, 40), pixels=(7, -5), phase=Qt.ScrollPhase.ScrollUpdate)
    assert canvas.transform == before.panned(7, -5)


def test_the_cursor_is_told_in_image_pixels(canvas, said, boxes):
    move(canvas, at(12, 34))
    assert said["hovered"] == [pytest.approx((12.0, 34.0))]
    move(canvas, QPoint(5, 5))
    move(canvas, QPoint(6, 6))
    assert said["left"] == [()]
    assert said["cell_hovered"] == []


def test_cells_are_told_once_each_where_anchors_are(canvas, said, make_scene):
    canvas.show_scene(make_scene(stage="anchors"))
    for x in (15, 16, 20, 33):
        move(canvas, at(x, 50))
    assert said["cell_hovered"] == [(0, 3), (1, 3), (2, 3)]
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert said["cell_left"] == [()]
    assert said["left"] == [()]


def test_an_anchor_is_picked_in_its_cell(canvas, said, make_layer, make_scene, qtbot):
    every = make_layer([[10, 10, 90, 90]], Role.ANCHOR, layer_id="anchors.all", kind="anchor", crisp=False)
    cell = make_layer([[120, 120, 190, 190]], Role.ANCHOR, layer_id="anchors.cell", kind="anchor")
    canvas.show_scene(make_scene(every, cell, stage="anchors"))
    qtbot.mouseClick(canvas, LEFT, pos=at(10, 50))
    qtbot.mouseClick(canvas, LEFT, pos=at(120, 150))
    assert said["picked"] == [(None,), (Ref("anchor", 0),)]


def test_resting_on_a_box_is_told_and_leaving_it(canvas, said, boxes, qtbot):
    with qtbot.waitSignal(canvas.hover_changed, timeout=5000) as rested:
        move(canvas, at(102, 200))
    assert rested.args == [Ref("object", 0)]
    canvas.set_hover_text("RBC")
    move(canvas, at(20, 380))
    assert said["hover_changed"][-1] == (None,)
    assert canvas._live.hover_text == ""


def test_a_new_scene_without_the_box_ends_the_hover_silently(canvas, said, boxes, make_scene, qtbot):
    with qtbot.waitSignal(canvas.hover_changed, timeout=5000):
        move(canvas, at(102, 200))
    said["hover_changed"].clear()
    canvas.show_scene(make_scene())
    assert canvas._live.hover is None
    assert said["hover_changed"] == []


def test_fit_leaves_a_margin_and_stays_fitted(canvas, qtbot):
    canvas.fit()
    # 450 - 32 for 400 and 600 - 32 for 500: the height decides.
    assert canvas.transform.scale == pytest.approx(418 / 400)
    canvas.resize(300, 450)
    qtbot.waitUntil(lambda: canvas.transform.scale == pytest.approx(268 / 500))
    canvas.zoom_to(3.0)
    canvas.resize(400, 450)
    assert canvas.transform.scale == 3.0


def test_zooming_in_and_out_again(canvas):
    before = canvas.transform
    canvas.zoom_in()
    assert canvas.transform.scale == pytest.approx(1.25)
    canvas.zoom_out()
    assert (canvas.transform.x, canvas.transform.y) == pytest.approx((before.x, before.y))
    for _ in range(40):
        canvas.zoom_out()
    assert canvas.transform.scale == 0.02
    canvas.zoom_to(1000)
    assert canvas.transform.scale == 64


def test_the_view_can_be_kept_for_the_next_image(canvas):
    canvas.zoom_to(2.0)
    kept = canvas.transform
    canvas.show_image(ImagePyramid(np.zeros((400, 500, 3), np.uint8)), keep_view=True)
    assert canvas.transform == kept
    canvas.show_image(ImagePyramid(np.zeros((400, 500, 3), np.uint8)))
    assert canvas.transform.scale == pytest.approx(418 / 400)


def test_an_image_of_another_size_is_seen_in_the_same_scale_at_the_same_part(canvas):
    canvas.zoom_to_box((300, 200, 400, 300))
    scale = canvas.transform.scale
    assert canvas.transform.to_widget(350, 250) == pytest.approx((300, 225))  # the middle of a canvas of 600 x 450
    canvas.show_image(ImagePyramid(np.zeros((800, 2000, 3), np.uint8)), keep_view=True)
    assert canvas.transform.scale == scale
    # (350, 250) of 500 x 400 is 0.7 of the width and 0.625 of the height.
    assert canvas.transform.to_widget(0.7 * 2000, 0.625 * 800) == pytest.approx((300, 225))


def test_a_fitted_image_of_another_size_is_fitted(canvas):
    canvas.fit()
    canvas.show_image(ImagePyramid(np.zeros((200, 500, 3), np.uint8)), keep_view=True)
    assert canvas.transform.scale == pytest.approx(568 / 500)


def test_the_view_outlives_the_moment_without_an_image(canvas):
    canvas.zoom_to(2.0)
    kept = canvas.transform
    canvas.show_image(None)
    canvas.show_image(ImagePyramid(np.zeros((400, 500, 3), np.uint8)), keep_view=True)
    assert canvas.transform == kept


def test_no_box_of_the_image_before_is_on_the_next_one(canvas, said, boxes, pixels_of, qtbot):
    image = ImagePyramid(np.zeros((500, 700, 3), np.uint8))
    canvas.show_image(image, keep_view=True)
    qtbot.mouseClick(canvas, LEFT, pos=at(150, 200))
    assert said["picked"] == [(None,)]
    shown = pixels_of(canvas.render_to_image())
    assert np.unique(shown[30:-30, 60:-60]).tolist() == [0]


def test_a_zoom_ends_sharp(canvas, make_layer, make_scene, qtbot):
    layer = make_layer([[10, 10, 90, 90]], Role.PROPOSAL, layer_id="proposals.kept", kind="proposal", crisp=False)
    canvas.show_scene(make_scene(layer))
    canvas.repaint()
    overlay = canvas._frame._overlay
    overlay.seconds = 1.0  # as if it took long: the old picture is shown scaled, then a coarse one
    canvas.zoom_to(2.0)
    canvas.repaint()
    assert overlay.quality(canvas.transform, (600, 450)) is Quality.STALE
    canvas._sharpening.coarse()
    assert overlay.quality(canvas.transform, (600, 450)) is Quality.COARSE
    qtbot.waitUntil(lambda: overlay.quality(canvas.transform, (600, 450)) is Quality.WIDE, timeout=5000)


def test_a_pan_is_not_drawn_anew_while_the_margin_lasts(canvas, make_layer, make_scene):
    layer = make_layer([[-900, -900, 900, 900]], Role.PROPOSAL, layer_id="proposals.kept", kind="proposal", crisp=False)
    canvas.show_scene(make_scene(layer))
    canvas.repaint()
    overlay = canvas._frame._overlay
    canvas._pan(canvas.transform.panned(20, 0))
    canvas.repaint()
    with_margin = overlay._raster
    for _ in range(10):
        canvas._pan(canvas.transform.panned(20, 10))
        canvas.repaint()
    assert overlay._raster is with_margin


def test_an_image_that_is_taken_away_is_let_go(canvas):
    image = ImagePyramid(np.zeros((40, 50, 3), np.uint8))
    canvas.show_image(image)
    canvas.repaint()
    alive = weakref.ref(image)
    del image
    assert alive() is not None
    canvas.show_image(None)
    assert alive() is None


@pytest.mark.parametrize("is_fitted", [True, False])
def test_the_picture_stays_on_the_screen_as_a_bar_comes_and_goes(qtbot, is_fitted):
    """Also while the bar grows; in a window of another width it is fitted as usual."""
    window, bar, canvas = QWidget(), QWidget(), BoxCanvas()
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(bar)
    column.addWidget(canvas, 1)
    bar.hide()
    bar.setFixedHeight(40)
    canvas.bar_above = bar
    qtbot.addWidget(window)
    window.resize(600, 500)
    window.show()
    canvas.show_image(ImagePyramid(np.zeros((100, 500, 3), np.uint8)))
    if not is_fitted:
        canvas.zoom_to(0.5)

    def place():
        """Of the corner of the image in the window, and the scale."""
        x, y = canvas.transform.to_widget(0.0, 0.0)
        return x, y + canvas.y(), canvas.transform.scale

    before = place()
    for taken in (40, 70, 0):
        bar.setFixedHeight(taken or 70)
        bar.setVisible(taken > 0)
        qtbot.waitUntil(lambda left=500 - taken: canvas.height() == left)
        assert place() == pytest.approx(before)
    bar.show()
    window.resize(500, 500)
    qtbot.waitUntil(lambda: canvas.width() == 500)
    if is_fitted:
        assert canvas.transform.scale == pytest.approx(468 / 500)
