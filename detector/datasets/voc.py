"""Pascal VOC: one XML file an image, in a root with Annotations/, JPEGImages/ and ImageSets/Main/.

Coordinates are taken as written, without a shift by one pixel; floats are accepted. Nothing is repaired: a box outside
the image or without area is kept as it stands and gets a warning, so that a save loses nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as PlainTree  # builds and types only; every file is parsed by defusedxml

import defusedxml
import numpy as np
from defusedxml import ElementTree as SafeTree

from detector.datasets.errors import DatasetError, ImageError
from detector.datasets.files import names_in, natural_key, write_atomic
from detector.datasets.images import IMAGE_SUFFIXES, read_size
from detector.datasets.records import Dataset, Sample
from detector.ground_truth import GroundTruth

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_LARGEST = 1e7  # px; far above any image, and below it float32 still tells pixels apart


@dataclass(frozen=True, slots=True, eq=False)
class VocFile:
    """One annotation file.

    Attributes:
        ground_truth: its objects, as written.
        image_hw: (height, width) that it states, or None.
        filename: the image name that it states; may be wrong, the stem of the XML file decides.
        warnings: one sentence an oddity, each with the file's name.
    """

    ground_truth: GroundTruth
    image_hw: tuple[int, int] | None
    filename: str
    warnings: tuple[str, ...]


def is_voc_root(path: Path) -> bool:
    """Whether a folder is laid out as a VOC root."""
    return (path / "JPEGImages").is_dir() and any((path / part).is_dir() for part in ("Annotations", "ImageSets"))


def voc_splits(root: Path) -> tuple[str, ...]:
    """Names of the splits of a root: the files of ImageSets/Main."""
    folder = root / "ImageSets" / "Main"
    return tuple(Path(name).stem for name in names_in(folder, {".txt"})) if folder.is_dir() else ()


class VocDataset(Dataset):
    """A VOC root, or one split of it.

    Without a split it holds every image of JPEGImages and every annotation (one without its image is an error when
    that sample is asked for). With a split: the rows of ImageSets/Main/<split>.txt, in their order.
    """

    def __init__(self, root: Path, split: str | None = None) -> None:
        """List the names; nothing else is read.

        Raises:
            DatasetError: where a folder cannot be listed or the split does not exist.
        """
        super().__init__(root.resolve().name + (f" {split}" if split else ""), root)
        # Where two images share a stem, .jpg comes first in this order and wins.
        images = sorted(
            names_in(root / "JPEGImages", IMAGE_SUFFIXES), key=lambda name: not name.lower().endswith("jpg")
        )
        self._images: dict[str, str] = {}
        for name in images:
            self._images.setdefault(Path(name).stem, name)
        folder = root / "Annotations"
        self._annotated = {Path(name).stem for name in names_in(folder, {".xml"})} if folder.is_dir() else set()
        known = self._images.keys() | self._annotated
        self._stems = _split_stems(root, split, known) if split else sorted(known, key=natural_key)

    def __len__(self) -> int:
        return len(self._stems)

    def image_path(self, row: int) -> Path:
        """The image file of a row, found by its stem whatever its suffix.

        Raises:
            DatasetError: where there is none.
        """
        stem = self._stems[row]
        if stem not in self._images:
            raise DatasetError(f"There is no image '{stem}' in '{self.root / 'JPEGImages'}'.")
        return self.root / "JPEGImages" / self._images[stem]

    def read(self, row: int) -> Sample:
        """The sample of a row.

        Raises:
            DatasetError: where its annotation is broken or its image is not there.
        """
        image_path = self.image_path(row)
        annotation_path = self.root / "Annotations" / f"{self._stems[row]}.xml"
        if self._stems[row] not in self._annotated:
            return Sample(image_path, warnings=(f"There is no annotation '{annotation_path}'.",))
        return sample_of(image_path, annotation_path)


def sample_of(image_path: Path, annotation_path: Path) -> Sample:
    """An image with its VOC file.

    Raises:
        DatasetError: where the annotation is broken.
    """
    found = read_voc(annotation_path, image_path)
    return Sample(image_path, found.ground_truth, annotation_path, found.warnings)


def _split_stems(root: Path, split: str, known: set[str]) -> list[str]:
    path = root / "ImageSets" / "Main" / f"{split}.txt"
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        there = ", ".join(voc_splits(root)) or "none"
        raise DatasetError(f"'{root}' has no split '{split}' (there: {there}).") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"The split '{path}' cannot be read ({error}).") from None
    return [_stem_of_line(line.strip(), known) for line in lines if line.strip()]


def _stem_of_line(line: str, known: set[str]) -> str:
    """A line is a stem; some write the file name, and the lists of one class add -1, 0 or 1."""
    name, _, mark = line.rpartition(" ")
    for candidate in (line, name.rstrip() if mark in ("-1", "0", "1") else line):
        if candidate in known:
            return candidate
        if Path(candidate).suffix.lower() in IMAGE_SUFFIXES:
            return Path(candidate).stem
    return name.rstrip() if mark in ("-1", "0", "1") else line


def read_voc(path: Path, image_path: Path | None = None) -> VocFile:
    """Read one annotation file.

    Args:
        path: the XML file.
        image_path: its image, asked for its real size; a file written for another size is warned about.

    Raises:
        DatasetError: one sentence with the file and the place: missing, empty, broken XML (line and column), another
            kind of XML, entities declared, an object without name, box or number (by its number, from 1).
    """
    root = _parsed(path)
    if root.tag != "annotation":
        raise DatasetError(f"'{path}' is not a VOC annotation: its root is <{root.tag}>, not <annotation>.")
    image_hw = _stated_size(root)
    objects = root.findall("object")
    labels, boxes = [], []
    for number, each in enumerate(objects, 1):
        labels.append(_label(path, number, each))
        boxes.append(_box(path, number, each))
    truth = GroundTruth(
        boxes,  # type: ignore[arg-type]  # made an array by the record
        labels,
        [_flag(each, "difficult") for each in objects],  # type: ignore[arg-type]
        [_flag(each, "truncated") for each in objects],  # type: ignore[arg-type]
    )
    real_hw = _size_or_none(image_path) if image_path is not None and boxes else None
    warnings = _oddities(path, truth, real_hw or image_hw)
    if real_hw and image_hw and real_hw != image_hw:
        stated = f"{image_hw[1]} x {image_hw[0]}"
        warnings.insert(
            0, f"'{path}' is written for an image of {stated} px, but the image has {real_hw[1]} x {real_hw[0]}."
        )
    return VocFile(truth, image_hw, (root.findtext("filename") or "").strip(), tuple(warnings))


def _parsed(path: Path) -> PlainTree.Element:
    try:
        with path.open("rb") as file:
            root: PlainTree.Element | None = SafeTree.parse(file).getroot()
    except FileNotFoundError:
        raise DatasetError(f"There is no annotation '{path}'.") from None
    except defusedxml.EntitiesForbidden as error:
        raise DatasetError(
            f"'{path}' declares the XML entity '{error.name}'; files with entities are refused."
        ) from None
    except defusedxml.DefusedXmlException:
        raise DatasetError(f"'{path}' refers to other files or entities; such XML is refused.") from None
    except PlainTree.ParseError as error:
        if path.stat().st_size == 0:
            raise DatasetError(f"'{path}' is empty (0 bytes).") from None
        line, column = error.position
        what = str(error).partition(":")[0]
        raise DatasetError(f"'{path}' is broken XML at line {line}, column {column + 1}: {what}.") from None
    except OSError as error:
        raise DatasetError(f"'{path}' cannot be read ({error.strerror or error}).") from None
    except (ValueError, LookupError) as error:  # an encoding that does not exist or is not supported
        raise DatasetError(f"'{path}' is not readable XML ({error}).") from None
    if root is None:
        raise DatasetError(f"'{path}' holds no XML element.")
    return root


def _stated_size(root: PlainTree.Element) -> tuple[int, int] | None:
    try:
        height, width = (int(float(root.findtext(f"size/{name}") or 0)) for name in ("height", "width"))
    except (ValueError, OverflowError):
        return None
    return (height, width) if height > 0 and width > 0 else None


def _size_or_none(image_path: Path) -> tuple[int, int] | None:
    try:
        return read_size(image_path)
    except ImageError:  # the image says so itself when it is opened
        return None


def _label(path: Path, number: int, each: PlainTree.Element) -> str:
    label = (each.findtext("name") or "").strip()
    if not label:
        raise DatasetError(f"'{path}': object {number} has no <name>.")
    return label


def _box(path: Path, number: int, each: PlainTree.Element) -> list[float]:
    place = f"'{path}': object {number}"
    bndbox = each.find("bndbox")
    if bndbox is None:
        raise DatasetError(f"{place} has no <bndbox>.")
    corners = []
    for name in _CORNERS:
        text = (bndbox.findtext(name) or "").strip()
        if not text:
            raise DatasetError(f"{place} has no <{name}>.")
        try:
            value = float(text)
        except ValueError:
            raise DatasetError(f"{place} has {name} '{text[:40]}', which is not a number.") from None
        if not math.isfinite(value) or abs(value) > _LARGEST:
            raise DatasetError(f"{place} has {name} '{text[:40]}', which is no place in an image.")
        corners.append(value)
    return corners


def _flag(each: PlainTree.Element, name: str) -> bool:
    # Some tools write "Unspecified"; only a clear yes counts.
    return (each.findtext(name) or "").strip().lower() in ("1", "true", "yes")


def _oddities(path: Path, truth: GroundTruth, image_hw: tuple[int, int] | None) -> list[str]:
    """One sentence for each box without area or outside the image."""
    found = []
    rows = zip(truth.labels, truth.boxes.tolist(), truth.has_area.tolist(), strict=True)
    for number, (label, box, has_area) in enumerate(rows, 1):
        written = "[" + ", ".join(f"{value:g}" for value in box) + "]"
        place = f"'{path}': object {number} ({label}) {written}"
        x1, y1, x2, y2 = box
        if not has_area:
            found.append(f"{place} has no area; it is kept but takes no part in training.")
        elif image_hw and (x1 >= image_hw[1] or y1 >= image_hw[0] or x2 <= 0 or y2 <= 0):
            found.append(f"{place} lies outside the image of {image_hw[1]} x {image_hw[0]} px.")
        elif image_hw and (x1 < 0 or y1 < 0 or x2 > image_hw[1] or y2 > image_hw[0]):
            found.append(f"{place} reaches over the edge of the image of {image_hw[1]} x {image_hw[0]} px.")
    return found


def write_voc(path: Path, image_hw: tuple[int, int], filename: str, ground_truth: GroundTruth) -> None:
    """Write one annotation file; `read_voc` gives back the same float32 boxes. VOC has no place for `crowd`.

    Args:
        path: the XML file; replaced as a whole or not at all.
        image_hw: (height, width) of the upright image.
        filename: name of the image file.
        ground_truth: its objects.

    Raises:
        DatasetError: where it cannot be written, or a label has no place in XML.
    """
    root = PlainTree.Element("annotation")
    _add(root, "folder", "JPEGImages")
    _add(root, "filename", filename)
    size = _add(root, "size")
    for name, value in zip(("width", "height", "depth"), (image_hw[1], image_hw[0], 3), strict=True):
        _add(size, name, str(value))
    _add(root, "segmented", "0")
    for row, label in enumerate(ground_truth.labels):
        _check_label(path, label)
        each = _add(root, "object")
        _add(each, "name", label)
        _add(each, "pose", "Unspecified")
        _add(each, "truncated", str(int(ground_truth.truncated[row])))
        _add(each, "difficult", str(int(ground_truth.difficult[row])))
        bndbox = _add(each, "bndbox")
        for name, corner in zip(_CORNERS, ground_truth.boxes[row], strict=True):
            _add(bndbox, name, _written(corner))
    PlainTree.indent(root, "\t")
    write_atomic(path, PlainTree.tostring(root, encoding="utf-8") + b"\n")


def _add(parent: PlainTree.Element, tag: str, text: str | None = None) -> PlainTree.Element:
    child = PlainTree.SubElement(parent, tag)
    child.text = text
    return child


def _written(value: np.float32) -> str:
    """The shortest decimal that reads back as the same float32: 12, not 12.0; 0.1, not 0.10000000149."""
    text = np.format_float_positional(value, trim="-")
    return text if np.float32(float(text)) == value else repr(float(value))


def _check_label(path: Path, label: str) -> None:
    if label != label.strip() or not label or any(not _in_xml(ord(each)) for each in label):
        raise DatasetError(f"'{path}' cannot hold the class name {label!r}.")


def _in_xml(code: int) -> bool:
    """Whether XML can hold a character unchanged (line ends and tabs would not come back as they were)."""
    return 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
