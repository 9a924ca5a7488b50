"""Checking a dataset image by image, and putting it right through the stores: the work behind `check`.

image --look_at--> Checked ... all of them --judge--> Judgement --> Fixing, image by image
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from detector.datasets.annotation import Annotation, AnnotationStore, Batch, Stored
from detector.datasets.check import (
    Checked,
    Doubt,
    Finding,
    Near,
    after,
    broken_picture,
    check_image,
    class_counts,
    doubtful_classes,
    fixed,
    has_fix,
    with_fixed,
)
from detector.datasets.check_kinds import KINDS, Kind
from detector.datasets.check_together import check_together, kinds_by_image
from detector.datasets.coco_store import CocoStore
from detector.datasets.errors import DatasetError, ImageError
from detector.datasets.files import names_in
from detector.datasets.folder import dataset_file
from detector.datasets.images import damage_of, read_orientation, read_size
from detector.datasets.stores import Stores
from detector.datasets.voc import is_voc_root, read_voc
from detector.datasets.voc_store import VocStore
from detector.datasets.yolo import YoloStore
from detector.datasets.yolo_classes import TXT_NAME, YamlClasses
from detector.datasets.yolo_dataset import YAML_SUFFIXES
from detector.datasets.yolo_find import labels_folder_for
from detector.datasets.yolo_lines import split_lines

StoreOf: TypeAlias = "Callable[[Path], AnnotationStore | None]"

_SUFFIXES = {"voc": ".xml", "yolo": ".txt"}
_LARGEST_TEXT = 1_000_000


# -- reading -----------------------------------------------------------------------------------------------------------


def stores_of(path: Path, images: Path | None = None) -> StoreOf:
    """The store of each image of a dataset: that of the dataset, whatever else lies around its images.

    Args:
        path: what was opened: a VOC root, a COCO json, a YOLO data.yaml, a folder or an image.
        images: of a COCO json, the folder of its images.
    """
    path = dataset_file(path)
    if path.is_file() and path.suffix.lower() == ".json":
        coco = CocoStore(path, images)
        return lambda image: coco
    if path.is_file() and path.suffix.lower() in YAML_SUFFIXES:
        classes = YamlClasses(path)
        known: dict[Path, YoloStore] = {}

        def yolo(image: Path) -> YoloStore:
            place = labels_folder_for(image.parent) or image.parent
            if place not in known:
                known[place] = YoloStore(place, classes)
            return known[place]

        return yolo
    if path.is_dir() and is_voc_root(path):
        voc = VocStore(path / "Annotations")
        return lambda image: voc
    return Stores().of


def look_at(image: Path, store: AnnotationStore | None) -> tuple[Checked, Stored | None]:
    """What has to be known of an image to check it, and what its file says of it.

    Raises:
        DatasetError: the image or its annotation cannot be read.
    """
    image_hw = read_size(image)
    stored = None if store is None else store.read(image, image_hw)
    found = checked(image, image_hw, None if stored is None else stored.annotation)
    return replace(found, broken=damage_of(image)), stored


def unreadable(image: Path, error: ImageError) -> Finding:
    """A finding for an image of a dataset that cannot be opened, so that nothing else can be said of it."""
    if image.exists():
        return broken_picture(image, error)
    return Finding("no_image", image, None, {"text": str(error)})


def checked(image: Path, image_hw: tuple[int, int], annotation: Annotation | None) -> Checked:
    """What has to be known of an image to check it.

    Raises:
        ImageError: it has to be looked at once more, and cannot be read.
    """
    known = annotation or Annotation.empty()
    # Where the size is the right one nobody needs the orientation, for which the file is opened once more.
    is_turned = known.stated_hw == image_hw[::-1] != image_hw
    orientation = read_orientation(image) if is_turned else 1
    return Checked(image, known.ground_truth, image_hw, known.stated_hw, orientation)


# -- judging -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Judgement:
    """What is known of a dataset once all images have been looked at.

    Attributes:
        doubts: classes that may be meant otherwise.
        together: what was found of all images together.
        of_all: the kinds of that, by image.
        note: how pixels are counted where that is as the format has it, and therefore nothing wrong; None elsewhere.
    """

    doubts: Mapping[str, Doubt] = field(default_factory=dict)
    together: Sequence[Finding] = ()
    of_all: Mapping[Path, frozenset[Kind]] = field(default_factory=dict)
    note: Finding | None = None

    @classmethod
    def of(cls, images: Sequence[Checked], known: Sequence[str] | None, near: Near, *, is_voc: bool) -> Judgement:
        """Of all images of a dataset.

        Args:
            known: the classes that there should be; None where nobody knows.
            near: the name most like another.
            is_voc: the annotations are VOC's, which counts pixels from 1 by its own rule.
        """
        doubts = doubtful_classes(class_counts(images), known, near)
        found = check_together(images)
        notes = [each for each in found if is_voc and each.kind == "one_based"]
        together = [each for each in found if each not in notes]
        return cls(doubts, together, kinds_by_image(together), notes[0] if notes else None)

    def findings(self, image: Checked) -> list[Finding]:
        """What is wrong with one image, without what was found of all together."""
        return check_image(image, self.doubts, self.of_all.get(image.path, ()))


def fixed_annotation(
    image: Checked, annotation: Annotation, kinds: Collection[Kind], judgement: Judgement
) -> tuple[Annotation, Counter[Kind]]:
    """An annotation with all findings of some kinds fixed, one kind after the other; and how many of each there were.

    Args:
        image: what was known of the image when it was read, with the objects of `annotation`.
    """
    done: Counter[Kind] = Counter()
    for kind in KINDS:
        if kind not in kinds:
            continue
        if kind in judgement.of_all.get(image.path, ()):
            found = [each for each in judgement.together if each.kind == kind]
        else:
            found = [each for each in judgement.findings(image) if each.kind == kind and has_fix(each)]
        if found:
            new = fixed(image, found)
            annotation, image = with_fixed(annotation, new), after(image, new)
            done[kind] += len(found)
    return annotation, done


class Fixing:
    """Images put right one by one; a file that holds many images is written once, at the end.

    Attributes:
        changed: how many findings of each kind are fixed.
        images: how many images are.
        is_whole: something is put right that all images together have: in all of them or in none. No file is changed
            before `end`, and whoever calls that takes all of it back where it does not come to its own end.
        files: of the images that wait for `end`.
    """

    def __init__(self, store_of: StoreOf, kinds: Collection[Kind], judgement: Judgement) -> None:
        """Nothing is fixed yet."""
        self._store_of, self._kinds, self._judgement = store_of, kinds, judgement
        self.changed: Counter[Kind] = Counter()
        self.images = 0
        self.is_whole = any(each.kind in kinds for each in judgement.together)
        self.files: dict[Path, None] = {}
        self._batches: dict[AnnotationStore, Batch] = {}
        self._held: dict[Path, Counter[Kind]] = {}

    def fix(self, path: Path) -> None:
        """Fix what an image's file says now; one of its own is replaced as a whole, or left where all is well.

        Raises:
            DatasetError: it cannot be read or written; the old file is untouched.
        """
        store = self._store_of(path)
        image, stored = look_at(path, store)
        if store is None or stored is None or stored.annotation is None:
            return
        annotation, done = fixed_annotation(image, stored.annotation, self._kinds, self._judgement)
        if done and (self.is_whole or stored.path in store.shared_files):
            if store not in self._batches:
                self._batches[store] = store.batch()
            self._batches[store].add(path, image.image_hw, annotation, stored)
            self._held[path] = done
            self.files.update(dict.fromkeys((stored.path, *store.shared_files)))
        elif done:
            store.write(path, image.image_hw, annotation, stored)
            self._count(done)

    def end(self) -> list[str]:
        """Write what waits; a sentence for each reason why something of it was not written."""
        failed: dict[str, None] = {}
        for batch in self._batches.values():
            for path, found in batch.write().items():
                if isinstance(found, DatasetError):
                    failed[str(found)] = None
                else:
                    self._count(self._held[path])
        self._held.clear()
        return list(failed)

    def _count(self, done: Counter[Kind]) -> None:
        self.changed.update(done)
        self.images += 1


# -- annotations without an image --------------------------------------------------------------------------------------


def missing_images(errors: Iterable[DatasetError], path: Path) -> list[Finding]:
    """A finding for each annotation of a dataset whose image is not there.

    Args:
        path: the dataset, for those that name no file of their own.
    """
    return [Finding("no_image", path, None, {"text": str(error)}) for error in errors]


def orphans(images: Sequence[Path], store_of: StoreOf) -> Iterator[Finding]:
    """A finding for each annotation file in the places of the images' annotations that belongs to none of them.

    Texts and XML files that are no annotations do not count. Of a COCO json, the images it lists that are not there.

    Raises:
        DatasetError: where a folder cannot be listed.
    """
    stems: dict[Path, set[str]] = {}
    stores: dict[Path, AnnotationStore] = {}
    for image in images:
        store = store_of(image)
        if store is not None:
            stores[store.place] = store
            stems.setdefault(store.place, set()).add(image.stem)
    folders = {image.parent for image in images}
    for place, store in stores.items():
        if isinstance(store, CocoStore):
            yield from _not_there(store, folders)
        suffix = _SUFFIXES.get(store.format)
        if suffix is None or not place.is_dir():
            continue
        for name in names_in(place, {suffix}):
            stem, path = os.path.splitext(name)[0], place / name
            if stem not in stems[place] and name != TXT_NAME and _is_annotation(path, suffix):
                yield Finding("no_image", path, None, {"text": "", "name": stem})


def _is_annotation(path: Path, suffix: str) -> bool:
    try:
        if suffix == ".xml":
            read_voc(path)
            return True
        data = path.read_bytes() if path.stat().st_size < _LARGEST_TEXT else b""
        return bool(split_lines(path, data, None))
    except (DatasetError, OSError):
        return False


def _not_there(store: CocoStore, folders: Iterable[Path]) -> Iterator[Finding]:
    places = (store.place.parent, *folders)
    for name in store.load().image_names:
        parts = name.replace("\\", "/").split("/")
        tails = (name, parts[-1])
        if name and not any(os.path.exists(os.path.join(place, tail)) for place in places for tail in tails):
            yield Finding("no_image", store.place, None, {"text": "", "name": name})
