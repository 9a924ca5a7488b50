"""The drop-down that chooses which objects and false positives are listed: by outcome or cause, and by class."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QPaintEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QStyle, QStyleOptionToolButton, QStylePainter, QToolButton, QWidget

from app.key_tips import set_key_tip
from app.object_filter import Choice, ObjectFilter, choices_of
from app.panels.glyphs import paint_chevron
from app.scene import ObjectRow
from app.theme import SMALL_PX, Theme, dark_theme, scaled, ui_font
from app.translation import tr
from app.wording import text

_SMALLEST, _PADDING, _ARROW = 44, 5, 14


class FilterButton(QToolButton):
    """Says what is chosen, shortened where there is no room; its menu has all choices with their counts.

    Signals:
        chosen(object): an `ObjectFilter`.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = dark_theme()
        self._rows: Sequence[ObjectRow] = ()
        self._filter = ObjectFilter()
        self._filters: dict[QAction, ObjectFilter] = {}
        self.setProperty("flat", True)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        menu = QMenu(self)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)
        self.show_filter(self._filter, ())

    def show_filter(self, chosen: ObjectFilter, rows: Sequence[ObjectRow]) -> None:
        """What is chosen, and all rows of the image."""
        self._filter, self._rows = chosen, rows
        name = text(chosen.name)
        self.setText(name)
        self.updateGeometry()
        # Braces of a class's name are no key.
        shown = name.replace("{", "{{").replace("}", "}}")
        tip = tr("Which lines are listed, and what {key[next_wrong]} walks along ({key[filter_objects]})")
        set_key_tip(self, f"{tip}\n{shown}")
        self.setAccessibleName(tr("Filter of the list: {name}").format(name=name))

    def show_choices(self) -> None:
        """Open the menu, also from the keyboard."""
        self.setFocus()
        self.showMenu()

    @Slot()
    def _fill(self) -> None:
        menu = self.menu()
        menu.clear()
        self._filters.clear()
        choices = choices_of(self._rows, self._filter)
        # Outcomes and causes exclude one another, also over the rule between them.
        kinds, classes = QActionGroup(menu), QActionGroup(menu)
        self._add(choices.outcomes, kinds)
        if choices.causes:
            menu.addSeparator()
            self._add(choices.causes, kinds)
        if len(choices.classes) > 1:
            menu.addSeparator()
            self._add(choices.classes, classes)

    def _add(self, choices: Sequence[Choice], group: QActionGroup) -> None:
        for choice in choices:
            # In a menu "&" would underline the letter after it; what follows a tab stands at the right.
            action = self.menu().addAction(f"{text(choice.name).replace('&', '&&')}\t{choice.num_rows:,}")
            action.setCheckable(True)
            action.setChecked(choice.is_chosen)
            action.setActionGroup(group)
            action.triggered.connect(self._on_chosen)
            self._filters[action] = choice.filter

    @Slot()
    def _on_chosen(self) -> None:
        action = self.sender()
        if isinstance(action, QAction) and action in self._filters:
            self.chosen.emit(self._filters[action])

    def set_theme(self, theme: Theme) -> None:
        """Take the colours and the size of the text."""
        self._theme = theme
        self.setFont(ui_font(SMALL_PX))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as the words."""
        # Two pixels more: what is measured is rounded.
        return QSize(self._width_of(self.text()) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Room for the beginning of them."""
        return QSize(min(scaled(_SMALLEST), self.sizeHint().width()), self.sizeHint().height())

    def _width_of(self, words: str) -> int:
        return self.fontMetrics().horizontalAdvance(words) + 2 * _PADDING + scaled(_ARROW)

    def shown_text(self) -> str:
        """What fits."""
        room = self.width() - self._width_of("")
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The style's frame; words and arrow by hand, as the style gives the words no room beside the arrow."""
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text = ""
        option.features = QStyleOptionToolButton.ToolButtonFeature.None_
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        colour = self._theme.accent if not self._filter.is_all else self._theme.muted
        if self.underMouse():
            colour = self._theme.text
        painter.setPen(colour)
        area = self.rect().adjusted(_PADDING, 0, -_PADDING, 0)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), self.shown_text())
        arrow = QPointF(area.right() - scaled(_ARROW) / 2 + 4, self.rect().center().y() + 1.0)
        paint_chevron(painter, arrow, colour, down=True, size=3.0)
