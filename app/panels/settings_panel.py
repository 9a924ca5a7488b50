"""All settings of all stages in one column, in the order of the flow; the shown stage's groups are open."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.key_tips import set_key_tip
from app.panels.glyphs import paint_chevron, paint_dot, paint_focus
from app.panels.panel_header import PanelHeader
from app.panels.scroll_column import ScrollColumn
from app.panels.setting_row import SettingRow
from app.scene import Scene, Stage
from app.theme import BASE_PX, SMALL_PX, Theme, dark_theme, scaled, ui_font
from app.translation import tr
from app.wording import group_label, group_mark
from detector.config import Settings, settings_info

GROUPS_OF_STAGE: dict[Stage, tuple[str, ...]] = {
    "image": ("image",),
    "anchors": ("anchors",),
    "assignment": ("assignment",),
    "proposals": ("proposals",),
    "detections": ("detections", "matching"),
}
"""Which groups open with a stage. RoI sampling and box head open by hand: few people move them."""

_GROUP_HEIGHT = 25
_CHEVRON_ROOM = 26


class GroupHeader(QAbstractButton):
    """The line that folds a group: name, what it is for, a mark where something in it was changed."""

    def __init__(self, group: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = dark_theme()
        self._changed = 0
        self.setText(group_label(group))
        self._aside = group_mark(group)
        self.setCheckable(True)
        self.setFixedHeight(scaled(_GROUP_HEIGHT))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("{name} settings").format(name=f"{group_label(group)}") + f" {self._aside}".rstrip())

    def show_changed(self, count: int) -> None:
        """How many settings of the group are not at their default."""
        if count != self._changed:
            self._changed = count
            self.setToolTip(tr("{n} changed").format(n=count) if count else "")
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours and the size of the text."""
        self._theme = theme
        self.setFixedHeight(scaled(_GROUP_HEIGHT))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter, theme, area = QPainter(self), self._theme, self.rect()
        painter.fillRect(area, theme.hover if self.underMouse() else theme.bar)
        painter.setPen(theme.line)
        painter.drawLine(area.topLeft(), area.topRight())
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(ui_font(BASE_PX))
        painter.setPen(theme.text if self.isChecked() else theme.muted)
        painter.drawText(area.adjusted(12, 0, 0, 0), middle, self.text())
        x = 12 + painter.fontMetrics().horizontalAdvance(self.text()) + 9
        if self._changed:
            paint_dot(painter, QPointF(x + 1, area.center().y() + 0.5), theme.accent, filled=True, radius=3.2)
            x += 11
        painter.setFont(ui_font(SMALL_PX))
        painter.setPen(theme.muted)
        room = area.adjusted(x, 0, -_CHEVRON_ROOM, 0)
        aside = painter.fontMetrics().elidedText(self._aside, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, middle, aside)
        paint_chevron(painter, QPointF(area.right() - 15, area.center().y()), theme.muted, down=self.isChecked())
        if self.hasFocus():
            paint_focus(painter, area.toRectF().adjusted(2.5, 1.5, -2.5, -1.5), theme, 4)


