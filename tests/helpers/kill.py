"""A program that edits and saves as the window does, to be killed; and what has to be there after it was.

    parent: play_round  --starts-->  child: main  --kill -9 at a random moment-->  parent: looks at the files

The child tells of each edit before it is kept in the journal ("begun", with all objects) and after ("kept"). So after
the kill it is known what must be there of each image: the state that was last told to be kept, or the one begun after
it. Saving runs in a thread of its own, as it does in the program, so that edits and saves meet in any order. The next
child begins where the one before was killed; what it recovers becomes its state.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from app.annotation_saving import AnnotationSaver, SaveAnnotation, SaveFailed
from app.edit import Edit
from app.journal import Journal

IMAGE_HW = (480, 640)
NAMES = ("a.jpg", "b b.jpg", "ü.jpg")
LABELS = ("RBC", "WBC", "Platelets")
NEAR_PX = 0.01
"""YOLO writes six digits: 640 px / 10**6 is well below."""
ROOT = Path(__file__).parents[2]


def prepare(kind, folder):
    """A folder of images without annotations, or a COCO file that also holds others' images."""
    images = folder / "images"
    images.mkdir(parents=True)
    for name in NAMES:
        Image.new("RGB", IMAGE_HW[::-1]).save(images / name)
    if kind == "coco":
        (images / "instances.json").write_text(json.dumps(_others_coco()), encoding="utf-8")
    elif kind == "yolo":
        (folder / "labels").mkdir()
        (folder / "data.yaml").write_text("names: [" + ", ".join(LABELS) + "]\n", encoding="utf-8")


OTHERS = 200


def _others_coco():
    images = [{"id": 1 + row, "file_name": name, "height": 480, "width": 640} for row, name in enumerate(NAMES)]
    images += [{"id": 10 + row, "file_name": f"other{row}.jpg", "height": 480, "width": 640} for row in range(OTHERS)]
    annotations = [
        {
            "id": row,
            "image_id": 10 + row % OTHERS,
            "category_id": 1,
            "bbox": [1.5, 2, 30, 40],
            "area": 1200,
            "iscrowd": 0,
        }
        for row in range(5 * OTHERS)
    ]
    categories = [{"id": row + 1, "name": label} for row, label in enumerate(LABELS)]
    return {"info": {"ours": "not"}, "images": images, "annotations": annotations, "categories": categories}


def open_store(kind, folder):
    if kind == "voc":
        from detector.datasets.voc_store import VocStore

        return VocStore(folder / "images" / "Annotations")
    if kind == "yolo":
        from detector.datasets.yolo import YoloStore

        return YoloStore(folder / "labels")
    from detector.datasets.coco import CocoStore

    return CocoStore(folder / "images" / "instances.json")


# -- the child ---------------------------------------------------------------------------------------------------------


