"""Pictures that are cut off are found by the ends of their files; sound ones are not decoded for it."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image, ImageFile

from detector.datasets.errors import CutOffError, ImageError
from detector.datasets.image_ends import has_its_end
from detector.datasets.images import damage_of, read_image

PIXELS = np.random.default_rng(3).integers(0, 255, (60, 80, 3), np.uint8)
SAVED = {
    "a.jpg": {},
    "progressive.jpg": {"progressive": True},
    "a.png": {},
    "a.gif": {},
    "a.webp": {},
    "lossless.webp": {"lossless": True},
    "a.bmp": {},
    "a.tif": {},
    "packed.tif": {"compression": "tiff_lzw"},
    "a.jp2": {},
    "a.avif": {},
}


def made(folder, name, **options):
    path = folder / name
    try:
        Image.fromarray(PIXELS).save(path, **SAVED.get(name, {}), **options)
    except (OSError, KeyError) as error:
        pytest.skip(f"Pillow here cannot write it: {error}")
    return path


@pytest.fixture
def decoding(monkeypatch):
    """Nothing may be decoded."""

    def refuse(self, *arguments):
        raise AssertionError("decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", refuse)


@pytest.mark.parametrize("name", SAVED)
def test_a_sound_file_is_not_decoded(tmp_path, name, decoding):
    path = made(tmp_path, name)
    assert has_its_end(path)
    assert damage_of(path) is None


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("name", SAVED)
def test_a_file_that_is_cut_off_is_found(tmp_path, name, share):
    path = made(tmp_path, name)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert not has_its_end(path)
    found = damage_of(path)
    with pytest.raises(ImageError) as read:
        read_image(path)
    assert str(found) == str(read.value)
    if name.endswith(("jpg", "png", "bmp")):
        assert isinstance(found, CutOffError)
        assert str(found) == f"'{path}' is cut off: the file ends before the picture is complete."


@pytest.mark.parametrize("name", ["a.jpg", "progressive.jpg", "a.png"])
@pytest.mark.parametrize("behind", [b"\0" * 5000, b"SEFT and what a telephone says" * 9, b"x" * 3_000_000])
def test_what_stands_behind_a_picture_does_not_matter(tmp_path, name, behind, decoding):
    path = made(tmp_path, name)
    path.write_bytes(path.read_bytes() + behind)
    assert damage_of(path) is None


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_small_picture_in_the_header_is_not_the_picture(tmp_path, share):
    small = made(tmp_path, "small.jpg").read_bytes()
    exif = Image.Exif()
    exif[0x9286] = small  # a comment that holds a whole JPEG
    path = made(tmp_path, "a.jpg", exif=exif)
    assert small in path.read_bytes()
    assert damage_of(path) is None
    path.write_bytes(path.read_bytes()[: int(len(path.read_bytes()) * share)])
    assert isinstance(damage_of(path), CutOffError)


def test_formats_whose_end_nobody_knows_are_decoded(tmp_path):
    path = made(tmp_path, "a.ppm")
    assert not has_its_end(path)
    assert damage_of(path) is None
    path.write_bytes(path.read_bytes()[:-1])
    assert isinstance(damage_of(path), CutOffError)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff\xd8", b"\xff\xd8\xff\xe0\0\0", b"\xff\xd8\xff\xda\0\2", b"\x89PNG\r\n\x1a\n", b"BM",
        b"GIF89a", b"RIFF", b"MM\0*\0\0\0\x08\0\1\1\x11\0\4\xff\xff\xff\xff\0\0\0\0",
        b"II*\0\x08\0\0\0\xff\xff", b"\0\0\0\x01ftypavif", struct.pack(">I4sQ", 1, b"ftyp", 2**63), b"\0\0\0\0ftyp",
    ],
)  # fmt: skip
def test_headers_that_lead_nowhere(tmp_path, data):
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    assert isinstance(damage_of(path), ImageError)


def test_no_file(tmp_path):
    assert "There is no file" in str(damage_of(tmp_path / "a.jpg"))
    assert "is a folder" in str(damage_of(tmp_path))
