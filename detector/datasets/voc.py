"""Pascal VOC: one XML file an image, in a root with Annotations/, JPEGImages/ and ImageSets/Main/.

Coordinates are taken as written, without a shift by one pixel; floats are accepted. Nothing is repaired: a box outside
the image or without area is kept as it stands and gets a warning, so that a save loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from detector.datasets.annotation import Annotation
from detector.datasets.errors import DatasetError, ImageError
from detector.datasets.files import names_in, natural_key, write_atomic
from detector.datasets.images import IMAGE_SUFFIXES, read_size
from detector.datasets.oddities import odd_boxes
from detector.datasets.records import Dataset, Sample
from detector.datasets.voc_text import objects_in, stated_size, truth_of, with_objects
from detector.datasets.voc_xml import XmlFile, file_bytes, new_file, parse_xml
from detector.ground_truth import GroundTruth


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
    try:
        raw, _ = file_bytes(path)
    except FileNotFoundError:
        raise DatasetError(f"There is no annotation '{path}'.") from None
    file = parse_xml(path, raw)
    truth = truth_of(objects_in(path, file))
    warnings = voc_warnings(path, file, truth, image_path)
    return VocFile(truth, stated_size(file), file.root.said("filename"), tuple(warnings))


def voc_warnings(
    path: Path,
    file: XmlFile,
    truth: GroundTruth,
    image_path: Path | None = None,
    image_hw: tuple[int, int] | None = None,
) -> list[str]:
    """One sentence for each oddity of a file: written for another size, boxes without area or outside the image.

    Args:
        path: named in them.
        file: what stands at the path.
        truth: its objects.
        image_path: its image, asked for its size where that is not given.
        image_hw: (height, width) of the upright image.
    """
    if not len(truth):
        return []
    stated_hw = stated_size(file)
    if image_hw is None and image_path is not None:
        image_hw = _size_or_none(image_path)
    places = [f"'{path}': object {number}" for number in range(1, len(truth) + 1)]
    warnings = odd_boxes(places, truth, image_hw or stated_hw)
    if image_hw and stated_hw and image_hw != stated_hw:
        stated = f"{stated_hw[1]} x {stated_hw[0]}"
        warnings.insert(
            0, f"'{path}' is written for an image of {stated} px, but the image has {image_hw[1]} x {image_hw[0]}."
        )
    return warnings


def write_voc(path: Path, image_hw: tuple[int, int], filename: str, ground_truth: GroundTruth) -> None:
    """Write a new annotation file; `read_voc` gives back the same float32 boxes.

    Args:
        path: the XML file; replaced as a whole or not at all.
        image_hw: (height, width) of the upright image.
        filename: name of the image file.
        ground_truth: its objects.

    Raises:
        DatasetError: where it cannot be written, or a label has no place in XML.
    """
    file = new_file(path, image_hw, filename, "JPEGImages")
    write_atomic(path, with_objects(path, file, Annotation(ground_truth)))


def _size_or_none(image_path: Path) -> tuple[int, int] | None:
    try:
        return read_size(image_path)
    except ImageError:  # the image says so itself when it is opened
        return None
