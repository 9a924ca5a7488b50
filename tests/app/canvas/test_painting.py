"""What is seen, counted in pixels by colour."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from app.canvas.frame import DIMMED
from app.canvas.painting import dashes
from app.canvas.plain import columns_of, device_point, device_rects, fill_rects
from app.canvas.pyramid import ImagePyramid
from app.canvas.tags import DIMMED_GROUND, dimmed_ink
from app.canvas.transform import ViewTransform
from app.roles import ROLE_STYLES, rgb, role_style, text_on
from app.scene import Arrow, Mark, Ref, Role
from app.sentences import say

WHITE = 0xFFFFFF


def colour(role):
    return int(role_style(role).on_dark[1:], 16)


def test_a_box_lies_where_the_pixel_rule_says(canvas, make_layer, make_scene, pixels_of):
    canvas.show_scene(make_scene(make_layer([[10, 20, 30, 40]])))
    rows, columns = np.nonzero(pixels_of(canvas.render_to_image()) == WHITE)
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (50 + 10, 50 + 29, 25 + 20, 25 + 39)
    # One pixel wide, inward: 20 x 20 less 18 x 18.
    assert len(rows) == 400 - 324


def test_the_widget_shows_what_is_rendered(canvas, make_layer, make_scene, pixels_of):
    canvas.show_scene(make_scene(make_layer([[10, 20, 300, 240]], labels=("RBC",))))
    np.testing.assert_array_equal(pixels_of(canvas.grab().toImage()), pixels_of(canvas.render_to_image()))


@pytest.mark.parametrize("role", [Role.PROPOSAL, Role.SUPPRESSED, Role.ANCHOR])
def test_masses_are_drawn_in_their_colour(canvas, make_layer, make_scene, pixels_of, role):
    layer = make_layer([[10, 20, 30, 40]], role, layer_id="proposals.kept", kind="proposal", crisp=False)
    canvas.show_scene(make_scene(layer))
    lit = np.argwhere(pixels_of(canvas.render_to_image())[25:425, 50:550])
    assert len(lit) == 76
    assert lit.min(axis=0).tolist() == [20, 10]
    assert lit.max(axis=0).tolist() == [39, 29]


def test_dashes_are_part_of_the_outline(canvas, make_layer, make_scene, pixels_of):
    canvas.show_scene(make_scene(make_layer([[10, 20, 110, 120]], Role.MISSED)))
    rows, columns = np.nonzero(pixels_of(canvas.render_to_image()) == colour(Role.MISSED))
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (60, 159, 45, 144)
    whole = 100 * 100 - 94 * 94
    assert 0.5 * whole < len(rows) < 0.75 * whole


def test_dashes_do_not_crawl_while_a_box_is_moved(canvas, make_layer, make_scene, pixels_of):
    canvas.show_scene(make_scene(make_layer([[10, 20, 410, 320]], Role.MISSED)))
    before = pixels_of(canvas.render_to_image())
    canvas._pan(canvas.transform.panned(-30, -20))
    after = pixels_of(canvas.render_to_image())
    np.testing.assert_array_equal(before[60:400, 100:500], after[40:380, 70:470])


def test_a_stale_scene_is_dimmed(canvas, make_layer, make_scene, pixels_of):
    mass = make_layer([[200, 20, 230, 40]], Role.PROPOSAL, layer_id="proposals.kept", kind="proposal", crisp=False)
    scene = make_scene(mass, make_layer([[10, 20, 30, 40]]))
    canvas.show_scene(scene)
    fresh = pixels_of(canvas.render_to_image())[:, 50:550]
    canvas.show_scene(replace(scene, stale=True))
    stale = pixels_of(canvas.render_to_image())[:, 50:550]
    for place in ((45, 10), (45, 200)):
        assert stale[place] & 255 == pytest.approx(DIMMED * (fresh[place] & 255), abs=6)


def test_the_cell_under_the_cursor_is_bright_whatever_is_selected(canvas, make_layer, make_scene, pixels_of):
    cell = make_layer([[10, 20, 30, 40]], Role.ANCHOR, layer_id="anchors.cell", kind="anchor")
    cell = replace(cell, bright=True)
    truth = make_layer([[100, 100, 200, 200]])
    marks = (Mark((50.0, 50.0, 80.0, 80.0), Role.MISSED, ref=Ref("object", 1)),)
    canvas.show_scene(replace(make_scene(cell, truth), stage="anchors", marks=marks))
    picture = pixels_of(canvas.render_to_image())
    assert (picture == colour(Role.ANCHOR)).sum() == 400 - 324
    assert (picture == WHITE).sum() == 0
    canvas.show_scene(replace(make_scene(cell, truth), stage="anchors", marks=marks, stale=True))
    assert (pixels_of(canvas.render_to_image()) == colour(Role.ANCHOR)).sum() == 0


def test_a_dimmed_label_can_be_read(canvas, make_layer, make_scene, pixels_of):
    assert DIMMED == 0.4
    layer = replace(make_layer([[60, 60, 160, 160]]), labels=("RBC",))
    marks = (Mark((250.0, 20.0, 280.0, 80.0), Role.MISSED, ref=Ref("object", 1)),)
    canvas.show_scene(replace(make_scene(layer), marks=marks))
    picture = pixels_of(canvas.render_to_image())
    ground = int(DIMMED_GROUND[1:], 16)
    assert ((picture & 0xFFFFFF) == ground).sum() > 100


def test_the_letters_of_every_dimmed_label_stand_out():
    """WCAG: 4.5:1 for text."""

    def luminance(name):
        parts = [value / 255 for value in rgb(name)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for role in Role:
        assert (luminance(dimmed_ink(role)) + 0.05) / (luminance(DIMMED_GROUND) + 0.05) >= 4.5, role


def test_no_text_is_struck_through_by_the_lines_of_the_story(canvas, make_layer, make_scene):
    """A found object whose tag would stand where the selected one's upper side runs."""
    layer = make_layer([[100, 108, 200, 200]], Role.DETECTION, kind="detection", labels=("RBC 0.94",))
    canvas.show_scene(make_scene(layer))
    canvas.render_to_image()
    ((_, free),) = canvas._frame._texts._layout.tags
    side = 25 + 100  # the upper side at y 100 of the image, which lies 25 down
    assert free.top < side < free.bottom
    mark = Mark((90.0, 100.0, 300.0, 300.0), Role.MISSED, ref=Ref("object", 1))
    canvas.show_scene(make_scene(layer, marks=(mark,)))
    canvas.render_to_image()
    ((_, moved),) = canvas._frame._texts._layout.tags
    assert not moved.top <= side < moved.bottom


