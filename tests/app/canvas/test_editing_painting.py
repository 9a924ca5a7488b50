"""What is seen of editing, counted in pixels by colour. The image is black, (0, 0) of it lies at (50, 25)."""

import re
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter

from app.canvas.box_changes import Grip
from app.canvas.pyramid import ImagePyramid
from app.canvas.tags import Tags
from app.roles import role_style
from app.scene import BoxLayer, Ref, Role, Scene, Space

RED, BLUE = 0xFF5A5F, 0x3DA5FF
CYAN, WHITE = int(role_style(Role.SELECTED).on_dark[1:], 16), 0xFFFFFF
BOXES = [(100.0, 100.0, 200.0, 180.0), (250.0, 100.0, 350.0, 180.0)]


@pytest.fixture
def seen(editable, pixels_of):
    def grab():
        return pixels_of(editable.grab().toImage())

    return grab


def extent(mask):
    rows, columns = np.nonzero(mask)
    return columns.min(), rows.min(), columns.max(), rows.max()


def test_objects_are_drawn_in_the_colour_of_their_class(edit, seen):
    edit(BOXES, labels=False)
    picture = seen()
    # 100 x 80, two pixels wide by default: less 96 x 76
    assert (picture == RED).sum() == 100 * 80 - 96 * 76
    assert extent(picture == RED) == (150, 125, 249, 204)
    assert extent(picture == BLUE) == (300, 125, 399, 204)


@pytest.mark.parametrize(("width", "inside"), [(1, 98 * 78), (4, 92 * 72)])
def test_lines_are_as_wide_as_wanted(edit, seen, width, inside):
    edit(BOXES, labels=False, line_width=width)
    assert (seen() == RED).sum() == 100 * 80 - inside


def test_boxes_are_filled_as_strongly_as_wanted(edit, seen):
    edit(BOXES, labels=False, fill=0.5)
    red, green, blue = (int(seen()[25 + 140, 50 + 150]) >> shift & 255 for shift in (16, 8, 0))
    assert (red, green, blue) == pytest.approx((0xFF / 2, 0x5A / 2, 0x5F / 2), abs=2)
    edit(BOXES, labels=False, fill=0.0)
    assert seen()[25 + 140, 50 + 150] == 0


def test_proposed_boxes_are_dashed_in_the_colour_of_their_class(edit, seen):
    edit(BOXES, labels=False, proposed=[0])
    whole = 100 * 80 - 96 * 76
    assert 0.5 * whole < (seen() == RED).sum() < 0.85 * whole
    assert (seen() == BLUE).sum() == whole


def test_labels_have_the_colour_of_the_class(edit, seen):
    edit(BOXES)
    under = seen()[205:225]
    assert (under[:, 150:200] == RED).sum() > 200
    assert (under[:, 300:350] == BLUE).sum() > 200


def test_a_chosen_box_has_a_ring_and_dims_nothing(edit, seen):
    edit(BOXES, labels=False, chosen=[0])
    picture = seen()
    assert (picture == BLUE).sum() == 100 * 80 - 96 * 76
    # a pixel of casing, and two of the ring
    left, top, right, bottom = extent(picture == CYAN)
    assert (left, top, right, bottom) == (147, 122, 252, 207)
    assert (picture == RED).sum() > 500


def test_eight_handles_of_one_size_at_every_zoom(edit, editable, pixels_of):
    def paint(canvas, ratio):
        """On a pixmap of that screen, for the widget's own is of another one."""
        image = QImage(round(600 * ratio), round(450 * ratio), QImage.Format.Format_RGB32)
        painter = QPainter(image)
        canvas._frame.paint(painter, canvas.transform, (image.width(), image.height()), canvas._live, canvas.font())
        painter.end()
        return pixels_of(image)

    for scale, ratio in ((1.0, 1.0), (2.0, 1.0), (2.0, 2.0)):
        editable.ratio = ratio
        editable.zoom_to(scale)
        edit([(220.0, 180.0, 280.0, 220.0)], labels=False, chosen=[0])
        side = round(8 * ratio)
        assert (paint(editable, ratio) == WHITE).sum() == 8 * side * side


def test_handles_are_those_of_one_box_that_can_be_changed(edit, seen):
    for changed in ({"chosen": [0, 1]}, {"chosen": [0], "locked": [0]}, {"chosen": [0], "tool": "draw"}, {}):
        edit(BOXES, labels=False, **changed)
        assert (seen() == WHITE).sum() == 0, changed
    edit(BOXES, labels=False, chosen=[0])
    assert (seen() == WHITE).sum() == 8 * 64


