import pytest
from PySide6.QtCore import Qt

from app.panels.status import StatusArea
from app.scene import Space
from tests.helpers.scenes import make_scene, say

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def status(qtbot):
    made = StatusArea()
    qtbot.addWidget(made)
    made.resize(1000, 28)
    made.show()
    return made


def test_the_cursor_in_three_pixel_spaces(status):
    # 262.4 * 0.75 = 196.8, // 16 = 12;  351.9 * 0.75 = 263.925, // 16 = 16
    status.show_cursor(Space((480, 640), (360, 480), (0.75, 0.75), 16, (23, 30)), 262.4, 351.9)
    assert status.image_place.text() == "x 262.4  y 351.9 px"
    assert status.network_place.text() == "network 196.8, 263.9"
    assert status.cell_place.text() == "cell x 12, y 16"


def test_without_a_run_there_are_image_pixels_only(status):
    status.show_cursor(Space((480, 640)), 1.0, 2.0)
    assert status.image_place.text() == "x 1.0  y 2.0 px"
    assert status.network_place.text() == ""
    status.show_cursor(None, None, None)
    assert status.image_place.text() == ""


def test_counts_and_time(status, qtbot):
    with qtbot.assertNotEmitted(status.cancel_requested):
        status.show_scene(make_scene())
    assert status.anchors.text() == "5,940 anchors"
    assert status.milliseconds.text() == "network 143 ms"


def test_messages_and_errors(status):
    status.show_message(say("Ready."))
    assert (status.message.text(), status.message.property("error")) == ("Ready.", False)
    status.show_message(say("Broken."), error=True)
    assert (status.message.text(), status.message.property("error")) == ("Broken.", True)
    status.show_message(None)
    assert status.message.text() == ""


def test_progress_comes_with_cancel_and_goes(status, qtbot):
    assert not status.cancel.isVisible()
    status.show_progress(say("Running the RPN"), 0.25)
    assert status.task.text() == "Running the RPN"
    assert status.bar.value() == 250
    with qtbot.waitSignal(status.cancel_requested):
        status.cancel.click()
    status.show_progress(say("Loading"), None)
    assert (status.bar.minimum(), status.bar.maximum()) == (0, 0)
    status.show_progress(None, None)
    assert not status.bar.isVisible()


def test_a_long_message_takes_room_and_is_whole_in_the_tooltip(status):
    long = (
        "The weights of vgg16 cannot be fetched from where they lie, so nothing runs; --weights none does without. " * 2
    )
    status.show_scene(make_scene())
    assert status.network_place.isVisible()
    status.show_message(say(long), error=True)
    assert not status.network_place.isVisible()
    assert status.message.toolTip() == status.message.text() == long
    assert status.message.shown_text().endswith("…")
    status.show_message(None)
    assert status.network_place.isVisible()


def test_reading_comes_before_the_network_and_leaves_it_as_it_was(status):
    status.show_progress(say("Loading"), 0.5)
    status.show_progress(say("Reading big.jpg…"), None, of="reading")
    assert status.task.text() == "Reading big.jpg…"
    assert not status.cancel.isVisible()
    status.show_progress(None, None, of="reading")
    assert status.task.text() == "Loading"
    assert status.cancel.isVisible()


def test_a_message_may_offer_what_can_be_done_about_it(status, qtbot):
    status.show_message(say("The GPU is full."), error=True, offer=say("Detect on the CPU"))
    assert status.offer.isVisible()
    assert status.offer.text() == "Detect on the CPU"
    with qtbot.waitSignal(status.offer_taken):
        qtbot.mouseClick(status.offer, Qt.MouseButton.LeftButton)
    assert not status.offer.isVisible()
    assert status.message.text() == ""
    status.show_message(say("one"), offer=say("two"))
    status.show_message(say("three"))
    assert not status.offer.isVisible()


def test_without_a_cursor_there_is_no_hole_before_the_counts(status):
    status.show_scene(make_scene())
    status.layout().activate()
    assert status.anchors.x() < status.milliseconds.x() < status.image_place.x()
    assert status.anchors.x() < 20
