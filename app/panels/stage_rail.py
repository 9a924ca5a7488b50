"""The rail: one card a stage with its live counts, in the order of the flow; training targets are a branch."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QEnterEvent, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSizePolicy, QWidget

from app.key_tips import set_key_tip
from app.panels.glyphs import paint_chevron, paint_focus
from app.scene import STAGES, Role, Scene, Stage, StageCard
from app.theme import BASE_PX, Theme, dark_theme, scaled, ui_font
from app.translation import later, tr
from app.wording import stage_label, text

INFERENCE: tuple[Stage, ...] = ("image", "anchors", "proposals", "detections")
BRANCH: Stage = "assignment"
BRANCH_NOTE = later("used in training only; does not change this model's detections")

_PADDING_X, _NARROW_PADDING_X = 12, 6
_ANGLE, _NARROW_ANGLE = 16, 10
_SMALLEST = 40
_HEIGHT = 46
_TITLE_BASELINE, _COUNTS_BASELINE = 18, 36
_NOTE_WIDTH = 190
_MARGINS, _NARROW_MARGINS = (14, 8, 14, 8), (8, 8, 8, 8)
_SPACING = 2
_NOTE_GAP = 8


class StageButton(QAbstractButton):
    """One card: number and name above, counts below."""

    def __init__(self, stage: Stage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stage: Stage = stage
        self._number = STAGES.index(stage) + 1
        self._counts: list[tuple[str, Role | None]] = []
        self._theme = dark_theme()
        self._has_cursor = False
        self._padding = _PADDING_X
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._describe(None)

    def show_card(self, card: StageCard | None, chosen: bool) -> None:
        """Draw a stage's counts; None: nothing is known of it yet."""
        counts = [] if card is None else [(text(message), role) for message, role in card.counts]
        reason = None if card is None or card.reason is None else text(card.reason)
        self._counts = counts
        self.setEnabled(reason is None or self.stage == "image")
        self.setChecked(chosen)
        self._describe(reason)
        self.update()

    def fit(self, width: int, padding: int) -> None:
        """Take a width; what does not fit is shortened with "…", and the tooltip has it all."""
        self._padding = padding
        self.setFixedWidth(width)
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._theme = theme
        self.update()

    def _describe(self, reason: str | None) -> None:
        name = f"{self._number} {stage_label(self.stage)}"
        counts = " ".join(words for words, _ in self._counts)
        stage = tr("Stage {name}").format(name=name)
        self.setAccessibleName(f"{stage}. {reason or counts}".strip())
        hint = f"{stage_label(self.stage)} ({{key[stage_{self.stage}]}})"
        if counts:
            hint += f"\n{counts}"
        if self.stage == BRANCH:
            note = tr(BRANCH_NOTE)
            hint += f"\n{note[:1].upper()}{note[1:]}."
        set_key_tip(self, hint if reason is None else f"{hint}\n{reason}")

    def _count_width(self) -> int:
        metrics = QFontMetrics(ui_font(BASE_PX, bold=True))
        words = " ".join(words for words, _ in self._counts)
        return metrics.horizontalAdvance(words) if words else metrics.horizontalAdvance("–")

    def words_width(self) -> int:
        """The longer of the two lines."""
        title = QFontMetrics(ui_font()).horizontalAdvance(f"{self._number}  {stage_label(self.stage)}")
        return max(title, self._count_width())

    def sizeHint(self) -> QSize:
        """Room for the longer of the two lines."""
        return QSize(self.words_width() + 2 * _PADDING_X, scaled(_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        """No smaller than this."""
        return QSize(_SMALLEST, scaled(_HEIGHT))

    def enterEvent(self, event: QEnterEvent) -> None:
        """The cursor is over it."""
        self._has_cursor = True
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The cursor is gone."""
        self._has_cursor = False
        self.update()
        super().leaveEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_frame(painter)
        self._paint_title(painter)
        self._paint_counts(painter)
        if self.hasFocus() and not self.isChecked():
            paint_focus(painter, QRectF(self.rect()).adjusted(3.5, 3.5, -3.5, -3.5), self._theme, 4)

    def _paint_frame(self, painter: QPainter) -> None:
        theme = self._theme
        line = theme.accent if self.isChecked() else theme.edge
        pen = QPen(line, 2.0 if self.isChecked() else 1.0)
        if self.stage == BRANCH and not self.isChecked():
            pen.setDashPattern([3.0, 3.0])
        inset = pen.widthF() / 2
        painter.setPen(pen)
        hovered = self._has_cursor and self.isEnabled()
        painter.setBrush(theme.hover if hovered else theme.window)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 7, 7)

    def _paint_title(self, painter: QPainter) -> None:
        theme = self._theme
        painter.setFont(ui_font())
        number = f"{self._number}"
        x, y = self._padding, scaled(_TITLE_BASELINE)
        painter.setPen(theme.muted)
        painter.drawText(QPointF(x, y), number)
        x += QFontMetrics(painter.font()).horizontalAdvance(f"{number} ")
        painter.setPen(theme.text if self.isEnabled() else theme.muted)
        painter.drawText(QPointF(x, y), self._elided(painter, stage_label(self.stage), x))

    def _elided(self, painter: QPainter, words: str, x: float) -> str:
        room = int(self.width() - self._padding - x) + 1
        return painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room)

    def _paint_counts(self, painter: QPainter) -> None:
        theme = self._theme
        painter.setFont(ui_font(BASE_PX, bold=True))
        metrics = QFontMetrics(painter.font())
        x, y = float(self._padding), scaled(_COUNTS_BASELINE)
        for words, role in self._counts or [("–", Role.NOT_COUNTED)]:
            painter.setPen(theme.role(role) if self.isEnabled() else theme.muted)
            shown = self._elided(painter, words, x)
            painter.drawText(QPointF(x, y), shown)
            if shown != words:
                break
            x += metrics.horizontalAdvance(f"{words} ")


def _cap(widths: list[int], room: int) -> int:
    """The width to which the widest are cut so that all fit; the narrow ones stay whole."""
    left, rest = room, sorted(widths)
    while rest:
        share = left // len(rest)
        if rest[0] > share:
            return share
        left -= rest.pop(0)
    return max(widths)


class _Then(QWidget):
    """The small angle between two cards."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = dark_theme()
        self.setFixedSize(_ANGLE, scaled(_HEIGHT))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.setFixedHeight(scaled(_HEIGHT))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        paint_chevron(QPainter(self), QPointF(self.rect().center()), self._theme.muted)


class StageRail(QWidget):
    """All stages.

    Signals:
        stage_chosen(str): the stage a person wants to see.
    """

    stage_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stageRail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._stage: Stage = "detections"
        self.buttons: dict[Stage, StageButton] = {}
        self._angles: list[_Then] = []
        self.note = QLabel(tr(BRANCH_NOTE), self)
        self.note.setWordWrap(True)
        self.note.setProperty("muted", True)
        self.note.setProperty("small", True)
        self.note.setFixedWidth(scaled(_NOTE_WIDTH))
        self._lay_out()
        # As narrow as the cards allow; the note gives way first.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_scene(self, scene: Scene) -> None:
        """Draw counts and the stage on show."""
        self._stage = scene.stage
        cards = {card.stage: card for card in scene.cards}
        for stage, button in self.buttons.items():
            button.show_card(cards.get(stage), stage == scene.stage)
        self._fit()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours and the size of the text."""
        for button in self.buttons.values():
            button.set_theme(theme)
        for angle in self._angles:
            angle.set_theme(theme)
        self.note.setFixedWidth(scaled(_NOTE_WIDTH))
        self._fit()

    def choose(self, stage: str) -> None:
        """As if the card had been clicked; a stage that is not there cannot be chosen."""
        button = next((each for each in self.buttons.values() if each.stage == stage), None)
        if button is not None and button.isEnabled():
            self.stage_chosen.emit(stage)

    def beside(self, by: int) -> Stage | None:
        """The next or previous stage that is there; None beyond the ends."""
        there = [stage for stage in STAGES if self.buttons[stage].isEnabled()]
        place = there.index(self._stage) + by if self._stage in there else -1
        return there[place] if 0 <= place < len(there) else None

    def step(self, by: int) -> None:
        """Choose it."""
        stage = self.beside(by)
        if stage is not None:
            self.choose(stage)

    def _lay_out(self) -> None:
        layout = self._row = QHBoxLayout(self)
        layout.setContentsMargins(*_MARGINS)
        layout.setSpacing(_SPACING)
        layout.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        for place, stage in enumerate(INFERENCE):
            if place:
                self._angles.append(_Then(self))
                layout.addWidget(self._angles[-1])
            layout.addWidget(self._button(stage))
        layout.addStretch(1)
        layout.addWidget(self._button(BRANCH))
        layout.addSpacing(_NOTE_GAP)
        layout.addWidget(self.note)
        layout.addStretch(4)

    def _button(self, stage: Stage) -> StageButton:
        button = StageButton(stage, self)
        button.clicked.connect(self._on_clicked)
        self.buttons[stage] = button
        return button

    def _fit(self) -> None:
        """All cards in the width there is: first the note goes, then the paddings, then the ends of words."""
        words = {stage: button.words_width() for stage, button in self.buttons.items()}
        gaps = (len(words) + len(self._angles) + 1) * _SPACING + _NOTE_GAP
        rest = self.width() - _MARGINS[0] - _MARGINS[2] - gaps
        whole = sum(words.values()) + 2 * len(words) * _PADDING_X + len(self._angles) * _ANGLE
        self.note.setVisible(whole + self.note.width() + 16 <= rest)
        narrow = whole > rest
        angle, padding = (_NARROW_ANGLE, _NARROW_PADDING_X) if narrow else (_ANGLE, _PADDING_X)
        margins = _NARROW_MARGINS if narrow else _MARGINS
        self._row.setContentsMargins(*margins)
        rest = self.width() - margins[0] - margins[2] - gaps
        for each in self._angles:
            each.setFixedWidth(angle)
        room = rest - len(self._angles) * angle - 2 * len(words) * padding
        most = _cap(list(words.values()), room)
        for stage, button in self.buttons.items():
            button.fit(max(min(words[stage], most) + 2 * padding, _SMALLEST), padding)

    @Slot()
    def _on_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, StageButton):
            # The mark follows the scene that comes back, not the click.
            button.setChecked(button.stage == self._stage)
            self.stage_chosen.emit(button.stage)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The note gives way to the cards."""
        super().resizeEvent(event)
        self._fit()
