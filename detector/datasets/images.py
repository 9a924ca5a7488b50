"""Image files as uint8 RGB arrays, upright: whatever the format, one kind of picture comes out.

What the other kinds of pixels become:

* grey, palette, CMYK, 1 bit: their RGB equivalent.
* transparent (RGBA, LA, a palette or a colour with transparency): laid over white, as viewers show it. The colours
  below fully transparent pixels are arbitrary, often black; dropping alpha would show them.
* 16-bit grey: the range of 8, 10, 12, 14 or 16 bits, the first that holds all values, on the 8-bit one. Cameras and
  microscopes of 10 to 14 bits write 16-bit files, which over the whole range would be nearly black. Not stretched to
  the darkest and brightest pixel: within a range the same grey gives the same input to a network in every image.
* 32-bit integers: as 16-bit where all values fit (older programs store 16-bit grey like that), else stretched.
* floats: as 16-bit, or 0..1 where that holds all values; else stretched. NaN becomes black.

EXIF orientation is applied here and nowhere else. Of an animation or a stack the first picture is read;
`count_pictures` says how many there are.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from detector.datasets.errors import CutOffError, ImageError
from detector.datasets.image_ends import has_its_end

Pixels: TypeAlias = NDArray[np.uint8]

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib", ".gif", ".tif", ".tiff", ".webp"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".avif", ".tga", ".ico"}
)
"""Suffixes, in lower case, of the files that a folder shows as images."""

_FORMATS = ("JPEG", "PNG", "BMP", "DIB", "GIF", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF", "TGA", "ICO")
"""Pillow goes by content, not by name: without this list a PostScript file called photo.jpg would start Ghostscript."""

MAX_PIXELS = 400_000_000
"""Larger images are refused before anything is decoded: at 400 megapixels the array alone takes 1.2 GB."""

# Pillow warns above 89 megapixels and refuses above 179; both are ordinary slides here. The limit above is checked on
# the header of every file instead. (Silencing the warning around each call is not safe with threads.)
Image.MAX_IMAGE_PIXELS = None

_STRIP_PIXELS = 32_000_000
"""Of a picture with more than these a strip at a time is made to RGB: it takes twice as long, but never a third time
the memory."""

_ORIENTATION_TAG = 0x0112
_SEVERAL = ("TIFF", "GIF", "WEBP", "PNG")
"""Formats of stacks and animations. Not JPEG: telephones hide small companions behind the photograph."""

_GREY_RANGES = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)
"""The brightest value of 8, 10, 12, 14 and 16 bits."""

_NUMERIC_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")


def read_image(path: str | os.PathLike[str]) -> Pixels:
    """The picture of a file, upright: uint8 (H, W, 3) RGB.

    Raises:
        ImageError: one sentence that names the file: missing, a folder, empty, no permission, not an image, cut off,
            damaged, or more than `MAX_PIXELS`.
    """
    with _opened(Path(path)) as image:
        image.load()
        # Asked for after loading: Pillow turns TIFFs itself while loading and then says 1.
        return _upright(_rgb(image), _orientation(image))


def read_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """(height, width) of the upright picture, from the file's header: nothing is decoded.

    Raises:
        ImageError: as `read_image`, except for damage behind the header.
    """
    path = Path(path)
    with _opened(path) as image:
        width, height = image.size
        if image.format == "TIFF":  # Pillow gives the size of a TIFF already turned
            return height, width
        if image.format == "PNG" and "exif" not in image.info and not _png_has_exif(path):
            return height, width  # Pillow would decode the whole file to look for orientation at its end
        return (width, height) if _orientation(image) >= 5 else (height, width)


def damage_of(path: str | os.PathLike[str]) -> ImageError | None:
    """Why the pixels of a picture cannot be read to the end; None where they can.

    Where the end of the file says so none is decoded, so that this takes no longer than `read_size`.

    Returns:
        As `read_image` raises it; a `CutOffError` where the file ends before the picture does.
    """
    path = Path(path)
    with contextlib.suppress(OSError):  # said below
        if has_its_end(path):
            return None
    try:
        with _opened(path) as image:
            image.load()
    except ImageError as error:
        return error
    return None


def read_orientation(path: str | os.PathLike[str]) -> int:
    """EXIF orientation of a picture, 1 to 8: how it is turned to be upright; 1 where there is none.

    Raises:
        ImageError: as `read_size`.
    """
    with _opened(Path(path)) as image:
        return _orientation(image)


def turned_boxes(boxes: NDArray[np.float32], image_hw: tuple[int, int], orientation: int) -> NDArray[np.float32]:
    """Boxes in a picture as it is stored, as they are in the upright one.

    Args:
        boxes: (N, 4) xyxy.
        image_hw: (height, width) of the picture as it is stored.
        orientation: EXIF's, 1 to 8.
    """
    height, width = image_hw
    turned = boxes.copy()
    if orientation >= 5:
        turned = turned[:, [1, 0, 3, 2]]
        height, width = width, height
    # The same steps as in `_upright`; what was the left side is then the right one.
    if orientation in (2, 3, 6, 7):
        turned[:, [0, 2]] = width - turned[:, [2, 0]]
    if orientation in (3, 4, 7, 8):
        turned[:, [1, 3]] = height - turned[:, [3, 1]]
    return turned


def count_pictures(path: str | os.PathLike[str]) -> int:
    """How many pictures a file holds, of which `read_image` reads the first: pages of a TIFF, frames of an animation.

    Raises:
        ImageError: as `read_size`.
    """
    with _opened(Path(path)) as image:
        try:
            return int(getattr(image, "n_frames", 1)) if image.format in _SEVERAL else 1
        except Exception:  # damage behind the first picture, which is all that is read
            return 1


def read_thumbnail(path: str | os.PathLike[str], side: int) -> Pixels:
    """A small upright picture whose longer side is at most `side` pixels: uint8 (h, w, 3) RGB; never enlarged.

    JPEGs are decoded at a fraction of their size, many times faster than whole.

    Raises:
        ImageError: as `read_image`.
        ValueError: where `side` is below 1.
    """
    if side < 1:
        raise ValueError(f"A thumbnail has a side of 1 px or more, not {side}.")
    with _opened(Path(path)) as image:
        image.draft(None, (side, side))
        image.load()
        orientation = _orientation(image)
        small: Image.Image = image
        if image.mode not in ("RGB", "L", "CMYK", "YCbCr") or image.has_transparency_data:
            small = Image.fromarray(_rgb(image))
        small.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
        return _upright(_rgb(small), orientation)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The opened file; every error inside becomes an ImageError that names it."""
    try:
        _check_file(path)
        with Image.open(path, formats=_FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise ImageError(
                    f"'{path}' is too large: {width} x {height} pixels, where at most "
                    f"{MAX_PIXELS // 1_000_000} megapixels are opened."
                )
            if width < 1 or height < 1:
                raise ImageError(f"'{path}' holds no pixels: it is {width} x {height}.")
            yield image
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(f"'{path}' is not an image, or its beginning is damaged.") from None
    except MemoryError:
        raise ImageError(f"'{path}' needs more memory than there is.") from None
    # Damaged files make Pillow's readers raise almost anything (struct.error, SyntaxError, IndexError, zlib.error ...).
    except Exception as error:
        raise _damage(path, error) from error


def _check_file(path: Path) -> None:
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise ImageError(f"'{path}' is a folder, not an image.")
        if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for ever
            raise ImageError(f"'{path}' is not an ordinary file.")
        if found.st_size == 0:
            raise ImageError(f"'{path}' is empty (0 bytes).")
        path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError):
        raise ImageError(f"There is no file '{path}'.") from None
    except PermissionError:
        raise ImageError(f"'{path}' may not be read: permission denied.") from None
    except OSError as error:
        raise ImageError(f"'{path}' cannot be read ({error.strerror or error}).") from None


