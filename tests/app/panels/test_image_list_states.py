"""States, filter, navigation and menu of the list of images."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import QLabel

from app.image_filter import parse_filter
from app.image_state import STANDINGS, AnnotationState, RunCounts
from app.image_terms import ImageFacts
from app.panels import image_list
from app.panels.image_list import ImageList
from app.panels.image_list_model import ImageListModel, ImageState
from app.panels.image_signs import paint_standing, paint_unsaved
from app.scene import Role
from app.sentences import say
from app.theme import dark_theme, light_theme

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

FOLDER = Path("/pictures")
NEW, SEEN = AnnotationState(), AnnotationState(looked_at=True)
DRAWN = AnnotationState(12, (("RBC", 10), ("WBC", 2)), looked_at=True)
RIGHT, VOID = AnnotationState(3, (("RBC", 3),), True, True), AnnotationState(0, (), True, True)


def paths(count=6):
    return [FOLDER / f"smear_{number}.png" for number in range(1, count + 1)]


@pytest.fixture
def images(qtbot):
    made = ImageList()
    qtbot.addWidget(made)
    made.resize(260, 400)
    made.show()
    made.show_folder([str(path) for path in paths()])
    return made


def names(images):
    return [images.model.path(row).stem.removeprefix("smear_") for row in range(images.model.rowCount())]


def said(images, row):
    return images.model.index(row).data(Qt.ItemDataRole.AccessibleTextRole)


def counts(found, missed, false):
    return [
        (say("image.found", n=found), None),
        (say("image.missed", n=missed), Role.MISSED),
        (say("image.false", n=false), Role.FALSE_POSITIVE),
    ]


def show(images, **states):
    """States by number of the image: `_2=RIGHT`."""
    images.show_annotations({FOLDER / f"smear{number}.png": state for number, state in states.items()})


# -- states ------------------------------------------------------------------------------------------------------------


def test_what_is_known_is_read_out_and_in_the_tooltip(images):
    show(images, _1=NEW, _2=DRAWN, _3=RIGHT, _4=VOID, _5=AnnotationState(problem="annotation cannot be read"))
    images.mark_state(FOLDER / "smear_2.png", counts(10, 2, 1))
    images.show_unsaved([FOLDER / "smear_3.png"])
    assert [said(images, row) for row in range(6)] == [
        "smear_1.png, not looked at, not run",
        "smear_2.png, 12 boxes, 10 found, 2 missed, 1 false",
        "smear_3.png, verified · 3 boxes, not run, unsaved",
        "smear_4.png, verified empty, not run",
        "smear_5.png, annotation cannot be read, not run",
        "smear_6.png, not run",
    ]
    tooltip = images.model.index(1).data(Qt.ItemDataRole.ToolTipRole).splitlines()
    assert tooltip == [
        str(FOLDER / "smear_2.png"),
        "12 boxes · 10 found · 2 missed · 1 false",
        "RBC 10, WBC 2",
    ]


def test_what_is_wrong_with_the_image_comes_before_its_annotation(images):
    show(images, _1=RIGHT)
    images.mark_state(FOLDER / "smear_1.png", (), is_run=False, problem=say("image.failed"))
    assert images.model.standing(0) == "error"
    assert said(images, 0) == "smear_1.png, cannot be read"


def sign(paint, theme):
    image = QImage(24, 24, QImage.Format.Format_RGB32)
    image.fill(theme.window)
    painter = QPainter(image)
    paint(painter, QPoint(12, 12).toPointF(), theme)
    painter.end()
    ground = theme.window.rgb()
    return frozenset((x, y) for x in range(24) for y in range(24) if image.pixelColor(x, y).rgb() != ground)


@pytest.mark.parametrize("theme", [dark_theme(), light_theme()], ids=["dark", "light"])
def test_each_state_has_a_shape_of_its_own(qapp, theme):
    shapes = [
        sign(lambda painter, place, theme, each=each: paint_standing(painter, place, each, theme), theme)
        for each in STANDINGS
    ]
    shapes.append(sign(paint_unsaved, theme))
    assert all(shapes)
    for place, one in enumerate(shapes):
        for two in shapes[:place]:
            assert len(one ^ two) >= 12  # pixels, of some 100


def test_thousands_of_states_are_one_notice(images, qtbot):
    heard = Mock()
    images.model.dataChanged.connect(heard)
    images.show_annotations(dict.fromkeys(paths(), DRAWN))
    assert heard.call_count == 1
    first, last = heard.call_args.args[:2]
    assert (first.row(), last.row()) == (0, 5)
    images.show_annotations(dict.fromkeys(paths(), DRAWN))  # nothing new
    images.show_annotations({Path("/elsewhere/a.png"): DRAWN})
    assert heard.call_count == 1
    assert images.model.num_scanned == 6
    assert images.model.classes == ["RBC", "WBC"]


def test_how_many_are_verified(images):
    assert not images.verified.isVisible()
    show(images, _1=RIGHT, _2=DRAWN)
    assert images.verified.isVisible()
    assert images.verified.label.text() == "1 verified · 2 of 6 scanned"
    show(images, _3=VOID, _4=NEW, _5=NEW, _6=SEEN)
    assert images.verified.label.text() == "2 of 6 verified"
    show(images, _1=RIGHT._replace(verified=False))
    assert images.verified.label.text() == "1 of 6 verified"
    images.show_folder([str(path) for path in paths(2)])
    assert not images.verified.isVisible()


def test_no_label_is_cut_off_in_a_narrow_list(images, qtbot):
    images.resize(150, 400)
    show(images, **{f"_{number}": DRAWN for number in range(1, 7)})
    images.search_field.setText("missed>")
    images.search_field.setFocus()
    qtbot.keyClick(images.search_field, Qt.Key.Key_Return)
    low = [
        label.text()
        for label in images.findChildren(QLabel)
        if label.isVisible() and label.height() < label.heightForWidth(label.width())
    ]
    assert low == []
    assert images.filter_field.sentence.isVisible()


# -- filter ------------------------------------------------------------------------------------------------------------


def test_terms_filter_and_say_of_how_many_images_they_know(images):
    show(images, _1=NEW, _2=DRAWN, _3=RIGHT)
    images.mark_state(FOLDER / "smear_2.png", counts(10, 2, 0))
    images.mark_state(FOLDER / "smear_3.png", counts(3, 0, 0))
    images.search_field.setText("is:unverified")
    assert names(images) == ["1", "2"]
    assert images.footer.text() == "2 shown, of 3 scanned"
    images.search_field.setText("missed>0")
    assert names(images) == ["2"]
    assert images.footer.text() == "1 shown, of 2 images run · 4 not run"
    images.mark_state(FOLDER / "smear_4.png", [(say("image.detections", n=7), None)])
    assert images.footer.text() == "1 shown, of 2 images run that have ground truth · 3 not run"
    images.search_field.setText("missed>0 boxes>1")
    assert images.footer.text() == "1 shown, of 2 images run that have ground truth, of 3 scanned · 3 not run"
    show(images, _4=NEW, _5=NEW, _6=NEW)
    images.search_field.setText("boxes>2 or smear_6")
    assert names(images) == ["2", "3", "6"]
    assert images.footer.text() == "3 of 6 images · 3 run"


def test_that_none_passes_is_not_said_of_what_was_not_run(images):
    images.search_field.setText("missed>4")
    assert images.empty.text().startswith("No image has been run yet")
    images.mark_state(FOLDER / "smear_4.png", [(say("image.detections", n=7), None)])
    assert images.empty.text() == "No image that was run has ground truth, so nothing is counted yet."
    images.mark_state(FOLDER / "smear_2.png", counts(10, 2, 0))
    assert (
        images.empty.text() == "The only image that was run and counted does not pass; of the others nothing is known."
    )
    images.mark_state(FOLDER / "smear_3.png", counts(10, 3, 0))
    assert images.empty.text().startswith("None of the 2 images that were run and counted passes;")
    for number in (1, 4, 5, 6):
        images.mark_state(FOLDER / f"smear_{number}.png", counts(10, 1, 0))
    assert images.empty.text() == "No image passes this filter."
    images.search_field.setText("boxes>9")
    assert images.empty.text() == "None of the 0 images looked into so far passes; there are 6."
    show(images, **{f"_{number}": DRAWN for number in range(1, 7)})
    assert images.empty.text() == "No image passes this filter."


def test_a_broken_term_leaves_the_list_and_is_said_under_the_field(images, qtbot):
    show(images, _1=RIGHT, _2=DRAWN)
    images.search_field.setText("is:verified")
    assert names(images) == ["1"]
    images.search_field.setText("is:verified missed>")
    assert names(images) == ["1"]
    assert not images.filter_field.sentence.isVisible()  # it is still being typed
    qtbot.waitUntil(images.filter_field.sentence.isVisible)
    assert images.filter_field.sentence.text() == "missed>: a number is missing after '>'"
    assert images.search_field.property("wrong")
    images.search_field.setText("is:verified missed>x")
    assert images.filter_field.sentence.text() == "missed>x: 'x' is not a whole number"
    images.search_field.setText("")
    assert not images.filter_field.sentence.isVisible()
    assert not images.search_field.property("wrong")
    assert len(names(images)) == 6


def test_enter_on_a_broken_term_says_so_at_once_and_stays(images, qtbot):
    images.search_field.setText("boxes>")
    with qtbot.assertNotEmitted(images.image_chosen):
        qtbot.keyClick(images.search_field, Qt.Key.Key_Return)
    assert images.filter_field.sentence.isVisible()


def test_an_empty_list_says_why(images):
    show(images, **{f"_{number}": DRAWN for number in range(1, 7)})
    images.search_field.setText("class:plat")
    assert images.empty.text() == "No image passes this filter. No object here is of the class plat."
    images.search_field.setText("boxes>99")
    assert images.empty.text() == "No image passes this filter."


def test_numbers_are_searched_for_in_names_only(images):
    """Else "12" would list every image with twelve boxes, or twelve objects found."""
    show(images, _1=DRAWN)
    images.mark_state(FOLDER / "smear_3.png", counts(12, 0, 0))
    images.search_field.setText("12")
    assert names(images) == []
    images.search_field.setText("found")
    assert names(images) == ["3"]
    images.search_field.setText("annot")
    assert names(images) == ["1"]
    images.search_field.setText("look")  # of "not looked at", which is said of everything
    assert names(images) == []
    images.search_field.setText("tated")  # words of the state are known by their beginning
    assert names(images) == []


def test_the_list_follows_what_becomes_known(images, qtbot):
    images.search_field.setText("is:verified")
    assert names(images) == []
    show(images, _2=RIGHT, _3=DRAWN)
    qtbot.waitUntil(lambda: names(images) == ["2"])
    assert images.view.isVisible()
    assert images.footer.text() == "1 shown, of 2 scanned"


def test_the_open_image_stays_until_one_moves_on(images, qtbot):
    show(images, _1=NEW, _2=NEW, _3=NEW, _4=RIGHT)
    images.search_field.setText("is:unverified")
    images.select(paths()[1])
    show(images, _2=RIGHT, _3=RIGHT)
    qtbot.waitUntil(lambda: names(images) == ["1", "2"])  # the third left, the open one stayed
    assert images.view.currentIndex().row() == 1
    assert "stays in the list until you move on" in images.model.index(1).data(Qt.ItemDataRole.ToolTipRole)
    with qtbot.waitSignal(images.image_chosen) as chosen:
        images.step(-1)
    assert chosen.args == [paths()[0]]
    qtbot.waitUntil(lambda: names(images) == ["1"])
    assert images.view.currentIndex().row() == 0


def test_what_is_in_view_stays_at_its_place(images, qtbot):
    many = paths(500)
    images.show_folder([str(path) for path in many])
    images.show_annotations(dict.fromkeys(many, NEW))
    images.search_field.setText("is:unverified")
    images.select(many[250])

    def top():
        return images.view.visualRect(images.model.index(images.model.row_of(many[250]))).top()

    before = top()
    assert 0 < before < images.view.viewport().height()
    images.show_annotations(dict.fromkeys(many[:100], RIGHT))
    qtbot.waitUntil(lambda: images.model.rowCount() == 400)
    assert top() == before


def test_typing_does_not_keep_what_does_not_pass(images):
    show(images, _1=NEW, _2=RIGHT)
    images.select(paths()[1])
    images.search_field.setText("is:unverified")
    assert names(images) == ["1"]
    assert not images.view.currentIndex().isValid()


WORDS = st.sampled_from(
    ["smear", "1", "found", "ver", "-boxes", "name:2", "is:new", "-is:empty", "boxes>1", "RBC>0", "-missed=0", "is:run"]
)


@given(
    st.lists(WORDS, max_size=3),
    st.lists(WORDS, max_size=2),
    st.lists(st.sampled_from([None, NEW, SEEN, DRAWN, RIGHT, VOID]), min_size=6, max_size=6),
    st.lists(st.none() | st.integers(0, 2), min_size=6, max_size=6),
)
def test_the_list_shows_what_the_filter_admits(qapp, ones, others, annotations, missed):
    """The model looks through columns, for speed; the filter says the same of each image by itself."""
    model = ImageListModel()
    model.show_files([str(path) for path in paths()])
    known = dict(zip(paths(), annotations, strict=True))
    model.set_annotations({path: state for path, state in known.items() if state is not None})
    for path, number in zip(paths(), missed, strict=True):
        if number is not None:
            words = (("2 found", None), (f"{number} missed", Role.MISSED))
            model.set_state(path, ImageState(words, True, "", RunCounts(2, number, 0)))
    wanted = parse_filter(" ".join(ones) + (" or " + " ".join(others) if ones and others else ""))
    facts = [
        ImageFacts(
            path.name,
            ("found missed " if number is not None else "") + said_of(state),
            state,
            None if number is None else RunCounts(2, number, 0),
            number is not None,
        )
        for path, state, number in zip(paths(), annotations, missed, strict=True)
    ]
    model.set_filter(wanted)
    shown = [model.path(row) for row in range(model.rowCount())]
    assert shown == [path for path, each in zip(paths(), facts, strict=True) if wanted.admits(each)]


def said_of(state):
    words = {"annotated": "annotated", "empty": "no boxes", "verified": "verified", "verified_empty": "verified empty"}
    return "" if state is None else words.get(state.standing, "")


# -- suggestions and help ----------------------------------------------------------------------------------------------


def test_what_is_typed_is_completed(images, qtbot):
    show(images, _1=RIGHT, _2=DRAWN)
    field, popup = images.search_field, images.filter_field.suggestions
    field.setFocus()
    qtbot.keyClicks(field, "is:")
    assert popup.isVisible()
    assert popup.model().rowCount() == 9
    qtbot.keyClicks(field, "ver")
    assert [popup.model().index(row, 0).data() for row in range(popup.model().rowCount())] == ["is:verified"]
    qtbot.keyClick(popup, Qt.Key.Key_Down)
    with qtbot.assertNotEmitted(images.image_chosen):
        qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert field.text() == "is:verified"
    assert not popup.isVisible()
    assert names(images) == ["1"]


def test_enter_takes_no_suggestion_that_was_not_gone_to(images, qtbot):
    field, popup = images.search_field, images.filter_field.suggestions
    field.setFocus()
    qtbot.keyClicks(field, "sme")
    assert not popup.isVisible()
    qtbot.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(field, "is:")
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert field.text() == "is:"
    assert not popup.isVisible()
    assert images.filter_field.sentence.text() == "is:: a state is missing after ':'"


def test_the_question_mark_explains_and_its_examples_can_be_taken(images, qtbot):
    qtbot.mouseClick(images.filter_field.help_button, Qt.MouseButton.LeftButton)
    help_ = images.filter_field.help
    assert help_.isVisible()
    assert "is:unverified" in help_.words.text()
    images.search_field.setText("smear")
    help_.words.linkActivated.emit("is:new")
    assert not help_.isVisible()
    assert images.search_field.text() == "smear is:new"


# -- navigation --------------------------------------------------------------------------------------------------------


def test_the_next_one_that_is_not_verified(images, qtbot):
    show(images, _1=RIGHT, _2=RIGHT, _3=DRAWN, _4=VOID)
    with qtbot.waitSignal(images.image_chosen) as chosen:
        assert images.step_unverified(1)
    assert chosen.args == [paths()[2]]
    with qtbot.waitSignal(images.image_chosen) as chosen:
        assert images.step_unverified(1)
    assert chosen.args == [paths()[4]]  # nobody has looked into it yet
    images.select(paths()[5])
    with qtbot.assertNotEmitted(images.image_chosen):
        assert not images.step_unverified(1)
    assert images.following_unverified(-1) == paths()[4]
    images.select(paths()[2])
    assert images.following_unverified(-1) is None
    images.search_field.setText("smear -smear_5")
    assert images.following_unverified(1) == paths()[5]


@pytest.mark.parametrize("wanted", ["²", "9" * 5000, "٣"])
def test_going_to_what_only_looks_like_a_number(images, wanted):
    assert images.go_to(wanted) == (wanted == "٣")


# -- several images, and the menu --------------------------------------------------------------------------------------


def click(images, qtbot, row, modifier=Qt.KeyboardModifier.NoModifier, button=Qt.MouseButton.LeftButton):
    place = images.view.visualRect(images.model.index(row)).center()
    qtbot.mouseClick(images.view.viewport(), button, modifier, place)


def test_several_are_selected_without_being_opened(images, qtbot):
    images.select(paths()[0])
    with qtbot.assertNotEmitted(images.image_chosen):
        click(images, qtbot, 2, Qt.KeyboardModifier.ControlModifier)
    assert images.selected_paths() == [paths()[0], paths()[2]]
    with qtbot.waitSignal(images.image_chosen) as chosen:
        click(images, qtbot, 2)  # the current line, which is not the open one
    assert chosen.args == [paths()[2]]
    with qtbot.assertNotEmitted(images.image_chosen):
        click(images, qtbot, 4, Qt.KeyboardModifier.ShiftModifier)
    assert images.selected_paths() == paths()[2:5]
    assert images.footer.text() == "6 images · 0 run · 3 selected"
    with qtbot.waitSignal(images.image_chosen) as chosen:
        click(images, qtbot, 4)
    assert chosen.args == [paths()[4]]
    assert images.selected_paths() == [paths()[4]]
    with qtbot.assertNotEmitted(images.image_chosen):
        qtbot.keyClick(images.view, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert images.selected_paths() == paths()[3:5]
    with qtbot.waitSignal(images.image_chosen) as chosen:
        images.step(-1)
    assert chosen.args == [paths()[3]]  # from the open one
    assert images.selected_paths() == [paths()[3]]


def test_a_drag_opens_nothing_on_its_way(images, qtbot):
    images.select(paths()[0])
    port, view = images.view.viewport(), images.view
    with qtbot.waitSignal(images.image_chosen):
        qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=view.visualRect(images.model.index(1)).center())
    with qtbot.assertNotEmitted(images.image_chosen):
        for row in (2, 3):
            qtbot.mouseMove(port, view.visualRect(images.model.index(row)).center())
        qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=view.visualRect(images.model.index(3)).center())


def test_the_list_does_not_change_while_several_are_selected(images, qtbot):
    show(images, **{f"_{number}": NEW for number in range(1, 7)})
    images.search_field.setText("is:new")
    images.select(paths()[0])
    click(images, qtbot, 1, Qt.KeyboardModifier.ControlModifier)
    show(images, _5=RIGHT)
    images._on_news()
    assert len(names(images)) == 6
    click(images, qtbot, 0)
    qtbot.waitUntil(lambda: len(names(images)) == 5)


def test_the_menu_is_about_what_is_selected(images, qtbot, monkeypatch):
    opened = Mock()
    monkeypatch.setattr(image_list.QDesktopServices, "openUrl", opened)
    images.select(paths()[0])
    with qtbot.assertNotEmitted(images.image_chosen):
        click(images, qtbot, 1, button=Qt.MouseButton.RightButton)
    images.show_menu(QPoint(10, 10))
    texts = [action.text() for action in images.menu.actions() if not action.isSeparator()]
    assert texts == ["Show in folder", "Copy path", "Move to bin folder"]
    show_it, copy_it, bin_it = (action for action in images.menu.actions() if not action.isSeparator())
    images.menu.hide()
    assert images.selected_paths() == [paths()[0]]  # back to the open one
    show_it.trigger()
    assert opened.call_args.args[0].toLocalFile() == str(FOLDER)
    copy_it.trigger()
    assert QGuiApplication.clipboard().text() == str(paths()[1])
    with qtbot.waitSignal(images.bin_wanted) as wanted:
        bin_it.trigger()
    assert wanted.args == [[paths()[1]]]


def test_the_menu_of_several(images, qtbot):
    images.select(paths()[0])
    click(images, qtbot, 2, Qt.KeyboardModifier.ControlModifier)
    images.show_menu(QPoint(10, 10))
    texts = [action.text() for action in images.menu.actions() if not action.isSeparator()]
    assert texts == ["Show in folder", "Copy 2 paths", "Move 2 images to bin folder"]
    with qtbot.waitSignal(images.bin_wanted) as wanted:
        images.menu.actions()[-1].trigger()
    images.menu.hide()
    assert wanted.args == [[paths()[0], paths()[2]]]


def test_images_more_or_fewer_keep_what_is_known(images):
    show(images, _1=RIGHT, _3=DRAWN, _5=RIGHT)
    images.mark_state(paths()[2], counts(1, 0, 0))
    images.select(paths()[4])
    before = images.model.files
    images.show_files([str(path) for path in paths() if path not in (paths()[0], paths()[1])])
    assert names(images) == ["3", "4", "5", "6"]
    assert said(images, 0) == "smear_3.png, 12 boxes, 1 found, 0 missed, 0 false"
    assert images.view.currentIndex().row() == 2
    assert images.verified.label.text() == "1 verified · 2 of 4 scanned"
    assert images.model.num_run == 1
    images.show_files(before)
    assert names(images) == ["1", "2", "3", "4", "5", "6"]
    assert images.model.num_verified == 1
