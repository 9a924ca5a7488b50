"""Each reader as one function of any bytes, which fails where the reader breaks its word.

Of a reader of annotations that word is: it answers with a result or a DatasetError; a file that it refuses is never
overwritten; a save without an edit leaves the file as it is; and what was edited and written is read back. The edit is
drawn from a checksum of the bytes, so that the same bytes always do the same.
"""

from __future__ import annotations

import json
import os
import random
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from app.edit import Edit
from app.image_filter import parse_filter
from app.image_state import AnnotationState, RunCounts
from app.image_terms import ImageFacts
from app.journal_file import BrokenError, NewerError, from_text, state_of, to_text
from app.wording import text
from detector.datasets.annotation import Annotation, Stored
from detector.datasets.coco import CocoStore, find_coco_store
from detector.datasets.coco_dataset import CocoDataset
from detector.datasets.coco_write import write_coco
from detector.datasets.errors import DatasetError
from detector.datasets.labelme import LabelmeStore, find_labelme_store
from detector.datasets.sidecar import FLAGS, SIDECAR_NAME
from detector.datasets.voc import read_voc, write_voc
from detector.datasets.voc_store import VocStore, find_voc_store
from detector.datasets.yolo import YoloStore, find_yolo_store
from detector.datasets.yolo_classes import TXT_NAME, data_yaml_of
from detector.datasets.yolo_dataset import YoloDataset, yolo_splits
from detector.ground_truth import GroundTruth
from tests.helpers.odd_annotations import ODD_ANNOTATIONS

HW = (80, 100)
IMAGES = ("a.png", "b.png", "new.png")
"""The first two are those that the seeds speak of."""

PART = b"\n=====\n"
"""Between the files of one input."""

_NAMES = ("cat", "RBC", "weiße Katze", "a & b < c", "0", "no", " x", "a\tb", "\ud800", "")
_LARGEST_SEED = 12_000


def _keys(names: str) -> list[bytes]:
    return [f'"{name}": '.encode() for name in names.split()]


def bccd() -> Path | None:
    """The folder of BCCD where BOXSCOPE_BCCD names it."""
    named = os.environ.get("BOXSCOPE_BCCD", "")
    return Path(named) if named else None


def some_truth() -> GroundTruth:
    """Three objects with fractions, a class that has to be escaped, and flags."""
    boxes = np.array([[1, 2, 30, 40], [0.25, 0.1, 99.7, 80], [50, 40, 50, 60]], np.float32)
    return GroundTruth(boxes, ["cat", "a & b", "ä"], [True, False, False], [False, True, False], [False, False, True])


def _bccd_xml() -> list[Path]:
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


# -- stores ------------------------------------------------------------------------------------------------------------


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


class VocTarget(StoreTarget):
    """VOC XML."""

    words = (
        *b"<annotation> <object> <name> <bndbox> <xmin> <size> <width> <crowd> <part> <?x ?> <!-- -->".split(),
        *b"<![CDATA[ ]]> </annotation> </object> </name> <name/> <difficult/> <xmax>1</xmax> 1e7 NaN inf -0".split(),
        *b"<truncated>1</truncated> <filename>b.png</filename> verified=\"yes\" verified='no' &amp; &#65;".split(),
        *b"utf-16 latin-1 utf-7 shift_jis iso2022_jp utf-8-sig \xff\xfe \xfe\xff \xef\xbb\xbf <\x00 \xc2\xa0".split(
            b" "
        ),
        *(b"<!DOCTYPE x [", b'<!ENTITY a "b">', b'<?xml version="1.0" encoding="'),
    )

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._file = folder / "a.xml"

    def files(self):
        return {self._file: _content(self._file)}

    def open(self):
        return VocStore(self.folder)

    def play(self, data):
        self._file.write_bytes(data)
        image = self.folder / "a.png"
        find_voc_store(self.folder)
        try:
            read_voc(self._file, image)
        except DatasetError as error:
            check_sentence(error)
        self.play_store(data, image)

    def seeds(self):
        write_voc(self._file, HW, "a.png", some_truth())
        own = self._file.read_bytes()
        words = own.decode()
        inline = b"<annotation verified='yes'><!-- c --><object><name> <![CDATA[cat]]> </name><bndbox><xmin>1</xmin>"
        inline += b"<ymin>2.50</ymin><xmax>3e1</xmax><ymax>40</ymax></bndbox><difficult/></object></annotation>"
        odd = [each.text.encode() for each in ODD_ANNOTATIONS]
        return [
            own,
            inline,
            words.encode("utf-16"),
            f'<?xml version="1.0" encoding="latin-1"?>\r\n{words}'.encode("latin-1"),
            own.replace(b"\n", b"\r\n"),
            *(path.read_bytes() for path in _bccd_xml()),
            *(each for each in odd if len(each) < _LARGEST_SEED),
        ]


