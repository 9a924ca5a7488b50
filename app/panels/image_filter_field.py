"""The field that searches and filters the list of images: it suggests, explains, and says what it cannot read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from PySide6.QtCore import QPoint, QStringListModel, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCompleter,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.image_filter import ImageFilter, parse_filter
from app.image_suggestions import HELP, Completion, completion
from app.key_tips import set_key_tip
from app.panels.glyphs import search_icon
from app.screen_area import screen_area
from app.sentences import say
from app.theme import Theme, dark_theme, scaled
from app.translation import tr
from app.wording import text

_PATIENCE_MS = 600
"""A term that is still being typed is not called broken before this long."""

_MOST_SUGGESTED = 12
_HELP_WIDTH = 380


class FilterHelp(QFrame):
    """The language in examples. A click on one puts it into the field.

    Signals:
        example_chosen(str): the example.
    """

    example_chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("filterHelp")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.words = QLabel("", self)
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse)
        self.words.linkActivated.connect(self._on_link)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.addWidget(self.words)

    def show_at(self, place: QPoint, theme: Theme) -> None:
        """Open with the upper left corner at a place of the screen."""
        self.words.setText(_help_html(theme))
        self.words.setFixedWidth(scaled(_HELP_WIDTH))
        self.adjustSize()
        screen = screen_area(place)
        x = min(place.x(), screen.right() - self.width())
        y = min(place.y(), screen.bottom() - self.height())
        self.move(max(x, screen.left()), max(y, screen.top()))
        self.show()

    @Slot(str)
    def _on_link(self, example: str) -> None:
        self.hide()
        self.example_chosen.emit(example)


class ImageFilterField(QWidget):
    """A field with a button for help, and below it what is wrong.

    Args:
        classes: gives the names that may stand after `class:`.

    Signals:
        filter_changed(object): an `ImageFilter` that can be read.
        done: Enter was pressed, and what was typed can be read.
    """

    filter_changed = Signal(object)
    done = Signal()

    def __init__(self, classes: Callable[[], Sequence[str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = dark_theme()
        self._classes = classes
        self._filter = ImageFilter()
        self._suggested = Completion(0, 0)
        self._build_field()
        self._build_suggestions()
        self.help_button = QToolButton(self)
        self.help_button.setText("?")
        self.help_button.setProperty("flat", True)
        self.help_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.help_button.clicked.connect(self.show_help)
        self.help = FilterHelp(self)
        self.help.example_chosen.connect(self._on_example)
        self.sentence = QLabel("", self)
        self.sentence.setWordWrap(True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setProperty("error", True)
        self.sentence.setProperty("small", True)
        self.sentence.hide()
        self._lay_out()
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._tell)
        self._name()

    def _build_field(self) -> None:
        self.field = QLineEdit(self)
        self.field.setClearButtonEnabled(True)
        self._sign = QAction(search_icon(self._theme.muted), "", self.field)
        self.field.addAction(self._sign, QLineEdit.ActionPosition.LeadingPosition)
        self.field.textChanged.connect(self._on_text)
        self.field.textEdited.connect(self._on_edited)
        self.field.returnPressed.connect(self._on_return)

    def _build_suggestions(self) -> None:
        self._options = QStringListModel(self)
        self.completer = QCompleter(self._options, self)
        # Of all the model has, and none of them chosen: Enter is about what was typed.
        self.completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.completer.setCompletionPrefix("")
        self.suggestions = QListView()
        self.completer.setPopup(self.suggestions)
        self.completer.setMaxVisibleItems(_MOST_SUGGESTED)
        self.completer.setWidget(self.field)
        self.completer.activated.connect(self._on_suggestion)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(2)
        line.addWidget(self.field, 1)
        line.addWidget(self.help_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(line)
        layout.addWidget(self.sentence)

    def _name(self) -> None:
        self.field.setPlaceholderText(text(say("images.filter.hint")))
        tip = tr("Words of the name or the state, or terms such as is:unverified ({key[search_images]})")
        set_key_tip(self.field, tip)
        self.field.setAccessibleName(text(say("images.filter.hint")))
        self.help_button.setToolTip(text(say("images.filter.about")))
        self.help_button.setAccessibleName(text(say("images.filter.about")))

    @property
    def filter(self) -> ImageFilter:
        """What was typed last that can be read."""
        return self._filter

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._theme = theme
        self._sign.setIcon(search_icon(theme.muted))

    @Slot()
    def show_help(self) -> None:
        """Open the language in examples."""
        self.help.show_at(self.mapToGlobal(QPoint(0, self.field.height() + 3)), self._theme)

    @Slot(str)
    def _on_text(self, typed: str) -> None:
        read = parse_filter(typed)
        if read.problem is not None:
            if self.sentence.isVisible():
                self._tell()
            else:
                self._patience.start()
            return
        self._patience.stop()
        self._show_problem("")
        if read != self._filter:
            self._filter = read
            self.filter_changed.emit(read)

    @Slot()
    def _tell(self) -> None:
        problem = parse_filter(self.field.text()).problem
        self._show_problem("" if problem is None else text(problem))

    def _show_problem(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))
        if bool(self.field.property("wrong")) != bool(sentence):
            self.field.setProperty("wrong", bool(sentence))
            self.field.style().polish(self.field)

    @Slot(str)
    def _on_edited(self, typed: str) -> None:
        self._suggested = completion(typed, self.field.cursorPosition(), self._classes())
        self._options.setStringList(list(self._suggested.options))
        if self._suggested.options:
            self.completer.complete()
        else:
            self.suggestions.hide()

    @Slot(str)
    def _on_suggestion(self, option: str) -> None:
        typed, (start, end, _) = self.field.text(), self._suggested
        self.field.setText(typed[:start] + option + typed[end:])
        self.field.setCursorPosition(start + len(option))
        if option.endswith((":", ">")):
            self._on_edited(self.field.text())

    @Slot(str)
    def _on_example(self, example: str) -> None:
        typed = self.field.text().rstrip()
        self.field.setText(f"{typed} {example}" if typed else example)
        self.field.setFocus()

    @Slot()
    def _on_return(self) -> None:
        if self.suggestions.isVisible() and self.suggestions.currentIndex().isValid():
            return  # it chooses the suggestion
        self.suggestions.hide()
        self._patience.stop()
        self._tell()
        if not self.sentence.text():
            self.done.emit()


def _help_html(theme: Theme) -> str:
    lines = []
    for example, message in HELP:
        style = f"color:{theme.accent.name()};text-decoration:none"
        link = f'<a style="{style}" href="{escape(example)}">{escape(example)}</a>'
        words = f'<span style="color:{theme.text.name()}">{escape(text(say(message)))}</span>'
        lines.append(f'<tr><td style="padding-right:18px;white-space:nowrap">{link}</td><td>{words}</td></tr>')
    note = f'<p style="color:{theme.muted.name()}">{escape(text(say("images.help.unknown")))}</p>'
    return f'<table cellspacing="0" cellpadding="1">{"".join(lines)}</table>{note}'
