"""The bar below the picture while one steps through NMS: where one stands, and what this step does."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSlider, QToolButton, QVBoxLayout, QWidget

from app.key_tips import set_key_tip
from app.panels.glyphs import step_icon
from app.panels.tick_box import TickBox
from app.scene import NmsWalk, Scene
from app.sentences import say
from app.theme import Theme, dark_theme, scaled, ui_font
from app.translation import later, tr
from app.wording import text

_NEAR, _NEAR_SHORT = later("Only near the selection"), later("Only near")
_MARGIN, _SPACING, _BETWEEN_BUTTONS = 14, 8, 2
_SHORTEST_SLIDER, _SLIDER_HEIGHT = 90, 22
_TRACK_MARGIN = 7
_PAGE = 10
_ONE_LINE, _HALF_LINE = 860, 480
"""A sentence takes one line where the bar is wider than this, and two where it is wider than that."""


class StepSlider(QSlider):
    """Goes where it is clicked and follows the hand; arrows, Page keys, Home and End move it too.

    Signals:
        moved_by(int): so many steps on, by the keyboard; what is shown may lag behind a key that is held down.
    """

    moved_by = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme = dark_theme()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Takes what is left."""
        return QSize(200, _SLIDER_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """No smaller than this."""
        return QSize(_SHORTEST_SLIDER // 2, _SLIDER_HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows a step, Page keys ten, Home and End all the way."""
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1,
            Qt.Key.Key_PageDown: -_PAGE, Qt.Key.Key_PageUp: _PAGE,
            Qt.Key.Key_Home: -self.maximum(), Qt.Key.Key_End: self.maximum(),
        }  # fmt: skip
        by = steps.get(Qt.Key(event.key()))
        if by is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            event.ignore()
        else:
            self.moved_by.emit(by)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self.setValue(self._value_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the hand."""
        if self.isSliderDown():
            self.setValue(self._value_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The hand let go."""
        self.setSliderDown(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Not for scrolling by chance."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, right, y = float(_TRACK_MARGIN), float(self.width() - _TRACK_MARGIN), self.height() / 2
        x = left + self.value() / max(self.maximum(), 1) * (right - left)
        active = theme.accent if self.isEnabled() else theme.edge
        for colour, end in ((theme.edge, right), (active, x)):
            painter.setPen(QPen(colour, 2.0))
            painter.drawLine(QPointF(left, y), QPointF(end, y))
        painter.setPen(QPen(theme.text, 1.5) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(active)
        radius = 6 if self.hasFocus() else 5
        painter.drawEllipse(QPointF(x, y), radius, radius)

    def _value_at(self, x: float) -> int:
        share = (x - _TRACK_MARGIN) / max(self.width() - 2 * _TRACK_MARGIN, 1)
        return round(min(max(share, 0.0), 1.0) * self.maximum())


class NmsBar(QWidget):
    """There only while somebody steps.

    Signals:
        step_wanted(int): a step, from 0, chosen on the slider with the mouse.
        moved_by(int): so many steps on, by the slider's keys.
        near_toggled(bool): only steps near the selection, or all.
    """

    step_wanted = Signal(int)
    moved_by = Signal(int)
    near_toggled = Signal(bool)

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("nmsBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._walk: NmsWalk | None = None
        self._fitted = -1
        self._place_id = "nms.step"
        self.buttons: dict[str, QToolButton] = {}
        for name in ("first_nms", "previous_nms", "next_nms", "last_nms"):
            self.buttons[name] = self._button(actions[name], repeats=name in ("previous_nms", "next_nms"))
        self.place = QLabel("", self)
        self.slider = StepSlider(self)
        self.slider.setAccessibleName(tr("Step of NMS"))
        self.slider.valueChanged.connect(self.step_wanted)
        self.slider.moved_by.connect(self.moved_by)
        self.near = TickBox(tr(_NEAR), self)
        self.near.clicked.connect(self.near_toggled)
        self.done = QPushButton(tr("Done"), self)
        set_key_tip(self.done, tr("Stop stepping through NMS ({key[deselect]})"))
        self.done.setAccessibleName(tr("Stop stepping through NMS"))
        self.done.clicked.connect(actions["step_nms"].trigger)
        self.told = QLabel("", self)
        self.told.setWordWrap(True)
        self.told.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lay_out()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hide()

    @property
    def is_open(self) -> bool:
        """Somebody steps."""
        return self._walk is not None

    def show_scene(self, scene: Scene) -> None:
        """Say where one stands; away where nobody steps."""
        self._walk = scene.nms
        if scene.nms is not None:
            self._show(scene.nms)
        self.setVisible(self.is_open)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours and the size of the text."""
        for name, button in self.buttons.items():
            back, to_end = name in ("first_nms", "previous_nms"), name in ("first_nms", "last_nms")
            button.setIcon(step_icon(theme.text, back=back, to_end=to_end))
            button.setIconSize(QSize(scaled(16), scaled(16)))
        self.place.setFont(ui_font(bold=True))
        self.slider.set_theme(theme)
        self.near.set_theme(theme)
        self._fit()

    def _show(self, walk: NmsWalk) -> None:
        step, last = walk.cursor.step or 0, max(walk.count - 1, 0)
        # A hand on the slider is ahead of what is shown.
        if not self.slider.isSliderDown():
            self.slider.blockSignals(True)
            self.slider.setRange(0, last)
            self.slider.setValue(step)
            self.slider.blockSignals(False)
        self.slider.setEnabled(walk.count > 1)
        for name, button in self.buttons.items():
            button.setEnabled(step > 0 if name in ("first_nms", "previous_nms") else step < last)
        self.near.setEnabled(walk.target is not None)
        self.near.setChecked(walk.cursor.near and walk.target is not None)
        tip = tr("Select a box or an object to see only the steps near it")
        if walk.target is not None:
            words = tr("Only boxes that overlap {name} at IoU >= 0.30, and what suppresses them")
            tip = words.format(name=text(walk.target))
        self.near.setToolTip(tip)
        self.near.setAccessibleName(f"{tr(_NEAR)}. {tip}")
        if walk.count != self._fitted:
            self._fit()
        self._show_words()

    def _button(self, action: QAction, repeats: bool) -> QToolButton:
        button = QToolButton(self)
        set_key_tip(button, f"{action.text()} ({{key[{action.objectName()}]}})")
        button.setAccessibleName(action.text())
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAutoRepeat(repeats)
        button.clicked.connect(action.trigger)
        return button

    def _lay_out(self) -> None:
        keys = QHBoxLayout()
        keys.setSpacing(_BETWEEN_BUTTONS)
        for button in self.buttons.values():
            keys.addWidget(button)
        above = QHBoxLayout()
        above.setSpacing(_SPACING)
        above.addLayout(keys)
        above.addWidget(self.place)
        above.addWidget(self.slider, 1)
        above.addWidget(self.near)
        above.addWidget(self.done)
        column = QVBoxLayout(self)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        column.setContentsMargins(_MARGIN, 6, _MARGIN, 6)
        column.setSpacing(4)
        column.addLayout(above)
        column.addWidget(self.told)

    def _fit(self) -> None:
        """Nothing moves from step to step: the number is as wide as the last one.

        In a narrow window words give way to the slider.
        """
        metrics, gaps = QFontMetrics(ui_font(bold=True)), 4 * _SPACING + 3 * _BETWEEN_BUTTONS + 2 * _MARGIN
        self._fitted = count = 0 if self._walk is None else self._walk.count
        for self._place_id, near in (("nms.step", _NEAR), ("nms.step", _NEAR_SHORT), ("nms.step.short", _NEAR_SHORT)):
            self.place.setFixedWidth(metrics.horizontalAdvance(text(say(self._place_id, k=count, n=count))) + 4)
            self.near.setText(tr(near))
            others = (*self.buttons.values(), self.near, self.done)
            needed = self.place.width() + sum(each.sizeHint().width() for each in others) + gaps
            if needed + _SHORTEST_SLIDER <= self.width():
                break
        self._show_words()

    def _show_words(self) -> None:
        """Where one stands, and the sentence in so many lines."""
        walk = self._walk
        if walk is not None:
            self.place.setText(
                text(say(self._place_id, k=(walk.cursor.step or 0) + 1, n=walk.count)) if walk.count else ""
            )
            self.told.setText(text(walk.told))
            self.slider.setAccessibleDescription(f"{self.place.text()}. {self.told.text()}")
        self.told.setFixedHeight(self._told_height())

    def _told_height(self) -> int:
        """Room for as many lines as nearly every sentence takes at this width, and for all of this one."""
        plain, width = QFontMetrics(ui_font()), self.width()
        lines = 1 if width >= scaled(_ONE_LINE) else 2 if width >= scaled(_HALF_LINE) else 3
        room = QRect(0, 0, max(width - 2 * _MARGIN, 1), 10_000)
        needed = plain.boundingRect(room, int(Qt.TextFlag.TextWordWrap), self.told.text()).height()
        return max(lines * plain.lineSpacing(), needed) + 2

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other words may fit."""
        super().resizeEvent(event)
        self._fit()
