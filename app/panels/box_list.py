"""The boxes of the image: which there are, how large, with what flags; selected here and on the picture alike."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QLabel, QListView, QSizePolicy, QVBoxLayout, QWidget

from app.panels.box_list_model import BoxListModel, flag_texts, name_text, size_text
from app.panels.color_glyphs import SWATCH, chip_width, paint_chip, paint_color, paint_lock
from app.panels.panel_header import PanelHeader
from app.panels.plain_list import MARGIN, Index, LineDelegate, dress_list
from app.scene import BoxRow, Message, Scene
from app.sentences import say
from app.theme import BASE_PX, SMALL_PX, Theme, scaled, ui_font
from app.wording import text

_GAP = 8
_CHIP = 16
_LOCK = 12
_LEAST_NAME = 60
_LEFT = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextSingleLine)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.AlignmentFlag.AlignRight)


class _BoxDelegate(LineDelegate):
    """Swatch and name on the left; flags, lock and size on the right, as far as there is room."""

    def __init__(self, model: BoxListModel, view: QListView) -> None:
        super().__init__(view)
        self._model = model

    def size_width(self, width: float) -> float:
        """How wide the sizes are drawn in a line of a width; 0 where the names need the room."""
        needed = QFontMetrics(ui_font(SMALL_PX)).horizontalAdvance(self._model.widest) + _GAP
        room = width - 2 * MARGIN - scaled(SWATCH) - _GAP - scaled(_LEAST_NAME)
        return float(needed) if needed <= room else 0.0

    def chips(self, row: BoxRow, room: float) -> list[str]:
        """The flags as words where they fit beside the name, else as letters, else as letters in one chip.

        None where not even that fits.
        """
        letters = flag_texts(row, short=True)
        for words in (flag_texts(row), letters, ["".join(letters)] if letters else []):
            if sum(chip_width(each) + 4 for each in words) <= room:
                return words
        return []

    def paint_line(self, painter: QPainter, area: QRectF, index: Index) -> None:
        """Draw what the line says."""
        if index.row() >= len(self._model.rows):
            return
        row, theme, side = self._model.rows[index.row()], self.theme, scaled(SWATCH)
        middle = area.center().y()
        paint_color(painter, QRectF(area.left(), middle - side / 2, side, side), row.color, theme, row.is_proposed)
        left, right = area.left() + side + _GAP, area.right()
        size = self.size_width(area.width() + 2 * MARGIN)
        if size:
            painter.setFont(ui_font(SMALL_PX))
            painter.setPen(theme.muted)
            painter.drawText(area, _RIGHT, size_text(row.wh))
            right -= size
        if row.is_locked:
            paint_lock(painter, QPointF(right - scaled(_LOCK) / 2, middle), theme.muted)
            right -= scaled(_LOCK) + 4
        font = ui_font(BASE_PX)
        font.setItalic(row.is_proposed)
        name = name_text(row)
        wanted = QFontMetrics(font).horizontalAdvance(name)
        right = self._paint_chips(painter, row, QRectF(left, middle, right - left, 0), wanted)
        painter.setFont(font)
        painter.setPen(theme.muted if row.is_proposed else theme.text)
        words = QRectF(left, area.top(), right - left, area.height())
        # In the middle: the number at the end tells one from another.
        shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, int(words.width()))
        painter.drawText(words, _LEFT, shown)

    def _paint_chips(self, painter: QPainter, row: BoxRow, area: QRectF, name_width: float) -> float:
        """The flags at the right of an area, beside the name; where they begin."""
        right, height = area.right(), scaled(_CHIP)
        # A short name stays whole; a long one leaves the flags something.
        room = area.width() - min(name_width + _GAP, max(area.width() / 2, scaled(_LEAST_NAME)))
        for words in reversed(self.chips(row, room)):
            width = chip_width(words)
            chip = QRectF(right - width, area.top() - height / 2, width, height)
            paint_chip(painter, chip, words, self.theme)
            right -= width + 4
        return right


class _BoxView(QListView):
    """Opens the menu with the menu key at the line that has the keyboard, with the mouse at the cursor."""

    menu_wanted = Signal(QPoint)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of what is selected."""
        place = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            line = self.visualRect(self.currentIndex())
            place = self.viewport().mapToGlobal(QPoint(line.left() + MARGIN, line.bottom()))
        if self.selectionModel().hasSelection():
            self.menu_wanted.emit(place)


