from __future__ import annotations

import numpy as np

from app.document import Document
from app.picture import LARGEST, LEGIBLE, draw_scene
from app.roles import rgb, role_style
from app.scene import BoxLayer, Ref, Role, Scene, Space, ViewOptions
from app.scene_builder import build_scene
from detector.ground_truth import GroundTruth
from detector.pipeline import inspect
from tests.helpers.networks import FakeNetwork

BLACK = np.zeros((1000, 1000, 3), np.uint8)


def scene_of(*layers):
    return Scene(Space((1000, 1000)), "detections", layers=layers)


def layer(role, crisp=True, labels=()):
    box = np.array([[100, 200, 400, 500]], np.float32)
    return BoxLayer("detections.judged", "detection", role, box, np.array([0]), crisp, labels)


def test_a_solid_line_lies_on_the_box():
    pixels = np.asarray(draw_scene(scene_of(layer(Role.PROPOSAL)), BLACK))
    color = rgb(role_style(Role.PROPOSAL).on_dark)
    assert (pixels[200, 101:400] == color).all()
    assert (pixels[201:500, 100] == color).all()
    assert (pixels[300, 200] == 0).all()


def test_a_dashed_line_has_gaps():
    pixels = np.asarray(draw_scene(scene_of(layer(Role.MISSED)), BLACK))
    drawn = (pixels[200, 100:400] == rgb(role_style(Role.MISSED).on_dark)).all(axis=1)
    assert 0.3 < drawn.mean() < 0.8


def test_labels_are_written_above_the_box():
    plain = np.asarray(draw_scene(scene_of(layer(Role.DETECTION)), BLACK))
    labelled = np.asarray(draw_scene(scene_of(layer(Role.DETECTION, labels=("RBC 0.94",))), BLACK))
    changed = np.argwhere((plain != labelled).any(axis=2))
    assert len(changed)
    assert changed[:, 0].max() <= 200


def test_small_images_are_enlarged_by_a_whole_factor():
    image = np.zeros((100, 250, 3), np.uint8)
    picture = draw_scene(Scene(Space((100, 250)), "image"), image)
    assert picture.size == (1000, 400)
    assert LEGIBLE == 1000


def test_huge_images_are_made_smaller_and_their_boxes_with_them():
    image = np.zeros((9000, 12_000, 3), np.uint8)
    shrunk = BoxLayer(
        "detections.judged", "detection", Role.PROPOSAL, np.array([[1200, 3000, 6000, 7500]], np.float32), np.array([0])
    )
    picture = draw_scene(Scene(Space((9000, 12_000)), "image", layers=(shrunk,)), image)
    assert picture.width == LARGEST == 4000
    pixels = np.asarray(picture)[:3000]
    drawn = np.argwhere((pixels == rgb(role_style(Role.PROPOSAL).on_dark)).all(axis=2))
    assert drawn.min(axis=0).tolist() == [1000, 400]  # 3000 / 3, 1200 / 3
    assert drawn.max(axis=0).tolist() == [2500, 2000]


def test_a_legend_names_the_layers():
    picture = draw_scene(scene_of(layer(Role.DETECTION)), BLACK)
    assert picture.width == 1000
    assert picture.height > 1000


def test_a_real_scene_with_a_selection(tmp_path):
    objects = np.array([[10, 10, 42, 42], [60, 20, 124, 84]], np.float32)
    image = np.zeros((160, 192, 3), np.uint8)
    truth = GroundTruth(objects, ("cat", "dog"))
    trace = inspect(FakeNetwork(objects, (1, 2)), image, truth)
    document = Document(tmp_path / "a.png", image, truth)
    for stage in ("anchors", "assignment", "proposals", "detections"):
        scene = build_scene(document, trace, ViewOptions(stage, selected=Ref("object", 0), hover_cell=(3, 3)))
        picture = draw_scene(scene, image)
        assert np.asarray(picture).any()
