"""The anchors of a cell as a row of small buttons: each shape to scale, with its overlap below."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.panels.glyphs import paint_focus
from app.roles import role_style
from app.scene import AnchorShape, CellShapes, Ref
from app.theme import SMALL_PX, Theme, dark_theme, scaled, ui_font
from app.translation import tr
from app.wording import text

_NARROWEST, _WIDEST, _NUMBERS = 31, 40, 19
_PICTURE = 29
"""The longest side of the largest shape."""
_NUMBERS_PX = SMALL_PX - 1


class ShapeButton(QAbstractButton):
    """One shape."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = dark_theme()
        self.shape_shown: AnchorShape | None = None
        self._scale = 1.0
        self._is_best = False
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_shape(self, shape: AnchorShape, scale: float, *, is_best: bool, chosen: bool) -> None:
        """Draw an anchor at so many points a pixel; the best one's number is bold."""
        self.shape_shown, self._scale, self._is_best = shape, scale, is_best
        self.setChecked(chosen)
        self.setToolTip(text(shape.tip))
        self.setAccessibleName(self.toolTip().replace("\n", ". "))
        # One stop of the Tab key for the whole row; the arrows go along it.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if chosen else Qt.FocusPolicy.ClickFocus)
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the picture and a number."""
        return QSize(scaled(_WIDEST), _PICTURE + 4 + scaled(_NUMBERS))

    def minimumSizeHint(self) -> QSize:
        """No narrower than the number."""
        return QSize(scaled(_NARROWEST), self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows belong to the row."""
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        shape, theme = self.shape_shown, self.theme
        if shape is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self.isChecked() or self.underMouse():
            painter.setPen(QPen(theme.accent if self.isChecked() else theme.edge, 1.0))
            painter.setBrush(theme.chosen if self.isChecked() else theme.hover)
            painter.drawRoundedRect(frame, 4, 4)
        self._paint_shape(painter, shape)
        painter.setFont(ui_font(_NUMBERS_PX, bold=self._is_best))
        painter.setPen(theme.text if self._is_best or shape.is_positive else theme.muted)
        words = "–" if shape.overlap is None else f"{shape.overlap:.2f}"
        line = self.rect().adjusted(0, self.height() - scaled(_NUMBERS), 0, -2)
        painter.drawText(line, int(Qt.AlignmentFlag.AlignCenter), words)
        if self.hasFocus():
            paint_focus(painter, frame.adjusted(2, 2, -2, -2), theme, 3)

    def _paint_shape(self, painter: QPainter, shape: AnchorShape) -> None:
        """The outline as the canvas draws it; a positive one is filled."""
        style = None if shape.role is None else role_style(shape.role)
        colour = self.theme.text
        if style is not None:
            colour = QColor(style.on_dark if self.theme.is_dark else style.on_light)
        width, height = max(shape.width * self._scale, 2.0), max(shape.height * self._scale, 2.0)
        middle = QPointF(self.width() / 2, 3 + _PICTURE / 2)
        pen = QPen(colour, 2.0 if shape.is_positive else 1.2)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        if style is not None and style.dash is not None:
            pen.setDashPattern([2.0, 1.2])
        fill = QColor(colour)
        fill.setAlpha(60 if shape.is_positive else 0)
        painter.setPen(pen)
        painter.setBrush(fill)
        painter.drawRect(QRectF(middle.x() - width / 2, middle.y() - height / 2, width, height))


class CellRow(QWidget):
    """The shapes of one cell.

    Signals:
        picked(object): the anchor a person chose.
    """

    picked = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = dark_theme()
        self._columns = 0
        self.buttons: list[ShapeButton] = []
        self.title = QLabel("", self)
        self.title.setProperty("muted", True)
        self.title.setProperty("small", True)
        self.title.setContentsMargins(2, 0, 0, 2)
        self._grid = QGridLayout()
        self._grid.setSpacing(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(0)
        layout.addWidget(self.title)
        layout.addLayout(self._grid)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_cell(self, cell: CellShapes, selected: Ref | None) -> None:
        """Draw all shapes to one scale."""
        self.title.setText(text(cell.title))
        self._have(len(cell.shapes))
        longest = max((max(shape.width, shape.height) for shape in cell.shapes), default=1.0)
        overlaps = [shape.overlap or 0.0 for shape in cell.shapes]
        best = max(overlaps, default=0.0)
        is_any_chosen = any(shape.ref == selected for shape in cell.shapes)
        for button, shape, overlap in zip(self.buttons, cell.shapes, overlaps, strict=True):
            is_best = overlap == best > 0
            button.show_shape(shape, _PICTURE / longest, is_best=is_best, chosen=shape.ref == selected)
        if self.buttons and not is_any_chosen:
            self.buttons[0].setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._arrange()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._theme = theme
        for button in self.buttons:
            button.theme = theme
            button.update()

    def step(self, by: int) -> None:
        """Pick the next or previous shape; from none, the first or the last."""
        here = next((place for place, button in enumerate(self.buttons) if button.isChecked()), None)
        there = (0 if by > 0 else len(self.buttons) - 1) if here is None else here + by
        if 0 <= there < len(self.buttons):
            self.buttons[there].setFocus()
            self._pick(self.buttons[there])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right step from shape to shape, up and down from line to line."""
        lines = {Qt.Key.Key_Up: -self._columns, Qt.Key.Key_Down: self._columns}
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1} | lines
        key = Qt.Key(event.key())
        if key in steps:
            self.step(steps[key])
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many in a line as fit."""
        super().resizeEvent(event)
        self._arrange()

    def _have(self, count: int) -> None:
        while len(self.buttons) > count:
            self.buttons.pop().deleteLater()
            self._columns = 0
        while len(self.buttons) < count:
            button = ShapeButton(self)
            button.theme = self._theme
            button.clicked.connect(self._on_clicked)
            button.show()
            self.buttons.append(button)
            self._columns = 0

    def _arrange(self) -> None:
        count = len(self.buttons)
        if not count:
            return
        most = max(1, min(count, self.width() // (scaled(_NARROWEST) + 1)))
        columns = ceil(count / ceil(count / most))
        if columns == self._columns:
            return
        self._columns = columns
        for place, button in enumerate(self.buttons):
            self._grid.addWidget(button, place // columns, place % columns)
        self.updateGeometry()

    def _pick(self, button: ShapeButton) -> None:
        if button.shape_shown is not None:
            self.picked.emit(button.shape_shown.ref)

    @Slot()
    def _on_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, ShapeButton):
            # The mark follows the scene that comes back, not the click.
            button.setChecked(not button.isChecked())
            self._pick(button)


class ShapeStrip(QWidget):
    """The cells of the selection, one row for each feature map.

    Signals:
        picked(object): the `Ref` of the anchor a person chose.
    """

    picked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Anchors of the cell"))
        self._theme = dark_theme()
        self.rows: list[CellRow] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(10, 0, 10, 2)
        self._layout.setSpacing(0)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_cells(self, cells: tuple[CellShapes, ...], selected: Ref | None) -> None:
        """Draw them; without any the strip takes no room."""
        while len(self.rows) > len(cells):
            self.rows.pop().deleteLater()
        while len(self.rows) < len(cells):
            row = CellRow(self)
            row.set_theme(self._theme)
            row.picked.connect(self.picked)
            self._layout.addWidget(row)
            self.rows.append(row)
        for row, cell in zip(self.rows, cells, strict=True):
            row.show_cell(cell, selected)
        self.setVisible(bool(cells))

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._theme = theme
        for row in self.rows:
            row.set_theme(theme)
