"""The canvas under very many boxes, against the ways of drawing that other programs use.

Each benchmark runs in a process of its own, on Qt's offscreen platform, in a canvas of 1600 x 1000 points. Ours is the
work from the moved number to the painted picture; the peers only paint, which favours them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QThread
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QApplication, QGraphicsRectItem, QGraphicsScene, QGraphicsView

from app.canvas.hit_test import hit
from app.canvas.layers import BoxStore
from app.canvas.pyramid import wrapped
from app.canvas.view import BoxCanvas
from app.drawing import DrawingWorker
from app.panels.details_panel import DetailsPanel
from app.roles import role_style
from app.scene import BoxLayer, Editing, Ref, Role, Scene, Space, ViewOptions
from detector.anchors import anchor_grid
from detector.memo import Memo
from tests.benchmarks.canvas_scenes import (
    CANVAS,
    Case,
    application,
    canvas_with,
    classic_case,
    noise,
    pyramid_case,
    scene_of,
)
from tests.benchmarks.made_up import SETTINGS, pyramid_grid
from tests.benchmarks.registry import Result, Times, benchmark, cpu_ms, paired_ms, timed_ms
from tests.benchmarks.shape_peer import ShapeCanvas

ASSIGNMENT = ViewOptions("assignment", frozenset({"assignment.negative", "assignment.ignored", "assignment.outside"}))
DETECTIONS = ViewOptions("detections", frozenset({"anchors.all", "detections.kept", "detections.low_score"}))
MOVES = {
    "assignment": (ASSIGNMENT, "assignment.negative_iou", np.arange(0.20, 0.36, 0.01)),
    "detection": (DETECTIONS, "detections.min_score", np.arange(0.05, 0.21, 0.01)),
}
THREE = (Role.ANCHOR, Role.PROPOSAL, Role.SUPPRESSED)


# A slider


@benchmark
def slider_classic() -> list[Result]:
    return _sliders(classic_case, 1, 24)


@benchmark
def slider_pyramid() -> list[Result]:
    return _sliders(pyramid_case, 1, 40)


@benchmark
def slider_classic_2x() -> list[Result]:
    return _sliders(classic_case, 2, None)


@benchmark
def slider_pyramid_2x() -> list[Result]:
    return _sliders(pyramid_case, 2, None)


def _sliders(make: Callable[[], Case], scale: int, at_most: float | None) -> list[Result]:
    """Moves both thresholds step by step; all anchors are on show, in the colours of their fates."""
    application(scale)
    case = make()
    rows = []
    for which in MOVES:
        canvas = canvas_with(case.document.image)
        steps, cells = _slide(case, canvas, which)
        shown = case.scene(MOVES[which][0])
        boxes = sum(len(layer.rows) for layer in shown.layers)
        overlay = canvas._frame._overlay
        timed = "sharp" if cells == {1} else "coarse" if cells == {2} else "mixed"
        canvas._sharpening.rest()
        name = f"slider_{which}_{len(case.evidence.first.grid):,}" + (f"_{scale}x" if scale > 1 else "")
        target = (
            f"{which} threshold moved to picture painted, {boxes:,} boxes, {scale}x; "
            + {
                "sharp": "timed is the sharp picture",
                "coarse": "timed is the coarse picture, the sharp one comes at rest",
                "mixed": "timed are coarse and sharp pictures",
            }[timed]
        )
        peer = timed_ms(_antialiased(canvas, shown), 3).median
        notes = {"sharp picture alone ms": overlay.seconds * 1e3, "picture": timed}
        unit = f"ms CPU {timed}"
        figure, worst = Times.of(steps)
        rows.append(
            Result(
                name, target, figure, "drawRects, antialiased", peer,
                at_most=at_most, unit=unit, worst=worst, notes=notes,
            )
        )  # fmt: skip
        canvas.close()
    return rows


def _slide(case: Case, canvas: BoxCanvas, which: str) -> tuple[list[float], set[int]]:
    """CPU milliseconds of each step: follow, scene, picture; and the cells of the pictures. The first ones warm up."""
    options, key, values = MOVES[which]
    memo, trace = Memo(), case.follow(SETTINGS)
    canvas.show_scene(case.scene(options, trace, memo))
    for _ in range(3):  # the first pictures take memory; what they cost decides how good those of the slider are
        canvas.repaint()
        canvas._frame._overlay.draw(canvas.transform, canvas._camera.canvas_wh)

    def move(value: float) -> None:
        nonlocal trace
        trace = case.follow(SETTINGS.with_value(key, value), trace)
        canvas.show_scene(case.scene(options, trace, memo))
        canvas.repaint()

    steps, cells = [], []
    for value in values.tolist():
        steps.append(cpu_ms(lambda value=value: move(value)))
        cells.append(_cell(canvas))
    return steps[3:], set(cells[3:])


def _cell(canvas: BoxCanvas) -> int:
    """Of the picture on show: 1 is sharp, 2 of half the resolution."""
    picture = canvas._frame._overlay.picture
    assert picture is not None
    return picture.job.cell


def _antialiased(canvas: BoxCanvas, scene: Scene) -> Callable[[], None]:
    """All boxes of a scene in their colours by QPainter alone, one call a colour."""
    view, ratio = canvas.transform, canvas.devicePixelRatioF()
    picture = QPixmap(round(CANVAS[0] * ratio), round(CANVAS[1] * ratio))
    rects = [
        (layer.role, [QRectF(*box[:2], box[2] - box[0], box[3] - box[1]) for box in layer.boxes.tolist()])
        for layer in scene.layers
    ]

    def paint() -> None:
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(view.x, view.y)
        painter.scale(view.scale, view.scale)
        for role, each in rects:
            pen = QPen(QColor(role_style(role).on_dark), round(ratio))
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawRects(each)
        painter.end()

    return paint


# All boxes anew


@benchmark
def repaint_22500() -> Result:
    application()
    boxes = anchor_grid(SETTINGS.anchors, (50, 50)).boxes
    target = "22,500 boxes of three colours, other ones than before, all in view, sharp"
    return _repaint_row("repaint_22500", target, boxes, "a QGraphicsRectItem each", _one_item_a_box(boxes))


@benchmark
def repaint_1000() -> Result:
    application()
    boxes = anchor_grid(SETTINGS.anchors, (50, 50)).boxes[::22][:1000]
    peer = ShapeCanvas(boxes, noise((800, 800)))
    peer.resize(*CANVAS)
    peer.show()
    target = f"1,000 boxes of three colours, other ones than before, sharp; peer: {peer.what}"
    return _repaint_row("repaint_1000", target, boxes, peer.name, peer.repaint)


def _repaint_row(name: str, target: str, boxes: np.ndarray, peer: str, paint: Callable[[], object]) -> Result:
    """The sharp picture counts, for the peers paint in full resolution; what the coarse one costs is told beside it."""
    ours, theirs = paired_ms(_repaint(boxes, (800, 800), 1), paint, 5)
    coarse = timed_ms(_repaint(boxes, (800, 800), 2), 5)
    target += f"; coarse: {coarse.median:.1f} ms"
    notes = {"coarse ms": coarse.median}
    return Result(name, target, ours.median, peer, theirs.median, 1 / 25, worst=ours.worst, notes=notes)


def _repaint(boxes: np.ndarray, image_hw: tuple[int, int], cell: int) -> Callable[[], None]:
    """Shows the boxes, and at the next call the same in another order, so that nothing can be kept.

    Which picture is drawn is said here, and not left to what the one before cost.
    """
    canvas = canvas_with(noise(image_hw))
    overlay = canvas._frame._overlay
    scenes = [scene_of(boxes, image_hw, THREE), scene_of(boxes[::-1], image_hw, THREE)]

    def paint() -> None:
        scenes.reverse()
        canvas.show_scene(scenes[0])
        overlay.show(canvas._frame._content(canvas.transform))
        overlay.draw(canvas.transform, canvas._camera.canvas_wh, cell)
        drawn = overlay.picture
        canvas.repaint()
        assert overlay.picture is drawn
        assert _cell(canvas) == cell

    for _ in range(3):  # the first pictures take memory
        paint()
    return paint


def _one_item_a_box(boxes: np.ndarray) -> Callable[[], None]:
    scene = QGraphicsScene()
    pens = [QPen(QColor(role_style(role).on_dark), 0) for role in THREE]
    for place, (x0, y0, x1, y1) in enumerate(boxes.tolist()):
        item = QGraphicsRectItem(x0, y0, x1 - x0, y1 - y0)
        item.setPen(pens[place % len(pens)])
        scene.addItem(item)
    view = QGraphicsView(scene)
    view.resize(*CANVAS)
    view.show()
    QApplication.processEvents()
    view.fitInView(QRectF(-16, -16, 832, 832))
    return lambda: view.viewport().repaint() if scene else None


# The view


@benchmark
def pan_and_zoom_classic() -> list[Result]:
    return _views(classic_case, 1, 4)


@benchmark
def pan_and_zoom_pyramid() -> list[Result]:
    return _views(pyramid_case, 1, 4)


@benchmark
def pan_and_zoom_classic_2x() -> list[Result]:
    return _views(classic_case, 2, None)


@benchmark
def pan_and_zoom_pyramid_2x() -> list[Result]:
    return _views(pyramid_case, 2, None)


def _views(make: Callable[[], Case], scale: int, at_most: float | None) -> list[Result]:
    """Frames of a pan and of a zoom, what the window's thread computes; masses are drawn in a thread, as in the app."""
    application(scale)
    case = make()
    canvas = canvas_with(case.document.image)
    shown = case.scene(ASSIGNMENT)
    name = f"{len(case.evidence.first.grid):,}" + (f"_{scale}x" if scale > 1 else "")
    rows = []
    with _drawing_thread(canvas):
        canvas.show_scene(shown)
        _rest(canvas)
        peer = timed_ms(_antialiased(canvas, shown), 3).median
        for what, begin, step in (
            ("pan", 1.0, lambda number: canvas._pan(canvas.transform.panned(9 if number % 40 < 20 else -9, 4))),
            ("pan_close", 3.0, lambda number: canvas._pan(canvas.transform.panned(9 if number % 40 < 20 else -9, 4))),
            ("zoom", 1.0, lambda number: _zoom(canvas, 1.04 if number % 40 < 20 else 1 / 1.04)),
        ):
            canvas.fit()
            canvas.zoom_to(canvas.transform.scale * begin)
            _rest(canvas)
            frames = [_frame(canvas, step, number) for number in range(40)]
            target = f"a frame of a {what.replace('_', ', ')}, {scale}x; what the window's thread computes"
            figure, worst = Times.of(frames)
            rows.append(
                Result(f"{what}_{name}", target, figure, "drawRects, antialiased", peer, at_most=at_most, worst=worst)
            )
    return rows


