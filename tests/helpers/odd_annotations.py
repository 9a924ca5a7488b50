"""VOC files as people really have them, made by code: broken, hostile, and with boxes that make no sense.

Each stands beside a sound image and knows what is expected of it: how many objects and which warning, or words of the
one sentence said instead. The image opens in any case.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

HW = (96, 128)
SIZE = "<size><width>128</width><height>96</height><depth>3</depth></size>"
MANY = 1000


@dataclass(frozen=True)
class OddAnnotation:
    """One file.

    Attributes:
        name: of the image, without suffix.
        text: of the XML.
        objects: how many it has; None where it cannot be read.
        words: of the sentence said instead, or of the first warning; "" where nothing is said.
        orientation: of the image beside it, as EXIF has it.
    """

    name: str
    text: str
    objects: int | None
    words: str = ""
    orientation: int = 1


def write_all(folder: Path) -> list[tuple[Path, OddAnnotation]]:
    """All of them with their images; the paths of the images."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for odd in ODD_ANNOTATIONS:
        image = Image.new("RGB", (HW[1], HW[0]), (90, 140, 190))
        exif = image.getexif()
        exif[0x0112] = odd.orientation
        path = folder / f"{odd.name}.jpg"
        image.save(path, exif=exif)
        path.with_suffix(".xml").write_text(odd.text, encoding="utf-8")
        made.append((path, odd))
    return made


def _object(*corners: object, name: str = "cat") -> str:
    box = "".join(
        f"<{side}>{corner}</{side}>" for side, corner in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
    )
    return f"<object><name>{name}</name><bndbox>{box}</bndbox></object>"


def _file(*objects: str, size: str = SIZE) -> str:
    return f"<annotation>{size}{''.join(objects)}</annotation>"


_GOOD = _object(10, 10, 60, 60)
_BOMB = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {name} "{f"&{chr(ord(name) - 1)};" * 10}">' for name in "bcdefghij")
    + "]><annotation>&j;</annotation>"
)
_OUTSIDE_FILE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]><annotation>&f;</annotation>'

ODD_ANNOTATIONS: tuple[OddAnnotation, ...] = (
    OddAnnotation("sound", _file(_GOOD), 1),
    OddAnnotation("broken", "<annotation><object>", None, "is broken XML at line 1"),
    OddAnnotation("empty", "", None, "is empty (0 bytes)"),
    OddAnnotation("no xml", "10 10 60 60 cat", None, "is broken XML at line 1"),
    OddAnnotation("another xml", "<kml/>", None, "its root is <kml>"),
    OddAnnotation("bomb", _BOMB, None, "declares the XML entity"),
    OddAnnotation("outside file", _OUTSIDE_FILE, None, "declares the XML entity"),
    OddAnnotation("zero area", _file(_GOOD, _object(20, 20, 20, 50)), 2, "object 2 (cat) [20, 20, 20, 50] has no area"),
    OddAnnotation("swapped corners", _file(_object(60, 10, 10, 60)), 1, "object 1 (cat) [60, 10, 10, 60] has no area"),
    OddAnnotation("not a number", _file(_object("NaN", 1, 2, 3)), None, "xmin 'NaN', which is no place in an image"),
    OddAnnotation("infinite", _file(_object(1, 1, "inf", 3)), None, "xmax 'inf', which is no place in an image"),
    OddAnnotation("words", _file(_object("left", 1, 2, 3)), None, "xmin 'left', which is not a number"),
    OddAnnotation("negative", _file(_object(-20, -10, 60, 60)), 1, "reaches over the edge of the image of 128 x 96 px"),
    OddAnnotation("outside", _file(_object(500, 500, 600, 600)), 1, "lies outside the image of 128 x 96 px"),
    OddAnnotation("very many", _file(*[_object(x % 90, x % 60, x % 90 + 30, x % 60 + 30) for x in range(MANY)]), MANY),
    OddAnnotation("unknown class", _file(_object(10, 10, 60, 60, name="unicorn 🦄")), 1),
    OddAnnotation("very long class", _file(_object(10, 10, 60, 60, name="x" * 5000)), 1),
    OddAnnotation("no objects", _file(), 0),
    OddAnnotation("no name", _file("<object><bndbox/></object>"), None, "object 1 has no <name>"),
    OddAnnotation(
        "wrong size", _file(_GOOD, size=SIZE.replace("128", "640")), 1,
        "is written for an image of 640 x 96 px, but the image has 128 x 96",
    ),
    OddAnnotation("nonsense size", _file(_GOOD, size="<size><width>wide</width><height>-1</height></size>"), 1),
    OddAnnotation("no size", _file(_GOOD, size=""), 1),
    OddAnnotation(
        "sides swapped by exif", _file(_object(100, 10, 120, 60)), 1,
        "is written for an image of 128 x 96 px, but the image has 96 x 128", orientation=6,
    ),
)  # fmt: skip
