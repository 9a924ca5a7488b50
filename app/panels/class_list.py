"""The classes: colour, key, name, and how many boxes each has here and in the folder.

A click gives the class to the selected boxes, or else to the next one; what it does is decided by who listens.
"""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, QRectF, Qt, Signal, SignalInstance, Slot
from PySide6.QtGui import QAction, QFontMetrics, QKeyEvent, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QSizePolicy,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.near_names import near_name
from app.panels.class_list_model import NAME_ROLE, ClassListModel, count_words
from app.panels.color_glyphs import SWATCH, paint_chip, paint_color
from app.panels.elided_button import ElidedButton
from app.panels.panel_header import PanelHeader
from app.panels.plain_list import MARGIN, Index, LineDelegate, dress_list
from app.scene import Scene
from app.sentences import say
from app.theme import BASE_PX, SMALL_PX, Theme, scaled, ui_font
from app.wording import text

FILTER_FROM = 15
"""So many classes, and a field to search them appears."""

_KEY = 16
_GAP = 8
_LEAST_NAME = 56
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.AlignmentFlag.AlignRight)
_LEFT = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextSingleLine)


class _ClassDelegate(LineDelegate):
    """Swatch, key and name on the left; the counts in two columns on the right, as far as there is room."""

    def __init__(self, model: ClassListModel, view: QListView) -> None:
        super().__init__(view)
        self._model = model

    def is_marked(self, index: Index, option: QStyleOptionViewItem) -> bool:
        """The class of the next box."""
        return index.row() < len(self._model.rows) and self._model.rows[index.row()].is_current

    def columns(self, width: float) -> tuple[float, float, float]:
        """How wide the key, the count and the count of the folder are drawn in a line of a width; 0: not at all."""
        metrics = QFontMetrics(ui_font(SMALL_PX))
        key = float(scaled(_KEY) + 6) if self._model.has_keys else 0.0
        count, total = (float(metrics.horizontalAdvance(words) + _GAP) for words in self._model.widest)
        room = width - 2 * MARGIN - scaled(SWATCH) - _GAP - scaled(_LEAST_NAME)
        # What can be read elsewhere goes first.
        if not self._model.has_totals or key + count + total + _GAP > room:
            total = 0.0
        if key + count > room:
            key = 0.0
        return key, count, total + _GAP if total else 0.0

    def paint_line(self, painter: QPainter, area: QRectF, index: Index) -> None:
        """Draw what the line says."""
        if index.row() >= len(self._model.rows):
            return
        row, theme = self._model.rows[index.row()], self.theme
        key, count, total = self.columns(area.width() + 2 * MARGIN)
        if row.is_current:
            painter.fillRect(QRectF(area.left() - MARGIN, area.top(), 3, area.height()), theme.accent)
        side = scaled(SWATCH)
        paint_color(painter, QRectF(area.left(), area.center().y() - side / 2, side, side), row.color, theme)
        left = area.left() + side + _GAP
        if key:
            if row.key:
                height = scaled(_KEY)
                paint_chip(painter, QRectF(left, area.center().y() - height / 2, height, height), row.key, theme)
            left += key
        painter.setFont(ui_font(SMALL_PX))
        painter.setPen(theme.muted)
        if row.is_offered:
            right = area.right() - self._paint_offered(painter, area, area.right() - left)
        else:
            right = area.right() - total - count
            if total and row.total is not None:
                painter.drawText(area, _RIGHT, f"{row.total:,}")
            painter.setPen(theme.text if row.count or row.proposed else theme.muted)
            painter.drawText(area.adjusted(0, 0, -total, 0), _RIGHT, count_words(row))
        painter.setFont(ui_font(BASE_PX, bold=row.is_current))
        painter.setPen(theme.muted if row.is_offered else theme.text)
        words = QRectF(left, area.top(), right - left, area.height())
        # In the middle: long names often differ in their ends.
        shown = painter.fontMetrics().elidedText(row.name, Qt.TextElideMode.ElideMiddle, int(words.width()))
        painter.drawText(words, _LEFT, shown)

    def _paint_offered(self, painter: QPainter, area: QRectF, room: float) -> float:
        """Whose class it is, in place of counts; how wide that is, 0 where there is no room."""
        words = text(say("class.offered"))
        width = float(painter.fontMetrics().horizontalAdvance(words) + _GAP)
        if width + scaled(_LEAST_NAME) > room:
            return 0.0
        painter.drawText(area, _RIGHT, words)
        return width


class _ClassView(QListView):
    """Arrows walk, Enter and Space choose: walking along the list must not change a selected box at each step."""

    class_taken = Signal(QModelIndex)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose the line that has the keyboard."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.currentIndex().isValid():
            self.class_taken.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)


