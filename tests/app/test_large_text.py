"""Everything of a window grows with the text, at once and back again, and still fits a small screen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QLabel

from app.panels.cheat_sheet import CheatSheet
from app.preferences import Preferences
from app.scene import Ref
from app.theme import BASE_PX, LARGE_TEXT, dark_theme, dress, line_scale, scaled, ui_font
from app.window import MainWindow
from tests.helpers.scenes import DETAILS, make_scene

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture(autouse=True)
def _usual_text_afterwards(qapp):
    yield
    dress(dark_theme())


@pytest.fixture
def window(qtbot, tmp_path):
    made = MainWindow(Preferences(tmp_path / "boxscope.ini"))
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    made.show_start(False)
    made.show_scene(make_scene(selected=Ref("object", 1), details=DETAILS))
    return made


def sizes(window):
    rows = window.settings.rows["detections.nms_iou"]
    return {
        "header": window.header.height(),
        "group": window.settings.headers["detections"].height(),
        "number": rows.box.width(),
        "card": window.rail.buttons["detections"].height(),
        "object": window.objects.view.sizeHintForRow(0),
        "layer": window.tree.tree.sizeHintForRow(0),
        "status": window.status.height(),
        "label": rows.label.sizeHint().height(),
        "explanation": QFontMetrics(window.details.browser.font()).height(),
    }


def test_everything_grows_at_once_and_goes_back(window, qtbot):
    before = sizes(window)
    window.actions_by_id["large_text"].trigger()
    qtbot.waitUntil(lambda: all(now >= 1.25 * before[name] for name, now in sizes(window).items()))
    window.actions_by_id["large_text"].trigger()
    qtbot.waitUntil(lambda: sizes(window) == before)


def test_fonts_and_lines_follow_the_one_scale(window):
    assert (ui_font().pixelSize(), line_scale()) == (BASE_PX, 1.0)
    window.actions_by_id["large_text"].trigger()
    assert ui_font().pixelSize() == round(LARGE_TEXT * BASE_PX) == QApplication.font().pixelSize()
    assert line_scale() > 1
    assert scaled(100) == pytest.approx(100 * LARGE_TEXT, abs=3)


def test_the_sides_are_wider_while_the_text_is_large(window, qtbot):
    window.resize(1920, 1000)
    before = window.left.width(), window.right.width()
    window.actions_by_id["large_text"].trigger()
    qtbot.waitUntil(lambda: window.left.width() > 1.2 * before[0] and window.right.width() > 1.2 * before[1])
    window.actions_by_id["large_text"].trigger()
    qtbot.waitUntil(lambda: (window.left.width(), window.right.width()) == before)


def test_it_is_remembered(window, qtbot, tmp_path):
    window.actions_by_id["large_text"].trigger()
    window.close()
    again = MainWindow(Preferences(tmp_path / "boxscope.ini"))
    qtbot.addWidget(again)
    assert again.actions_by_id["large_text"].isChecked()
    assert ui_font().pixelSize() > BASE_PX


def test_it_fits_the_smallest_common_screen(window, qtbot):
    window.actions_by_id["large_text"].trigger()
    window.resize(1366, 768)
    assert (window.width(), window.height()) == (1366, 768)
    assert window.canvas.width() >= 0.45 * 1366
    bar = window.header.menu_bar
    qtbot.waitUntil(lambda: bar.width() >= bar.sizeHint().width())
    assert window.header.score.geometry().right() < window.width()
    for button in window.rail.buttons.values():
        assert button.geometry().right() <= window.rail.width()


def test_no_line_of_text_is_higher_than_its_room(window, qtbot):
    window.actions_by_id["large_text"].trigger()
    QApplication.processEvents()
    low = [
        (label.text(), label.height(), label.fontMetrics().height())
        for label in window.findChildren(QLabel)
        if label.isVisible() and label.text() and label.height() < label.fontMetrics().height()
    ]
    assert low == []


def test_the_cheat_sheet_is_found_through(window, qtbot):
    window.actions_by_id["large_text"].trigger()
    sheet = CheatSheet(window.actions_by_id, window)
    qtbot.addWidget(sheet)
    assert sheet.size().boundedTo(window.size() - QSize(60, 60)) == sheet.size()


def test_a_gesture_can_be_searched_for(window, qtbot):
    sheet = CheatSheet(window.actions_by_id, window)
    qtbot.addWidget(sheet)
    sheet.show()

    def seen():
        return [each.text() for each in sheet.findChildren(QLabel) if each.isVisible()]

    assert "Alt+click" in seen()
    sheet.search.setText("list BOXES")
    assert seen() == ["Mouse on the picture", "Alt+click", "List the boxes here"]
    sheet.search.setText("nowhere")
    assert seen() == ["No key and no gesture has these words."]
    sheet.search.clear()
    assert len(seen()) > 40


def test_texts_on_the_picture_follow_both_ways(window, qtbot):
    texts, font = window.canvas._frame._texts, window.canvas.font()

    def pixels():
        """The font of a widget does not always change with that of the program."""
        return texts.on_screen(font, 1.0).pixels

    usual = pixels()
    window.actions_by_id["large_text"].trigger()
    assert pixels() == round(usual * LARGE_TEXT)
    window.actions_by_id["large_text"].trigger()
    assert pixels() == usual
