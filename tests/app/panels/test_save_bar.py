"""The bar that asks about saving: what it says, what the answers mean, and that the keyboard is left where it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from app.panels.save_bar import SaveBar
from app.save_questions import ChangedOnDisk, NotSaved, NotWritten, SharedFile, WhereToSave
from app.theme import dark_theme, dress, light_theme, style_sheet

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

FOLDER = Path("/data/cells")
WHERE = WhereToSave.beside(FOLDER)
IMAGE = FOLDER / "RBC_1.jpg"
CHANGED = ChangedOnDisk(FOLDER / "Annotations" / "RBC_1.xml", (IMAGE,))
GONE = ChangedOnDisk(FOLDER / "Annotations" / "RBC_1.xml", (IMAGE, FOLDER / "RBC_2.jpg"), is_gone=True)
SHARED = SharedFile(FOLDER / "Annotations" / "RBC_1.xml", FOLDER / "RBC_1.png", "RBC_1.jpg")
FAILED = NotWritten(FOLDER / "Annotations" / "x.xml", "'x.xml' cannot be written (Permission denied).")
SIGNALS = (
    "format_chosen", "other_place_wanted", "theirs_wanted", "mine_wanted", "retry_wanted", "elsewhere_wanted",
    "image_wanted", "restore_wanted", "discard_wanted", "list_wanted", "postponed",
)  # fmt: skip


@pytest.fixture
def window(qtbot):
    """A bar above something else that has the keyboard."""
    made = QWidget()
    qtbot.addWidget(made)
    dress(dark_theme())
    made.setStyleSheet(style_sheet(dark_theme()))
    made.bar, made.canvas = SaveBar(made), QLineEdit(made)
    layout = QVBoxLayout(made)
    layout.addWidget(made.bar)
    layout.addWidget(made.canvas, 1)
    made.resize(1100, 300)
    made.show()
    made.canvas.setFocus()
    qtbot.waitUntil(made.canvas.hasFocus)
    return made


@pytest.fixture
def bar(window):
    return window.bar


@pytest.fixture
def heard(bar):
    found = []
    for name in SIGNALS:
        getattr(bar, name).connect(lambda *values, name=name: found.append((name, *values)))
    return found


def words(bar):
    return [button.text() for button in bar.buttons]


def press(qtbot, bar, at):
    qtbot.mouseClick(bar.buttons[at], Qt.MouseButton.LeftButton)


def test_where_the_boxes_of_a_folder_go(bar, heard, qtbot):
    assert bar.isHidden()
    bar.ask(WHERE)
    assert bar.isVisible()
    assert bar.told.text() == "Where should the boxes of this folder be saved?"
    assert words(bar) == [
        "VOC XML › ./Annotations", "COCO json › ./annotations.json", "YOLO txt › ./", "Other place…", "Later",
    ]  # fmt: skip
    assert heard == []
    press(qtbot, bar, 1)
    assert heard == [("format_chosen", FOLDER, "coco", FOLDER / "annotations.json")]
    assert bar.isHidden()
    assert bar.question is None


def test_another_place_leaves_the_question_until_there_is_an_answer(bar, heard, qtbot):
    bar.ask(WHERE)
    press(qtbot, bar, 3)
    assert heard == [("other_place_wanted", WHERE)]
    assert bar.isVisible()
    bar.withdraw(WHERE)
    assert bar.isHidden()


def test_later_and_the_cross_put_it_off(bar, heard, qtbot):
    for at in (4, None):
        bar.ask(WHERE)
        if at is None:
            qtbot.mouseClick(bar.cross, Qt.MouseButton.LeftButton)
        else:
            press(qtbot, bar, at)
        assert bar.isHidden()
    assert heard == [("postponed", WHERE)] * 2


@pytest.mark.parametrize(
    ("question", "said", "answers"),
    [
        (
            CHANGED,
            "'RBC_1.xml' (boxes of RBC_1.jpg) was changed by another program.",
            [
                ("Load theirs", ("theirs_wanted", CHANGED.path)),
                ("Keep mine", ("mine_wanted", CHANGED.path)),
                ("Show", ("image_wanted", IMAGE)),
            ],
        ),
        (
            GONE,
            "'RBC_1.xml' (boxes of RBC_1.jpg and 1 more image) was removed by another program.",
            [
                ("Remove mine too", ("theirs_wanted", GONE.path)),
                ("Write it again", ("mine_wanted", GONE.path)),
                ("Show", ("image_wanted", IMAGE)),
            ],
        ),
        (
            SHARED,
            "RBC_1.png and RBC_1.jpg share 'RBC_1.xml', which belongs to RBC_1.jpg. Your changes are kept.",
            [("Save elsewhere…", ("elsewhere_wanted", SHARED.path)), ("Show", ("image_wanted", SHARED.image))],
        ),
        (
            FAILED,
            "x.xml is not saved: 'x.xml' cannot be written (Permission denied). Your changes are kept.",
            [("Try again", ("retry_wanted", FAILED.path)), ("Save elsewhere…", ("elsewhere_wanted", FAILED.path))],
        ),
        (
            NotSaved(12),
            "12 changed images were not saved when Boxscope ended:",
            [("Restore", ("restore_wanted",)), ("Discard", ("discard_wanted",)), ("Show", ("list_wanted",))],
        ),
        (
            NotSaved(1),
            "One changed image was not saved when Boxscope ended:",
            [("Restore", ("restore_wanted",)), ("Discard", ("discard_wanted",)), ("Show", ("list_wanted",))],
        ),
    ],
)
def test_questions_and_what_the_answers_mean(bar, heard, qtbot, question, said, answers):
    for at, (word, given) in enumerate(answers):
        bar.ask(question)
        assert bar.told.text() == said
        assert words(bar) == [each for each, _ in answers]
        press(qtbot, bar, at)
        assert heard[-1] == given
        assert bar.isVisible() == (word in ("Save elsewhere…", "Show"))
    assert len(heard) == len(answers)


def test_nobody_is_led_to_an_image_that_is_open_already(bar):
    bar.set_open_image(FOLDER / "other.jpg")
    bar.ask(GONE)
    assert words(bar)[-1] == "Show"
    for image in GONE.images:
        bar.set_open_image(image)
        assert words(bar) == ["Remove mine too", "Write it again"]
    bar.set_open_image(None)
    assert words(bar)[-1] == "Show"


class TestSeveral:
    def test_the_one_on_show_stays_and_the_others_wait_by_urgency(self, bar, qtbot):
        for question in (WHERE, FAILED, CHANGED, NotSaved(3)):
            bar.ask(question)
        assert bar.question is WHERE
        assert bar.place.text() == "1 of 4"
        asked = []
        while bar.question is not None:
            asked.append(bar.question)
            bar.cross.click()
        assert asked == [WHERE, NotSaved(3), CHANGED, FAILED]

    def test_the_same_failure_is_said_once_with_its_last_reason(self, bar):
        bar.ask(FAILED)
        before = bar.buttons
        bar.ask(NotWritten(FAILED.path, FAILED.reason))
        assert bar.buttons == before  # nothing moves under the hand
        bar.ask(NotWritten(FAILED.path, "no space left"))
        assert "no space left" in bar.told.text()
        assert bar.place.text() == ""
        bar.ask(NotWritten(FOLDER / "y.xml", "no space left"))
        assert bar.place.text() == "1 of 2"

    def test_what_was_settled_elsewhere(self, bar, heard):
        for question in (WHERE, CHANGED, ChangedOnDisk(FOLDER / "other.xml"), FAILED):
            bar.ask(question)
        bar.withdraw_all(ChangedOnDisk)
        assert bar.place.text() == "1 of 2"
        bar.withdraw(WHERE)
        assert bar.question == FAILED
        bar.withdraw(CHANGED)  # not asked: nothing happens
        bar.withdraw_all()
        assert bar.isHidden()
        assert heard == []


class TestKeyboard:
    def test_asking_leaves_the_keyboard_where_it_is(self, window, bar, qtbot):
        for question in (WHERE, CHANGED, FAILED, NotSaved(2)):
            bar.ask(question)
            assert window.canvas.hasFocus()
        press(qtbot, bar, 0)
        assert window.canvas.hasFocus()

    def test_all_of_it_is_reached_in_order(self, window, bar, qtbot):
        bar.ask(WHERE)
        bar.buttons[0].setFocus(Qt.FocusReason.TabFocusReason)
        for expected in (*bar.buttons[1:], bar.cross):
            QApplication.focusWidget().nextInFocusChain()
            qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
            assert QApplication.focusWidget() is expected

    def test_after_an_answer_the_keyboard_goes_back(self, window, bar, heard, qtbot):
        bar.ask(CHANGED)
        bar.ask(FAILED)
        bar.buttons[1].setFocus()
        qtbot.keyClick(bar.buttons[1], Qt.Key.Key_Space)
        assert heard == [("mine_wanted", CHANGED.path)]
        assert bar.buttons[0].hasFocus()  # the next question
        qtbot.keyClick(bar.buttons[0], Qt.Key.Key_Space)
        assert window.canvas.hasFocus()

    def test_esc_in_the_bar_closes_it_and_is_no_shortcut(self, window, bar, heard, qtbot):
        deselect = QAction(window)
        deselect.setShortcut("Esc")
        window.addAction(deselect)
        bar.ask(WHERE)
        bar.buttons[2].setFocus()
        with qtbot.assertNotEmitted(deselect.triggered):
            qtbot.keyClick(bar.buttons[2], Qt.Key.Key_Escape)
        assert heard == [("postponed", WHERE)]
        assert window.canvas.hasFocus()

    def test_everything_has_a_name(self, bar):
        bar.ask(WHERE)
        assert bar.accessibleDescription() == bar.told.text()
        assert all(each.accessibleName() for each in (*bar.buttons, bar.cross, bar))
        assert bar.buttons[0].accessibleName() == (
            "VOC XML › ./Annotations. Save into /data/cells/Annotations from now on"
        )


@pytest.mark.parametrize("width", [150, 400, 700, 1400])
@pytest.mark.parametrize("question", [WHERE, CHANGED, FAILED, NotSaved(12)])
def test_at_every_width_all_of_it_is_inside(window, bar, width, question):
    bar.ask(question)
    bar.ask(NotWritten(FOLDER / "y.xml", "no space left"))
    window.resize(width, 500)
    window.layout().activate()
    for part in (*bar.buttons, bar.cross, bar.told):
        assert part.isVisible()
        assert bar.rect().contains(part.geometry()), part
    parts = [part.geometry() for part in (*bar.buttons, bar.cross, bar.told)]
    assert not any(one.intersects(other) for at, one in enumerate(parts) for other in parts[:at])
    bar.set_theme(light_theme())
    assert not bar.grab().isNull()


def test_a_long_path_is_shortened_and_said_in_the_tooltip(window, bar):
    place = Path("/a/very/long/way/to/the/folder/of/all/the/annotations/there/are/Annotations")
    bar.ask(WhereToSave(FOLDER, (("voc", place), ("yolo", FOLDER / "a&b"))))
    assert "…" in bar.buttons[0].text()
    assert bar.buttons[0].text().endswith("Annotations")
    assert str(place) in bar.buttons[0].toolTip()
    assert bar.buttons[1].text() == "YOLO txt › ./a&&b"