class CocoTarget(StoreTarget):
    """COCO json, by the names of images and by their number in the file."""

    # A far side is x + width in doubles, which loses what is that much smaller than x.
    tolerance = 1e-9
    words = (
        *_keys(
            "images annotations categories id image_id category_id bbox area iscrowd segmentation file_name width "
            "height name supercategory difficult ignore truncated verified info"
        ),
        *b'"a.png" "x/a.png" "..\\\\a.png" [ ] { } , null true NaN Infinity 1e400 -0.0 1E+2 1.50 /*'.split(),
        *b'"id":"1" {"id":1} [1,2,3,4] {"counts":"a","size":[1,2]} \\u0041 \\ud800 \\" \xef\xbb\xbf \xff\xfe'.split(),
        *(b"\r\n", b"\t", b"[[" * 40, b"9" * 30),
    )

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._file = folder / "all.json"

    def files(self):
        return {self._file: _content(self._file)}

    def open(self):
        return CocoStore(self._file, self.folder)

    def play(self, data):
        self._file.write_bytes(data)
        find_coco_store(self.folder)
        try:
            self._by_number()
        except DatasetError as error:
            check_sentence(error)
        self.play_store(data, self.folder / IMAGES[zlib.adler32(data) % 3])

    def _by_number(self) -> None:
        whole = CocoDataset(self._file)
        assert whole.classes is not None
        for sentence in whole.warnings:
            assert "\n" not in sentence
        store = self.open()
        store.class_counts()
        for name in IMAGES:
            store.overview(self.folder / name)
        for row in range(min(len(whole), 4)):
            try:
                whole.read(row)
            except DatasetError as error:
                check_sentence(error)

    def seeds(self):
        both = [(name, HW, Annotation(some_truth(), (), name == "a.png")) for name in IMAGES[:2]]
        write_coco(self._file, both, ("cat", "dog"))
        own = self._file.read_bytes()
        flat = json.dumps(json.loads(own), separators=(",", ":")).encode()
        deep = json.dumps(json.loads(own), indent=2).replace("\n", "\r\n").encode()
        texts = json.dumps(
            {
                "info": {"n": [1, {"a": "}"}]},
                "categories": [{"id": "k", "name": "cat", "supercategory": "x"}, {"id": 7, "name": "cat"}],
                "annotations": [
                    {
                        "image_id": "i",
                        "category_id": "k",
                        "bbox": [1, 2.5, 3e1, 4],
                        "id": 9,
                        "ignore": 1,
                        "area": 120.0,
                    },
                    {
                        "image_id": 2,
                        "category_id": 7,
                        "bbox": [1, 2, 3, 4],
                        "segmentation": [[1, 2.5, 3, 4]],
                        "id": "b",
                    },
                ],
                "images": [{"id": "i", "file_name": "x/a.png", "verified": True}, {"id": 2, "file_name": "b.png"}],
            }
        ).encode()
        bare = b'{"images": [{"id": 1, "file_name": "a.png", "width": 100, "height": 80}]}'
        return [own, flat, deep, texts, bare, b"\xef\xbb\xbf" + flat, *self._of_bccd()]

    def _of_bccd(self) -> list[bytes]:
        made = []
        for path in _bccd_xml():
            write_coco(self._file, [("a.png", (480, 640), Annotation(read_voc(path).ground_truth))])
            made.append(self._file.read_bytes())
        return made


