"""A whole working session in the real window by mouse and keyboard, in each of the formats that are written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from detector.datasets.stores import find_store
from tests.helpers.annotating import CONTROL, SHIFT, Annotator, Key
from tests.helpers.app_windows import IMAGE_HW, LABELS, OBJECTS, forget_edits, open_window, wait_settled, write_image

HEIGHT, WIDTH = IMAGE_HW
NAMES = ["cat", "dog"]
BOXES = [tuple(box) for box in OBJECTS.tolist()]

DRAGGED, CLICKED, THIRD = (5.0, 60.0, 45.0, 100.0), (130.0, 20.0, 170.0, 60.0), (130.0, 100.0, 180.0, 150.0)
RESIZED = (5.0, 60.0, 55.0, 110.0)


def write_voc_folder(folder: Path) -> None:
    """With a field that the program does not know in each object."""
    for place in range(3):
        path = write_image(folder / f"image_{place}.png", place, annotated=False)
        lines = [
            f"\t<object>\n\t\t<name>{label}</name>\n\t\t<colour>no {number}</colour>\n\t\t<bndbox>"
            + "".join(
                f"<{side}>{value}</{side}>" for side, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
            )
            + "</bndbox>\n\t</object>\n"
            for number, (label, box) in enumerate(zip(LABELS, OBJECTS.astype(int).tolist(), strict=True))
        ]
        size = f"\t<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>\n"
        path.with_suffix(".xml").write_text(
            f"<annotation>\n\t<filename>{path.name}</filename>\n{size}{''.join(lines)}</annotation>\n", encoding="utf-8"
        )


def write_yolo_folder(folder: Path) -> None:
    """With more digits than the program would write."""
    labels = folder.parent / "labels"
    labels.mkdir()
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(NAMES))
    (folder.parent / "data.yaml").write_text(f"path: .\ntrain: images\nval: images\nnames:\n{names}", encoding="utf-8")
    for place in range(3):
        write_image(folder / f"image_{place}.png", place, annotated=False)
        lines = []
        for label, (x1, y1, x2, y2) in zip(LABELS, BOXES, strict=True):
            numbers = ((x1 + x2) / 2 / WIDTH, (y1 + y2) / 2 / HEIGHT, (x2 - x1) / WIDTH, (y2 - y1) / HEIGHT)
            lines.append(" ".join([str(NAMES.index(label)), *(f"{number:.12f}" for number in numbers)]) + "\n")
        (labels / f"image_{place}.txt").write_text("".join(lines), encoding="utf-8")


def write_coco_folder(folder: Path) -> None:
    """With fields and numbers that the program does not know, one object a line."""
    images, annotations = [], []
    for place in range(3):
        write_image(folder / f"image_{place}.png", place, annotated=False)
        images.append(
            {"id": place + 7, "file_name": f"image_{place}.png", "width": WIDTH, "height": HEIGHT, "camera": "left"}
        )
        for number, (label, (x1, y1, x2, y2)) in enumerate(zip(LABELS, BOXES, strict=True)):
            annotations.append({
                "id": 100 * place + number, "image_id": place + 7, "category_id": NAMES.index(label) + 3,
                "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1), "iscrowd": 0,
                "judge": f"no {number}",
            })  # fmt: skip
    categories = [{"id": number + 3, "name": name} for number, name in enumerate(NAMES)]
    parts = {"images": images, "annotations": annotations, "categories": categories}
    texts = [
        f'"{name}": [\n' + ",\n".join(json.dumps(each) for each in elements) + "\n]" for name, elements in parts.items()
    ]
    (folder / "annotations.json").write_text("{\n" + ",\n".join(texts) + "\n}\n", encoding="utf-8")


WRITERS = {"voc": write_voc_folder, "yolo": write_yolo_folder, "coco": write_coco_folder}


def pieces(kind: str, folder: Path) -> dict[str, list[bytes]]:
    """The bytes of each object's record, in the order of the file, by image."""
    if kind == "voc":
        return {
            f"image_{place}.png": re.findall(
                rb"\t<object>.*?</object>\n", (folder / f"image_{place}.xml").read_bytes(), re.S
            )
            for place in range(3)
        }
    if kind == "yolo":
        return {
            f"image_{place}.png": (folder.parent / "labels" / f"image_{place}.txt")
            .read_bytes()
            .splitlines(keepends=True)
            for place in range(3)
        }
    found: dict[str, list[bytes]] = {f"image_{place}.png": [] for place in range(3)}
    for element in re.findall(rb'\{"id"[^{}]*"image_id"[^{}]*\}', (folder / "annotations.json").read_bytes()):
        found[f"image_{json.loads(element)['image_id'] - 7}.png"].append(element)
    return found


