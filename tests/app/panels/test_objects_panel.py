from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from app.object_filter import ObjectFilter
from app.panels.objects_panel import ObjectsPanel
from app.scene import Ref
from app.theme import dark_theme, dress, style_sheet
from app.wording import text
from tests.helpers.scenes import OBJECTS, make_scene

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

MISSED, FALSE_POSITIVE = Ref("object", 1), Ref("detection", 14)


@pytest.fixture
def panel(qtbot):
    made = ObjectsPanel()
    qtbot.addWidget(made)
    made.resize(340, 200)
    made.show()
    return made


def test_lines_and_the_selected_one_are_shown_without_an_intent(panel, qtbot):
    with qtbot.assertNotEmitted(panel.picked):
        panel.show_scene(make_scene(selected=MISSED))
        panel.show_scene(make_scene(selected=FALSE_POSITIVE))
    assert panel.model.rowCount() == 4
    assert panel.model.index(1).data() == "RBC #2, missed"
    assert panel.view.currentIndex().row() == 3
    panel.show_scene(make_scene(selected=Ref("anchor", 7)))
    assert not panel.view.currentIndex().isValid()


def test_a_click_picks(panel, qtbot):
    panel.show_scene(make_scene())
    place = panel.view.visualRect(panel.model.index(2)).center()
    with qtbot.waitSignal(panel.picked) as picked:
        qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert picked.args == [Ref("object", 2)]


def test_arrow_keys_pick(panel, qtbot):
    panel.show_scene(make_scene(selected=MISSED))
    panel.view.setFocus()
    with qtbot.waitSignal(panel.picked) as picked:
        qtbot.keyClick(panel.view, Qt.Key.Key_Down)
    assert picked.args == [Ref("object", 2)]


@pytest.mark.parametrize(
    ("selected", "by", "found"),
    [
        (None, 1, MISSED),
        (MISSED, 1, FALSE_POSITIVE),
        (FALSE_POSITIVE, -1, MISSED),
        (Ref("object", 2), 1, FALSE_POSITIVE),
        (Ref("object", 2), -1, MISSED),
        (None, -1, FALSE_POSITIVE),
    ],
)
def test_walking_along_what_is_wrong(panel, qtbot, selected, by, found):
    panel.show_scene(make_scene(selected=selected))
    with qtbot.waitSignal(panel.picked) as picked:
        panel.pick_wrong(by)
    assert picked.args == [found]


@pytest.mark.parametrize(("selected", "by"), [(FALSE_POSITIVE, 1), (MISSED, -1)])
def test_walking_out_at_the_ends(panel, qtbot, selected, by):
    panel.show_scene(make_scene(selected=selected))
    with qtbot.assertNotEmitted(panel.picked), qtbot.waitSignal(panel.walked_out) as out:
        panel.pick_wrong(by)
    assert out.args == [by]


def test_without_objects_a_sentence_stands_there(panel):
    assert panel.empty.isVisible()
    panel.show_scene(make_scene())
    assert not panel.empty.isVisible()
    panel.show_scene(replace(make_scene(), objects=()))
    assert panel.empty.isVisible()
    assert panel.empty.text()


def test_new_words_for_the_same_lines_keep_the_place(panel):
    panel.show_scene(make_scene(selected=MISSED))
    rows = tuple(replace(row, verdict=OBJECTS[0].verdict) for row in OBJECTS)
    panel.show_scene(replace(make_scene(selected=MISSED), objects=rows))
    assert panel.model.index(1).data() == "RBC #2, found 0.93"
    assert panel.view.currentIndex().row() == 1


@pytest.mark.parametrize(
    ("rows", "words"),
    [(OBJECTS, "M: next missed"), (OBJECTS[2:], "M: next false positive"), (OBJECTS[:1], "")],
)
def test_the_header_says_where_the_key_leads(panel, rows, words):
    panel.show_scene(replace(make_scene(), objects=rows))
    assert panel.header.note.text() == words


def lines(panel):
    return [text(row.name) for row in panel.model.rows]


