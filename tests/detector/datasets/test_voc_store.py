"""VOC files through their store: a save changes what was edited, and not a byte more."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detector.datasets import DatasetError, GroundTruth, read_voc, write_voc
from detector.datasets import voc_store as module
from detector.datasets.annotation import Annotation, ChangedOnDiskError, stamp_of
from detector.datasets.files import make_folder, write_atomic
from detector.datasets.voc import sample_of
from detector.datasets.voc_store import VocStore, find_voc_store

HW = (80, 100)

HAND_MADE = """\ufeff<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<?tool keep="this"?>
<annotation verified='no' by="me">
  <folder>x</folder><filename>a.jpg</filename>
  <size><width>100</width><height>80</height><depth>3</depth></size>
  <!-- the first -->
  <object id="1" >
    <name lang="en"> cat <!-- or a fox --></name>
    <pose>Left</pose>
    <difficult/>
    <part><name>head</name><bndbox><xmin>9</xmin><ymin>9</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></part>
    <bndbox >
      <xmin>10.25<!-- sure? --></xmin><ymin> 2e1 </ymin>
      <ymax><![CDATA[40.5]]></ymax>
      <xmax>0030</xmax>
    </bndbox>
    <attributes><attribute><name>colour</name><value>black &amp; white</value></attribute></attributes>
  </object>
  <!-- the second -->
  <object><name>dog</name><truncated>true</truncated><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object>
  <object>
    <bndbox>
      <xmin>50</xmin>
      <ymin>50</ymin>
      <xmax>60</xmax>
      <ymax>60</ymax>
    </bndbox>
    <name>cat</name>
  </object>
  <segmented>1</segmented>