def files_of(kind: str, folder: Path) -> dict[str, bytes]:
    """Every file that is no image."""
    return {
        str(path.relative_to(folder.parent)): path.read_bytes()
        for path in sorted(folder.parent.rglob("*"))
        if path.is_file() and path.suffix != ".png"
    }


CHANGED = {
    "voc": {"images/image_0.xml"},
    "yolo": {"labels/image_0.txt", "data.yaml"},  # there is a new class
    "coco": {"images/annotations.json"},
}


@pytest.fixture(params=["voc", "yolo", "coco"])
def kind(request):
    return request.param


@pytest.fixture
def folder(tmp_path, kind):
    made = tmp_path / "set" / "images"
    made.mkdir(parents=True)
    WRITERS[kind](made)
    return made


@pytest.fixture
def person(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder])
        wait_settled(qtbot, controller, "image_0.png")
        yield Annotator(qtbot, window, controller)


def reopened(qtbot, folder, name):
    """What a fresh window shows of an image: objects, proposed ones, verified."""
    with open_window(qtbot) as (window, controller):
        controller.start([folder / name])
        wait_settled(qtbot, controller, name)
        person = Annotator(qtbot, window, controller, annotates=False)
        return person.objects, person.edit.proposed, person.edit.verified


def same(one, other, tolerance=1e-3):
    """Objects by class and box; YOLO keeps shares of the image."""
    assert [label for label, _ in one] == [label for label, _ in other]
    np.testing.assert_allclose([box for _, box in one], [box for _, box in other], rtol=0, atol=tolerance)
    return True


FILE = list(zip(LABELS, BOXES, strict=True))


DONE = [*FILE, ("cat", RESIZED), ("bird", CLICKED), ("cat", THIRD)]


def draw_three(person):
    """Two by dragging, one click by click; 2 chooses the dog."""
    person.draw(DRAGGED, Key.Key_1)
    person.press(Key.Key_Escape)
    person.press(Key.Key_2)
    person.press(Key.Key_N)
    person.click(*CLICKED[:2])
    person.move(150, 40)
    person.click(*CLICKED[2:])
    person.draw(THIRD)
    same(person.objects, [*FILE, ("cat", DRAGGED), ("dog", CLICKED), ("dog", THIRD)])
    assert person.edit.ids == (0, 1, 2, 3, 4, 5)
    assert person.told == "dog #6 drawn. Ctrl+Z takes it back."
    assert person.state.annotating.tool == "select"


def relabel_two(qtbot, person):
    """The third by a digit, the clicked one by typing a class that is new and like no other."""
    person.press(Key.Key_1)
    person.click(150, 20)
    assert person.state.annotating.chosen == (4,)
    person.press(Key.Key_E, CONTROL)
    picker = person.window.class_picker
    person.wait(picker.isVisible)
    qtbot.keyClicks(picker.field, "bird")
    person.press(Key.Key_Return, widget=picker.field)
    person.wait(lambda: not picker.isVisible())
    person.come_back()
    same(person.objects, [*FILE, ("cat", DRAGGED), ("bird", CLICKED), ("cat", THIRD)])


def resize_one(person):
    """By its lower right handle."""
    person.click(5, 80)
    assert person.state.annotating.chosen == (3,)
    person.drag(DRAGGED[2:], RESIZED[2:])
    same(person.objects, DONE)
    assert person.told == "cat #4 resized. Ctrl+Z takes it back."


