"""The images of the open folder: search, a small picture, name and state of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QImage, QPainter, QPainterPath
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.panels.glyphs import paint_dot, paint_focus, search_icon
from app.panels.image_list_model import PATH_ROLE, UNSAVED, ImageListModel, ImageState
from app.scene import Message, Role
from app.theme import BASE_PX, SMALL_PX, Theme, dark_theme, scaled, ui_font
from app.wording import text

Index = QModelIndex | QPersistentModelIndex
THUMBNAIL = QSize(56, 42)
_ROW_HEIGHT = 54
_REST_MS = 80
"""Small pictures are asked for once scrolling rests this long."""


class _ImageDelegate(QStyledItemDelegate):
    """Small picture on the left; name and state beside it."""

    def __init__(self, model: ImageListModel, view: QListView) -> None:
        super().__init__(view)
        self._model, self._view = model, view
        self.theme = dark_theme()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one line."""
        path = self._model.path(index.row())
        if path is None:
            return
        theme, state = self.theme, option.state
        area = QRectF(option.rect).adjusted(6, 1, -6, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(theme.accent)
            painter.setBrush(theme.chosen)
            painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(theme.hover)
            painter.drawRoundedRect(area, 6, 6)
        place = QRectF(area.left() + 6, area.center().y() - 21, THUMBNAIL.width(), THUMBNAIL.height())
        self._paint_thumbnail(painter, place, self._model.thumbnail(path))
        left = place.right() + 9
        line = scaled(18)
        words = QRectF(left, area.center().y() - line - 0.5, area.right() - 3 - left, line)
        painter.setFont(ui_font(BASE_PX))
        wanted = painter.fontMetrics().horizontalAdvance(path.name)
        room = words.width()
        if self._model.is_unsaved(index.row()):
            room -= self._paint_unsaved(painter, words, words.width() - wanted)
        painter.setPen(theme.text)
        painter.setFont(ui_font(BASE_PX))
        name = painter.fontMetrics().elidedText(path.name, Qt.TextElideMode.ElideMiddle, int(room))
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), name)
        self._paint_state(painter, words.translated(0, line + 1), self._model.state(index.row()))
        if state & QStyle.StateFlag.State_HasFocus and self._view.hasFocus():
            paint_focus(painter, area.adjusted(2.5, 2.5, -2.5, -2.5), theme, 5)
        painter.restore()

    def _paint_unsaved(self, painter: QPainter, area: QRectF, spare: float) -> float:
        """The mark at the right of the name, a dot where there is no room for the word; the room it takes."""
        painter.setFont(ui_font(SMALL_PX))
        width = painter.fontMetrics().horizontalAdvance(UNSAVED) + 8.0
        if width > spare:
            size = scaled(4)
            paint_dot(painter, QPointF(area.right() - size, area.center().y()), self.theme.accent, filled=True)
            return 2.0 * size + 6.0
        painter.setPen(self.theme.accent)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.AlignmentFlag.AlignRight), UNSAVED)
        return width

    def _paint_thumbnail(self, painter: QPainter, area: QRectF, image: QImage | None) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(area, 3, 3)
        painter.fillPath(outline, self.theme.hover)
        if image is None or image.isNull():
            return
        scale = max(area.width() / image.width(), area.height() / image.height())
        width, height = area.width() / scale, area.height() / scale
        source = QRectF((image.width() - width) / 2, (image.height() - height) / 2, width, height)
        painter.save()
        painter.setClipPath(outline)
        painter.drawImage(area, image, source)
        painter.restore()

    def _paint_state(self, painter: QPainter, area: QRectF, state: ImageState | None) -> None:
        theme = self.theme
        is_run = state is not None and state.is_run
        dot = theme.good if is_run else theme.muted
        paint_dot(painter, QPointF(area.left() + scaled(4), area.center().y() + 0.5), dot, filled=is_run)
        painter.setFont(ui_font(SMALL_PX))
        metrics = painter.fontMetrics()
        x = area.left() + scaled(12)
        parts = (
            [(words, theme.muted if role is None else theme.role(role)) for words, role in state.parts] if state else []
        )
        if state is not None and state.problem:
            parts.insert(0, (state.problem, theme.error))
        for words, colour in parts or [("not run", theme.muted)]:
            painter.setPen(colour)
            room = area.right() - x
            if room < 12:
                break
            painter.drawText(
                QRectF(x, area.top(), room, area.height()),
                int(Qt.AlignmentFlag.AlignVCenter),
                metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(room)),
            )
            x += metrics.horizontalAdvance(f"{words} ")

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """The height of a line."""
        return QSize(140, scaled(_ROW_HEIGHT))