def test_the_selection_dims_everything_else(canvas, make_layer, make_scene, pixels_of):
    scene = make_scene(make_layer([[10, 20, 30, 40], [100, 100, 200, 200]]), selected=Ref("object", 1))
    canvas.show_scene(scene)
    picture = pixels_of(canvas.render_to_image())
    assert (picture == WHITE).sum() == 0
    assert (picture == colour(Role.SELECTED)).sum() > 300
    marked = replace(scene, marks=(Mark((100.0, 100.0, 200.0, 200.0), Role.MISSED, ref=Ref("object", 1)),))
    canvas.show_scene(marked)
    picture = pixels_of(canvas.render_to_image())
    assert (picture == colour(Role.MISSED)).sum() > 300
    assert (picture == colour(Role.SELECTED)).sum() == 0


def test_texts_can_be_hidden(canvas, make_layer, make_scene, pixels_of):
    layer = make_layer([[100, 100, 200, 200]], Role.DETECTION, kind="detection", labels=("RBC 0.94",))
    canvas.show_scene(make_scene(layer))
    with_text = (pixels_of(canvas.render_to_image())[100:124, 140:220] == colour(Role.DETECTION)).sum()
    canvas.show_scene(make_scene(layer, show_labels=False))
    without = (pixels_of(canvas.render_to_image())[100:124, 140:220] == colour(Role.DETECTION)).sum()
    assert with_text > 300
    assert without == 0


def test_a_mark_says_its_text_once(canvas, make_layer, make_scene):
    layer = make_layer([[100, 100, 200, 200]], labels=("RBC",))
    mark = Mark((100.0, 100.0, 200.0, 200.0), Role.MISSED, say("mark.missed", cls="RBC", g=1), Ref("object", 0), True)
    canvas.show_scene(make_scene(layer, marks=(mark,)))
    tags = canvas._frame._texts.wanted(canvas.transform, (600, 450))
    assert [tag.text for tag in tags] == ["RBC #1 missed"]


def test_an_arrow_reaches_its_end_and_says_why(canvas, make_scene, pixels_of):
    text = say("mark.suppresses", o=0.53, t=0.4)
    arrow = Arrow((100.0, 200.0), (300.0, 220.0), Role.SUPPRESSED, text)
    canvas.show_scene(make_scene(arrows=(arrow,)))
    purple = pixels_of(canvas.render_to_image()) == colour(Role.SUPPRESSED)
    assert purple[25 + 200 : 25 + 225, 50 + 285 : 50 + 300].sum() > 10
    assert purple.sum() > 1500