def undo_and_redo_all(person):
    actions = person.window.actions_by_id
    assert len(person.controller.undo.image_steps[0]) == 6
    for _ in range(6):
        person.undo()
    same(person.objects, FILE)
    assert not actions["undo"].isEnabled()
    assert not person.state.session.is_unsaved
    for _ in range(6):
        person.redo()
    same(person.objects, DONE)
    assert not actions["redo"].isEnabled()


def take_over_the_boxes_of_the_image_before(person):
    """In place of its own ones; proposed, until they are accepted."""
    for number in (0, 1, 2):
        person.press(Key.Key_Escape)
        person.click(*BOXES[number][:2])
        person.press(Key.Key_Delete)
    assert person.objects == []
    person.press(Key.Key_V, CONTROL | SHIFT)
    same(person.objects, DONE)
    assert len(person.edit.proposed) == 6
    assert person.edit.confirmed_ids == ()
    person.press(Key.Key_Return, CONTROL)
    assert person.edit.proposed == frozenset()


def accept_what_is_detected(person):
    """The dog is deleted, found by the detector, proposed by the first Enter and accepted by the second."""
    person.click(60, 50)
    assert person.state.annotating.chosen == (1,)
    person.press(Key.Key_Delete)
    same(person.objects, [FILE[0], FILE[2]])
    person.press(Key.Key_P)
    person.wait(person.is_up_to_date)
    person.click(60, 50)
    ref = person.state.view.selection.ref
    assert ref.kind == "detection"
    person.wait(person.is_up_to_date)
    box = person.state.trace.to_image(person.state.trace.detections.boxes[ref.row][None])[0]
    found = tuple(np.rint(box).tolist())  # whole pixels, as those that are drawn
    person.press(Key.Key_Return)
    same(person.objects, [FILE[0], FILE[2], ("dog", found)])
    assert person.edit.proposed == {3}
    person.wait(person.is_up_to_date)
    person.click(60, 50)
    assert person.state.annotating.chosen == (3,)
    person.press(Key.Key_Return)
    assert person.edit.proposed == frozenset()


def save(person):
    person.press(Key.Key_S, CONTROL)
    person.wait_saved()
    assert person.told.startswith("Saved: ")


def test_a_whole_working_session(qtbot, person, folder, kind):
    person.window.actions_by_id["autosave"].setChecked(False)
    before, opened = pieces(kind, folder), files_of(kind, folder)
    same(person.objects, FILE)
    draw_three(person)
    relabel_two(qtbot, person)
    resize_one(person)
    undo_and_redo_all(person)
    assert files_of(kind, folder) == opened
    save(person)
    # Nothing but what was edited has changed.
    after = pieces(kind, folder)
    assert after["image_0.png"][:3] == before["image_0.png"]
    assert len(after["image_0.png"]) == 6
    assert (after["image_1.png"], after["image_2.png"]) == (before["image_1.png"], before["image_2.png"])
    changed = {name for name, found in files_of(kind, folder).items() if opened.get(name) != found}
    assert changed == CHANGED[kind]

    person.go(Key.Key_D, "image_1.png")
    take_over_the_boxes_of_the_image_before(person)
    save(person)
    person.go(Key.Key_D, "image_2.png")
    accept_what_is_detected(person)
    person.window.actions_by_id["verify"].trigger()
    assert person.edit.verified
    save(person)

    # A fresh window shows the same, and so does the store by itself.
    third = person.objects
    for name, expected, verified in (("image_0.png", DONE, 0), ("image_1.png", DONE, 0), ("image_2.png", third, 1)):
        objects, proposed, is_verified = reopened(qtbot, folder, name)
        assert same(objects, expected)
        assert proposed == frozenset()
        assert is_verified is bool(verified)
        truth = find_store(folder).read(folder / name, IMAGE_HW).annotation.ground_truth
        assert same(list(zip(truth.labels, truth.boxes.tolist(), strict=True)), expected)
    # What was not edited is as it was, to the byte.
    last = pieces(kind, folder)
    assert last["image_2.png"][0] == before["image_2.png"][0]
    assert last["image_2.png"][1] == before["image_2.png"][2]
    assert last["image_0.png"] == after["image_0.png"]


