"""The corpora of odd images and annotations, file by file, through the readers."""

from __future__ import annotations

import numpy as np
import pytest

from detector.datasets import (
    DatasetError,
    ImageError,
    annotation_path_for,
    count_pictures,
    open_dataset,
    read_image,
    read_size,
    read_thumbnail,
    read_voc,
)
from tests.helpers import odd_annotations, odd_images
from tests.helpers.odd_annotations import ODD_ANNOTATIONS
from tests.helpers.odd_images import LOCKED, ODD_IMAGES


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd images")
    return folder, {odd.name for odd in odd_images.write_all(folder)}


@pytest.fixture(scope="module")
def annotations(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd annotations")
    odd_annotations.write_all(folder)
    return folder


def one_sentence(text, name, words):
    assert words in text
    assert " ".join(name.splitlines()) in text
    assert text.endswith(".")
    assert "\n" not in text
    return True


@pytest.mark.parametrize("odd", ODD_IMAGES, ids=lambda odd: repr(odd.name))
def test_an_odd_image(images, odd):
    folder, made = images
    if odd.name not in made:
        pytest.skip("the superuser may read everything" if odd.name == LOCKED else "this system cannot make it")
    path = folder / odd.name
    if not odd.opens:
        for read in (read_image, lambda each: read_thumbnail(each, 32)):
            with pytest.raises(ImageError) as error:
                read(path)
            assert one_sentence(str(error.value), odd.name, odd.sentence)
        return
    pixels = read_image(path)
    assert pixels.shape == (*odd.hw, 3)
    assert pixels.dtype == np.uint8
    np.testing.assert_allclose(pixels[0, 0].astype(int), odd.pixel, atol=odd.atol)
    assert read_size(path) == odd.hw
    small = read_thumbnail(path, 32)
    assert max(small.shape[:2]) == min(max(odd.hw), 32)
    assert count_pictures(path) == (3 if odd.sentence else 1)


def test_the_folder_lists_what_can_be_shown(images):
    folder, made = images
    data = open_dataset(folder)
    listed = {data.image_path(row).name for row in range(len(data))}
    assert listed == {odd.name for odd in ODD_IMAGES if odd.listed and odd.name in made}


@pytest.mark.parametrize("odd", ODD_ANNOTATIONS, ids=lambda odd: odd.name)
def test_an_odd_annotation(annotations, odd):
    image = annotations / f"{odd.name}.jpg"
    path = annotation_path_for(image)
    if odd.objects is None:
        with pytest.raises(DatasetError) as error:
            read_voc(path, image)
        assert one_sentence(str(error.value), path.name, odd.words)
        return
    found = read_voc(path, image)
    assert len(found.ground_truth) == odd.objects
    assert bool(found.warnings) == bool(odd.words)
    if odd.words:
        assert one_sentence(found.warnings[0], path.name, odd.words)