class YoloTarget(StoreTarget):
    """The labels of an image, the class list, and what is kept beside: three files in one input."""

    tolerance = 1e-3
    words = (
        *(
            PART,
            b"nc: 2",
            b"path: .",
            b"train: [images]",
            b"val: images/val",
            b"kpt_shape: [1, 3]",
            b"- ",
            b"0: ",
            b"# ",
        ),
        *b"names: ' \" \\x41 \\u0041 [ ] { } &a *a !!str | > --- %YAML null ~ images.txt ../images".split(),
        *b"0.5 1e-3 -0 .5 1e999 nan 0. \xef\xbb\xbf \xc2\x85 \xe2\x80\xa8 \r\n \r \t \x0c".split(b" "),
        *b'{"version":1,"images":{ "a":{ "verified":true "objects":2 "crowd":[0] "difficult":[1]'.split(),
        b"0 .5 .5 .1 .1",
    )

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._labels = folder / "a.txt"
        self._lists = (folder / "data.yaml", folder / TXT_NAME)
        self._beside = folder / SIDECAR_NAME

    def files(self):
        return {path: _content(path) for path in (self._labels, *self._lists, self._beside)}

    def open(self):
        return YoloStore(self.folder)

    def play(self, data):
        parts = data.split(PART)
        for path in self.files():
            path.unlink(missing_ok=True)
        self._labels.write_bytes(parts[0])
        if len(parts) > 1:
            # A list of classes is a text of names; what names its keys is a data.yaml.
            self._lists[0 if b":" in parts[1] else 1].write_bytes(parts[1])
        if len(parts) > 2:
            self._beside.write_bytes(parts[2])
        for looked_at in (lambda: find_yolo_store(self.folder), self._whole):
            try:
                looked_at()
            except DatasetError as error:
                check_sentence(error)
        self.play_store(data, self.folder / "a.png")

    def _whole(self) -> None:
        if self._lists[0].exists():
            yolo_splits(self._lists[0])
            whole = YoloDataset(self._lists[0])
            for row in range(min(len(whole), 3)):
                whole.read(row)

    def check_unedited(self, before, seen):
        now = self.files()
        # Flags that were left out, with a warning, are kept no longer.
        for path in (self._labels, *self._lists, *(() if seen.warnings else (self._beside,))):
            assert now[path] == before[path], f"a save without an edit has changed {path.name}"

    def _is_as_it_was(self, before):
        now = self.files()
        for path in (self._labels, self._beside):
            assert now[path] == before[path], f"a save that was refused has changed {path.name}"
        for path in self._lists:  # a new class may have gone there before
            assert before[path] is None or len(now[path] or b"") >= len(before[path]), f"{path.name} has lost something"

    def seeds(self):
        names = ("cat", "a & b", "ä")
        self.play(PART.join((b"", data_yaml_of(names, {"train": "."}).encode())))
        YoloStore(self.folder).write(self.folder / "a.png", HW, Annotation(some_truth()), None)
        label, beside = self._labels.read_bytes(), self._beside.read_bytes()
        yaml = self._lists[0].read_bytes()
        polygon = b"0 0.1 0.1 0.5 0.1 0.5 0.6 0.1 0.6\r\n1 .5 .5 .1 .1 0.75\r\n"
        flow = b"path: . # here\ntrain: [., b.png]\nval:\n  - a.png\nnc: 2\nnames: [\"cat\", 'it''s']\nx: |\n  y\n"
        points = b"names:\n- cat\n- dog\nkpt_shape: [1, 3]\n"
        return [
            PART.join((label, yaml, beside)),
            PART.join((label, "cat\na & b\nä\n".encode(), beside)),
            label,
            PART.join((polygon, flow)),
            PART.join((b"0 .5 .5 .25 .25 .4 .4 2\n\n1 .5 .5 .1 .1 0 0 0", points)),
            PART.join(
                (b"\xef\xbb\xbf\n", b"cat\r\ndog", b'{"version": 1, "images": {"a": {"verified": false}, "b": 3}}')
            ),
            *self._of_bccd(),
        ]

    def _of_bccd(self) -> list[bytes]:
        made = []
        for path in _bccd_xml():
            for each in self.files():
                each.unlink(missing_ok=True)
            store = YoloStore(self.folder, ("RBC", "WBC", "Platelets"))
            store.write(self.folder / "a.png", (480, 640), Annotation(read_voc(path).ground_truth), None)
            made.append(PART.join((self._labels.read_bytes(), self._lists[1].read_bytes())))
        return made


class LabelmeTarget(Target):
    """labelme json, which is read and never written."""

    words = (
        *_keys("shapes label points shape_type flags imageData imageHeight difficult group_id"),
        *b'"rectangle" "polygon" [[1,2],[3,4]] null true NaN 1e400 -0.0 \\ud800 { } [ ] , \xef\xbb\xbf'.split(),
        *(b"9" * 25, b"[[" * 40),
    )

    def play(self, data):
        path = self.folder / "a.json"
        path.write_bytes(data)
        find_labelme_store(self.folder)
        store, image = LabelmeStore(self.folder), self.folder / "a.png"
        try:
            found = store.read(image, HW if len(data) % 2 else None)
            assert all("\n" not in sentence for sentence in found.warnings)
            store.write(image, HW, found.annotation, found)
        except DatasetError as error:
            check_sentence(error)
        assert path.read_bytes() == data

    def seeds(self):
        box = {"label": "cat", "points": [[1, 2], [30.5, 40]], "shape_type": "rectangle", "group_id": None}
        polygon = {"label": "dog", "points": [[1, 2], [3, 4], [5, 6]], "shape_type": "polygon", "flags": {}}
        four = box | {"points": [[1, 2], [3, 2], [3, 4], [1, 4]], "flags": {"difficult": True}}
        whole = {
            "version": "5.5.0",
            "flags": {},
            "shapes": [box, polygon, four],
            "imagePath": "a.png",
            "imageData": "aGk=",
        }
        return [
            json.dumps(whole, indent=2).encode(),
            json.dumps({"shapes": [box]}).encode(),
            b"\xef\xbb\xbf" + json.dumps({"shapes": [{"label": "x", "points": [[1, 2], [3, 4]]}]}).encode(),
            *self._of_bccd(),
        ]

    def _of_bccd(self) -> list[bytes]:
        made = []
        for path in _bccd_xml():
            truth = read_voc(path).ground_truth
            shapes = [
                {"label": label, "points": [box[:2], box[2:]], "shape_type": "rectangle", "flags": {}}
                for label, box in zip(truth.labels, truth.boxes.tolist(), strict=True)
            ]
            made.append(json.dumps({"shapes": shapes, "imageHeight": 480, "imageWidth": 640}).encode())
        return made