def test_one_edited_box_changes_its_own_record_only(qtbot, person, folder, kind):
    before = pieces(kind, folder)["image_0.png"]
    person.click(60, 50)
    person.drag((124, 84), (120, 80))
    x1, y1, _, _ = BOXES[1]
    same(person.objects, [FILE[0], ("dog", (x1, y1, 120, 80)), FILE[2]])
    person.press(Key.Key_S, CONTROL)
    person.wait_saved()
    after = pieces(kind, folder)["image_0.png"]
    assert (after[0], after[2]) == (before[0], before[2])
    assert after[1] != before[1]
    if kind != "yolo":
        assert b"no 1" in after[1]  # what the program does not know
    # Taken back and saved, the file is as it was, to the number.
    person.undo()
    person.press(Key.Key_S, CONTROL)
    person.wait_saved()
    same(reopened(qtbot, folder, "image_0.png")[0], FILE)


def test_looking_at_images_writes_nothing(person, folder, kind):
    opened = files_of(kind, folder)
    for key, name in ((Key.Key_D, "image_1.png"), (Key.Key_D, "image_2.png"), (Key.Key_A, "image_1.png")):
        person.go(key, name)
        person.click(60, 50)
        person.press(Key.Key_S, CONTROL)
        assert person.told == f"Nothing to save: {name} is as in its file."
    # An edit that is taken back is none.
    person.press(Qt.Key.Key_Delete)
    person.undo()
    person.go(Key.Key_D, "image_2.png")
    assert files_of(kind, folder) == opened
    assert person.state.edits == {}


# In any format


@pytest.fixture
def voc(qtbot, tmp_path):
    folder = tmp_path / "set" / "images"
    folder.mkdir(parents=True)
    write_voc_folder(folder)
    with open_window(qtbot) as (window, controller):
        controller.start([folder])
        wait_settled(qtbot, controller, "image_0.png")
        yield Annotator(qtbot, window, controller)
        forget_edits(controller)
        window.show_to_ask(0)


def test_copies_go_to_another_image_and_beside_what_is_there(voc):
    voc.click(60, 50)
    voc.press(Key.Key_C, CONTROL)
    voc.press(Key.Key_D, CONTROL)
    x1, y1, x2, y2 = BOXES[1]
    same(voc.objects, [*FILE, ("dog", (x1 + 10, y1 + 10, x2 + 10, y2 + 10))])
    voc.go(Key.Key_D, "image_1.png")
    voc.press(Key.Key_V, CONTROL)
    same(voc.objects, [*FILE, ("dog", (x1 + 10, y1 + 10, x2 + 10, y2 + 10))])
    assert voc.state.annotating.chosen == (3,)
    voc.undo()
    same(voc.objects, FILE)


def test_arrows_move_and_are_one_step_while_they_go_on(voc):
    voc.click(60, 50)
    for _ in range(3):
        voc.press(Key.Key_Right)
    voc.press(Key.Key_Down, SHIFT)
    x1, y1, x2, y2 = BOXES[1]
    same(voc.objects, [FILE[0], ("dog", (x1 + 3, y1 + 10, x2 + 3, y2 + 10)), FILE[2]])
    assert len(voc.controller.undo.image_steps[0]) == 1
    voc.press(Key.Key_Left, SHIFT)
    voc.press(Key.Key_Left, SHIFT)
    voc.undo()
    same(voc.objects, FILE)
    # At the edge of the image it stops: 192 - 124 = 68 px away.
    for _ in range(8):
        voc.press(Key.Key_Right, SHIFT)
    same(voc.objects, [FILE[0], ("dog", (x1 + 68, y1, x2 + 68, y2)), FILE[2]])


