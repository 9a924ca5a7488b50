"""The first boxes of a folder without classes, the tool from image to image, and what becomes of a verified image."""

from __future__ import annotations

import pytest
from PIL import Image
from PySide6.QtCore import Qt

from app.annotating import Copied
from detector.datasets.stores import find_store
from tests.helpers.annotating import CONTROL, SHIFT, Annotator, Key
from tests.helpers.app_windows import OBJECTS, annotate, forget_edits, open_window, wait_settled, write_image

BOX, OTHER = (20.0, 30.0, 80.0, 90.0), (100.0, 30.0, 150.0, 90.0)


@pytest.fixture
def person(qtbot, tmp_path):
    """In front of two images that nobody has annotated, a smaller one after them, and one that has a box."""
    folder = tmp_path / "set"
    folder.mkdir()
    for number in range(2):
        write_image(folder / f"image_{number}.png", number, annotated=False)
    Image.new("RGB", (64, 48)).save(folder / "image_2.png")
    with open_window(qtbot) as (window, controller):
        controller.start([folder])
        wait_settled(qtbot, controller, "image_0.png")
        person = Annotator(qtbot, window, controller)
        person.wait(lambda: person.state.annotating.offers_detector)
        yield person
        forget_edits(controller)
        window.show_to_ask(0)


def offered(person):
    return [row.name for row in person.state.scene.editing.classes if row.is_offered]


class TestWithoutAClass:
    @pytest.fixture
    def picker(self, person):
        person.press(Key.Key_W)
        person.drag(BOX[:2], BOX[2:])
        person.wait(person.window.class_picker.isVisible)
        return person.window.class_picker

    def test_the_box_is_seen_until_it_is_named_and_is_no_object_before(self, person, picker, qtbot):
        assert person.state.scene.editing.unnamed == (BOX,)
        assert person.objects == []
        assert person.canvas._live.drag is None  # the scene has it, so no time runs out
        qtbot.keyClicks(picker.field, "bird")
        person.press(Key.Key_Return, widget=picker.field)
        assert person.objects == [("bird", BOX)]
        assert person.state.scene.editing.unnamed == ()
        assert person.told == "bird #1 drawn. Ctrl+Z takes it back."
        person.undo()
        assert person.objects == []

    def test_escape_gives_it_up(self, person, picker):
        person.press(Key.Key_Escape, widget=picker.field)
        assert person.state.scene.editing.unnamed == ()
        assert person.told == "Given up: the box had no class."
        assert person.controller.undo.image_steps == ((), 0)

    def test_a_click_beside_the_picker_does_not(self, person, picker):
        picker.close()
        assert person.state.scene.editing.unnamed == (BOX,)
        person.come_back()
        person.press(Key.Key_2)
        assert person.objects == [("dog", BOX)]
        person.press(Key.Key_Escape)  # the selection
        assert person.objects == [("dog", BOX)]

    def test_it_keeps_the_image_from_being_verified_and_del_gives_it_up(self, person, picker):
        picker.close()
        person.come_back()
        person.press(Key.Key_Space)
        assert not person.edit.verified
        assert person.told.startswith("What is it?")
        person.press(Key.Key_Delete)
        assert person.state.scene.editing.unnamed == ()
        person.press(Key.Key_Space)
        assert person.edit.verified

    def test_several_are_named_together(self, person, picker):
        picker.close()
        person.come_back()
        person.press(Key.Key_W)
        person.drag(OTHER[:2], OTHER[2:])
        person.wait(picker.isVisible)
        person.press(Key.Key_1, widget=picker.field)
        assert person.objects == [("cat", BOX), ("cat", OTHER)]
        assert person.told == "2 boxes drawn. Ctrl+Z takes it back."

    def test_it_waits_while_another_image_or_workspace_is_seen(self, person, picker):
        picker.close()
        person.come_back()
        person.go(Key.Key_D, "image_1.png")
        assert person.state.scene.editing.unnamed == ()
        assert person.told == "1 box without a class waits on image_0.png until you are back."
        person.press(Key.Key_Delete)
        person.go(Key.Key_A, "image_0.png")
        assert person.state.scene.editing.unnamed == (BOX,)
        assert person.told.startswith("What is it?")
        person.press(Key.Key_I)
        assert person.state.annotating.unnamed == ()
        person.press(Key.Key_I)
        assert person.state.scene.editing.unnamed == (BOX,)
        person.press(Key.Key_2)
        assert person.objects == [("dog", BOX)]
        person.go(Key.Key_D, "image_1.png")
        person.go(Key.Key_A, "image_0.png")
        assert person.state.scene.editing.unnamed == ()