def test_the_handle_under_the_cursor_stands_out(edit, seen, hand, editable):
    edit(BOXES, labels=False, chosen=[0])
    hand.move(100, 100)
    assert editable._live.grip == Grip(-1, -1)
    assert (seen() == WHITE).sum() == 7 * 64


def test_handles_are_no_part_of_a_saved_picture(edit, editable, pixels_of):
    edit(BOXES, labels=False, chosen=[0])
    picture = pixels_of(editable.render_to_image())
    assert (picture == WHITE).sum() == 0
    assert (picture == CYAN).sum() > 300


def test_a_box_under_the_hand_is_drawn_there_and_not_where_it_was(edit, seen, hand):
    edit(BOXES, labels=False, chosen=[0])
    hand.press(150, 140)
    hand.move(160, 150)
    picture = seen()
    assert extent(picture == RED) == (160, 135, 259, 214)
    assert (picture == CYAN).sum() == 0
    assert (picture == WHITE).sum() == 0
    hand.canvas.cancel_gesture()
    assert extent(seen() == CYAN) == (147, 122, 252, 207)


def test_its_text_goes_along(edit, seen, hand):
    edit(BOXES, chosen=[0])
    hand.press(150, 140)
    hand.move(150, 240)
    picture = seen()
    assert (picture[205:225, 140:200] == RED).sum() == 0
    assert (picture[305:330, 140:200] == RED).sum() > 200


def test_copies_leave_the_boxes_where_they_are(edit, seen, hand):
    edit(BOXES, labels=False)
    hand.press(150, 140, Qt.KeyboardModifier.ControlModifier)
    hand.move(160, 150, Qt.KeyboardModifier.ControlModifier)
    assert extent(seen() == RED) == (150, 125, 259, 214)


def test_only_the_box_under_the_hand_is_painted_while_it_moves(edit, seen, hand, editable, monkeypatch):
    edit(BOXES, chosen=[0])
    hand.press(150, 140)
    hand.move(160, 150)
    seen()
    still = []
    monkeypatch.setattr(editable._frame, "_paint_still", lambda *args: still.append(args))
    for step in range(5):
        hand.move(160 + step, 155)
        # other scenes come meanwhile: another badge
        edit(BOXES, chosen=[0], badge=f"{step} positive anchors", settled=False)
        seen()
    assert still == []
    hand.canvas.cancel_gesture()
    seen()
    assert len(still) == 1


def test_the_size_is_written_at_a_box_that_is_drawn_or_resized(edit, hand, editable):
    texts = _drawn_texts(editable)
    edit(BOXES, tool="draw")
    hand.press(20, 20)
    hand.move(104.2, 81.4)
    assert "84 x 61 px" in texts()
    editable.cancel_gesture()
    edit([(100.25, 100, 200, 180)], chosen=[0])
    hand.press(200, 140)
    hand.move(250, 140)
    assert "149.8 x 80 px" in texts()  # 250 - 100.25 = 149.75
    editable.cancel_gesture()
    hand.press(150, 140)
    hand.move(160, 140)
    assert not any("px" in each for each in texts())


def test_the_badge_is_written_at_the_chosen_box_and_under_the_hand(edit, hand, editable):
    texts = _drawn_texts(editable)
    edit(BOXES, chosen=[1], badge="3 positive anchors")
    assert texts().count("3 positive anchors") == 1
    hand.press(300, 140)
    hand.move(310, 140)
    assert texts().count("3 positive anchors") == 1
    editable.cancel_gesture()
    edit(BOXES, badge="3 positive anchors")
    assert "3 positive anchors" not in texts()
    edit(BOXES, tool="draw", badge="3 positive anchors")
    hand.press(20, 20)
    hand.move(60, 60)
    assert texts().count("3 positive anchors") == 1


def test_texts_leave_the_handles_free(edit, editable):
    edit(BOXES, chosen=[0], badge="3 positive anchors")
    editable.grab()
    for tag, place in editable._frame._texts._layout.tags:
        if tag.ref == Ref("object", 0):
            assert place.bottom <= 25 + 100 - 4 or place.top >= 25 + 180 + 4


