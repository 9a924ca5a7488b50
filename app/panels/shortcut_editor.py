"""The shortcuts of all commands, to be changed: press the new key in the table; keys given twice are told at once."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.actions import Command
from app.keymap import PRESET_NAMES, Conflict, Keymap, canonical, native, refusal
from app.panels.chord_edit import KeyDelegate
from app.scene import Message
from app.theme import scaled
from app.translation import tr
from app.wording import text
from detector.messages import say

_COMMAND, _KEYS = 0, 1
_ID = Qt.ItemDataRole.UserRole
_SIZE = QSize(720, 620)
_COMMAND_WIDTH, _LINE_HEIGHT = 380, 26
"""A line has room for the field in which a key is pressed."""


class ShortcutEditor(QDialog):
    """A table of commands by menu, what is wrong with their keys below it, and whose habits they follow above.

    Signals:
        keymap_changed(object): a `Keymap`, after every change.
        import_wanted(), export_wanted(): shortcuts from a file, and into one.
    """

    keymap_changed = Signal(object)
    import_wanted = Signal()
    export_wanted = Signal()

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Change shortcuts"))
        self.keymap = keymap
        self._adds = False
        self._said: Message | None = None
        self._is_problem = False
        self._build()
        self._fill()
        self._lay_out()
        self.show_keymap(keymap)
        self.resize(self.sizeHint())

    # -- showing -------------------------------------------------------------------------------------------------------

    def show_keymap(self, keymap: Keymap) -> None:
        """Another keymap, for example from a file; emits nothing."""
        self.keymap, self._said = keymap, None
        self.presets.blockSignals(True)
        self.presets.setCurrentIndex(self.presets.findData(keymap.preset))
        self.presets.blockSignals(False)
        self._show()

    def show_message(self, message: Message, *, is_problem: bool = True) -> None:
        """One sentence below the table, until something else is done."""
        self._said, self._is_problem = message, is_problem
        self._show_told()

    @property
    def chosen(self) -> str:
        """The id of the current command; "" where a menu or nothing is current."""
        item = self.table.currentItem()
        return "" if item is None else item.data(_COMMAND, _ID) or ""

    def choose(self, command_id: str) -> None:
        """Make a command the current one."""
        self.table.setCurrentItem(self.items[command_id])

    def give(self, command_id: str, key: str, *, also: bool = False) -> None:
        """A command gets this key in place of all its keys, or beside them; or it is said why not."""
        problem = refusal(key)
        written = canonical(key)
        if problem is not None or written is None:
            self.show_message(problem or say("keys.none", pressed=key))
            return
        before = self.keymap.keys_of(command_id) if also else ()
        self._change(self.keymap.with_keys(command_id, (*before, written)))

    def _change(self, keymap: Keymap) -> None:
        self.show_keymap(keymap)
        self.keymap_changed.emit(keymap)

    def _show(self) -> None:
        conflicts = self.keymap.conflicts()
        for command_id, item in self.items.items():
            item.setText(_KEYS, ", ".join(native(key) for key in self.keymap.keys_of(command_id)))
            font = item.font(_KEYS)
            font.setBold(self.keymap.is_changed(command_id))
            item.setFont(_KEYS, font)
            taken = "\n".join(text(self._taken(each)) for each in conflicts.get(command_id, ()))
            item.setText(_COMMAND, ("⚠ " if taken else "") + self._name(command_id))
            item.setToolTip(_KEYS, taken)
        self._on_filter(self.filter.text())
        self._show_told()

    @Slot()
    def _show_told(self) -> None:
        """What is to be known of the current command, else of all of them."""
        conflicts, command_id = self.keymap.conflicts(), self.chosen
        mine = conflicts.get(command_id, ())
        told = self._said or (self._taken(mine[0]) if mine else None)
        if told is None:
            keys = {each.key for found in conflicts.values() for each in found}
            names = tuple(native(key) for key in sorted(keys))
            told = say("keys.conflicts", keys=names) if keys else say("keys.conflicts.none")
        self.told.setText(text(told))
        self._mark_wrong(self._is_problem if self._said is not None else bool(conflicts))
        self.take_away.setVisible(bool(mine))
        is_command = bool(command_id)
        keys_here = self.keymap.keys_of(command_id)
        for button in (self.press, self.add):
            button.setEnabled(is_command)
        self.clear.setEnabled(is_command and bool(keys_here))
        self.restore.setEnabled(is_command and self.keymap.is_changed(command_id))
        self.restore_all.setEnabled(bool(self.keymap.changes))

    def _mark_wrong(self, wrong: bool) -> None:
        if self.told.property("error") != wrong:
            self.told.setProperty("error", wrong)
            self.told.setProperty("muted", not wrong)
            self.told.style().polish(self.told)

    def _taken(self, conflict: Conflict) -> Message:
        return say("keys.taken", pressed=native(conflict.key), name=self._name(conflict.command_id))

    def _name(self, command_id: str) -> str:
        command = self._commands[command_id]
        below = command.menu.partition("/")[2]
        words = tr(command.text).rstrip("…")
        return f"{tr(below)}: {words}" if below else words

    # -- what a person does --------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_filter(self, typed: str) -> None:
        words = typed.lower().split()
        shown: set[str] = set()
        for command_id, item in self.items.items():
            top = self._commands[command_id].menu.split("/")[0]
            said = f"{tr(top)} {item.text(_COMMAND)} {item.text(_KEYS)}".lower()
            fits = all(word in said for word in words)
            item.setHidden(not fits)
            shown |= {top} if fits else set()
        for top, menu in self._menus.items():
            menu.setHidden(top not in shown)
        self.nothing.setVisible(not shown)
        self.table.setVisible(bool(shown))
        if self.chosen and self.items[self.chosen].isHidden():
            self.table.setCurrentIndex(QModelIndex())  # no button is for what is not in sight

    @Slot()
    def _on_current(self) -> None:
        self._said = None
        self._show_told()

    @Slot(int)
    def _on_preset(self, place: int) -> None:
        self._change(self.keymap.with_preset(self.presets.itemData(place)))

    @Slot(str)
    def _on_pressed(self, key: str) -> None:
        adds, self._adds = self._adds, False
        if self.chosen:
            self.give(self.chosen, key, also=adds)
        self.table.setFocus()

    @Slot(QTreeWidgetItem, int)
    def _on_double_click(self, item: QTreeWidgetItem, column: int) -> None:
        if item.data(_COMMAND, _ID):
            self.begin()

    @Slot()
    def begin(self) -> None:
        """Wait for the key that replaces those of the current command."""
        self._begin(adds=False)

    @Slot()
    def begin_adding(self) -> None:
        """Wait for one more key for the current command."""
        self._begin(adds=True)

    def _begin(self, *, adds: bool) -> None:
        item = self.table.currentItem()
        if item is not None and self.chosen:
            self._adds = adds
            self.table.editItem(item, _KEYS)

    @Slot()
    def _on_clear(self) -> None:
        self._change(self.keymap.with_keys(self.chosen, ()))

    @Slot()
    def _on_restore(self) -> None:
        self._change(self.keymap.restored(self.chosen))

    @Slot()
    def _on_restore_all(self) -> None:
        self._change(self.keymap.all_restored())

    @Slot()
    def _on_take_away(self) -> None:
        mine = self.keymap.conflicts().get(self.chosen, ())
        if mine:
            self._change(self.keymap.without_key(mine[0].command_id, mine[0].key))

    # -- building ------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.presets = QComboBox(self)
        for preset, name in PRESET_NAMES.items():
            self.presets.addItem(name, preset)
        self.presets.setAccessibleName(tr("Keys as in"))
        self.presets.currentIndexChanged.connect(self._on_preset)
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText(tr("Search commands and keys"))
        self.filter.setAccessibleName(tr("Search commands and keys"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._on_filter)
        self.table = QTreeWidget(self)
        self.table.setColumnCount(2)
        self.table.setHeaderLabels([tr("Command"), tr("Keys")])
        self.table.setAccessibleName(tr("Shortcuts"))
        self.table.setUniformRowHeights(True)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.header().setSectionResizeMode(_COMMAND, QHeaderView.ResizeMode.Interactive)
        self.table.setColumnWidth(_COMMAND, scaled(_COMMAND_WIDTH))
        self.delegate = KeyDelegate(self.table)
        self.delegate.pressed.connect(self._on_pressed)
        self.table.setItemDelegateForColumn(_KEYS, self.delegate)
        self.table.currentItemChanged.connect(self._on_current)
        self.table.itemDoubleClicked.connect(self._on_double_click)
        self.nothing = QLabel(text(say("keys.nothing")), self)
        self.nothing.setProperty("muted", True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.told = QLabel("", self)
        self.told.setWordWrap(True)
        self.take_away = self._button(tr("Take it away there"), self._on_take_away)
        self.press = self._button(tr("Press a new key"), self.begin)
        self.add = self._button(tr("Add a key"), self.begin_adding)
        self.clear = self._button(tr("Remove keys"), self._on_clear)
        self.restore = self._button(tr("Restore"), self._on_restore)
        self.restore_all = self._button(tr("Restore all"), self._on_restore_all)
        self.import_button = self._button(tr("Import…"), self.import_wanted)
        self.export_button = self._button(tr("Export…"), self.export_wanted)
        self.close_button = self._button(tr("Close"), self.accept)

    def _button(self, words: str, slot: object) -> QPushButton:
        button = QPushButton(words, self)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        return button

    def _fill(self) -> None:
        self._commands: dict[str, Command] = {each.id: each for each in self.keymap.commands if each.id}
        self.items: dict[str, QTreeWidgetItem] = {}
        self._menus = menus = dict[str, QTreeWidgetItem]()
        for command_id, command in self._commands.items():
            top = command.menu.split("/")[0]
            if top not in menus:
                menus[top] = QTreeWidgetItem(self.table, [tr(top)])
                menus[top].setFlags(Qt.ItemFlag.ItemIsEnabled)
                menus[top].setExpanded(True)
                # All lines are as high as the first.
                menus[top].setSizeHint(_COMMAND, QSize(0, scaled(_LINE_HEIGHT)))
            item = QTreeWidgetItem(menus[top])
            item.setData(_COMMAND, _ID, command_id)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.items[command_id] = item

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.addWidget(QLabel(tr("Keys as in"), self))
        above.addWidget(self.presets)
        above.addSpacing(12)
        above.addWidget(self.filter, 1)
        told = QHBoxLayout()
        told.addWidget(self.told, 1)
        told.addWidget(self.take_away)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        layout.addLayout(above)
        layout.addWidget(self.nothing, 1)
        layout.addWidget(self.table, 1)
        layout.addLayout(told)
        layout.addLayout(_line((self.press, self.add, self.clear), (self.restore, self.restore_all)))
        layout.addLayout(_line((self.import_button, self.export_button), (self.close_button,)))

    def sizeHint(self) -> QSize:
        """All of it, as far as the window it belongs to has room."""
        wanted = QSize(scaled(_SIZE.width()), scaled(_SIZE.height()))
        parent = self.parentWidget()
        return wanted if parent is None else wanted.boundedTo(parent.size() - QSize(60, 60))


def _line(left: Sequence[QWidget], right: Sequence[QWidget]) -> QHBoxLayout:
    line = QHBoxLayout()
    for widget in left:
        line.addWidget(widget)
    line.addStretch(1)
    for widget in right:
        line.addWidget(widget)
    return line
