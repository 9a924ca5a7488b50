"""COCO files and edits made by hypothesis: what is not edited stays byte by byte, what is edited comes back."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.datasets.annotation import Annotation
from detector.datasets.coco import CocoRecord, CocoStore
from detector.datasets.coco_scan import Source, scan
from detector.ground_truth import GroundTruth
from tests.helpers.coco_files import HW, annotation, picture, raws

NAMES = ("a.png", "b ü.png", "c.png")
ODD_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=12)
NUMBERS = st.one_of(st.integers(-50, 300), st.floats(-50, 300, width=32), st.floats(0, 300))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), ODD_TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ODD_TEXT, inner, max_size=3)),
    max_leaves=8,
)
SPELLINGS = st.sampled_from([{}, {"indent": 2}, {"separators": (",", ":")}, {"indent": "\t"}, {"ensure_ascii": False}])


def extended(draw, core):
    """With keys nobody knows, in any order."""
    extra = draw(st.dictionaries(st.sampled_from(["segmentation", 'x"]}', "score", "é"]), JSON, max_size=2))
    return dict(draw(st.permutations(list((core | extra).items()))))


@st.composite
def files(draw):
    """The text of a COCO file with the images of `NAMES`, some of them."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    numbers = draw(st.lists(st.integers(0, 50), unique=True, min_size=len(names), max_size=len(names)))
    images = [
        extended(draw, {"id": number, "file_name": name, "width": 100, "height": 80})
        for name, number in zip(names, numbers, strict=True)
    ]
    ids = draw(st.lists(st.integers(1, 99), unique=True, max_size=8))
    objects = []
    for each in ids:
        box = [draw(NUMBERS) for _ in range(4)]
        areas = st.sampled_from([box[2] * box[3], 7.0])
        core = {
            "id": each, "image_id": draw(st.sampled_from(numbers)), "category_id": draw(st.sampled_from([3, 1])),
            "bbox": box, "area": draw(areas), "iscrowd": draw(st.sampled_from([0, 1])),
        }  # fmt: skip
        objects.append(extended(draw, core))
    content = {
        "images": images, "annotations": objects, "info": draw(JSON), "more": draw(JSON),
        "categories": [{"id": 3, "name": "dog"}, {"id": 1, "name": "cat", "x": draw(JSON)}],
    }  # fmt: skip
    content = dict(draw(st.permutations(list(content.items()))))
    return json.dumps(content, **draw(SPELLINGS))


def sides(low, high):
    """Places of a side, of which the nearest to zero is a hundredth: the sum of 1e4 and 1e-12 has no double."""
    return st.floats(low, high, width=32).map(lambda side: side if abs(side) >= 0.01 else 0.0)


BOXES = st.lists(sides(-20, 200), min_size=4, max_size=4)


@st.composite
def edited(draw, known):
    """An annotation made of another by what a person may do."""
    truth, records = known.ground_truth, known.records
    rows = [
        (truth.boxes[row].tolist(), truth.labels[row], bool(truth.crowd[row]), bool(truth.difficult[row]), records[row])
        for row in draw(st.permutations(range(len(truth))))
        if draw(st.sampled_from([True, True, False]))
    ]
    for _ in range(draw(st.integers(0, 2))):
        new = (draw(BOXES), draw(st.sampled_from(["cat", "dog", 'bird "ü"'])), draw(st.booleans()), False, None)
        rows.insert(draw(st.integers(0, len(rows))), new)
    for place, (box, label, crowd, _, record) in enumerate(rows):
        if draw(st.sampled_from([True, False, False])):
            side = draw(st.integers(0, 3))
            box = [*box[:side], draw(sides(-20, 200)), *box[side + 1 :]]
            label = draw(st.sampled_from([label, "cat", "fish"]))
            rows[place] = (box, label, crowd, draw(st.booleans()), record)
    if not rows:
        return annotation(verified=draw(st.booleans()))
    boxes, labels, crowds, difficult, kept = zip(*rows, strict=True)
    return Annotation(GroundTruth(boxes, labels, difficult, None, crowds), kept, draw(st.booleans()))


@settings(max_examples=40, deadline=None)
@given(files(), st.data())
def test_edits_of_one_image_leave_the_rest_byte_by_byte(text, data):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each in NAMES:
            picture(folder / each)
        place = folder / "x.json"
        place.write_bytes(text.encode())
        store = CocoStore(place)
        first = {each: store.read(folder / each, HW) for each in NAMES}
        seen = dict(first)
        for _ in range(data.draw(st.integers(1, 4))):
            image = data.draw(st.sampled_from(NAMES))
            known = data.draw(st.sampled_from([first, seen]))[image].annotation or annotation()
            wanted = data.draw(edited(known))
            before = place.read_bytes().decode()
            seen[image] = store.write(folder / image, HW, wanted, seen[image])
            after = place.read_bytes().decode()
            _check_rest(before, after, image)
            # The store, which has not looked through the file again, and one that sees it for the first time agree.
            for one in (store, CocoStore(place)):
                for each in NAMES:
                    stored = one.read(folder / each, HW)
                    _check_glance(one.glance(folder / each), stored.annotation)
                    if each == image:
                        assert stored.annotation.says_the_same(wanted)
                        assert [r.raw for r in stored.annotation.records] == [
                            r.raw for r in seen[each].annotation.records
                        ]
                    elif seen[each].annotation is None:
                        assert stored.annotation is None
                    else:
                        assert stored.annotation.says_the_same(seen[each].annotation)
            fresh = CocoStore(place)
            assert fresh.class_counts() == store.class_counts()
            assert fresh.classes == store.classes
            _check_index(store, place)


