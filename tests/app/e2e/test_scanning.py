"""The annotations of a whole folder are looked into: states in the list, classes with their counts and places."""

from __future__ import annotations

from pathlib import Path

from app.scene import Ref
from tests.helpers.app_windows import WAIT_MS, annotate, open_window, wait_settled, write_folder, write_image


def scanned(controller, count):
    return len(controller.scans._states) == count and controller.scans._is_complete


def test_states_and_counts(qtbot, tmp_path):
    paths = write_folder(tmp_path / "images")
    write_image(tmp_path / "images" / "plain.png", 7, annotated=False)
    annotate(paths[2], [], [])
    with open_window(qtbot) as (window, controller):
        controller.start([paths[0]])
        wait_settled(qtbot, controller, "image_0.png")
        qtbot.waitUntil(lambda: scanned(controller, 4), timeout=WAIT_MS)
        states = {path.name: state.standing for path, state in controller.scans._states.items()}
        assert states == {
            "image_0.png": "annotated", "image_1.png": "annotated", "image_2.png": "empty", "plain.png": "new",
        }  # fmt: skip
        assert controller.scans.totals == {"cat": 4, "dog": 2}
        window.actions_by_id["workspace"].setChecked(True)
        rows = {row.name: (row.count, row.total) for row in controller.state.scene.editing.classes}
        assert rows == {"cat": (2, 4), "dog": (1, 2)}
        controller.selects.choose(Ref("object", 1))
        controller.edits.delete()
        rows = {row.name: (row.count, row.total) for row in controller.state.scene.editing.classes}
        assert rows == {"cat": (2, 4), "dog": (0, 1)}
        controller.edits.verify()
        assert controller.scans._states[paths[0]].standing == "verified"


def test_what_is_moved_to_the_bin_is_not_counted_until_it_is_back(qtbot, tmp_path):
    paths = write_folder(tmp_path / "images")
    with open_window(qtbot) as (window, controller):
        controller.start([paths[0]])
        wait_settled(qtbot, controller, "image_0.png")
        qtbot.waitUntil(lambda: scanned(controller, 3), timeout=WAIT_MS)
        window.actions_by_id["workspace"].setChecked(True)
        assert controller.scans.totals == {"cat": 6, "dog": 3}
        window.images.bin_wanted.emit(paths[1:])
        assert controller.scans.totals == {"cat": 2, "dog": 1}
        qtbot.waitUntil(
            lambda: {row.name: row.total for row in controller.state.scene.editing.classes} == {"cat": 2, "dog": 1},
            timeout=WAIT_MS,
        )
        assert window.images.model.num_scanned == 1
        window.status.offer.click()
        qtbot.waitUntil(lambda: scanned(controller, 3), timeout=WAIT_MS)
        assert controller.scans.totals == {"cat": 6, "dog": 3}
        assert window.images.model.num_scanned == 3


def test_the_open_image_comes_back_from_the_bin(qtbot, tmp_path):
    paths = write_folder(tmp_path / "images")
    with open_window(qtbot) as (window, controller):
        controller.start([paths[1]])
        wait_settled(qtbot, controller, "image_1.png")
        window.actions_by_id["workspace"].setChecked(True)

        def shown():
            return [Path(file).name for file in window.images.model.files]

        def move():
            window.images.bin_wanted.emit([paths[1]])
            wait_settled(qtbot, controller, "image_2.png")
            assert shown() == ["image_0.png", "image_2.png"]
            assert not paths[1].exists()

        def assert_back():
            wait_settled(qtbot, controller, "image_1.png")
            assert shown() == ["image_0.png", "image_1.png", "image_2.png"]
            assert paths[1].is_file()
            assert window.status.message.text().startswith("Undone: 1 image moved to the bin folder.")

        move()
        assert window.status.offer.isVisible()
        window.status.offer.click()
        assert_back()
        move()
        controller.undo.undo()
        assert_back()
        controller.undo.redo()
        wait_settled(qtbot, controller, "image_2.png")
        assert not paths[1].exists()
        controller.undo.undo()
        assert_back()
        window.actions_by_id["workspace"].setChecked(False)
        move()
        window.status.offer.click()
        assert_back()


def test_classes_come_in_natural_order_and_keep_their_places(qtbot, tmp_path):
    paths = write_folder(tmp_path / "images", 2)
    annotate(paths[0], [[1, 1, 9, 9]], ["zebra"])
    annotate(paths[1], [[1, 1, 9, 9], [2, 2, 8, 8]], ["cow", "bat"])
    with open_window(qtbot) as (window, controller):
        controller.start([paths[0]])
        wait_settled(qtbot, controller, "image_0.png")
        qtbot.waitUntil(lambda: scanned(controller, 2), timeout=WAIT_MS)
        assert controller.state.annotating.listed == ("bat", "cow", "zebra")
        window.actions_by_id["workspace"].setChecked(True)
        controller.selects.choose(Ref("object", 0))
        controller.edits.relabel("ant")
        assert controller.state.annotating.classes() == ("bat", "cow", "zebra", "ant")
        qtbot.waitUntil(lambda: controller.state.edits == {}, timeout=WAIT_MS)
    with open_window(qtbot) as (window, controller):
        controller.start([paths[0]])
        qtbot.waitUntil(lambda: scanned(controller, 2), timeout=WAIT_MS)
        assert controller.state.annotating.classes() == ("bat", "cow", "ant")  # nothing is a zebra
