"""The list of ground-truth objects with their outcome and cause, and of false positives.

The scene has all of them; what is listed, and what M walks along, is what the filter lets pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.key_names import with_keys
from app.key_tips import set_key_tip
from app.object_filter import ObjectFilter
from app.panels.filter_button import FilterButton
from app.panels.glyphs import paint_focus
from app.panels.panel_header import PanelHeader
from app.scene import Message, ObjectRow, Ref, Scene
from app.theme import BASE_PX, SMALL_PX, Theme, dark_theme, scaled, ui_font
from app.translation import later, tr
from app.wording import text

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_NO_INDEX = QModelIndex()


NOTHING = later("No annotated objects and no detections judged on this image.")
SHOW_ALL = later("Show all")


class ObjectsModel(QAbstractListModel):
    """The rows with their texts made once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[ObjectRow, ...] = ()
        self.texts: list[tuple[str, str]] = []

    def show_rows(self, rows: tuple[ObjectRow, ...]) -> None:
        """Take new rows; the view keeps its place where only words changed."""
        texts = [(text(row.name), text(row.verdict)) for row in rows]
        if [row.ref for row in rows] == [row.ref for row in self.rows]:
            self.rows, self.texts = rows, texts
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self.rows, self.texts = rows, texts
        self.endResetModel()

    def place_of(self, ref: Ref | None) -> int:
        """The line of a thing, -1 where it is not listed."""
        return _place_of(self.rows, ref)

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """Lines shown."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """What the view and a screen reader ask for."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        if role == ROW_ROLE:
            return self.rows[index.row()]
        name, verdict = self.texts[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return f"{name}, {verdict}"
        return None


class _ObjectDelegate(QStyledItemDelegate):
    """Name on the left, verdict in its role's colour on the right."""

    def __init__(self, model: ObjectsModel, view: QListView) -> None:
        super().__init__(view)
        self._model, self._view = model, view
        self.theme = dark_theme()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one line."""
        theme, area = self.theme, QRectF(option.rect)
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, theme.chosen)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, theme.hover)
        if index.row() >= len(self._model.rows):
            return
        row, (name, verdict) = self._model.rows[index.row()], self._model.texts[index.row()]
        painter.setFont(ui_font(BASE_PX))
        metrics, small = painter.fontMetrics(), QFontMetrics(ui_font(SMALL_PX))
        inner = area.adjusted(12, 0, -12, 0)
        # Both words are to be read: a long name leaves the verdict what it needs, up to half of the line.
        kept = min(small.horizontalAdvance(verdict) + 13, int(inner.width() / 2))
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, int(inner.width()) - kept)
        painter.setPen(theme.text)
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignVCenter), shown)
        inner.setLeft(inner.left() + metrics.horizontalAdvance(shown) + 12)
        painter.setFont(ui_font(SMALL_PX))
        # What went well is quiet: the eye should find the others.
        painter.setPen(theme.role(row.role) if row.wrong and row.role is not None else theme.muted)
        words = painter.fontMetrics().elidedText(verdict, Qt.TextElideMode.ElideRight, int(inner.width()))
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.AlignmentFlag.AlignRight), words)
        if state & QStyle.StateFlag.State_HasFocus and self._view.hasFocus():
            paint_focus(painter, area.adjusted(2.5, 0.5, -2.5, -0.5), theme, 4)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """The height of a line."""
        return QSize(160, scaled(22))


class ObjectsPanel(QWidget):
    """Objects and false positives of this image.

    Attributes:
        filter: what is listed; it stays when another image is shown.

    Signals:
        picked(object): the `Ref` of the line a person chose.
        walked_out(int): there is no further missed object or false positive in this direction (+1, -1).
    """

    picked = Signal(object)
    walked_out = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader(tr("Objects"), self)
        self.model = ObjectsModel(self)
        self.view = QListView(self)
        self.view.setModel(self.model)
        self.view.setUniformItemSizes(True)
        self.view.setMouseTracking(True)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setAccessibleName(tr("Objects and false positives"))
        self._delegate = _ObjectDelegate(self.model, self.view)
        self.view.setItemDelegate(self._delegate)
        self.empty = QLabel("", self)
        self.empty.setProperty("muted", True)
        self.empty.setProperty("small", True)
        self.empty.setWordWrap(True)
        self.empty.setContentsMargins(12, 2, 12, 6)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.filter = ObjectFilter()
        self._rows: tuple[ObjectRow, ...] = ()
        self._selected: Ref | None = None
        self._place = -1
        self._is_open = False
        self._build_filter()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(0)
        for widget, stretch in ((self.header, 0), (self.empty, 0), (self._way_back, 1), (self.view, 1)):
            layout.addWidget(widget, stretch)
        # Keyboard and mouse both change the current line; a scene changes it with signals blocked.
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.view.clicked.connect(self._on_clicked)
        self._show_counts()

    def _build_filter(self) -> None:
        self.count = QLabel("", self)
        self.count.setProperty("muted", True)
        self.count.setProperty("small", True)
        self.header.title.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.header.add_beside_title(self.count)
        self.filter_button = FilterButton(self)
        self.filter_button.chosen.connect(self.set_filter)
        self.header.add_widget(self.filter_button)
        self.clear_button = self.header.add_button("✕", tr("Show all: no filter"))
        self.clear_button.clicked.connect(self.clear_filter)
        # Where the filter leaves nothing, the way back stands where the lines would.
        self.show_all_button = QPushButton(tr(SHOW_ALL), self)
        self.show_all_button.setProperty("small", True)
        self.show_all_button.setAccessibleName(tr("Show all: no filter"))
        self.show_all_button.clicked.connect(self.clear_filter)
        self._way_back = QWidget(self)
        line = QHBoxLayout(self._way_back)
        line.setContentsMargins(12, 0, 12, 0)
        line.addWidget(self.show_all_button, 0, Qt.AlignmentFlag.AlignTop)
        line.addStretch(1)

    def show_scene(self, scene: Scene) -> None:
        """Draw the lines and mark the selected one."""
        before, self._rows = [row.ref for row in self._rows], scene.objects
        is_other = before != [row.ref for row in scene.objects]
        if is_other or scene.selected != self._selected:
            self._remember_place(scene.selected)
        self._selected = scene.selected
        self._show_rows(is_other)
        # Before an image is open there is nothing to say about it.
        self._is_open = scene.space.image_hw != (0, 0)
        self._show_counts()

    def _remember_place(self, selected: Ref | None) -> None:
        """The line of the selected thing; of one that has just left the list, the line it left.

        So the next one is found after a false positive has been accepted and is none any more.
        """
        place = _place_of(self._rows, selected)
        if place >= 0:
            self._place = place
        elif selected is None or selected != self._selected:
            self._place = -1

    def _show_rows(self, is_other: bool) -> None:
        selection = self.view.selectionModel()
        selection.blockSignals(True)
        self.model.show_rows(tuple(row for row in self._rows if self.filter.admits(row)))
        place = self.model.place_of(self._selected)
        if place < 0:
            self.view.clearSelection()
            self.view.setCurrentIndex(QModelIndex())
            if is_other:
                self.view.scrollToTop()  # other objects: what is wrong stands first
        elif place != self.view.currentIndex().row() or not self.view.selectionModel().hasSelection():
            self.view.setCurrentIndex(self.model.index(place))
            self.view.scrollTo(self.model.index(place))
        selection.blockSignals(False)
        self.view.viewport().update()

    @Slot(object)
    def set_filter(self, chosen: ObjectFilter) -> None:
        """List these only, and let M walk along these."""
        self.filter = chosen
        self._show_rows(is_other=True)
        self._show_counts()

    @Slot()
    def clear_filter(self) -> None:
        """List everything."""
        had_focus = self.clear_button.hasFocus() or self.show_all_button.hasFocus()
        self.set_filter(ObjectFilter())
        if had_focus:  # these buttons go with the filter
            self.filter_button.setFocus()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._delegate.theme = theme
        self.filter_button.set_theme(theme)
        self.view.viewport().update()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow panel the filter has the room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """What M leads to is said where all of it fits beside the rest."""
        others = [self.header.title, self.count, self.filter_button]
        others += [self.clear_button] if not self.filter.is_all else []
        room = self.width() - sum(each.sizeHint().width() for each in others) - 60
        self.header.note.setVisible(room >= self.header.note.words_width())

    def pick_wrong(self, by: int) -> None:
        """Pick the next (+1) or previous (-1) missed object or false positive that the filter lets pass."""
        wrong = [place for place, row in enumerate(self._rows) if row.wrong and self.filter.admits(row)]
        here = _place_of(self._rows, self._selected)
        if here < 0 <= self._place:  # it has left the list: what stands in its place comes next
            here = self._place - 1 if by > 0 else self._place
        if by > 0:
            place = next((place for place in wrong if place > here), -1)
        else:
            place = next((place for place in reversed(wrong) if here < 0 or place < here), -1)
        if place < 0:
            self.walked_out.emit(by)
        else:
            self.picked.emit(self._rows[place].ref)

    def wrong_rows(self, rows: Sequence[ObjectRow]) -> list[ObjectRow]:
        """Which of some rows M would walk along."""
        return [row for row in rows if row.wrong and self.filter.admits(row)]

    def _show_counts(self) -> None:
        shown, total, chosen = self.model.rowCount(), len(self._rows), self.filter
        wrong = {row.ref.kind for row in self.model.rows if row.wrong}
        next_missed, next_false = tr("{key[next_wrong]}: next missed"), tr("{key[next_wrong]}: next false positive")
        self.header.note.setText(with_keys(next_missed if "object" in wrong else next_false) if wrong else "")
        tip = tr("{key[next_wrong]}: next missed object or false positive; {key[previous_wrong]}: previous")
        set_key_tip(self.header.note, tip)
        self.filter_button.show_filter(chosen, self._rows)
        self.count.setText(f"{total:,}" if chosen.is_all and total else _of(shown, total) if total else "")
        self.count.setAccessibleName(tr("{n:,} of {total:,} lines").format(n=shown, total=total))
        self.clear_button.setVisible(not chosen.is_all)
        if total and not shown:
            is_known = all(row.kind != "not_run" for row in self._rows) or not chosen.kind
            message = "filter.nothing" if is_known else "filter.not_known"
            self.empty.setText(text(Message(message, {"name": chosen.name, "n": total})))
        else:
            self.empty.setText(tr(NOTHING) if self._is_open else "")
        self.empty.setVisible(not shown)
        self._way_back.setVisible(not shown)
        self.show_all_button.setVisible(bool(total))
        self.view.setVisible(bool(shown))
        self._fit()

    @Slot(QModelIndex)
    def _on_current(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, ObjectRow) and row.ref != self._selected:
            self._selected = row.ref
            self.picked.emit(row.ref)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        # A click on the line that is current already: picks it again where something else was selected meanwhile.
        self._on_current(index)


def _of(shown: int, total: int) -> str:
    return tr("{n:,} of {total:,}").format(n=shown, total=total)


def _place_of(rows: Sequence[ObjectRow], ref: Ref | None) -> int:
    """The place of a thing among rows, -1 where it is not there."""
    return next((place for place, row in enumerate(rows) if row.ref == ref), -1)
