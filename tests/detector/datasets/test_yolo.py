"""YOLO labels: read to the pixel, a line that did not change left as it was, and what a line cannot say kept beside."""

import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from detector.datasets import DatasetError, GroundTruth
from detector.datasets.annotation import Annotation, ChangedOnDiskError
from detector.datasets.sidecar import SIDECAR_NAME
from detector.datasets.yolo import YoloStore
from detector.datasets.yolo_classes import TxtClasses, class_list_at
from detector.datasets.yolo_find import find_yolo_store, labels_folder_for
from detector.datasets.yolo_lines import in_pixels, split_lines, written
from tests.helpers.refusals import result_or_sentence

HW = (80, 200)


@pytest.fixture
def root(tmp_path):
    """Ultralytics' layout with one image of 200 x 80 px."""
    for part in ("images", "labels"):
        (tmp_path / part / "train").mkdir(parents=True)
    Image.new("L", HW[::-1]).save(tmp_path / "images" / "train" / "a.png")
    (tmp_path / "data.yaml").write_text("train: images/train\nnames: [cat, dog]  # ours\nnc: 2\n")
    return tmp_path


@pytest.fixture
def image(root):
    return root / "images" / "train" / "a.png"


@pytest.fixture
def labels(root):
    return root / "labels" / "train" / "a.txt"


def store_of(image):
    return find_yolo_store(image.parent)


def changed(annotation, row=None, box=None, label=None, **more):
    truth = annotation.ground_truth
    boxes, names = truth.boxes.copy(), list(truth.labels)
    if box is not None:
        boxes[row] = box
    if label is not None:
        names[row] = label
    flags = {name: getattr(truth, name) for name in ("difficult", "truncated", "crowd")} | more
    return replace(annotation, ground_truth=GroundTruth(boxes, names, **flags))


def added(annotation, box, label):
    truth = annotation.ground_truth
    more = GroundTruth(
        np.vstack([truth.boxes, [box]]), [*truth.labels, label],
        *(np.append(getattr(truth, name), False) for name in ("difficult", "truncated", "crowd")),
    )  # fmt: skip
    return replace(annotation, ground_truth=more, records=(*annotation.records, None))


def test_boxes_are_pixels_of_the_image(image, labels):
    labels.write_text("1 0.5 0.5 0.1 0.25\n")
    stored = store_of(image).read(image)
    # x: (0.5 -+ 0.1 / 2) * 200 = 90, 110;  y: (0.5 -+ 0.25 / 2) * 80 = 30, 50
    np.testing.assert_array_equal(stored.annotation.ground_truth.boxes, [[90, 30, 110, 50]])
    assert stored.annotation.ground_truth.labels == ("dog",)
    assert not stored.annotation.verified
    assert stored.path == labels
    assert stored.warnings == ()


def test_a_turned_picture_is_measured_upright(image, labels):
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying: 200 wide, 80 high; upright 80 wide, 200 high
    Image.new("RGB", (200, 80)).save(image.with_suffix(".jpg"), exif=exif)
    image.unlink()
    labels.write_text("0 0.5 0.5 0.5 0.5\n")
    truth = store_of(image).read(image.with_suffix(".jpg")).annotation.ground_truth
    np.testing.assert_array_equal(truth.boxes, [[20, 50, 60, 150]])


def test_polygons_confidences_and_key_points(root, image, labels):
    labels.write_text("0 .5 .5 .1 .25 0.9\n1 0.1 0.5 0.2 0.25 0.15 0.75\n")
    truth = store_of(image).read(image).annotation.ground_truth
    # the polygon: x 0.1..0.2 of 200, y 0.25..0.75 of 80
    np.testing.assert_array_equal(truth.boxes, [[90, 30, 110, 50], [20, 20, 40, 60]])
    (root / "data.yaml").write_text("names: [cat, dog]\nkpt_shape: [2, 3]\n")
    labels.write_text("0 .5 .5 .1 .25 .4 .4 2 .6 .6 1\n")
    store = store_of(image)
    stored = store.read(image)
    np.testing.assert_array_equal(stored.annotation.ground_truth.boxes, [[90, 30, 110, 50]])
    store.write(image, HW, added(changed(stored.annotation, 0, (90, 30, 110, 40)), (0, 0, 20, 8), "dog"), stored)
    assert labels.read_text() == "0 0.5 0.4375 0.1 0.125 .4 .4 2 .6 .6 1\n1 0.05 0.05 0.1 0.1 0 0 0 0 0 0\n"


