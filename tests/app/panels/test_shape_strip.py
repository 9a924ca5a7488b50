import pytest
from PySide6.QtCore import Qt

from app.panels.shape_strip import ShapeStrip
from app.scene import AnchorShape, CellShapes, Ref, Role
from app.theme import light_theme
from tests.helpers.scenes import say

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

SIDES = ((32, 16), (80, 40), (32, 32), (80, 80), (16, 32), (40, 80))


def make_cell(count=6, first=30):
    shapes = tuple(
        AnchorShape(
            Ref("anchor", first + place), *SIDES[place % 6], Role.POSITIVE if place == 3 else Role.NEGATIVE,
            place / 10, place == 3, say(f"anchor {first + place}\nIoU 0.{place}"),
        )
        for place in range(count)
    )  # fmt: skip
    return CellShapes(say("Anchors of cell x 2, y 1"), shapes)


@pytest.fixture
def strip(qtbot):
    made = ShapeStrip()
    qtbot.addWidget(made)
    made.resize(330, 90)
    made.show_cells((make_cell(),), Ref("anchor", 33))
    made.show()
    return made


@pytest.fixture
def picked(strip):
    heard = []
    strip.picked.connect(heard.append)
    return heard


def test_a_button_for_every_shape_with_its_words(strip, picked):
    (row,) = strip.rows
    assert row.title.text() == "Anchors of cell x 2, y 1"
    assert [button.accessibleName() for button in row.buttons][3] == "anchor 33. IoU 0.3"
    assert [button.isChecked() for button in row.buttons] == [False, False, False, True, False, False]
    assert picked == []


def test_a_click_picks_and_the_mark_waits_for_the_scene(strip, picked, qtbot):
    row = strip.rows[0]
    qtbot.mouseClick(row.buttons[1], Qt.MouseButton.LeftButton)
    assert picked == [Ref("anchor", 31)]
    assert row.buttons[3].isChecked()
    assert not row.buttons[1].isChecked()


def test_arrows_step_along_the_row_and_stop_at_its_ends(strip, picked, qtbot):
    row = strip.rows[0]
    row.buttons[3].setFocus()
    qtbot.keyClick(row.buttons[3], Qt.Key.Key_Right)
    qtbot.keyClick(row.buttons[3], Qt.Key.Key_Left)
    assert picked == [Ref("anchor", 34), Ref("anchor", 32)]
    strip.show_cells((make_cell(),), Ref("anchor", 35))
    qtbot.keyClick(row.buttons[5], Qt.Key.Key_Right)
    assert len(picked) == 2


def test_one_stop_of_the_tab_key(strip):
    for selected in (Ref("anchor", 33), Ref("object", 1)):
        strip.show_cells((make_cell(),), selected)
        assert sum(bool(each.focusPolicy() & Qt.FocusPolicy.TabFocus) for each in strip.rows[0].buttons) == 1


def test_without_a_cell_there_is_no_strip(strip):
    strip.show_cells((), None)
    assert not strip.isVisible()
    assert strip.rows == []


def test_many_shapes_take_several_lines_and_none_is_cut_off(strip):
    strip.show_cells((make_cell(24),), None)
    strip.resize(330, strip.sizeHint().height())
    buttons = strip.rows[0].buttons
    assert len({button.y() for button in buttons}) > 1
    assert all(button.width() >= button.minimumSizeHint().width() for button in buttons)


def test_levels_stand_one_below_the_other(strip, picked):
    strip.show_cells((make_cell(3), make_cell(3, 90)), None)
    assert len(strip.rows) == 2
    strip.rows[1].buttons[2].click()
    assert picked == [Ref("anchor", 92)]


def test_a_positive_shape_looks_different(strip):
    strip.set_theme(light_theme())
    positive, other = strip.rows[0].buttons[3], strip.rows[0].buttons[2]
    middle = positive.rect().center().x()
    # inside of the outline, above the number
    assert positive.grab().toImage().pixelColor(middle, 16) != other.grab().toImage().pixelColor(middle, 16)
