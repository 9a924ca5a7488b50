"""A reader of the YOLO layout written from its public description alone; it shares no code with the program.

The dataset is described by a YAML file with path, train, val, test and names. Labels are in one *.txt file per image
(no file where there are no objects), one row per object: `class x_center y_center width height`, from 0 to 1; class
numbers begin with 0. The label of an image is found by replacing the last /images/ in its path with /labels/.
A .txt in place of a folder lists images; "./" there is the folder of the list.
"""

from __future__ import annotations

import json
import re
from pathlib import Path


def read_names_and_splits(path):
    """The part of YAML that such files use: keys, words, lists with dashes, and numbered names."""
    names, splits, key = {}, {}, None
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if numbered := re.fullmatch(r"  (\d+): (.+)", line):
            assert key == "names", line
            text = numbered[2]
            names[int(numbered[1])] = json.loads(text) if text.startswith('"') else text
        elif dashed := re.fullmatch(r"  - (.+)", line):
            splits[key].append(dashed[1])
        else:
            key, _, value = line.partition(":")
            if key != "names":
                splits[key] = [value.strip()] if value.strip() else []
    assert sorted(names) == list(range(len(names))), "class numbers are zero-indexed without a gap"
    assert {"train", "val"} <= splits.keys(), "train and val are required"
    return names, splits


def read_split(path, split):
    """{image path: rows of (class name, x, y, w, h), or None where there is no label file}."""
    names, splits = read_names_and_splits(path)
    images = []
    for entry in splits[split]:
        place = path.parent / entry
        if place.is_dir():
            images += sorted(each for each in place.rglob("*") if each.suffix in (".jpg", ".png"))
        else:
            lines = place.read_text(encoding="utf-8").splitlines()
            images += [place.parent / line.removeprefix("./") for line in lines]
    return {image: _rows(image, names) for image in images}


def _rows(image, names):
    assert image.is_file(), image
    before, _, after = str(image).rpartition("/images/")
    label = Path(f"{before}/labels/{after}").with_suffix(".txt")
    if not label.exists():
        return None
    rows = []
    for line in label.read_text(encoding="ascii").splitlines():
        number, *box = line.split()
        assert len(box) == 4, line
        values = tuple(map(float, box))
        assert all(0 <= value <= 1 for value in values), line
        rows.append((names[int(number)], *values))
    return rows
