"""How much room there is on a screen.

Never ask a widget for its screen: PySide6 then makes the screen's wrapper a child of the widget's. Where that widget is
garbage of a cycle, Python's collector destroys the application's screen with it, and the next window to be painted ends
the process (PySide6 6.11, seen with windows that follow one another). What the application is asked has no parent.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QGuiApplication


def screen_area(place: QPoint | None = None) -> QRect:
    """What windows may cover of a screen, without its panels and docks.

    Args:
        place: on that screen; None, or a place on no screen: the first one.
    """
    screen = None if place is None else QGuiApplication.screenAt(place)
    return (screen or QGuiApplication.primaryScreen()).availableGeometry()
