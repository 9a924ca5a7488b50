"""The language is chosen in the menu for the next start; the window in German is German and fits a small screen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QPushButton, QWidget

from app.actions import COMMANDS, MENUS, build_actions
from app.keymap import Keymap, apply, native, read_keymap
from app.language import LanguageMenu, start_speaking
from app.panels.shortcut_editor import ShortcutEditor
from app.preferences import Preferences
from app.translation import ENGLISH, read_catalogue, speak, spoken, tr
from app.window import MainWindow
from app.wording import text

SMALL_SCREEN = (1366, 768)


class Status(QWidget):
    def __init__(self):
        super().__init__()
        self.told = []

    def show_message(self, message):
        self.told.append(text(message))


class Window(QWidget):
    """As much of the window as the menu of languages needs."""

    def __init__(self, path):
        super().__init__()
        self.preferences, self.status = Preferences(path), Status()
        self.group, self.actions_by_id = QActionGroup(self), {}
        for name in ("language_system", "language_en", "language_de", "quit"):
            action = self.actions_by_id[name] = QAction(name, self)
            action.setObjectName(name)
            action.setCheckable(True)
            self.group.addAction(action)
        self.languages = LanguageMenu(self)


def test_the_choice_is_remembered_and_it_is_said_when_it_counts(qtbot, tmp_path):
    window = Window(tmp_path / "boxscope.ini")
    qtbot.addWidget(window)
    assert window.group.checkedAction().objectName() == "language_system"
    window.actions_by_id["language_de"].trigger()
    assert window.status.told == ["Boxscope speaks Deutsch from its next start on."]
    assert spoken() is ENGLISH
    window.preferences.save()
    again = Window(tmp_path / "boxscope.ini")
    qtbot.addWidget(again)
    assert again.group.checkedAction().objectName() == "language_de"
    again.actions_by_id["language_en"].trigger()
    assert again.preferences.language == "en"


@pytest.fixture
def starting(qapp, tmp_path, monkeypatch):
    """Start with a choice on a French system; Qt speaks English again afterwards."""
    monkeypatch.setattr("app.language.QLocale.system", System)

    def started(choice):
        preferences = Preferences(tmp_path / "boxscope.ini")
        preferences.language = choice
        start_speaking(qapp, preferences)

    yield started
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)
        translator.deleteLater()


@pytest.mark.parametrize(
    ("choice", "language", "key"),
    [("de", "de", "Strg+O"), ("en", "en", "Ctrl+O"), ("system", "en", "Ctrl+O"), ("klingon", "en", "Ctrl+O")],
)
def test_the_program_speaks_what_was_chosen_and_names_keys_so(starting, choice, language, key):
    starting(choice)
    assert spoken().language == language
    assert native("Ctrl+O") == key


def test_keys_are_the_same_ones_in_every_language(starting, qtbot, tmp_path):
    starting("de")
    window = QWidget()
    qtbot.addWidget(window)
    actions = build_actions(window)
    for command in COMMANDS:
        if command.id:
            assert [each.toString() for each in actions[command.id].shortcuts()] == list(command.keys)
    apply(Keymap("cvat"), actions)
    assert actions["undo"].shortcut() == QKeySequence.fromString("Ctrl+Z")
    assert actions["class_1"].shortcuts()[1].toString() == "Ctrl+1"
    assert read_keymap(Keymap("cvat").with_keys("undo", ("Ctrl+J",)).to_json()).keys_of("undo") == ("Ctrl+J",)


class System:
    def uiLanguages(self):  # noqa: N802
        return ["fr-FR", "en-US"]


# -- the window in German ----------------------------------------------------------------------------------------------


@pytest.fixture
def window(qtbot, tmp_path):
    speak(read_catalogue("de"))
    made = MainWindow(Preferences(tmp_path / "boxscope.ini"))
    qtbot.addWidget(made)
    made.resize(*SMALL_SCREEN)
    made.show()
    qtbot.waitExposed(made)
    QApplication.processEvents()
    yield made
    made.close()


def clipped(whole):
    """Buttons and boxes with less room than their words need, and labels of one line."""
    shown = [
        each for each in whole.findChildren(QWidget) if each.isVisible() and each.width() < each.sizeHint().width()
    ]
    kinds = (QAbstractButton, QComboBox)
    cut = [each for each in shown if isinstance(each, kinds) and (isinstance(each, QComboBox) or each.text())]
    cut += [each for each in shown if type(each) is QLabel and not each.wordWrap() and each.text()]
    return [(type(each).__name__, each.objectName(), each.width(), each.sizeHint().width()) for each in cut]


def test_menus_panels_and_tools_are_german(window):
    bar = [action.text() for action in window.menuBar().actions()]
    assert bar == ["Datei", "Bearbeiten", "Ansicht", "Bild", "Detektor", "Hilfe"]
    assert bar == [tr(menu) for menu in MENUS]
    assert window.header.open_button.text() == "Öffnen"
    assert window.settings.header.title.text() == "Einstellungen"
    assert window.header.detect_button.text().split() == ["Detektieren", "F5"]
    assert window.details.browser.toPlainText().startswith("Klicken Sie ein Objekt oder eine Box an")


@pytest.mark.parametrize("workspace", ["inspect", "annotate"])
def test_no_words_are_cut_off_on_a_small_screen(window, workspace):
    window.header.workspaces.buttons[workspace].click()
    QApplication.processEvents()
    assert clipped(window) == []


def test_words_that_are_cut_off_are_found(qtbot):
    whole = QWidget()
    qtbot.addWidget(whole)
    button = QPushButton("Wiederherstellen", whole)
    whole.show()
    assert clipped(whole) == []
    button.setFixedWidth(40)
    assert [kind for kind, *_ in clipped(whole)] == ["QPushButton"]


def test_no_words_of_the_dialogs_are_cut_off(window, qtbot):
    window.dialogs.shortcuts.edit()
    editor = window.findChild(ShortcutEditor)
    editor.choose("draw")
    editor.give("draw", "D")
    QApplication.processEvents()
    assert editor.told.text() == "D ist auch „Nächstes Bild“: Solange beide sie haben, wirkt keine."
    assert clipped(editor) == []
    editor.restore_all.click()
    editor.accept()
