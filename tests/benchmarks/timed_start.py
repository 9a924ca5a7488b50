"""Starts the program as main.py does, prints when window and detections were on the screen, and quits.

Run by `app_benchmarks` with the time at which it was started: two numbers of seconds since then come back as JSON.
"""

from __future__ import annotations

import json
import sys
import time

from app.display import DisplayProbe

probe = DisplayProbe()
# While the probe asks, as in main.py.
from PySide6.QtCore import QTimer, Slot  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from app import launch  # noqa: E402
from app.jobs import Followed  # noqa: E402


class TimedController(launch.Controller):
    """Started once the window has been painted; a scene with detections is on the screen once the events are done."""

    def start(self, paths=()):
        self.seconds = {"window": time.time() - float(sys.argv[1]), "window_cpu": time.process_time()}
        self.scenes.shown.connect(self.on_scene)
        super().start(paths)

    @Slot(object)
    def on_scene(self, followed: Followed):
        if followed.trace is not None and len(followed.trace.detections.kept) and "detections" not in self.seconds:
            self.seconds["detections"] = 0.0
            QTimer.singleShot(0, self.on_painted)

    @Slot()
    def on_painted(self):
        self.seconds |= {"detections": time.time() - float(sys.argv[1]), "detections_cpu": time.process_time()}
        print(json.dumps(self.seconds), flush=True)
        QApplication.quit()


if __name__ == "__main__":
    assert probe.problem() is None
    launch.Controller = TimedController
    sys.exit(launch.run_window(()))