def test_what_is_locked_is_changed_by_nothing(voc):
    voc.click(60, 50)
    voc.press(Key.Key_L, CONTROL)
    locked = voc.objects
    voc.drag((124, 84), (120, 80))
    voc.drag((92, 20), (100, 30))
    voc.press(Key.Key_Delete)
    assert "is locked" in voc.told
    voc.press(Key.Key_1)
    voc.press(Key.Key_Right)
    voc.window.actions_by_id["flag_crowd"].trigger()
    assert voc.objects == locked
    assert not voc.edit.truth.crowd.any()
    assert not voc.state.session.is_unsaved
    # With others selected, those are changed.
    voc.press(Key.Key_A, CONTROL)
    voc.press(Key.Key_Delete)
    same(voc.objects, [FILE[1]])


def test_tab_goes_from_box_to_box_and_a_band_selects_several(voc):
    for row in (0, 1, 2, 0):
        voc.press(Key.Key_Tab)
        assert voc.state.annotating.chosen == (row,)
    voc.press(Key.Key_Backtab, SHIFT)
    assert voc.state.annotating.chosen == (2,)
    voc.drag((5, 5), (70, 60), SHIFT)
    assert set(voc.state.annotating.chosen) == {0, 1}
    voc.click(92, 110, CONTROL)
    assert set(voc.state.annotating.chosen) == {0, 1, 2}
    voc.press(Key.Key_2)
    assert [label for label, _ in voc.objects] == ["dog"] * 3
    assert voc.told == "3 boxes → dog. Ctrl+Z takes it back."
    voc.undo()
    same(voc.objects, FILE)


def test_a_click_and_del_twice_at_one_place_deletes_what_lies_there_only(voc):
    """The one below, not one that has taken the row of the first."""
    voc.click(60, 50)
    voc.press(Key.Key_Delete)
    voc.click(60, 50)
    voc.press(Key.Key_Delete)
    same(voc.objects, [FILE[0], FILE[2]])


def test_the_image_before_has_its_boxes_as_they_are_now(voc):
    """Also those that are in no file yet; and none that are only proposed."""
    voc.window.actions_by_id["autosave"].setChecked(False)
    voc.click(60, 50)
    voc.press(Key.Key_Delete)
    voc.go(Key.Key_D, "image_1.png")
    voc.press(Key.Key_A, CONTROL)
    voc.press(Key.Key_Delete)
    voc.press(Key.Key_V, CONTROL | SHIFT)
    same(voc.objects, [FILE[0], FILE[2]])
    assert voc.edit.proposed == {3, 4}
    voc.press(Key.Key_Return, CONTROL)
    voc.draw(DRAGGED, Key.Key_1)
    voc.press(Key.Key_V, CONTROL | SHIFT)
    assert voc.told == "All boxes of 'image_0.png' are here already."
    same(voc.objects, [FILE[0], FILE[2], ("cat", DRAGGED)])
    voc.go(Key.Key_D, "image_2.png")
    voc.press(Key.Key_V, CONTROL | SHIFT)
    same(voc.objects, [*FILE, ("cat", DRAGGED)])
    assert voc.edit.proposed_rows == {3}


def test_verified_waits_for_what_is_proposed(voc):
    voc.draw(DRAGGED, Key.Key_1)
    voc.go(Key.Key_D, "image_1.png")
    voc.press(Key.Key_V, CONTROL | SHIFT)
    voc.wait(lambda: bool(voc.edit.proposed))
    voc.press(Key.Key_Space)
    assert not voc.edit.verified
    assert voc.told == "1 proposed box is not accepted yet: Ctrl+Enter accepts it, Del removes it."
    voc.undo()
    voc.press(Key.Key_Space)
    assert voc.edit.verified
    assert voc.window.images.model.is_verified(1)
    assert voc.told == "Verified: 3 boxes. Space or Ctrl+Z takes it back."
    voc.press(Key.Key_Space)
    assert not voc.edit.verified
    assert voc.told == "No longer verified. Ctrl+Z takes it back."


def test_what_is_deleted_is_not_what_inspect_explains(voc):
    voc.click(60, 50)
    voc.press(Key.Key_Delete)
    voc.press(Key.Key_I)
    voc.wait(voc.is_up_to_date)
    assert voc.state.view.selection is None
    voc.press(Key.Key_I)
    voc.undo()
    voc.click(60, 50)
    voc.press(Key.Key_I)
    assert voc.state.view.selection.ref.row == 1
