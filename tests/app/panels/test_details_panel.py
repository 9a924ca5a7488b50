from dataclasses import replace

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from app.key_names import with_keys
from app.panels.details_panel import NOTHING, DetailsPanel
from app.panels.details_text import Shown, details_html, details_plain, href, linked, ref_of
from app.scene import Message, Ref, Remedies, RemedyLine, Section
from app.settings_text import detectron2_text, torchvision_text
from app.theme import light_theme
from detector.config import Settings
from detector.messages import Fact, Verdict, naming
from tests.helpers.scenes import DETAILS, EXPLANATION, make_scene, say

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

SECTION = Section("overlaps", say("Objects it overlaps (1)"), (Fact(say("RBC #4"), say("IoU 0.442")),))
FOLDED = replace(DETAILS, explanation=replace(EXPLANATION, sections=(SECTION,)))
REMEDIES = Remedies(
    Ref("object", 1),
    (
        RemedyLine("detections.nms_iou", 0.54, say("Detection NMS IoU 0.40 → 0.54"), say("+2 false positives")),
        RemedyLine("matching.iou", 0.45, say("Match IoU 0.50 → 0.45"), say("+0 false positives")),
    ),
    done=5,
    of=12,
    images=72,
)
COLOURS = dict.fromkeys(("text", "muted", "accent", "good", "bad", "track", "card"), "#000000")


@pytest.fixture
def panel(qtbot):
    made = DetailsPanel()
    qtbot.addWidget(made)
    made.resize(340, 400)
    made.show()
    return made


def words_of(panel):
    return panel.browser.toPlainText().replace("\u00a0", " ").replace("\u2060", "")


def click(panel, link):
    """As a click does: the browser knows the link as it was written."""
    assert f'href="{link}"' in panel.browser.toHtml()
    panel.browser.anchorClicked.emit(QUrl(link))


def test_everything_is_said(panel, qtbot):
    with qtbot.assertNotEmitted(panel.picked):
        panel.show_scene(make_scene(details=DETAILS))
    words = words_of(panel)
    assert panel.header.title.text() == "RBC #2"
    assert panel.header.note.text() == "MISSED"
    assert words.splitlines()[0] == "Suppressed by detection 3."
    for piece in ("106 x 101 px", "IoU 0.895", "✓", "✕", "▸ Class scores", "RBC #4"):
        assert piece in words, piece


def test_the_verdict_is_the_headline_and_why(panel):
    told = replace(
        EXPLANATION, outcome=say("False positive"), headline=say("Duplicate."), why=(say("One."), say("Two."))
    )
    panel.show_scene(make_scene(details=replace(DETAILS, explanation=told)))
    assert panel.header.note.text() == "FALSE POSITIVE"
    assert words_of(panel).splitlines()[:2] == ["Duplicate.", "One. Two."]
    assert "Suppressed by detection 3." not in words_of(panel)


def test_a_link_picks(panel, qtbot):
    panel.show_scene(make_scene(details=DETAILS))
    with qtbot.waitSignal(panel.picked) as picked:
        click(panel, "anchor:2541")
    assert picked.args == [Ref("anchor", 2541)]


def test_nothing_selected_says_what_to_do(panel):
    assert panel.browser.toPlainText() == with_keys(NOTHING)
    assert not panel.copy_explanation.isEnabled()
    panel.show_scene(make_scene(details=DETAILS))
    assert panel.copy_explanation.isEnabled()
    panel.show_scene(make_scene())
    assert panel.browser.toPlainText() == with_keys(NOTHING)
    assert panel.header.title.text() == "Explanation"
    assert panel.header.note.text() == ""


def test_the_whole_of_many_things_is_explained_without_a_thing(panel):
    """Training's mini-batch as a whole: there is no thing that could be selected."""
    panel.show_scene(make_scene(details=replace(DETAILS, explanation=replace(EXPLANATION, ref=None))))
    assert panel.header.title.text() == "RBC #2"
    assert "Suppressed by detection 3." in words_of(panel)


# -- folding -----------------------------------------------------------------------------------------------------------


