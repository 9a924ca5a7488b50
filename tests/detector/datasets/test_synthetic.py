"""Synthetic smears: the same from the same seed, boxes where the cells are, as hard as BCCD."""

import numpy as np
import pytest

from detector.datasets import open_dataset, read_image
from detector.datasets.statistics import measure
from detector.datasets.synthetic import CLASSES, draw_scene, main, write_scenes
from detector.datasets.synthetic_cells import Smear, platelet, red_cell, white_cell
from detector.datasets.synthetic_layout import Place

HW = (480, 640)


@pytest.fixture(scope="module")
def scenes():
    return [draw_scene(1, number) for number in range(60)]


def test_the_same_from_the_same_seed(scenes):
    again = draw_scene(1, 5)
    np.testing.assert_array_equal(again.pixels, scenes[5].pixels)
    np.testing.assert_array_equal(again.ground_truth.boxes, scenes[5].ground_truth.boxes)
    assert again.jpeg() == scenes[5].jpeg()
    assert not np.array_equal(draw_scene(2, 5).pixels, again.pixels)


def test_pixels_and_boxes(scenes):
    for scene in scenes:
        assert scene.pixels.shape == (*HW, 3)
        assert scene.pixels.dtype == np.uint8
        boxes = scene.ground_truth.boxes
        assert np.all(boxes >= 0)
        assert np.all(boxes <= [640, 480, 640, 480])
        assert scene.ground_truth.has_area.all()
        assert set(scene.ground_truth.labels) <= set(CLASSES)


@pytest.mark.parametrize(
    ("draw", "label", "diameter"), [(red_cell, "RBC", 100), (white_cell, "WBC", 190), (platelet, "Platelets", 40)]
)
def test_boxes_end_where_the_stain_ends(draw, label, diameter):
    for seed in range(10):
        smear = Smear(np.random.default_rng(seed), HW, scale=1.0)
        window, visible, whole = draw(smear, Place(label, 300.0, 240.0, float(diameter), 1.2, 0.4))
        assert visible.sum() == pytest.approx(whole, rel=0.05)
        stained = smear.absorbance[..., 1] > 0.03
        for axis, start in ((0, window.columns.start), (1, window.rows.start)):
            box, ink = np.flatnonzero(visible.any(axis=axis)) + start, np.flatnonzero(stained.any(axis=axis))
            # A soft rim may show on for a few pixels; out-of-focus cells and frayed platelets for some more.
            assert ink[0] - 3 <= box[0] <= ink[0] + 11
            assert ink[-1] - 11 <= box[-1] <= ink[-1] + 3


def test_as_hard_as_bccd(scenes):
    """Bounds around BCCD's own figures (in the docstring of the module), wide enough for 60 scenes."""
    found = measure((scene.ground_truth, HW) for scene in scenes)
    medians = {label: (found.widths[label][2], found.heights[label][2]) for label in CLASSES}
    assert medians["RBC"] == pytest.approx((105, 101), abs=6)
    assert medians["WBC"] == pytest.approx((201, 181), abs=24)
    assert medians["Platelets"] == pytest.approx((39, 39), abs=4)
    assert found.widths["RBC"][[0, 4]] == pytest.approx((80, 128), abs=10)
    assert found.widths["WBC"][[0, 4]] == pytest.approx((122, 258), abs=28)
    assert found.widths["Platelets"][[0, 4]] == pytest.approx((29, 57), abs=8)
    assert found.counts["RBC"] == pytest.approx((3, 9, 11, 14, 18), abs=3)
    assert 0.9 <= found.share_any["WBC"] <= 1
    assert 0.4 <= found.share_any["Platelets"] <= 0.72
    assert found.overlap[4] == pytest.approx(0.28, abs=0.1)
    assert 0.12 <= found.overlap_above[0] <= 0.3
    assert 0.01 <= found.overlap_above[1] <= 0.07
    assert 0.18 <= found.cut <= 0.33


@pytest.mark.parametrize("image_hw", [(120, 160), (300, 200), (32, 32)])
def test_other_sizes_show_the_same_field_of_view(image_hw):
    scenes = [draw_scene(3, number, image_hw) for number in range(8)]
    assert all(scene.pixels.shape[:2] == image_hw for scene in scenes)
    assert 5 <= np.mean([len(scene.ground_truth) for scene in scenes]) <= 22
    for scene in scenes:
        assert np.all(scene.ground_truth.boxes <= [image_hw[1], image_hw[0], image_hw[1], image_hw[0]])


def test_too_small():
    with pytest.raises(ValueError, match="32 px"):
        draw_scene(0, 0, (20, 40))


def test_the_command_writes_a_voc_root(tmp_path, capsys):
    assert main([str(tmp_path / "out"), "--count", "3", "--seed", "4", "--size", "160x120"]) == 0
    dataset = open_dataset(tmp_path / "out", "train")
    assert [sample.image_path.name for sample in dataset] == ["smear_000.jpg", "smear_001.jpg", "smear_002.jpg"]
    assert read_image(dataset[0].image_path).shape == (120, 160, 3)
    np.testing.assert_array_equal(dataset[2].ground_truth.boxes, draw_scene(4, 2, (120, 160)).ground_truth.boxes)
    out, err = capsys.readouterr()
    assert out == ""
    assert "3 of 3 scenes" in err


def test_chosen_scenes_side_by_side(tmp_path):
    write_scenes(tmp_path / "root", [0, 1, 2], 4, (120, 160))
    assert main([str(tmp_path / "flat"), "--seed", "4", "--size", "160x120", "--only", "2,0", "--flat"]) == 0
    assert sorted(path.name for path in (tmp_path / "flat").iterdir()) == [
        f"smear_00{number}.{suffix}" for number in (0, 2) for suffix in ("jpg", "xml")
    ]
    chosen = (tmp_path / "flat" / "smear_002.jpg").read_bytes()
    assert chosen == (tmp_path / "root" / "JPEGImages" / "smear_002.jpg").read_bytes()


def test_measure(tmp_path, capsys):
    write_scenes(tmp_path, [0, 1], 4, (240, 320))
    assert main(["--measure", str(tmp_path)]) == 0
    assert "2 images" in capsys.readouterr().out
    assert main(["--measure", str(tmp_path / "gone")]) == 1
    assert "gone" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["x", "--count", "0"], ["x", "--size", "big"], ["x", "--size", "10x10"], ["x", "--only", "1,a"]]
)
def test_wrong_calls(arguments):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2


def test_a_folder_that_cannot_be_made(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main([str(tmp_path / "file"), "--count", "1"]) == 1
    assert "cannot be made" in capsys.readouterr().err