# -- what is typed and what is kept ------------------------------------------------------------------------------------


class FilterTarget(Target):
    """The language in which one asks for images: it never raises, and what it cannot read it says in a sentence."""

    words = tuple(
        "is: name: class: missed false found boxes proposed verified unverified empty error unsaved run new seen >= <= "
        '!= == ≥ ≤ ≠ | or - " "" 1,000 99999999999999999999 ٣ ² İ ß \u2028 \u00a0'.encode().split(b" ")
    )

    _facts = (
        ImageFacts("a.png"),
        ImageFacts("smear 1.jpg", "annotated 3 boxes", AnnotationState(3, (("RBC", 2), ("straße", 1)), True, True, 1)),
        ImageFacts("", "", AnnotationState(problem="it is broken"), RunCounts(3, 1, 2), True, True, True),
    )

    def play(self, data):
        found = parse_filter(data.decode("utf-8", "surrogateescape"))
        if found.problem is not None:
            assert text(found.problem).strip()
            assert found.is_all
        asked = (found.is_of_names, found.is_of_words, found.needs, found.classes, found.terms)
        assert len(asked) == 5
        for facts in self._facts:
            admitted = found.admits(facts)
            assert isinstance(admitted, bool)
            assert admitted or not found.is_all

    def seeds(self):
        return [
            each.encode()
            for each in (
                "", "smear", "is:unverified RBC>3 or smear -missed=0", 'class:"weiße Katze">=2 | -name:"a b.jpg"',
                "boxes<1,000 false≥1 is:empty", "name=a.png", "-is:error found != 3", 'class:RBC "" x"y', "RBC>",
                "is:what", "nothing:x", "missed>many", "a or", "| b", "- c",
            )
        ]  # fmt: skip


class JournalTarget(Target):
    """An entry of the journal: read, compared with files, and written again so that it reads the same."""

    words = (
        *_keys(
            "version time image image_stamp annotation states stamp says ids verified annotated next_id objects id "
            "label box difficult truncated crowd proposed locked"
        ),
        *b"null true 1e400 1e39 -1 NaN [1,2] [0,0,1,1] { } [ ] \\ud800 \\u0000 \xef\xbb\xbf".split(),
        *(b"9" * 25, b"[[" * 40),
    )

    def play(self, data):
        file = self.folder / "entry.json"
        try:
            kept = from_text(data, file)
        except (BrokenError, NewerError):
            return
        none, empty = Stored(None, Path("a.xml")), Stored(Annotation.empty(), Path("a.xml"), (1, 2))
        for stored in (None, none, empty, Stored(kept.edit.confirmed({}), kept.annotation or Path("a.xml"))):
            assert kept.meets(stored) in ("unsaved", "saved", "changed")
            kept.records_in(stored)
        line = to_text(kept.path, kept.edit, kept.annotation, kept.states, kept.image, kept.time)
        again = from_text(line, file)
        assert again.edit.same_as(kept.edit)
        assert (again.edit.next_id, again.edit.is_annotated) == (kept.edit.next_id, kept.edit.is_annotated)
        assert (again.states, again.image, again.time) == (kept.states, kept.image, kept.time)
        written = to_text(again.path, again.edit, again.annotation, again.states, again.image, again.time)
        assert written == line

    def seeds(self):
        annotation = Annotation(some_truth())
        edit = Edit.of(annotation)
        states = (
            state_of(Stored(annotation, Path("/p/a.xml"), (5, 6)), {}),
            state_of(Stored(None, Path("/p/a.xml")), {}),
        )
        image = Path("/p/ä.png")
        return [
            to_text(image, edit, Path("/p/a.xml"), states, (1, 2), 1790000000.25),
            to_text(image, Edit.of(None), None, (), None, 0.0),
            to_text(image, edit.with_objects([[1, 2, 3, 4]], ["new"], proposed=True), None, states, (1, 2), 1.0),
            to_text(Path("/p/\udcff.png"), edit, None, (), None, 1.0),
        ]


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


TARGETS: dict[str, type[Target]] = {
    "voc": VocTarget,
    "coco": CocoTarget,
    "yolo": YoloTarget,
    "labelme": LabelmeTarget,
    "filter": FilterTarget,
    "journal": JournalTarget,
}