def test_parts_are_folded_until_they_are_wanted_and_stay_so(panel):
    panel.show_scene(make_scene(details=FOLDED))
    assert "0.442" not in words_of(panel)
    assert "0.871" not in words_of(panel)
    click(panel, "fold:overlaps")
    assert "▾ Objects it overlaps (1)\n" in words_of(panel)
    assert "IoU 0.442" in words_of(panel)
    click(panel, "fold:scores")
    assert "<WBC>" in words_of(panel)
    other = replace(FOLDED, explanation=replace(FOLDED.explanation, ref=Ref("object", 2)))
    panel.show_scene(make_scene(details=other))
    assert "IoU 0.442" in words_of(panel)
    click(panel, "fold:overlaps")
    assert "IoU 0.442" not in words_of(panel)
    assert "<WBC>" in words_of(panel)


def test_a_part_that_is_open_at_first_can_be_folded(panel):
    opened = replace(FOLDED, explanation=replace(EXPLANATION, sections=(replace(SECTION, is_open=True),)))
    panel.show_scene(make_scene(details=opened))
    assert "IoU 0.442" in words_of(panel)
    click(panel, "fold:overlaps")
    assert "IoU 0.442" not in words_of(panel)


def test_a_part_that_is_not_there_cannot_be_folded(panel):
    panel.show_scene(make_scene(details=FOLDED))
    before = panel.browser.toHtml()
    panel.browser.anchorClicked.emit(QUrl("fold:nothing"))
    assert panel.browser.toHtml() == before


def test_what_the_panel_shows_elsewhere_is_not_listed():
    html = details_html(FOLDED, COLOURS, Shown(elsewhere=frozenset({"overlaps"})))
    assert "Objects" not in html
    assert "Objects" in details_html(FOLDED, COLOURS)


# -- what would find it ------------------------------------------------------------------------------------------------


def test_remedies_are_shown_for_the_object_they_are_about(panel):
    panel.show_remedies(REMEDIES)
    assert "What would find it" not in words_of(panel)
    panel.show_scene(make_scene(details=DETAILS))
    words = words_of(panel)
    for piece in (
        "What would find it",
        "0.40 → 0.54 +2 false positives",
        "Count on all 72",
        "looking: 5 of 12 settings",
    ):
        assert piece in words, piece
    other = replace(DETAILS, explanation=replace(EXPLANATION, ref=Ref("object", 2)))
    panel.show_scene(make_scene(details=other))
    assert "What would find it" not in words_of(panel)


def test_a_remedy_is_tried_with_exactly_its_value(panel, qtbot):
    panel.show_scene(make_scene(details=DETAILS))
    panel.show_remedies(REMEDIES)
    with qtbot.waitSignal(panel.remedy_tried) as tried:
        click(panel, "try:matching.iou")
    assert tried.args == ["matching.iou", 0.45]


def test_the_keyboard_stays_on_a_remedy_where_a_cheaper_one_comes_in_before_it(panel, qtbot):
    panel.show_scene(make_scene(details=DETAILS))
    dearer, cheaper = REMEDIES.lines
    panel.show_remedies(replace(REMEDIES, lines=(dearer,)))
    panel.activateWindow()
    panel.browser.setFocus()
    for _ in range(20):
        if panel._focused_link() == "try:detections.nms_iou":
            break
        qtbot.keyClick(panel.browser, Qt.Key.Key_Tab)
    panel.show_remedies(replace(REMEDIES, lines=(cheaper, dearer)))
    with qtbot.waitSignal(panel.remedy_tried) as tried:
        qtbot.keyClick(panel.browser, Qt.Key.Key_Return)
    assert tried.args == ["detections.nms_iou", 0.54]


def test_counting_on_the_folder_is_asked_for_and_stopped(panel, qtbot):
    panel.show_scene(make_scene(details=DETAILS))
    panel.show_remedies(REMEDIES)
    with qtbot.waitSignal(panel.count_requested) as asked:
        click(panel, "count:detections.nms_iou")
    assert asked.args == ["detections.nms_iou", 0.54]
    counting = replace(REMEDIES.lines[0], counted=say("3 of 72 images: 1 more found"), is_counting=True)
    panel.show_remedies(replace(REMEDIES, lines=(counting, REMEDIES.lines[1])))
    assert "3 of 72 images: 1 more found" in words_of(panel)
    assert 'href="count:detections.nms_iou"' not in panel.browser.toHtml()
    with qtbot.waitSignal(panel.count_cancelled):
        click(panel, "stop:count")


