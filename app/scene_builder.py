"""From a Trace to a Scene: the view-model of the whole window, for one moment. Pure; no Qt.

    Document, Trace, ViewOptions  --build_scene-->  Scene

Each part has a file of its own: layers, tree and cards, list, details, marks, histograms.
"""

from __future__ import annotations

from typing import Any

from app.document import Document
from app.replayed import Replayed
from app.scene import Message, Scene, Space, ViewOptions
from app.scene_cells import cells
from app.scene_details import details, details_before_run
from app.scene_frame import Frame
from app.scene_histograms import histograms
from app.scene_layers import box_layers, centres, counts, ground_truth_layers, layer_names, only
from app.scene_marks import marks_and_arrows, suppressed_layer
from app.scene_nms import nms_before_run, nms_scene, with_nms_rows
from app.scene_objects import object_rows, objects_before_run
from app.scene_replay import batch_details, replay_warnings
from app.scene_tree import cards, cards_before_run, tree_before_run, tree_rows
from app.sentences import say
from detector.memo import Memo
from detector.trace import Trace


def build_scene(
    document: Document | None,
    trace: Trace | None,
    options: ViewOptions,
    *,
    stale: bool = False,
    memo: Memo | None = None,
    replayed: Replayed | None = None,
) -> Scene:
    """Everything on show.

    Args:
        document: the open image; None for none.
        trace: of this image, or of the one before while `stale`; None before the detector has run.
        options: stage, layers and selection.
        stale: the trace belongs to another image or model; its overlay is dimmed.
        replayed: the training mini-batches known last; used where they are of this trace.
        memo: keeps arrays from one call to the next; with the same one a slider step costs only what it changed.
    """
    if document is None:
        return Scene(Space((0, 0)), options.stage, cards=cards_before_run(None), tree=tree_before_run(options, None))
    if trace is None:
        return _before_run(document, options)
    replayed = replayed if replayed is not None and replayed.fits(trace) else None
    frame = Frame(trace, memo or Memo(), options, document.objects.proposals, replayed)
    selected = options.selected if options.selected is not None and frame.exists(options.selected) else None
    marks, arrows = ((), ()) if selected is None or options.hide_boxes else marks_and_arrows(frame, selected)
    stepped = nms_scene(frame, selected)
    if stepped is not None:
        marks, arrows = stepped.marks, stepped.arrows
    layers = box_layers(frame)
    if options.isolate and (selected is not None or marks):
        layers = only(layers, frozenset(mark.ref for mark in marks if mark.ref is not None))
    if stepped is not None:
        layers = (*stepped.layers, *layers)
    elif selected is not None:
        layers += suppressed_layer(frame, selected)
    return Scene(
        space=space_of(trace),
        stage=options.stage,
        layers=layers,
        centres=centres(frame),
        marks=marks,
        arrows=() if options.hide_labels else arrows,
        cards=cards(frame, trace.evidence.image.image_hw),
        tree=with_nms_rows(tree_rows(options, counts(frame), layer_names(frame)), frame, stepped),
        objects=object_rows(frame),
        details=batch_details(frame) if selected is None else details(frame, selected),
        cells=() if selected is None else cells(frame, selected),
        histograms=histograms(frame),
        warnings=(*_warnings(document, trace), *replay_warnings(frame)),
        num_anchors=len(trace.evidence.first.grid),
        milliseconds=sum(trace.evidence.timings_ms.values()),
        selected=selected,
        stale=stale,
        show_labels=not options.hide_labels,
        nms=None if stepped is None else stepped.walk,
    )


def _before_run(document: Document, options: ViewOptions) -> Scene:
    objects, count = document.objects, document.objects.num_accepted
    labels = objects.truth.labels
    selected = options.selected
    known = selected is not None and selected.kind == "object" and 0 <= selected.row < len(labels)
    shown = None
    if selected is not None and known:
        x1, y1, x2, y2 = (float(value) for value in objects.truth.boxes[selected.row])
        shown = details_before_run(labels[selected.row], selected.row, (x1, y1, x2, y2), selected.row >= count)
    return Scene(
        space=Space(document.image_hw),
        stage=options.stage,
        layers=ground_truth_layers(objects.truth, count, options),
        cards=cards_before_run(document.image_hw),
        tree=tree_before_run(options, None if document.ground_truth is None else count, len(objects) - count),
        objects=objects_before_run(labels, count),
        details=shown,
        warnings=tuple(say("warning.file", text=text) for text in document.warnings),
        selected=selected if known else None,
        show_labels=not options.hide_labels,
        nms=nms_before_run(options),
    )


def space_of(trace: Trace) -> Space:
    """The pixel spaces of an image that the detector has seen."""
    image, grid = trace.evidence.image, trace.evidence.first.grid
    return Space(image.image_hw, image.network_hw, image.scale_xy, grid.settings.stride, grid.feature_hw)


def _warnings(document: Document, trace: Trace) -> tuple[Message, ...]:
    said = [say("warning.file", text=text) for text in document.warnings]
    said += [Message(f"warning.{name}", _readable(values)) for name, values in trace.warnings]
    truth = trace.ground_truth
    unknown = sorted(set(truth.labels) - set(trace.evidence.model.classes)) if truth is not None else []
    if unknown:
        said.append(say("warning.unknown_class", classes=", ".join(unknown)))
    return tuple(said)


def _readable(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: ", ".join(f"#{each}" for each in value) if isinstance(value, list) else value
        for name, value in values.items()
    }