def _zoom(canvas: BoxCanvas, factor: float) -> None:
    canvas._camera.zoom(canvas.transform.scale * factor, QPointF(700, 500))


def _frame(canvas: BoxCanvas, step: Callable[[int], None], number: int) -> float:
    """Milliseconds that this thread computes for a step and what Qt does after it; 16 ms pass between two of them."""
    began = time.thread_time()
    step(number)
    QApplication.processEvents()
    taken = (time.thread_time() - began) * 1e3
    QThread.msleep(16)
    return taken


@contextmanager
def _drawing_thread(canvas: BoxCanvas) -> Iterator[None]:
    thread, worker = QThread(), DrawingWorker()
    worker.moveToThread(thread)
    canvas.draw_in(worker)
    thread.start()
    try:
        yield
    finally:
        worker.close()
        thread.quit()
        thread.wait()


def _rest(canvas: BoxCanvas) -> None:
    """Until the picture is as good as it gets."""
    for _ in range(200):
        QApplication.processEvents()
        QThread.msleep(10)
        if canvas.is_sharp():
            QApplication.processEvents()
            return
    raise RuntimeError("The picture does not become sharp.")


@benchmark
def image_pan_12000() -> Result:
    """108 megapixels, all of them in view."""
    application()
    image = np.repeat(np.repeat(noise((900, 1200)), 10, axis=0), 10, axis=1)
    canvas = canvas_with(image)
    full = wrapped(canvas._frame.image.levels[0], 0, 0, 12000, 9000)
    picture, view = QPixmap(*CANVAS), canvas.transform

    def ours() -> None:
        canvas._pan(canvas.transform.panned(3, 1))
        canvas.repaint()

    def theirs() -> None:
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.translate(view.x, view.y)
        painter.scale(view.scale, view.scale)
        painter.drawImage(0, 0, full)
        painter.end()

    mine, peer = paired_ms(ours, theirs, 15)
    target = "a frame of a pan, 12,000 x 9,000 pixels, the whole image in view"
    return Result(
        "image_pan_12000", target, mine.median, "drawImage, full size", peer.median, at_most=4, worst=mine.worst
    )


