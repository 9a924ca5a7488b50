"""What all fuzzed readers have in common: their word, and edits drawn from a checksum of the bytes.

See `tests.helpers.fuzzed`.
"""

from __future__ import annotations

import os
import random
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from detector.datasets.annotation import Annotation, Stored
from detector.datasets.errors import DatasetError
from detector.datasets.sidecar import FLAGS
from detector.ground_truth import GroundTruth

HW = (80, 100)
IMAGES = ("a.png", "b.png", "new.png")
"""The first two are those that the seeds speak of."""
PART = b"\n=====\n"
"""Between the files of one input."""
_NAMES = ("cat", "RBC", "weiße Katze", "a & b < c", "0", "no", " x", "a\tb", "\ud800", "")
LARGEST_SEED = 12_000


def keys(names: str) -> list[bytes]:
    return [f'"{name}": '.encode() for name in names.split()]


def bccd() -> Path | None:
    """The folder of BCCD where BOXSCOPE_BCCD names it."""
    named = os.environ.get("BOXSCOPE_BCCD", "")
    return Path(named) if named else None


def some_truth() -> GroundTruth:
    """Three objects with fractions, a class that has to be escaped, and flags."""
    boxes = np.array([[1, 2, 30, 40], [0.25, 0.1, 99.7, 80], [50, 40, 50, 60]], np.float32)
    return GroundTruth(boxes, ["cat", "a & b", "ä"], [True, False, False], [False, True, False], [False, False, True])


