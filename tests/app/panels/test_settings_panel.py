from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu

from app.panels.settings_panel import GROUPS_OF_STAGE, SettingsPanel
from app.scene import STAGES, Histogram
from detector.config import Settings, settings_info
from tests.helpers.scenes import make_scene

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

INTENTS = ("setting_moved", "setting_settled", "setting_reset", "all_reset", "pin_toggled")


@pytest.fixture
def panel(qtbot):
    made = SettingsPanel()
    qtbot.addWidget(made)
    made.resize(350, 600)
    made.show()
    made.activateWindow()
    made.show_scene(make_scene())
    made.show_settings(Settings(), Settings())
    return made


@pytest.fixture
def heard(panel):
    found = []
    for name in INTENTS:
        getattr(panel, name).connect(lambda *args, name=name: found.append((name, *args)))
    return found


def test_every_setting_has_a_row_in_the_order_of_the_flow(panel):
    assert list(panel.rows) == [info.key for info in settings_info()]


def test_every_numeric_setting_has_slider_and_number(panel):
    for key, row in panel.rows.items():
        assert (row.slider is not None and row.box is not None) == row.info.is_slider, key


def test_showing_settings_stands_at_them_and_emits_no_intent(panel, heard):
    changed = (
        Settings()
        .with_value("detections.nms_iou", 0.4)
        .with_value("proposals.pre_nms_top_n", 1234)
        .with_value("assignment.best_for_object", False)
        .with_value("head.pooling", "align")
        .with_value("anchors.sizes", (32.0, 64.0))
    )
    panel.show_settings(changed, Settings())
    rows = panel.rows
    assert rows["detections.nms_iou"].slider.number == 0.4
    assert rows["detections.nms_iou"].box.text() == "0.40"
    assert rows["proposals.pre_nms_top_n"].box.value() == 1234
    assert not rows["assignment.best_for_object"].check.isChecked()
    assert rows["head.pooling"].combo.currentText() == "align"
    assert rows["anchors.sizes"].field.text() == "32, 64"
    assert rows["proposals.min_side"].box.text() == "16"
    assert {key for key, row in rows.items() if row.is_changed} == set(changed.changed_from(Settings()))
    assert heard == []


def test_a_changed_setting_is_marked_and_can_be_reset(panel, heard, qtbot):
    row = panel.rows["detections.nms_iou"]
    assert not row.mark.isVisible()
    panel.show_settings(Settings().with_value("detections.nms_iou", 0.4), Settings())
    assert row.mark.isVisible()
    qtbot.mouseClick(row.back, Qt.MouseButton.LeftButton)
    qtbot.mouseDClick(row.slider, Qt.MouseButton.LeftButton, pos=QPoint(40, 10))
    resets = [each for each in heard if each[0] == "setting_reset"]
    assert resets == [("setting_reset", "detections.nms_iou")] * 2


def test_the_slider_moves_then_settles(panel, heard, qtbot):
    row = panel.rows["detections.nms_iou"]
    row.slider.setFocus()
    qtbot.keyClick(row.slider, Qt.Key.Key_Right)
    assert heard == [("setting_moved", "detections.nms_iou", 0.31), ("setting_settled", "detections.nms_iou")]
    assert row.box.value() == 0.31


def test_whole_numbers_come_as_int(panel, heard, qtbot):
    qtbot.keyClick(panel.rows["detections.max_detections"].slider, Qt.Key.Key_Left)
    _, key, value = heard[0]
    assert (key, value) == ("detections.max_detections", 99)
    assert type(value) is int


def test_the_number_box_is_exact(panel, heard, qtbot):
    box = panel.rows["detections.max_detections"].box
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "137")
    assert heard == []
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert heard == [
        ("setting_moved", "detections.max_detections", 137),
        ("setting_settled", "detections.max_detections"),
    ]


def test_check_box_and_choice(panel, heard, qtbot):
    panel.headers["assignment"].setChecked(True)
    panel.rows["assignment.best_for_object"].check.click()
    panel.rows["head.pooling"].combo.setCurrentText("align")
    assert ("setting_moved", "assignment.best_for_object", False) in heard
    assert ("setting_moved", "head.pooling", "align") in heard


def test_a_list_of_numbers_is_checked_beside_the_field(panel, heard, qtbot):
    panel.headers["anchors"].setChecked(True)
    row = panel.rows["anchors.sizes"]
    row.field.setFocus()
    row.field.setText("32, cat")
    qtbot.keyClick(row.field, Qt.Key.Key_Return)
    assert row.error.isVisible()
    assert "takes a number" in row.error.text()
    assert heard == []
    row.field.setText("32, 80")
    qtbot.keyClick(row.field, Qt.Key.Key_Return)
    assert not row.error.isVisible()
    assert heard == [("setting_moved", "anchors.sizes", (32.0, 80.0)), ("setting_settled", "anchors.sizes")]


def test_a_wrong_number_of_values_is_one_sentence(panel, qtbot):
    panel.headers["head"].setChecked(True)
    row = panel.rows["head.box_std"]
    row.field.setText("0.1, 0.1")
    qtbot.keyClick(row.field, Qt.Key.Key_Return)
    assert "four numbers" in row.error.text()


