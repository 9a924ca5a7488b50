"""A small window at the box: type a few letters, Enter takes the class. A new name is asked about in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPoint, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLabel, QLineEdit, QListView, QVBoxLayout, QWidget

from app.class_choices import Choice, Choices, choices, clean
from app.panels.color_glyphs import SWATCH, paint_chip, paint_color
from app.panels.plain_list import MARGIN, NO_INDEX, Index, LineDelegate, dress_list
from app.scene import ClassRow
from app.screen_area import screen_area
from app.sentences import say
from app.theme import BASE_PX, SMALL_PX, Theme, dark_theme, scaled, ui_font
from app.wording import text

_WIDTH, _MOST_LINES, _NOTE = 264, 10, 40
_KEY, _GAP = 16, 8
_LEFT = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextSingleLine)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.AlignmentFlag.AlignRight)
_WALKING = {Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}


class _ChoiceModel(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.lines: tuple[Choice, ...] = ()
        self.current = ""

    def show_lines(self, lines: tuple[Choice, ...]) -> None:
        """Take other lines."""
        self.beginResetModel()
        self.lines = lines
        self.endResetModel()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Lines shown."""
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """What the view and a screen reader ask for."""
        if not index.isValid() or index.row() >= len(self.lines):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            line = self.lines[index.row()]
            return line.name if line.row is not None else text(say("class.add", name=line.name))
        return None


class _ChoiceDelegate(LineDelegate):
    """Swatch and name on the left, on the right its key, or what the class is just now."""

    def __init__(self, model: _ChoiceModel, view: QListView) -> None:
        super().__init__(view)
        self._model = model

    def paint_line(self, painter: QPainter, area: QRectF, index: Index) -> None:
        """Draw what the line says."""
        if index.row() >= len(self._model.lines):
            return
        line, theme, side = self._model.lines[index.row()], self.theme, scaled(SWATCH)
        left, right = area.left() + side + _GAP, area.right()
        if line.row is None:
            painter.setPen(QPen(theme.accent, 1.6))
            middle, half = QRectF(area.left(), area.top(), side, area.height()).center(), side / 2 - 1
            painter.drawLine(middle.toPoint() - QPoint(round(half), 0), middle.toPoint() + QPoint(round(half), 0))
            painter.drawLine(middle.toPoint() - QPoint(0, round(half)), middle.toPoint() + QPoint(0, round(half)))
        else:
            paint_color(painter, QRectF(area.left(), area.center().y() - side / 2, side, side), line.row.color, theme)
            right = self._paint_right(painter, area, line.row)
        painter.setFont(ui_font(BASE_PX))
        painter.setPen(theme.muted if line.row is not None and line.row.is_offered else theme.text)
        words = QRectF(left, area.top(), right - left, area.height())
        said = str(index.data())
        painter.drawText(
            words, _LEFT, painter.fontMetrics().elidedText(said, Qt.TextElideMode.ElideMiddle, int(words.width()))
        )

    def _paint_right(self, painter: QPainter, area: QRectF, row: ClassRow) -> float:
        right, theme = area.right(), self.theme
        if row.key:
            side = scaled(_KEY)
            paint_chip(painter, QRectF(right - side, area.center().y() - side / 2, side, side), row.key, theme)
            right -= side + _GAP
        if row.name == self._model.current or row.is_offered:
            painter.setFont(ui_font(SMALL_PX))
            painter.setPen(theme.muted)
            words = text(say("class.offered" if row.is_offered else "class.now"))
            painter.drawText(QRectF(area.left(), area.top(), right - area.left(), area.height()), _RIGHT, words)
            right -= painter.fontMetrics().horizontalAdvance(words) + _GAP
        return right