@settings(max_examples=60, deadline=None)
@given(files(), st.data())
def test_images_written_together_are_as_if_written_one_after_the_other(text, data):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each in NAMES:
            picture(folder / each)
        places = [folder / "one.json", folder / "two.json"]
        for place in places:
            place.write_bytes(text.encode())
        one, two = (CocoStore(place) for place in places)
        for _ in range(data.draw(st.integers(1, 3))):
            wanted = {}
            for image in data.draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1)):
                known = one.read(folder / image, HW)
                wanted[image] = data.draw(edited(known.annotation or annotation()))
            batch, outdated = one.batch(), data.draw(st.booleans())
            for image, each in wanted.items():
                batch.add(folder / image, HW, each, one.read(folder / image, HW))
            if outdated:  # once more, so that all is planned anew
                batch.add(folder / image, HW, each, one.read(folder / image, HW))
            found = batch.write()
            assert list(found) == [folder / image for image in wanted]
            for image, each in wanted.items():
                # A record belongs to its file: the other one has the same texts.
                seen = two.read(folder / image, HW)
                records = [None if r is None else CocoRecord(r.raw, places[1]) for r in each.records]
                two.write(folder / image, HW, replace(each, records=tuple(records)), seen)
                assert _said(found[folder / image]) == _said(CocoStore(places[0]).read(folder / image, HW))
            assert _content(places[0]) == _content(places[1])
            _check_index(one, places[0])
            for image in NAMES:
                assert _said(one.read(folder / image, HW)) == _said(CocoStore(places[0]).read(folder / image, HW))
            assert (one.classes, one.class_counts()) == (two.classes, two.class_counts())


def _content(place):
    """Whether a new object lists that it has no mask is as the object before it has it, which the other has lost."""
    content = json.loads(place.read_bytes())
    for each in content.get("annotations", ()):
        if isinstance(each, dict) and each.get("segmentation") == []:
            del each["segmentation"]
    return content


def _said(stored):
    known = stored.annotation
    return stored.stamp, known and (known.verified, known.ground_truth.labels, [each.raw for each in known.records])


def _check_glance(glance, read):
    if read is None:
        assert glance.labels is None
    else:
        assert (glance.labels, glance.verified) == (read.ground_truth.labels, read.verified)


def _check_rest(before, after, image):
    """Elements of other images, the other images and classes, and all outside of the lists are as they were."""
    content = json.loads(before)
    numbers = {each["id"] for each in content["images"] if each["file_name"] == image}
    numbers |= {each["id"] for each in json.loads(after)["images"] if each["file_name"] == image}
    of_others = [
        [raw for raw in raws(text, "annotations") if json.loads(raw)["image_id"] not in numbers]
        for text in (before, after)
    ]
    assert of_others[0] == of_others[1]
    images = [[raw for raw in raws(text, "images") if json.loads(raw)["id"] not in numbers] for text in (before, after)]
    assert images[0] == images[1]
    classes = [raws(text, "categories") for text in (before, after)]
    assert classes[1][: len(classes[0])] == classes[0]
    assert _outline(before) == _outline(after)
    ids = [json.loads(raw)["id"] for raw in raws(after, "annotations")]
    assert len(set(ids)) == len(ids)


def _outline(text):
    content = json.loads(text)
    return [(key, None if key in ("images", "annotations", "categories") else value) for key, value in content.items()]


def _check_index(store, place):
    """What the store has kept account of is what a new look at the file finds."""
    fresh = scan(Source(place))
    kept = store.load().layout
    assert fresh.end == kept.end
    for key, places in fresh.arrays.items():
        mine = kept.arrays[key]
        assert (mine.open, mine.close) == (places.open, places.close)
        order = np.argsort(mine.start)[(mine.start < 0).sum() :]
        np.testing.assert_array_equal(mine.start[order], places.start)
        np.testing.assert_array_equal(mine.size[order], places.size)


@settings(max_examples=100, deadline=None)
@given(st.lists(sides(-1e4, 1e4), min_size=4, max_size=4))
def test_a_box_of_floats_comes_back_bit_by_bit(box):
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.png"
        CocoStore.new(Path(name) / "x.json").write(path, HW, annotation([box], ["cat"]), None)
        again = CocoStore(Path(name) / "x.json").read(path, HW).annotation.ground_truth
        np.testing.assert_array_equal(again.boxes, np.array([box], np.float32))


@settings(max_examples=100, deadline=None)
@given(JSON, st.integers(1, 40), SPELLINGS)
def test_the_scan_finds_what_a_parser_finds_wherever_the_pieces_end(odd, piece, spelling):
    content = {
        'x"\\': odd, "images": [{"id": 1, "file_name": 'a\\"]}\\\\', "more": odd}] * 3, "annotations": [],
        "more": {"images": [odd]}, "categories": [{"id": 1, "name": "\\"}],
    }  # fmt: skip
    text = json.dumps(content, **spelling)
    data = text.encode()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "x.json"
        place.write_bytes(data)
        layout = scan(Source(place), piece=piece)
    places = layout.arrays["images"]
    found = [data[start : start + size].decode() for start, size in zip(places.start, places.size, strict=True)]
    assert [json.loads(each) for each in found] == content["images"]
    assert data[layout.end :] == b"}"
    assert layout.arrays.keys() == {"images", "annotations", "categories"}