# The mouse


@benchmark
def hit_217413() -> Result:
    boxes = pyramid_grid()[0].boxes
    store = BoxStore(BoxLayer("proposals.kept", "proposal", Role.PROPOSAL, boxes, np.arange(len(boxes))))
    points = np.random.default_rng(3).uniform(0, 800, (50, 2)).tolist()
    rows = boxes.tolist()

    def ours() -> None:
        for x, y in points:
            hit((store,), x, y, 3.0)

    def loop() -> None:
        x, y = points[0]
        _ = [place for place, (x0, y0, x1, y1) in enumerate(rows) if x0 <= x <= x1 and y0 <= y <= y1]

    found, peer = timed_ms(ours), timed_ms(loop, 5).median
    figure, worst = (each / len(points) for each in found)
    target = "hover and click: which of 217,413 boxes is meant, outlines first"
    return Result("hit_217413", target, figure, "loop over the boxes", peer, at_most=1, worst=worst)


@benchmark
def drag_1000() -> list[Result]:
    """One of 1,000 objects of 20 classes under the hand, a scene with another badge after each step; and a hover."""
    application()
    boxes = anchor_grid(SETTINGS.anchors, (50, 50)).boxes[::22][:1000].clip(0, 800)
    canvas = canvas_with(noise((800, 800)))
    scenes = [_editable(boxes, f"{count} positive anchors") for count in range(2)]
    canvas.show_scene(scenes[0])
    x, y = ((boxes[500][:2] + boxes[500][2:]) / 2).tolist()
    start = QPointF(*canvas.transform.to_widget(x, y))
    for kind in (QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress):
        _mouse(canvas, kind, start)
    canvas.repaint()

    def step(number: int) -> None:
        _mouse(
            canvas, QEvent.Type.MouseMove, start + QPointF(10 + number % 20, 10 + number % 7), Qt.MouseButton.LeftButton
        )
        canvas.show_scene(scenes[number % 2])
        canvas.repaint()

    drags = [cpu_ms(lambda number=number: step(number)) for number in range(40)][3:]
    canvas.cancel_gesture()
    canvas.repaint()

    def hover(number: int) -> None:
        _mouse(canvas, QEvent.Type.MouseMove, start + QPointF(17 * (number % 19), 11 * (number % 13)))
        canvas.repaint()

    hovers = [cpu_ms(lambda number=number: hover(number)) for number in range(40)][3:]
    peer = "labelme 7.1: 187 ms a frame (DESIGN 5.1)"
    rows = []
    for name, what, times in (
        ("drag_1000", "a box dragged", drags),
        ("hover_1000", "the cursor over the boxes", hovers),
    ):
        figure, worst = Times.of(times)
        target = f"{what}, 1,000 objects of 20 classes with labels, a frame"
        rows.append(Result(name, target, figure, peer, at_most=8, worst=worst))
    return rows