class Child:
    """Edits and saves without end."""

    def __init__(self, kind, folder, seed):
        self.random = random.Random(seed)
        self.store, self.saver = open_store(kind, folder), AnnotationSaver()
        self.images = [folder / "images" / name for name in NAMES]
        self.journal = Journal(folder / "journal")
        self.edits, self.stored, self.records, self.under_way = {}, {}, {}, {}
        self.number = 0

    def start(self):
        """As the window does: what the files say, and what the journal has that they do not."""
        tell("started")
        for image in self.images:
            stored = self.store.read(image, IMAGE_HW)
            self.take(image, Edit.of(stored.annotation), stored)
        for kept in reversed(self.journal.pending()):
            self.recover(kept)
        for image in self.images:
            self.keep(image, self.edits[image])

    def recover(self, kept):
        stored = self.stored[kept.path]
        tell("recovered", verdict=kept.meets(stored))
        if kept.meets(stored) != "saved" or kept.edit.proposed:
            self.edits[kept.path] = kept.edit
            self.records[kept.path] = kept.records_in(stored)
            self.journal.keep(kept.path, kept.edit, stored, None, self.records[kept.path])
        self.journal.discard(kept)

    def take(self, image, edit, stored):
        self.edits[image], self.stored[image], self.records[image] = edit, stored, {}
        self.know(image, edit.confirmed_ids)

    def know(self, image, ids):
        stored = self.stored[image]
        if stored.annotation is not None:
            self.records[image].update(zip(ids, stored.annotation.records, strict=True))

    def keep(self, image, edit):
        tell("begun", image=image.name, state=state_of(edit))
        self.edits[image] = edit
        problem = self.journal.keep(image, edit, self.stored[image], None, self.records[image])
        tell("failed" if problem else "kept", image=image.name)

    def go_on(self):
        """One more edit, and perhaps a save of it."""
        image = self.random.choice(self.images)
        self.keep(image, changed(self.edits[image], self.random))
        for each in [each for each, (future, _) in self.under_way.items() if future.done()]:
            self.saved(each)
        if image not in self.under_way and self.random.random() < 0.5:
            edit, self.number = self.edits[image], self.number + 1
            self.journal.saving(image, edit, self.stored[image])
            tell("saving")
            request = SaveAnnotation(
                self.number, image, IMAGE_HW, self.store, edit.confirmed(self.records[image]), self.stored[image],
                edit.confirmed_ids,
            )  # fmt: skip
            self.under_way[image] = self.pool.submit(self.saver.save, request), edit

    def saved(self, image):
        future, edit = self.under_way.pop(image)
        answer = future.result()
        if isinstance(answer, SaveFailed):
            tell("failed", image=image.name, text=answer.text)
            return
        self.stored[image] = answer.stored
        self.know(image, edit.confirmed_ids)
        if edit is self.edits[image] and not edit.proposed:
            self.journal.forget(image)
        else:
            self.journal.keep(image, self.edits[image], answer.stored, None, self.records[image])
        tell("saved", image=image.name)

    def run(self):
        with ThreadPoolExecutor(1) as self.pool:
            self.start()
            while True:
                self.go_on()


def tell(what, **values):
    os.write(1, json.dumps({"what": what, **values}).encode() + b"\n")


def state_of(edit):
    truth = edit.truth
    return {
        "boxes": truth.boxes.tolist(),
        "labels": list(truth.labels),
        "difficult": truth.difficult.tolist(),
        "proposed": [each in edit.proposed for each in edit.ids],
        "verified": edit.verified,
    }


def changed(edit, chance):
    """One of the changes that a person makes."""
    what = chance.choice(("add", "add", "move", "label", "delete", "flag", "verify", "propose", "accept"))
    one = chance.choice(edit.ids) if edit.ids else None
    if what == "propose" and len(edit) < 12:
        return edit.with_objects([_box(chance)], [chance.choice(LABELS)], proposed=True)
    if what == "accept" and edit.proposed:
        return edit.with_accepted([chance.choice(sorted(edit.proposed))])
    if what == "verify":
        return edit.with_verified(not edit.verified)
    if one is None or (what in ("add", "propose", "accept") and len(edit) < 12):
        return edit.with_objects([_box(chance)], [chance.choice(LABELS)])
    if what == "move":
        return edit.with_boxes({one: _box(chance)})
    if what == "label":
        return edit.with_label([one], chance.choice(LABELS))
    if what == "flag":
        return edit.with_flag([one], "difficult", chance.random() < 0.5)
    return edit.without([one])


def _box(chance):
    x, y = chance.uniform(0, 500), chance.uniform(0, 400)
    return x, y, x + chance.uniform(5, 130), y + chance.uniform(5, 70)


# -- the parent --------------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What happened in all rounds."""

    rounds: int = 0
    edits: int = 0
    saves: int = 0
    under_way: int = 0
    """Rounds in which an edit had begun and was not told to be kept."""
    lost: int = 0
    """Those of them in which it was lost; no other edit ever was."""
    in_a_save: int = 0
    """Rounds in which a file was being written."""
    from_journal: int = 0
    """Images that the journal had something newer of."""
    verdicts: Counter = field(default_factory=Counter)