def _damage(path: Path, error: Exception) -> ImageError:
    text = " ".join(str(error).split()).rstrip(".")
    if "truncated" in text.lower() or isinstance(error, EOFError):
        return CutOffError(f"'{path}' is cut off: the file ends before the picture is complete.")
    return ImageError(f"'{path}' is damaged and cannot be decoded ({text or type(error).__name__}).")


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 where there is none or it makes no sense."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # damaged EXIF in a sound picture: the picture is shown as it is stored
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _png_has_exif(path: Path) -> bool:
    """Whether a PNG has an eXIf chunk, also behind the pixels; walks the chunk headers only."""
    with path.open("rb") as file:
        file.seek(8)
        while len(header := file.read(8)) == 8:
            if header[4:] == b"eXIf":
                return True
            file.seek(int.from_bytes(header[:4], "big") + 4, os.SEEK_CUR)
    return False


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    # What is left after swapping the axes: mirrored left-right, upside down, or both.
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _rgb(image: Image.Image) -> Pixels:
    """RGB pixels, not turned."""
    if image.mode in _NUMERIC_MODES:
        grey = _grey_of_numbers(np.asarray(image), image.mode)
        return np.repeat(grey[:, :, None], 3, axis=2)
    width, height = image.size
    rows = max(1, _STRIP_PIXELS // width)
    if rows >= height:
        return _rgb_strip(image)
    pixels = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        pixels[top:bottom] = _rgb_strip(image.crop((0, top, width, bottom)))
    return pixels


def _rgb_strip(image: Image.Image) -> Pixels:
    if not image.has_transparency_data:
        return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
    clear = image.convert("RGBA")
    white = Image.new("RGBA", clear.size, (255, 255, 255, 255))
    white.alpha_composite(clear)
    return np.asarray(white.convert("RGB"))


def _grey_of_numbers(values: NDArray[np.generic], mode: str) -> Pixels:
    """8-bit grey of 16-bit, 32-bit or float pixels, (H, W); the rules stand at the top of this file."""
    numbers = np.asarray(values, np.float32)
    if mode == "F":
        numbers = np.nan_to_num(numbers, nan=0.0)  # infinities become the largest floats
    low, high = float(numbers.min()), float(numbers.max())
    ranges = (1.0, *_GREY_RANGES) if mode == "F" else _GREY_RANGES
    fitting = next((top for top in ranges if low >= 0 and high <= top), None)
    if fitting is not None:
        low, high = 0.0, fitting
    # In double precision: the difference of two extreme floats has no float32.
    scaled = (numbers.astype(np.float64) - low) * (255.0 / max(high - low, 1e-30))
    return np.rint(scaled).astype(np.uint8)
