"""The bar below the picture while one steps through NMS."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from app.actions import build_actions
from app.panels.nms_bar import NmsBar
from app.scene import NmsCursor, NmsWalk
from app.sentences import say
from app.theme import dark_theme, light_theme
from tests.helpers.scenes import make_scene


def scene_at(step, count=193, **changes):
    walk = NmsWalk(NmsCursor(step, (57, 1)), count, say("text", text="Detection 3 suppresses it."))
    return dataclasses.replace(make_scene(), nms=dataclasses.replace(walk, **changes))


@pytest.fixture
def owner(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def actions(owner):
    return build_actions(owner)


@pytest.fixture
def bar(qtbot, actions):
    widget = NmsBar(actions)
    qtbot.addWidget(widget)
    widget.set_theme(dark_theme())
    widget.resize(976, 64)
    return widget


def test_it_is_there_only_while_somebody_steps(bar):
    bar.show_scene(make_scene())
    assert bar.isHidden()
    assert not bar.is_open
    bar.show_scene(scene_at(11))
    assert not bar.isHidden()
    assert bar.is_open
    assert bar.place.text() == "Step 12 of 193"
    assert bar.told.text() == "Detection 3 suppresses it."
    assert (bar.slider.value(), bar.slider.maximum()) == (11, 192)
    bar.show_scene(make_scene())
    assert bar.isHidden()


def test_showing_a_step_asks_for_none(bar, qtbot):
    with qtbot.assertNotEmitted(bar.step_wanted), qtbot.assertNotEmitted(bar.moved_by):
        bar.show_scene(scene_at(11))
        bar.show_scene(scene_at(3, count=5))


def test_the_buttons_are_the_commands(bar, actions, qtbot):
    bar.show_scene(scene_at(11))
    for name, button in bar.buttons.items():
        with qtbot.waitSignal(actions[name].triggered):
            button.click()
    with qtbot.waitSignal(actions["step_nms"].triggered):
        bar.done.click()


def test_at_the_ends_there_is_no_way_on(bar):
    def enabled():
        return [button.isEnabled() for button in bar.buttons.values()]

    bar.show_scene(scene_at(0))
    assert enabled() == [False, False, True, True]
    bar.show_scene(scene_at(192))
    assert enabled() == [True, True, False, False]
    bar.show_scene(scene_at(0, count=0))
    assert enabled() == [False] * 4
    assert not bar.slider.isEnabled()
    assert bar.place.text() == ""


def test_a_click_on_the_slider_goes_there(bar, qtbot):
    bar.show_scene(scene_at(0))
    bar.show()
    with qtbot.waitSignal(bar.step_wanted) as blocker:
        qtbot.mousePress(bar.slider, Qt.MouseButton.LeftButton, pos=QPoint(bar.slider.width() - 1, 10))
    assert blocker.args == [192]
    # a hand that holds it is ahead of what is shown
    bar.show_scene(scene_at(100))
    assert bar.slider.value() == 192
    assert bar.place.text() == "Step 101 of 193"
    qtbot.mouseRelease(bar.slider, Qt.MouseButton.LeftButton)
    bar.show_scene(scene_at(192))
    assert bar.slider.value() == 192


@pytest.mark.parametrize(
    ("key", "by"),
    [
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Left, -1),
        (Qt.Key.Key_PageUp, 10),
        (Qt.Key.Key_PageDown, -10),
        (Qt.Key.Key_End, 192),
        (Qt.Key.Key_Home, -192),
    ],
)
def test_keys_on_the_slider_ask_for_steps_from_where_one_is(bar, qtbot, key, by):
    bar.show_scene(scene_at(50))
    with qtbot.waitSignal(bar.moved_by) as blocker, qtbot.assertNotEmitted(bar.step_wanted):
        qtbot.keyClick(bar.slider, key)
    assert blocker.args == [by]


def test_only_near_needs_a_selection(bar, qtbot):
    bar.show_scene(scene_at(1))
    assert not bar.near.isEnabled()
    assert "Select a box" in bar.near.toolTip()
    bar.show_scene(scene_at(1, target=say("text", text="RBC #10")))
    assert bar.near.isEnabled()
    assert "RBC #10 at IoU >= 0.30" in bar.near.toolTip()
    with qtbot.waitSignal(bar.near_toggled) as blocker:
        bar.near.click()
    assert blocker.args == [True]
    # what is not selected any more narrows nothing down
    bar.show_scene(scene_at(1, cursor=NmsCursor(1, None, near=True)))
    assert not bar.near.isChecked()


def test_nothing_moves_from_step_to_step(bar):
    bar.show_scene(scene_at(0, count=5933))
    width, height = bar.place.width(), bar.sizeHint().height()
    for step in (9, 99, 999, 5932):
        bar.show_scene(scene_at(step, count=5933))
        assert (bar.place.width(), bar.sizeHint().height()) == (width, height)
        assert bar.place.fontMetrics().horizontalAdvance(bar.place.text()) <= width


def test_in_a_narrow_window_words_give_way_and_the_sentence_takes_more_lines(bar):
    bar.show_scene(scene_at(4, count=5933))
    bar.show()
    long = bar.told.height()
    assert bar.near.text() == "Only near the selection"
    bar.resize(420, 90)
    assert bar.near.text() == "Only near"
    assert bar.place.text() == "5 of 5,933"
    assert bar.told.height() > long
    bar.resize(976, 64)
    assert bar.place.text() == "Step 5 of 5,933"
    assert bar.told.height() == long


def test_a_sentence_that_needs_more_room_gets_it(bar):
    bar.show_scene(scene_at(4))
    usual = bar.told.height()
    bar.show_scene(scene_at(4, told=say("text", text="very long words " * 40)))
    assert bar.told.height() > usual


def test_everything_has_a_name_and_its_key(bar):
    bar.show_scene(scene_at(4, target=say("text", text="RBC #10")))
    bar.set_theme(light_theme())
    parts = (*bar.buttons.values(), bar.slider, bar.near, bar.done)
    assert all(part.accessibleName() for part in parts)
    assert [button.toolTip() for button in bar.buttons.values()] == [
        "First NMS step (Ctrl+,)",
        "Previous NMS step (,)",
        "Next NMS step (.)",
        "Last NMS step (Ctrl+.)",
    ]
    assert bar.slider.accessibleDescription() == "Step 5 of 193. Detection 3 suppresses it."
    assert all(part.focusPolicy() & Qt.FocusPolicy.TabFocus for part in parts)