def bccd_xml() -> list[Path]:
    """The smallest files of BCCD, and two of some size."""
    root = bccd()
    found = [] if root is None else sorted((root / "Annotations").glob("*.xml"), key=lambda path: path.stat().st_size)
    return found[:4] + found[len(found) // 3 : len(found) // 3 + 2]


class Target:
    """A reader, its seeds, and what is played with it.

    Attributes:
        words: pieces of the format, of which inputs are put together.
    """

    words: tuple[bytes, ...] = ()

    def __init__(self, folder: Path) -> None:
        """Take an empty folder; images are put into it."""
        self.folder = folder
        for name in IMAGES:
            Image.new("RGB", (HW[1], HW[0]), (90, 140, 190)).save(folder / name)

    def seeds(self) -> list[bytes]:
        """Files as they ought to be, and odd ones."""
        raise NotImplementedError

    def play(self, data: bytes) -> None:
        """One input.

        Raises:
            Exception: anything at all is an error of the reader.
        """
        raise NotImplementedError


class StoreTarget(Target):
    """A store of annotations: read, saved without an edit, edited, written, read again, put back, read again."""

    tolerance = 0.0
    """By which a box of some thousand pixels may differ after it was written, px."""

    def files(self) -> dict[Path, bytes | None]:
        """What may be overwritten, as it is now."""
        raise NotImplementedError

    def open(self):
        """The store, as if the program had just been started.

        Raises:
            DatasetError: where the place itself is refused.
        """
        raise NotImplementedError

    def play_store(self, data: bytes, image: Path) -> None:
        """All of it, for one image."""
        draw = random.Random(zlib.crc32(data))
        before = self.files()
        try:
            store = self.open()
            seen = store.read(image, HW if draw.random() < 0.8 else None)
        except DatasetError as error:
            check_sentence(error)
            self._is_never_overwritten(before, image)
            return
        assert self.files() == before, "reading has changed a file"
        for sentence in seen.warnings:
            assert sentence.strip(), "an empty warning"
            assert "\n" not in sentence
        read = seen.annotation
        if read is not None and not self._is_saved_as_it_was(store, image, seen, before):
            return
        before = self.files()  # flags that were left out, with a warning, have gone with that save
        now = edited(read or Annotation.empty(), draw)
        try:
            written = store.write(image, HW, now, seen)
        except DatasetError as error:
            check_sentence(error)
            self._is_as_it_was(before)
            return
        self.check_same(now, written.annotation, "what was written")
        self.check_same(now, store.read(image, HW).annotation, "read by the same store")
        self.check_same(now, self.open().read(image, HW).annotation, "read anew")
        if read is not None:
            again = self.open().write(image, HW, read, None) if draw.random() < 0.2 else None
            again = store.write(image, HW, read, written) if again is None else again
            self.check_same(read, self.open().read(image, HW).annotation, "the edit taken back")

    def _is_saved_as_it_was(self, store, image: Path, seen: Stored, before: dict[Path, bytes | None]) -> bool:
        """A save without an edit changes nothing; False where it is refused, which changes nothing either."""
        try:
            written = store.write(image, HW, seen.annotation, seen)
        except DatasetError as error:
            check_sentence(error)
            self._is_as_it_was(before)
            return False
        self.check_unedited(before, seen)
        self.check_same(seen.annotation, written.annotation, "saved without an edit")
        return True

    def check_unedited(self, before: dict[Path, bytes | None], seen: Stored) -> None:
        """After a save without an edit."""
        assert self.files() == before, "a save without an edit has changed a file"

    def check_same(self, wanted: Annotation, found: Annotation | None, where: str) -> None:
        """The same objects in the same order, with their flags."""
        assert found is not None, f"{where}: there is nothing"
        one, two = wanted.ground_truth, found.ground_truth
        assert wanted.verified == found.verified, f"{where}: verified"
        assert one.labels == two.labels, f"{where}: {one.labels} became {two.labels}"
        for flag in FLAGS:
            assert np.array_equal(getattr(one, flag), getattr(two, flag)), f"{where}: {flag}"
        same = np.allclose(one.boxes, two.boxes, rtol=self.tolerance / 1000, atol=self.tolerance)
        assert same, f"{where}: {one.boxes.tolist()} became {two.boxes.tolist()}"

    def _is_never_overwritten(self, before: dict[Path, bytes | None], image: Path) -> None:
        """Whatever the caller believes to be there, a refused file stays as it is."""
        for seen in (None, Stored(None, image)):
            try:
                store = self.open()
                store.write(image, HW, Annotation(some_truth()), seen)
            except DatasetError as error:
                check_sentence(error)
            now = self.files()
            for path, content in before.items():
                assert content is None or now[path] == content, f"{path.name} was refused and has been overwritten"

    def _is_as_it_was(self, before: dict[Path, bytes | None]) -> None:
        assert self.files() == before, "a save that was refused has changed a file"


def check_sentence(error: Exception) -> None:
    """One sentence, on one line."""
    said = str(error)
    assert said.endswith("."), f"no sentence: {said!r}"
    assert "\n" not in said, f"not on one line: {said!r}"


class _Row(NamedTuple):
    box: list[float]
    label: str
    flags: list[bool]
    record: object


def edited(annotation: Annotation, draw: random.Random) -> Annotation:
    """One to three things done to an annotation."""
    truth = annotation.ground_truth
    flags = np.stack([getattr(truth, flag) for flag in FLAGS], axis=1).tolist()
    rows = [_Row(*each) for each in zip(truth.boxes.tolist(), truth.labels, flags, annotation.records, strict=True)]
    verified = annotation.verified
    for _ in range(draw.randint(1, 3)):
        deed = draw.choice(("add", "verify", "move", "move", "call", "flag", "drop", "swap"))
        if deed == "add":
            rows.append(_Row(_box(draw), _name(draw, truth), [draw.random() < 0.2 for _ in FLAGS], None))
        elif deed == "verify":
            verified = not verified
        elif rows:
            _do(deed, rows, draw, truth)
    boxes = np.array([row.box for row in rows], np.float32).reshape(-1, 4)
    columns = np.array([row.flags for row in rows], bool).reshape(-1, len(FLAGS)).T
    changed = GroundTruth(boxes, [row.label for row in rows], *columns)
    return Annotation(changed, tuple(row.record for row in rows), verified, annotation.stated_hw)


def _do(deed: str, rows: list[_Row], draw: random.Random, truth: GroundTruth) -> None:
    at = draw.randrange(len(rows))
    row = rows[at]
    if deed == "move":
        box = list(row.box)
        box[draw.randrange(4)] = _edge(draw)
        rows[at] = row._replace(box=box)
    elif deed == "call":
        rows[at] = row._replace(label=_name(draw, truth))
    elif deed == "flag":
        turned = draw.randrange(len(FLAGS))
        rows[at] = row._replace(flags=[flag != (each == turned) for each, flag in enumerate(row.flags)])
    elif deed == "drop":
        del rows[at]
    else:
        rows.insert(draw.randrange(len(rows)), rows.pop(at))


def _name(draw: random.Random, truth: GroundTruth) -> str:
    return (
        draw.choice(truth.labels)
        if truth.labels and draw.random() < 0.4
        else draw.choice(_NAMES[: draw.choice((6, 10))])
    )


def _box(draw: random.Random) -> list[float]:
    xs, ys = sorted(_edge(draw) for _ in range(2)), sorted(_edge(draw) for _ in range(2))
    return [xs[0], ys[0], xs[1], ys[1]]


def _edge(draw: random.Random) -> float:
    if draw.random() < 0.02:
        return draw.choice((1e7, -1e7, 2e7, 1e30, float("inf"), float("nan"), 1e-30))
    return float(np.float32(draw.choice((draw.randint(-5, 110), draw.uniform(0, 100), draw.randint(0, 400) / 4))))


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
