"""VOC files as torchvision's `VOCDetection` reads them: new ones, and those that were patched."""

import numpy as np
from PIL import Image
from torchvision.datasets import VOCDetection

from detector.datasets import GroundTruth, open_dataset
from detector.datasets.annotation import Annotation
from detector.datasets.voc_store import VocStore, find_voc_store

HW = (80, 100)
TRUTHS = {
    "none": GroundTruth.empty(),
    "one": GroundTruth([[1, 2.5, 30, 40]], ["cell"], [True]),
    "more of them": GroundTruth(
        [[0.1, 2, 3, 4], [5, 6, 70.125, 79]], ["a & b", "Müller"], [False, True], [True, False], [False, True]
    ),
}


def test_what_a_new_dataset_says_to_torchvision(tmp_path):
    root = tmp_path / "VOCdevkit" / "VOC2012"
    images = root / "JPEGImages"
    for folder in (images, root / "ImageSets" / "Main"):
        folder.mkdir(parents=True)
    store = VocStore(root / "Annotations")
    for stem, truth in TRUTHS.items():
        image = images / f"{stem}.jpg"
        Image.new("RGB", (HW[1], HW[0])).save(image)
        stored = store.write(image, HW, Annotation(truth), store.read(image))
        # Once more, patched: verified, and all objects moved there and back.
        far = GroundTruth(truth.boxes + 1, truth.labels, truth.difficult, truth.truncated, truth.crowd)
        stored = store.write(image, HW, Annotation(far, stored.annotation.records, True), stored)
        store.write(image, HW, Annotation(truth, stored.annotation.records, True), stored)
    (root / "ImageSets" / "Main" / "train.txt").write_text("".join(f"{stem}\n" for stem in TRUTHS))

    peer = VOCDetection(str(tmp_path), year="2012", image_set="train")
    ours = open_dataset(root, "train")
    assert len(peer) == len(ours) == len(TRUTHS)
    for (picture, target), sample, (stem, truth) in zip(peer, ours, TRUTHS.items(), strict=True):
        said = target["annotation"]
        assert said["filename"] == f"{stem}.jpg"
        assert said["folder"] == "JPEGImages"
        size = {name: int(value) for name, value in said["size"].items()}
        assert size == {"width": picture.width, "height": picture.height, "depth": 3}
        objects = said["object"]
        assert [each["name"] for each in objects] == list(truth.labels) == list(sample.ground_truth.labels)
        corners = [[each["bndbox"][name] for name in ("xmin", "ymin", "xmax", "ymax")] for each in objects]
        boxes = np.array(corners, np.float32).reshape(-1, 4)
        np.testing.assert_array_equal(boxes, truth.boxes)
        np.testing.assert_array_equal(boxes, sample.ground_truth.boxes)
        for flag in ("difficult", "truncated"):
            assert [each[flag] == "1" for each in objects] == getattr(truth, flag).tolist()
        assert [each.get("crowd") for each in objects] == ["1" if crowd else None for crowd in truth.crowd]
    assert find_voc_store(images).place == store.place
