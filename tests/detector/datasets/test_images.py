"""Every kind of image comes out as upright uint8 RGB; every broken one as one sentence with its name."""

import contextlib
import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from detector.datasets import ImageError, read_image, read_size, read_thumbnail
from detector.datasets import images as images_module

RAMP = np.add.outer(np.arange(30) * 4, np.arange(40) * 3).astype(np.uint8)  # 30 x 40, 0 .. 233
COLOURS = np.stack([RAMP, RAMP[::-1], RAMP[:, ::-1]], axis=-1)


def sentence(error) -> str:
    """The message, checked to be one sentence."""
    text = str(error.value)
    assert text.endswith(".")
    assert "\n" not in text
    assert len(text) < 300
    return text


def saved(path, image, **options):
    image.save(path, **options)
    return path


def test_rgb_as_it_is(tmp_path):
    path = saved(tmp_path / "a.png", Image.fromarray(COLOURS))
    pixels = read_image(path)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    np.testing.assert_array_equal(pixels, COLOURS)
    assert read_size(str(path)) == (30, 40)


def test_grey(tmp_path):
    pixels = read_image(saved(tmp_path / "a.png", Image.fromarray(RAMP)))
    np.testing.assert_array_equal(pixels, np.repeat(RAMP[:, :, None], 3, axis=2))


def test_one_bit(tmp_path):
    pixels = read_image(saved(tmp_path / "a.png", Image.fromarray(RAMP > 100)))
    np.testing.assert_array_equal(pixels[..., 1], np.where(RAMP > 100, 255, 0))


def test_palette(tmp_path):
    image = Image.fromarray(COLOURS).quantize(16)
    np.testing.assert_array_equal(read_image(saved(tmp_path / "a.gif", image)), np.asarray(image.convert("RGB")))


def test_palette_with_transparency_lies_on_white(tmp_path):
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8))
    image.putpalette([10, 20, 30, 200, 100, 50, 0, 0, 0])
    path = saved(tmp_path / "a.png", image, transparency=bytes([255, 0, 255]))
    np.testing.assert_array_equal(read_image(path), [[[10, 20, 30], [255, 255, 255]], [[0, 0, 0], [255, 255, 255]]])


def test_cmyk(tmp_path):
    inks = np.zeros((8, 8, 4), np.uint8)
    inks[:, :4, 0] = 255  # cyan: no red
    pixels = read_image(saved(tmp_path / "a.jpg", Image.fromarray(inks, "CMYK"), quality=100)).astype(int)
    assert pixels[4, 1, 0] < 20
    assert pixels[4, 1, 1] > 235
    assert pixels[4, 6].min() > 235


@pytest.mark.parametrize(("mode", "colour"), [("RGBA", (255, 0, 0)), ("LA", (80, 80, 80))])
def test_alpha_lies_on_white(tmp_path, mode, colour):
    fill = colour if mode == "RGBA" else colour[:1]
    image = Image.new(mode, (3, 1))
    for x, alpha in enumerate((255, 0, 128)):
        image.putpixel((x, 0), (*fill, alpha))
    pixels = read_image(saved(tmp_path / "a.png", image))[0].astype(int)
    np.testing.assert_array_equal(pixels[0], colour)
    np.testing.assert_array_equal(pixels[1], (255, 255, 255))
    # 128/255 of the colour over white
    np.testing.assert_allclose(pixels[2], [(each * 128 + 255 * 127) / 255 for each in colour], atol=1)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_uses_the_whole_range(tmp_path, suffix):
    values = np.array([[0, 257, 65535], [128 * 257, 1000, 65000]], np.uint16)
    pixels = read_image(saved(tmp_path / f"a.{suffix}", Image.fromarray(values)))
    # 1000 / 257 = 3.89; 65000 / 257 = 252.9
    np.testing.assert_array_equal(pixels[..., 0], [[0, 1, 255], [128, 4, 253]])


