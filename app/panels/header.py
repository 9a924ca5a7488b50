"""The line at the top: menus, what is opened with what model, and the working score."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QFontMetrics, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QMenuBar, QPushButton, QSizePolicy, QToolButton, QWidget

from app.key_tips import set_key_tip
from app.panels.draw_button import DrawButton
from app.panels.elided_button import ElidedToolButton
from app.panels.elided_label import ElidedLabel
from app.panels.glyphs import undo_icon
from app.panels.value_slider import Scale, ValueSlider
from app.panels.workspace_switch import WorkspaceSwitch
from app.theme import Theme, scaled, ui_font
from app.translation import tr
from app.wording import setting_tooltip
from detector.config import Settings, setting_info

WORKING_SCORE = "matching.working_score"
_SLIDER_WIDTH, _SHORT_SLIDER = 130, 56
_LEAST_SOURCE, _SHORT_SOURCE, _FAIR_SOURCE, _GOOD_SOURCE = 60, 100, 135, 160
_LEAST_MODEL, _FAIR_MODEL, _MOST_MODEL = 80, 110, 240
_GAP = 10
_HEIGHT = 46


class Header(QWidget):
    """Menus and tools in one row.

    Signals:
        model_chosen(str): the id of a model.
        working_score_moved(float), working_score_settled(), working_score_reset(): the slider.
    """

    model_chosen = Signal(str)
    working_score_moved = Signal(float)
    working_score_settled = Signal()
    working_score_reset = Signal()

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._actions = actions
        self.menu_bar = QMenuBar(self)
        self.menu_bar.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.workspaces = WorkspaceSwitch(actions["workspace"], self)
        self.draw_button = DrawButton(actions["draw"], actions["draw_more"], self)
        self.draw_button.changed.connect(self._on_draw_changed)
        self.open_button = self._tool(tr("Open"), tr("Open an image, a folder or the samples"), QToolButton(self))
        self.undo_button, self.redo_button = self._step("undo"), self._step("redo")
        self.model_button = self._tool(tr("Model"), tr("The detector and where it runs"), ElidedToolButton(self))
        self.detect_button = QPushButton(self)
        self.detect_button.clicked.connect(self._on_detect)
        self._busy, self._has_key, self._rest = False, True, 0
        actions["detect"].changed.connect(self._on_detect_changed)
        self.score_label = QLabel(tr("Working score"), self)
        self.score_number = QLabel("0.50", self)
        info = setting_info(WORKING_SCORE)
        self.score = ValueSlider(Scale.of(info), 0.5, self)
        # As high as its track: no histogram stands behind this one.
        self.score.setFixedSize(_SLIDER_WIDTH, 18)
        self.score.setAccessibleName(tr("Working score"))
        for widget in (self.score_label, self.score_number, self.score):
            widget.setToolTip(setting_tooltip(WORKING_SCORE))
        self.score.moved.connect(self._on_score)
        self.score.settled.connect(self.working_score_settled)
        self.score.reset_wanted.connect(self.working_score_reset)
        self.source = ElidedLabel(Qt.TextElideMode.ElideLeft, self)
        self.source.setProperty("muted", True)
        self.source.setProperty("small", True)
        self.source.setAccessibleName(tr("Where the annotations come from"))
        self.source.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._model_menu = QMenu(self.model_button)
        self.model_button.setMenu(self._model_menu)
        self._fill_open_menu()
        self._show_steps()
        self._lay_out()
        self.show_busy(False)
        self._take_text_size()

    @Slot(object, object)
    def show_settings(self, settings: Settings, defaults: Settings) -> None:
        """Stand at the working score."""
        score = settings.matching.working_score
        self.score.show_number(score, defaults.matching.working_score)
        self.score_number.setText(f"{score:.2f}")

    def show_busy(self, busy: bool) -> None:
        """Turn Detect into Cancel while the detector runs."""
        self._busy = busy
        self.detect_button.setText(self._detect_words(self._has_key)[busy])
        tip = tr("Cancel ({key[cancel]})") if busy else tr("Run the detector on this image ({key[detect]})")
        set_key_tip(self.detect_button, tip)
        self.detect_button.setAccessibleName(tr("Cancel") if busy else tr("Detect"))

    def _detect_words(self, with_key: bool) -> tuple[str, str]:
        """At rest, and while the detector runs."""
        key = self._actions["detect"].shortcut().toString(QKeySequence.SequenceFormat.NativeText) if with_key else ""
        return f"{tr('Detect')}  {key}".rstrip(), tr("Cancel")

    def _detect_width(self, with_key: bool) -> int:
        """Wide enough for both of its words: what stands beside it must not move when the detector runs."""
        metrics, button = self.detect_button.fontMetrics(), self.detect_button
        frame = button.sizeHint().width() - metrics.horizontalAdvance(button.text())
        return frame + max(metrics.horizontalAdvance(words) for words in self._detect_words(with_key))

    def show_models(self, models: tuple[tuple[str, str], ...], current: str, device: str, speaker: str = "") -> None:
        """The models one can choose (id, name), the one in use and where it runs.

        Args:
            speaker: words for another one, where that has said what is on show.
        """
        self._model_menu.clear()
        for model_id, name in models:
            action = self._model_menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(model_id == current)
            action.setData(model_id)
            action.triggered.connect(self._on_model)
        self._model_menu.addSeparator()
        self._model_menu.addAction(self._actions["open_weights"])
        name = dict(models).get(current, current)
        words = f"{name} · {device}" if device else name
        self.model_button.setText(speaker.replace("&", "&&") or words)
        self.model_button.setAccessibleName(tr("Model {name}").format(name=self.model_button.text()))
        self.model_button.setToolTip(f"{speaker or words}\n{tr('The detector and where it runs')}")
        self._fit()

    def show_source(self, words: str, problem: str = "", short: str = "") -> None:
        """Where the ground truth of this image comes from, or that it cannot be read and why.

        Args:
            short: the same in fewer words, for a narrow window.
        """
        self.source.short = short
        self.source.setText(words)
        self.source.setToolTip(problem or words)
        if self.source.property("error") != bool(problem):
            self.source.setProperty("muted", not problem)
            self.source.setProperty("error", bool(problem))
            self.source.style().polish(self.source)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours and the size of the text."""
        self.score.set_theme(theme)
        self.undo_button.setIcon(undo_icon(theme.text, theme.faint))
        self.redo_button.setIcon(undo_icon(theme.text, theme.faint, redo=True))
        self._take_text_size()

    def _take_text_size(self) -> None:
        self.setFixedHeight(scaled(_HEIGHT))
        bold = ui_font(bold=True)
        self.score_number.setFont(bold)
        self.score_number.setFixedWidth(QFontMetrics(bold).horizontalAdvance("0.00") + 4)
        self._fit()

    def _fix_detect_width(self) -> None:
        self.detect_button.setText(self._detect_words(self._has_key)[self._busy])
        self.detect_button.setFixedWidth(self._detect_width(self._has_key))

    @Slot()
    def _on_detect_changed(self) -> None:
        """Its key may be another one from now on."""
        self._fit()

    def _tool(self, words: str, tooltip: str, button: QToolButton) -> QToolButton:
        button.setText(words)
        button.setToolTip(tooltip)
        button.setAccessibleName(tooltip)
        button.setProperty("menuButton", True)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _step(self, name: str) -> QToolButton:
        """A button for undo or redo; what it would do is in the action's text."""
        button = QToolButton(self)
        # The action's own text and keys would be the words of the button.
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setIconSize(QSize(16, 16))
        action = self._actions[name]
        button.clicked.connect(action.trigger)
        action.changed.connect(self._show_steps)
        return button

    @Slot()
    def _show_steps(self) -> None:
        for name, button in (("undo", self.undo_button), ("redo", self.redo_button)):
            action = self._actions[name]
            words = action.text().replace("&&", "&")
            button.setToolTip(f"{words} ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})")
            button.setAccessibleName(words)
            button.setEnabled(action.isEnabled())

    def _fill_open_menu(self) -> None:
        menu = QMenu(self.open_button)
        for name in ("open_image", "open_folder", "open_samples", "open_case"):
            menu.addAction(self._actions[name])
        self.open_button.setMenu(menu)

    def _lay_out(self) -> None:
        layout = self._row = QHBoxLayout(self)
        layout.setContentsMargins(4, 0, 12, 0)
        layout.setSpacing(6)
        layout.addWidget(self.menu_bar)
        layout.addSpacing(_GAP)
        layout.addWidget(self.workspaces)
        layout.addWidget(self.draw_button)
        layout.addWidget(self.open_button)
        layout.addWidget(self.undo_button)
        layout.addWidget(self.redo_button)
        layout.addWidget(self.model_button)
        layout.addWidget(self.detect_button)
        layout.addWidget(self.score_label)
        layout.addWidget(self.score_number)
        layout.addWidget(self.score)
        layout.addWidget(self.source, 1)

    @Slot(float)
    def _on_score(self, score: float) -> None:
        self.score_number.setText(f"{score:.2f}")
        self.working_score_moved.emit(score)

    @Slot()
    def _on_detect(self) -> None:
        self._actions["cancel" if self._busy else "detect"].trigger()

    @Slot()
    def _on_model(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.model_chosen.emit(action.data())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the words and the length of the slider give way to the menus and buttons."""
        super().resizeEvent(event)
        self._fit()

    @Slot()
    def _on_draw_changed(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """What does not fit gets shorter or goes, the least needed first; menus, steps and the place stay.

        All that goes but the model and the slider is in the menus too; the model is there from 1024 pixels on. In
        Annotate drawing comes before detecting.
        """
        margins = self._row.contentsMargins()
        self._rest = self.width() - margins.left() - margins.right() - _GAP - _LEAST_SOURCE
        for part in (self.menu_bar, self.workspaces, self.undo_button, self.redo_button, self.source):
            self._rest -= (0 if part is self.source else part.sizeHint().width()) + self._row.spacing()
        detect, model = self._detect_width(with_key=False), min(self.model_button.sizeHint().width(), _MOST_MODEL)
        slider = self.score_number.width() + _SHORT_SLIDER + self._row.spacing()
        has_model = self._grants(min(model, _LEAST_MODEL) + self._row.spacing())
        draw, key = self.draw_button.widths()
        has_draw = self.draw_button.is_wanted and self._grants(draw + self._row.spacing())
        self.detect_button.setVisible(self._grants(detect + self._row.spacing()))
        width = min(model, _LEAST_MODEL)
        width += self._takes(min(model, scaled(_FAIR_MODEL)) - width)
        self.draw_button.show_key(has_draw and self._grants(key))
        self.draw_button.setVisible(has_draw)
        self._grants(_SHORT_SOURCE - _LEAST_SOURCE)
        width += self._takes(model - width)
        self.model_button.setVisible(has_model)
        self.model_button.setFixedWidth(width)
        has_slider = self._grants(slider + _GAP + self._row.spacing())
        self.score.setVisible(has_slider)
        self.score_number.setVisible(has_slider)
        self.open_button.setVisible(self._grants(self.open_button.sizeHint().width() + self._row.spacing()))
        self._has_key = self._grants(self._detect_width(with_key=True) - detect)
        self._fix_detect_width()
        self._grants(_FAIR_SOURCE - _SHORT_SOURCE)
        self.score_label.setVisible(
            has_slider and self._grants(self.score_label.sizeHint().width() + self._row.spacing())
        )
        self._grants(_GOOD_SOURCE - _FAIR_SOURCE)
        longer = min(max(self._rest, 0), _SLIDER_WIDTH - _SHORT_SLIDER) if has_slider else 0
        self.score.setFixedWidth(_SHORT_SLIDER + longer)

    def _grants(self, width: int) -> bool:
        """Whether there is still so much room; it is taken then."""
        has_room = self._rest >= width
        self._rest -= width if has_room else 0
        return has_room

    def _takes(self, width: int) -> int:
        """As much of it as there is still room for."""
        taken = max(min(width, self._rest), 0)
        self._rest -= taken
        return taken

    def minimumSizeHint(self) -> QSize:
        """No smaller than this."""
        return QSize(400, scaled(_HEIGHT))
