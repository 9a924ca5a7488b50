from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from app.panels.objects_panel import ObjectsPanel
from app.scene import Ref
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
