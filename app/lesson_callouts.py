"""The callouts of the lesson: each stands beside the real thing it speaks of and follows it.

All at once where the canvas has room for them; on a small one they come one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QWidget

from app.canvas.view import BoxCanvas
from app.lesson import About, Hint
from app.panels.callout import Callout, place_beside
from app.panels.details_panel import DetailsPanel
from app.panels.settings_panel import SettingsPanel
from app.panels.stage_rail import StageRail
from app.scene import Scene
from app.theme import Theme, scaled
from app.translation import tr
from app.wording import text

_ROOM = (900, 560)
"""Of the canvas, from which on all callouts are shown at once."""

_GAP, _PANEL_GAP = 12, 16
"""Between a callout and what is told on the picture; between one and a panel; the height of a verdict."""

_MOVES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)


class LessonCallouts(QObject):
    """Shows hints on a window.

    Signals:
        ended(): a person has seen enough.
    """

    ended = Signal()

    # Qt sends events while a window goes, when Python has already taken the object's own values away.
    _hints: tuple[Hint, ...] = ()

    def __init__(
        self, over: QWidget, canvas: BoxCanvas, rail: StageRail, settings: SettingsPanel, details: DetailsPanel
    ) -> None:
        super().__init__(over)
        self._over, self._canvas, self._rail, self._settings, self._details = over, canvas, rail, settings, details
        self._closed: set[str] = set()
        self._turn = 0
        self._box: QRect | None = None
        self._scene: Scene | None = None
        self.callouts = {about: Callout(over) for about in ("object", "explanation", "setting", "rail")}
        for callout in self.callouts.values():
            callout.closed.connect(self._on_closed)
            callout.went_on.connect(self._on_went_on)
        # Many things move with one resize; the callouts follow once.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._place)
        canvas.view_changed.connect(self._timer.start)
        areas = [part for each in (settings.column, settings.pinned) for part in (each.viewport(), each.widget())]
        for widget in (over, canvas, rail, settings, *areas, details, details.header):
            if widget is not None:
                widget.installEventFilter(self)

    @property
    def is_open(self) -> bool:
        """Hints are on show; those whose thing is out of sight wait."""
        return any(not callout.isHidden() for callout in self.callouts.values())

    def begin(self) -> None:
        """All hints are to be seen, from the first one on, as soon as there is something to say."""
        self.suspend()
        self._closed.clear()
        self._turn = 0

    def show_hints(self, hints: Sequence[Hint], scene: Scene) -> None:
        """Say these, about the selected object of the scene."""
        if not self._hints:
            self._bring_setting_into_view(hints)
        self._hints, self._scene = tuple(hints), scene
        self._timer.start()

    @Slot()
    def end(self) -> None:
        """Hide all."""
        if self.is_open:
            focused = QApplication.focusWidget()
            had_focus = any(callout.isAncestorOf(focused) for callout in self.callouts.values() if focused is not None)
            self.suspend()
            if had_focus:
                self._canvas.setFocus()
            self.ended.emit()

    def suspend(self) -> None:
        """Hide all for now: something else is selected."""
        self._hints, self._scene = (), None
        self._timer.stop()
        for callout in self.callouts.values():
            callout.put_away()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours and the size of the text."""
        for callout in self.callouts.values():
            callout.set_theme(theme)
        self._timer.start()

    # -- what stands where ---------------------------------------------------------------------------------------------

    @Slot()
    def _place(self) -> None:
        """Put every callout beside what it speaks of; one whose thing is out of sight waits."""
        area = self._rect_of(self._canvas).adjusted(8, 8, -8, -8)
        one_by_one = self._canvas.width() < scaled(_ROOM[0]) or self._canvas.height() < scaled(_ROOM[1])
        targets = {hint.about: self._target(hint) for hint in self._hints}
        visible = self._visible(targets)
        shown = self._turn_of(visible) if one_by_one else visible
        story = self._story()
        blocked = [story] if story is not None else []
        # What stands at a panel has little choice; the one on the picture takes what is left.
        for hint in sorted(shown, key=lambda hint: hint.about == "object"):
            target, callout = targets[hint.about], self.callouts[hint.about]
            if target is None:
                continue
            self._say(hint, hint is visible[-1], one_by_one)
            place = self._place_of(hint, callout, target, area, blocked, story)
            callout.point_from(place, target)
            blocked.append(place)
        for about, callout in self.callouts.items():
            if not any(hint.about == about for hint in shown):
                callout.put_away()

    def _place_of(
        self, hint: Hint, callout: Callout, target: QRect, area: QRect, blocked: list[QRect], story: QRect | None
    ) -> QRect:
        size = callout.wanted_size()
        if hint.about == "object":
            return place_beside(size, target, "lrbt", area, blocked, _GAP, around=story)
        return place_beside(size, target, "b" if hint.about == "rail" else "l", area, blocked, _PANEL_GAP)

    def _say(self, hint: Hint, is_last: bool, one_by_one: bool) -> None:
        number, count = self._hints.index(hint) + 1, len(self._hints)
        button = tr("Got it") if is_last else tr("Next") if one_by_one else ""
        place = tr("{n:,} of {total:,}").format(n=number, total=count) if one_by_one else ""
        self.callouts[hint.about].say(
            number, text(hint.title), text(hint.body), is_solved=hint.is_solved, button=button, place=place
        )

    def _visible(self, targets: dict[About, QRect | None]) -> list[Hint]:
        """Those that were not closed and whose thing is in sight."""
        if not self._canvas.isVisible():
            return []
        return [hint for hint in self._hints if hint.about not in self._closed and targets[hint.about] is not None]

    def _turn_of(self, visible: Sequence[Hint]) -> list[Hint]:
        """The one whose turn it is; the last one where nothing further can be seen."""
        later = [hint for hint in visible if self._hints.index(hint) >= self._turn]
        return later[:1] or list(visible[-1:])

    def _target(self, hint: Hint) -> QRect | None:
        """What a hint points at, on the window; None while it is out of sight."""
        found: dict[str, Callable[[], QRect | None]] = {
            "object": self._object_rect,
            "explanation": self._explanation_rect,
            "setting": lambda: self._rect_in_sight(self._settings.rows[hint.key]),
            "rail": self._cards_rect,
        }
        return found[hint.about]()

    def _object_rect(self) -> QRect | None:
        marks = () if self._scene is None else self._scene.marks
        box = next((mark.box for mark in marks if mark.selected), None)
        return None if box is None else self._on_canvas(box)

    def _story(self) -> QRect | None:
        """What is drawn of the selection, which no callout should cover."""
        area = self._canvas.story_area().intersected(self._canvas.rect())
        return None if area.isEmpty() else area.translated(self._canvas.mapTo(self._over, QPoint()))

    def _explanation_rect(self) -> QRect | None:
        """All of the explanation: its note may point at any line, so that it need not cover the object beside it."""
        return None if self._rect_in_sight(self._details.header) is None else self._rect_of(self._details)

    def _cards_rect(self) -> QRect | None:
        if not self._rail.isVisible():
            return None
        whole = QRect()
        for button in self._rail.buttons.values():
            whole = whole.united(self._rect_of(button))
        return whole

    def _on_canvas(self, box: tuple[float, float, float, float]) -> QRect | None:
        """A box of the image on the window, cut at the canvas."""
        view = self._canvas.transform
        left, top = view.to_widget(box[0], box[1])
        right, bottom = view.to_widget(box[2], box[3])
        rect = QRect(QPoint(round(left), round(top)), QPoint(round(right), round(bottom)))
        seen = rect.intersected(self._canvas.rect())
        return None if seen.isEmpty() else seen.translated(self._canvas.mapTo(self._over, QPoint()))

    def _rect_of(self, widget: QWidget) -> QRect:
        return QRect(widget.mapTo(self._over, QPoint()), widget.size())

    def _rect_in_sight(self, widget: QWidget) -> QRect | None:
        """Where a widget is, unless it is hidden or has been scrolled away by more than half."""
        seen = widget.visibleRegion().boundingRect()
        if not widget.isVisible() or 2 * seen.height() < widget.height():
            return None
        return self._rect_of(widget)

    def _bring_setting_into_view(self, hints: Sequence[Hint]) -> None:
        for hint in hints:
            if hint.about == "setting":
                self._settings.bring_into_view(hint.key)

    # -- what a person does --------------------------------------------------------------------------------------------

    @Slot()
    def _on_closed(self) -> None:
        about = next((name for name, callout in self.callouts.items() if callout is self.sender()), "")
        if self.callouts[about].place.text():
            self._go_on(self.callouts[about])
            return
        self._closed.add(about)
        if all(hint.about in self._closed for hint in self._hints):
            self.end()
        else:
            self._place()

    @Slot()
    def _on_went_on(self) -> None:
        button = self.sender()
        if isinstance(button, Callout):
            self._go_on(button)

    def _go_on(self, callout: Callout) -> None:
        if callout.button.text() == tr("Next"):
            said = next(number for number, hint in enumerate(self._hints) if self.callouts[hint.about] is callout)
            self._turn = said + 1
            self._bring_setting_into_view(self._hints[self._turn : self._turn + 1])
            self._timer.start()
        else:
            self.end()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Something that a callout may point at has moved."""
        if self._hints and event.type() in _MOVES:
            self._timer.start()
        return False
