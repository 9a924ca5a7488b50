"""The tree of stages and fates: legend, filter and count at once."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from app.key_tips import set_key_tip
from app.panels.glyphs import paint_chevron, paint_eye, paint_focus, paint_swatch
from app.panels.panel_header import PanelHeader
from app.scene import Scene, TreeRow
from app.theme import BASE_PX, SMALL_PX, Theme, dark_theme, scaled, ui_font
from app.translation import later, tr
from app.wording import layer_label

STEP = later("step through NMS")
_EYE = 16
ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
Index = QModelIndex | QPersistentModelIndex


def _eye_width() -> int:
    """What is kept at the right for the eye."""
    return scaled(_EYE) + 14


class _LayerDelegate(QStyledItemDelegate):
    """Paints a line: fold sign or swatch, name, count, eye."""

    def __init__(self, tree: QTreeView) -> None:
        super().__init__(tree)
        self._tree = tree
        self.theme = dark_theme()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one line."""
        row = index.data(ROW_ROLE)
        if not isinstance(row, TreeRow):
            return
        theme, area = self.theme, QRectF(option.rect)
        state = option.state
        if state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, theme.hover)
        is_stage = row.depth == 0
        painter.setFont(ui_font(BASE_PX if is_stage else SMALL_PX, bold=is_stage))
        left = area.left() + 12
        if is_stage:
            expanded = isinstance(index, QModelIndex) and self._tree.isExpanded(index)
            paint_chevron(painter, QPointF(left + 3, area.center().y()), theme.muted, down=expanded)
            left += 14
        elif row.role is not None:
            paint_swatch(painter, QRectF(left + 2, area.top(), 18, area.height()), row.role, theme)
            left += 28
        self._paint_words(painter, row, left, area)
        eye = QRectF(area.right() - _eye_width() + 6, 0, scaled(_EYE), scaled(10))
        eye.moveCenter(QPointF(eye.center().x(), area.center().y()))
        paint_eye(painter, eye, theme.text if row.visible else theme.faint, row.visible)
        if state & QStyle.StateFlag.State_HasFocus and self._tree.hasFocus():
            paint_focus(painter, area.adjusted(2.5, 0.5, -2.5, -0.5), theme, 4)

    def _paint_words(self, painter: QPainter, row: TreeRow, left: float, area: QRectF) -> None:
        theme, metrics = self.theme, painter.fontMetrics()
        count = f"{row.count:,}" if row.count is not None else "–" if row.depth else ""
        right = area.right() - _eye_width()
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(theme.muted)
        width = metrics.horizontalAdvance(count) + 6
        box = QRectF(right - width, area.top(), width, area.height())
        painter.drawText(box, middle | int(Qt.AlignmentFlag.AlignRight), count)
        painter.setPen(theme.text if row.visible else theme.muted)
        room = int(right - width - left - 4)
        name = metrics.elidedText(layer_label(row.id, row.name), Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, area.top(), room, area.height()), middle, name)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """The height of a line."""
        row = index.data(ROW_ROLE)
        return QSize(120, scaled(24 if isinstance(row, TreeRow) and row.depth == 0 else 21))

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        return False


class _Tree(QTreeView):
    """A click on a stage's name folds, any other click toggles; Space toggles the current line.

    Signals:
        toggled(TreeRow): the eye was clicked.
    """

    toggled = Signal(object)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Fold or toggle."""
        index = self.indexAt(event.position().toPoint())
        row = index.data(ROW_ROLE)
        super().mouseReleaseEvent(event)
        if event.button() != Qt.MouseButton.LeftButton or not isinstance(row, TreeRow):
            return
        if row.depth == 0 and event.position().x() < self.viewport().width() - _eye_width():
            self.setExpanded(index, not self.isExpanded(index))
        else:
            self.toggled.emit(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space toggles."""
        row = self.currentIndex().data(ROW_ROLE)
        if event.key() == Qt.Key.Key_Space and isinstance(row, TreeRow):
            self.toggled.emit(row)
            return
        super().keyPressEvent(event)


class LayerTree(QWidget):
    """Every layer there can be, with its count.

    Signals:
        layer_toggled(str, bool): a layer id, or a stage's name for all below it, and whether it should be seen.
        nms_clicked(): begin or end stepping through NMS.
    """

    layer_toggled = Signal(str, bool)
    nms_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader(tr("Layers"), self)
        self.nms_button = self.header.add_button(tr(STEP), tr("Step through NMS, one suppression at a time"))
        set_key_tip(self.nms_button, tr("Step through NMS, one suppression at a time ({key[step_nms]})"))
        self.nms_button.clicked.connect(self.nms_clicked)
        self.model = QStandardItemModel(self)
        self.tree = _Tree(self)
        self.tree.setModel(self.model)
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setIndentation(0)
        self.tree.setMouseTracking(True)
        self.tree.setExpandsOnDoubleClick(False)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.setAccessibleName(tr("Layers: what is drawn on the picture"))
        self._delegate = _LayerDelegate(self.tree)
        self.tree.setItemDelegate(self._delegate)
        self.tree.toggled.connect(self._on_toggled)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.tree, 1)
        self._ids: list[str] = []
        self._items: dict[str, QStandardItem] = {}
        self._stage = ""

    def show_scene(self, scene: Scene) -> None:
        """Draw names, counts and eyes; open the stage on show when it changes."""
        self.nms_button.setText(tr(STEP) if scene.nms is None else tr("stop stepping"))
        self.nms_button.setEnabled(scene.num_anchors is not None)
        ids = [row.id for row in scene.tree]
        if ids != self._ids:
            self._rebuild(scene.tree)
            self._stage = ""
        for row in scene.tree:
            self._show_row(self._items[row.id], row)
        if scene.stage != self._stage:
            self._stage = scene.stage
            self._open_stage(scene.stage)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._delegate.theme = theme
        self.tree.viewport().update()

    def toggle(self, layer_id: str) -> None:
        """As if the eye had been clicked."""
        row = self._items[layer_id].data(ROW_ROLE) if layer_id in self._items else None
        if isinstance(row, TreeRow):
            self._on_toggled(row)

    def _rebuild(self, rows: tuple[TreeRow, ...]) -> None:
        self.model.clear()
        self._items.clear()
        self._ids = [row.id for row in rows]
        parent: QStandardItem | None = None
        for row in rows:
            item = QStandardItem()
            item.setEditable(False)
            item.setData(row, ROW_ROLE)
            self._items[row.id] = item
            if row.depth == 0 or parent is None:
                self.model.appendRow(item)
                parent = item
            else:
                parent.appendRow(item)

    def _show_row(self, item: QStandardItem, row: TreeRow) -> None:
        if item.data(ROW_ROLE) == row and item.text():
            return
        item.setData(row, ROW_ROLE)
        shown = tr("shown") if row.visible else tr("hidden")
        count = tr("not known yet") if row.count is None else f"{row.count:,}"
        name = layer_label(row.id, row.name)
        item.setText(f"{name}, {count}, {shown}")
        eye = tr("Click the eye to hide") if row.visible else tr("Click the eye to show")
        item.setToolTip(f"{name}: {count}\n{eye}")

    def _open_stage(self, stage: str) -> None:
        for layer_id, item in self._items.items():
            if item.hasChildren():
                self.tree.setExpanded(item.index(), layer_id in ("ground_truth", stage))
        if stage in self._items:
            self.tree.scrollTo(self._items[stage].index(), QAbstractItemView.ScrollHint.EnsureVisible)

    @Slot(object)
    def _on_toggled(self, row: TreeRow) -> None:
        self.layer_toggled.emit(row.id, not row.visible)
