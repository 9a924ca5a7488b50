from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.document import Document, read_document
from detector.datasets import ImageError
from detector.ground_truth import GroundTruth
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


class TestAccepting:
    def test_a_box_and_its_class_are_added_and_proposed(self, tmp_path):
        document = read_document(write_image(tmp_path / "a.png"))
        edited = document.with_proposed((100.5, 10, 140, 30), "dog")
        assert len(document.ground_truth) == 3
        assert document.proposed == frozenset()
        assert edited.objects.truth.labels == (*LABELS, "dog")
        assert edited.objects.truth.boxes[3].tolist() == [100.5, 10, 140, 30]
        assert edited.ground_truth.labels == LABELS
        assert edited.proposed == {3}
        assert edited.image is document.image
        assert edited.with_proposed((1, 2, 3, 4), "cat").proposed == {3, 4}

    def test_flags_stay_with_their_objects(self):
        truth = GroundTruth(np.array([[0, 0, 9, 9]]), ("cat",), difficult=[True], crowd=[True], truncated=[True])
        edited = Document(Path("a.png"), np.zeros((50, 60, 3), np.uint8), truth).with_proposed((1, 1, 5, 5), "dog")
        objects = edited.objects.truth
        for flags in (objects.difficult, objects.crowd, objects.truncated):
            assert flags.tolist() == [True, False]

    def test_the_box_is_cut_to_the_image(self):
        image = np.zeros((50, 60, 3), np.uint8)
        edited = Document(Path("a.png"), image).with_proposed((-3, 20, 60.01, 70), "cat")
        assert edited.objects.truth.boxes.tolist() == [[0, 20, 60, 50]]

    def test_an_image_without_ground_truth_has_some_once_it_is_accepted(self, tmp_path):
        document = read_document(write_image(tmp_path / "a.png", annotated=False))
        edited = document.with_proposed((1, 2, 30, 40), "cat")
        assert edited.proposed == {0}
        assert edited.ground_truth is None
        assert edited.with_edit(edited.objects.with_accepted([0])).ground_truth.labels == ("cat",)

    def test_the_same_edit_on_the_image_read_again(self, tmp_path):
        path = write_image(tmp_path / "a.png")
        edited = read_document(path).with_proposed((1, 2, 30, 40), "cat").with_proposed((5, 2, 30, 40), "dog")
        again = read_document(path).with_edit(edited.edit)
        assert again.ground_truth is edited.ground_truth
        assert again.proposed == {3, 4}
        assert again.warnings == ()

    def test_the_picture_is_the_same_whatever_became_of_its_ground_truth(self, tmp_path):
        path = write_image(tmp_path / "a.png")
        document = read_document(path)
        assert document.with_proposed((1, 2, 30, 40), "cat").shows_same_picture(document)
        assert not document.shows_same_picture(None)
        assert not document.shows_same_picture(read_document(write_image(tmp_path / "b.png")))
        os.utime(path, ns=(1, 1))
        assert not read_document(path).shows_same_picture(document)