RAW = (
    b"\xef\xbb\xbf0  0.5\t.5 0.1 0.25 0.93\r\n\r\n 1 1e-1 .2 0.100 0.1 \r\n0 .1 .5 .2 .25 .15 .75\r\n0 0.7 0.7 0.1 0.1"
)


def test_nothing_changed_leaves_every_byte(image, labels):
    labels.write_bytes(RAW)
    store = store_of(image)
    stored = store.read(image)
    stamp = stored.stamp
    again = store.write(image, HW, stored.annotation, stored)
    assert labels.read_bytes() == RAW
    assert again.stamp == stamp
    assert not (labels.parent / SIDECAR_NAME).exists()


def test_an_edit_changes_its_own_line_only(image, labels):
    raw = RAW.replace(b"0 .1 .5 .2 .25 .15 .75\r\n", b"")
    labels.write_bytes(raw)
    store = store_of(image)
    stored = store.read(image)
    x1, _, x2, _ = stored.annotation.ground_truth.boxes[0].tolist()
    # y: 10..20 of 80: centre 0.1875, size 0.125; the confidence and the spaces stay
    after = store.write(image, HW, changed(stored.annotation, 0, (x1, 10, x2, 20)), stored)
    edited = raw.replace(b"0  0.5\t.5 0.1 0.25 0.93", b"0  0.5\t0.1875 0.1 0.125 0.93")
    assert labels.read_bytes() == edited
    after = store.write(image, HW, changed(after.annotation, 1, label="cat"), after)
    edited = edited.replace(b" 1 1e-1 .2", b" 0 1e-1 .2")
    assert labels.read_bytes() == edited
    read = store.read(image)
    assert read.annotation.says_the_same(after.annotation)
    # the last one goes: the line before keeps its end
    truth = read.annotation.ground_truth
    fewer = Annotation(GroundTruth(truth.boxes[:2], truth.labels[:2]), read.annotation.records[:2])
    store.write(image, HW, fewer, read)
    assert labels.read_bytes() == edited.removesuffix(b"0 0.7 0.7 0.1 0.1").removesuffix(b"\r\n")


def test_a_new_object_goes_last_with_the_line_end_of_the_file(image, labels):
    labels.write_bytes(b"0 0.5 0.5 0.1 0.25\r\n")
    store = store_of(image)
    stored = store.read(image)
    store.write(image, HW, added(stored.annotation, (0, 0, 200, 80), "dog"), stored)
    assert labels.read_bytes() == b"0 0.5 0.5 0.1 0.25\r\n1 0.5 0.5 1 1\r\n"


def test_among_polygons_a_box_is_its_four_corners(image, labels):
    labels.write_text("0 .1 .5 .2 .25 .15 .75\n0 .2 .5 .2 .25 .15 .75\n")
    store = store_of(image)
    stored = store.read(image)
    edited = added(changed(stored.annotation, 1, (10, 20, 30, 40)), (0, 0, 20, 8), "dog")
    after = store.write(image, HW, edited, stored)
    assert labels.read_text() == (
        "0 .1 .5 .2 .25 .15 .75\n0 0.15 0.375 0.15 0.25 0.05 0.5\n1 0 0 0.1 0 0.1 0.1 0 0.1\n"
    )
    assert store.read(image).annotation.says_the_same(after.annotation)


