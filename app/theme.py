"""Light and dark: colours, palette and style sheet of the window.

What the boxes on the picture look like stands in `app.roles`; here stand the surfaces, and the colours in which the
panels *write* about a role. Those are darker or lighter than the boxes, so that they can be read on a panel.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import Literal, TypeAlias

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from app.scene import Role

ThemeChoice: TypeAlias = Literal["system", "light", "dark"]
THEME_CHOICES: tuple[ThemeChoice, ...] = ("system", "light", "dark")

SMALL_PX, BASE_PX, TITLE_PX = 12, 13, 18
"""Type sizes: secondary lines, everything, the title of an empty window."""

LARGE_TEXT = 1.4
"""How much larger everything is written for a room to read."""

LARGE_LINES = 1.5
"""How much thicker the boxes are drawn then."""


@dataclass(frozen=True, slots=True, eq=False)
class Theme:
    """The colours of one appearance.

    Attributes:
        window: behind the panels.
        bar: behind the stage rail, one step off `window`.
        canvas: around the picture; dark in both themes, so that a picture is judged on the same ground.
        field: behind editable things and cards.
        hover: a row or button under the cursor.
        chosen: the current row of a list.
        line: thin rules between regions.
        edge: outlines of controls.
        text: what is read first.
        muted: what is read second.
        accent: the one colour that means "this is active".
        on_accent: text on `accent`.
        error: sentences about something that went wrong.
        good: ticks.
        roles: text colours by role.
    """

    name: Literal["light", "dark"]
    window: QColor
    bar: QColor
    canvas: QColor
    field: QColor
    hover: QColor
    chosen: QColor
    line: QColor
    edge: QColor
    text: QColor
    muted: QColor
    accent: QColor
    on_accent: QColor
    error: QColor
    good: QColor
    roles: dict[Role, QColor]

    @property
    def is_dark(self) -> bool:
        """True for the dark theme."""
        return self.name == "dark"

    @property
    def faint(self) -> QColor:
        """Signs of what is switched off."""
        colour = QColor(self.muted)
        colour.setAlpha(150)
        return colour

    def role(self, role: Role | None) -> QColor:
        """The colour in which a panel writes about a role."""
        return self.text if role is None else self.roles[role]


def _roles(
    text: str, missed: str, false_positive: str, good: str, blue: str, purple: str, muted: str
) -> dict[Role, QColor]:
    names = {
        Role.GROUND_TRUTH: text,
        Role.PROPOSED: text,
        Role.MISSED: missed,
        Role.NOT_COUNTED: muted,
        Role.ANCHOR: muted,
        Role.POSITIVE: good,
        Role.POSITIVE_BEST: good,
        Role.NEGATIVE: muted,
        Role.IGNORED: muted,
        Role.OUTSIDE: muted,
        Role.PROPOSAL: blue,
        Role.DETECTION: text,
        Role.FALSE_POSITIVE: false_positive,
        Role.SUPPRESSED: purple,
        Role.DROPPED: muted,
        Role.WAITING: muted,
        Role.SUGGESTED: text,
        Role.SELECTED: blue,
    }
    return {role: QColor(name) for role, name in names.items()}


@functools.cache
def dark_theme() -> Theme:
    """Light text on dark grey."""
    return Theme(
        name="dark",
        window=QColor("#212429"),
        bar=QColor("#1b1e22"),
        canvas=QColor("#0c0d0f"),
        field=QColor("#2a2e34"),
        hover=QColor("#31363d"),
        chosen=QColor("#2b3743"),
        line=QColor("#34393f"),
        edge=QColor("#444b53"),
        text=QColor("#e8ebee"),
        muted=QColor("#a0a8b1"),
        accent=QColor("#58b3ea"),
        on_accent=QColor("#0b1720"),
        error=QColor("#ff8a75"),
        good=QColor("#2fbf90"),
        roles=_roles("#e8ebee", "#ff78c0", "#f08a4b", "#2fbf90", "#58b3ea", "#c69be0", "#a0a8b1"),
    )


@functools.cache
def light_theme() -> Theme:
    """Dark text on white."""
    return Theme(
        name="light",
        window=QColor("#ffffff"),
        bar=QColor("#f2f4f6"),
        canvas=QColor("#0c0d0f"),
        field=QColor("#f4f5f7"),
        hover=QColor("#e9ecef"),
        chosen=QColor("#dcebf6"),
        line=QColor("#dde1e6"),
        edge=QColor("#c3c9d0"),
        text=QColor("#1c2024"),
        muted=QColor("#5c6670"),
        accent=QColor("#0b6aa8"),
        on_accent=QColor("#ffffff"),
        error=QColor("#b3261e"),
        good=QColor("#00704f"),
        roles=_roles("#1c2024", "#c2116f", "#a84300", "#00704f", "#0b6aa8", "#7a3fa0", "#5c6670"),
    )


def theme_named(name: str) -> Theme:
    """The theme called "light" or "dark"."""
    return dark_theme() if name == "dark" else light_theme()


@functools.cache
def _system_font() -> QFont:
    """The font before `dress` set another one."""
    return QFont(QApplication.font())


def text_scale() -> float:
    """How much larger than usual everything is written: what the application's font, which `dress` sets, says."""
    return max(QApplication.font().pixelSize(), BASE_PX) / BASE_PX