def _editable(boxes: np.ndarray, badge: str) -> Scene:
    colors = [f"#{40 + 10 * number:02X}{230 - 8 * number:02X}{90 + 7 * number:02X}" for number in range(20)]
    layers = []
    for number, color in enumerate(colors):
        rows = np.arange(number, len(boxes), 20)
        name, labels = f"ground_truth.{number}", (f"class {number}",) * len(rows)
        layers.append(BoxLayer(name, "object", Role.GROUND_TRUTH, boxes[rows], rows, True, labels, color=color))
    ids, drawn = tuple(range(len(boxes))), tuple(colors[row % 20] for row in range(len(boxes)))
    editing = Editing(boxes, ids, drawn, frozenset({500}), badge=badge)
    return Scene(Space((800, 800)), "image", tuple(layers), selected=Ref("object", 500), editing=editing)


def _mouse(canvas: BoxCanvas, kind: QEvent.Type, at: QPointF, held: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    pressed = kind == QEvent.Type.MouseButtonPress
    button = Qt.MouseButton.LeftButton if pressed else Qt.MouseButton.NoButton
    event = QMouseEvent(kind, at, canvas.mapToGlobal(at), button, held | button, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(canvas, event)


@benchmark
def click_to_explanation() -> Result:
    application()
    case = pyramid_case()
    canvas, panel = canvas_with(case.document.image), DetailsPanel()
    panel.resize(356, 400)
    panel.show()
    memo, trace = Memo(), case.follow(SETTINGS)
    canvas.show_scene(case.scene(ViewOptions("detections"), trace, memo))
    refs = [Ref("detection", row) for row in trace.detections.kept[:20].tolist()] + [Ref("object", 0), Ref("object", 1)]

    def click() -> None:
        refs.append(refs.pop(0))
        scene = case.scene(ViewOptions("detections", selected=refs[0]), trace, memo)
        assert scene.details is not None
        for part in (canvas, panel):
            part.show_scene(scene)
            part.repaint()

    target = "217,413 anchors: a click on a detection or an object to its explanation painted"
    found = timed_ms(click, 25)
    return Result("click_to_explanation", target, found.median, at_most=100, worst=found.worst)
