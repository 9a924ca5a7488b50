"""The list of classes: real widgets, no answer of the panel to what the scene tells it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget

from app.panels.class_list import FILTER_FROM, ClassList
from app.theme import dark_theme, dress, light_theme, style_sheet
from tests.helpers.editing_scenes import NAMES, class_rows, editing_scene
from tests.helpers.scenes import make_scene

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

MANY = tuple(f"class {number}" for number in range(5000))
INTENTS = (
    "class_chosen", "class_added", "rename_wanted", "merge_wanted", "delete_wanted", "color_wanted",
    "select_all_wanted", "prelabel_wanted",
)  # fmt: skip


@pytest.fixture
def panel(qtbot):
    made = ClassList()
    qtbot.addWidget(made)
    made.resize(280, 300)
    made.show()
    made.show_scene(editing_scene())
    return made


def said(panel):
    heard = []
    for name in INTENTS:
        getattr(panel, name).connect(lambda value, name=name: heard.append((name, value)))
    return heard


def click(qtbot, panel, row, button=Qt.MouseButton.LeftButton):
    place = panel.view.visualRect(panel.model.index(row)).center()
    qtbot.mouseClick(panel.view.viewport(), button, pos=place)


def type_class(qtbot, panel, words):
    panel.new_field.setFocus()
    qtbot.keyClicks(panel.new_field, words)
    qtbot.keyClick(panel.new_field, Qt.Key.Key_Return)


def test_classes_with_their_counts_and_the_current_one(panel):
    assert [panel.model.index(row).data() for row in range(3)] == [
        "RBC, 15 in this image, 4,155 in the folder, key 1, class of the next box",
        "WBC, 1 in this image, 372 in the folder, key 2",
        "Platelets, 2 in this image, 361 in the folder, key 3",
    ]
    assert panel.count.text() == "3"
    assert panel.model.current() == "RBC"


def test_showing_asks_for_nothing(panel):
    heard = said(panel)
    panel.show_scene(editing_scene(classes=class_rows(current="WBC")))
    panel.show_scene(editing_scene(classes=class_rows(MANY, current=MANY[4000])))
    panel.show_scene(editing_scene(chosen=(3, 4)))
    panel.show_scene(make_scene())
    assert heard == []
    assert panel.model.rowCount() == 0
    assert not panel.new_field.isEnabled()


def test_a_folder_not_counted_yet_has_one_column(panel):
    rows = tuple(replace(row, total=None, key="") for row in class_rows())
    panel.show_scene(editing_scene(classes=rows))
    assert panel.model.index(2).data() == "Platelets, 2 in this image"
    assert panel.header.note.text() == ""


def test_a_click_chooses(panel, qtbot):
    heard = said(panel)
    click(qtbot, panel, 1)
    click(qtbot, panel, 0)  # the current one, too: the selection may have another class
    assert heard == [("class_chosen", "WBC"), ("class_chosen", "RBC")]


def test_arrows_only_walk_and_enter_chooses(panel, qtbot):
    heard = said(panel)
    panel.view.setFocus()
    panel.view.setCurrentIndex(panel.model.index(0))
    qtbot.keyClick(panel.view, Qt.Key.Key_Down)
    qtbot.keyClick(panel.view, Qt.Key.Key_Down)
    assert heard == []
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    qtbot.keyClick(panel.view, Qt.Key.Key_Space)
    assert heard == [("class_chosen", "Platelets")] * 2


class TestNewClass:
    def test_a_name_that_is_like_no_other_is_added_at_once(self, panel, qtbot):
        heard = said(panel)
        type_class(qtbot, panel, "  tumour   cell ")
        assert heard == [("class_added", "tumour cell")]
        assert panel.new_field.text() == ""
        type_class(qtbot, panel, "   ")
        assert len(heard) == 1

    def test_one_that_is_there_is_for_the_next_box_as_well(self, panel, qtbot):
        heard = said(panel)
        type_class(qtbot, panel, "WBC")
        assert heard == [("class_added", "WBC")]

    def test_a_slip_is_asked_about_and_enter_again_adds_it(self, panel, qtbot):
        heard = said(panel)
        type_class(qtbot, panel, "Platlets")
        assert heard == []
        assert panel.note.text() == "Platlets is new. Add it, or did you mean Platelets?"
        assert panel.note.isVisible()
        qtbot.keyClick(panel.new_field, Qt.Key.Key_Return)
        assert heard == [("class_added", "Platlets")]
        assert not panel.note.isVisible()

    def test_a_slip_can_be_taken_back(self, panel, qtbot):
        heard = said(panel)
        type_class(qtbot, panel, "Platlets")
        assert (panel.near_button.text(), panel.add_button.text()) == ("Platelets", "Add “Platlets”")
        qtbot.mouseClick(panel.near_button, Qt.MouseButton.LeftButton)
        assert heard == [("class_added", "Platelets")]
        type_class(qtbot, panel, "Platlets")
        qtbot.keyClicks(panel.new_field, "2")  # another name: the question is gone
        assert not panel.note.isVisible()


class TestMenu:
    def test_it_acts_on_the_class_under_the_cursor(self, panel, qtbot):
        heard = said(panel)
        place = panel.view.visualRect(panel.model.index(1)).center()
        panel.view.customContextMenuRequested.emit(place)
        assert panel.menu.isVisible()
        assert [action.text() for action in panel.menu.actions() if not action.isSeparator()] == [
            "Rename…", "Colour…", "Select all boxes of it", "Propose the detector's WBC", "Merge into…", "Delete…",
        ]  # fmt: skip
        for action in panel.menu.actions():
            action.trigger()
        panel.menu.close()
        assert heard == [
            ("rename_wanted", "WBC"),
            ("color_wanted", "WBC"),
            ("select_all_wanted", "WBC"),
            ("prelabel_wanted", "WBC"),
            ("merge_wanted", "WBC"),
            ("delete_wanted", "WBC"),
        ]

    def test_what_the_detector_does_not_have_cannot_be_proposed(self, panel, qtbot):
        rows = class_rows()
        panel.show_scene(editing_scene(classes=(replace(rows[0], is_found=False), *rows[1:])))
        for place, is_found in ((0, False), (1, True)):
            index = panel.model.index(place)
            panel.view.customContextMenuRequested.emit(panel.view.visualRect(index).center())
            assert panel.prelabel_action.isEnabled() == is_found
            panel.menu.close()

    def test_beside_the_classes_there_is_none(self, panel):
        panel.view.customContextMenuRequested.emit(QPoint(20, panel.view.height() - 4))
        assert not panel.menu.isVisible()

    def test_f2_renames(self, panel, qtbot):
        heard = said(panel)
        panel.view.setFocus()
        panel.view.setCurrentIndex(panel.model.index(2))
        qtbot.waitUntil(lambda: QApplication.focusWidget() is panel.view)
        qtbot.keyClick(panel.view, Qt.Key.Key_F2)
        assert heard == [("rename_wanted", "Platelets")]


class TestFilter:
    def test_it_is_there_from_fifteen_classes_on(self, panel):
        assert not panel.filter_field.isVisible()
        panel.show_scene(editing_scene(classes=class_rows(MANY[: FILTER_FROM - 1])))
        assert not panel.filter_field.isVisible()
        panel.show_scene(editing_scene(classes=class_rows(MANY[:FILTER_FROM])))
        assert panel.filter_field.isVisible()

    def test_words_narrow_the_list_down(self, panel, qtbot):
        panel.show_scene(editing_scene(classes=class_rows(MANY)))
        panel.filter_field.setText("CLASS 499")
        assert panel.model.rowCount() == 15  # 499, 1499, 2499, 3499, 4499, 4990 ... 4999
        assert panel.count.text() == "15 of 5,000"
        panel.filter_field.setText("nothing")
        assert panel.empty.text() == "No class has these words."
        assert panel.empty.isVisible()

    def test_enter_leads_to_the_first_one_found(self, panel, qtbot):
        panel.show_scene(editing_scene(classes=class_rows(MANY)))
        panel.filter_field.setFocus()
        qtbot.keyClicks(panel.filter_field, "4999")
        qtbot.keyClick(panel.filter_field, Qt.Key.Key_Return)
        with qtbot.waitSignal(panel.class_chosen) as chosen:
            qtbot.keyClick(panel.view, Qt.Key.Key_Return)
        assert chosen.args == ["class 4999"]

    def test_it_does_not_stay_where_it_cannot_be_seen(self, panel):
        panel.show_scene(editing_scene(classes=class_rows(MANY)))
        panel.filter_field.setText("4999")
        panel.show_scene(editing_scene())
        assert panel.model.rowCount() == 3
        assert panel.filter_field.text() == ""


def test_other_counts_keep_the_place_in_a_long_list(panel):
    panel.show_scene(editing_scene(classes=class_rows(MANY, current=MANY[0])))
    panel.view.verticalScrollBar().setValue(1000)
    rows = class_rows(MANY, current=MANY[0])
    panel.show_scene(editing_scene(classes=(replace(rows[0], count=7), *rows[1:])))
    assert panel.view.verticalScrollBar().value() == 1000
    assert panel.model.index(0).data().startswith("class 0, 7 in this image")
    # another class of the next box is looked for
    panel.show_scene(editing_scene(classes=class_rows(MANY, current=MANY[0])))
    panel.show_scene(editing_scene(classes=class_rows(MANY, current=MANY[4321])))
    assert panel.view.visualRect(panel.model.index(4321)).intersects(panel.view.viewport().rect())


def test_without_classes_a_sentence_stands_there(panel):
    panel.show_scene(editing_scene(classes=()))
    assert panel.empty.text() == "No classes yet. Type the name of the first one below."
    assert not panel.view.isVisible()
    # A picture that cannot be read: nothing is known of its classes.
    panel.show_scene(replace(editing_scene(classes=()), editing=None))
    assert panel.empty.text() == "There is no picture to annotate."
    assert not panel.new_field.isEnabled()


@pytest.mark.parametrize("width", [150, 220, 420])
@pytest.mark.parametrize("theme", [dark_theme(), light_theme()], ids=["dark", "light"])
def test_what_gives_way_in_a_narrow_panel(panel, width, theme):
    dress(theme)
    panel.setStyleSheet(style_sheet(theme))
    panel.set_theme(theme)
    panel.resize(width, 300)
    key, count, total = panel._delegate.columns(width)
    assert count > 0
    assert (key > 0, total > 0) == {150: (True, False), 220: (True, True), 420: (True, True)}[width]
    assert panel.minimumSizeHint().width() <= 150
    assert not panel.grab().isNull()


def test_everything_has_a_name(panel):
    parts = (panel.view, panel.new_field, panel.filter_field)
    assert all(part.accessibleName() for part in parts)
    assert all(part.focusPolicy() & Qt.FocusPolicy.TabFocus for part in parts)
    assert all(isinstance(part, QWidget) for part in parts)


def test_a_name_with_an_ampersand(panel, qtbot):
    panel.show_scene(editing_scene(classes=class_rows((*NAMES, "salt&pepper"))))
    type_class(qtbot, panel, "salt&peper")
    assert panel.near_button.text() == "salt&&pepper"


class TestOffered:
    @pytest.fixture
    def offered(self, panel):
        first, *others = class_rows(current="")
        panel.show_scene(editing_scene(classes=(first, *(replace(row, is_offered=True) for row in others))))
        return panel

    def test_it_is_said_whose_they_are(self, offered):
        assert offered.model.index(1).data() == "WBC, of the detector: in the folder once it is used, key 2"

    def test_a_click_takes_one(self, offered, qtbot):
        heard = said(offered)
        click(qtbot, offered, 1)
        assert heard == [("class_chosen", "WBC")]

    def test_there_is_nothing_to_rename_or_delete_but_the_detector_may_propose_it(self, offered):
        heard = said(offered)
        for row, count in ((1, 1), (0, 6)):
            offered.view.setCurrentIndex(offered.model.index(row))
            for action in offered.menu.actions():
                action.trigger()
            assert len(heard) == count
            heard.clear()

    def test_they_look_another_way(self, offered):
        before = offered.view.grab().toImage()
        offered.show_scene(editing_scene(classes=class_rows(current="")))
        assert offered.view.grab().toImage() != before