class Rounds:
    """Rounds in one folder, each beginning where the one before was killed."""

    def __init__(self, kind, folder, seed):
        self.kind, self.folder, self.random = kind, folder, random.Random(seed)
        self.tally = Tally()
        empty = state_of(Edit.of(None))
        self.must = {name: [empty] for name in NAMES}
        """Of each image the state that was kept last, and the one that had begun then, if any."""
        self.history = {name: [empty] for name in NAMES}
        prepare(kind, folder)

    def play(self):
        """Start, kill, look."""
        command = [sys.executable, "-m", "tests.helpers.kill", self.kind, str(self.folder), str(self.random.random())]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
            try:
                lines = self._listen(child.stdout)
            finally:
                child.kill()
            lines += child.stdout.read().splitlines()
        assert child.returncode < 0 or sys.platform == "win32", "it ended by itself"
        self._follow(lines)
        self._look()
        self.tally.rounds += 1

    def _listen(self, out):
        """Until a random moment: after so many lines, in half of the rounds once a save begins, and a little later."""
        lines = [out.readline() for _ in range(self.random.choice((1, self.random.randint(2, 200))))]
        if self.random.random() < 0.5:
            while lines[-1] and b'"saving"' not in lines[-1]:
                lines.append(out.readline())
        assert all(lines), "it ended by itself"
        until = time.perf_counter() + self.random.uniform(0, 0.008)
        while time.perf_counter() < until:
            pass
        return lines

    def _follow(self, lines):
        """What must be there: of a line that the kill cut off nothing is known, so it is an edit under way at most."""
        for line in lines:
            try:
                told = json.loads(line)
            except ValueError:
                assert line is lines[-1]
                continue
            assert told["what"] != "failed", told
            if told["what"] == "begun":
                self.must[told["image"]] = [self.must[told["image"]][-1], told["state"]]
                self.history[told["image"]].append(told["state"])
                self.tally.edits += 1
            elif told["what"] == "kept":
                self.must[told["image"]] = self.must[told["image"]][-1:]
            elif told["what"] == "saved":
                self.tally.saves += 1
            elif told["what"] == "recovered":
                self.tally.verdicts[told["verdict"]] += 1
        self.tally.under_way += any(len(each) > 1 for each in self.must.values())

    def _look(self):
        """No file is broken, and each image is as it was kept last."""
        self.tally.in_a_save += any(path.parent.parent.name != "journal" for path in self.folder.rglob("*.tmp"))
        journal = Journal(self.folder / "journal")
        kept = {each.path.name: each for each in reversed(journal.pending())}
        assert journal.problems == ()
        journal.close()
        if self.kind == "coco":
            self._look_at_others()
        store = open_store(self.kind, self.folder)
        for name in NAMES:
            stored = store.read(self.folder / "images" / name, IMAGE_HW)
            edit = Edit.of(stored.annotation)
            in_file = state_of(edit)
            assert any(is_same(in_file, confirmed(each)) for each in self.history[name]), (name, in_file)
            if name in kept and (kept[name].meets(stored) != "saved" or kept[name].edit.proposed):
                edit = kept[name].edit
                self.tally.from_journal += 1
            found = [is_same(state_of(edit), each) for each in self.must[name]]
            assert any(found), (name, state_of(edit), self.must[name])
            self.tally.lost += not found[-1]
            self.must[name] = [state_of(edit)]
            self.history[name] = [in_file, state_of(edit), *self.history[name][-400:]]
        left = [each.name for each in self.folder.rglob("*.tmp")]
        assert not left

    def _look_at_others(self):
        found = json.loads((self.folder / "images" / "instances.json").read_text(encoding="utf-8"))
        others = _others_coco()
        assert found["info"] == others["info"]
        images = [{key: value for key, value in each.items() if key != "verified"} for each in found["images"]]
        assert images == others["images"]
        assert not any("verified" in each for each in found["images"] if each["id"] >= 10)
        assert found["categories"] == others["categories"]
        assert [each for each in found["annotations"] if each["image_id"] >= 10] == others["annotations"]


def confirmed(state):
    """Without what is proposed: what a file may say of a state."""
    rows = [row for row, proposed in enumerate(state["proposed"]) if not proposed]
    lists = {name: [state[name][row] for row in rows] for name in ("boxes", "labels", "difficult", "proposed")}
    return {**lists, "verified": state["verified"]}


def is_same(one, other):
    boxes, others = (np.array(each["boxes"]).reshape(-1, 4) for each in (one, other))
    return all(one[name] == other[name] for name in ("labels", "difficult", "proposed", "verified")) and bool(
        np.abs(boxes - others).max(initial=0) <= NEAR_PX
    )


if __name__ == "__main__":
    Child(sys.argv[1], Path(sys.argv[2]), sys.argv[3]).run()
