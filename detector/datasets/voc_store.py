"""VOC XML files of a folder's images, read and written: one file an image, found by the image's stem."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

from detector.datasets.annotation import (
    Annotation,
    AnnotationStore,
    ChangedOnDiskError,
    Format,
    SharedFileError,
    Stamp,
    Stored,
    check_stamp,
    forgotten,
)
from detector.datasets.errors import DatasetError
from detector.datasets.files import check_place, holds, make_folder, names_listed, write_atomic
from detector.datasets.images import IMAGE_SUFFIXES
from detector.datasets.same_stem import other_owner
from detector.datasets.voc import voc_warnings
from detector.datasets.voc_text import is_verified, objects_in, stated_size, truth_of, with_objects
from detector.datasets.voc_xml import XmlFile, file_bytes, new_file, parse_xml


class VocStore(AnnotationStore):
    """The VOC XML files of one folder. A file that is there is changed only where it says something else.

    Where two images differ by their suffix only, both have the same file: it belongs to the one that it names (where it
    names neither, to the one that the list of the folder has first), and is not written for the other.
    """

    format: Format = "voc"

    def __init__(self, place: Path) -> None:
        """Nothing is read; the folder is made when the first file is written.

        Args:
            place: Annotations/, or the folder of the images.
        """
        self.place = place
        self._lock = threading.Lock()
        """Of writing: nothing comes between the look at a file and its replacement. Nothing else is kept in memory."""

    def path_of(self, image_path: Path) -> Path:
        """The file of an image: its stem with .xml; nothing is read."""
        return self.place / f"{image_path.stem}.xml"

    def own_file(self, image_path: Path) -> Path | None:
        """The file, but for an image to whose namesake it belongs."""
        path = self.path_of(image_path)
        try:
            named = parse_xml(path, file_bytes(path)[0]).root.said("filename")
        except (FileNotFoundError, DatasetError):
            named = ""
        return None if other_owner(image_path, named) else path

    def read(self, image_path: Path, image_hw: tuple[int, int] | None = None) -> Stored:
        """The annotation of an image.

        Args:
            image_path: the image.
            image_hw: (height, width) of the upright image where they are known; else its header is read.

        Raises:
            DatasetError: as `read_voc`.
        """
        path = self.path_of(image_path)
        try:
            raw, stamp = file_bytes(path)
        except FileNotFoundError:
            return Stored(None, path)
        return _stored(path, parse_xml(path, raw), stamp, image_path, image_hw)

    def write(self, image_path: Path, image_hw: tuple[int, int], annotation: Annotation, seen: Stored | None) -> Stored:
        """Write the annotation of an image; the file is replaced as a whole, or left where it says all that already.

        Args:
            image_path: the image.
            image_hw: (height, width) of the upright image.
            annotation: all its objects in order.
            seen: what the caller believes to be in the file; None: change whatever is there.

        Returns:
            The same annotation with the records and the stamp that the file has now.

        Raises:
            SharedFileError: the file belongs to another image.
            ChangedOnDiskError: the file is not the one that was `seen`.
            DatasetError: it cannot be written, is reached by a link out of its folder, is
                broken, or has no place for a class name or a box; the old file is untouched.
        """
        with self._lock:
            return self._write(image_path, image_hw, annotation, seen)

    def _write(
        self, image_path: Path, image_hw: tuple[int, int], annotation: Annotation, seen: Stored | None
    ) -> Stored:
        path = self.path_of(image_path)
        _check_inside(self.place, path)
        raw, stamp = self._bytes_of(path)
        is_changed = seen is not None and seen.stamp != stamp
        try:
            old = None if raw is None else parse_xml(path, raw)
        except DatasetError as error:
            raise ChangedOnDiskError.of(path, stamp) if is_changed else error from None
        if old is not None and (other := _owner(old, image_path)):
            raise SharedFileError(path, image_path, other)
        if is_changed:
            raise ChangedOnDiskError.of(path, stamp)
        if old is None:
            folder = image_path.absolute().parent.name
            file = new_file(path, image_hw, image_path.name, folder)
            annotation = replace(annotation, stated_hw=None)  # what another file stated
        else:
            file = old
        fresh = _with(path, file, annotation, by_others=seen is None)
        if old is not None and fresh.raw == old.raw:
            return _stored(path, fresh, stamp, image_path, image_hw)
        check_place(self.place, image_path.parent)
        make_folder(self.place)
        written = write_atomic(path, fresh.raw, lambda: check_stamp(path, stamp))
        return _stored(path, fresh, written, image_path, image_hw)

    def forget(self, image_path: Path, written: Stored) -> Stored:
        """The file goes."""
        with self._lock:
            return forgotten(written)

    @staticmethod
    def _bytes_of(path: Path) -> tuple[bytes | None, Stamp]:
        try:
            return file_bytes(path)
        except FileNotFoundError:
            return None, None


def find_voc_store(folder: Path) -> VocStore | None:
    """The store of the images of a folder: the nearest place with an XML file of one of them.

    The places: beside the images, in Annotations/ below, in ../Annotations. An XML file that no image shares its stem
    with does not count (CVAT's annotations.xml). Names only are read.

    Raises:
        DatasetError: where a folder cannot be listed.
    """
    if not holds(folder, IMAGE_SUFFIXES):
        return None
    places = [place for place in voc_places(folder) if place.is_dir() and holds(place, {".xml"})]
    if not places:  # there may be very many images
        return None
    wanted = {os.path.splitext(name)[0] + ".xml" for name in names_listed(folder, IMAGE_SUFFIXES)}
    found = (place for place in places if not wanted.isdisjoint(names_listed(place, {".xml"})))
    return next(map(VocStore, found), None)


def voc_places(folder: Path) -> tuple[Path, Path, Path]:
    """Where the VOC files of the images of a folder may be, the nearest first."""
    # The parent of "." is "." again; only the resolved path knows where it lies.
    return folder, folder / "Annotations", folder.resolve().parent / "Annotations"


def _stored(path: Path, file: XmlFile, stamp: Stamp, image_path: Path, image_hw: tuple[int, int] | None) -> Stored:
    records = tuple(objects_in(path, file))
    truth = truth_of(records)
    warnings = voc_warnings(path, file, truth, image_path, image_hw)
    owner = _owner(file, image_path) or ""
    if owner:
        warnings.insert(
            0, f"'{path}' belongs to '{owner}'; it is shown for '{image_path.name}', but cannot be changed there."
        )
    return Stored(Annotation(truth, records, is_verified(file), stated_size(file)), path, stamp, tuple(warnings), owner)


def _with(path: Path, file: XmlFile, annotation: Annotation, *, by_others: bool) -> XmlFile:
    """The file that says what an annotation says, read once more, before it replaces anything."""
    data = with_objects(path, file, annotation, by_others=by_others)
    if data == file.data:
        return file
    if not file.comes_back:
        raise DatasetError(f"'{path}' cannot be written in its encoding {file.codec} without changing the rest of it.")
    fresh = parse_xml(path, file.encoded(data))
    objects = objects_in(path, fresh)
    if not Annotation(truth_of(objects), tuple(objects), is_verified(fresh), stated_size(fresh)).says_the_same(
        annotation
    ):
        raise DatasetError(f"'{path}' would not say the same when it is read again; it was not written.")
    return fresh


def _owner(file: XmlFile, image_path: Path) -> str | None:
    """The name of the image that a file belongs to where that is another one with the same stem, and is there."""
    return other_owner(image_path, file.root.said("filename"))


def _check_inside(place: Path, path: Path) -> None:
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(place)):
        raise DatasetError(f"'{path}' is a link to a file outside of its folder; it is not written.")
