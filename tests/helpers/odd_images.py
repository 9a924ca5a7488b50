"""A folder of images as people really have them, made by code: odd kinds of pixels, odd sizes, odd names, damage.

Each knows what is expected of it: the size and first pixel it opens with, or words of the one sentence said instead.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

HW = (48, 64)
LOCKED = "locked.png"
COLOUR = (200, 120, 40)


@dataclass(frozen=True)
class Odd:
    """One file.

    Attributes:
        name: of the file.
        write: makes it.
        hw: (height, width) it opens with; None where it cannot be opened.
        pixel: the first one, RGB.
        atol: how far the pixel may be off; lossy formats.
        sentence: words that are said instead, or in a warning.
        listed: a folder shows it.
    """

    name: str
    write: Callable[[Path], None]
    hw: tuple[int, int] | None = HW
    pixel: tuple[int, int, int] = COLOUR
    atol: int = 0
    sentence: str = ""
    listed: bool = True

    @property
    def opens(self) -> bool:
        return self.hw is not None


def write_all(folder: Path) -> list[Odd]:
    """All of them into a folder; left out is what this system cannot make, and a locked file where one may read all."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for odd in ODD_IMAGES:
        if odd.name == LOCKED and reads_everything():
            continue
        try:
            odd.write(folder / odd.name)
        except (OSError, UnicodeError) as error:  # a name that the file system refuses
            print(f"{odd.name!r} cannot be made here: {error}")
            continue
        made.append(odd)
    return made


def reads_everything() -> bool:
    """Permissions do not hold the superuser."""
    return os.name != "posix" or os.geteuid() == 0


def _saved(mode: str = "RGB", **options: object) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        _plain().convert(mode).save(path, **options)

    return write


def _plain(hw: tuple[int, int] = HW) -> Image.Image:
    return Image.new("RGB", (hw[1], hw[0]), COLOUR)


def _of_size(height: int, width: int) -> Callable[[Path], None]:
    return lambda path: _plain((height, width)).save(path)


def _of_numbers(value: float, kind: str, brightest: float) -> Callable[[Path], None]:
    """Grey of one value, with one pixel at the brightest."""

    def write(path: Path) -> None:
        values = np.full(HW, value, kind)
        values[-1, -1] = brightest
        Image.fromarray(values).save(path)

    return write


