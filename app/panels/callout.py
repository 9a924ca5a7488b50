"""A callout: a small numbered bubble that says one thing about something nearby, with a line to it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.key_tips import set_key_tip
from app.theme import Theme, dark_theme, scaled, ui_font
from app.translation import tr

_WIDTH = 236
_DISC = 18
_RADIUS = 8.0
_DOT = 4.0


class Callout(QWidget):
    """Number, title, body; a cross hides it, a button leads on. It never takes the keyboard by itself.

    Signals:
        closed(): the cross was clicked.
        went_on(): the button was clicked.
    """

    closed = Signal()
    went_on = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = dark_theme()
        self._number, self._is_solved = 0, False
        self._announced = ""
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.title, self.body = QLabel("", self), QLabel("", self)
        self.place = QLabel("", self)
        self.place.setProperty("muted", True)
        self.place.setProperty("small", True)
        for label in (self.title, self.body):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.cross = QToolButton(self)
        self.cross.setText("×")
        self.cross.setProperty("flat", True)
        set_key_tip(self.cross, tr("Hide this hint ({key[deselect]} hides all)"))
        self.cross.setAccessibleName(tr("Hide this hint"))
        self.cross.clicked.connect(self.closed)
        self.button = QPushButton(tr("Next"), self)
        self.button.setProperty("primary", True)
        self.button.clicked.connect(self.went_on)
        for button in (self.cross, self.button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.leader = _Leader(parent)
        self._lay_out()
        self.hide()

    def say(self, number: int, title: str, body: str, *, is_solved: bool, button: str, place: str = "") -> None:
        """Show these words.

        Args:
            is_solved: a tick stands in place of the number.
            button: what leads on; "" for no button.
            place: "2 of 4", where one is shown at a time.
        """
        said = f"{title}. {body}"
        self._number, self._is_solved = number, is_solved
        self.title.setText(title)
        self.body.setText(body)
        self.place.setText(place)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.place.setVisible(bool(place))
        self.setAccessibleName(tr("Hint {number}").format(number=number))
        self.setAccessibleDescription(said)
        self.resize(self.wanted_size())
        self.update()

    def wanted_size(self) -> QSize:
        """As wide as all callouts are, as high as its words."""
        width, layout = scaled(_WIDTH), self.layout()
        if layout is not None:
            # The words may have changed since it was asked last; `activate` tells the layouts within it so.
            layout.invalidate()
            layout.activate()
        return QSize(width, self.heightForWidth(width))

    def point_from(self, place: QRect, target: QRect) -> None:
        """Stand at a place with the line to the target's nearest edge."""
        self.setGeometry(place)
        self.leader.draw(*_line(place, target))
        for widget in (self.leader, self):
            widget.show()
            widget.raise_()
        said = self.accessibleDescription()
        if said != self._announced:
            self._announced = said
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, said))

    def put_away(self) -> None:
        """Hide it with its line."""
        self.hide()
        self.leader.hide()
        self._announced = ""

    def set_theme(self, theme: Theme) -> None:
        """Take the colours and the size of the text."""
        self._theme = self.leader.theme = theme
        self.title.setFont(ui_font(bold=True))
        self.title.setIndent(scaled(_DISC) + 7)
        self.title.setMinimumHeight(scaled(_DISC))
        self.cross.setFixedSize(scaled(_DISC), scaled(_DISC))
        self.update()

    def _lay_out(self) -> None:
        top, below = QHBoxLayout(), QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self.title, 1)
        top.addWidget(self.cross, 0, Qt.AlignmentFlag.AlignTop)
        below.addWidget(self.place)
        below.addStretch(1)
        below.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(11, 9, 9, 10)
        layout.setSpacing(5)
        layout.addLayout(top)
        layout.addWidget(self.body)
        layout.addLayout(below)
        self.set_theme(self._theme)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground with its edge, and the disc with number or tick."""
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = theme.good if self._is_solved else theme.accent
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(theme.field)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75), _RADIUS, _RADIUS)
        side = scaled(_DISC)
        disc = QRectF(11, self.title.y(), side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(disc)
        painter.setPen(theme.on_accent)
        painter.setFont(ui_font(12, bold=True))
        painter.drawText(disc, int(Qt.AlignmentFlag.AlignCenter), "✓" if self._is_solved else str(self._number))


class _Leader(QWidget):
    """The line from a callout to what it speaks of, with a dot at the end; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = dark_theme()
        self._start, self._end = QPointF(), QPointF()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def draw(self, start: QPoint, end: QPoint) -> None:
        """Reach from one point of the parent to another."""
        reach = round(_DOT) + 3
        area = QRect(start, end).normalized().adjusted(-reach, -reach, reach, reach)
        self.setGeometry(area)
        self._start, self._end = QPointF(start - area.topLeft()), QPointF(end - area.topLeft())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it, cased so that it is seen on any picture."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, more in ((QColor(11, 13, 15, 170), 1.5), (self.theme.accent, 0.0)):
            painter.setPen(QPen(colour, 2.0 + 2 * more, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(self._start, self._end)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(self._end, _DOT + more, _DOT + more)


def _line(place: QRect, target: QRect) -> tuple[QPoint, QPoint]:
    """From the callout's edge to the nearest point of the target's edge."""
    middle = target.center()
    end = QPoint(_clamp(middle.x(), place.left(), place.right()), _clamp(middle.y(), place.top(), place.bottom()))
    end = QPoint(_clamp(end.x(), target.left(), target.right()), _clamp(end.y(), target.top(), target.bottom()))
    inset = round(_RADIUS) + 2
    start = QPoint(
        _clamp(end.x(), place.left() + inset, place.right() - inset),
        _clamp(end.y(), place.top() + inset, place.bottom() - inset),
    )
    if end.x() < place.left() or end.x() > place.right():
        start.setX(_clamp(end.x(), place.left(), place.right()))
    else:
        start.setY(_clamp(end.y(), place.top(), place.bottom()))
    return start, end


def _clamp(value: int, low: int, high: int) -> int:
    return min(max(value, low), high)


def place_beside(
    size: QSize, target: QRect, sides: str, area: QRect, blocked: list[QRect], gap: int, around: QRect | None = None
) -> QRect:
    """Where a callout stands: at a side of its target, inside an area, over as little as possible of what is blocked.

    Args:
        sides: letters of "lrtb" (left, right, top, bottom), the best one first.
        around: stand beside all of this, which has the target in it.
    """
    best: tuple[int, QRect] | None = None
    for side in sides:
        for place in _places(size, target.center(), around or target, side, gap):
            place.moveLeft(_clamp(place.left(), area.left(), max(area.right() - size.width() + 1, area.left())))
            place.moveTop(_clamp(place.top(), area.top(), max(area.bottom() - size.height() + 1, area.top())))
            # Nothing is as bad as hiding what one speaks of.
            covered = 4 * _overlap(place, target) + sum(_overlap(place, each) for each in blocked)
            if best is None or covered < best[0]:
                best = covered, place
    assert best is not None
    return best[1]


def _places(size: QSize, middle: QPoint, around: QRect, side: str, gap: int) -> list[QRect]:
    """At one side: in the middle, then slid along it as far as the line still meets the callout."""
    width, height, inset = size.width(), size.height(), round(_RADIUS) + 4
    if side in "lr":
        x = around.left() - gap - width if side == "l" else around.right() + 1 + gap
        tops = (middle.y() - height // 2, middle.y() - inset, middle.y() - height + inset)
        return [QRect(QPoint(x, y), size) for y in tops]
    y = around.top() - gap - height if side == "t" else around.bottom() + 1 + gap
    lefts = (middle.x() - width // 2, middle.x() - inset, middle.x() - width + inset)
    return [QRect(QPoint(x, y), size) for x in lefts]


def _overlap(one: QRect, other: QRect) -> int:
    both = one.intersected(other)
    return 0 if both.isEmpty() else both.width() * both.height()