class TestClassesOfTheDetector:
    def test_a_click_takes_one_and_the_others_keep_their_digits(self, person):
        assert offered(person) == ["cat", "dog"]
        assert person.state.annotating.label == ""
        view = person.window.annotate.classes.view
        person.qtbot.mouseClick(
            view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(view.model().index(1)).center()
        )
        assert person.state.annotating.label == "dog"
        person.draw(BOX)
        assert person.objects == [("dog", BOX)]
        assert offered(person) == ["cat"]
        assert [row.key for row in person.state.scene.editing.classes] == ["1", "2"]
        person.draw(OTHER, Key.Key_1)
        assert person.objects[1] == ("cat", OTHER)
        assert offered(person) == []

    def test_only_what_is_used_becomes_a_class_of_the_folder(self, person):
        person.draw(BOX, Key.Key_2)
        assert person.state.annotating.classes(person.edit) == ("dog",)

    def test_a_folder_with_classes_offers_none(self, qtbot, tmp_path):
        annotate(write_image(tmp_path / "image_0.png", annotated=False), [BOX], ["bird"])
        with open_window(qtbot) as (window, controller):
            controller.start([tmp_path])
            wait_settled(qtbot, controller, "image_0.png")
            person = Annotator(qtbot, window, controller)
            person.wait(lambda: controller.scans._is_complete)
            assert [row.name for row in person.state.scene.editing.classes] == ["bird"]
            # By typing they are there.
            person.press(Key.Key_E, CONTROL)
            person.wait(window.class_picker.isVisible)
            shown = [line.name for line in window.class_picker.model.lines]
            assert shown == ["bird", "cat", "dog"]
            window.class_picker.close()


class TestTypedForTheList:
    def test_a_new_class_is_for_the_next_box_and_changes_none(self, person, qtbot):
        person.draw(BOX, Key.Key_2)
        field = person.window.annotate.classes.new_field
        for name in ("bird", "cat"):
            qtbot.keyClicks(field, name)
            person.press(Key.Key_Return, widget=field)
            assert person.objects == [("dog", BOX)]
            assert person.state.annotating.label == name
        assert [row.is_found for row in person.state.scene.editing.classes] == [True, True, False]
        person.draw(OTHER)
        assert person.objects[1] == ("cat", OTHER)

    def test_a_box_that_waits_gets_it(self, person, qtbot):
        person.press(Key.Key_W)
        person.drag(BOX[:2], BOX[2:])
        person.wait(person.window.class_picker.isVisible)
        person.window.class_picker.close()
        field = person.window.annotate.classes.new_field
        qtbot.keyClicks(field, "bird")
        person.press(Key.Key_Return, widget=field)
        assert person.objects == [("bird", BOX)]