def scaled(pixels: float) -> int:
    """A length that goes with the size of the text: the height of a row, the width of a number box."""
    return round(pixels * text_scale())


def line_scale() -> float:
    """How much thicker than usual the boxes are drawn: with large text they are for a room to see."""
    return LARGE_LINES if text_scale() > 1.0 else 1.0


def ui_font(pixels: int = BASE_PX, bold: bool = False) -> QFont:
    """The window's font as large as text is now, with figures of equal width: no number jumps while a slider moves."""
    return QFont(_font(scaled(pixels), bold))  # whoever gets it may change it


@functools.cache
def _font(pixels: int, bold: bool = False) -> QFont:
    font = QFont(_system_font())
    if sys.platform.startswith("linux"):
        # Desktops without a configured font fall back to DejaVu Sans, a fifth wider than what the layout is made for.
        font.setFamilies(["Inter", "Noto Sans", font.family()])
    font.setPixelSize(pixels)
    font.setBold(bold)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def palette_of(theme: Theme) -> QPalette:
    """The palette for everything that the style itself draws."""
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.window,
        QPalette.ColorRole.AlternateBase: theme.field,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.Button: theme.field,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.BrightText: theme.error,
        QPalette.ColorRole.ToolTipBase: theme.field,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.Accent: theme.accent,
        QPalette.ColorRole.Link: theme.accent,
        QPalette.ColorRole.LinkVisited: theme.accent,
        QPalette.ColorRole.Light: theme.hover,
        QPalette.ColorRole.Mid: theme.edge,
        QPalette.ColorRole.Dark: theme.line,
    }
    for role, colour in roles.items():
        palette.setColor(role, colour)
    faint = QColor(theme.muted)
    faint.setAlpha(130)
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, faint)
    return palette


