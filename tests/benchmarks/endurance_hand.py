"""A hand that plays with the real window for hours: random, but the same again from the same seed.

Every deed is a generator that does one thing a step and yields the milliseconds until the next: the event loop runs in
between, as it does under a person's hand.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.controller import Controller
from app.window import MainWindow

Steps: TypeAlias = Iterator[int]

NO_KEY, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier
LEFT, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
FRAME_MS = 16
"""Between two moves of a mouse."""

LONG_REST_SHARE = 0.12
"""How often the hand rests long enough for everything behind the window to come to an end."""


class Hand(QObject):
    """Does one deed after the other.

    Attributes:
        action: what it is doing now, with what it did before: what follows from a deed may come late.
        counts: how often it did each.
        switches: images that were opened.

    Signals:
        done: `until` held.
    """

    done = Signal()

    def __init__(
        self, window: MainWindow, controller: Controller, folders: Sequence[Path], out: Path, seed: int
    ) -> None:
        super().__init__()
        self.window, self.controller, self.folders, self.out = window, controller, list(folders), out
        self.draw = random.Random(seed)
        self.action = "start"
        self.counts: dict[str, int] = {}
        self.switches = 0
        self.until: Callable[[], bool] = lambda: False
        self._steps: Steps = iter(())
        self._deeds: list[tuple[int, Callable[[], Steps]]] = [
            (30, self.next_image), (6, self.previous_image), (6, self.click_in_list), (10, self.zoom), (8, self.pan),
            (8, self.hover), (10, self.click), (2, self.double_click), (3, self.list_things), (12, self.slide),
            (4, self.slide_working_score), (6, self.choose_stage), (4, self.toggle_layer), (3, self.hide),
            (6, self.detect), (4, self.detect_and_cancel), (2, self.change_theme), (2, self.resize),
            (2, self.change_folder), (2, self.search), (3, self.restore_settings), (1, self.save_picture),
            (3, self.next_wrong), (1, self.reload_model), (3, self.fit),
        ]  # fmt: skip
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_time)
        controller.images.document_changed.connect(self._on_document)

    def start(self) -> None:
        self._timer.start(0)

    @Slot()
    def _on_document(self) -> None:
        self.switches += self.controller.state.document is not None

    @Slot()
    def _on_time(self) -> None:
        pause = next(self._steps, None)
        if pause is None:
            if self.until():
                self.done.emit()
                return
            weights = [weight for weight, _ in self._deeds]
            deed = self.draw.choices([deed for _, deed in self._deeds], weights)[0]
            before = self.action.split(" < ")[0]
            self.action = f"{deed.__name__} < {before}"
            self.counts[deed.__name__] = self.counts.get(deed.__name__, 0) + 1
            self._steps = deed()
            long = self.draw.random() < LONG_REST_SHARE
            pause = self.draw.randint(500, 1200) if long else self.draw.randint(10, 150)
        self._timer.start(pause)

    # -- what the hand can do ------------------------------------------------------------------------------------------

    def next_image(self) -> Steps:
        for _ in range(self.draw.choice((1, 1, 1, 2, 5))):
            if not self._has_next():
                self.window.images.go_to("1")
            self._key(Qt.Key.Key_D)
            yield self.draw.choice((40, 120, 400))

    def _has_next(self) -> bool:
        index = self.window.images.view.currentIndex()
        return index.isValid() and index.row() + 1 < self.window.images.model.rowCount()

    def previous_image(self) -> Steps:
        self._key(Qt.Key.Key_A)
        yield 50

    def click_in_list(self) -> Steps:
        view = self.window.images.view
        bar = view.verticalScrollBar()
        bar.setValue(self.draw.randint(0, bar.maximum()))
        yield 60
        index = view.indexAt(QPoint(40, self.draw.randint(5, max(6, view.viewport().height() - 5))))
        if index.isValid():
            QTest.mouseClick(view.viewport(), LEFT, NO_KEY, view.visualRect(index).center())
        yield 50

    def zoom(self) -> Steps:
        canvas, at, turn = self.window.canvas, self._place(), self.draw.choice((-120, 120, 120))
        for _ in range(self.draw.randint(2, 9)):
            point = QPointF(at)
            event = QWheelEvent(
                point, canvas.mapToGlobal(point), QPoint(), QPoint(0, turn), NO_BUTTON, NO_KEY,
                Qt.ScrollPhase.NoScrollPhase, False,
            )  # fmt: skip
            QApplication.sendEvent(canvas, event)
            yield FRAME_MS * 2

    def fit(self) -> Steps:
        self._key(Qt.Key.Key_F)
        yield 20

    def pan(self) -> Steps:
        yield from self._drag(self.window.canvas, self._place(), self._place())

    def hover(self) -> Steps:
        start, end = self._place(), self._place()
        for step in range(12):
            self._move(self.window.canvas, start + (end - start) * step / 11, NO_BUTTON)
            yield FRAME_MS
        yield 200  # the tip comes

    def click(self) -> Steps:
        QTest.mouseClick(self.window.canvas, LEFT, NO_KEY, self._place())
        yield 60
        if self.draw.random() < 0.3:
            self._key(Qt.Key.Key_Escape)
        yield 0

    def double_click(self) -> Steps:
        at = self._place()
        QTest.mouseClick(self.window.canvas, LEFT, NO_KEY, at)
        QTest.mouseDClick(self.window.canvas, LEFT, NO_KEY, at)
        yield 60

    def list_things(self) -> Steps:
        QTest.mouseClick(self.window.canvas, LEFT, ALT, self._place())
        yield 80
        menu = QApplication.activePopupWidget()
        if menu is not None:
            for key in self.draw.choice(((Qt.Key.Key_Escape,), (Qt.Key.Key_Down, Qt.Key.Key_Return))):
                QTest.keyClick(menu, key)
                yield 30
            menu.close()

    def slide(self) -> Steps:
        rows = [row for row in self.window.settings.rows.values() if row.slider is not None and row.slider.isVisible()]
        if not rows:
            return
        slider = self.draw.choice(rows).slider
        self.window.settings.column.ensureWidgetVisible(slider)
        yield 30
        yield from self._drag_along(slider)

    def slide_working_score(self) -> Steps:
        yield from self._drag_along(self.window.header.score)

    def restore_settings(self) -> Steps:
        self.window.actions_by_id["restore_settings"].trigger()
        yield 50

    def choose_stage(self) -> Steps:
        self._key(
            self.draw.choice((Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_4, Qt.Key.Key_5, Qt.Key.Key_E))
        )
        yield 60

    def toggle_layer(self) -> Steps:
        scene = self.controller.state.scene
        if scene is not None and scene.tree:
            chosen = self.draw.choice(scene.tree).id
            for _ in range(2):
                self.window.tree.toggle(chosen)
                yield self.draw.choice((80, 400))

    def hide(self) -> Steps:
        key = self.draw.choice((Qt.Key.Key_H, Qt.Key.Key_L, Qt.Key.Key_G))
        for _ in range(2):
            self._key(key)
            yield 100

    def detect(self) -> Steps:
        self._key(Qt.Key.Key_F5)
        yield self.draw.choice((10, 300))

    def detect_and_cancel(self) -> Steps:
        self._key(Qt.Key.Key_F5)
        yield self.draw.choice((0, 20, 80))
        QTest.keyClick(self.window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
        yield 50

    def next_wrong(self) -> Steps:
        self._key(Qt.Key.Key_M)
        yield 150

    def change_theme(self) -> Steps:
        self.window.actions_by_id[self.draw.choice(("theme_dark", "theme_light"))].trigger()
        yield 60

    def resize(self) -> Steps:
        width, height = self.draw.randint(1000, 1580), self.draw.randint(640, 980)
        start = self.window.size()
        for step in range(1, 7):
            share = step / 6
            self.window.resize(
                round(start.width() + (width - start.width()) * share),
                round(start.height() + (height - start.height()) * share),
            )
            yield FRAME_MS

    def change_folder(self) -> Steps:
        self.window.paths_dropped.emit([self.draw.choice(self.folders)])
        yield 300

    def search(self) -> Steps:
        field = self.window.images.search_field
        QTest.keyClick(self.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
        for letter in self.draw.choice(("1", "00", "miss")):
            QTest.keyClick(field, letter)
            yield 40
        field.clear()
        self.window.canvas.setFocus()
        yield 40

    def save_picture(self) -> Steps:
        self.window.picture_path_chosen.emit(self.out / "picture.png")
        yield 20

    def reload_model(self) -> Steps:
        """Random weights and back: two models are loaded."""
        for model in ("compact --weights none", "compact"):
            self.window.model_chosen.emit(model)
            yield self.draw.choice((50, 1500))

    # -- mouse and keys ------------------------------------------------------------------------------------------------

    def _key(self, key: Qt.Key) -> None:
        QTest.keyClick(self.window, key)

    def _place(self) -> QPoint:
        """Somewhere on the canvas, more often near its middle."""
        canvas = self.window.canvas
        x, y = (min(max(self.draw.gauss(0.5, 0.18), 0.02), 0.98) for _ in range(2))
        return QPoint(round(x * canvas.width()), round(y * canvas.height()))

    def _move(self, widget: QWidget, at: QPoint, buttons: Qt.MouseButton) -> None:
        place = QPointF(at)
        event = QMouseEvent(QEvent.Type.MouseMove, place, widget.mapToGlobal(place), NO_BUTTON, buttons, NO_KEY)
        QApplication.sendEvent(widget, event)

    def _drag(self, widget: QWidget, start: QPoint, end: QPoint) -> Steps:
        QTest.mousePress(widget, LEFT, NO_KEY, start)
        for step in range(1, 16):
            self._move(widget, start + (end - start) * step / 15, LEFT)
            yield FRAME_MS
        QTest.mouseRelease(widget, LEFT, NO_KEY, end)
        yield FRAME_MS

    def _drag_along(self, slider: QWidget) -> Steps:
        """There and back a little, as one looks for a value."""
        y, width = slider.height() - 8, slider.width()
        start, swing = self.draw.uniform(0.1, 0.9), self.draw.uniform(0.05, 0.4)
        x = [min(max(start + swing * math.sin(step / 3), 0.02), 0.98) * width for step in range(20)]
        QTest.mousePress(slider, LEFT, NO_KEY, QPoint(round(x[0]), y))
        for each in x[1:]:
            self._move(slider, QPoint(round(each), y), LEFT)
            yield FRAME_MS
        QTest.mouseRelease(slider, LEFT, NO_KEY, QPoint(round(x[-1]), y))
        yield FRAME_MS