</annotation>
<!-- the end -->
"""


def cut(start: str, end: str) -> str:
    """What stands in the hand-made file from one word to another."""
    return HAND_MADE[HAND_MADE.index(start) : HAND_MADE.index(end)]


@pytest.fixture
def image(tmp_path) -> Path:
    path = tmp_path / "a.jpg"
    Image.new("RGB", (HW[1], HW[0])).save(path)
    return path


def put(image: Path, text: str | bytes) -> bytes:
    data = text if isinstance(text, bytes) else text.encode()
    image.with_suffix(".xml").write_bytes(data)
    return data


def edited(annotation: Annotation, rows=None, verified=None, **columns) -> Annotation:
    """Some rows of an annotation with columns of its ground truth set."""
    truth = replace(annotation.ground_truth, **columns)
    rows = range(len(truth)) if rows is None else rows
    taken = GroundTruth(
        truth.boxes[list(rows)] if len(rows) else [],
        [truth.labels[row] for row in rows],
        *(getattr(truth, flag)[list(rows)] for flag in ("difficult", "truncated", "crowd")),
    )
    records = tuple(annotation.records[row] for row in rows)
    return Annotation(taken, records, annotation.verified if verified is None else verified)


def saved(image: Path, change) -> bytes:
    """The file after one change, which is checked to read back as it was written."""
    store = VocStore(image.parent)
    seen = store.read(image)
    wanted = change(seen.annotation)
    stored = store.write(image, HW, wanted, seen)
    assert stored.annotation.says_the_same(wanted)
    assert store.read(image).annotation.says_the_same(wanted)
    assert stored.stamp == stamp_of(stored.path)
    return stored.path.read_bytes()


def moved(annotation, row, corner, value):
    boxes = annotation.ground_truth.boxes.copy()
    boxes[row, corner] = value
    return edited(annotation, boxes=boxes)


def flagged(annotation, row, flag, value=True):
    flags = getattr(annotation.ground_truth, flag).copy()
    flags[row] = value
    return edited(annotation, **{flag: flags})


def relabelled(annotation, row, label):
    labels = list(annotation.ground_truth.labels)
    labels[row] = label
    return edited(annotation, labels=labels)


def with_new(annotation, at, label="bird", box=(1, 2, 3, 4), crowd=False):
    truth = annotation.ground_truth
    flags = {flag: np.insert(getattr(truth, flag), at, False) for flag in ("difficult", "truncated")}
    labels, records = list(truth.labels), list(annotation.records)
    labels.insert(at, label)
    records.insert(at, None)
    crowds = np.insert(truth.crowd, at, crowd)
    return Annotation(
        GroundTruth(np.insert(truth.boxes, at, box, axis=0), labels, **flags, crowd=crowds),
        tuple(records),
        annotation.verified,
    )


def test_what_is_read(image):
    put(image, HAND_MADE)
    stored = VocStore(image.parent).read(image)
    truth = stored.annotation.ground_truth
    np.testing.assert_array_equal(truth.boxes, [[10.25, 20, 30, 40.5], [1, 2, 3, 4], [50, 50, 60, 60]])
    assert truth.labels == ("cat", "dog", "cat")
    assert truth.truncated.tolist() == [False, True, False]
    assert not truth.difficult.any()
    assert not truth.crowd.any()
    assert not stored.annotation.verified
    assert stored.warnings == ()
    assert stored.path == image.with_suffix(".xml")


def test_unedited(image):
    before = put(image, HAND_MADE)
    stamp = stamp_of(image.with_suffix(".xml"))
    assert saved(image, lambda annotation: annotation) == before
    assert stamp_of(image.with_suffix(".xml")) == stamp


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        (lambda it: moved(it, 0, 0, 11.5), "<xmin>10.25<!-- sure? --></xmin>", "<xmin>11.5<!-- sure? --></xmin>"),
        (lambda it: moved(it, 0, 1, 0.1), "<ymin> 2e1 </ymin>", "<ymin> 0.1 </ymin>"),
        (lambda it: moved(it, 0, 3, 41), "<![CDATA[40.5]]>", "41"),
        (lambda it: moved(it, 0, 2, 31), "<xmax>0030<", "<xmax>31<"),
        (lambda it: moved(it, 2, 2, 61), "<xmax>60<", "<xmax>61<"),
        (
            lambda it: relabelled(it, 0, "lynx & <kin>"),
            '<name lang="en"> cat <!--',
            '<name lang="en"> lynx &amp; &lt;kin&gt; <!--',
        ),
        (lambda it: relabelled(it, 1, "Müller 🦄"), "<name>dog</name>", "<name>Müller 🦄</name>"),
        (lambda it: flagged(it, 0, "difficult"), "<difficult/>", "<difficult>1</difficult>"),
        (lambda it: flagged(it, 1, "truncated", False), "<truncated>true<", "<truncated>0<"),
        (
            lambda it: flagged(it, 0, "truncated"),
            "    <bndbox >\n      <xmin>10.25",
            "    <truncated>1</truncated>\n    <bndbox >\n      <xmin>10.25",
        ),
        (
            lambda it: flagged(it, 1, "crowd"),
            "<bndbox><xmin>1<",
            "<crowd>1</crowd><bndbox><xmin>1<",
        ),
        (lambda it: edited(it, verified=True), "verified='no'", 'verified="yes"'),
        (lambda it: edited(it, rows=[0, 1]), cut("  <object>\n    <bndbox>", "  <segmented"), ""),
        (lambda it: edited(it, rows=[1, 2]), cut("  <object id", "  <!-- the second"), ""),
        (
            lambda it: with_new(it, 3),
            "  </object>\n  <segmented>",
            "  </object>\n  <object>\n    <name>bird</name>\n    <pose>Unspecified</pose>\n"
            "    <truncated>0</truncated>\n    <difficult>0</difficult>\n    <bndbox>\n      <xmin>1</xmin>\n"
            "      <ymin>2</ymin>\n      <xmax>3</xmax>\n      <ymax>4</ymax>\n    </bndbox>\n"
            "  </object>\n  <segmented>",
        ),
        (
            lambda it: edited(it, rows=[0, 2, 1]),
            cut("<object><name>dog", "\n  <segmented>"),
            cut("<object>\n    <bndbox>", "  <segmented>") + "  " + cut("<object><name>dog", "\n  <object>\n    <bnd"),
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "crlf", "utf-16"])
def test_one_edit_changes_its_own_bytes_only(image, change, old, new, encoding):
    def turned(text):
        if encoding == "utf-16":
            return text.removeprefix("\ufeff").replace("UTF-8", "UTF-16").encode("utf-16")
        return (text.replace("\n", "\r\n") if encoding == "crlf" else text).encode()

    assert HAND_MADE.count(old) == 1
    put(image, turned(HAND_MADE))
    assert saved(image, change) == turned(HAND_MADE.replace(old, new))


def test_verified_where_nothing_was_said(image):
    before = put(image, "<annotation><object/></annotation>".replace("<object/>", ""))
    verified = saved(image, lambda it: edited(it, verified=True))
    assert verified == b'<annotation verified="yes"></annotation>'
    assert saved(image, lambda it: edited(it, verified=False)) == before


@pytest.mark.parametrize(
    ("tag", "verified", "becomes"),
    [
        ("<annotation note=\" verified='yes'\">", False, '<annotation verified="yes" note=" verified=\'yes\'">'),
        ("<annotation a='>' verified = 'TRUE' b='1'>", True, "<annotation a='>' b='1'>"),
        ("<annotation notverified='yes'>", False, "<annotation verified=\"yes\" notverified='yes'>"),
        ("<annotation\n verified=''\n>", False, '<annotation\n verified="yes"\n>'),
    ],
)
def test_verified_among_other_attributes(image, tag, verified, becomes):
    put(image, f"{tag}\n</annotation>")
    assert VocStore(image.parent).read(image).annotation.verified == verified
    assert saved(image, lambda it: edited(it, verified=not verified)) == f"{becomes}\n</annotation>".encode()


@pytest.mark.parametrize(
    ("empty", "first", "between", "last"),
    [
        ("<annotation/>", "<annotation><object><name>", "</name><pose>", "</bndbox></object></annotation>"),
        ("<annotation></annotation>", "<annotation><object><name>", "</name><pose>", "</bndbox></object></annotation>"),
        (
            "<annotation>\r\n</annotation>\r\n",
            "<annotation>\r\n\t<object>\r\n\t\t<name>",
            "</name>\r\n\t\t<pose>",
            "\r\n\t\t</bndbox>\r\n\t</object>\r\n</annotation>\r\n",
        ),
        (
            "<annotation>\r   <filename>a</filename>\r</annotation>",
            "<annotation>\r   <filename>a</filename>\r   <object>\r      <name>",
            "<bndbox>\r         <xmin>",
            "\r      </bndbox>\r   </object>\r</annotation>",
        ),
        (
            "<annotation>\n<filename>a</filename>\n</annotation>",
            "<annotation>\n<filename>a</filename>\n<object>\n<name>",
            "<bndbox>\n<xmin>1",
            "\n</bndbox>\n</object>\n</annotation>",
        ),
    ],
)
def test_the_first_object_is_set_in_as_the_file_is(image, empty, first, between, last):
    put(image, empty)
    text = saved(image, lambda it: with_new(it, 0)).decode()
    assert text.startswith(first)
    assert between in text
    assert text.endswith(last)


def test_new_objects_first_between_and_last_and_gone_again(image):
    before = put(image, HAND_MADE)
    new = saved(image, lambda it: with_new(with_new(with_new(it, 3, "c"), 1, "b"), 0, "a")).decode()
    assert read_voc(image.with_suffix(".xml")).ground_truth.labels == ("a", "cat", "b", "dog", "cat", "c")
    assert new.index("<!-- the first -->") < new.index("<name>a<")
    assert new.count("\n  <object>\n    <name>") == 3
    assert saved(image, lambda it: edited(it, rows=[1, 3, 4])) == before


def test_all_gone_and_back(image):
    before = put(image, HAND_MADE)
    store = VocStore(image.parent)
    seen = store.read(image)
    empty = store.write(image, HW, Annotation.empty(), seen)
    text = empty.path.read_text(encoding="utf-8")
    assert "<object" not in text
    for kept in ("<!-- the first -->", "<!-- the second -->", "<segmented>1</segmented>", "<!-- the end -->"):
        assert kept in text
    # Undo: the objects come back with all that their file said of them, at the one place that is left.
    back = store.write(image, HW, seen.annotation, empty)
    assert back.annotation.says_the_same(seen.annotation)
    after = back.path.read_bytes()
    assert sorted(after.split()) == sorted(before.split())
    for record in seen.annotation.records:
        assert record.raw in after


def test_undo_of_what_was_saved_brings_the_old_bytes_back(image):
    before = put(image, HAND_MADE)
    store = VocStore(image.parent)
    seen = store.read(image)
    changed = relabelled(moved(moved(seen.annotation, 0, 0, 12), 1, 3, 9), 2, "x")
    stored = store.write(image, HW, changed, seen)
    assert stored.path.read_bytes() != before
    store.write(image, HW, seen.annotation, stored)
    assert stored.path.read_bytes() == before


def test_an_object_twice_and_of_another_file(image):
    put(image, HAND_MADE)
    other = image.with_name("b.jpg")
    put(other, "<annotation>\n\t<filename>b.jpg</filename>\n</annotation>\n")
    store = VocStore(image.parent)
    seen = store.read(image)
    twice = edited(seen.annotation, rows=[0, 0, 1, 2])
    assert store.write(image, HW, twice, seen).path.read_text(encoding="utf-8").count("<value>black &amp; white<") == 2
    pasted = store.write(other, HW, edited(seen.annotation, rows=[0]), store.read(other))
    assert "<attribute><name>colour</name>" in pasted.path.read_text(encoding="utf-8")


def test_parts_do_not_confuse_and_stay(image):
    put(image, HAND_MADE)
    text = saved(image, lambda it: relabelled(moved(it, 0, 0, 12), 0, "x")).decode()
    assert "<part><name>head</name><bndbox><xmin>9</xmin>" in text


@pytest.mark.parametrize(
    ("codec", "declared", "label"),
    [
        ("latin-1", "ISO-8859-1", "Zelle ä €"),
        ("cp1252", "windows-1252", "Zelle ä € 🦄"),
        ("ascii", "US-ASCII", "é"),
        ("gb2312", "GB2312", "细胞 🦄"),
        ("shift_jis", "Shift_JIS", "細胞 é"),
        ("utf-16", "utf-16", "细胞 🦄"),
        ("utf-16-be", "utf-16", "é"),
    ],
)
def test_other_encodings_stay(image, codec, declared, label):
    word = {"gb2312": "细胞", "shift_jis": "細胞", "ascii": "cell"}.get(codec, "Öl")
    corners = "<xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax>"
    text = (
        f'<?xml version="1.0" encoding="{declared}"?>\n<annotation>\n <source>{word}</source>\n <object>\n'
        f"  <name>{word}</name>\n  <bndbox>{corners}</bndbox>\n </object>\n</annotation>"
    )
    before = put(image, text.encode(codec))
    assert VocStore(image.parent).read(image).annotation.ground_truth.labels == (word,)
    assert saved(image, lambda it: it) == before
    relabelled_bytes = saved(image, lambda it: relabelled(it, 0, label))
    assert relabelled_bytes == text.replace(f"<name>{word}", f"<name>{label}").encode(codec, "xmlcharrefreplace")
    assert saved(image, lambda it: relabelled(it, 0, word)) == before


def test_an_encoding_that_does_not_come_back_is_not_written(image):
    # The escape to ASCII before the end is not needed, and Python would not write it.
    text = b'<?xml version="1.0" encoding="iso-2022-jp"?><annotation><source>\x1b(B\x1b(B</source></annotation>'
    put(image, text)
    store = VocStore(image.parent)
    seen = store.read(image)
    with pytest.raises(DatasetError, match=r"a\.xml.*encoding"):
        store.write(image, HW, with_new(seen.annotation, 0), seen)
    assert seen.path.read_bytes() == text


def test_a_new_file_is_that_of_write_voc(tmp_path):
    image = tmp_path / "JPEGImages" / "ein Bild, größer.v2.jpg"
    image.parent.mkdir()
    Image.new("RGB", (HW[1], HW[0])).save(image)
    truth = GroundTruth([[1, 2, 30.5, 40]], ["cell"], [True], [False], [True])
    store = VocStore(tmp_path / "deep" / "Annotations")
    seen = store.read(image)
    assert seen.annotation is None
    assert seen.stamp is None
    stored = store.write(image, HW, Annotation(truth), seen)
    assert stored.path == tmp_path / "deep" / "Annotations" / "ein Bild, größer.v2.xml"
    write_voc(tmp_path / "other.xml", HW, image.name, truth)
    assert stored.path.read_bytes() == (tmp_path / "other.xml").read_bytes()
    assert read_voc(stored.path).ground_truth.crowd.tolist() == [True]
    again = store.write(image, HW, edited(stored.annotation, verified=True), stored)
    assert again.annotation.verified
    assert store.read(image).annotation.says_the_same(again.annotation)


def test_crowd_is_written_where_it_is_set_only(image):
    put(image, HAND_MADE)
    assert b"crowd" not in saved(image, lambda it: with_new(it, 0))
    assert b"<crowd>1</crowd>" in saved(image, lambda it: with_new(it, 0, crowd=True))
    assert b"<crowd>0</crowd>" in saved(image, lambda it: flagged(it, 0, "crowd", False))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda it: relabelled(it, 0, "a\nb"), "class name 'a\\nb'"),
        (lambda it: relabelled(it, 1, ""), "class name ''"),
        (lambda it: with_new(it, 1, "\ud800"), "class name '\\ud800'"),
        (lambda it: moved(it, 0, 0, np.nan), "box [nan, 20, 30, 40.5] (cat)"),
        (lambda it: with_new(it, 0, box=(1, 2, np.inf, 4)), "box [1, 2, inf, 4] (bird)"),
        (lambda it: moved(it, 2, 3, 1e20), "box [50, 50, 60, 1e+20]"),
    ],
)
def test_what_a_file_cannot_hold(image, change, words):
    before = put(image, HAND_MADE)
    store = VocStore(image.parent)
    seen = store.read(image)
    with pytest.raises(DatasetError) as error:
        store.write(image, HW, change(seen.annotation), seen)
    assert words in str(error.value)
    assert "a.xml" in str(error.value)
    assert seen.path.read_bytes() == before


def test_changed_by_somebody_else(image):
    put(image, HAND_MADE)
    store = VocStore(image.parent)
    seen = store.read(image)
    other = put(image, HAND_MADE.replace("<name>dog", "<name>wolf"))
    with pytest.raises(ChangedOnDiskError, match=r"a\.xml.*changed by another program"):
        store.write(image, HW, edited(seen.annotation, rows=[0]), seen)
    assert seen.path.read_bytes() == other
    # The person says: mine. What the other wrote around the objects stays.
    stored = store.write(image, HW, edited(seen.annotation, rows=[0]), None)
    assert len(stored.annotation.ground_truth) == 1
    put(image, "<annotation")
    with pytest.raises(ChangedOnDiskError):
        store.write(image, HW, stored.annotation, stored)
    seen.path.unlink()
    with pytest.raises(ChangedOnDiskError, match=r"a\.xml.*removed"):
        store.write(image, HW, stored.annotation, stored)
    assert not seen.path.exists()


def test_what_another_program_added_stays_where_ones_own_is_kept(image):
    put(image, HAND_MADE)
    store = VocStore(image.parent)
    seen = store.read(image)
    put(image, HAND_MADE.replace("<name>dog</name>", "<name>dog</name><note>d</note>").replace(
        "<name>cat</name>", "<name>cat</name><note>c</note>").replace("<pose>Left</pose>", "<pose>Right</pose>")
    )  # fmt: skip
    mine = flagged(with_new(moved(seen.annotation, 0, 0, 11.5), 1), 3, "difficult")
    stored = store.write(image, HW, mine, None)
    assert stored.annotation.says_the_same(mine)
    text = stored.path.read_text("utf-8")
    assert all(text.count(each) == 1 for each in ("<note>d</note>", "<note>c</note>", "<pose>Right</pose>"))
    assert "<xmin>11.5<!-- sure? --></xmin>" in text
    assert [each.values.label for each in stored.annotation.records] == ["cat", "bird", "dog", "cat"]


def test_what_another_program_moved_is_as_it_was_where_ones_own_is_kept(image):
    put(image, HAND_MADE)
    store = VocStore(image.parent)
    seen = store.read(image)
    put(image, HAND_MADE.replace("<xmin>1</xmin>", "<xmin>2</xmin><note>d</note>"))
    stored = store.write(image, HW, seen.annotation, None)
    assert stored.path.read_bytes() == HAND_MADE.encode()


def test_of_two_with_one_class_and_box_each_keeps_what_was_added_to_it(image):
    one = "<object><name>a</name>{}<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object>"
    text = "<annotation>" + one.format("") + one.format("<pose>x</pose>") + "</annotation>"
    put(image, text)
    store = VocStore(image.parent)
    seen = store.read(image)
    theirs = put(image, "<annotation>" + one.format("<note/>") + one.format("<pose>y</pose>") + "</annotation>")
    assert store.write(image, HW, seen.annotation, None).path.read_bytes() == theirs
    put(image, "<annotation>" + one.format("<pose>y</pose>") + one.format("") + "</annotation>")
    stored = store.write(image, HW, seen.annotation, None)  # the first is known by its text: they have changed places
    assert stored.path.read_text() == "<annotation>" + one.format("") + one.format("<pose>y</pose>") + "</annotation>"


def test_a_file_that_came_meanwhile(image):
    store = VocStore(image.parent)
    seen = store.read(image)
    before = put(image, HAND_MADE)
    with pytest.raises(ChangedOnDiskError):
        store.write(image, HW, Annotation.empty(), seen)
    assert seen.path.read_bytes() == before


def test_a_broken_file_is_not_overwritten(image):
    before = put(image, "<annotation><object>")
    with pytest.raises(DatasetError, match=r"a\.xml.*broken XML"):
        VocStore(image.parent).write(image, HW, Annotation.empty(), None)
    assert image.with_suffix(".xml").read_bytes() == before


def test_what_would_not_read_back_is_not_written(image, monkeypatch):
    before = put(image, HAND_MADE)
    store = VocStore(image.parent)
    seen = store.read(image)
    monkeypatch.setattr(module, "with_objects", lambda _path, file, _annotation, **_: file.data.replace(b"cat", b"dog"))
    with pytest.raises(DatasetError, match=r"a\.xml.*not say the same"):
        store.write(image, HW, seen.annotation, seen)
    assert seen.path.read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_links_out_of_the_folder(image, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "real.xml"
    outside.write_text(HAND_MADE, encoding="utf-8")
    link = image.with_suffix(".xml")
    link.symlink_to(outside)
    store = VocStore(image.parent)
    seen = store.read(image)
    assert len(seen.annotation.ground_truth) == 3
    with pytest.raises(DatasetError, match=r"a\.xml.*link"):
        store.write(image, HW, Annotation.empty(), seen)
    assert outside.read_text(encoding="utf-8") == HAND_MADE
    link.unlink()
    link.symlink_to(outside.with_name("none.xml"))
    with pytest.raises(DatasetError, match=r"a\.xml.*link"):
        store.write(image, HW, Annotation.empty(), store.read(image))
    assert [each.name for each in outside.parent.iterdir()] == ["real.xml"]


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_links_inside_and_a_folder_that_is_one(image, tmp_path_factory):
    (image.parent / "real").mkdir()
    real = image.parent / "real" / "a.xml"
    real.write_text(HAND_MADE, encoding="utf-8")
    image.with_suffix(".xml").symlink_to(real)
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    link.symlink_to(image.parent)
    store = VocStore(link)
    seen = store.read(image)
    store.write(image, HW, edited(seen.annotation, rows=[1]), seen)
    assert image.with_suffix(".xml").is_symlink()
    assert len(read_voc(real).ground_truth) == 1


def test_a_failed_write_keeps_the_old_file(image, monkeypatch):
    before = put(image, HAND_MADE)
    store = VocStore(image.parent)
    seen = store.read(image)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatasetError, match=r"a\.xml.*No space left"):
        store.write(image, HW, edited(seen.annotation, rows=[0]), seen)
    assert seen.path.read_bytes() == before
    assert sorted(each.name for each in image.parent.iterdir()) == ["a.jpg", "a.xml"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_is_read_only(image):
    put(image, HAND_MADE)
    store = VocStore(image.parent)
    seen = store.read(image)
    image.parent.chmod(0o500)
    try:
        with pytest.raises(DatasetError, match=r"a\.xml.*denied"):
            store.write(image, HW, Annotation.empty(), seen)
        with pytest.raises(DatasetError, match="denied"):
            VocStore(image.parent / "new").write(image, HW, Annotation.empty(), None)
    finally:
        image.parent.chmod(0o700)


def test_a_place_that_is_a_file(image):
    with pytest.raises(DatasetError, match=r"a\.jpg"):
        VocStore(image).write(image, HW, Annotation.empty(), None)
    with pytest.raises(DatasetError, match=r"folder '.*new' cannot be made"):
        make_folder(image.parent / "a.jpg" / "new")


def test_images_that_differ_by_their_suffix(image):
    twin = image.with_suffix(".png")
    Image.new("RGB", (HW[1], HW[0])).save(twin)
    put(image, HAND_MADE)  # says a.jpg
    store = VocStore(image.parent)
    seen = store.read(twin)
    assert "belongs to 'a.jpg'" in seen.warnings[0]
    with pytest.raises(DatasetError, match=r"a\.xml.*belongs to 'a\.jpg'"):
        store.write(twin, HW, Annotation.empty(), seen)
    seen = store.read(image)
    assert seen.warnings == ()
    store.write(image, HW, edited(seen.annotation, rows=[0]), seen)
    image.unlink()
    seen = store.read(twin)
    assert seen.warnings == ()
    store.write(twin, HW, Annotation.empty(), seen)


def test_the_size_of_the_image_is_what_is_warned_of(image):
    put(image, HAND_MADE)
    store = VocStore(image.parent)
    assert "reaches over the edge of the image of 55 x 80 px" in " ".join(store.read(image, (80, 55)).warnings)
    assert (
        "is written for an image of 100 x 80 px, but the image has 55 x 80" in store.read(image, (80, 55)).warnings[0]
    )


def test_a_warning_is_one_line_whatever_is_named(image):
    place = VocStore(image.parent).path_of(image)
    box = "<bndbox><xmin>60</xmin><ymin>10</ymin><xmax>10</xmax><ymax>60</ymax></bndbox>"
    place.write_text(f"<annotation><object><name>c\n\nat</name>{box}</object></annotation>")
    (warning,) = VocStore(image.parent).read(image, HW).warnings
    assert "object 1 (c  at) [60, 10, 10, 60] has no area" in warning
    assert sample_of(image, place).warnings == (warning,)


@pytest.fixture
def folder(tmp_path) -> Path:
    folder = tmp_path / "JPEGImages"
    for each in (folder / "Annotations", tmp_path / "Annotations"):
        each.mkdir(parents=True)
    for name in ("a.jpg", "b.v2.png"):
        (folder / name).touch()
    return folder


def test_found_where_it_is_nearest(folder):
    assert find_voc_store(folder) is None
    (folder / "annotations.xml").touch()  # of CVAT, for all images
    (folder / "Annotations" / "gone.xml").touch()
    assert find_voc_store(folder) is None
    (folder.parent / "Annotations" / "b.v2.xml").touch()
    assert find_voc_store(folder).place == folder.parent / "Annotations"
    (folder / "Annotations" / "a.XML").touch()
    assert find_voc_store(folder).place == folder.parent / "Annotations"
    (folder / "Annotations" / "a.xml").touch()
    assert find_voc_store(folder).place == folder / "Annotations"
    (folder / "a.xml").touch()
    assert find_voc_store(folder).place == folder
    assert find_voc_store(folder).format == "voc"
    assert find_voc_store(folder).classes is None


def test_found_from_within(folder, monkeypatch):
    (folder.parent / "Annotations" / "a.xml").touch()
    monkeypatch.chdir(folder)
    assert find_voc_store(Path()).read(Path("a.jpg").absolute().with_name("none.jpg")).annotation is None
    assert find_voc_store(Path()).place == folder.parent / "Annotations"


def test_no_folder(tmp_path):
    with pytest.raises(DatasetError, match="gone"):
        find_voc_store(tmp_path / "gone")


def test_opening_never_writes(image, monkeypatch):
    put(image, HAND_MADE)
    monkeypatch.setattr(module, "write_atomic", lambda *_: pytest.fail("written"))
    assert write_atomic is not module.write_atomic
    find_voc_store(image.parent).read(image)
    VocStore(image.parent / "new").read(image)
    assert not (image.parent / "new").exists()


@pytest.mark.parametrize("place", [".", "Annotations", "../Annotations"])
def test_the_folder_of_the_images_is_never_made_anew(tmp_path, place):
    folder = tmp_path / "gone" / "images"
    truth = GroundTruth(np.array([[1, 2, 30, 40]], np.float32), ("cat",))
    with pytest.raises(DatasetError, match=r"no folder '.*images' any more"):
        VocStore(folder / place).write(folder / "a.png", (50, 60), Annotation(truth), None)
    assert not folder.parent.exists()