def test_centres_only_where_they_are_apart(canvas, make_scene, pixels_of):
    centres = np.array([[8 + 16 * x, 8 + 16 * y] for y in range(25) for x in range(31)], np.float32)
    canvas.show_scene(make_scene(stage="anchors", centres=centres))
    yellow = colour(Role.ANCHOR)
    assert (pixels_of(canvas.render_to_image()) == yellow).sum() == 25 * 31 * 4
    canvas.zoom_to(0.45)  # 7.2 pixels apart
    assert (pixels_of(canvas.render_to_image()) == yellow).sum() == 0


def test_the_cell_is_always_crisp(canvas, make_layer, make_scene, pixels_of):
    layer = make_layer([[10, 20, 30, 40]], Role.ANCHOR, layer_id="anchors.cell", kind="anchor", crisp=False)
    canvas.show_scene(make_scene(layer, stage="anchors"))
    assert (pixels_of(canvas.render_to_image()) == colour(Role.ANCHOR)).sum() == 400 - 324


def test_22500_anchors_at_every_zoom(canvas, make_layer, make_scene, pixels_of):
    x, y = np.meshgrid(np.arange(50) * 16 + 8.0, np.arange(50) * 16 + 8.0)
    half = np.array([[w, h] for s in (128, 256, 512) for w, h in ((s * 0.7, s * 1.4), (s, s), (s * 1.4, s * 0.7))]) / 2
    centre = np.stack([x, y], -1).reshape(-1, 1, 2)
    boxes = np.concatenate([centre - half, centre + half], -1).reshape(-1, 4)
    assert len(boxes) == 22_500
    canvas.show_scene(
        make_scene(make_layer(boxes, Role.ANCHOR, layer_id="anchors.all", kind="anchor", crisp=False), stage="anchors")
    )
    for scale in (0.02, 0.3, 1.0, 5.0, 64.0):
        canvas.zoom_to(scale)
        assert (pixels_of(canvas.render_to_image()) != 0).any()
        canvas.repaint()


def test_texts_of_an_empty_canvas(canvas, make_layer, make_scene, pixels_of):
    canvas.show_scene(make_scene(make_layer([[10, 20, 30, 40]])))
    canvas.set_error("smear_003.png cannot be read: the file ends too early.")
    assert (pixels_of(canvas.render_to_image()) == WHITE).sum() == 0
    assert (pixels_of(canvas.render_to_image()) == 0xAEB6BF).sum() > 5
    canvas.show_image(None)
    assert (pixels_of(canvas.render_to_image()) == 0xAEB6BF).sum() == 0
    canvas.show_image(ImagePyramid(np.zeros((9, 9, 3), np.uint8)))
    assert (pixels_of(canvas.render_to_image()) == 0xAEB6BF).sum() == 0


def test_the_tooltip_never_lies_over_its_box(canvas, make_layer, make_scene, pixels_of, qtbot):
    canvas.show_scene(make_scene(make_layer([[200, 150, 300, 250]])))
    canvas._tracker.move(QPointF(250 + 50, 200 + 25), (250, 200))
    inside = pixels_of(canvas.grab().toImage())[180:270, 255:345]
    canvas.set_hover_text("RBC 0.94\nobjectness 0.96")
    shown = pixels_of(canvas.grab().toImage())
    np.testing.assert_array_equal(shown[180:270, 255:345], inside)
    assert (shown == 0xE6EAEE).sum() > 20


def test_only_plain_numbers_reach_qt():
    view = ViewTransform(1.7, np.float64(3.3), np.float32(4.4))
    rects, places = device_rects(columns_of(np.array([[1, 2, 30, 40], [500, 500, 510, 510]])), view, (100, 100))
    assert {type(value) for rect in rects for value in rect} == {int}
    assert {type(place) for place in places} == {int}
    point = device_point((np.float32(1), np.float64(2)), ViewTransform())
    assert {type(value) for value in point} == {float}


def test_memory_that_qt_reads_itself_is_a_list_of_rectangles():
    rects = np.array([[1, 2, 3, 4], [10, 0, 10, 19], [-5, 12, 100, 12]], np.int32)
    pictures = []

    def one_by_one(painter, rects):
        painter.drawRects([QRect(QPoint(*each[:2]), QPoint(*each[2:])) for each in rects.tolist()])

    for fill in (fill_rects, one_by_one):
        image = QImage(20, 20, QImage.Format.Format_RGB32)
        image.fill(0)
        painter = QPainter(image)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#FFFFFF"))
        fill(painter, rects)
        fill(painter, rects[:0])
        painter.end()
        pictures.append(np.frombuffer(image.constBits(), np.uint32).copy())
    np.testing.assert_array_equal(*pictures)
    assert (pictures[0] == 0xFFFFFFFF).sum() == 9 + 20 + 20 - 1  # the two lines cross once