class BoxList(QWidget):
    """The objects of the image.

    Signals:
        rows_chosen(list): the rows of the ground truth that a person selected here, the one selected last at the end.
        row_activated(int): a double click on this row.
        menu_wanted(QPoint): at this place of the screen, for what is selected.
    """

    rows_chosen = Signal(list)
    row_activated = Signal(int)
    menu_wanted = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader(text(say("boxes.title")), self)
        self.header.title.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.count = QLabel("", self)
        self.count.setProperty("muted", True)
        self.count.setProperty("small", True)
        self.header.add_beside_title(self.count)
        self.model = BoxListModel(self)
        self.view = _BoxView(self)
        dress_list(self.view, text(say("boxes.title")))
        self.view.setModel(self.model)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._delegate = _BoxDelegate(self.model, self.view)
        self.view.setItemDelegate(self._delegate)
        self.empty = QLabel("", self)
        self.empty.setWordWrap(True)
        self.empty.setProperty("muted", True)
        self.empty.setProperty("small", True)
        self.empty.setContentsMargins(MARGIN, 2, MARGIN, 6)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._chosen: frozenset[int] = frozenset()
        self._last: int | None = None
        self._is_open = False
        self._refused: Message | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.view, 1)
        # Keyboard and mouse both change the selection; a scene changes it with signals blocked.
        self.view.selectionModel().selectionChanged.connect(self._on_selection)
        self.view.doubleClicked.connect(self._on_double_click)
        self.view.menu_wanted.connect(self.menu_wanted)
        self._show_counts()

    # -- showing: none of these emits an intent ------------------------------------------------------------------------

    def show_scene(self, scene: Scene) -> None:
        """List the boxes and mark the selected ones."""
        editing, selection = scene.editing, self.view.selectionModel()
        rows = () if editing is None else editing.rows
        chosen = frozenset() if editing is None else editing.chosen
        last = scene.selected.row if scene.selected is not None and scene.selected.kind == "object" else None
        place = self.view.verticalScrollBar().value()
        selection.blockSignals(True)
        is_other = self.model.show_rows(rows)
        if is_other:
            self.view.verticalScrollBar().setValue(place)
        if is_other or chosen != self._chosen or last != self._last:
            self._mark(chosen, last)
        selection.blockSignals(False)
        self._is_open, self._refused = editing is not None, None if editing is None else editing.refused
        self._show_counts()
        self.view.viewport().update()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._delegate.theme = theme
        self.view.viewport().update()

    def _mark(self, chosen: frozenset[int], last: int | None) -> None:
        """Select the lines of these rows, and go to the one selected last where that is another one."""
        flags, selection = QItemSelectionModel.SelectionFlag, self.view.selectionModel()
        places = sorted(place for row in chosen if (place := self.model.place_of(row)) >= 0)
        selection.select(_ranges(self.model, places), flags.ClearAndSelect)
        at = self.model.place_of(last) if last is not None and last in chosen else -1
        if at >= 0:
            selection.setCurrentIndex(self.model.index(at), flags.NoUpdate)
            if last != self._last or chosen != self._chosen:
                self.view.scrollTo(self.model.index(at))
        self._chosen, self._last = chosen, last

    def _show_counts(self) -> None:
        total, proposed = self.model.rowCount(), self.model.num_proposed
        self.header.note.setText(text(say("boxes.proposed", n=proposed)) if proposed else "")
        self.header.note.setToolTip(text(say("boxes.proposed.tip")) if proposed else "")
        self.empty.setText(text(self._refused or say("boxes.none")) if self._is_open else "")
        self.empty.setVisible(not total)
        self.view.setVisible(total > 0)
        self._fit()

    def _fit(self) -> None:
        """How many are proposed is said where all of it fits beside the rest."""
        note, total, chosen = self.header.note, self.model.rowCount(), len(self._chosen)
        title = self.header.title.sizeHint().width()
        self.count.setText(f"{total:,}" if total else "")
        if chosen > 1 and total:
            for words in ("boxes.chosen", "boxes.chosen.short"):
                self.count.setText(text(say(words, n=chosen, total=total)))
                if title + self.count.sizeHint().width() + 30 <= self.width():
                    break
        room = self.width() - title - self.count.sizeHint().width() - 50
        note.setVisible(bool(note.text()) and room >= note.words_width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow panel the counts have the room."""
        super().resizeEvent(event)
        self._fit()

    # -- what a person does --------------------------------------------------------------------------------------------

    def chosen_rows(self) -> list[int]:
        """The rows selected here, in the order of the list but for the one selected last, which comes last."""
        parts, places = self.view.selectionModel().selection(), set[int]()
        # By ranges: with thousands of lines an index for each takes long.
        for at in range(parts.count()):
            places.update(range(parts.at(at).top(), parts.at(at).bottom() + 1))
        rows = [self.model.rows[place].row for place in sorted(places)]
        current = self.view.currentIndex()
        if current.isValid() and current.row() < len(self.model.rows):
            last = self.model.rows[current.row()].row
            if last in rows:
                rows.remove(last)
                rows.append(last)
        return rows

    @Slot()
    def _on_selection(self) -> None:
        rows = self.chosen_rows()
        if frozenset(rows) != self._chosen:
            self._chosen, self._last = frozenset(rows), rows[-1] if rows else None
            self._show_counts()
            self.rows_chosen.emit(rows)

    @Slot(QModelIndex)
    def _on_double_click(self, index: QModelIndex) -> None:
        if index.isValid() and index.row() < len(self.model.rows):
            self.row_activated.emit(self.model.rows[index.row()].row)


def _ranges(model: BoxListModel, places: list[int]) -> QItemSelection:
    """Lines as a selection of as few ranges as there are gaps: thousands of lines are selected at once."""
    made = QItemSelection()
    if not places:
        return made
    breaks = [at for at, (one, next_one) in enumerate(pairwise(places), start=1) if next_one != one + 1]
    for start, end in pairwise([0, *breaks, len(places)]):
        made.select(model.index(places[start]), model.index(places[end - 1]))
    return made