def test_32_bit_whole_numbers(tmp_path):
    as_16_bit = Image.fromarray(np.array([[0, 25700]], np.int32))
    np.testing.assert_array_equal(read_image(saved(tmp_path / "a.tif", as_16_bit))[0, :, 0], [0, 100])
    stretched = Image.fromarray(np.array([[-1000, 0, 1000]], np.int32))
    np.testing.assert_array_equal(read_image(saved(tmp_path / "b.tif", stretched))[0, :, 0], [0, 128, 255])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0.5, 1], [0, 128, 255]),
        ([0, 100, 255], [0, 100, 255]),
        ([0, 25700, 65535], [0, 100, 255]),
        ([-1, 0, 1], [0, 128, 255]),
        ([float("nan"), 0, 1], [0, 0, 255]),
        ([float("-inf"), 0, float("inf")], [0, 128, 255]),
        ([7e8, 7e8, 7e8], [0, 0, 0]),
    ],
)
def test_float_tiff(tmp_path, values, expected):
    path = saved(tmp_path / "a.tif", Image.fromarray(np.array([values], np.float32)))
    np.testing.assert_array_equal(read_image(path)[0, :, 2], expected)


def exif_file(path, orientation, image=None):
    image = image or Image.fromarray(COLOURS)
    exif = image.getexif()
    exif[0x0112] = orientation
    return saved(path, image, exif=exif)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once(tmp_path, orientation, suffix):
    path = exif_file(tmp_path / f"a.{suffix}", orientation)
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    pixels = read_image(path)
    np.testing.assert_array_equal(pixels, expected)
    assert pixels.shape == ((40, 30, 3) if orientation >= 5 else (30, 40, 3))
    assert read_size(path) == pixels.shape[:2]
    assert read_thumbnail(path, 20).shape == ((20, 15, 3) if orientation >= 5 else (15, 20, 3))


def test_exif_at_the_end_of_a_png(tmp_path):
    file = io.BytesIO()
    Image.fromarray(COLOURS).save(file, "PNG")
    exif = Image.Exif()
    exif[0x0112] = 6
    content = exif.tobytes()[6:]
    chunk = struct.pack(">I", len(content)) + b"eXIf" + content + struct.pack(">I", zlib.crc32(b"eXIf" + content))
    path = tmp_path / "late.png"
    path.write_bytes(file.getvalue()[:-12] + chunk + file.getvalue()[-12:])
    assert read_size(path) == (40, 30)
    np.testing.assert_array_equal(read_image(path), np.rot90(COLOURS, -1))


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_does_not_exist_counts_for_nothing(tmp_path, orientation):
    assert read_size(exif_file(tmp_path / "a.jpg", orientation)) == (30, 40)


def test_one_pixel(tmp_path):
    path = saved(tmp_path / "a.png", Image.new("RGB", (1, 1), (1, 2, 3)))
    np.testing.assert_array_equal(read_image(path), [[[1, 2, 3]]])
    assert read_thumbnail(path, 64).shape == (1, 1, 3)


def test_108_megapixels(tmp_path):
    path = saved(tmp_path / "wide.png", Image.new("1", (12_000, 9_000), 1), compress_level=1)
    assert read_size(path) == (9_000, 12_000)
    pixels = read_image(path)
    assert pixels.shape == (9_000, 12_000, 3)
    assert pixels[0, 0, 0] == pixels[-1, -1, 2] == 255


def test_strips_join_without_a_seam(tmp_path, monkeypatch):
    monkeypatch.setattr(images_module, "_STRIP_PIXELS", 7 * 40)
    path = saved(tmp_path / "a.png", Image.fromarray(COLOURS).convert("RGBA"))
    np.testing.assert_array_equal(read_image(path), COLOURS)


def test_larger_than_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(images_module, "MAX_PIXELS", 1_000_000)
    path = saved(tmp_path / "huge.png", Image.new("1", (2_000, 1_000)))
    for read in (read_image, read_size):
        with pytest.raises(ImageError) as error:
            read(path)
        assert "huge.png" in sentence(error)
        assert "2000 x 1000" in sentence(error)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "I;16", "RGBA", "CMYK"])
