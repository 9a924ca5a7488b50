"""A category of a COCO file under another name: only the value of its "name" changes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from detector.datasets.coco_index import CocoIndex
from detector.datasets.coco_scan import Source, read_range
from detector.datasets.coco_text import Element
from detector.datasets.errors import DatasetError
from detector.datasets.splicing import Change


def renamed_categories(index: CocoIndex, source: Source, rows: Sequence[int], name: str) -> list[Change]:
    """What has to change so that categories, by their rows, have a name.

    Raises:
        DatasetError: the file cannot hold the name, or has a category that is called so.
    """
    if not name.strip():
        raise DatasetError(f"'{source.path}' cannot hold the class name {name!r}.")
    if not rows:
        return []
    if name in index.category_names:
        raise DatasetError(f"'{source.path}' has the class {name!r} already.")
    places = index.places("categories")
    with source.opened() as file:
        found: list[Change] = []
        for row in rows:
            start, end = int(places.start[row]), int(places.start[row] + places.size[row])
            found.append((start, end, Element(read_range(file, start, end)).changed({"name": json.dumps(name)})))
    return sorted(found, key=lambda change: change[0])


def follow_renamed(index: CocoIndex, rows: Sequence[int], changes: list[Change], name: str) -> None:
    """The file has been changed so; so is the index."""
    index.layout.move(changes)
    places = index.places("categories")
    for row, (_, _, new) in zip(sorted(rows, key=lambda each: int(places.start[each])), changes, strict=True):
        places.size[row] = len(new)
        index.category_names[row] = name
