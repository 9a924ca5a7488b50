"""The menu of one box, or of several that are selected: class, flags, lock, copies, and the way to the explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction, QFontMetrics, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app.panels.box_list_model import FLAGS, name_text
from app.panels.color_glyphs import color_icon
from app.scene import BoxRow, ClassRow
from app.sentences import say
from app.theme import Theme, dark_theme
from app.wording import text

MOST_CLASSES = 20
"""In the submenu; the others are reached by typing."""

_WIDEST = 300
COMMANDS: dict[str, str] = {
    "accept": "accept",
    "duplicate": "duplicate_box",
    "copy": "copy_box",
    "delete": "delete_box",
    "lock": "lock_box",
    "difficult": "flag_difficult",
    "truncated": "flag_truncated",
    "crowd": "flag_crowd",
    "other": "change_class",
}
"""The command of the window whose key stands beside a line."""


class ObjectMenu(QMenu):
    """Arrow keys, Enter and Esc work as in every menu.

    Signals:
        class_chosen(str): for all of the boxes.
        class_wanted(): choose it by typing.
        flag_toggled(str, bool): "difficult", "truncated" or "crowd", on or off for all of them.
        lock_toggled(bool): for all of them.
        accept_wanted(), duplicate_wanted(), copy_wanted(), delete_wanted(), zoom_wanted(): what is selected.
        inspect_wanted(): show what the detector made of it, in Inspect.
    """

    class_chosen = Signal(str)
    class_wanted = Signal()
    flag_toggled = Signal(str, bool)
    lock_toggled = Signal(bool)
    accept_wanted = Signal()
    duplicate_wanted = Signal()
    copy_wanted = Signal()
    delete_wanted = Signal()
    zoom_wanted = Signal()
    inspect_wanted = Signal()

    def __init__(self, actions: Mapping[str, QAction] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(text(say("object.menu")))
        self._actions = actions or {}
        self._theme = dark_theme()
        self.classes = QMenu(self)
        # Room for the swatches, which the style would put at the very edge.
        self.classes.setStyleSheet("QMenu::item { padding-left: 10px; } QMenu::icon { padding-left: 10px; }")
        self._names: dict[QAction, str] = {}
        self._told: dict[QAction, str] = {}

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._theme = theme

    def show_for(
        self, rows: Sequence[BoxRow], classes: Sequence[ClassRow], place: QPoint, *, is_missed: bool = False
    ) -> None:
        """Open for these boxes at a place of the screen; nothing for none.

        Args:
            is_missed: the detector has run and missed the one box.
        """
        self.fill(rows, classes, is_missed=is_missed)
        if rows:
            self.popup(place)

    def fill(self, rows: Sequence[BoxRow], classes: Sequence[ClassRow], *, is_missed: bool = False) -> None:
        """The lines for these boxes."""
        self.clear()
        self._told.clear()
        if not rows:
            return
        heading = name_text(rows[0]) if len(rows) == 1 else text(say("object.title", n=len(rows)))
        title = self.addAction(self._shown(heading))
        title.setEnabled(False)
        if any(row.is_proposed for row in rows):
            self._add("accept")
        self._fill_classes(rows, classes)
        self.addMenu(self.classes)
        self.addSeparator()
        for flag in FLAGS:
            self._add(flag, all(getattr(row, flag) for row in rows))
        self._add("lock", all(row.is_locked for row in rows))
        self.addSeparator()
        for name in ("duplicate", "copy", "delete"):
            action = self._add(name)
            # A locked box is changed by no gesture; a copy changes none.
            action.setEnabled(name != "delete" or not all(row.is_locked for row in rows))
        self.addSeparator()
        self._add("zoom")
        if len(rows) == 1:
            self._add("why" if is_missed else "how")

    def _fill_classes(self, rows: Sequence[BoxRow], classes: Sequence[ClassRow]) -> None:
        self.classes.clear()
        self._names.clear()
        self.classes.setTitle(text(say("object.class")))
        labels = {row.label for row in rows}
        for known in classes[:MOST_CLASSES]:
            action = self.classes.addAction(f"{self._shown(known.name)}\t{known.key}")
            action.setIcon(color_icon(known.color, self._theme))
            font = action.font()
            font.setBold(known.name in labels)
            action.setFont(font)
            action.triggered.connect(self._on_class)
            self._names[action] = known.name
        self.classes.addSeparator()
        self._add("other", menu=self.classes)

    def _add(self, name: str, is_on: bool | None = None, menu: QMenu | None = None) -> QAction:
        key = self._key(name)
        action = (menu or self).addAction(text(say(f"object.{name}")) + (f"\t{key}" if key else ""))
        if is_on is not None:
            action.setCheckable(True)
            action.setChecked(is_on)
        action.triggered.connect(self._on_line)
        self._told[action] = name
        return action

    def _key(self, name: str) -> str:
        """The first key of the command that does the same, as this platform writes it."""
        action = self._actions.get(COMMANDS.get(name, ""))
        keys = action.shortcuts() if action is not None else []
        return keys[0].toString(QKeySequence.SequenceFormat.NativeText) if keys else ""

    def _shown(self, words: str) -> str:
        """Shortened in the middle; in a menu "&" would underline the letter after it, and a tab begins the keys."""
        plain = words.replace("\t", " ")
        return QFontMetrics(self.font()).elidedText(plain, Qt.TextElideMode.ElideMiddle, _WIDEST).replace("&", "&&")

    @Slot()
    def _on_class(self) -> None:
        action = self.sender()
        if isinstance(action, QAction) and action in self._names:
            self.class_chosen.emit(self._names[action])

    @Slot(bool)
    def _on_line(self, is_on: bool) -> None:
        action = self.sender()
        name = self._told.get(action) if isinstance(action, QAction) else None
        if name in FLAGS:
            self.flag_toggled.emit(name, is_on)
        elif name == "lock":
            self.lock_toggled.emit(is_on)
        else:
            wanted = {
                "accept": self.accept_wanted,
                "other": self.class_wanted,
                "duplicate": self.duplicate_wanted,
                "copy": self.copy_wanted,
                "delete": self.delete_wanted,
                "zoom": self.zoom_wanted,
                "why": self.inspect_wanted,
                "how": self.inspect_wanted,
            }
            if name in wanted:
                wanted[name].emit()
