"""An outline in a COCO file: where its box is stretched, the save says that it does not fit; moved, it says nothing."""

from __future__ import annotations

import json

import pytest

from app.sentences import say
from tests.helpers.annotating import CONTROL, Annotator, Key
from tests.helpers.app_windows import IMAGE_HW, forget_edits, open_window, wait_settled, write_image

BOX = (10.0, 20.0, 40.0, 60.0)
OUTLINE = [[10, 20, 40, 20, 40, 60]]


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    image = write_image(folder / "image_0.png", 0, annotated=False)
    one = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 30, 40], "segmentation": OUTLINE}
    content = {
        "images": [{"id": 1, "file_name": image.name, "height": IMAGE_HW[0], "width": IMAGE_HW[1]}],
        "annotations": [one],
        "categories": [{"id": 1, "name": "cat"}],
    }
    (folder / "all.json").write_text(json.dumps(content))
    return folder / "all.json"


@pytest.mark.parametrize(("stretch", "outline"), [(0, [[15, 20, 45, 20, 45, 60]]), (5, OUTLINE)])
def test_the_save_says_where_an_outline_does_not_fit_any_more(qtbot, place, stretch, outline):
    with open_window(qtbot) as (window, controller):
        controller.start([place.parent / "image_0.png"])
        wait_settled(qtbot, controller, "image_0.png")
        person = Annotator(qtbot, window, controller)
        (one,) = person.edit.ids
        box = (BOX[0] + 5, BOX[1], BOX[2] + 5 + stretch, BOX[3])
        controller.gate.change(person.edit.with_boxes({one: box}), say("undo.pasted", what=say("text", text="x")))
        person.press(Key.Key_S, CONTROL)
        person.wait_saved()
        person.wait(lambda: not controller.saves._asked)
        assert json.loads(place.read_text())["annotations"][0]["segmentation"] == outline
        assert ("the outline of object 1 was kept as it was" in person.told) == bool(stretch)
        forget_edits(controller)
        window.show_to_ask(0)
