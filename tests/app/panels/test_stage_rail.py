from itertools import pairwise

import pytest
from PySide6.QtCore import Qt

from app.panels.stage_rail import BRANCH_NOTE, StageRail
from app.scene import STAGES
from app.theme import light_theme
from tests.helpers.scenes import make_scene

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def rail(qtbot):
    made = StageRail()
    qtbot.addWidget(made)
    made.resize(1200, 62)
    made.show()
    return made


def test_cards_show_counts_and_the_stage_on_show(rail, qtbot):
    with qtbot.assertNotEmitted(rail.stage_chosen):
        rail.show_scene(make_scene("proposals"))
    assert "300 of 5,940" in rail.buttons["proposals"].accessibleName()
    assert [stage for stage in STAGES if rail.buttons[stage].isChecked()] == ["proposals"]


def test_the_order_is_that_of_the_flow_and_training_is_a_branch(rail):
    rail.show_scene(make_scene())
    by_place = sorted(STAGES, key=lambda stage: rail.buttons[stage].x())
    assert by_place == ["image", "anchors", "proposals", "detections", "assignment"]
    assert rail.note.text() == BRANCH_NOTE
    assert rail.note.isVisible()


def test_a_missing_stage_is_grey_and_says_why(rail):
    rail.show_scene(make_scene())
    assert not rail.buttons["assignment"].isEnabled()
    assert "No ground truth" in rail.buttons["assignment"].toolTip()


@pytest.mark.parametrize("stage", ["image", "anchors", "detections"])
def test_a_click_chooses_and_the_mark_waits_for_the_scene(rail, qtbot, stage):
    rail.show_scene(make_scene("proposals"))
    with qtbot.waitSignal(rail.stage_chosen) as chosen:
        qtbot.mouseClick(rail.buttons[stage], Qt.MouseButton.LeftButton)
    assert chosen.args == [stage]
    assert rail.buttons["proposals"].isChecked()
    assert not rail.buttons[stage].isChecked()


def test_the_keyboard_chooses(rail, qtbot):
    rail.show_scene(make_scene("proposals"))
    with qtbot.waitSignal(rail.stage_chosen) as chosen:
        qtbot.keyClick(rail.buttons["anchors"], Qt.Key.Key_Space)
    assert chosen.args == ["anchors"]


def test_stepping_leaves_out_what_is_missing_and_ends_at_the_ends(rail, qtbot):
    rail.show_scene(make_scene("anchors"))
    with qtbot.waitSignal(rail.stage_chosen) as chosen:
        rail.step(1)
    assert chosen.args == ["proposals"]
    rail.show_scene(make_scene("detections"))
    with qtbot.assertNotEmitted(rail.stage_chosen):
        rail.step(1)


def test_the_note_gives_way_where_it_is_narrow(rail):
    rail.show_scene(make_scene())
    rail.resize(700, 62)
    assert not rail.note.isVisible()


def test_it_can_be_drawn_in_both_themes(rail):
    rail.show_scene(make_scene())
    dark = rail.grab().toImage()
    rail.set_theme(light_theme())
    assert rail.grab().toImage() != dark


@pytest.mark.parametrize("width", [360, 470, 600, 760, 1200])
def test_all_cards_stay_within_the_rail(rail, width):
    rail.show_scene(make_scene())
    rail.resize(width, 62)
    rail.layout().activate()  # as the event loop does
    for button in rail.buttons.values():
        assert button.geometry().right() < width
        assert button.width() >= 40
    places = sorted((button.geometry() for button in rail.buttons.values()), key=lambda area: area.x())
    assert all(one.right() < other.left() for one, other in pairwise(places))
    assert "300 of 5,940" in rail.buttons["proposals"].toolTip()
    assert rail.note.isVisible() == (width == 1200)
