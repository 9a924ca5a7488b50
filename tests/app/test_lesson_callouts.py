"""The callouts stand beside what they speak of, follow it, and go when asked to. A real window, made-up hints."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt

from app.canvas.pyramid import ImagePyramid
from app.lesson import Hint
from app.panels.callout import place_beside
from app.preferences import Preferences
from app.scene import Mark, Ref, Role, Scene, Space
from app.window import MainWindow
from tests.helpers.scenes import make_scene, say

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

KEY = "detections.nms_iou"
HINTS = (
    Hint("object", say("This cell was missed"), say("A person drew the dashed box.")),
    Hint("explanation", say("Suppressed"), say("NMS dropped its box for a better one.")),
    Hint("setting", say("It decided"), say("Drag it to 0.93 and watch."), KEY),
    Hint("rail", say("Each stage is one key"), say("Press 1 to 5.")),
)
BOX = (400.0, 200.0, 460.0, 280.0)


def lesson_scene():
    plain = make_scene(selected=Ref("object", 1))
    mark = Mark(BOX, Role.MISSED, say("cell #2 missed"), Ref("object", 1), selected=True)
    return Scene(
        Space((480, 640)), "detections", marks=(mark,), cards=plain.cards, tree=plain.tree, objects=plain.objects,
        selected=plain.selected,
    )  # fmt: skip


@pytest.fixture
def window(qtbot, tmp_path):
    made = MainWindow(Preferences(tmp_path / "boxscope.ini"))
    qtbot.addWidget(made)
    made.resize(1600, 1000)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.show_start(False)
    made.canvas.show_image(ImagePyramid(np.zeros((480, 640, 3), np.uint8)))
    made.canvas.setFocus()
    return made


def teach(qtbot, window, hints=HINTS):
    scene = lesson_scene()
    window.show_scene(scene)
    window.lesson.begin()
    window.lesson.show_hints(hints, scene)
    qtbot.waitUntil(lambda: bool(shown(window)))


def shown(window):
    return [about for about, callout in window.lesson.callouts.items() if callout.isVisible()]


def rect_of(window, widget):
    return QRect(widget.mapTo(window.centralWidget(), QPoint()), widget.size())


def test_a_large_window_shows_all_of_them_over_nothing_that_matters(window, qtbot):
    teach(qtbot, window)
    qtbot.waitUntil(lambda: len(shown(window)) == 4)
    places = [window.lesson.callouts[about].geometry() for about in shown(window)]
    for number, place in enumerate(places):
        assert window.centralWidget().rect().contains(place)
        assert not any(place.intersects(other) for other in places[number + 1 :])
    left, top = window.canvas.transform.to_widget(BOX[0], BOX[1])
    right, bottom = window.canvas.transform.to_widget(BOX[2], BOX[3])
    box = QRect(QPoint(int(left), int(top)), QPoint(int(right), int(bottom)))
    box.translate(window.canvas.mapTo(window.centralWidget(), QPoint()))
    targets = [box, rect_of(window, window.settings.rows[KEY]), rect_of(window, window.details)]
    targets += [rect_of(window, button) for button in window.rail.buttons.values()]
    assert not any(place.intersects(target) for place in places for target in targets)


def test_it_takes_no_keyboard(window, qtbot):
    teach(qtbot, window)
    assert window.canvas.hasFocus()
    qtbot.mouseClick(window.lesson.callouts["object"].cross, Qt.MouseButton.LeftButton)
    assert window.canvas.hasFocus()


def test_a_screen_reader_has_its_words(window, qtbot):
    teach(qtbot, window)
    callout = window.lesson.callouts["object"]
    assert callout.accessibleName() == "Hint 1"
    assert callout.accessibleDescription() == "This cell was missed. A person drew the dashed box."


def test_the_one_on_the_picture_follows_it(window, qtbot):
    teach(qtbot, window)
    callout = window.lesson.callouts["object"]
    before = callout.geometry()
    window.canvas.zoom_to(window.canvas.transform.scale * 0.5)
    qtbot.waitUntil(lambda: callout.geometry() != before)
    window.canvas.zoom_to_box((0.0, 0.0, 20.0, 20.0))  # the object is out of sight now
    qtbot.waitUntil(lambda: "object" not in shown(window))
    assert "rail" in shown(window)
    window.canvas.fit()
    qtbot.waitUntil(lambda: "object" in shown(window))


def test_a_setting_that_is_folded_away_has_no_callout(window, qtbot):
    teach(qtbot, window)
    qtbot.waitUntil(lambda: "setting" in shown(window))
    window.settings.headers["detections"].setChecked(False)
    qtbot.waitUntil(lambda: "setting" not in shown(window))


def test_each_can_be_closed_and_the_last_one_ends_it(window, qtbot):
    teach(qtbot, window)
    qtbot.waitUntil(lambda: len(shown(window)) == 4)
    window.lesson.callouts["rail"].cross.click()
    assert shown(window) == ["object", "explanation", "setting"]
    assert window.lesson.callouts["setting"].button.text() == "Got it"  # it moves to the last one there is
    with qtbot.waitSignal(window.lesson.ended):
        window.lesson.callouts["setting"].button.click()
    assert shown(window) == []


def test_escape_hides_them_before_it_deselects(window, qtbot):
    teach(qtbot, window)
    with qtbot.assertNotEmitted(window.deselected):
        qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert not window.lesson.is_open
    assert shown(window) == []
    with qtbot.waitSignal(window.deselected):
        qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)


def test_in_a_small_window_they_come_one_at_a_time(window, qtbot):
    window.resize(1366, 768)
    teach(qtbot, window)
    for about in ("object", "explanation", "setting", "rail"):
        qtbot.waitUntil(lambda about=about: shown(window) == [about])
        button = window.lesson.callouts[about].button
        assert button.text() == ("Got it" if about == "rail" else "Next")
        button.click()
    assert not window.lesson.is_open


def test_words_that_change_are_never_cut_off(window, qtbot):
    teach(qtbot, window)
    callout = window.lesson.callouts["setting"]
    qtbot.waitUntil(callout.isVisible)
    for words in ("short", "a title of so many words that it takes two lines of the callout", "short"):
        callout.say(3, words, "body", is_solved=False, button="")
        callout.setGeometry(QRect(QPoint(0, 0), callout.wanted_size()))
        for label in (callout.title, callout.body):
            assert label.height() >= label.heightForWidth(label.width())


@pytest.mark.parametrize("side", "lrtb")
def test_a_callout_stands_beside_its_target(side):
    target, size, area = QRect(400, 400, 60, 40), QSize(100, 50), QRect(0, 0, 1000, 1000)
    place = place_beside(size, target, side, area, [], 10)
    assert not place.intersects(target)
    across = {
        "l": target.left() - place.right(), "r": place.left() - target.right(), "t": target.top() - place.bottom(),
        "b": place.top() - target.bottom(),
    }  # fmt: skip
    assert across[side] == 11


def test_it_goes_where_least_is_covered():
    target, size, area = QRect(400, 400, 60, 40), QSize(100, 50), QRect(0, 0, 1000, 1000)
    left = QRect(0, 300, 390, 300)
    assert place_beside(size, target, "lr", area, [left], 10).left() > target.right()
    at_the_edge = place_beside(size, QRect(0, 0, 60, 40), "lb", area, [], 10)
    assert at_the_edge.top() > 40  # on the left it would cover the target


def test_one_at_a_time_passes_over_what_is_out_of_sight(window, qtbot):
    window.resize(1366, 768)
    teach(qtbot, window)
    window.details.hide()
    window.lesson.callouts["object"].cross.click()  # hides this hint only
    qtbot.waitUntil(lambda: shown(window) == ["setting"])


def test_escape_deselects_where_no_hint_is_in_sight(window, qtbot):
    teach(qtbot, window, HINTS[:1])
    window.canvas.zoom_to_box((0.0, 0.0, 20.0, 20.0))
    qtbot.waitUntil(lambda: shown(window) == [])
    with qtbot.waitSignal(window.deselected):
        qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)


def test_the_last_one_in_sight_ends_it_and_gives_the_keyboard_back(window, qtbot):
    teach(qtbot, window)
    window.rail.hide()
    button = window.lesson.callouts["setting"].button
    qtbot.waitUntil(lambda: button.text() == "Got it")
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert window.canvas.hasFocus()
