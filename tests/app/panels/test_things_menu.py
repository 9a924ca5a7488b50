import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QWidget

from app.panels.things_menu import MOST_LISTED, ThingsMenu
from app.scene import ObjectRow, Ref, Role
from tests.helpers.scenes import say

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

CURSOR, BOX = QPoint(100, 100), QRect(80, 80, 60, 60)


def thing(kind, row, words="kept"):
    return ObjectRow(Ref(kind, row), say(f"{kind} {row}"), say(words), Role.PROPOSAL, wrong=False)


@pytest.fixture
def menu(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    made = ThingsMenu(window)
    made.window_shown = window
    yield made
    made.close()


def lines(menu):
    return [action.text() for action in menu.actions() if not action.isSeparator()]


def test_a_rule_parts_two_kinds(menu):
    rows = [thing("object", 1, "found"), thing("detection", 2), thing("detection", 1), thing("anchor", 7)]
    menu.show_things(rows, None, CURSOR, BOX)
    assert lines(menu) == ["object 1 – found", "detection 2 – kept", "detection 1 – kept", "anchor 7 – kept"]
    assert sum(action.isSeparator() for action in menu.actions()) == 2


def test_the_selected_one_is_marked_and_current(menu):
    menu.show_things([thing("object", 1), thing("object", 2)], Ref("object", 2), CURSOR, BOX)
    assert [action.font().bold() for action in menu.actions()] == [False, True]
    assert menu.activeAction() is menu.actions()[1]


def test_the_keyboard_picks(menu, qtbot):
    menu.show_things([thing("object", 1), thing("object", 2)], None, CURSOR, BOX)
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    with qtbot.waitSignal(menu.picked) as picked:
        qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert picked.args == [Ref("object", 2)]


def test_a_long_list_says_how_many_more_there_are(menu):
    menu.show_things([thing("proposal", row) for row in range(MOST_LISTED + 1_200)], None, CURSOR, BOX)
    assert len(lines(menu)) == MOST_LISTED + 1
    assert lines(menu)[-1] == "and 1,200 more"
    assert not menu.actions()[-1].isEnabled()


def test_it_opens_beside_the_box(menu):
    menu.show_things([thing("object", 1)], None, CURSOR, BOX)
    assert not menu.geometry().intersects(BOX)


def test_long_names_are_shortened(menu):
    menu.show_things([thing("object", 1, "a" * 400)], None, CURSOR, BOX)
    assert "…" in lines(menu)[0]
    assert menu.sizeHint().width() < 600


def test_nothing_here_opens_nothing(menu):
    menu.show_things([], None, CURSOR, BOX)
    assert not menu.isVisible()
