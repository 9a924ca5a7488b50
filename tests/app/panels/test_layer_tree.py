from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt

from app.panels.layer_tree import ROW_ROLE, LayerTree
from tests.helpers.scenes import TREE, make_scene

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def tree(qtbot):
    made = LayerTree()
    qtbot.addWidget(made)
    made.resize(260, 400)
    made.show()
    with qtbot.assertNotEmitted(made.layer_toggled):
        made.show_scene(make_scene())
    return made


def item(tree, layer_id):
    return tree._items[layer_id]


def click(qtbot, tree, layer_id, from_right):
    area = tree.tree.visualRect(item(tree, layer_id).index())
    place = QPoint(tree.tree.viewport().width() - from_right, area.center().y())
    qtbot.mouseClick(tree.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_every_layer_has_a_line_with_name_count_and_state(tree):
    assert set(tree._items) == {row.id for row in TREE}
    assert item(tree, "proposals.kept").text() == "Kept, the others, 300, hidden"
    assert item(tree, "detections.judged").text() == "At working score or above, not known yet, shown"


def test_the_stage_on_show_is_open_and_others_are_closed(tree):
    assert tree.tree.isExpanded(item(tree, "detections").index())
    assert tree.tree.isExpanded(item(tree, "ground_truth").index())
    assert not tree.tree.isExpanded(item(tree, "proposals").index())
    tree.show_scene(make_scene("proposals"))
    assert tree.tree.isExpanded(item(tree, "proposals").index())
    assert not tree.tree.isExpanded(item(tree, "detections").index())


def test_what_was_unfolded_by_hand_stays_while_counts_change(tree):
    tree.tree.setExpanded(item(tree, "proposals").index(), True)
    rows = tuple(replace(row, count=7) for row in TREE)
    tree.show_scene(replace(make_scene(), tree=rows))
    assert tree.tree.isExpanded(item(tree, "proposals").index())
    assert item(tree, "proposals.kept").data(ROW_ROLE).count == 7


@pytest.mark.parametrize(
    ("layer_id", "wanted"), [("ground_truth.missed", False), ("detections.judged", False), ("proposals", True)]
)
def test_the_eye_asks_for_the_opposite(tree, qtbot, layer_id, wanted):
    with qtbot.waitSignal(tree.layer_toggled) as toggled:
        click(qtbot, tree, layer_id, from_right=12)
    assert toggled.args == [layer_id, wanted]
    assert item(tree, layer_id).data(ROW_ROLE).visible is not wanted


def test_a_click_on_a_stage_name_folds(tree, qtbot):
    with qtbot.assertNotEmitted(tree.layer_toggled):
        click(qtbot, tree, "proposals", from_right=180)
    assert tree.tree.isExpanded(item(tree, "proposals").index())


def test_space_toggles_the_current_line(tree, qtbot):
    tree.tree.setCurrentIndex(item(tree, "ground_truth.objects").index())
    with qtbot.waitSignal(tree.layer_toggled) as toggled:
        qtbot.keyClick(tree.tree, Qt.Key.Key_Space)
    assert toggled.args == ["ground_truth.objects", False]


def test_toggle_by_id(tree, qtbot):
    with qtbot.waitSignal(tree.layer_toggled) as toggled:
        tree.toggle("proposals.kept")
    assert toggled.args == ["proposals.kept", True]