class TestOpenedAgain:
    def again(self, person, qtbot, look):
        """The window is left and the folder opened in another one."""
        folder = person.state.document.path.parent
        person.controller.places.choose(folder, "voc", folder)
        wait_settled(qtbot, person.controller, "image_0.png")
        person.tick()
        person.wait_saved()
        with open_window(qtbot) as (window, controller):
            controller.start([folder])
            wait_settled(qtbot, controller, "image_0.png")
            later = Annotator(qtbot, window, controller)
            later.wait(lambda: controller.scans.is_complete)
            later.wait(lambda: bool(later.state.annotating.detector))
            look(later)

    def rows(self, person):
        return [(row.name, row.key, row.color, row.is_offered) for row in person.state.scene.editing.classes]

    def test_digits_and_colours_stay_and_the_rest_is_offered_again(self, person, qtbot):
        person.draw(BOX, Key.Key_2)
        person.controller.edits.relabel("bird")  # the third
        person.draw(OTHER, Key.Key_2)
        before = self.rows(person)
        assert [(name, key, is_offered) for name, key, _, is_offered in before] == [
            ("cat", "1", True), ("dog", "2", False), ("bird", "3", False),
        ]  # fmt: skip

        def look(later):
            assert self.rows(later) == before
            later.draw((5.0, 5.0, 15.0, 15.0), Key.Key_1)
            assert later.objects[-1] == ("cat", (5.0, 5.0, 15.0, 15.0))

        self.again(person, qtbot, look)

    def test_a_class_without_boxes_leaves_the_list_and_is_taken_off_without_a_question(self, person, qtbot):
        person.draw(BOX, Key.Key_2)
        for name in ("brid", "bird", "dog"):
            person.controller.edits.relabel(name)
        assert [name for name, *_ in self.rows(person)] == ["cat", "dog", "brid", "bird"]
        person.window.annotate.classes.delete_wanted.emit("brid")
        assert person.told == "No box was brid; it is not in the list any more."
        assert [name for name, *_ in self.rows(person)] == ["cat", "dog", "bird"]
        self.again(person, qtbot, lambda later: self.assert_names(later, ["cat", "dog"]))

    def assert_names(self, person, names):
        assert [name for name, *_ in self.rows(person)] == names


class TestAnImageOfOnePixel:
    def test_why_nothing_is_drawn_is_said_and_nearer_it_is(self, person):
        path = person.state.document.path.with_name("image_3.png")
        Image.new("RGB", (1, 1)).save(path)
        person.controller.images.open_paths([path])
        wait_settled(person.qtbot, person.controller, "image_3.png")
        person.press(Key.Key_2)
        person.canvas.zoom_to(1.0)
        person.press(Key.Key_W)
        person.drag((-10.0, -10.0), (20.0, 20.0))
        assert person.objects == []
        assert person.told == "Too small on the screen to be meant: nothing was drawn. Zoom in and draw it again."
        person.canvas.zoom_to(32.0)
        person.drag((-0.5, -0.5), (1.5, 1.5))
        assert person.objects == [("dog", (0, 0, 1, 1))]


class TestTheTool:
    def test_one_box_is_about_one_image(self, person):
        """W on the next image begins, and does not end what was left over."""
        person.press(Key.Key_2)
        person.press(Key.Key_W)
        assert person.told.startswith("Draw a box: drag")
        button = person.window.header.draw_button
        assert button.isVisible()
        assert button.isChecked()
        assert person.canvas.cursor().shape() == Qt.CursorShape.CrossCursor
        person.go(Key.Key_D, "image_1.png")
        assert person.state.annotating.tool == "select"
        assert not person.window.actions_by_id["draw"].isChecked()
        assert not button.isChecked()
        person.press(Key.Key_W)
        person.drag(BOX[:2], BOX[2:])
        assert person.objects == [("dog", BOX)]

    def test_pressed_while_the_next_image_opens_it_is_about_that_one(self, person):
        person.press(Key.Key_2)
        person.press(Key.Key_D)
        person.press(Key.Key_W)
        wait_settled(person.qtbot, person.controller, "image_1.png")
        assert person.state.annotating.tool == "draw"
        person.drag(BOX[:2], BOX[2:])
        assert person.objects == [("dog", BOX)]

    def test_again_on_the_same_image_it_ends(self, person):
        person.press(Key.Key_W)
        person.press(Key.Key_W)
        assert person.state.annotating.tool == "select"

    def test_the_button_begins_one_box_and_ends_what_is_on(self, person):
        button = person.window.header.draw_button
        for keys in (None, SHIFT):
            if keys is not None:
                person.press(Key.Key_W, keys)
            else:
                button.click()
            assert (person.state.annotating.tool, button.isChecked()) == ("draw", True)
            button.click()
            assert (person.state.annotating.tool, button.isChecked()) == ("select", False)
        person.press(Key.Key_I)
        assert not button.isVisible()

    def test_escape_ends_drawing_before_the_selection(self, person):
        person.press(Key.Key_2)
        person.press(Key.Key_W, SHIFT)
        person.drag(BOX[:2], BOX[2:])
        chosen = person.state.annotating.chosen
        assert chosen
        person.press(Key.Key_Escape)
        assert (person.state.annotating.tool, person.state.annotating.chosen) == ("select", chosen)
        person.press(Key.Key_Escape)
        assert person.state.annotating.chosen == ()

    def test_who_keeps_drawing_does_so_on_the_next_image(self, person):
        person.press(Key.Key_2)
        person.press(Key.Key_W, SHIFT)
        person.go(Key.Key_D, "image_1.png")
        assert person.window.actions_by_id["draw_more"].isChecked()
        for box in (BOX, OTHER):
            person.drag(box[:2], box[2:])
        assert person.objects == [("dog", BOX), ("dog", OTHER)]
        person.press(Key.Key_W, SHIFT)
        assert person.state.annotating.tool == "select"


