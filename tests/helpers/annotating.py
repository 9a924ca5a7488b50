"""A person at the window of Annotate: mouse in image pixels, keys, and looks at what came of it."""

from __future__ import annotations

from contextlib import contextmanager

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from tests.helpers.app_windows import LABELS, OBJECTS, WAIT_MS, forget_edits, open_window, settled, wait_settled

NONE, CONTROL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
Key = Qt.Key

FILE = list(zip(LABELS, (tuple(box) for box in OBJECTS.tolist()), strict=True))
"""What the files of `write_folder` say of each image."""
NEW, OTHER = (5.0, 60.0, 45.0, 100.0), (130.0, 20.0, 170.0, 60.0)
"""Boxes that none of them has."""


@contextmanager
def person_at(qtbot):
    """Opens images in a window of its own, in Annotate; at the end nothing is asked."""
    with open_window(qtbot) as (window, controller):

        def at(path):
            controller.start([path])
            wait_settled(qtbot, controller, path.name)
            return Annotator(qtbot, window, controller)

        yield at
        forget_edits(controller)
        window.show_to_ask(0)


class Annotator:
    """Goes to Annotate unless told otherwise."""

    def __init__(self, qtbot, window, controller, *, annotates=True):
        self.qtbot, self.window, self.controller = qtbot, window, controller
        self.canvas, self.state = window.canvas, controller.state
        if annotates:
            window.actions_by_id["workspace"].setChecked(True)
        self.canvas.setFocus()

    # What there is

    @property
    def edit(self):
        return self.state.document.objects

    @property
    def objects(self):
        """(class, box) of each, in order."""
        return [
            (label, tuple(box))
            for label, box in zip(self.edit.truth.labels, self.edit.truth.boxes.tolist(), strict=True)
        ]

    @property
    def told(self):
        return self.window.status.message.text()

    @property
    def question(self):
        return self.window.save_bar.question

    def wait(self, is_so):
        self.qtbot.waitUntil(is_so, timeout=WAIT_MS)

    def is_up_to_date(self):
        """The detector's word is about the objects as they are."""
        return settled(self.controller) and self.state.trace.ground_truth is self.state.document.ground_truth

    # Keys

    def press(self, key, keys=NONE, widget: QWidget | None = None):
        """A key, where the keyboard is unless told otherwise."""
        self.qtbot.keyClick(widget or self.canvas, key, keys)

    def come_back(self):
        """The window is the active one again, as a window manager makes it once a popup has closed."""
        self.window.activateWindow()
        self.canvas.setFocus()
        self.wait(lambda: self.canvas.hasFocus() and self.window.isActiveWindow())

    def undo(self):
        self.press(Key.Key_Z, CONTROL)

    def redo(self):
        self.press(Key.Key_Y, CONTROL)

    def go(self, key, name):
        """To another image by a key."""
        self.press(key)
        wait_settled(self.qtbot, self.controller, name)

    # Mouse

    def point(self, x, y):
        return QPointF(*self.canvas.transform.to_widget(x, y))

    def _send(self, kind, at, button, buttons, keys):
        event = QMouseEvent(kind, at, self.canvas.mapToGlobal(at), button, buttons, keys)
        QApplication.sendEvent(self.canvas, event)

    def move(self, x, y, buttons=Qt.MouseButton.NoButton, keys=NONE):
        self._send(QEvent.Type.MouseMove, self.point(x, y), Qt.MouseButton.NoButton, buttons, keys)

    def mouse_down(self, x, y, keys=NONE, button=LEFT):
        self._send(QEvent.Type.MouseButtonPress, self.point(x, y), button, button, keys)

    def mouse_up(self, x, y, keys=NONE, button=LEFT):
        self._send(QEvent.Type.MouseButtonRelease, self.point(x, y), button, Qt.MouseButton.NoButton, keys)

    def click(self, x, y, keys=NONE, button=LEFT):
        self.move(x, y, keys=keys)
        self.mouse_down(x, y, keys, button)
        self.mouse_up(x, y, keys, button)

    def drag(self, start, end, keys=NONE, button=LEFT):
        """By way of the middle, as a mouse does."""
        self.move(*start, keys=keys)
        self.mouse_down(*start, keys, button)
        for share in (0.5, 1.0):
            at = (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
            self.move(*at, button, keys)
        self.mouse_up(*end, keys, button)

    def draw(self, box, digit=None):
        """A box by W and a drag, of the class of a digit."""
        if digit is not None:
            self.press(Key.Key_Escape)
            self.press(digit)
        self.press(Key.Key_W)
        self.drag(box[:2], box[2:])

    # Saving

    def is_saved(self, *paths):
        """Nothing of these images, or of any, is unsaved, and no answer is on its way."""
        saves = self.controller.saves
        sessions = self.state.sessions
        wanted = paths or tuple(sessions)
        return not any(sessions[path].is_unsaved for path in wanted if path in sessions) and not saves.autosave.unsaved

    def wait_saved(self, *paths):
        self.wait(lambda: self.is_saved(*paths))

    def tick(self):
        """The time until something is saved by itself is over, if it is not already."""
        timer = self.controller.saves.autosave.timer
        if timer.isActive():
            timer.stop()
            timer.timeout.emit()