@pytest.mark.parametrize(
    ("box", "line"),
    [
        # 20..40 x 20..60 px of 200 x 80 px at first
        ((30, 20, 50, 60), b"1 0.15  .5 0.25\t.25 0.2 .75"),  # moved by 10 px = 0.05: y stays as it is written
        ((20, 24, 40, 64), b"1 .1  0.55 .2\t0.3 .15 0.8"),  # by 4 px = 0.05
        ((20, 20, 60, 60), b"1 0.1  .5 0.3\t.25 0.2 .75"),  # twice as wide
        ((21, 20, 40, 60), b"1 0.105  .5 0.2\t.25 0.1525 .75"),  # 0.105 + (0.15 - 0.1) * 0.95
        ((20, 40, 40, 40), b"1 .1  0.5 .2\t0.5 .15 0.5"),  # flat
    ],
)
def test_a_polygon_goes_with_its_box_and_is_stretched_into_another(image, labels, box, line):
    other = b"0 .3 .3 .4 .3 .4 .4\n"
    labels.write_bytes(other + b"1 .1  .5 .2\t.25 .15 .75\n")
    store = store_of(image)
    stored = store.read(image)
    after = store.write(image, HW, changed(stored.annotation, 1, box), stored)
    assert labels.read_bytes() == other + line + b"\n"
    assert store.read(image).annotation.says_the_same(after.annotation)


def test_a_flat_polygon_becomes_the_four_corners_of_another_box(image, labels):
    labels.write_text("1 .1 .5 .2 .5 .15 .5\n")
    store = store_of(image)
    stored = store.read(image)
    store.write(image, HW, changed(stored.annotation, 0, (20, 40, 40, 60)), stored)
    assert labels.read_text() == "1 0.1 0.5 0.2 0.5 0.2 0.75 0.1 0.75\n"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    points=st.lists(st.tuples(st.floats(0, 1, width=32), st.floats(0, 1, width=32)), min_size=3, max_size=8),
    boxes=st.lists(
        st.tuples(*[st.floats(0, 90, width=32)] * 2, *[st.floats(0.125, 90, width=32)] * 2), min_size=1, max_size=3
    ),
)
def test_wherever_a_polygon_goes_its_box_is_the_one_around_it(image, labels, points, boxes):
    labels.write_text("1 " + " ".join(f"{number:.6f}" for point in points for number in point) + "\n")
    store = store_of(image)
    first = stored = store.read(image)
    for x, y, width, height in boxes:
        box = np.array([x, y, x + width, y + height], np.float32)
        stored = store.write(image, HW, changed(stored.annotation, 0, box), stored)
        read = store.read(image)
        np.testing.assert_allclose(read.annotation.ground_truth.boxes, [box], atol=1e-3, rtol=0)
    before = first.annotation.ground_truth.boxes[0]
    if (before[2:] > before[:2]).all():
        # Back again: what the numbers are rounded by is stretched with them, from the smallest box to the first one.
        store.write(image, HW, changed(stored.annotation, 0, before), stored)
        found = [float(number) for number in labels.read_text().split()[1:]]
        np.testing.assert_allclose(found, np.ravel(points), atol=1e-3, rtol=0)


def test_the_list_of_classes_only_grows(root, image, labels):
    labels.write_text("1 0.5 0.5 0.1 0.25\n")
    store = store_of(image)
    stored = store.read(image)
    store.write(image, HW, added(stored.annotation, (0, 0, 20, 8), "bird"), stored)
    assert (root / "data.yaml").read_text() == "train: images/train\nnames: [cat, dog, bird]  # ours\nnc: 3\n"
    assert labels.read_text() == "1 0.5 0.5 0.1 0.25\n2 0.05 0.05 0.1 0.1\n"
    assert store.classes == ("cat", "dog", "bird")
    with pytest.raises(DatasetError, match="cannot hold the class name"):
        store.write(image, HW, added(stored.annotation, (0, 0, 20, 8), "two\nlines"), None)
    assert labels.read_text() == "1 0.5 0.5 0.1 0.25\n2 0.05 0.05 0.1 0.1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"cat\ndog", b"cat\ndog\nbird\n"),
        (b"cat\r\ndog \r\n\r\n", b"cat\r\ndog \r\nbird\r\n\r\n"),
        (b"\xef\xbb\xbfcat\ndog\n", b"\xef\xbb\xbfcat\ndog\nbird\n"),
    ],
)
def test_a_class_added_to_classes_txt(root, image, labels, before, after):
    (root / "data.yaml").unlink()
    (labels.parent / "classes.txt").write_bytes(before)
    labels.write_text("1 0.5 0.5 0.1 0.25\n")
    store = store_of(image)
    stored = store.read(image)
    assert stored.annotation.ground_truth.labels == ("dog",)
    store.write(image, HW, added(stored.annotation, (0, 0, 20, 8), "bird"), stored)
    assert (labels.parent / "classes.txt").read_bytes() == after