def test_the_groups_of_the_stage_are_open(panel):
    for stage in STAGES:
        panel.show_scene(make_scene(stage))
        opened = {group for group, header in panel.headers.items() if header.isChecked()}
        assert opened == set(GROUPS_OF_STAGE[stage])


def test_what_a_person_opened_stays_open(panel, qtbot):
    qtbot.mouseClick(panel.headers["proposals"], Qt.MouseButton.LeftButton)
    panel.show_scene(make_scene("anchors"))
    opened = {group for group, header in panel.headers.items() if header.isChecked()}
    assert opened == {"proposals", "anchors"}
    panel.show_scene(make_scene("detections"))
    assert panel.headers["proposals"].isChecked()


def test_restore_all_is_there_once_something_is_changed(panel, heard, qtbot):
    assert not panel.restore.isEnabled()
    panel.show_settings(Settings().with_value("detections.nms_iou", 0.4), Settings())
    panel.restore.click()
    assert heard == [("all_reset",)]


def test_histograms_reach_their_sliders(panel):
    histogram = Histogram(np.arange(40), 0.0, 1.0)
    slider = panel.rows["detections.nms_iou"].slider
    before = slider.grab().toImage()
    panel.show_scene(replace(make_scene(), histograms={"detections.nms_iou": histogram}))
    assert slider.grab().toImage() != before


def test_the_wheel_scrolls_the_column_and_changes_no_number(panel, heard):
    box = panel.rows["detections.max_detections"].box
    panel.setFocus()
    event = QWheelEvent(
        QPointF(5, 5), QPointF(box.mapToGlobal(QPoint(5, 5))), QPoint(0, 0), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(box, event)
    assert box.value() == 100
    assert heard == []


def test_marks_are_said_once_by_the_group_or_else_by_the_row(panel):
    for row in panel.rows.values():
        said = f"{panel.headers[row.info.group].accessibleName()} {row.note.text()}"
        assert ("network again" in said) == row.info.evidence
        assert (said.count("training") > 0) == row.info.training or row.info.group == "assignment"
        assert ("viewer" in said) == row.info.viewer
    assert panel.rows["proposals.train_pre_nms_top_n"].note.text() == "training"


def test_a_setting_is_brought_into_view_wherever_it_is(panel):
    panel.bring_into_view("proposals.nms_iou")
    assert panel.headers["proposals"].isChecked()
    panel.show_pinned(frozenset({"detections.max_detections"}))
    panel.pinned_header.setChecked(False)
    panel.bring_into_view("detections.max_detections")
    assert panel.rows["detections.max_detections"].isVisible()


def test_the_names_of_others_can_be_copied(panel, qtbot):
    row = panel.rows["proposals.nms_iou"]
    assert row.names() == (
        ("torchvision", "rpn_nms_thresh"),
        ("detectron2", "RPN.NMS_THRESH"),
        ("command line", "--set proposals.nms_iou=0.7"),
    )
    assert panel.rows["anchors.ratios"].names()[-1] == ("command line", "--set anchors.ratios=0.5,1,2")
    place = QPoint(10, 5)
    row.contextMenuEvent(QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, row.mapToGlobal(place)))
    menu = row.findChild(QMenu)
    next(action for action in menu.actions() if "torchvision" in action.text()).trigger()
    assert QApplication.clipboard().text() == "rpn_nms_thresh"
    menu.close()


def rows_in(layout):
    widgets = (layout.itemAt(place).widget() for place in range(layout.count()))
    return [widget.info.key for widget in widgets if widget is not None]


def test_a_pin_is_a_wish_and_marks_what_comes_back(panel, heard, qtbot):
    row = panel.rows["detections.nms_iou"]
    qtbot.mouseClick(row.pin, Qt.MouseButton.LeftButton)
    assert heard == [("pin_toggled", "detections.nms_iou", True)]
    assert not row.pin.isChecked()
    panel.show_pinned(frozenset({"detections.nms_iou"}))
    assert row.pin.isChecked()
    assert row.pin.accessibleName() == "Unpin Detection NMS IoU"
    row.pin.click()
    assert heard[-1] == ("pin_toggled", "detections.nms_iou", False)


def test_pinned_rows_stand_at_the_top_at_every_stage_in_the_order_of_the_flow(panel):
    panel.show_pinned(frozenset({"detections.nms_iou", "proposals.nms_iou", "no.such_setting"}))
    for stage in STAGES:
        panel.show_scene(make_scene(stage))
        assert panel.rows["proposals.nms_iou"].isVisible()
        assert panel.rows["detections.nms_iou"].isVisible()
    assert rows_in(panel.pinned.lines) == ["proposals.nms_iou", "detections.nms_iou"]
    assert panel.rows["proposals.nms_iou"].note.text() == "Proposals"
    assert "proposals.nms_iou" not in rows_in(panel.bodies["proposals"].layout())