@pytest.mark.parametrize("box", [(10, 10, 109, 59), (10, 10, 11, 59), (5, 5, 5, 5)])
def test_dashes_cover_the_corners_of_every_box_and_stay_on_its_outline(box):
    """A side of 100 with 6 on, 10 a period: 94 / 10 rounds to 9 gaps, so 10 dashes."""
    found = dashes(np.array([box], np.int32), 2, 6, 10, (200, 200))
    assert (found[:, :2] >= box[:2]).all()
    ends = {tuple(corner) for corner in found[:, :2].tolist()} & {box[:2]}
    assert ends
    assert found[:, 2].max() in (box[2], box[0] + 1)
    if box[2] == 109:
        across = found[(found[:, 3] - found[:, 1] == 1) & (found[:, 1] == 10)]
        assert len(across) == 10
        assert across[0].tolist() == [10, 10, 15, 11]
        assert across[-1].tolist() == [104, 10, 109, 11]


def test_dashes_of_a_box_that_leaves_the_canvas_stay_on_the_box():
    """The dashes in sight of a large box are those of the whole one, cut by the canvas."""
    whole = dashes(np.array([[-5000, 20, 5000, 90]], np.int32), 2, 6, 10, (20_000, 20_000))
    seen = dashes(np.array([[-5000, 20, 5000, 90]], np.int32), 2, 6, 10, (100, 100))
    assert 40 <= len(seen) < 80
    assert {tuple(each) for each in seen.tolist()} <= {tuple(each) for each in whole.tolist()}


def test_every_role_has_a_look_that_can_be_read():
    assert set(ROLE_STYLES) == set(Role)
    for style in ROLE_STYLES.values():
        assert text_on(style.on_dark) in ("#0B0D0F", "#FFFFFF")
        assert style.dash is None or sum(style.dash) >= 2
    # Colour means one thing: a colour that stands twice differs by its line.
    looks = [(style.on_dark, style.dash) for style in ROLE_STYLES.values()]
    assert len(set(looks)) == len(looks)


SCALED = """
import os
import numpy as np
from PySide6.QtWidgets import QApplication
from PySide6.QtGui import QImage
from app.canvas.pyramid import ImagePyramid
from app.canvas.view import BoxCanvas
from app.scene import BoxLayer, Role, Scene, Space
app = QApplication([])
canvas = BoxCanvas()
scale = float(os.environ["QT_SCALE_FACTOR"])
canvas.resize(round(600 / scale), round(450 / scale))
canvas.show_image(ImagePyramid(np.zeros((400, 500, 3), np.uint8)))
canvas.show()
app.processEvents()
canvas.zoom_to(1.0)
boxes = np.array([[10, 20, 30, 40]], np.float32)
white = BoxLayer("ground_truth.objects", "object", Role.GROUND_TRUTH, boxes, np.arange(1), True)
mass = BoxLayer("proposals.kept", "proposal", Role.PROPOSAL, boxes + 100, np.arange(1))
canvas.show_scene(Scene(Space((400, 500)), "proposals", (mass, white)))
for picture in (canvas.grab().toImage(), canvas.render_to_image()):
    picture = picture.convertToFormat(QImage.Format.Format_RGB32)
    assert (picture.width(), picture.height(), picture.devicePixelRatio()) == (600, 450, scale)
    pixels = np.frombuffer(picture.constBits(), np.uint32).reshape(450, 600) & 0xFFFFFF
    rows, columns = np.nonzero(pixels == 0xFFFFFF)
    print(columns.min(), columns.max(), rows.min(), rows.max(), len(rows))
    rows, columns = np.nonzero((pixels >> 8 & 255) > 150)
    rows, columns = rows[rows > 140], columns[rows > 140]
    print(columns.min(), columns.max(), rows.min(), rows.max(), len(rows))
"""


@pytest.mark.parametrize("scale", [1.5, 2.0])
def test_on_a_finer_screen_lines_are_wider_and_lie_on_the_same_pixels(scale):
    environment = {
        **os.environ,
        "QT_SCALE_FACTOR": str(scale),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": os.getcwd(),
    }
    done = subprocess.run([sys.executable, "-c", SCALED], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    # 20 x 20 less what is inside the line; the masses' line is one point: two pixels on both.
    line = round(role_style(Role.GROUND_TRUTH).width * scale)
    white, mass = f"60 79 45 64 {400 - (20 - 2 * line) ** 2}", f"160 179 145 164 {400 - 16**2}"
    assert done.stdout.split("\n")[:4] == [white, mass, white, mass]