class PinnedArea(ScrollColumn):
    """The pinned rows above the column: as high as they are, as long as the column keeps half of the room."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Pinned settings"))
        self.lines.setContentsMargins(0, 2, 0, 4)
        self.close_lines()
        self.hide()

    def fit(self, room: int) -> None:
        """Take at most so much height."""
        self.setFixedHeight(min(self.lines.sizeHint().height(), room))


class SettingsPanel(QWidget):
    """The settings column.

    Signals:
        setting_moved(str, object): key and value, while it moves.
        setting_settled(str): the gesture is over.
        setting_reset(str): back to the default.
        all_reset(): everything back to the defaults, or from there to what stood before.
        pin_toggled(str, bool): a setting is to stay in view at every stage, or to go back into its group.
        settings_shown(object, object): not an intent: Settings and defaults as they are now shown.
    """

    setting_moved = Signal(str, object)
    setting_settled = Signal(str)
    setting_reset = Signal(str)
    all_reset = Signal()
    pin_toggled = Signal(str, bool)
    settings_shown = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[str, SettingRow] = {}
        self.headers: dict[str, GroupHeader] = {}
        self.bodies: dict[str, QWidget] = {}
        self.pinned_header = GroupHeader("pinned", self)
        self.pinned = PinnedArea(self)
        self._pinned: frozenset[str] = frozenset()
        self._stage: Stage | None = None
        self._opened_by_stage: set[str] = set()
        self.header = PanelHeader(tr("Settings"), self)
        self.restore = self.header.add_button(tr("restore all"), "")
        self.restore.clicked.connect(self.all_reset)
        self.restore.setEnabled(False)
        self.column = ScrollColumn(self)
        self._fill_column()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        self._pinned_line = QHBoxLayout()
        self._pinned_line.addWidget(self.pinned_header)
        layout.addLayout(self._pinned_line)
        layout.addWidget(self.pinned)
        layout.addWidget(self.column, 1)
        self.pinned_header.hide()
        self.pinned_header.setChecked(True)
        self.pinned_header.toggled.connect(self._show_pinned_area)

    def show_settings(self, settings: Settings, defaults: Settings) -> None:
        """Stand at these values; emits no intent."""
        changed = set(settings.changed_from(defaults))
        for key, row in self.rows.items():
            row.show_value(settings.value(key), defaults.value(key))
        for group, header in self.headers.items():
            header.show_changed(sum(key.startswith(f"{group}.") for key in changed - self._pinned))
        self.pinned_header.show_changed(len(changed & self._pinned))
        self._show_restore(len(changed), 0)
        self.settings_shown.emit(settings, defaults)

    def show_restorable(self, count: int) -> None:
        """So many settings were at other values before all were restored, and can go back there."""
        self._show_restore(0, count)

    def _show_restore(self, changed: int, before: int) -> None:
        words = tr("undo restore") if before else tr("restore all")
        tip = (
            tr("Bring back the {n} changed settings").format(n=before) if before else tr("Restore all default settings")
        )
        self.restore.setText(words)
        set_key_tip(self.restore, tip + " ({key[restore_settings]})")
        self.restore.setAccessibleName(self.restore.toolTip())
        self.restore.setEnabled(bool(changed or before))

    def show_pinned(self, keys: frozenset[str]) -> None:
        """Move rows between their groups and the top; a row is in one place only."""
        focused = QApplication.focusWidget()
        for key, row in self.rows.items():
            if (key in keys) != (key in self._pinned):
                row.show_pinned(key in keys)
                self._place_row(row, key in keys, keys)
        if focused is not None and self.isAncestorOf(focused):
            # A widget that gets another parent loses the keyboard.
            focused.setFocus()
        self._pinned = keys & frozenset(self.rows)
        self.pinned_header.setVisible(bool(self._pinned))
        self._show_pinned_area()

    def _place_row(self, row: SettingRow, pinned: bool, keys: frozenset[str]) -> None:
        """Put a row into its place in the order of the flow."""
        order = list(self.rows)
        before = order[: order.index(row.info.key)]
        if pinned:
            self.pinned.lines.insertWidget(sum(key in keys for key in before), row)
            # At once: its height counts from now on.
            row.show()
            return
        body = self.bodies[row.info.group].layout()
        if isinstance(body, QVBoxLayout):
            body.insertWidget(sum(key.startswith(f"{row.info.group}.") and key not in keys for key in before), row)

    @Slot()
    def _show_pinned_area(self) -> None:
        self.pinned.setVisible(bool(self._pinned) and self.pinned_header.isChecked())
        self.pinned.fit(self.height() // 2)
        # As wide as the lines of the column, beside its scroll bar.
        self._pinned_line.setContentsMargins(0, 0, self.column.width() - self.column.viewport().width(), 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The pinned rows leave half of the height to the others."""
        super().resizeEvent(event)
        self._show_pinned_area()

    def show_scene(self, scene: Scene) -> None:
        """Histograms behind the sliders, and the groups of the stage on show."""
        for key, row in self.rows.items():
            row.show_histogram(scene.histograms.get(key))
        if scene.stage != self._stage:
            self._stage = scene.stage
            self._open_groups(GROUPS_OF_STAGE[scene.stage])

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        for row in self.rows.values():
            row.set_theme(theme)
        for header in (self.pinned_header, *self.headers.values()):
            header.set_theme(theme)
        self._show_pinned_area()
        self.column.settle_soon()

    def bring_into_view(self, key: str) -> None:
        """Open a setting's group, or that of the pinned ones, and scroll to it."""
        row, pinned = self.rows[key], key in self._pinned
        header = self.pinned_header if pinned else self.headers[row.info.group]
        header.setChecked(True)
        if pinned:
            self.pinned.ensureWidgetVisible(row)
        else:
            self.column.show_first(header, row)

    def _open_groups(self, groups: tuple[str, ...]) -> None:
        # What a person opened by hand stays open: one watches detections while moving a proposal setting.
        for group in self._opened_by_stage - set(groups):
            self.headers[group].setChecked(False)
        closed = {group for group in groups if not self.headers[group].isChecked()}
        self._opened_by_stage = (self._opened_by_stage & set(groups)) | closed
        for group in closed:
            self.headers[group].setChecked(True)
        self.column.show_first(self.headers[groups[0]])
        # The lines get their new height with the next turn of the event loop.
        self.column.settle_soon()

    def _fill_column(self) -> None:
        for info in settings_info():
            if info.group not in self.bodies:
                self._add_group(info.group)
            row = SettingRow(info)
            row.moved.connect(self.setting_moved)
            row.settled.connect(self.setting_settled)
            row.reset.connect(self.setting_reset)
            row.pin_toggled.connect(self.pin_toggled)
            self.rows[info.key] = row
            body = self.bodies[info.group].layout()
            if body is not None:
                body.addWidget(row)
        self.column.close_lines()

    def _add_group(self, group: str) -> None:
        header, body = GroupHeader(group), QWidget()
        inner = QVBoxLayout(body)
        inner.setContentsMargins(0, 2, 0, 6)
        inner.setSpacing(0)
        body.setVisible(False)
        header.toggled.connect(body.setVisible)
        header.clicked.connect(self._on_folded_by_hand)
        self.headers[group], self.bodies[group] = header, body
        self.column.lines.addWidget(header)
        self.column.lines.addWidget(body)

    @Slot()
    def _on_folded_by_hand(self) -> None:
        group = next((name for name, header in self.headers.items() if header is self.sender()), "")
        self._opened_by_stage.discard(group)