class TestVerified:
    @pytest.fixture
    def verified(self, person):
        person.draw(BOX, Key.Key_2)
        person.press(Key.Key_Space)
        assert person.edit.verified
        return person

    @pytest.mark.parametrize(
        "change",
        [
            lambda person: person.press(Key.Key_Right),
            lambda person: person.press(Key.Key_1),
            lambda person: person.press(Key.Key_Delete),
            lambda person: person.press(Key.Key_D, CONTROL),
            lambda person: person.draw(OTHER),
            lambda person: person.window.actions_by_id["flag_difficult"].trigger(),
        ],
        ids=["moved", "relabelled", "deleted", "duplicated", "drawn", "flag"],
    )
    def test_what_is_changed_is_not_verified_and_one_undo_brings_both_back(self, verified, change):
        before = verified.objects
        change(verified)
        assert not verified.edit.verified
        assert "; the image is no longer verified. Ctrl+Z takes it back." in verified.told
        verified.undo()
        assert verified.edit.verified
        assert verified.objects == before
        verified.redo()
        assert not verified.edit.verified

    def test_a_lock_or_what_is_only_proposed_changes_nothing_that_was_verified(self, verified):
        verified.press(Key.Key_L, CONTROL)
        assert verified.edit.verified
        verified.wait(verified.is_up_to_date)
        verified.press(Key.Key_Return, CONTROL)
        assert verified.edit.proposed
        assert verified.edit.verified
        verified.press(Key.Key_Return, CONTROL)
        assert not verified.edit.verified

    @pytest.mark.parametrize("kind", ["voc", "yolo", "coco"])
    def test_the_files_follow(self, person, kind):
        path = person.state.document.path
        places = {"voc": path.parent, "yolo": path.parent, "coco": path.parent / "annotations.json"}
        person.controller.places.choose(path.parent, kind, places[kind])
        wait_settled(person.qtbot, person.controller, path.name)
        person.wait(lambda: not person.controller.images.is_reading)
        person.draw(BOX, Key.Key_2)
        person.press(Key.Key_Space)
        person.tick()
        person.wait_saved(path)
        assert find_store(path.parent).read(path).annotation.verified
        person.press(Key.Key_Right)
        person.tick()
        person.wait_saved(path)
        assert not find_store(path.parent).read(path).annotation.verified


class TestASmallerImage:
    def test_what_fits_is_pasted_and_the_rest_told(self, person):
        """Of 64 x 48 pixels: the first box is inside, the second is cut, the third lies outside."""
        boxes = [(5.0, 5.0, 25.0, 25.0), (40.0, 20.0, 90.0, 70.0), (100.0, 10.0, 120.0, 30.0)]
        person.state.annotating.clipboard = tuple(Copied(box, "dog") for box in boxes)
        for name in ("image_1.png", "image_2.png"):
            person.go(Key.Key_D, name)
        person.press(Key.Key_V, CONTROL)
        assert person.objects == [("dog", boxes[0]), ("dog", (40, 20, 64, 48))]
        assert person.told == "2 boxes pasted; 1 box outside of this image left out. Ctrl+Z takes it back."
        person.undo()
        assert person.objects == []

    def test_boxes_of_the_image_before_are_cut_too(self, person):
        person.go(Key.Key_D, "image_1.png")
        person.draw((40.0, 20.0, 90.0, 70.0), Key.Key_2)
        person.draw(tuple(OBJECTS[2].tolist()))
        person.go(Key.Key_D, "image_2.png")
        person.press(Key.Key_V, CONTROL | SHIFT)
        assert person.objects == [("dog", (40, 20, 64, 48))]
        assert person.edit.proposed == {0}
