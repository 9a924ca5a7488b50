import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent

from app.panels.value_slider import Scale, ValueSlider
from app.scene import Histogram
from detector.config import setting_info, settings_info

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

SLIDERS = [info for info in settings_info() if info.is_slider]
IOU = Scale.of(setting_info("proposals.nms_iou"))
COUNT = Scale.of(setting_info("proposals.pre_nms_top_n"))


@pytest.fixture
def slider(qtbot):
    made = ValueSlider(IOU, 0.7)
    qtbot.addWidget(made)
    made.resize(214, 26)  # 200 px of track
    made.show()
    return made


@pytest.mark.parametrize("info", SLIDERS, ids=lambda info: info.key)
def test_both_ends_and_the_default_can_be_reached(info):
    scale = Scale.of(info)
    assert scale.value(0.0) == info.low
    assert scale.value(1.0) == info.high
    # 1333 px is no multiple of its step of 8; a double click still goes back to it exactly
    assert scale.value(scale.share(info.default)) == pytest.approx(info.default, abs=info.step / 2)


@pytest.mark.parametrize("info", SLIDERS, ids=lambda info: info.key)
@given(share=st.floats(0, 1))
def test_every_place_is_a_value_that_the_setting_takes(info, share):
    value = Scale.of(info).value(share)
    assert info.low <= value <= info.high
    assert value == pytest.approx(round(value / info.step) * info.step) or value in (info.low, info.high)


def test_wide_counts_are_logarithmic():
    assert COUNT.logarithmic
    assert COUNT.value(0.5) < 200  # half way: about sqrt(12,000)
    assert not IOU.logarithmic
    assert not Scale.of(setting_info("assignment.seed")).logarithmic


def test_showing_a_number_emits_nothing(slider, qtbot):
    with qtbot.assertNotEmitted(slider.moved), qtbot.assertNotEmitted(slider.valueChanged):
        slider.show_number(0.35, 0.6)
    assert slider.number == 0.35


def test_dragging_moves_and_letting_go_settles(slider, qtbot):
    numbers = []
    slider.moved.connect(numbers.append)
    with qtbot.waitSignal(slider.settled):
        qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(107, 18))
        qtbot.mouseMove(slider, QPoint(127, 18))
        qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(127, 18))
    assert numbers[0] == pytest.approx(0.5)
    assert slider.number == numbers[-1]


@pytest.mark.parametrize(
    ("key", "number"),
    [
        (Qt.Key.Key_Right, 0.71),
        (Qt.Key.Key_Left, 0.69),
        (Qt.Key.Key_PageUp, 0.8),
        (Qt.Key.Key_PageDown, 0.6),
        (Qt.Key.Key_Home, 0.0),
        (Qt.Key.Key_End, 1.0),
    ],
)
def test_keys_step_and_settle_once(slider, qtbot, key, number):
    slider.setFocus()
    with qtbot.waitSignals([slider.moved, slider.settled], order="strict"):
        qtbot.keyClick(slider, key)
    assert slider.number == pytest.approx(number)


def test_keys_step_by_one_on_a_logarithmic_slider(qtbot):
    slider = ValueSlider(COUNT, 6000)
    qtbot.addWidget(slider)
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert slider.number == 6001


def test_a_double_click_wants_the_default(slider, qtbot):
    with qtbot.waitSignal(slider.reset_wanted):
        qtbot.mouseDClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(50, 18))


@pytest.mark.parametrize("focused", [True, False])
def test_the_wheel_never_moves_it(slider, qtbot, focused):
    if focused:
        slider.setFocus()
    event = QWheelEvent(
        QPointF(50, 10), QPointF(50, 10), QPoint(0, 0), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    with qtbot.assertNotEmitted(slider.moved):
        slider.wheelEvent(event)
    assert not event.isAccepted()
    assert slider.number == 0.7


def test_a_histogram_is_drawn_behind(slider):
    bare = slider.grab().toImage()
    slider.show_histogram(Histogram(np.arange(40), 0.0, 1.0))
    assert slider.grab().toImage() != bare
    slider.show_histogram(Histogram(np.zeros(40, np.int64), 0.0, 1.0))
    assert slider.grab().toImage() == bare


@pytest.mark.parametrize("passes_above", [True, False])
def test_the_part_that_is_cut_has_another_tone(slider, passes_above):
    """At 0.5 of 200 points, even bars: left and right differ, and change places with the direction."""
    slider.resize(214, 24)
    slider.show_number(0.5)
    slider.show_histogram(Histogram(np.full(40, 9), 0.0, 1.0, passes_above))
    image = slider.grab().toImage()
    left, right = image.pixelColor(50, 6), image.pixelColor(160, 6)
    passing, cut = (right, left) if passes_above else (left, right)
    assert passing.saturation() > cut.saturation() + 40
