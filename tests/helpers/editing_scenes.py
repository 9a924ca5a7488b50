"""A Scene of Annotate written out by hand: three classes, eighteen boxes, some of them out of the ordinary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.class_colors import class_colors
from app.scene import BoxRow, ClassRow, Editing, Ref, Scene
from tests.helpers.scenes import make_scene

NAMES = ("RBC", "WBC", "Platelets")
COLORS = dict(zip(NAMES, class_colors(NAMES), strict=True))
TOTALS = {"RBC": 4155, "WBC": 372, "Platelets": 361}
LABELS = ("RBC",) * 8 + ("WBC",) + ("RBC",) * 7 + ("Platelets",) * 2


def box_row(row: int, label: str = "RBC", **facts: bool) -> BoxRow:
    """An object as the list shows it."""
    color = COLORS.get(label, "#808080")
    return BoxRow(row, label, row + 1, color, (100.0 + 3 * row, 90.4 + row), **facts)


def class_rows(names: tuple[str, ...] = NAMES, current: str = "RBC") -> tuple[ClassRow, ...]:
    """Classes with their counts; the first ten have keys."""
    colors = class_colors(names)
    return tuple(
        ClassRow(
            name,
            colors[place],
            LABELS.count(name),
            TOTALS.get(name, 0),
            str((place + 1) % 10) if place < 10 else "",
            name == current,
        )
        for place, name in enumerate(names)
    )


def box_rows() -> tuple[BoxRow, ...]:
    """15 RBC, 1 WBC, 2 platelets; three proposed, some with flags, one locked."""
    facts: dict[int, dict[str, bool]] = {
        2: {"difficult": True},
        4: {"truncated": True, "difficult": True},
        8: {"is_locked": True},
        11: {"crowd": True, "truncated": True, "difficult": True, "is_locked": True},
        15: {"is_proposed": True},
        16: {"is_proposed": True},
        17: {"is_proposed": True, "truncated": True},
    }
    return tuple(box_row(row, label, **facts.get(row, {})) for row, label in enumerate(LABELS))


def editing_scene(
    chosen: tuple[int, ...] = (),
    rows: tuple[BoxRow, ...] | None = None,
    classes: tuple[ClassRow, ...] | None = None,
) -> Scene:
    """A scene in which objects can be edited; the last of the chosen rows is the selected thing."""
    shown = box_rows() if rows is None else rows
    editing = Editing(
        boxes=np.zeros((len(shown), 4), np.float32),
        ids=tuple(range(len(shown))),
        colors=tuple(row.color for row in shown),
        chosen=frozenset(chosen),
        label="RBC",
        classes=class_rows() if classes is None else classes,
        rows=tuple(replace(row, is_chosen=row.row in chosen) for row in shown),
    )
    return replace(make_scene(selected=Ref("object", chosen[-1]) if chosen else None), editing=editing)