def test_a_place_that_is_not_there_yet(root, image, labels):
    (root / "data.yaml").unlink()
    store = YoloStore(root / "new", ("dog", "cat"))
    assert store.classes == ("dog", "cat")
    assert store.read(image).annotation is None
    store.write(image, HW, Annotation(GroundTruth([[0, 0, 20, 8]], ["cat"])), store.read(image))
    assert (root / "new" / "a.txt").read_text() == "1 0.05 0.05 0.1 0.1\n"
    assert (root / "new" / "classes.txt").read_text() == "dog\ncat\n"


def test_without_a_list_a_class_is_called_by_its_number(root, image, labels):
    (root / "data.yaml").unlink()
    labels.write_text("7 0.5 0.5 0.1 0.25\n")
    store = store_of(image)
    stored = store.read(image)
    assert store.classes is None
    assert stored.annotation.ground_truth.labels == ("7",)
    store.write(image, HW, changed(stored.annotation, 0, label="12"), stored)
    assert labels.read_text() == "12 0.5 0.5 0.1 0.25\n"
    with pytest.raises(DatasetError, match=r"neither data\.yaml nor classes\.txt"):
        store.write(image, HW, changed(stored.annotation, 0, label="cat"), None)


def test_empty_is_verified_and_no_file_is_not_annotated(image, labels):
    store = store_of(image)
    stored = store.read(image)
    assert (stored.annotation, stored.stamp) == (None, None)
    after = store.write(image, HW, Annotation(GroundTruth.empty(), verified=True), stored)
    assert labels.read_bytes() == b""
    assert store.read(image).annotation.verified
    assert not (labels.parent / SIDECAR_NAME).exists()
    store.write(image, HW, Annotation.empty(), after)
    assert not store.read(image).annotation.verified
    labels.write_bytes(b"\n \n")
    assert len(store.read(image).annotation.ground_truth) == 0


def test_flags_and_verified_are_kept_beside(image, labels):
    labels.write_text("0 0.5 0.5 0.1 0.25\n1 0.5 0.5 0.1 0.25\n")
    store = store_of(image)
    stored = store.read(image)
    flagged = changed(stored.annotation, difficult=[0, 1], truncated=[1, 0], crowd=[1, 1])
    after = store.write(image, HW, replace(flagged, verified=True), stored)
    assert labels.read_text() == "0 0.5 0.5 0.1 0.25\n1 0.5 0.5 0.1 0.25\n"
    for each in (store, store_of(image)):
        assert each.read(image).annotation.says_the_same(after.annotation)
    labels.write_text("0 0.5 0.5 0.1 0.25\n")  # another program took one away
    alone = store.read(image)
    assert not alone.annotation.ground_truth.difficult.any()
    assert alone.annotation.verified
    assert "flags for 2" in alone.warnings[0]


class Killed(BaseException):
    """Nothing is done any more."""


EDITS = {
    "the first goes": (1, 2),
    "the first goes, one comes": (1, 2, None),
    "others change places": (0, 2, 1),
    "one comes in front": (None, 0, 1, 2),
}


