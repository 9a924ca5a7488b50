"""The room on a screen; and that no widget is asked for its screen, which may end the process."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QPoint

import app
from app.screen_area import screen_area


def test_a_place_on_no_screen_means_the_first(qapp):
    first = screen_area()
    assert first.width() > 0
    assert screen_area(first.center()) == first
    assert screen_area(QPoint(-10_000, -10_000)) == first


def test_no_widget_is_asked_for_its_screen():
    folder = Path(app.__file__).parent
    asking = re.compile(r"\.screen\(\)|primaryScreen|screenAt")
    found = {path.name for path in folder.rglob("*.py") if asking.search(path.read_text(encoding="utf-8"))}
    assert found == {"screen_area.py"}
