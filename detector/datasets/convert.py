"""A whole dataset in another format: a new folder with labels and images, there complete at the end or not at all.

    voc    Annotations/ JPEGImages/ ImageSets/Main/<split>.txt
    coco   annotations.json images/
    yolo   data.yaml images/<split>/ labels/<split>/

An image is in one folder of YOLO's only, that of the first split it belongs to; a split that cuts across folders
becomes a list of them, or a .txt of images. What a format has no place for is counted, not lost in silence.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from detector.datasets.annotation import Annotation, AnnotationStore, Format
from detector.datasets.check import Checked, Finding
from detector.datasets.check_together import check_together
from detector.datasets.errors import DatasetError
from detector.datasets.files import write_atomic
from detector.datasets.images import damage_of, read_size
from detector.datasets.source import Source
from detector.datasets.voc_store import VocStore
from detector.datasets.yolo import YoloStore
from detector.datasets.yolo_classes import YamlClasses, data_yaml_of
from detector.datasets.yolo_dataset import USUAL_SPLITS, is_split_name
from detector.datasets.yolo_yaml import is_class_name

ImageMode: TypeAlias = Literal["copy", "link", "none"]
IMAGE_MODES: tuple[ImageMode, ...] = ("copy", "link", "none")

UNLISTED = "unlisted"
"""YOLO's folder of the images that are in no split."""

_ALL = {"voc": "trainval", "coco": "", "yolo": "train"}
"""The name under which the images of a dataset without splits are listed: trainers ask for one."""

COCO_NAME = "annotations.json"

Hw: TypeAlias = "tuple[int, int]"
Tell: TypeAlias = "Callable[[str], object]"


class ConvertError(DatasetError):
    """The whole conversion cannot go on; nothing of it is left."""


@dataclass(slots=True)
class Conversion:
    """What became of a dataset.

    Attributes:
        images: written.
        objects: written.
        failed: images that could not be read or written; each was told.
        not_annotated: images without an annotation; COCO leaves them out, for it would say that they are empty.
        renamed: images that share their stem with another.
        beside: images with something that YOLO has no place for, kept in its sidecar.
        unlisted: images of no split, where there are splits.
        lost_splits: the splits that the format has no place for.
        repeated_split: of a data.yaml: the splits that had to be named and show other splits' images.
        copied: images that could not be linked.
        broken: images that cannot be read to the end, and were taken as they are; each was told.
        one_based: of a dataset that counts pixels from 1, as VOC does by its rule, in a format that counts from 0.
    """

    images: int = 0
    objects: int = 0
    failed: int = 0
    not_annotated: int = 0
    renamed: int = 0
    beside: int = 0
    unlisted: int = 0
    lost_splits: tuple[str, ...] = ()
    repeated_split: tuple[str, ...] = ()
    copied: int = 0
    broken: int = 0
    one_based: Finding | None = None


@dataclass(frozen=True, slots=True)
class _Item:
    """An image on its way.

    Attributes:
        row: in the source.
        source: the image file there.
        name: of the file in the new dataset; no other has its stem.
        home: the split whose folder it is in.
    """

    row: int
    source: Path
    name: str
    home: str


def check_out(out: Path) -> None:
    """Refuse a place where something is already.

    Raises:
        DatasetError: in one sentence.
    """
    try:
        if out.is_dir():
            if any(out.iterdir()):
                raise DatasetError(f"The folder '{out}' is not empty; --out takes a new or an empty one.")
        elif out.exists() or out.is_symlink():
            raise DatasetError(f"'{out}' is there and is no folder; --out takes a new or an empty one.")
        nearest = next(each for each in (out, *out.absolute().parents) if each.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK):
            raise DatasetError(f"The folder '{out}' cannot be made: nothing can be written in '{nearest}'.")
    except OSError as error:
        raise DatasetError(f"'{out}' cannot be used ({error.strerror or error}).") from None


def convert(
    source: Source, kind: Format, out: Path, classes: tuple[str, ...], images: ImageMode = "copy",
    tell: Tell = lambda sentence: None, progress: Callable[[], object] = lambda: None,
) -> Conversion:  # fmt: skip
    """Write a dataset in a format.

    Args:
        source: the dataset.
        kind: voc, coco or yolo.
        out: a folder that is new or empty.
        classes: in the order in which they are numbered; one that is met and is not among them goes last.
        images: copied; linked (hard links, copied where that fails); or none.
        tell: given a sentence for each image that fails and for each oddity.
        progress: called after each image. What it raises ends the conversion, and nothing is left.

    Raises:
        DatasetError: where `out` cannot be used or written.
    """
    check_out(out)
    for sentence in (*source.warnings, *map(str, source.missing)):
        tell(sentence)
    with _staged(out) as folder:
        work = _Work(source, folder, images, tell, progress, Conversion(failed=len(source.missing)), [])
        {"voc": _to_voc, "coco": _to_coco, "yolo": _to_yolo}[kind](work, classes)
        if not work.done.images:
            why = ", for COCO would call images that are not annotated empty" if work.done.not_annotated else ""
            raise ConvertError(f"Nothing of '{source.path}' could be converted{why}; '{out}' was not made.")
        if kind != "voc":
            together = check_together(work.of_voc)
            work.done.one_based = next((each for each in together if each.kind == "one_based"), None)
    return work.done


