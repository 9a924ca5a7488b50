"""Several places of annotations for the images of one folder, in the real window with the real threads and files."""

import json

from PIL import Image

from app.bin_folder import BIN_NAME
from tests.helpers.app_windows import LABELS, open_window, wait_settled, write_folder, write_image


def labels(controller):
    """Of the open image."""
    return tuple(controller.state.document.objects.truth.labels)


def shown(qtbot, controller, path):
    controller.images.show_image(path)
    qtbot.waitUntil(lambda: controller.state.document.path == path and not controller.images.is_reading)


def test_the_file_of_another_image_of_that_stem_does_not_go_to_the_bin(qtbot, tmp_path):
    files = write_folder(tmp_path / "pictures")
    png, jpg = files[0], files[0].with_suffix(".jpg")
    Image.open(png).save(jpg)  # the XML file names image_0.png
    with open_window(qtbot) as (window, controller):
        controller.start([png])
        wait_settled(qtbot, controller)
        window.images.bin_wanted.emit([jpg])
        assert [path.name for path in (png.parent / BIN_NAME).iterdir()] == [jpg.name]
        shown(qtbot, controller, files[1])
        shown(qtbot, controller, png)
        assert labels(controller) == LABELS
        window.images.bin_wanted.emit([png])
        assert {path.name for path in (png.parent / BIN_NAME).iterdir()} == {jpg.name, png.name, "image_0.xml"}


def coco(place, name, *images):
    """One object of a class in each image."""
    listed = [{"id": row, "file_name": each.name, "width": 192, "height": 160} for row, each in enumerate(images)]
    objects = [
        {"id": row, "image_id": row, "category_id": 1, "bbox": [10, 10, 30, 30], "area": 900, "iscrowd": 0}
        for row in range(len(images))
    ]
    content = {"images": listed, "annotations": objects, "categories": [{"id": 1, "name": name}]}
    place.write_text(json.dumps(content))
    return place


def test_of_two_jsons_of_one_folder_that_counts_which_was_opened_last(qtbot, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    images = [write_image(folder / f"image_{number}.png", number, annotated=number == 1) for number in range(2)]
    train, val = coco(tmp_path / "train.json", "bird", *images), coco(tmp_path / "val.json", "fish", images[0])
    with open_window(qtbot) as (_, controller):
        controller.start([train])
        wait_settled(qtbot, controller)
        assert labels(controller) == ("bird",)
        controller.images.open_paths([val])
        qtbot.waitUntil(lambda: labels(controller) == ("fish",))
        shown(qtbot, controller, images[1])
        assert labels(controller) == ()  # that it has objects in train.json is none of val.json's
        controller.images.open_paths([train])
        qtbot.waitUntil(lambda: labels(controller) == ("bird",))
        controller.images.open_paths([folder])
        qtbot.waitUntil(lambda: labels(controller) == ())  # no file beside it speaks of image_0
        shown(qtbot, controller, images[1])
        assert labels(controller) == LABELS  # the XML file beside it
