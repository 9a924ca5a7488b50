"""From a Document to the Scene of Annotate: objects by class, with what can be done to them. Pure; no Qt.

Made at once in the window's thread, so that a box is where the hand has left it; what the detector says of the image
comes later, from `build_scene`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from app.annotating import Annotating
from app.class_colors import class_colors
from app.document import Document
from app.edit import Edit
from app.pending import pending_detections
from app.scene import BoxLayer, BoxRow, ClassRow, Editing, Message, Ref, Role, Scene, Space, ViewOptions
from app.sentences import say
from detector.trace import Trace

_NO_TOTALS: Mapping[str, int] = {}


def annotate_scene(
    document: Document,
    options: ViewOptions,
    annotating: Annotating,
    trace: Trace | None = None,
    *,
    totals: Mapping[str, int] = _NO_TOTALS,
    space: Space | None = None,
    badge: str = "",
) -> Scene:
    """Everything on show in Annotate.

    Args:
        document: the open image.
        options: only what hides boxes and texts, and the selected detection, count here.
        annotating: tool, class and selection.
        trace: what the detector says of this very image; None where that is not known.
        totals: objects of each class in the folder, as far as they are counted.
        space: the pixel spaces, where the detector has run.
        badge: what is written at the selected box.
    """
    edit = document.objects
    classes = annotating.classes_shown(edit)
    colors = dict(zip(classes, class_colors(classes, annotating.colors), strict=True))
    chosen = annotating.chosen_of(edit)
    rows = frozenset(edit.rows_of(chosen))
    main = edit.row_of(chosen[-1]) if chosen else -1
    layers = () if options.hide_boxes else _layers(edit, colors)
    refs = Ref("object", main) if main >= 0 else None
    if annotating.prelabels and trace is not None and not options.hide_boxes:
        layers = (*_detection_layers(trace, edit, colors), *layers)
        if refs is None and options.selected is not None and options.selected.kind == "detection":
            refs = options.selected
    return Scene(
        space=space or Space(document.image_hw),
        stage="image",
        layers=layers,
        warnings=tuple(say("warning.file", text=text) for text in document.warnings),
        selected=refs,
        show_labels=not options.hide_labels,
        editing=Editing(
            boxes=edit.truth.boxes,
            ids=edit.ids,
            colors=tuple(colors[label] for label in edit.truth.labels),
            chosen=rows,
            locked=edit.locked_rows,
            tool=annotating.tool,
            label=annotating.label,
            color=colors.get(annotating.label, "#FFFFFF"),
            keeps_inside=annotating.keeps_inside,
            crosshair=annotating.crosshair,
            fill=annotating.fill,
            line_width=annotating.line_width,
            classes=_class_rows(edit, classes, colors, annotating, totals),
            rows=_box_rows(edit, colors, rows),
            badge=badge,
            refused=refusal(document),
            unnamed=annotating.unnamed,
        ),
    )


def refusal(document: Document) -> Message | None:
    """Why the objects of an image cannot be changed; None where they can."""
    if document.case is not None:
        return say("annotate.case")
    return None if document.problem is None else say("annotate.cannot")


def _layers(edit: Edit, colors: Mapping[str, str]) -> tuple[BoxLayer, ...]:
    """One layer a class, and one more where some of it are only proposed; the largest boxes at the back."""
    made: list[BoxLayer] = []
    labels, proposed = np.array(edit.truth.labels, object), np.zeros(len(edit), bool)
    proposed[list(edit.proposed_rows)] = True
    for name in dict.fromkeys(edit.truth.labels):
        for is_proposed, role in ((False, Role.GROUND_TRUTH), (True, Role.PROPOSED)):
            rows = np.flatnonzero((labels == name) & (proposed == is_proposed))
            if len(rows):
                made.append(
                    BoxLayer(
                        f"{role}.{name}", "object", role, edit.truth.boxes[rows], rows, True, (name,) * len(rows),
                        color=colors[name],
                    )
                )  # fmt: skip
    return tuple(made)


def _detection_layers(trace: Trace, edit: Edit, colors: Mapping[str, str]) -> tuple[BoxLayer, ...]:
    """What the detector proposes, one layer a class."""
    pending = pending_detections(trace, edit.proposals)
    names, found = trace.evidence.model.classes, trace.detections
    made: list[BoxLayer] = []
    for name in dict.fromkeys(names[int(found.label[row]) - 1] for row in pending):
        rows = np.array([row for row in pending if names[int(found.label[row]) - 1] == name], np.int64)
        labels = tuple(f"{name} {float(found.score[row]):.2f}?" for row in rows)
        boxes = trace.to_image(found.boxes[rows])
        layer_id = f"{Role.SUGGESTED}.{name}"
        made.append(BoxLayer(layer_id, "detection", Role.SUGGESTED, boxes, rows, True, labels, color=colors.get(name)))
    return tuple(made)


def _class_rows(
    edit: Edit, classes: tuple[str, ...], colors: Mapping[str, str], hand: Annotating, totals: Mapping[str, int]
) -> tuple[ClassRow, ...]:
    labels, count = edit.truth.labels, edit.num_accepted
    here, proposed, own = Counter(labels[:count]), Counter(labels[count:]), frozenset(hand.classes(edit))
    return tuple(
        ClassRow(
            name,
            colors[name],
            here[name],
            totals.get(name),
            _digit(place),
            name == hand.label,
            proposed[name],
            name not in own,
            not hand.detector or name in hand.detector,
        )
        for place, name in enumerate(classes)
    )


def _digit(place: int) -> str:
    """1 to 9, then 0."""
    return str((place + 1) % 10) if place < 10 else ""


def _box_rows(edit: Edit, colors: Mapping[str, str], chosen: frozenset[int]) -> tuple[BoxRow, ...]:
    truth, proposed, locked = edit.truth, edit.proposed_rows, edit.locked_rows
    sizes = (truth.boxes[:, 2:] - truth.boxes[:, :2]).tolist()
    return tuple(
        BoxRow(
            row, label, row + 1, colors[label], (width, height), bool(truth.difficult[row]), bool(truth.truncated[row]),
            bool(truth.crowd[row]), row in proposed, row in locked, row in chosen,
        )
        for row, (label, (width, height)) in enumerate(zip(truth.labels, sizes, strict=True))
    )  # fmt: skip


def name_of(edit: Edit, row: int) -> Message:
    """What people call an object: RBC #7."""
    return Message("object.name", {"cls": edit.truth.labels[row], "g": row + 1})


def names_of(edit: Edit, ids: Sequence[int]) -> Message:
    """The one object by name, several by their number."""
    return name_of(edit, edit.row_of(ids[0])) if len(ids) == 1 else say("annotate.boxes", n=len(ids))