class ImageList(QWidget):
    """The images of a folder.

    Signals:
        image_chosen(object): the `Path` of the line a person chose.
        thumbnails_wanted(list): `Path`s in view without a small picture; the newest request counts.
    """

    image_chosen = Signal(object)
    thumbnails_wanted = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ImageListModel(self)
        self._current: Path | None = None
        self._asked: set[Path] = set()
        self._build_search()
        self._build_view()
        self.empty = QLabel("", self)
        self.footer = QLabel("", self)
        for label in (self.empty, self.footer):
            label.setProperty("muted", True)
            label.setWordWrap(True)
            label.setContentsMargins(12, 6, 12, 6)
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.footer.setProperty("small", True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(6)
        line = QVBoxLayout()
        line.setContentsMargins(10, 0, 10, 0)
        line.addWidget(self.search_field)
        layout.addLayout(line)
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.footer)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REST_MS)
        self._timer.timeout.connect(self._ask_for_thumbnails)
        self._show_counts()

    def _build_search(self) -> None:
        self.search_field = QLineEdit(self)
        self.search_field.setPlaceholderText("Search images")
        self.search_field.setToolTip("Words of the name or the state (Ctrl+F)")
        self.search_field.setAccessibleName("Search images")
        self.search_field.setClearButtonEnabled(True)
        self._search_sign = QAction(search_icon(dark_theme().muted), "", self.search_field)
        self.search_field.addAction(self._search_sign, QLineEdit.ActionPosition.LeadingPosition)
        self.search_field.textChanged.connect(self._on_search)
        self.search_field.returnPressed.connect(self._on_search_done)

    def _build_view(self) -> None:
        self.view = QListView(self)
        self.view.setModel(self.model)
        self.view.setUniformItemSizes(True)
        self.view.setMouseTracking(True)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.verticalScrollBar().setSingleStep(_ROW_HEIGHT // 2)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setAccessibleName("Images")
        self._delegate = _ImageDelegate(self.model, self.view)
        self.view.setItemDelegate(self._delegate)
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.view.verticalScrollBar().valueChanged.connect(self._rest)
        self.view.viewport().installEventFilter(self)

    # -- showing: none of these emits an intent ------------------------------------------------------------------------

    def show_folder(self, files: Sequence[str]) -> None:
        """Show the images of a folder, paths as text, in the order given."""
        self.view.selectionModel().blockSignals(True)
        self._current = None
        self._asked.clear()
        self.model.show_files(files)
        self.view.selectionModel().blockSignals(False)
        self._show_counts()
        self._rest()

    def beside(self, path: Path) -> tuple[Path, ...]:
        """The shown images after and before one: where a step would lead."""
        row = self.model.row_of(path)
        found = (self.model.path(row + 1), self.model.path(row - 1)) if row >= 0 else ()
        return tuple(each for each in found if each is not None)

    def select(self, path: Path | None) -> None:
        """Mark the open image."""
        self._current = path
        self._mark_current()

    def mark_state(
        self,
        path: Path,
        parts: Sequence[tuple[Message, Role | None]],
        is_run: bool = True,
        problem: Message | None = None,
    ) -> None:
        """Say what is known of an image: the pieces of its second line, and before them what is wrong."""
        pieces = tuple((text(message), role) for message, role in parts)
        self.model.set_state(path, ImageState(pieces, is_run, "" if problem is None else text(problem)))
        self._show_counts()

    def show_unsaved(self, paths: Iterable[Path]) -> None:
        """The images of which something is not saved."""
        self.model.set_unsaved(frozenset(str(path) for path in paths))

    @Slot(object, QImage)
    def set_thumbnail(self, path: Path, image: QImage) -> None:
        """Take a small picture; a null one where the file cannot be read."""
        self._asked.discard(path)
        self.model.set_thumbnail(path, image)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._delegate.theme = theme
        self._search_sign.setIcon(search_icon(theme.muted))
        self.view.viewport().update()

    # -- what a person does --------------------------------------------------------------------------------------------

    def step(self, by: int) -> bool:
        """Choose the next or previous of the shown images; False where there is none."""
        path = self.following(by)
        if path is not None:
            self._choose(path)
        return path is not None

    def following(self, by: int) -> Path | None:
        """Where a step would lead; None where there is no further image."""
        row = self.model.row_of(self._current)
        return self.model.path(row + by if row >= 0 else 0) if row + by >= 0 else None

    def go_to(self, wanted: str) -> bool:
        """Choose by number (from 1) or by a piece of the name; False where there is none."""
        wanted = wanted.strip()
        is_number = wanted.isdigit() and 1 <= int(wanted) <= self.model.rowCount()
        path = self.model.path(int(wanted) - 1 if is_number else self.model.row_with(wanted))
        if path is None or not wanted:
            return False
        self._choose(path)
        return True

    def _choose(self, path: Path) -> None:
        self._current = path
        self._mark_current()
        self.image_chosen.emit(path)

    def _mark_current(self) -> None:
        row = self.model.row_of(self._current)
        selection = self.view.selectionModel()
        selection.blockSignals(True)
        if row < 0:
            self.view.clearSelection()
            self.view.setCurrentIndex(QModelIndex())
        elif row != self.view.currentIndex().row() or not selection.hasSelection():
            self.view.setCurrentIndex(self.model.index(row))
            self.view.scrollTo(self.model.index(row))
        selection.blockSignals(False)
        self.view.viewport().update()

    def _show_counts(self) -> None:
        total, shown = self.model.total, self.model.rowCount()
        self.view.setVisible(shown > 0)
        self.empty.setVisible(shown == 0)
        self.empty.setText("No image has these words." if total else "Open a folder or drop images here.")
        count = f"{shown:,} of {total:,} images" if shown != total else f"{total:,} image{'s' * (total != 1)}"
        self.footer.setText(f"{count} · {self.model.num_run:,} run" if total else "")
        self.footer.setVisible(total > 0)

    @Slot()
    def _rest(self) -> None:
        self._timer.start()

    @Slot()
    def _ask_for_thumbnails(self) -> None:
        if not self.view.isVisible() or not self.model.rowCount():
            return
        port = self.view.viewport().rect()
        first = self.view.indexAt(port.topLeft()).row()
        last = self.view.indexAt(port.bottomLeft()).row()
        rows = range(max(first, 0), (last if last >= 0 else self.model.rowCount() - 1) + 1)
        wanted = [path for path in self.model.without_thumbnail(rows) if path not in self._asked]
        # Forget what scrolled by: should it come into view again, it is asked for again.
        self._asked = set(wanted) | (self._asked & set(self.model.without_thumbnail(rows)))
        if wanted:
            self.thumbnails_wanted.emit(wanted)

    @Slot(str)
    def _on_search(self, words: str) -> None:
        self.view.selectionModel().blockSignals(True)
        self.model.search(words)
        self.view.selectionModel().blockSignals(False)
        self._mark_current()
        self._show_counts()
        self._rest()

    @Slot()
    def _on_search_done(self) -> None:
        path = self.model.path(0)
        if path is not None and self.model.row_of(self._current) < 0:
            self._choose(path)
        self.view.setFocus()

    @Slot(QModelIndex)
    def _on_current(self, index: QModelIndex) -> None:
        path = index.data(PATH_ROLE)
        if isinstance(path, Path) and path != self._current:
            self._current = path
            self.image_chosen.emit(path)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """New lines came into view."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._rest()
        return False
