"""The text of VOC files under many edits: real files, and any files and edits that hypothesis thinks of."""

import os
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.datasets import GroundTruth
from detector.datasets.annotation import Annotation
from detector.datasets.voc_store import VocStore
from detector.datasets.voc_text import is_verified, objects_in, truth_of, with_objects
from detector.datasets.voc_xml import parse_xml

PATH = Path("a.xml")
FLAGS = ("difficult", "truncated", "crowd")


def bccd() -> Path:
    root = os.environ.get("BOXSCOPE_BCCD") or Path(__file__).parents[3].parent / "shared" / "data" / "bccd"
    return Path(root) / "Annotations"


needs_bccd = pytest.mark.skipif(not bccd().is_dir(), reason="BCCD is not here; set BOXSCOPE_BCCD to its folder")


def annotation_in(file):
    objects = objects_in(PATH, file)
    return Annotation(truth_of(objects), tuple(objects), is_verified(file))


def moved(annotation, row, corner, by):
    truth = annotation.ground_truth
    boxes = truth.boxes.copy()
    boxes[row, corner] += by
    flags = {name: getattr(truth, name) for name in FLAGS}
    return Annotation(GroundTruth(boxes, truth.labels, **flags), annotation.records, annotation.verified)


@needs_bccd
def test_every_bccd_file_unedited_is_byte_identical(tmp_path):
    files = sorted(bccd().glob("*.xml"))
    assert len(files) == 364
    store = VocStore(tmp_path)
    for file in files:
        before = file.read_bytes()
        copy = tmp_path / file.name
        copy.write_bytes(before)
        stamp = copy.stat().st_mtime_ns
        image = copy.with_suffix(".jpg")
        seen = store.read(image)
        assert store.write(image, (480, 640), seen.annotation, seen).annotation.says_the_same(seen.annotation)
        assert copy.read_bytes() == before
        assert copy.stat().st_mtime_ns == stamp


@needs_bccd
def test_one_coordinate_of_a_bccd_file_is_one_line():
    changed = 0
    for number, file in enumerate(sorted(bccd().glob("*.xml"))):
        xml = parse_xml(file, file.read_bytes())
        annotation = annotation_in(xml)
        row, corner = number % len(annotation.ground_truth), number % 4
        new = with_objects(file, xml, moved(annotation, row, corner, 0.5))
        lines = zip(xml.data.splitlines(keepends=True), new.splitlines(keepends=True), strict=True)
        ((old_line, new_line),) = [each for each in lines if each[0] != each[1]]
        value = annotation.ground_truth.boxes[row, corner]
        tag = ("xmin", "ymin", "xmax", "ymax")[corner]
        assert old_line.strip().decode() == f"<{tag}>{value:g}</{tag}>"
        assert new_line == old_line.replace(f"{value:g}".encode(), f"{value + 0.5:g}".encode())
        back = with_objects(file, parse_xml(file, new), annotation)
        assert back == xml.data
        changed += 1
    assert changed == 364


ONE_LINE = "<object><name>a</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3.5</xmax><ymax>4</ymax></bndbox></object>"
TABBED = """
\t<object at="{0}">
\t\t<name>n{0}</name><!-- {0} -->
\t\t<pose>Left {0}</pose>
\t\t<truncated>0</truncated>
\t\t<difficult>1</difficult>
\t\t<part><name>p</name><bndbox><xmin>1</xmin></bndbox></part>
\t\t<bndbox>
\t\t\t<xmin>{0}</xmin>
\t\t\t<ymin>{0}.50</ymin>
\t\t\t<xmax>1e2</xmax>
\t\t\t<ymax>90</ymax>
\t\t</bndbox>
\t</object>"""
PARTS = [
    ONE_LINE,
    ONE_LINE + ONE_LINE,
    " " + ONE_LINE,
    "\n  " + ONE_LINE + "  \n",
    *(TABBED.format(number) for number in range(4)),
    *(TABBED.format(number).replace("\n", "\r\n") for number in range(2)),
    TABBED.format(1).replace("\t", "  "),
    "\n\t<!-- <object> in words -->",
    "<!-- b -->",
    "\n\t<source><object><name>not one</name></object></source>",
    "\n\t<?pi <object>?>",
    "\n\n",
    "<note><![CDATA[<object>]]></note>",
]
FRAMES = [
    "<annotation>{}</annotation>",
    "<annotation>{}\n</annotation>\n",
    '\ufeff<?xml version="1.0"?>\r\n<annotation a="1" verified="yes" >{}\r\n</annotation><!-- end -->',
    "<!DOCTYPE annotation>\n<annotation>\n\t<filename>a.jpg</filename>{}\n\t<segmented>0</segmented>\n</annotation>\n",
]
sides = st.one_of(st.integers(-50, 900).map(float), st.floats(-1e5, 1e5, width=32))
labels = st.sampled_from(["a", "b", "n1", "two words", "<&>", "]]>", "\u00e4 \U0001f984"])
new_objects = st.tuples(
    st.lists(sides, min_size=4, max_size=4), labels, st.lists(st.booleans(), min_size=3, max_size=3)
)
whole_numbers = st.integers(0, 10**6)
edits = st.one_of(
    st.tuples(st.just("move"), whole_numbers, st.integers(0, 3), sides),
    st.tuples(st.just("label"), whole_numbers, labels),
    st.tuples(st.just("flag"), whole_numbers, st.integers(0, 2)),
    st.tuples(st.just("delete"), whole_numbers),
    st.tuples(st.just("add"), whole_numbers, new_objects),
    st.tuples(st.just("twice"), whole_numbers, whole_numbers),
    st.tuples(st.just("order"), st.randoms(use_true_random=False)),
    st.tuples(st.just("verify")),
)