class TestFilter:
    def test_only_what_passes_is_listed_and_how_many_of_how_many(self, panel):
        panel.show_scene(make_scene())
        assert panel.count.text() == "4"
        panel.set_filter(ObjectFilter("missed"))
        assert lines(panel) == ["RBC #2"]
        assert panel.count.text() == "1 of 4"
        assert panel.filter_button.text() == "Missed"
        panel.set_filter(ObjectFilter("", "RBC"))
        assert lines(panel) == ["RBC #1", "RBC #2", "RBC #3"]

    def test_it_stays_when_another_image_is_shown(self, panel):
        panel.set_filter(ObjectFilter("missed"))
        panel.show_scene(make_scene())
        assert lines(panel) == ["RBC #2"]
        panel.show_scene(replace(make_scene(), objects=OBJECTS[:1]))
        panel.show_scene(make_scene())
        assert lines(panel) == ["RBC #2"]

    def test_where_nothing_passes_it_says_so_and_leads_back(self, panel, qtbot):
        panel.show_scene(make_scene())
        panel.set_filter(ObjectFilter("missed.top_n"))
        assert not panel.view.isVisible()
        assert panel.empty.text() == "Missed · Below pre-NMS top-n: none here (4 without the filter)."
        qtbot.mouseClick(panel.show_all_button, Qt.MouseButton.LeftButton)
        assert panel.filter.is_all
        assert panel.view.isVisible()
        assert len(lines(panel)) == 4

    def test_before_the_run_it_does_not_say_that_there_is_none(self, panel):
        rows = tuple(replace(row, kind="not_run", wrong=False) for row in OBJECTS[:3])
        panel.show_scene(replace(make_scene(), objects=rows))
        panel.set_filter(ObjectFilter("missed"))
        assert panel.empty.text() == "The detector has not run here, so it is not known yet: Missed."
        panel.set_filter(ObjectFilter("", "WBC"))
        assert panel.empty.text() == "WBC: none here (3 without the filter)."

    def test_the_cross_takes_it_away_and_the_keyboard_stays_beside_it(self, panel, qtbot):
        panel.show_scene(make_scene())
        assert not panel.clear_button.isVisible()
        panel.set_filter(ObjectFilter("found"))
        panel.clear_button.setFocus()
        qtbot.keyClick(panel.clear_button, Qt.Key.Key_Space)
        assert panel.filter.is_all
        assert not panel.clear_button.isVisible()
        assert panel.focusWidget() is panel.filter_button

    def test_the_menu_chooses(self, panel, qtbot):
        panel.show_scene(make_scene())
        menu = panel.filter_button.menu()
        for wanted, chosen in (
            ("False positives\t1", ObjectFilter("false_positive")),
            ("WBC\t1", ObjectFilter("false_positive", "WBC")),
            ("All\t1", ObjectFilter("", "WBC")),
        ):
            menu.aboutToShow.emit()
            next(action for action in menu.actions() if action.text() == wanted).trigger()
            assert panel.filter == chosen
        assert lines(panel) == ["detection 14"]

    def test_walking_leaves_out_what_it_hides(self, panel, qtbot):
        panel.show_scene(make_scene())
        panel.set_filter(ObjectFilter("false_positive"))
        with qtbot.waitSignal(panel.picked) as picked:
            panel.pick_wrong(1)
        assert picked.args == [FALSE_POSITIVE]
        panel.show_scene(make_scene(selected=FALSE_POSITIVE))
        with qtbot.assertNotEmitted(panel.picked), qtbot.waitSignal(panel.walked_out):
            panel.pick_wrong(-1)

    def test_walking_starts_from_a_selected_line_that_is_hidden(self, panel, qtbot):
        panel.set_filter(ObjectFilter("missed"))
        panel.show_scene(make_scene(selected=Ref("object", 2)))
        with qtbot.waitSignal(panel.picked) as picked:
            panel.pick_wrong(-1)
        assert picked.args == [MISSED]
        with qtbot.waitSignal(panel.walked_out):
            panel.pick_wrong(1)

    @pytest.mark.parametrize("width", [220, 356, 800])
    def test_title_count_and_the_cross_are_seen_at_every_width(self, panel, width):
        dress(dark_theme())
        panel.setStyleSheet(style_sheet(dark_theme()))
        panel.set_theme(dark_theme())
        panel.set_filter(ObjectFilter("missed.nms", "RBC"))
        panel.show_scene(make_scene())
        panel.resize(width, 200)
        panel.header.layout().activate()
        assert panel.header.title.shown_text() == "Objects"
        assert panel.count.width() >= panel.count.sizeHint().width()
        assert panel.clear_button.geometry().right() <= width
        assert panel.filter_button.shown_text().startswith("Mi")
        assert (panel.filter_button.shown_text() == panel.filter_button.text()) == (width == 800)
        assert panel.header.note.isVisible() == (width == 800)
        assert "Suppressed in detection NMS" in panel.filter_button.toolTip()
        assert "Suppressed in detection NMS" in panel.filter_button.accessibleName()

    def test_a_class_that_would_underline_a_letter(self, panel):
        row = replace(OBJECTS[0], label="salt&pepper")
        panel.show_scene(replace(make_scene(), objects=(*OBJECTS, row)))
        menu = panel.filter_button.menu()
        menu.aboutToShow.emit()
        assert "salt&&pepper\t1" in [action.text() for action in menu.actions()]


def test_what_was_accepted_has_left_the_list_and_the_next_one_is_the_one_after_it(panel, qtbot):
    others = tuple(replace(OBJECTS[3], ref=Ref("detection", number)) for number in (15, 16))
    rows = (OBJECTS[1], OBJECTS[3], *others)
    panel.show_scene(replace(make_scene(selected=FALSE_POSITIVE), objects=rows))
    found = replace(OBJECTS[0], ref=Ref("object", 3))
    panel.show_scene(replace(make_scene(selected=FALSE_POSITIVE), objects=(OBJECTS[1], *others, found)))
    for by, ref in ((1, Ref("detection", 15)), (-1, MISSED)):
        with qtbot.waitSignal(panel.picked) as picked:
            panel.pick_wrong(by)
        assert picked.args == [ref]
    # of another image nothing is remembered
    panel.show_scene(replace(make_scene(), objects=rows))
    with qtbot.waitSignal(panel.picked) as picked:
        panel.pick_wrong(1)
    assert picked.args == [MISSED]
