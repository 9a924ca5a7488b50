"""The choice of a language: what is spoken from the start on, and the menu that changes it for the next start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator, Slot

from app.preferences import Preferences
from app.translation import LANGUAGES, SOURCE, chosen_language, read_catalogue, speak
from detector.messages import say

if TYPE_CHECKING:
    from app.window import MainWindow

PREFIX = "language_"
"""Of the commands that choose one; "system" or a code follows."""


def start_speaking(application: QCoreApplication, preferences: Preferences) -> None:
    """Take the person's language, also for Qt's own dialogs and names of keys; before the first widget is made."""
    language = _resolved(preferences.language)
    speak(read_catalogue(language))
    if language == SOURCE:
        return
    qt = QTranslator(application)
    if qt.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        application.installTranslator(qt)


def _resolved(choice: str) -> str:
    return chosen_language(choice, QLocale.system().uiLanguages())


class LanguageMenu(QObject):
    """The commands "System", "English", "Deutsch" of a window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        for name, action in window.actions_by_id.items():
            if name.startswith(PREFIX):
                action.setChecked(name == f"{PREFIX}{window.preferences.language}")
                action.triggered.connect(self._on_chosen)

    @Slot()
    def _on_chosen(self) -> None:
        choice = self.sender().objectName().removeprefix(PREFIX)
        self._window.preferences.language = choice
        self._window.status.show_message(say("status.language", language=LANGUAGES[_resolved(choice)]))