def edit(rows, verified, what, *how):
    """One edit of a list of [box, label, flags, record]; whether it is verified now."""
    if what == "verify":
        return not verified
    if what == "order":
        how[0].shuffle(rows)
    elif what == "add":
        box, label, flags = how[1]
        rows.insert(how[0] % (len(rows) + 1), [list(box), label, list(flags), None])
    elif rows:
        row = rows[how[0] % len(rows)]
        if what == "move":
            row[0][how[1]] = how[2]
        elif what == "label":
            row[1] = how[1]
        elif what == "flag":
            row[2][how[1]] ^= True
        elif what == "delete":
            del rows[how[0] % len(rows)]
        elif what == "twice":
            rows.insert(how[1] % (len(rows) + 1), [list(row[0]), row[1], list(row[2]), row[3]])
    return verified


def rows_of(annotation):
    truth = annotation.ground_truth
    flags = np.stack([getattr(truth, name) for name in FLAGS], axis=1).tolist()
    return [list(row) for row in zip(truth.boxes.tolist(), truth.labels, flags, annotation.records, strict=True)]


def annotation_of(rows, verified):
    flags = {name: [row[2][place] for row in rows] for place, name in enumerate(FLAGS)}
    truth = GroundTruth([row[0] for row in rows], [row[1] for row in rows], **flags)
    return Annotation(truth, tuple(row[3] for row in rows), verified)


def frame_of(file):
    """What is no object, without white space and the one attribute of ours."""
    text, done = b"", 0
    for each in objects_in(PATH, file):
        text += file.data[done : each.element.start]
        done = each.element.end
    text += file.data[done:]
    return re.sub(rb"\s+", b"", re.sub(rb"""\s+verified=("yes"|'yes')""", b"", text))


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(FRAMES),
    st.lists(st.sampled_from(PARTS), max_size=6),
    st.lists(st.lists(edits, min_size=1, max_size=6), min_size=1, max_size=4),
)
def test_any_edits_read_back_and_leave_the_rest(frame, parts, saves):
    file = parse_xml(PATH, frame.format("".join(parts)).encode())
    frame_before = frame_of(file)
    assert with_objects(PATH, file, annotation_in(file)) == file.data
    history = [(file, annotation_in(file))]
    for steps in saves:
        rows, verified = rows_of(history[-1][1]), history[-1][1].verified
        before = {id(row[3]): row[:3] for row in rows_of(history[-1][1])}
        for step in steps:
            verified = edit(rows, verified, *step)
        wanted = annotation_of(rows, verified)
        file = parse_xml(PATH, with_objects(PATH, file, wanted))
        found = annotation_in(file)
        assert found.says_the_same(wanted)
        assert frame_of(file) == frame_before
        untouched = Counter(
            row[3].raw for row in rows if row[3] is not None and annotation_of([row], False).says_the_same(
                annotation_of([[*before[id(row[3])], None]], False))
        )  # fmt: skip
        assert untouched <= Counter(each.raw for each in objects_in(PATH, file))
        assert with_objects(PATH, file, found) == file.data
        history.append((file, found))
    # Undone step by step, with the records of long ago: what each save said is said again.
    for _, was in reversed(history):
        file = parse_xml(PATH, with_objects(PATH, file, was))
        assert annotation_in(file).says_the_same(was)
        assert frame_of(file) == frame_before
        assert Counter(each.raw for each in was.records) == Counter(each.raw for each in objects_in(PATH, file))


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(FRAMES[1:]),
    st.lists(st.sampled_from([TABBED.format(1), TABBED.format(2), "\n\t<!-- c -->", "\n\t<x/>", "\n\n"]), max_size=5),
    st.sampled_from(["\n", "\r\n", "\r"]),
    whole_numbers,
    new_objects,
)
def test_added_and_taken_away_is_as_before(frame, parts, line_end, place, new):
    text = frame.format("".join(parts)).replace("\r\n", "\n").replace("\n", line_end)
    file = parse_xml(PATH, text.encode())
    was = annotation_in(file)
    rows = rows_of(was)
    edit(rows, was.verified, "add", place, new)
    more = parse_xml(PATH, with_objects(PATH, file, annotation_of(rows, was.verified)))
    left = [row for row, (*_, record) in zip(rows_of(annotation_in(more)), rows, strict=True) if record is not None]
    assert with_objects(PATH, more, annotation_of(left, was.verified)) == file.data
