"""All shortcuts and gestures on one page, made from the actions themselves; a search field finds one."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.actions import COMMANDS, MENUS, Command, key_text
from app.key_names import with_keys
from app.theme import scaled, ui_font
from app.translation import later, tr

ON_THE_PICTURE, ON_THE_SETTINGS = later("Mouse on the picture"), later("Mouse and keys elsewhere")

GESTURES: dict[str, tuple[tuple[str, str], ...]] = {
    ON_THE_PICTURE: (
        ("Wheel, pinch", "Zoom at the cursor"),
        ("Drag, two fingers", "Move the picture"),
        ("Space+drag, middle drag", "Move it, wherever the drag begins"),
        ("Shift+wheel", "Scroll sideways"),
        ("Rest", "What is under the cursor"),
        ("Click", "Select; again: the next box here"),
        ("Double click", "Zoom to the box"),
        ("Alt+click", "List the boxes here"),
        ("Back, forward button", "To the last selection and forward"),
        ("Drop", "Open images or a folder"),
    ),
    ON_THE_SETTINGS: (
        ("Double click on a slider", "Back to its default"),
        ("Left, Right", "A step of the slider"),
        ("Page up, Page down", "Ten steps"),
        ("Backspace", "Back to the slider's default"),
        ("Right click on a setting", "Its names in other programs, to copy"),
        ("Space on a layer", "Show or hide it"),
    ),
}

_COLUMNS: tuple[tuple[str, ...], ...] = (
    ("View",),
    ("File", "Edit", "Image", "Detector", "Help"),
    (ON_THE_PICTURE, ON_THE_SETTINGS),
)
_SIZE = QSize(980, 640)
_KEYS_WIDTH, _GESTURES_WIDTH, _WORDS_WIDTH = 84, 120, 110


def lines(actions: dict[str, QAction], menu: str) -> list[tuple[str, str]]:
    """(keys, what they do) of a menu or a group of gestures, in its order."""
    if menu in GESTURES:
        return [(tr(gesture), tr(what)) for gesture, what in GESTURES[menu]]
    named = [command for command in COMMANDS if command.id and command.menu.split("/")[0] == menu]
    told = ((key_text(actions[command.id]), _what(command)) for command in named)
    return [(keys, what) for keys, what in told if keys]


def _widest_word(keys: str) -> int:
    """What cannot be broken into two lines needs so much room: keys have longer names in some languages."""
    metrics = QFontMetrics(ui_font())
    return max((metrics.horizontalAdvance(word) for word in keys.split()), default=0) + 2


def _what(command: Command) -> str:
    words = tr(command.text).rstrip("…")
    return f"{words}, {with_keys(tr(command.tip))}" if command.tip else words


class _Group(QWidget):
    """The lines of one menu below its name."""

    def __init__(self, menu: str, found: list[tuple[str, str]], keys_width: int, parent: QWidget) -> None:
        super().__init__(parent)
        assert menu in (*MENUS, *GESTURES)
        self._rows: list[tuple[str, tuple[QLabel, QLabel]]] = []
        title = QLabel(tr(menu), self)
        title.setObjectName("panelTitle")
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for row, (keys, what) in enumerate(found):
            labels = QLabel(keys, self), QLabel(what, self)
            labels[0].setProperty("muted", True)
            for column, label in enumerate(labels):
                label.setWordWrap(True)
                label.setAlignment(Qt.AlignmentFlag.AlignTop)
                grid.addWidget(label, row, column)
            labels[0].setFixedWidth(keys_width)
            labels[1].setMinimumWidth(scaled(_WORDS_WIDTH))
            self._rows.append((f"{keys} {what} {tr(menu)}".lower(), labels))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 10)
        layout.setSpacing(5)
        layout.addWidget(title)
        layout.addLayout(grid)

    def search(self, words: list[str]) -> int:
        """Show the lines that have all these words; how many there are."""
        shown = 0
        for said, labels in self._rows:
            fits = all(word in said for word in words)
            shown += fits
            for label in labels:
                label.setVisible(fits)
        self.setVisible(shown > 0)
        return shown


class CheatSheet(QDialog):
    """Keys and mouse, by menu.

    Signals:
        edit_wanted(): the keys are to be changed.
    """

    edit_wanted = Signal()

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keyboard shortcuts"))
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(tr("Search keys and gestures"))
        self.search.setAccessibleName(tr("Search keys and gestures"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._on_search)
        self.nothing = QLabel(tr("No key and no gesture has these words."), self)
        self.nothing.setProperty("muted", True)
        self.nothing.hide()
        page = QWidget()
        found = {menu: lines(actions, menu) for menus in _COLUMNS for menu in menus}
        keys_width = max(scaled(_KEYS_WIDTH), *(_widest_word(keys) for menu in MENUS for keys, _ in found[menu]))
        self.groups: list[_Group] = []
        columns = QHBoxLayout(page)
        columns.setContentsMargins(0, 0, 8, 0)
        columns.setSpacing(28)
        for menus in _COLUMNS:
            column = QVBoxLayout()
            # Otherwise it would be that of the columns.
            column.setSpacing(6)
            for menu in menus:
                width = keys_width if menu in MENUS else scaled(_GESTURES_WIDTH)
                self.groups.append(_Group(menu, found[menu], width, page))
                column.addWidget(self.groups[-1])
            column.addStretch(1)
            columns.addLayout(column, 1)
        # In a small window, or with large text, the page is longer than the window.
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(page)
        close = QPushButton(tr("Close"), self)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(self.search)
        layout.addWidget(self.nothing)
        layout.addWidget(scroll, 1)
        edit = QPushButton(tr("Change shortcuts…"), self)
        edit.clicked.connect(self._on_edit)
        buttons = QHBoxLayout()
        buttons.addWidget(edit)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout.addLayout(buttons)
        self.resize(self.sizeHint())

    def sizeHint(self) -> QSize:
        """All of it, as far as the window it belongs to has room."""
        wanted = QSize(scaled(_SIZE.width()), scaled(_SIZE.height()))
        parent = self.parentWidget()
        return wanted if parent is None else wanted.boundedTo(parent.size() - QSize(60, 60))

    @Slot()
    def _on_edit(self) -> None:
        self.accept()
        self.edit_wanted.emit()

    @Slot(str)
    def _on_search(self, typed: str) -> None:
        words = typed.lower().split()
        shown = sum([group.search(words) for group in self.groups])
        self.nothing.setVisible(shown == 0)
