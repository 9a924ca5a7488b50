"""Moving settings: live ones follow at once, the others wait until they are let go of. A gesture is a step of undo."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from app.commands import setting_change
from app.network_flow import NetworkFlow
from app.sentences import say
from app.state import State
from app.undo_flow import UndoFlow
from app.window import MainWindow
from app.wording import setting_label
from detector.config import Settings, SettingsError, Value, setting_info

WORKING_SCORE = "matching.working_score"


class SettingsFlow(QObject):
    """Turns the panel's moves into `State.settings`.

    Signals:
        live_changed: thresholds moved; the evidence stays.
    """

    live_changed = Signal()

    def __init__(self, window: MainWindow, state: State, network: NetworkFlow, undo: UndoFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state, self._network, self._undo = window, state, network, undo
        self._moving = ""
        self._before_reset: Settings | None = None
        self._aside: Settings | None = None
        window.settings.setting_moved.connect(self.move)
        window.settings.setting_settled.connect(self.settle)
        window.settings.setting_reset.connect(self.reset)
        window.all_reset.connect(self.reset_all)
        window.working_score_moved.connect(self._on_working_score)
        window.working_score_settled.connect(self._on_working_score_settled)
        window.working_score_reset.connect(self._on_working_score_reset)
        network.settings_changed.connect(self._on_settings_changed)
        undo.settings_stepped.connect(self._on_stepped)
        undo.aside_left.connect(self._on_aside_left)

    @Slot(str, object)
    def move(self, key: str, value: Value) -> None:
        """A setting has another value."""
        if self._state.case is not None and setting_info(key).evidence:
            self._window.show_error(say("case.fixed_setting", setting=setting_label(key)))
            self.show_settings()
            return
        try:
            changed = self._state.settings.with_value(key, value)
        except SettingsError as error:
            self._window.show_error(say("error", text=str(error)))
            self.show_settings()
            return
        if key != self._moving:
            self._undo.end_gesture()
            self._moving = key
        self._undo.drag_settings(changed, setting_change(key, self._state.settings.value(key), value))

    @Slot(str)
    def settle(self, key: str) -> None:
        """A setting was let go of: remember it, and ask the network where it must know."""
        self._undo.end_gesture()
        self._remember()
        if setting_info(key).evidence:
            self._network.evidence_settings_settled()

    @Slot(str)
    def reset(self, key: str) -> None:
        """A setting goes back to the model's own value."""
        before, own = self._state.settings.value(key), self._state.defaults.value(key)
        self._undo.change_settings(self._state.settings.with_value(key, own), setting_change(key, before, own))

    @Slot()
    def reset_all(self) -> None:
        """All settings go back to the model's own values; asked again, to what stood before."""
        before, state = self._state.settings, self._state
        changed = before.changed_from(state.defaults)
        if changed:
            self._undo.change_settings(state.defaults, say("undo.restored"))
            self._before_reset = before
            self.show_settings()
            self._window.status.show_message(say("status.restored", n=len(changed)))
        elif self._before_reset is not None:
            self._undo.change_settings(self._before_reset, say("undo.brought_back"))
            count = len(state.settings.changed_from(state.defaults))
            self._window.status.show_message(say("status.brought_back", n=count))

    def set_aside(self) -> None:
        """The model's own values for a while: until `bring_back` nothing is remembered."""
        own = self._state.own_settings
        if self._aside is None:
            self._aside = own.settings
        self._undo.set_aside()
        self._take_own(own.defaults)

    @Slot()
    def bring_back(self) -> None:
        """The person's own values again, where they were set aside."""
        if self._aside is not None:
            aside, self._aside = self._aside, None
            self._undo.bring_back()
            self._take_own(aside)

    def _take_own(self, settings: Settings) -> None:
        """Other values of the person; where a case is open they are seen once it is left."""
        if self._state.case is not None:
            self._state.keep_own(settings, self._state.own_settings.defaults)
            return
        self._take(settings)
        self._network.evidence_settings_settled()

    def case_changed(self) -> None:
        """A case was opened, whose settings hold now; or it was left, and the person's own are back."""
        self._before_reset = None
        self._undo.bring_back()
        if self._state.case is not None or self._aside is not None:
            self._undo.set_aside()
        self.show_settings()

    @Slot()
    def show_settings(self) -> None:
        """Show the values as they are, and whether there is a way back to others."""
        settings, defaults = self._state.settings, self._state.defaults
        self._window.settings.show_settings(settings, defaults)
        if self._before_reset is not None:
            self._window.settings.show_restorable(len(self._before_reset.changed_from(defaults)))

    @Slot()
    def _on_settings_changed(self) -> None:
        # Other settings than a person's own moves, of another model perhaps: there is no way back over them.
        self._aside = None
        if self._state.case is None:
            self._before_reset = None
        self._undo.forget_settings()
        self.show_settings()

    @Slot(object, bool)
    def _on_stepped(self, settings: Settings, in_hand: bool) -> None:
        """A step was made, undone or done again."""
        is_live = settings.same_evidence(self._state.settings)
        self._take(settings)
        if in_hand:
            return
        self._remember()
        if not is_live:
            self._network.evidence_settings_settled()

    @Slot()
    def _on_aside_left(self) -> None:
        self._aside = None

    def _take(self, settings: Settings) -> None:
        if settings == self._state.settings:
            return
        self._before_reset = None
        self._state.settings = settings
        self.show_settings()
        self.live_changed.emit()

    def _remember(self) -> None:
        if self._state.model is not None and self._aside is None and self._state.case is None:
            self._network.remembered.remember(self._network.memory_key(), self._state.settings, self._state.defaults)

    @Slot(float)
    def _on_working_score(self, score: float) -> None:
        self.move(WORKING_SCORE, score)

    @Slot()
    def _on_working_score_settled(self) -> None:
        self.settle(WORKING_SCORE)

    @Slot()
    def _on_working_score_reset(self) -> None:
        self.reset(WORKING_SCORE)