@pytest.mark.parametrize("order", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("verified", [False, True])
def test_killed_at_any_moment_the_flags_are_those_of_the_labels_that_are_there(
    image, labels, order, which, verified, monkeypatch
):
    """After one kill and a second one, each in front of one of the two files, and after the save that is not killed."""
    labels.write_text("0 0.5 0.5 0.1 0.25\n1 0.5 0.5 0.2 0.25\n1 0.25 0.5 0.1 0.25\n")
    stored = store_of(image).read(image)
    stored = store_of(image).write(image, HW, changed(stored.annotation, difficult=[0, 1, 0], crowd=[0, 0, 1]), stored)
    before = stored.annotation
    truth, rows = before.ground_truth, list(order)
    boxes = [(1, 2, 30, 40) if row is None else truth.boxes[row] for row in rows]
    flags = {name: [row is not None and getattr(truth, name)[row] for row in rows] for name in ("difficult", "crowd")}
    after = GroundTruth(boxes, ["cat" if row is None else truth.labels[row] for row in rows], **flags)
    wanted = Annotation(after, tuple(None if row is None else before.records[row] for row in rows), verified)
    replaced, left = os.replace, []

    def killing(old, new):
        if not left:
            raise Killed
        left.pop()
        replaced(old, new)

    for let_through in (which, 1 - which):
        with monkeypatch.context() as patched:
            patched.setattr(os, "replace", killing)
            left[:] = [None] * let_through
            with pytest.raises(Killed):
                store_of(image).write(image, HW, wanted, None)
        found = store_of(image).read(image)
        assert found.annotation.says_the_same(before)
        assert found.warnings == ()
    assert store_of(image).write(image, HW, wanted, found).annotation.says_the_same(wanted)
    found = store_of(image).read(image)
    assert found.annotation.says_the_same(wanted)
    # And back again: the labels that were there are known by other flags now.
    other = changed(before, difficult=[1, 0, 0])
    store_of(image).write(image, HW, other, found)
    assert store_of(image).read(image).annotation.says_the_same(other)
    stored = store_of(image).read(image)
    store_of(image).write(image, HW, before, stored)
    assert store_of(image).read(image).annotation.says_the_same(before)


def test_labels_without_flags_that_come_back_have_none(image, labels):
    text = "0 0.5 0.5 0.1 0.25\n1 0.5 0.5 0.2 0.25\n"
    labels.write_text(text)
    store = store_of(image)
    seen = store.read(image)
    flagged = store.write(image, HW, changed(seen.annotation, 0, (0, 0, 9, 9), difficult=[0, 1]), seen)
    labels.write_text(text)  # another program
    found = store.read(image)
    assert not found.annotation.ground_truth.difficult.any()
    # Now they are given the flags of the others: what is kept is right for those, and must not say so of these.
    truth = replace(found.annotation.ground_truth, difficult=flagged.annotation.ground_truth.difficult)
    store.write(image, HW, replace(found.annotation, ground_truth=truth), found)
    assert store_of(image).read(image).annotation.ground_truth.difficult.tolist() == [False, True]


def test_many_images_together_keep_what_is_beside_with_one_writing(root, image, labels, monkeypatch):
    images = [image.with_name(f"{number}.png") for number in range(5)]
    for each in images:
        Image.new("L", HW[::-1]).save(each)
        labels.with_name(f"{each.stem}.txt").write_text("0 0.5 0.5 0.1 0.25\n1 0.5 0.5 0.2 0.25\n")
    store, written, replaced = store_of(image), [], os.replace
    batch = store.batch()
    wanted = {}
    for each in images:
        seen = store.read(each)
        wanted[each] = changed(seen.annotation, 0, (0, 0, 9, 9), difficult=[0, 1])
        batch.add(each, HW, wanted[each], seen)
    labels.with_name("3.txt").write_text("")
    monkeypatch.setattr(os, "replace", lambda old, new: written.append(new.name) or replaced(old, new))
    found = batch.write()
    assert written == [SIDECAR_NAME, "0.txt", "1.txt", "2.txt", "4.txt"]
    assert list(found) == images
    assert isinstance(found.pop(images[3]), ChangedOnDiskError)
    for each, stored in found.items():
        assert store_of(image).read(each).annotation.says_the_same(wanted[each])
        assert store.read(each).stamp == stored.stamp
    assert len(store_of(image).read(images[3]).annotation.ground_truth) == 0
    assert store_of(image).images_beside == 4


def test_what_cannot_be_kept_of_some_keeps_the_others_from_nothing(image, labels, monkeypatch):
    other = image.with_name("b.png")
    Image.new("L", HW[::-1]).save(other)
    for each in (labels, labels.with_name("b.txt")):
        each.write_text("0 0.5 0.5 0.1 0.25\n")
    labels.with_name(SIDECAR_NAME).write_text("{")
    store = store_of(image)
    batch = store.batch()
    seen = store.read(image)
    batch.add(image, HW, changed(seen.annotation, 0, (0, 0, 9, 9), difficult=[1]), seen)
    seen = store.read(other)
    batch.add(other, HW, changed(seen.annotation, 0, (0, 0, 20, 8)), seen)
    found = batch.write()
    assert "cannot be kept" in str(found[image])
    assert labels.read_text() == "0 0.5 0.5 0.1 0.25\n"
    assert labels.with_name("b.txt").read_text() == "0 0.05 0.05 0.1 0.1\n"


@pytest.mark.parametrize("place", [".", "../labels"])
@pytest.mark.parametrize("yaml", [False, True])
def test_a_folder_that_was_taken_away_is_not_made_anew(tmp_path, place, yaml):
    root = tmp_path / "root"
    images = root / "images"
    images.mkdir(parents=True)
    if yaml:
        (root / "data.yaml").write_text("names: [dog]\n")
    store = YoloStore(images / place, class_list_at(images / place, images))
    os.rename(root, tmp_path / "elsewhere")
    with pytest.raises(DatasetError, match=r"There is no"):
        store.write(images / "a.png", HW, Annotation(GroundTruth([[0, 0, 9, 9]], ["cat"]), verified=True), None)
    assert not root.exists()


def test_a_broken_sidecar_is_left_alone(image, labels):
    labels.write_text("0 0.5 0.5 0.1 0.25\n")
    sidecar = labels.parent / SIDECAR_NAME
    sidecar.write_text("{")
    store = store_of(image)
    stored = store.read(image)
    assert "broken JSON at line 1" in stored.warnings[0]
    with pytest.raises(DatasetError, match="cannot be kept"):
        store.write(image, HW, changed(stored.annotation, 0, (0, 0, 9, 9), difficult=[1]), stored)
    assert labels.read_text() == "0 0.5 0.5 0.1 0.25\n"
    store.write(image, HW, changed(stored.annotation, 0, (0, 0, 20, 8)), stored)
    assert labels.read_text() == "0 0.05 0.05 0.1 0.1\n"
    assert sidecar.read_text() == "{"


def test_a_file_that_somebody_else_changed_is_not_overwritten(root, image, labels):
    labels.write_text("0 0.5 0.5 0.1 0.25\n")
    store = store_of(image)
    stored = store.read(image)
    labels.write_text("0 0.5 0.5 0.1 0.250\n")
    with pytest.raises(ChangedOnDiskError, match=r"a\.txt"):
        store.write(image, HW, changed(stored.annotation, 0, (0, 0, 9, 9)), stored)
    assert labels.read_text() == "0 0.5 0.5 0.1 0.250\n"
    stored = store.read(image)
    (root / "data.yaml").write_text("names: [dog, cat, cow]\n")
    with pytest.raises(ChangedOnDiskError, match="class 0 is not 'cat' any more"):
        store.write(image, HW, stored.annotation, stored)
    store.write(image, HW, stored.annotation, None)  # a person said so: cat is 1 now
    assert labels.read_text() == "1 0.5 0.5 0.1 0.250\n"


def test_links_out_of_the_place_are_not_written(root, image, labels, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.txt"
    outside.write_text("0 0.5 0.5 0.1 0.25\n")
    labels.symlink_to(outside)
    store = store_of(image)
    stored = store.read(image)
    assert len(stored.annotation.ground_truth) == 1
    with pytest.raises(DatasetError, match="is a link that leads out of"):
        store.write(image, HW, changed(stored.annotation, 0, (0, 0, 9, 9)), stored)
    assert outside.read_text() == "0 0.5 0.5 0.1 0.25\n"
    labels.unlink()
    os.rename(root / "data.yaml", outside)
    (root / "data.yaml").symlink_to(outside)
    with pytest.raises(DatasetError, match="is a link that leads out of its folder"):
        store.write(image, HW, Annotation(GroundTruth([[0, 0, 9, 9]], ["new"])), None)
    assert not labels.exists()
    labels.parent.joinpath(SIDECAR_NAME).symlink_to(outside)
    with pytest.raises(DatasetError, match="cannot be kept"):
        store.write(image, HW, Annotation(GroundTruth([[0, 0, 9, 9]], ["cat"]), verified=True), None)
    assert not labels.exists()


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"0 .1 .1 .1 .1\n0 .5 .5 .1\n", 2, "has 3 numbers behind the class, not the 4"),
        (b"0 .5 .5 nan .1\n", 1, "'nan', which is no number"),
        (b"0 .5 .5 inf .1\n", 1, "'inf', which is no number"),
        (b"0 .5 .5 1e308 1e308\n", 1, "is no place in an image"),
        (b"0 1e999 .5 .1 .1\n", 1, "is no place in an image"),
        (b"-1 .5 .5 .1 .1\n", 1, "'-1', which is no number of a class"),
        (b"\n99 .5 .5 .1 .1\n", 2, "has class 99"),
        (b"cat .5 .5 .1 .1\n", 1, "'cat', which is no number of a class"),
        (b"1_0 .5 .5 .1 .1\n", 1, "'1_0', which is no number of a class"),
        (b"0 .5,.5,.1,.1\n", 1, "has 1 numbers"),
        (b"0 1_0 .5 .1 .1\n", 1, "'1_0', which is no number"),
        (b"0 .1 .2 .3 .4 .5 .6 .7\n", 1, "has 7 numbers"),
        ("0 .5 .5 .1 .1".encode("utf-16"), 1, "no line of numbers"),
        ("0 ٠ .5 .1 .1".encode(), 1, "no line of numbers"),
        (b"0 .5 .5 .1 .1\x00\n", 1, "which is no number"),
        (b"9999999999999999999999 .5 .5 .1 .1\n", 1, "no number of a class"),
    ],
)
def test_hostile_lines(image, labels, data, line, words):
    labels.write_bytes(data)
    with pytest.raises(DatasetError) as error:
        store_of(image).read(image)
    assert str(error.value).startswith(f"'{labels}' line {line}")
    assert words in str(error.value)
    assert labels.read_bytes() == data


