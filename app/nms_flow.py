"""Stepping through NMS: between the bar below the picture, the keys and the scenes."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Slot

from app.jobs import Followed
from app.scene import NmsCursor
from app.scene_flow import SceneFlow
from app.scene_nms import NMS_STAGES
from app.state import State
from app.window import MainWindow


class NmsFlow(QObject):
    """Moves the cursor of the stage on show."""

    def __init__(self, window: MainWindow, state: State, scenes: SceneFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state, self._scenes = window, state, scenes
        self._count = 0
        window.nms_toggled.connect(self.toggle)
        window.nms_moved.connect(self._on_moved)
        window.nms_bar.moved_by.connect(self._on_moved)
        window.nms_bar.step_wanted.connect(self._on_step_wanted)
        window.nms_bar.near_toggled.connect(self._on_near_toggled)
        scenes.shown.connect(self._on_shown)

    @Slot()
    def toggle(self) -> None:
        """Begin at what decides about the selection, or leave; from a stage without NMS go to the detections."""
        view = self._state.view
        if self._state.document is None:
            self._window.actions_by_id["step_nms"].setChecked(False)
            return
        if view.stage in view.nms:
            del view.nms[view.stage]
        elif view.stage in NMS_STAGES:
            view.nms[view.stage] = NmsCursor()
        else:
            view.nms[NMS_STAGES[-1]] = NmsCursor()
            self._scenes.choose_stage(NMS_STAGES[-1])
            return
        self._scenes.ask()

    @Slot(int)
    def _on_moved(self, by: int) -> None:
        cursor = self._cursor()
        if cursor is None:
            self.toggle()
        else:
            self._go(cursor, (cursor.step or 0) + by)

    @Slot(int)
    def _on_step_wanted(self, step: int) -> None:
        cursor = self._cursor()
        if cursor is not None:
            self._go(cursor, step)

    @Slot(bool)
    def _on_near_toggled(self, near: bool) -> None:
        cursor = self._cursor()
        if cursor is not None:
            self._state.view.nms[self._state.view.stage] = replace(cursor, near=near)
            self._scenes.ask()

    def _cursor(self) -> NmsCursor | None:
        return self._state.view.nms.get(self._state.view.stage)

    def _go(self, cursor: NmsCursor, step: int) -> None:
        """To a step there is; the number counts until the scene says whose it is."""
        step = min(max(step, 0), max(self._count - 1, 0))
        if step != cursor.step:
            self._state.view.nms[self._state.view.stage] = NmsCursor(step, None, cursor.near)
            self._scenes.ask()

    @Slot(object)
    def _on_shown(self, followed: Followed) -> None:
        view, walk = self._state.view, followed.scene.nms
        wished = followed.request.options
        if walk is not None and wished.stage == view.stage:
            self._count = walk.count
            if wished.nms == self._cursor():
                view.nms[view.stage] = walk.cursor
        self._window.actions_by_id["step_nms"].setChecked(view.stage in view.nms)