@contextmanager
def _staged(out: Path) -> Iterator[Path]:
    """A folder whose content becomes that of `out` at the end, or vanishes."""
    made = [each for each in (out, *out.parents) if not each.exists()]
    moved: list[Path] = []
    folder = out / f".boxscope-{uuid.uuid4().hex}"
    try:
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise DatasetError(f"The folder '{out}' cannot be made ({error.strerror or error}).") from None
        yield folder
        for each in sorted(folder.iterdir()):
            moved.append(out / each.name)
            os.rename(each, moved[-1])
        folder.rmdir()
        made, moved = [], []
    finally:
        for each in moved:  # stopped at the last moment
            shutil.rmtree(each, ignore_errors=True)
            with contextlib.suppress(OSError):
                each.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        for each in made:  # the innermost first; one that somebody used meanwhile stays
            with contextlib.suppress(OSError):
                each.rmdir()


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """One conversion.

    Attributes:
        of_voc: what VOC files say, for how they count pixels.
    """

    source: Source
    folder: Path
    images: ImageMode
    tell: Tell
    progress: Callable[[], object]
    done: Conversion
    of_voc: list[Checked]

    def items(self, homes: dict[Path, str]) -> list[_Item]:
        """All images, each with a name that differs from all others also where case does not count."""
        stems = {image.stem.casefold() for image in self.source.images}
        taken: set[str] = set()
        found = []
        for row, image in enumerate(self.source.images):
            stem, number = image.stem, 1
            while stem.casefold() in taken or (number > 1 and stem.casefold() in stems):
                number += 1
                stem = f"{image.stem}-{number}"
            self.done.renamed += stem != image.stem
            taken.add(stem.casefold())
            found.append(_Item(row, image, stem + image.suffix, homes.get(image, UNLISTED)))
        return found

    def read(self, items: list[_Item], place: Callable[[_Item], Path]) -> Iterator[tuple[_Item, Hw, Annotation | None]]:
        """Each image with its annotation, laid where it belongs; what fails is told and counted."""
        for item in items:
            try:
                stored = self.source.read_row(item.row)
                image_hw = read_size(item.source)
                self._lay(item.source, place(item))
            except ConvertError:
                raise
            except DatasetError as error:
                self.fail(error)
            else:
                for warning in stored.warnings:
                    self.tell(warning)
                if (broken := damage_of(item.source)) is not None:
                    self.done.broken += 1
                    self.tell(str(broken))
                known = stored.annotation
                if known is not None and stored.path.suffix.lower() == ".xml":
                    self.of_voc.append(Checked(item.source, known.ground_truth, image_hw))
                # A record belongs to the file that it came from.
                yield item, image_hw, None if known is None else Annotation(known.ground_truth, (), known.verified)
            self.progress()

    def fail(self, error: DatasetError) -> None:
        """An image less."""
        self.done.failed += 1
        self.tell(str(error))

    def count(self, annotation: Annotation | None) -> None:
        """An image more."""
        self.done.images += 1
        if annotation is None:
            self.done.not_annotated += 1
        else:
            self.done.objects += len(annotation.ground_truth)

    def store(
        self, items: list[_Item], place: Callable[[_Item], Path], store_of: Callable[[_Item], AnnotationStore]
    ) -> list[_Item]:
        """Write all images through stores; those that got through."""
        written = []
        for item, image_hw, annotation in self.read(items, place):
            image = place(item)
            if annotation is not None:
                try:
                    store_of(item).write(image, image_hw, annotation, None)
                except DatasetError as error:
                    self.fail(error)
                    image.unlink(missing_ok=True)
                    continue
            self.count(annotation)
            written.append(item)
        return written

    def _lay(self, source: Path, target: Path) -> None:
        if self.images == "none":
            return
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if self.images == "link":
                try:
                    os.link(os.path.realpath(source), target)
                    return
                except OSError:  # another disk, or one without hard links
                    self.done.copied += 1
            shutil.copyfile(source, target)
        except OSError as error:
            with contextlib.suppress(OSError):
                target.unlink(missing_ok=True)
            sentence = f"'{source}' cannot be copied ({error.strerror or error})."
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise ConvertError(f"{sentence} Nothing was written.") from None
            raise DatasetError(sentence) from None


def _to_voc(work: _Work, classes: tuple[str, ...]) -> None:
    del classes  # the names stand in the files
    folder = work.folder / "JPEGImages"
    store = VocStore(work.folder / "Annotations")
    for part in (folder, store.place):
        part.mkdir()
    items = work.store(work.items({}), lambda item: folder / item.name, lambda item: store)
    lists = work.folder / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    stems = {item.source: Path(item.name).stem for item in items}
    splits = {name: images for name, images in work.source.splits.items() if name != UNLISTED}
    work.done.unlisted = len(_unlisted(work.source))
    for name, images in (splits or {_ALL["voc"]: tuple(stems)}).items():
        lines = "".join(f"{stems[image]}\n" for image in images if image in stems)
        write_atomic(lists / f"{name}.txt", lines.encode("utf-8", "surrogateescape"))