def test_odd_boxes_are_kept_and_named(image, labels):
    labels.write_text("0 .5 .5 0 .1\n\n0 1.5 .5 .1 .1\n0 1 .5 .1 .1\n0 0.9750005 .5 .05 .1\n")
    stored = store_of(image).read(image)
    assert len(stored.annotation.ground_truth) == 4
    assert [each.partition("line ")[2][:5] for each in stored.warnings] == ["1 (ca", "3 (ca", "4 (ca"]
    for words, warning in zip(("has no area", "lies outside", "reaches over"), stored.warnings, strict=True):
        assert words in warning


def test_what_cannot_be_opened(root, image, labels):
    labels.mkdir()
    with pytest.raises(DatasetError, match="not an ordinary file"):
        store_of(image).read(image)
    with pytest.raises(DatasetError, match="is the class list"):
        YoloStore(root / "new", TxtClasses(root / "new" / "classes.txt")).read(root / "classes.jpg")


def test_a_box_that_is_nowhere_is_not_written(image, labels):
    for box in ((0, 0, np.nan, 9), (0, 0, np.inf, 9), (0, 0, 1e30, 9)):
        with pytest.raises(DatasetError, match="object 1 is no place"):
            store_of(image).write(image, HW, Annotation(GroundTruth([box], ["cat"])), None)
    assert not labels.exists()


