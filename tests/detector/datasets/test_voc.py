"""VOC files: what is read, what is kept with a warning, what is refused; written files read back the same."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from detector.datasets import DatasetError, GroundTruth, Sample, open_dataset, read_voc, write_voc

BOX = "<bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox>"


def an_object(*corners, name="cell", extra=""):
    return f"<object><name>{name}</name>{extra}{BOX.format(*corners)}</object>"


def annotation(*objects, size="<size><width>100</width><height>80</height><depth>3</depth></size>"):
    return f"<annotation><filename>other name.png</filename>{size}{''.join(objects)}</annotation>"


def written(folder: Path, text: str) -> Path:
    path = folder / "cells.xml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(path: Path) -> str:
    with pytest.raises(DatasetError) as error:
        read_voc(path)
    text = str(error.value)
    assert path.name in text
    assert text.endswith(".")
    assert "\n" not in text
    return text


def test_coordinates_as_written(tmp_path):
    found = read_voc(written(tmp_path, annotation(an_object(1, 2.5, 30, "40e0"), an_object(5, 6, 7, 8, name=" b "))))
    np.testing.assert_array_equal(found.ground_truth.boxes, [[1, 2.5, 30, 40], [5, 6, 7, 8]])
    assert found.ground_truth.labels == ("cell", "b")
    assert found.image_hw == (80, 100)
    assert found.filename == "other name.png"
    assert found.warnings == ()


def test_flags(tmp_path):
    flags = "<difficult>1</difficult><truncated>0</truncated>"
    unsure = "<truncated>Unspecified</truncated>"
    rows = (an_object(1, 2, 3, 4, extra=flags), an_object(1, 2, 3, 4, extra=unsure), an_object(1, 2, 3, 4))
    truth = read_voc(written(tmp_path, annotation(*rows))).ground_truth
    assert truth.difficult.tolist() == [True, False, False]
    assert truth.truncated.tolist() == [False, False, False]


def test_boxes_of_parts_are_not_taken_for_the_object(tmp_path):
    part = f"<part><name>head</name>{BOX.format(9, 9, 9, 9)}</part>"
    truth = read_voc(written(tmp_path, annotation(an_object(1, 2, 3, 4, extra=part)))).ground_truth
    np.testing.assert_array_equal(truth.boxes, [[1, 2, 3, 4]])


def test_no_objects(tmp_path):
    truth = read_voc(written(tmp_path, annotation())).ground_truth
    assert truth.boxes.shape == (0, 4)
    assert truth.labels == ()


@pytest.mark.parametrize(
    ("corners", "words"),
    [
        ((-5, 2, 30, 40), "reaches over the edge of the image of 100 x 80 px"),
        ((10, 2, 30, 81), "reaches over the edge"),
        ((200, 2, 300, 40), "lies outside the image of 100 x 80 px"),
        ((-20, -20, 0, 10), "lies outside the image"),
        ((30, 2, 10, 40), "has no area; it is kept"),
        ((30, 2, 30, 40), "has no area"),
        ((30, 40, 10, 2), "has no area"),
    ],
)
def test_odd_boxes_are_kept_and_named(tmp_path, corners, words):
    found = read_voc(written(tmp_path, annotation(an_object(1, 1, 9, 9), an_object(*corners))))
    np.testing.assert_array_equal(found.ground_truth.boxes[1], corners)
    assert len(found.warnings) == 1
    assert words in found.warnings[0]
    assert "cells.xml" in found.warnings[0]
    assert "object 2 (cell)" in found.warnings[0]


def test_the_image_is_asked_where_no_size_is_stated(tmp_path):
    Image.new("L", (50, 40)).save(tmp_path / "cells.png")
    path = written(tmp_path, annotation(an_object(1, 1, 60, 20), size=""))
    assert "50 x 40" in read_voc(path, tmp_path / "cells.png").warnings[0]
    assert read_voc(path, tmp_path / "gone.png").warnings == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("<annotation><object></annotation>", "line 1, column"),
        ("<annotation>\n<object>\n", "line 3"),
        ("not XML at all", "line 1, column 1"),
        ("<kml><object/></kml>", "root is <kml>"),
        (annotation("<object><name>cell</name></object>"), "object 1 has no <bndbox>"),
        (annotation(an_object(1, 2, 3, 4), f"<object>{BOX.format(1, 2, 3, 4)}</object>"), "object 2 has no <name>"),
        (annotation(an_object(1, "", 3, 4)), "object 1 has no <ymin>"),
        (annotation(an_object(1, "two", 3, 4)), "object 1 has ymin 'two', which is not a number"),
        (annotation(an_object(1, 2, "NaN", 4)), "xmax 'NaN'"),
        (annotation(an_object(1, 2, 3, "inf")), "ymax 'inf'"),
        (annotation(an_object(1, 2, 3, "1e300")), "ymax '1e300'"),
        ('<?xml version="1.0" encoding="martian"?><annotation/>', "XML"),
    ],
)
def test_broken_annotations(tmp_path, text, words):
    assert words in refused(written(tmp_path, text))


def test_entities_are_refused(tmp_path):
    laughs = '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">'
    text = f"<!DOCTYPE annotation [{laughs}]><annotation><filename>&c;</filename></annotation>"
    assert "entit" in refused(written(tmp_path, text))


def test_outside_files_are_refused(tmp_path):
    text = '<!DOCTYPE annotation [<!ENTITY x SYSTEM "file:///etc/hostname">]><annotation>&x;</annotation>'
    assert "refused" in refused(written(tmp_path, text))


def test_missing_and_folder(tmp_path):
    assert "There is no annotation" in refused(tmp_path / "gone.xml")
    (tmp_path / "folder.xml").mkdir()
    assert "cannot be read" in refused(tmp_path / "folder.xml")


sides = st.floats(-1e6, 1e6, width=32)
labels = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), min_size=1).filter(
    lambda text: text == text.strip()
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(sides, sides, sides, sides, labels, st.booleans(), st.booleans()), max_size=5))
def test_written_files_read_back_the_same(tmp_path, rows):
    boxes = np.array([row[:4] for row in rows], np.float32).reshape(-1, 4)
    truth = GroundTruth(boxes, [row[4] for row in rows], [row[5] for row in rows], [row[6] for row in rows])
    path = tmp_path / "round.xml"
    write_voc(path, (480, 640), "a & b.jpg", truth)
    found = read_voc(path)
    np.testing.assert_array_equal(found.ground_truth.boxes, truth.boxes)
    assert found.ground_truth.labels == truth.labels
    np.testing.assert_array_equal(found.ground_truth.difficult, truth.difficult)
    np.testing.assert_array_equal(found.ground_truth.truncated, truth.truncated)
    assert found.image_hw == (480, 640)
    assert found.filename == "a & b.jpg"


def test_numbers_are_written_short(tmp_path):
    path = tmp_path / "a.xml"
    write_voc(path, (10, 10), "a.jpg", GroundTruth([[12, 0.1, 300, 2.5]], ["x"]))
    text = path.read_text(encoding="utf-8")
    assert "<xmin>12</xmin>" in text
    assert "<ymin>0.1</ymin>" in text
    assert "<xmax>300</xmax>" in text


@pytest.mark.parametrize("label", ["", " x", "a\nb", "a\x00b", "\ud800"])
def test_labels_that_xml_cannot_hold(tmp_path, label):
    with pytest.raises(DatasetError, match=r"a\.xml"):
        write_voc(tmp_path / "a.xml", (10, 10), "a.jpg", GroundTruth([[1, 2, 3, 4]], [label]))
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.xml"
    path.write_text("old")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatasetError, match=r"a\.xml.*No space left"):
        write_voc(path, (10, 10), "a.jpg", GroundTruth.empty())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")
def test_links_and_permissions_stay(tmp_path):
    real = tmp_path / "real.xml"
    real.write_text("old")
    real.chmod(0o640)
    link = tmp_path / "link.xml"
    link.symlink_to(real)
    write_voc(link, (10, 10), "a.jpg", GroundTruth.empty())
    assert link.is_symlink()
    assert "annotation" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640


@pytest.fixture
def root(tmp_path):
    """A VOC root of five: sound, broken, without image, without annotation, png with another <filename>."""
    for part in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (tmp_path / part).mkdir(parents=True)
    for name in ("a2.jpg", "a10.jpg", "bare.jpg", "other one.png"):
        Image.new("RGB", (100, 80)).save(tmp_path / "JPEGImages" / name)
    good = annotation(an_object(1, 2, 3, 4))
    for stem, text in {"a2": good, "a10": "<broken", "lost": good, "other one": good}.items():
        (tmp_path / "Annotations" / f"{stem}.xml").write_text(text)
    (tmp_path / "ImageSets/Main/train.txt").write_bytes(b"\xef\xbb\xbfother one\r\na10.jpg\r\n\r\na2 -1\r\nbare  1\r\n")
    return tmp_path


def test_a_root_without_a_split(root):
    dataset = open_dataset(root)
    assert len(dataset) == 5
    results = list(dataset.readable())
    errors = [str(each) for each in results if isinstance(each, DatasetError)]
    samples = {each.image_path.name: each for each in results if isinstance(each, Sample)}
    assert [Path(each.split("'")[1]).name for each in errors] == ["a10.xml", "lost"]
    assert list(samples) == ["a2.jpg", "bare.jpg", "other one.png"]
    assert samples["bare.jpg"].ground_truth is None
    assert "bare.xml" in samples["bare.jpg"].warnings[0]
    assert samples["other one.png"].annotation_path == root / "Annotations" / "other one.xml"
    assert dataset.classes == ("cell",)


def test_a_split(root):
    dataset = open_dataset(root, "train")
    assert dataset.name == f"{root.name} train"
    assert [dataset.image_path(row).stem for row in range(4)] == ["other one", "a10", "a2", "bare"]
    assert len(dataset[0].ground_truth) == 1
    assert dataset[-1].image_path.stem == "bare"
    assert [each.image_path.stem for each in dataset[2:]] == ["a2", "bare"]
    with pytest.raises(DatasetError, match=r"a10\.xml"):
        dataset[1]
    with pytest.raises(IndexError):
        dataset[4]
    with pytest.raises(DatasetError, match=r"no split 'val' \(there: train\)"):
        open_dataset(root, "val")


def bccd_root() -> Path:
    return Path(os.environ.get("BOXSCOPE_BCCD") or Path(__file__).parents[3].parent / "shared" / "data" / "bccd")


@pytest.mark.skipif(not bccd_root().is_dir(), reason="BCCD is not here; set BOXSCOPE_BCCD to its folder")
def test_bccd():
    splits = {split: open_dataset(bccd_root(), split) for split in ("train", "val", "test")}
    assert [len(each) for each in splits.values()] == [205, 87, 72]
    samples = [sample for each in splits.values() for sample in each]
    assert len({sample.image_path for sample in samples}) == 364
    counts = Counter(label for sample in samples for label in sample.ground_truth.labels)
    assert counts == {"RBC": 4155, "WBC": 372, "Platelets": 361}
    assert all(each.classes == ("Platelets", "RBC", "WBC") for each in splits.values())
    warned = [warning for sample in samples for warning in sample.warnings]
    assert sorted(Path(each.split("'")[1]).stem[-5:] for each in warned) == ["00338", "00343"]
    assert all("no area" in each for each in warned)


def test_a_size_that_is_not_the_images_is_named(tmp_path: Path) -> None:
    image_path, xml_path = tmp_path / "a.png", tmp_path / "a.xml"
    Image.new("RGB", (64, 48)).save(image_path)
    write_voc(xml_path, (96, 128), "a.png", GroundTruth([[1, 2, 30, 40]], ["cat"]))
    assert read_voc(xml_path, image_path).warnings == (
        f"'{xml_path}' is written for an image of 128 x 96 px, but the image has 64 x 48.",
    )