def test_a_single_image_has_no_folder_to_count_on(panel):
    panel.show_scene(make_scene(details=DETAILS))
    panel.show_remedies(replace(REMEDIES, images=0))
    assert 'href="try:detections.nms_iou"' in panel.browser.toHtml()
    assert "count:" not in panel.browser.toHtml()


def test_what_is_said_at_the_end_of_the_search(panel):
    panel.show_scene(make_scene(details=DETAILS))
    panel.show_remedies(replace(REMEDIES, done=12, lines=(), remarks=(Message("remedy.none", {}),)))
    assert "No value of any single setting does." in words_of(panel)
    assert "looking" not in words_of(panel)


@pytest.mark.parametrize("link", ["try:0", "try:x", "try:", "count:detections.min_score"])
def test_links_to_remedies_that_are_not_there_do_nothing(panel, qtbot, link):
    panel.show_scene(make_scene(details=DETAILS))
    panel.show_remedies(REMEDIES)
    with qtbot.assertNotEmitted(panel.remedy_tried), qtbot.assertNotEmitted(panel.count_requested):
        panel.browser.anchorClicked.emit(QUrl(link))


# -- a missing label ---------------------------------------------------------------------------------------------------


def test_a_detection_on_background_can_be_accepted_where_somebody_listens(panel, qtbot):
    ref = Ref("detection", 14)
    background = replace(DETAILS, explanation=replace(EXPLANATION, ref=ref, may_be_unlabelled=True))
    panel.show_scene(make_scene(details=background))
    assert "Accept as ground truth" not in words_of(panel)
    with qtbot.waitSignal(panel.accept_requested) as accepted:
        panel.show_scene(make_scene(details=background))
        click(panel, "accept:14")
    assert accepted.args == [ref]


def test_only_the_detection_on_show_can_be_accepted(panel, qtbot):
    panel.show_scene(make_scene(details=DETAILS))
    with qtbot.assertNotEmitted(panel.accept_requested):
        for link in ("accept:14", "accept:1", "accept:"):
            panel.browser.anchorClicked.emit(QUrl(link))


# -- copying -----------------------------------------------------------------------------------------------------------


def test_copy_puts_the_text_into_the_clipboard(panel):
    panel.show_scene(make_scene(details=FOLDED))
    panel.show_remedies(REMEDIES)
    panel.copy_explanation.trigger()
    copied = QGuiApplication.clipboard().text()
    assert copied == details_plain(FOLDED.explanation, REMEDIES)
    assert "What would find it" in copied
    assert "IoU 0.442" in copied  # of a folded part


def test_settings_are_copied_as_others_write_them(panel):
    settings = Settings().with_value("detections.nms_iou", 0.54)
    panel.show_settings(settings, Settings())
    panel.copy_torchvision.trigger()
    assert QGuiApplication.clipboard().text() == torchvision_text(settings, Settings())
    panel.copy_detectron2.trigger()
    assert QGuiApplication.clipboard().text() == detectron2_text(settings, Settings())


def test_plain_text_lines_up():
    assert details_plain(FOLDED.explanation, replace(REMEDIES, lines=REMEDIES.lines[:1])).splitlines() == [
        "RBC #2  MISSED",
        "Suppressed by detection 3.",
        "",
        "[212, 148, 318, 249]   106 x 101 px",
        "",
        "v Anchor         anchor 2,541, IoU 0.895",
        "x Detection NMS  IoU 0.531 with detection 3",
        "",
        "What would find it (one setting, each re-run to prove it)",
        "  Detection NMS IoU 0.40 → 0.54  +2 false positives",
        "  looking: 5 of 12 settings",
        "",
        "Class scores",
        "  RBC  0.871",
        "  <WBC>  0.012",
        "",
        "Objects it overlaps (1)",
        "  RBC #4  IoU 0.442",
    ]


# -- the same thing, drawn again ---------------------------------------------------------------------------------------


def test_the_place_stays_while_a_slider_moves(panel, qtbot):
    long = replace(DETAILS, explanation=replace(EXPLANATION, facts=EXPLANATION.facts * 40))
    panel.show_scene(make_scene(details=long))
    bar = panel.browser.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 100)
    bar.setValue(80)
    moved = replace(long.explanation, verdict=Verdict(say("Missed"), say("Suppressed by detection 4.")))
    panel.show_scene(make_scene(details=replace(long, explanation=moved)))
    assert bar.value() == 80
    panel.show_scene(make_scene(details=replace(long, explanation=replace(moved, ref=Ref("object", 2)))))
    assert bar.value() == 0