@pytest.mark.parametrize("line", [b"0 .5 .5 .1", b"2 .5 .5 .1 .1", b"0 9e9 .5 .1 .1"])
def test_what_was_refused_is_not_overwritten(root, image, labels, line):
    labels.write_bytes(line)
    for label in ("dog", "bird"):  # with one more name the number 2 would mean something
        with pytest.raises(DatasetError):
            store_of(image).write(image, HW, Annotation(GroundTruth([[1, 2, 3, 4]], [label])), None)
    assert labels.read_bytes() == line
    assert store_of(image).classes == ("cat", "dog")


def test_corners_have_no_box_turned_round(image, labels):
    # The second box has a negative height; as a box it may stay, as four corners it would be turned.
    before = b"0 .1 .1 .5 .1 .5 .6 .1 .6\n1 .5 .5 .1 -.2\n"
    labels.write_bytes(before)
    store = store_of(image)
    seen = store.read(image)
    assert seen.annotation.ground_truth.boxes[1].tolist() == [90, 48, 110, 32]
    with pytest.raises(DatasetError, match="the line of object 2 would not say the same"):
        store.write(image, HW, changed(seen.annotation, 1, box=[90, 50, 110, 32]), seen)
    assert labels.read_bytes() == before
    store.write(image, HW, changed(seen.annotation, 1, box=[90, 32, 110, 48]), seen)
    assert store.read(image).annotation.ground_truth.boxes[1].tolist() == [90, 32, 110, 48]