@pytest.mark.parametrize("ground", [0, 255, 128])
def test_the_crosshair_is_seen_on_any_ground(edit, seen, hand, editable, ground):
    editable.show_image(ImagePyramid(np.full((400, 500, 3), ground, np.uint8)), keep_view=True)
    edit([], tool="draw")
    hand.move(120.4, 90.3)
    picture = seen()
    row, column = 25 + 90, 50 + 120
    light, dark = picture[row, 300] & 255, picture[row + 1, 300] & 255
    assert light > 200
    assert int(light) - int(dark) > 80
    assert (picture[row, :10] & 255 > 200).all()
    assert (picture[:10, column] & 255 > 200).all()
    edit([], tool="draw", crosshair=False)
    assert seen()[row, 300] & 255 == ground


def test_the_crosshair_shows_where_a_corner_would_lie(edit, hand, editable):
    edit([], tool="draw")
    hand.move(120.4, 420)
    assert editable._live.cross == (120.0, 400.0)


def test_a_rubber_band_shows_what_it_catches(edit, seen, hand):
    edit(BOXES, labels=False)
    hand.press(240, 90, Qt.KeyboardModifier.ShiftModifier)
    hand.move(300, 140, Qt.KeyboardModifier.ShiftModifier)
    picture = seen()
    assert extent(picture == CYAN) == (50 + 240, 25 + 90, 50 + 352, 25 + 182)
    assert (picture == RED).sum() == 100 * 80 - 96 * 76


def test_only_plain_numbers_reach_the_painter(edit, editable, hand, monkeypatch):
    """PySide takes numpy's scalars in some calls and breaks in others."""
    edit(np.float32(BOXES), chosen=[0], line_width=np.float32(2.5), fill=np.float32(0.3), badge="1 positive anchor")
    given = []
    real = QPainter.fillRect

    def fill(self, *values):
        given.extend(values)
        return real(self, *values)

    monkeypatch.setattr(QPainter, "fillRect", fill)
    hand.move(100, 100)
    editable.grab()
    hand.press(100, 100)
    hand.move(np.float32(93.3), np.float64(91.7))
    editable.grab()
    hand.release(93, 92)
    edit(np.float32(BOXES), tool="draw")
    hand.move(30, 30)
    editable.grab()
    assert given
    assert not [value for value in given if isinstance(value, np.generic)]
    (box,) = hand.heard("boxes_changed")[0][1].values()
    assert [type(value) for value in box] == [float] * 4
    assert type(next(iter(hand.heard("boxes_changed")[0][1]))) is int


def test_svg_and_legend_have_the_colours_of_the_classes(edit, editable, pixels_of):
    edit(BOXES, line_width=3.0)
    svg = editable.render_to_svg()
    for color in ("#FF5A5F", "#3DA5FF"):
        lines = re.findall(rf'<path d="[^"]*" stroke="{color}" stroke-width="3"', svg)
        assert len(lines) == 1
        assert len(re.findall(rf'fill="{color}"', svg)) == 1
    legend = pixels_of(editable.render_to_image(with_legend=True))[450:]
    assert (legend == RED).sum() > 20
    assert (legend == BLUE).sum() > 20


def test_masses_have_the_colour_of_their_layer(editable, pixels_of):
    boxes = np.array([[100, 100, 200, 180]], np.float32)
    layer = BoxLayer("ground_truth.objects", "object", Role.GROUND_TRUTH, boxes, np.arange(1), color="#FF5A5F")
    scene = Scene(Space((400, 500)), "image", (layer,))
    editable.show_scene(scene)
    red = pixels_of(editable.render_to_image())[125, 150:250] >> 16
    assert (red > 200).all()
    editable.show_scene(replace(scene, layers=(replace(layer, color="#3DA5FF"),)))
    assert (pixels_of(editable.render_to_image())[125, 150:250] >> 16 < 100).all()


def _drawn_texts(canvas):
    """What is written on the canvas, as it is painted."""
    written, real = [], Tags.draw

    def draw(self, painter, tag, *rest, **more):
        written.append(tag.text)
        return real(self, painter, tag, *rest, **more)

    def texts():
        written.clear()
        Tags.draw = draw
        try:
            canvas.grab()
        finally:
            Tags.draw = real
        return list(written)

    return texts


def test_boxes_without_a_class_are_drawn_in_the_colour_of_the_hand(edit, seen):
    edit(BOXES[1:], labels=False)
    before = (seen() == WHITE).sum()
    edit(BOXES[1:], labels=False, unnamed=(BOXES[0],))
    picture = seen()
    # Two pixels wide, as other boxes; the text at it is white too, and stands below.
    assert (picture[:205] == WHITE).sum() - before == 100 * 80 - 96 * 76
    assert (picture[205:] == WHITE).any()
