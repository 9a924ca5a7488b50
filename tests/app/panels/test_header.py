"""The line at the top: what stays in a narrow window, and what the rest gives way in."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from app.actions import build_actions
from app.menus import fill_menus
from app.panels.header import Header
from app.theme import dress, light_theme, style_sheet
from app.translation import ENGLISH, read_catalogue, speak

WORDS, SHORT = "VOC XML › Annotations/BloodImage_00003.xml", "VOC XML › Annotations"


@pytest.fixture(params=["en", "de"])
def header(request, qtbot):
    speak(read_catalogue("de") if request.param == "de" else ENGLISH)
    actions = build_actions(QApplication.instance())
    window = QWidget()  # alone it would be as wide as its parts want
    qtbot.addWidget(window)
    made = Header(actions, window)
    fill_menus(made.menu_bar, actions, made)
    made.setStyleSheet(style_sheet(light_theme()))
    made.set_theme(light_theme())
    made.show_models((("compact", "compact"), ("long", "fasterrcnn_resnet50_fpn_v2 · fine_tuned_2")), "compact", "CPU")
    made.show_source(WORDS, short=SHORT)
    window.show()
    yield made
    speak(ENGLISH)


def shown(header):
    """What is there, from left to right."""
    every = {
        "menus": header.menu_bar, "workspaces": header.workspaces, "open": header.open_button,
        "undo": header.undo_button, "redo": header.redo_button, "model": header.model_button,
        "detect": header.detect_button, "words": header.score_label, "number": header.score_number,
        "score": header.score, "place": header.source,
    }  # fmt: skip
    return [name for name, widget in every.items() if widget.isVisible()]


@pytest.mark.parametrize("width", [800, 1024, 1100, 1366, 1600, 2400])
@pytest.mark.parametrize("model", ["compact", "long"])
def test_steps_and_place_are_always_there(header, width, model):
    header.show_models((("compact", "compact"), ("long", "fasterrcnn_resnet50_fpn_v2 · tuned")), model, "CPU")
    header.resize(width, header.height())
    assert {"menus", "workspaces", "undo", "redo", "place"} <= set(shown(header))
    assert header.source.width() >= 60
    assert header.source.shown_text().startswith("VOC XML")
    parts = [header.menu_bar, header.workspaces, header.undo_button, header.redo_button, header.source]
    parts += [each for each in (header.model_button, header.detect_button, header.score) if each.isVisible()]
    for part in parts:
        assert part.geometry().right() < width
    assert header.menu_bar.width() >= header.menu_bar.sizeHint().width()
    if width >= 1024:
        assert header.model_button.isVisible()
        assert header.detect_button.isVisible() or header.draw_button.isVisible()
        header._actions["draw"].setVisible(False)  # as in Inspect
        assert {"model", "detect"} <= set(shown(header))
        header._actions["draw"].setVisible(True)


def test_a_wide_window_has_it_all(header):
    header.resize(1920, header.height())
    assert len(shown(header)) == 11
    assert header.source.shown_text() == WORDS
    assert "F5" in header.detect_button.text()
    header.resize(800, header.height())
    assert header.source.shown_text() != WORDS
    assert header.source.toolTip() == WORDS
    assert {"open", "words", "number", "score"}.isdisjoint(shown(header))
    header.resize(1920, header.height())
    assert len(shown(header)) == 11


def test_the_place_does_not_move_when_the_detector_runs(header):
    header.resize(1366, header.height())
    before = header.source.geometry()
    header.show_busy(True)
    assert header.source.geometry() == before


def test_a_long_name_of_a_model_is_whole_in_the_tooltip(header):
    header.resize(1024, header.height())
    header.show_models((("long", "a&b " + "x" * 200),), "long", "CPU")
    assert header.model_button.width() <= 240
    assert header.model_button.toolTip().startswith("a&b xxx")
    assert header.grab().toImage().width() > 0


def test_the_working_score_keeps_its_name_at_1440_while_drawing(header):
    header._actions["draw_more"].setCheckable(True)
    header._actions["draw_more"].setChecked(True)
    header.resize(1440, header.height())
    if header.draw_button.text().startswith("Draw"):  # other languages have longer words
        assert header.score_label.isVisible()


def test_drawing_stays_in_a_narrow_window_of_large_text(header, qtbot):
    dress(light_theme(), large_text=True)
    try:
        header.setStyleSheet(style_sheet(light_theme()))
        header.set_theme(light_theme())
        header.resize(1024, header.height())
        if header.draw_button.text().startswith("Draw"):
            assert header.draw_button.isVisible()
            assert header.model_button.isVisible()
    finally:
        dress(light_theme())