_STYLE = """
QMainWindow, QDialog {{ background: {window}; color: {text}; }}
QToolTip {{ background: {field}; color: {text}; border: 1px solid {edge}; padding: 4px 6px; }}
QToolTip, QMenu, QMenuBar {{ font-size: {base}px; }}
QWidget#header, QWidget#statusArea {{ background: {window}; }}
QWidget#header {{ border-bottom: 1px solid {line}; }}
QWidget#statusArea {{ border-top: 1px solid {line}; }}
QWidget#nmsBar {{ background: {bar}; border-top: 1px solid {line}; }}
QWidget#nmsBar QToolButton {{ padding: 4px 6px; }}
QWidget#stageRail {{ background: {bar}; border-bottom: 1px solid {line}; }}
QWidget#imagesSide {{ border-right: 1px solid {line}; }}
QWidget#settingsSide, QWidget#annotateSide {{ border-left: 1px solid {line}; }}
QWidget#emptyState {{ background: {canvas}; }}
QLabel#emptyTitle {{ color: #e8ebee; font-size: {title}px; font-weight: 600; }}
QLabel#emptyHint {{ color: #a0a8b1; }}
QLabel, QCheckBox, QRadioButton {{ color: {text}; background: transparent; }}
QCheckBox {{ spacing: 6px; }}
QLabel#panelTitle {{ font-weight: 600; }}
QLabel[muted="true"] {{ color: {muted}; }}
QLabel[small="true"], QCheckBox[small="true"], QPushButton[small="true"] {{ font-size: {small}px; }}
QLabel[error="true"] {{ color: {error}; }}
QMenuBar {{ background: transparent; color: {text}; border: none; }}
QMenuBar::item {{ background: transparent; padding: 5px 8px; border-radius: 5px; }}
QMenuBar::item:selected {{ background: {hover}; }}
QMenu {{ background: {field}; color: {text}; border: 1px solid {edge}; padding: 4px; }}
QMenu::item {{ padding: 4px 26px 4px 24px; border-radius: 4px; }}
QMenu::item:selected {{ background: {accent}; color: {on_accent}; }}
QMenu::item:disabled {{ color: {muted}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 4px 6px; }}
QPushButton, QToolButton {{
    background: {field}; color: {text}; border: 1px solid {edge}; border-radius: 6px; padding: 4px 10px;
}}
QPushButton:hover, QToolButton:hover {{ background: {hover}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {chosen}; }}
QToolButton:checked {{ background: {chosen}; border-color: {accent}; }}
QPushButton:focus, QToolButton:focus {{ border: 1px solid {accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {muted}; border-color: {line}; }}
QPushButton[primary="true"] {{ background: {accent}; color: {on_accent}; border-color: {accent}; }}
QPushButton[primary="true"]:focus {{ border: 2px solid {text}; padding: 3px 9px; }}
QToolButton[menuButton="true"] {{ padding-right: 20px; }}
QToolButton[segment="true"] {{ border-radius: 0; }}
QToolButton#workspace_annotate {{ border-top-left-radius: 6px; border-bottom-left-radius: 6px; }}
QToolButton#workspace_inspect {{ border-top-right-radius: 6px; border-bottom-right-radius: 6px; }}
QToolButton[segment="true"]:checked {{ background: {accent}; color: {on_accent}; }}
QToolButton::menu-indicator {{ subcontrol-position: right center; subcontrol-origin: padding; right: 6px; }}
QToolButton[flat="true"], QPushButton[flat="true"] {{
    background: transparent; border: 1px solid transparent; padding: 2px 4px; color: {muted}; border-radius: 4px;
}}
QToolButton[flat="true"]:hover, QPushButton[flat="true"]:hover {{ background: {hover}; color: {text}; }}
QToolButton[flat="true"]:disabled, QPushButton[flat="true"]:disabled {{ color: {faint}; }}
QToolButton[flat="true"]:focus, QPushButton[flat="true"]:focus {{ border: 1px solid {accent}; }}
QLineEdit {{
    background: {field}; color: {text}; border: 1px solid {edge}; border-radius: 5px; padding: 2px 6px;
    selection-background-color: {accent}; selection-color: {on_accent};
}}
QAbstractSpinBox {{ background: {field}; border: 1px solid {edge}; border-radius: 5px; padding: 0 6px; }}
QAbstractSpinBox:focus {{ border: 1px solid {accent}; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 0; border: none; }}
QAbstractSpinBox QLineEdit {{ background: transparent; border: none; padding: 0 7px; }}
QLineEdit:focus {{ border: 1px solid {accent}; }}
QLineEdit[wrong="true"] {{ border: 1px solid {error}; }}
QListView, QTableView, QTreeView, QTextBrowser, QScrollArea {{ background: transparent; border: none; color: {text}; }}
QTableView {{ selection-background-color: transparent; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}
QSplitter::handle {{ background: {line}; }}
QSplitter::handle:hover {{ background: {accent}; }}
QProgressBar {{ background: {field}; border: 1px solid {edge}; border-radius: 4px; max-height: 8px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {edge}; border-radius: 3px; margin: 2px; min-height: 28px; min-width: 28px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::handle:disabled {{ background: transparent; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


def style_sheet(theme: Theme) -> str:
    """What the palette cannot say: outlines, rounded corners, rules between regions."""
    names = (
        "window", "bar", "canvas", "field", "hover", "chosen", "line", "edge", "text", "muted", "accent", "on_accent",
        "error",
    )  # fmt: skip
    sizes = {"small": scaled(SMALL_PX), "base": scaled(BASE_PX), "title": scaled(TITLE_PX)}
    faint = theme.faint.name(QColor.NameFormat.HexArgb)
    return _STYLE.format(**sizes, faint=faint, **{name: getattr(theme, name).name() for name in names})


def dress(theme: Theme, large_text: bool = False) -> None:
    """Give the whole application the theme's palette, the font, and the one style in which all of it was looked at.

    A widget that is there already takes the font with its next style sheet.
    """
    if QApplication.style().name().lower() != "fusion":
        QApplication.setStyle("Fusion")
    font = _font(round(BASE_PX * (LARGE_TEXT if large_text else 1.0)))
    if QApplication.font() != font:
        QApplication.setFont(font)
    QApplication.setPalette(palette_of(theme))


class ThemeKeeper(QObject):
    """Follows the system's light or dark, unless a person chose one; and knows whether text is large.

    Attributes:
        large_text: everything is written for a room to read.

    Signals:
        theme_changed: the `Theme` that holds from now on, or the size of the text is another one.
    """

    theme_changed = Signal(object)

    def __init__(self, choice: ThemeChoice = "system", large_text: bool = False, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._choice = choice
        self.large_text = large_text
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_changed)
        self._theme = self._found()

    @property
    def choice(self) -> ThemeChoice:
        """What the person chose."""
        return self._choice

    @property
    def theme(self) -> Theme:
        """The theme that holds now."""
        return self._theme

    def choose(self, choice: ThemeChoice) -> None:
        """Override the system, or follow it again."""
        self._choice = choice
        self._update()

    def enlarge(self, large_text: bool) -> None:
        """Write large, or as usual again."""
        if large_text != self.large_text:
            self.large_text = large_text
            self.theme_changed.emit(self._theme)

    def _found(self) -> Theme:
        if self._choice != "system":
            return theme_named(self._choice)
        # A system that does not say (some Linux desktops) gets light: the common case there.
        is_dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return dark_theme() if is_dark else light_theme()

    def _update(self) -> None:
        found = self._found()
        if found is not self._theme:
            self._theme = found
            self.theme_changed.emit(found)

    @Slot()
    def _on_system_changed(self) -> None:
        self._update()