class ClassList(QWidget):
    """The classes of the folder.

    Signals:
        class_chosen(str): for the selected boxes, else for the next one.
        class_added(str): typed as a class of the list, be it there already or not; the next box gets it.
        rename_wanted(str), merge_wanted(str), delete_wanted(str), color_wanted(str): of the class with this name.
        select_all_wanted(str): all boxes of this class in the image.
        prelabel_wanted(str): what the detector takes for this class in the image.
    """

    class_chosen = Signal(str)
    class_added = Signal(str)
    rename_wanted = Signal(str)
    merge_wanted = Signal(str)
    delete_wanted = Signal(str)
    color_wanted = Signal(str)
    select_all_wanted = Signal(str)
    prelabel_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader(text(say("classes.title")), self)
        self.header.note.setToolTip(text(say("classes.columns.tip")))
        self.header.title.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.count = QLabel("", self)
        self.count.setProperty("muted", True)
        self.count.setProperty("small", True)
        self.header.add_beside_title(self.count)
        self.model = ClassListModel(self)
        self.view = _ClassView(self)
        self._build_view()
        self._build_fields()
        self._menu_name = ""
        self._is_open = False
        self._build_menu()
        self._lay_out()
        self._show_counts()

    def _build_view(self) -> None:
        dress_list(self.view, text(say("classes.title")))
        self.view.setModel(self.model)
        # Marked is the class of the next box, which the scene says; there is no selection beside it.
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._delegate = _ClassDelegate(self.model, self.view)
        self.view.setItemDelegate(self._delegate)
        self.view.clicked.connect(self._on_taken)
        self.view.class_taken.connect(self._on_taken)
        self.view.customContextMenuRequested.connect(self._on_menu_wanted)

    def _build_fields(self) -> None:
        self.filter_field = QLineEdit(self)
        self.filter_field.setClearButtonEnabled(True)
        self.new_field = QLineEdit(self)
        for field, hint, name in (
            (self.filter_field, text(say("classes.filter")), text(say("classes.filter"))),
            (self.new_field, text(say("classes.new")), text(say("classes.new.name"))),
        ):
            field.setPlaceholderText(hint)
            field.setAccessibleName(name)
        self.filter_field.textChanged.connect(self._on_filter)
        self.filter_field.returnPressed.connect(self._on_filter_done)
        self.new_field.textEdited.connect(self._on_edited)
        self.new_field.returnPressed.connect(self._on_new)
        self.note = QLabel("", self)
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setProperty("small", True)
        self.empty = QLabel("", self)
        self.empty.setWordWrap(True)
        self.empty.setProperty("muted", True)
        self.empty.setProperty("small", True)
        self.empty.setContentsMargins(MARGIN, 2, MARGIN, 6)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.near_button, self.add_button = ElidedButton(self), ElidedButton(self)
        for button in (self.near_button, self.add_button):
            button.setProperty("small", True)
        self.near_button.clicked.connect(self._on_near)
        self.add_button.clicked.connect(self._on_add)
        self._near = ""

    def _build_menu(self) -> None:
        self.menu = QMenu(self)
        self.menu.aboutToHide.connect(self._on_menu_hidden)
        self._wanted: dict[QAction, SignalInstance] = {}
        for words, signal in (
            (text(say("classes.rename")), self.rename_wanted),
            (text(say("classes.color")), self.color_wanted),
            (text(say("classes.select_all")), self.select_all_wanted),
            ("", self.prelabel_wanted),
            (text(say("classes.merge")), self.merge_wanted),
            (text(say("classes.delete")), self.delete_wanted),
        ):
            if signal is self.merge_wanted:
                self.menu.addSeparator()
            action = self.menu.addAction(words)
            action.triggered.connect(self._on_wanted)
            self._wanted[action] = signal
            if signal is self.prelabel_wanted:
                self.prelabel_action = action
        rename = self.menu.actions()[0]
        rename.setShortcut(QKeySequence(Qt.Key.Key_F2))
        rename.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.view.addAction(rename)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(0)
        fields: list[QVBoxLayout] = []
        buttons = QVBoxLayout()
        buttons.setSpacing(4)
        buttons.addWidget(self.near_button)
        buttons.addWidget(self.add_button)
        for widgets in ((self.filter_field,), (self.new_field, self.note)):
            column = QVBoxLayout()
            column.setContentsMargins(10, 4, 10, 4)
            column.setSpacing(4)
            for widget in widgets:
                column.addWidget(widget)
            fields.append(column)
        fields[1].addLayout(buttons)
        layout.addWidget(self.header)
        layout.addLayout(fields[0])
        layout.addWidget(self.empty)
        layout.addWidget(self.view, 1)
        layout.addLayout(fields[1])
        self._ask(None)

    # -- showing: none of these emits an intent ------------------------------------------------------------------------

    def show_scene(self, scene: Scene) -> None:
        """List the classes and mark the one of the next box."""
        rows = () if scene.editing is None else scene.editing.classes
        before, place = self.model.current(), self.view.verticalScrollBar().value()
        if self.model.show_rows(rows):
            self.view.verticalScrollBar().setValue(place)
        current = self.model.place_of(self.model.current())
        if self.model.current() != before and current >= 0:
            self.view.scrollTo(self.model.index(current))
        self._is_open = scene.editing is not None
        self.new_field.setEnabled(self._is_open)
        self._show_counts()
        self.view.viewport().update()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._delegate.theme = theme
        self.view.viewport().update()

    def _show_counts(self) -> None:
        shown, total = self.model.rowCount(), self.model.total
        is_long = total >= FILTER_FROM
        if not is_long and self.filter_field.text():
            self.filter_field.clear()
        self.filter_field.setVisible(is_long)
        words = f"{total:,}" if shown == total else text(say("classes.count", shown=shown, total=total))
        self.count.setText(words if total else "")
        none = say("classes.none" if self._is_open else "classes.no_image")
        self.empty.setText(text(say("classes.filtered") if total else none))
        self.empty.setVisible(not shown)
        self.view.setVisible(shown > 0)
        self._fit()

    def _fit(self) -> None:
        """The columns are named where both are there, with room for the names."""
        note = self.header.note
        # The view may not have its new width yet.
        width = self.width() - self.view.verticalScrollBar().sizeHint().width()
        note.setText(text(say("classes.columns")) if self._delegate.columns(width)[2] else "")
        room = self.width() - self.header.title.sizeHint().width() - self.count.sizeHint().width() - 50
        note.setVisible(bool(note.text()) and room >= note.words_width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other columns may fit."""
        super().resizeEvent(event)
        self._fit()

    # -- what a person does --------------------------------------------------------------------------------------------

    @Slot(QModelIndex)
    def _on_taken(self, index: QModelIndex) -> None:
        name = index.data(NAME_ROLE)
        if isinstance(name, str):
            self.class_chosen.emit(name)

    @Slot(QPoint)
    def _on_menu_wanted(self, place: QPoint) -> None:
        index = self.view.indexAt(place)
        if not index.isValid():
            return
        self.view.setCurrentIndex(index)
        name = str(index.data(NAME_ROLE)).replace("&", "&&")
        self.prelabel_action.setText(text(say("classes.prelabel", name=name)))
        for action in self._wanted:
            action.setEnabled(self._can(action))
        self.menu.popup(self.view.viewport().mapToGlobal(place))

    @Slot()
    def _on_menu_hidden(self) -> None:
        """A key of it is about the line that has the keyboard then."""
        for action in self._wanted:
            action.setEnabled(True)

    @Slot()
    def _on_wanted(self) -> None:
        action, name = self.sender(), self.view.currentIndex().data(NAME_ROLE)
        if isinstance(action, QAction) and isinstance(name, str) and self._can(action):
            self._wanted[action].emit(name)

    def _can(self, action: QAction) -> bool:
        """A class that the folder does not have is neither renamed nor deleted, one the detector lacks not proposed."""
        place = self.view.currentIndex().row()
        if not 0 <= place < len(self.model.rows):
            return True
        row = self.model.rows[place]
        return row.is_found if self._wanted[action] is self.prelabel_wanted else not row.is_offered

    @Slot(str)
    def _on_filter(self, words: str) -> None:
        self.model.search(words)
        self._show_counts()

    @Slot()
    def _on_filter_done(self) -> None:
        if self.model.rowCount():
            self.view.setFocus()
            self.view.setCurrentIndex(self.model.index(0))

    @Slot()
    def _on_edited(self) -> None:
        self._ask(None)

    @Slot()
    def _on_new(self) -> None:
        name = " ".join(self.new_field.text().split())
        if not name:
            return
        if name in self.model.names:
            self._on_add()
            return
        near = None if self.note.text() else near_name(name, self.model.names)
        if near is None:
            self._on_add()
        else:
            self._ask(near)

    def _ask(self, near: str | None) -> None:
        """Ask below the field whether a known class is meant; None: ask nothing."""
        typed = " ".join(self.new_field.text().split())
        self._near = near or ""
        self.note.setText("" if near is None else text(say("class.is_near", name=typed, near=near)))
        self.near_button.show_words(self._near)
        self.near_button.setAccessibleName(text(say("class.take.tip", name=self._near)))
        self.add_button.show_words(text(say("class.add", name=typed)))
        self.add_button.setAccessibleName(text(say("class.add.tip", name=typed)))
        for widget in (self.note, self.near_button, self.add_button):
            widget.setVisible(near is not None)

    @Slot()
    def _on_near(self) -> None:
        name = self._near
        self._finish()
        self.class_added.emit(name)

    @Slot()
    def _on_add(self) -> None:
        name = " ".join(self.new_field.text().split())
        self._finish()
        self.class_added.emit(name)

    def _finish(self) -> None:
        self.new_field.clear()
        self._ask(None)
