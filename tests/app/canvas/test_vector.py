"""The view as SVG: well-formed, the shown layers and nothing else, and where the pixels have them."""

from __future__ import annotations

import base64
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from app.canvas.pyramid import ImagePyramid
from app.canvas.view import BoxCanvas
from app.roles import role_style
from app.scene import Arrow, BoxLayer, Mark, Message, Ref, Role, Scene, Space

SVG = "{http://www.w3.org/2000/svg}"


def canvas_with(qtbot, *layers, hw=(300, 400), size=(432, 332), **rest):
    """400 x 300 pixels of black in a canvas with the margin of 16 around: shown at scale 1, from (16, 16) on."""
    canvas = BoxCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(*size)
    canvas.show_image(ImagePyramid(np.zeros((*hw, 3), np.uint8)))
    canvas.show_scene(Scene(Space(hw), "detections", layers=layers, **rest))
    return canvas


def layer(role, boxes, *, crisp=True, labels=(), layer_id="detections.judged"):
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    return BoxLayer(layer_id, "detection", role, boxes, np.arange(len(boxes)), crisp, labels)


def parsed(canvas):
    return ElementTree.fromstring(canvas.render_to_svg().encode())


def group(root, name):
    return next(each for each in root.iter(f"{SVG}g") if each.get("id") == name)


def rendered(canvas):
    """(h, w) 0xRRGGBB of the SVG as Qt's own renderer draws it."""
    renderer = QSvgRenderer(QByteArray(canvas.render_to_svg().encode()))
    assert renderer.isValid()
    image = QImage(renderer.defaultSize(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width()) & 0xFFFFFF


def test_a_solid_layer_is_one_line_with_its_casing_below(qtbot):
    canvas = canvas_with(qtbot, layer(Role.DETECTION, [[100, 50, 200, 150], [0, 0, 10, 10]]))
    casing, line = group(parsed(canvas), "detections.judged").findall(f"{SVG}path")
    # The width of 2 grows inward: a centre line 1 inside of 116..216 x 66..166.
    assert line.get("d").startswith("M117 67h98v98h-98z")
    assert (line.get("stroke"), line.get("stroke-width")) == (role_style(Role.DETECTION).on_dark, "2")
    assert float(casing.get("stroke-width")) == 4
    assert line.get("stroke-dasharray") is None


def test_dashes_are_those_of_the_role(qtbot):
    canvas = canvas_with(qtbot, layer(Role.MISSED, [[100, 50, 200, 150]]))
    casing, line = group(parsed(canvas), "detections.judged").findall(f"{SVG}path")
    assert line.get("stroke-dasharray") == "12 7.5"  # (4, 2.5) times the width of 3
    assert line.get("d").count("M") == 4
    assert casing.get("stroke-dasharray") is None


def test_boxes_lie_where_the_pixels_are(qtbot):
    canvas = canvas_with(qtbot, layer(Role.DETECTION, [[100, 50, 200, 150]]))
    image = canvas.render_to_image().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(332, 432) & 0xFFFFFF
    colour = int(role_style(Role.DETECTION).on_dark[1:], 16)
    drawn, vectors = pixels == colour, rendered(canvas)[:332] == colour  # below: the legend
    assert drawn.sum() == 2 * (100 * 2 + 96 * 2)
    assert (drawn == vectors).all()


def test_names_with_signs_of_xml_are_texts(qtbot):
    label = '<b>&"RBC" 赤血球\x07 0.94'
    canvas = canvas_with(qtbot, layer(Role.DETECTION, [[100, 50, 200, 150]], labels=(label,)))
    texts = ["".join(each.itertext()) for each in parsed(canvas).iter(f"{SVG}text")]
    assert '<b>&"RBC" 赤血球 0.94' in texts  # the bell may not stand in any XML


def test_marks_and_arrows_are_told_on_top(qtbot):
    said = Message("text", {"text": "suppresses, IoU 0.93 > 0.45"})
    canvas = canvas_with(
        qtbot, layer(Role.DETECTION, [[100, 50, 200, 150]]),
        marks=(Mark((100, 50, 200, 150), Role.MISSED, Message("text", {"text": "cat #1"}), Ref("object", 0), True),),
        arrows=(Arrow((20, 100), (90, 100), Role.SUPPRESSED, said),),
    )  # fmt: skip
    root = parsed(canvas)
    assert float(group(root, "detections.judged").get("opacity")) < 1  # it does not concern the selection
    story = group(root, "selection")
    assert ["".join(each.itertext()) for each in story.iter(f"{SVG}text")] == [said.values["text"], "cat #1"]
    assert [each for each in story.iter(f"{SVG}path") if "Q" in each.get("d")]


def test_only_what_is_shown_is_written(qtbot):
    root = parsed(canvas_with(qtbot, layer(Role.DETECTION, [[100, 50, 200, 150]])))
    names = {each.get("id") for each in root.iter(f"{SVG}g")}
    assert names == {"detections.judged", "selection", "legend"}
    legend = ["".join(each.itertext()) for each in group(root, "legend").iter(f"{SVG}text")]
    assert len(legend) == 1
    assert legend[0].endswith(" 1")


def test_boxes_out_of_sight_are_left_out(qtbot):
    canvas = canvas_with(qtbot, layer(Role.DETECTION, [[100, 50, 200, 150], [900, 900, 950, 950]]))
    path = group(parsed(canvas), "detections.judged").find(f"{SVG}path").get("d")
    assert path.count("M") == 1


def test_a_mass_is_one_path_of_a_sensible_size(qtbot):
    at = np.random.default_rng(0).uniform(0, 250, (22_500, 2))
    boxes = np.hstack([at, at + np.random.default_rng(1).uniform(5, 50, (22_500, 2))])
    text = canvas_with(qtbot, layer(Role.ANCHOR, boxes, crisp=False, layer_id="anchors.all")).render_to_svg()
    root = ElementTree.fromstring(text.encode())
    paths = group(root, "anchors.all").findall(f"{SVG}path")
    assert len(paths) == 1
    assert paths[0].get("d").count("M") == 22_500
    assert len(text) < 22_500 * 40


@pytest.mark.parametrize(("zoom", "kind"), [(1.0, "jpeg"), (4.0, "png")])
def test_the_photograph_is_embedded(qtbot, zoom, kind):
    canvas = canvas_with(qtbot)
    canvas.zoom_to(zoom)
    image = parsed(canvas).find(f"{SVG}image")
    address = image.get("{http://www.w3.org/1999/xlink}href")
    found = re.fullmatch(rf"data:image/{kind};base64,(.*)", address)
    decoded = QImage.fromData(QByteArray(base64.b64decode(found[1])))
    assert decoded.width() * zoom == pytest.approx(float(image.get("width")))
    assert (image.get("style") is not None) == (kind == "png")  # pixels stay the squares that they are


def test_an_empty_canvas_is_an_empty_picture(qtbot):
    canvas = BoxCanvas()
    qtbot.addWidget(canvas)
    assert [each.tag for each in parsed(canvas)] == [f"{SVG}rect"]


def test_the_casing_of_a_dashed_box_has_its_corners(qtbot):
    canvas = canvas_with(qtbot, layer(Role.MISSED, [[100, 50, 200, 150]]))
    casing, line = group(parsed(canvas), "detections.judged").findall(f"{SVG}path")
    assert line.get("stroke-dasharray")
    assert casing.get("d").count("M") == 1
    assert casing.get("d").endswith("z")
    assert line.get("d").count("M") == 4