def _turned(orientation: int) -> Callable[[Path], None]:
    """A photograph whose upright corner at the top left has the colour, stored as a camera held like that stores it."""

    def write(path: Path) -> None:
        upright = np.full((*HW, 3), 10, np.uint8)
        upright[: HW[0] // 2, : HW[1] // 2] = COLOUR
        back = {
            1: lambda image: image,
            2: lambda image: image[:, ::-1],
            3: lambda image: image[::-1, ::-1],
            4: lambda image: image[::-1],
            5: lambda image: image.swapaxes(0, 1),
            6: lambda image: np.rot90(image),
            7: lambda image: image[::-1, ::-1].swapaxes(0, 1),
            8: lambda image: np.rot90(image, -1),
        }[orientation]
        image = Image.fromarray(np.ascontiguousarray(back(upright)))
        exif = image.getexif()
        exif[0x0112] = orientation
        image.save(path, exif=exif, quality=95)

    return write


def _palette(path: Path) -> None:
    image = Image.new("P", (HW[1], HW[0]), 1)
    image.putpalette([0, 0, 0, *COLOUR])
    image.save(path)


def _clear_palette(path: Path) -> None:
    image = Image.new("P", (HW[1], HW[0]), 1)
    image.putpalette([0, 0, 0, *COLOUR])
    image.save(path, transparency=1)


def _clear(mode: str) -> Callable[[Path], None]:
    """Wholly transparent, black below: white is seen."""
    return lambda path: Image.new(mode, (HW[1], HW[0])).save(path)


def _several(path: Path) -> None:
    frames = [_plain(), *(Image.new("RGB", (HW[1], HW[0]), (shade, shade, shade)) for shade in (20, 60))]
    options = {"lossless": True} if path.suffix == ".webp" else {}
    frames[0].save(path, save_all=True, append_images=frames[1:], **options)


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _bomb(path: Path) -> None:
    """Some hundred bytes that say they are 60,000 x 60,000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = _png_chunk(b"IHDR", header) + _png_chunk(b"IDAT", zlib.compress(bytes(1000))) + _png_chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)


def _cut(kind: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        noise = np.random.default_rng(0).integers(0, 255, (*HW, 3), np.uint8)
        whole = io.BytesIO()
        Image.fromarray(noise).save(whole, kind)
        path.write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])

    return write


def _contents(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


def _as(kind: str) -> Callable[[Path], None]:
    return lambda path: _plain().save(path, kind)


def _locked(path: Path) -> None:
    _plain().save(path)
    path.chmod(0)


def _link(path: Path) -> None:
    os.symlink("nowhere at all.png", path)


GREY = (128, 128, 128)
WHITE = (255, 255, 255)
NO_FILE, CUT_OFF, NO_IMAGE = "There is no file", "is cut off", "is not an image"

ODD_IMAGES: tuple[Odd, ...] = (
    # kinds of pixels
    Odd("grey.png", _saved("L"), pixel=(135, 135, 135), atol=2),  # 0.299 * 200 + 0.587 * 120 + 0.114 * 40 = 134.8
    Odd("grey.jpg", _saved("L", quality=95), pixel=(135, 135, 135), atol=2),
    Odd("palette.png", _palette),
    Odd("palette, transparent.png", _clear_palette, pixel=WHITE),
    Odd("cmyk.jpg", _saved("CMYK", quality=95), atol=6),
    Odd("8 in 16 bit.png", _of_numbers(128, "uint16", 255), pixel=GREY),
    Odd("10 in 16 bit.tif", _of_numbers(514, "uint16", 1023), pixel=GREY),  # 514 * 255 / 1023 = 128.1
    Odd("12 in 16 bit.tif", _of_numbers(2056, "uint16", 4095), pixel=GREY),  # 2056 * 255 / 4095 = 128.0
    Odd("12 in 16 bit.png", _of_numbers(2056, "uint16", 4095), pixel=GREY),
    Odd("14 in 16 bit.tif", _of_numbers(8224, "uint16", 16383), pixel=GREY),  # 8224 * 255 / 16383 = 128.0
    Odd("16 bit.png", _of_numbers(32896, "uint16", 65535), pixel=GREY),  # 32896 / 257 = 128
    Odd("16 bit.tif", _of_numbers(32896, "uint16", 65535), pixel=GREY),
    Odd("32 bit.tif", _of_numbers(32896, "int32", 65535), pixel=GREY),
    Odd("float, up to 1.tif", _of_numbers(0.502, "float32", 1), pixel=GREY),
    Odd("float, up to 4095.tif", _of_numbers(2056, "float32", 4095), pixel=GREY),
    Odd("float, not a number.tif", _of_numbers(float("nan"), "float32", 1), pixel=(0, 0, 0)),
    Odd("rgba.png", _saved("RGBA")),
    Odd("rgba, clear.png", _clear("RGBA"), pixel=WHITE),
    Odd("la, clear.png", _clear("LA"), pixel=WHITE),
    Odd("one bit.png", lambda path: Image.new("1", (HW[1], HW[0]), 1).save(path), pixel=WHITE),
    Odd("one bit.tif", lambda path: Image.new("1", (HW[1], HW[0]), 0).save(path), pixel=(0, 0, 0)),
    Odd("progressive.jpg", _saved(progressive=True, quality=95), atol=4),
    Odd("bitmap.bmp", _saved()),
    Odd("lossless.webp", _saved(lossless=True)),
    # several pictures
    Odd("animated.gif", _several, atol=6, sentence="holds 3 pictures; the first is shown"),
    Odd("animated.webp", _several, sentence="holds 3 pictures; the first is shown"),
    Odd("pages.tif", _several, sentence="holds 3 pictures; the first is shown"),
    # sizes
    Odd("1 x 1.png", _of_size(1, 1), (1, 1)),
    Odd("1 x 5000.png", _of_size(5000, 1), (5000, 1)),
    Odd("5000 x 1.png", _of_size(1, 5000), (1, 5000)),
    Odd("12000 wide.png", _of_size(90, 12_000), (90, 12_000)),
    Odd("bomb.png", _bomb, None, sentence="is too large: 60000 x 60000 pixels"),
    # turned
    *(Odd(f"turned {each}.jpg", _turned(each), atol=6) for each in range(1, 9)),
    # names
    Odd("wrong suffix.jpg", _as("PNG")),
    Odd("wrong suffix.png", _as("GIF"), atol=6),
    Odd("CAPITALS.PNG", _saved()),
    Odd("two.dots.png", _saved()),
    Odd("with  spaces .png", _saved()),
    Odd("Zellen äöü 細胞 🔬.png", _saved()),
    Odd("new\nline.png", _saved()),
    Odd("100% {name} %s.png", _saved()),
    # no images
    Odd("empty.jpg", _contents(b""), None, sentence="is empty (0 bytes)"),
    Odd("cut off.jpg", _cut("JPEG"), None, sentence=CUT_OFF),
    Odd("cut off.png", _cut("PNG"), None, sentence=CUT_OFF),
    Odd("cut off.tif", _cut("TIFF"), None, sentence=CUT_OFF),
    Odd("text.jpg", _contents(b"I am no photograph.\n"), None, sentence=NO_IMAGE),
    Odd("postscript.png", _contents(b"%!PS-Adobe-3.0 EPSF-3.0\nshowpage\n"), None, sentence=NO_IMAGE),
    Odd("empty\nwith a new line.png", _contents(b""), None, sentence="is empty (0 bytes)"),
    Odd("folder.jpg", lambda path: path.mkdir(), None, sentence="is a folder", listed=False),
    Odd("dangling link.jpg", _link, None, sentence=NO_FILE, listed=False),
    Odd(LOCKED, _locked, None, sentence="permission denied"),
)