def test_an_unpinned_row_is_back_at_its_place(panel):
    before = rows_in(panel.bodies["proposals"].layout())
    panel.show_pinned(frozenset(before[1:4]))
    panel.show_pinned(frozenset(before[2:3]))
    panel.show_pinned(frozenset())
    assert rows_in(panel.bodies["proposals"].layout()) == before
    assert not panel.pinned.isVisible()
    assert panel.rows[before[1]].note.text() == ""


def test_the_keyboard_stays_on_the_pin_while_its_row_moves(panel):
    pin = panel.rows["detections.nms_iou"].pin
    pin.setFocus()
    panel.show_pinned(frozenset({"detections.nms_iou"}))
    assert QApplication.focusWidget() is pin


def test_pinning_takes_no_keyboard_from_elsewhere(panel, qtbot):
    other = QLineEdit()
    qtbot.addWidget(other)
    panel.rows["detections.nms_iou"].box.setFocus()
    other.show()
    other.activateWindow()
    other.setFocus()
    qtbot.waitUntil(other.hasFocus)
    panel.show_pinned(frozenset({"detections.nms_iou"}))
    assert QApplication.focusWidget() is other


def test_many_pins_leave_half_of_the_room(panel):
    panel.show_pinned(frozenset(panel.rows))
    assert panel.pinned.height() <= panel.height() // 2
    panel.show_pinned(frozenset({"detections.nms_iou"}))
    assert panel.pinned.height() < 80


def test_a_changed_pinned_setting_is_marked_at_the_top(panel):
    panel.show_pinned(frozenset({"detections.nms_iou"}))
    panel.show_settings(Settings().with_value("detections.nms_iou", 0.4), Settings())
    assert panel.pinned_header.toolTip() == "1 changed"
    assert panel.headers["detections"].toolTip() == ""


def test_what_was_restored_can_be_brought_back(panel, heard):
    panel.show_settings(Settings(), Settings())
    panel.show_restorable(3)
    assert panel.restore.text() == "undo restore"
    assert "3 changed" in panel.restore.toolTip()
    panel.restore.click()
    assert heard == [("all_reset",)]
    panel.show_settings(Settings().with_value("detections.nms_iou", 0.4), Settings())
    assert panel.restore.text() == "restore all"


def test_rows_with_a_slider_are_of_one_height(panel):
    panel.show_scene(replace(make_scene(), histograms={"detections.nms_iou": Histogram(np.arange(40), 0.0, 1.0)}))
    assert len({row.sizeHint().height() for row in panel.rows.values() if row.slider is not None}) == 1


@pytest.mark.parametrize("stage", STAGES)
def test_the_group_of_the_stage_is_scrolled_to(panel, qtbot, stage):
    panel.resize(350, 220)  # less than any stage needs
    panel.show_scene(make_scene("image" if stage != "image" else "proposals"))
    panel.show_scene(make_scene(stage))
    bar, header = panel.column.verticalScrollBar(), panel.headers[GROUPS_OF_STAGE[stage][0]]
    qtbot.waitUntil(lambda: bar.value() == header.y())


@pytest.mark.parametrize("height", [260, 420, 330])
def test_the_group_of_the_stage_stays_whole_at_the_upper_edge(panel, qtbot, height):
    bar, header = panel.column.verticalScrollBar(), panel.headers["detections"]
    panel.show_scene(make_scene("detections"))
    panel.resize(350, height)
    panel.show_pinned(frozenset({"proposals.nms_iou"}))
    qtbot.waitUntil(lambda: bar.value() == header.y() > 0)


def test_where_a_person_scrolled_to_stays(panel, qtbot):
    panel.resize(350, 220)
    panel.show_scene(make_scene("detections"))
    bar = panel.column.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() == panel.headers["detections"].y())
    bar.triggerAction(bar.SliderAction.SliderSingleStepSub)
    scrolled = bar.value()
    assert scrolled < panel.headers["detections"].y()
    panel.resize(350, 240)
    assert bar.value() == scrolled


def test_a_setting_that_fits_is_shown_below_its_group(panel, qtbot):
    panel.resize(350, 300)
    header, row = panel.headers["detections"], panel.rows["detections.top_n"]
    panel.bring_into_view("detections.top_n")
    assert panel.column.verticalScrollBar().value() == header.y()
    panel.resize(350, 130)  # 100 px of column: 25 of header and two rows of 46 are more
    assert panel.column.verticalScrollBar().value() == row.mapTo(panel.column.widget(), QPoint()).y()


def test_pinning_one_after_the_other_shows_each_whole(panel):
    keys = ("proposals.nms_iou", "detections.min_score", "detections.nms_iou")
    for number in range(1, len(keys) + 1):
        panel.show_pinned(frozenset(keys[:number]))
        assert panel.pinned.height() >= number * panel.rows[keys[0]].sizeHint().height()


def test_the_pinned_header_is_as_wide_as_the_others(panel, qtbot):
    panel.show_pinned(frozenset({"proposals.nms_iou"}))
    qtbot.waitUntil(lambda: panel.pinned_header.width() == panel.headers["image"].width())
