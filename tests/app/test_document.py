from __future__ import annotations

import pytest
from PIL import Image

from app.document import read_document
from detector.datasets import ImageError
from tests.helpers.app_windows import IMAGE_HW, LABELS, write_image


def test_image_and_objects(tmp_path):
    document = read_document(write_image(tmp_path / "a.png"))
    assert document.image_hw == IMAGE_HW
    assert document.ground_truth.labels == LABELS
    assert document.annotation == tmp_path / "a.xml"
    assert document.warnings == ()
    assert document.stamp > 0


def test_nobody_annotated_it(tmp_path):
    document = read_document(write_image(tmp_path / "a.png", annotated=False))
    assert document.ground_truth is None
    assert document.annotation is None


def test_a_broken_annotation_is_a_warning(tmp_path):
    path = write_image(tmp_path / "a.png")
    path.with_suffix(".xml").write_text("<annotation>")
    document = read_document(path)
    assert document.ground_truth is None
    assert len(document.warnings) == 1
    assert "a.xml" in document.warnings[0]


def test_a_broken_image_is_an_error(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"a\.png"):
        read_document(tmp_path / "a.png")


def test_a_file_of_several_pictures_says_which_is_shown(tmp_path):
    path = tmp_path / "pages.tif"
    pages = [Image.new("L", (4, 3), shade) for shade in (9, 99)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    document = read_document(path)
    assert document.image[0, 0, 0] == 9
    assert document.warnings == (f"'{path}' holds 2 pictures; the first is shown.",)
    path.with_suffix(".xml").write_text("<broken")
    broken = read_document(path)
    assert broken.warnings == (*document.warnings, broken.problem)