def test_thumbnail(tmp_path, mode):
    values = np.zeros((300, 600), np.uint16)
    image = Image.fromarray(values) if mode == "I;16" else Image.new(mode, (600, 300))
    path = saved(tmp_path / ("a.jpg" if mode == "CMYK" else "a.png"), image)
    small = read_thumbnail(path, 60)
    assert small.shape == (30, 60, 3)
    assert small.dtype == np.uint8
    with pytest.raises(ValueError, match="1 px or more"):
        read_thumbnail(path, 0)


def jpeg() -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, "JPEG")
    return file.getvalue()


def test_missing(tmp_path):
    with pytest.raises(ImageError, match="no file") as error:
        read_image(tmp_path / "gone.jpg")
    assert "gone.jpg" in sentence(error)


def test_empty(tmp_path):
    path = tmp_path / "empty.jpg"
    path.touch()
    with pytest.raises(ImageError, match="is empty") as error:
        read_image(path)
    assert "empty.jpg" in sentence(error)


def test_a_folder(tmp_path):
    path = tmp_path / "folder.jpg"
    path.mkdir()
    with pytest.raises(ImageError, match="is a folder") as error:
        read_image(path)
    assert "folder.jpg" in sentence(error)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ImageError, match="not an ordinary file"):
        read_image(tmp_path / "pipe.jpg")


@pytest.mark.parametrize("content", [b"hello, this is text\n", b"\x00" * 500, b"\xff\xd8\xff"])
def test_not_an_image(tmp_path, content):
    path = tmp_path / "text.jpg"
    path.write_bytes(content)
    with pytest.raises(ImageError, match="not an image") as error:
        read_image(path)
    assert "text.jpg" in sentence(error)


def encoded(kind) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(jpeg())).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF", "PPM"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_cut_off(tmp_path, kind, share):
    whole = encoded(kind)
    path = tmp_path / "half.img"
    path.write_bytes(whole[: int(len(whole) * share)])
    for read in (read_image, lambda each: read_thumbnail(each, 32)):
        with pytest.raises(ImageError) as error:
            read(path)
        assert "half.img" in sentence(error)


def test_cut_off_is_said_so(tmp_path):
    path = tmp_path / "half.jpg"
    path.write_bytes(jpeg()[:5000])
    with pytest.raises(ImageError, match="is cut off"):
        read_image(path)
    assert read_size(path) == (120, 160)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may read everything")
def test_no_permission(tmp_path):
    path = saved(tmp_path / "locked.png", Image.new("L", (2, 2)))
    path.chmod(0)
    with pytest.raises(ImageError, match="permission denied") as error:
        read_image(path)
    assert "locked.png" in sentence(error)


def test_no_permission_by_the_system(tmp_path, monkeypatch):
    path = saved(tmp_path / "locked.png", Image.new("L", (2, 2)))

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(ImageError, match="permission denied"):
        read_image(path)


def test_random_damage_never_raises_anything_else(tmp_path):
    rng = np.random.default_rng(1)
    path = tmp_path / "damaged.img"
    for kind in ("JPEG", "PNG", "TIFF", "GIF", "BMP"):
        whole = np.frombuffer(encoded(kind), np.uint8)
        for _ in range(15):
            content = whole.copy()
            content[rng.integers(0, min(len(content), 600), 6)] = rng.integers(0, 256, 6)
            path.write_bytes(content.tobytes())
            with contextlib.suppress(ImageError):  # sound enough or refused; anything else fails the test
                assert read_image(path).dtype == np.uint8


def test_content_that_would_start_another_program_is_no_image(tmp_path) -> None:
    # Pillow goes by content: PostScript under the name of a photo would be handed to Ghostscript.
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n")
    with pytest.raises(ImageError, match=r"photo\.jpg' is not an image"):
        read_image(path)