def test_a_marked_piece_stays_marked_while_nothing_changes(panel):
    panel.show_scene(make_scene(details=DETAILS))
    panel.browser.selectAll()
    panel.show_scene(make_scene(details=replace(DETAILS)))
    assert panel.browser.textCursor().hasSelection()


def test_the_tab_key_goes_from_link_to_link_and_stays_there(panel, qtbot):
    panel.show_scene(make_scene(details=FOLDED))
    panel.activateWindow()
    panel.browser.setFocus()
    qtbot.waitUntil(panel.browser.hasFocus)
    reached = []
    for _ in range(3):
        QTest.keyClick(panel.browser, Qt.Key.Key_Tab)
        reached.append(panel.browser.textCursor().charFormat().anchorHref())
    assert reached == ["anchor:2541", "detection:9", "fold:scores"]
    QTest.keyClick(panel.browser, Qt.Key.Key_Return)
    assert "<WBC>" in words_of(panel)
    QTest.keyClick(panel.browser, Qt.Key.Key_Return)
    assert "<WBC>" not in words_of(panel)


def test_themes_change_its_colours(panel):
    panel.show_scene(make_scene(details=DETAILS))
    panel.set_theme(light_theme())
    assert light_theme().accent.name() in panel.browser.toHtml()


def test_a_long_name_keeps_its_number_and_its_outcome(panel, qtbot):
    panel.show_scene(
        make_scene(details=replace(DETAILS, explanation=replace(EXPLANATION, title=say("traffic light " * 9 + "#117"))))
    )

    def is_shown():
        title = panel.header.title.shown_text()
        return "…" in title and title.endswith("#117") and panel.header.note.shown_text() == "MISSED"

    # the labels get their widths with the next turns of the event loop
    qtbot.waitUntil(is_shown)


# -- links -------------------------------------------------------------------------------------------------------------

DETECTION = naming(Ref("detection", 9), "detection.name", k=3)
LIGHT = naming(Ref("object", 3), "object.name", cls="traffic light", g=4)


@pytest.mark.parametrize(
    ("message", "html"),
    [
        (
            Message("overlap.with", {"a": 0.5, "name": DETECTION}),
            'IoU\u00a00.500 with <a href="detection:9">detection\u00a03</a>',
        ),
        (
            Message("fact.object", {"name": LIGHT, "a": 0.4}),
            '<a href="object:3">traffic\u00a0light\u00a0#4</a>, IoU\u00a00.400',
        ),
        (Message("text", {"text": (DETECTION, LIGHT)}), (
            '<a href="detection:9">detection\u00a03</a>, <a href="object:3">traffic\u00a0light\u00a0#4</a>'
        )),
        (Message("text", {"text": "no <b> here"}), "no &lt;b&gt; here"),
        (
            naming(Ref("object", 0), "object.name", cls="<a href='x'>", g=1),
            '<a href="object:0">&lt;a\u00a0href=&#x27;x&#x27;&gt;\u00a0#1</a>',
        ),
    ],
)  # fmt: skip
def test_every_name_in_a_sentence_is_a_link(message, html):
    assert linked(message) == html


def test_no_name_can_forge_a_link():
    forged = Message("object.name", {"cls": "\ue0000\ue001here\ue002", "g": 1})
    assert "<a" not in linked(Message("text", {"text": (forged,)}))


@pytest.mark.parametrize("kind", ["object", "anchor", "proposal", "detection"])
def test_links_lead_back(kind):
    assert ref_of(href(Ref(kind, 12))) == Ref(kind, 12)


@pytest.mark.parametrize(
    "link", ["", "http://example.org", "anchor:x", "window:1", "anchor:²", "try:matching.iou", "fold:scores"]
)
def test_other_links_lead_nowhere(link):
    assert ref_of(link) is None


def test_a_ratio_is_not_parted_at_the_end_of_a_line():
    html = linked(say("80 px, h/w 0.5, cell x 20"))
    assert "h/w" not in html
    assert html.replace("\u2060", "").replace("\u00a0", " ") == "80 px, h/w 0.5, cell x 20"