class ClassPicker(QFrame):
    """Closes with Esc, with a click beside it, and with what was picked.

    Signals:
        picked(str, bool): a class; True where it is new.
        given_up(): Esc; a click beside it closes it only.
    """

    picked = Signal(str, bool)
    given_up = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAccessibleName(text(say("class.type")))
        self._theme = dark_theme()
        self._classes: tuple[ClassRow, ...] = ()
        self._recent: tuple[str, ...] = ()
        self._offered = Choices(())
        self._is_asked = False
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(text(say("class.type")))
        self.field.setAccessibleName(text(say("class.type")))
        self.field.textChanged.connect(self._on_typed)
        self.field.installEventFilter(self)
        self.model = _ChoiceModel(self)
        self.view = QListView(self)
        dress_list(self.view, text(say("class.list")))
        self.view.setModel(self.model)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        # The field keeps the keyboard: letters narrow down, arrows walk.
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._delegate = _ChoiceDelegate(self.model, self.view)
        self.view.setItemDelegate(self._delegate)
        self.view.clicked.connect(self._on_clicked)
        self.note = QLabel("", self)
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setProperty("small", True)
        self.note.setContentsMargins(MARGIN, 2, MARGIN, 2)
        self.note.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 7, 1, 7)
        layout.setSpacing(6)
        line = QVBoxLayout()
        line.setContentsMargins(7, 0, 7, 0)
        line.addWidget(self.field)
        layout.addLayout(line)
        layout.addWidget(self.note)
        layout.addWidget(self.view)

    def open_at(
        self, place: QPoint, classes: Sequence[ClassRow], recent: Sequence[str] = (), current: str = ""
    ) -> None:
        """Open at a place of the screen.

        Args:
            place: where the upper left corner goes, if the screen has room there.
            classes: all of them, in the order of their list.
            recent: names of those used last, the newest first.
            current: class of what is selected, "" where those differ.
        """
        self._classes, self._recent, self.model.current = tuple(classes), tuple(recent), current
        self.field.clear()
        self._on_typed()
        self.field.setFocus()
        area = screen_area(place)
        # Fewer lines make it lower, a question higher; it does not move while one types.
        right, bottom = area.right() - self.width(), area.bottom() - self.height() - scaled(_NOTE)
        x, y = max(min(place.x(), right), area.left()), max(min(place.y(), bottom), area.top())
        self.move(x, y)
        self.show()
        self.field.setFocus()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._theme = self._delegate.theme = theme
        self.update()

    # -- what a person does --------------------------------------------------------------------------------------------

    @Slot()
    def _on_typed(self) -> None:
        self._is_asked = False
        self._offered = choices(self.field.text(), self._classes, self._recent, self.model.current)
        self._show()

    def _show(self) -> None:
        self.model.show_lines(self._offered.lines)
        if self._offered.lines:
            self._go_to(self._offered.preferred)
        self.note.setVisible(self._is_asked)
        self.view.setVisible(bool(self._offered.lines))
        shown = min(self.model.rowCount(), _MOST_LINES)
        self.view.setFixedHeight(shown * max(self.view.sizeHintForRow(0), 1))
        self.setFixedWidth(scaled(_WIDTH))
        if self._is_asked:
            self.note.setFixedHeight(self.note.heightForWidth(scaled(_WIDTH) - 2))
        self.adjustSize()

    def _go_to(self, place: int) -> None:
        index = self.model.index(min(max(place, 0), self.model.rowCount() - 1))
        self.view.setCurrentIndex(index)
        self.view.scrollTo(index)

    def _take(self, line: Choice) -> None:
        self.close()
        self.picked.emit(line.name, line.row is None)

    def _on_enter(self) -> None:
        place = self.view.currentIndex().row()
        only_spaces = bool(self.field.text()) and not clean(self.field.text())
        if only_spaces or not 0 <= place < len(self._offered.lines):
            return
        line = self._offered.lines[place]
        near, is_known = self._offered.near, line.row is not None and self._offered.has_fit
        # Neither a class that is only like what was typed nor a new one that is like another is taken silently.
        if self._is_asked or is_known or near is None:
            self._take(line)
        else:
            self._ask(line, near)

    def _ask(self, stay: Choice, near: str) -> None:
        """Ask whether the new name is meant, and stay on the line that was to be taken."""
        name = clean(self.field.text())
        self.note.setText(text(say("class.is_near", name=name, near=near)))
        self._is_asked = True
        known = [Choice(row.name, row) for row in self._classes if row.name == near]
        lines = (*known, Choice(name, None))
        self._offered = Choices(lines, [line.name for line in lines].index(stay.name), near)
        self._show()

    def _line_of_key(self, typed: str) -> Choice | None:
        """The class whose digit it is, while nothing is typed and no class begins with a digit itself."""
        if not typed or self.field.text() or any(row.name[:1].isdigit() for row in self._classes):
            return None
        return next((line for line in self._offered.lines if line.row is not None and line.row.key == typed), None)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        if 0 <= index.row() < len(self._offered.lines):
            self._take(self._offered.lines[index.row()])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys that are for the list while the field has the keyboard."""
        if watched is not self.field or not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_enter()
        elif key == Qt.Key.Key_Escape:
            self.close()
            self.given_up.emit()
        elif (line := self._line_of_key(event.text())) is not None:
            self._take(line)
        elif key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab) or key in _WALKING:
            steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Backtab: -1, Qt.Key.Key_PageUp: -8, Qt.Key.Key_PageDown: 8}
            self._go_to(self.view.currentIndex().row() + steps.get(key, 1))
        else:
            return False
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground and its edge."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.window)
        painter.setPen(self._theme.edge)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