def test_where_labels_are_looked_for(root, image, tmp_path):
    assert labels_folder_for(tmp_path / "images" / "a" / "images" / "b") == tmp_path / "images" / "a" / "labels" / "b"
    assert labels_folder_for(tmp_path / "pictures") is None
    assert store_of(image).place == root / "labels" / "train"
    beside = tmp_path / "beside"
    beside.mkdir()
    Image.new("L", (4, 4)).save(beside / "a.png")
    (beside / "notes.txt").write_text("0 .5 .5 .1 .1\n")
    assert find_yolo_store(beside) is None
    (beside / "a.txt").write_text("a photograph of a cat\n")
    assert find_yolo_store(beside) is None
    (beside / "a.txt").write_text("0 .5 .5 .1 .1\n")
    found = find_yolo_store(beside)
    assert found.place == beside
    assert found.classes == ("cat", "dog")  # of the data.yaml above
    (beside / "classes.txt").write_text("plum\n")
    assert find_yolo_store(beside).classes == ("plum",)


def test_a_data_yaml_of_something_else_is_no_matter(root, image, labels):
    (root / "images" / "data.yaml").write_text("just: [text\n")
    labels.write_text("0 .5 .5 .1 .1\n")
    assert store_of(image).classes == ("cat", "dog")
    (root / "images" / "data.yaml").write_text("names: [broken\n")
    with pytest.raises(DatasetError, match=r"data\.yaml' line 1"):
        store_of(image)


edges = st.floats(-1000, 40_000, width=32)
sides = st.integers(1, 40_000)


@given(st.tuples(edges, edges, edges, edges), sides, sides)
def test_written_numbers_read_back(box, height, width):
    numbers = written(box, (height, width))
    (line,) = split_lines(None, " ".join(("0", *numbers)).encode(), None)
    back = in_pixels(None, line, (height, width))
    assert np.abs(np.subtract(back, box)).max() <= 1e-3
    exact = [edge == other for edge, other in zip(box, back, strict=True)]
    small = [0 < abs(edge) < 0.01 for edge in box]  # smaller than what is left of the sum of centre and half a size
    assert all(exact) or any(small)


@given(st.tuples(*[st.integers(0, 20_000).map(float)] * 4))
def test_whole_pixels_of_a_large_image_are_exact(box):
    (line,) = split_lines(None, " ".join(("0", *written(box, (20_000, 20_000)))).encode(), None)
    assert in_pixels(None, line, (20_000, 20_000)) == box


words = st.sampled_from(
    [b"0", b"1", b"-1", b"99", b" ", b"  ", b"\t", b"\n", b"\r\n", b"\r", b".5", b"0.25", b"1e-3", b"1e308", b"nan",
     b"\xff", b"\xef\xbb\xbf", b"\x00", b"#", b"0 .5 .5 .1 .1\n", b"1 .1 .2 .3 .1 .2 .2\n", b"0 .5 .5 .1 .1 0.5"]
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(words, max_size=20).map(b"".join) | st.binary(max_size=40))
def test_any_bytes_are_read_or_refused_and_never_changed(image, labels, data):
    labels.write_bytes(data)
    store = store_of(image)
    stored, sentence = result_or_sentence(lambda: store.read(image))
    if sentence is not None:
        assert "a.txt" in sentence
        assert "\n" not in sentence
    else:
        store.write(image, HW, stored.annotation, stored)
    assert labels.read_bytes() == data
