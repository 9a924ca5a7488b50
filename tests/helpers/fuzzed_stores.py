"""The readers of annotations as functions of any bytes; see `tests.helpers.fuzzed`."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

from detector.datasets.annotation import Annotation
from detector.datasets.coco import CocoStore, find_coco_store
from detector.datasets.coco_dataset import CocoDataset
from detector.datasets.coco_write import write_coco
from detector.datasets.errors import DatasetError
from detector.datasets.labelme import LabelmeStore, find_labelme_store
from detector.datasets.sidecar import SIDECAR_NAME
from detector.datasets.voc import read_voc, write_voc
from detector.datasets.voc_store import VocStore, find_voc_store
from detector.datasets.yolo import YoloStore
from detector.datasets.yolo_classes import TXT_NAME, data_yaml_of
from detector.datasets.yolo_dataset import YoloDataset, yolo_splits
from detector.datasets.yolo_find import find_yolo_store
from tests.helpers.fuzzed_target import (
    HW,
    IMAGES,
    LARGEST_SEED,
    PART,
    StoreTarget,
    Target,
    _content,
    bccd_xml,
    check_sentence,
    keys,
    some_truth,
)
from tests.helpers.odd_annotations import ODD_ANNOTATIONS


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
            *(path.read_bytes() for path in bccd_xml()),
            *(each for each in odd if len(each) < LARGEST_SEED),
        ]


class CocoTarget(StoreTarget):
    """COCO json, by the names of images and by their number in the file."""

    # A far side is x + width in doubles, which loses what is that much smaller than x.
    tolerance = 1e-9
    words = (
        *keys(
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
            store.glance(self.folder / name)
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
        for path in bccd_xml():
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
        for path in bccd_xml():
            for each in self.files():
                each.unlink(missing_ok=True)
            store = YoloStore(self.folder, ("RBC", "WBC", "Platelets"))
            store.write(self.folder / "a.png", (480, 640), Annotation(read_voc(path).ground_truth), None)
            made.append(PART.join((self._labels.read_bytes(), self._lists[1].read_bytes())))
        return made


class LabelmeTarget(Target):
    """labelme json, which is read and never written."""

    words = (
        *keys("shapes label points shape_type flags imageData imageHeight difficult group_id"),
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
        for path in bccd_xml():
            truth = read_voc(path).ground_truth
            shapes = [
                {"label": label, "points": [box[:2], box[2:]], "shape_type": "rectangle", "flags": {}}
                for label, box in zip(truth.labels, truth.boxes.tolist(), strict=True)
            ]
            made.append(json.dumps({"shapes": shapes, "imageHeight": 480, "imageWidth": 640}).encode())
        return made