def _to_coco(work: _Work, classes: tuple[str, ...]) -> None:
    from detector.datasets.coco_write import write_coco

    folder = work.folder / "images"
    if len(work.source.splits) > 1:
        work.done.lost_splits = tuple(work.source.splits)

    def samples() -> Iterator[tuple[str, Hw, Annotation]]:
        for item, image_hw, annotation in work.read(work.items({}), lambda item: folder / item.name):
            if annotation is None:
                work.done.not_annotated += 1
                (folder / item.name).unlink(missing_ok=True)
                continue
            work.count(annotation)
            yield item.name, image_hw, annotation

    write_coco(work.folder / COCO_NAME, samples(), classes)


def _to_yolo(work: _Work, classes: tuple[str, ...]) -> None:
    splits = _named(work.source.splits) or {_ALL["yolo"]: work.source.images}
    homes = _homes(splits)
    unlisted = _unlisted(work.source)
    work.done.unlisted = len(unlisted)
    if unlisted:
        splits[UNLISTED] = unlisted
    items = work.items(homes)
    for home in dict.fromkeys(item.home for item in items):
        for part in ("images", "labels"):
            (work.folder / part / home).mkdir(parents=True, exist_ok=True)
    entries = _entries(splits, homes)
    work.done.repeated_split = tuple(name for name in USUAL_SPLITS[:2] if name not in entries)
    path = work.folder / "data.yaml"
    names = tuple(name for name in dict.fromkeys(classes) if is_class_name(name))
    write_atomic(path, data_yaml_of(names, _with_usual(entries)).encode())
    class_list = YamlClasses(path)
    stores: dict[str, YoloStore] = {}
    with ExitStack() as stack:

        def store_of(item: _Item) -> YoloStore:
            if item.home not in stores:
                stores[item.home] = YoloStore(work.folder / "labels" / item.home, class_list)
                stack.enter_context(stores[item.home].together())
            return stores[item.home]

        written = work.store(items, lambda item: work.folder / "images" / item.home / item.name, store_of)
    work.done.beside = sum(store.images_beside for store in stores.values())
    names_of = {item.source: f"./images/{item.home}/{item.name}" for item in written}
    for name, entry in entries.items():
        if entry == f"{name}.txt":
            lines = "".join(f"{names_of[image]}\n" for image in splits[name] if image in names_of)
            write_atomic(work.folder / entry, lines.encode("utf-8", "surrogateescape"))


def _named(splits: dict[str, tuple[Path, ...]]) -> dict[str, tuple[Path, ...]]:
    """The splits under names that can be keys of a data.yaml and folders."""
    found: dict[str, tuple[Path, ...]] = {}
    for split, images in splits.items():
        name = split if is_split_name(split) else "split_" + re.sub(r"[^\w.\-]", "_", split)
        while name in found or (name != split and name in splits):
            name += "_"
        found[name] = images
    return found


def _unlisted(source: Source) -> tuple[Path, ...]:
    """The images of no split, where there are splits."""
    if not source.splits:
        return ()
    listed = {image for name, images in source.splits.items() if name != UNLISTED for image in images}
    return tuple(image for image in source.images if image not in listed)


def _homes(splits: dict[str, tuple[Path, ...]]) -> dict[Path, str]:
    """The first split of each image: train, val and test come before others."""
    homes: dict[Path, str] = {}
    for name in (*(each for each in USUAL_SPLITS if each in splits), *splits):
        for image in splits[name]:
            homes.setdefault(image, name)
    return homes


def _entries(splits: dict[str, tuple[Path, ...]], homes: dict[Path, str]) -> dict[str, str | list[str]]:
    """What a data.yaml says of each split: its folder, the folders it is made of, or a list of its images."""
    whole: dict[str, set[Path]] = {}
    for image, home in homes.items():
        whole.setdefault(home, set()).add(image)
    entries: dict[str, str | list[str]] = {}
    for name in (*(each for each in USUAL_SPLITS if each in splits), *splits):
        if name == UNLISTED:
            entries[name] = f"images/{name}"
            continue
        parts = dict.fromkeys(homes[image] for image in splits[name])
        is_union = bool(parts) and sum(len(whole[part]) for part in parts) == len(set(splits[name]))
        folders = [f"images/{part}" for part in parts]
        entries[name] = f"{name}.txt" if not is_union else folders[0] if len(folders) == 1 else folders
    return entries


def _with_usual(entries: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
    """With train and val, which trainers insist on: where one is missing, the other, or the first there is."""
    first = entries.get("train") or entries.get("val") or next(iter(entries.values()))
    return {**{name: entries.get(name, first) for name in USUAL_SPLITS[:2]}, **entries}
