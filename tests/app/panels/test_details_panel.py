from dataclasses import replace

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QGuiApplication

from app.panels.details_panel import NOTHING, DetailsPanel
from app.panels.details_text import details_plain, href, linked, ref_of
from app.scene import Ref
from app.theme import light_theme
from detector.messages import Verdict
from tests.helpers.scenes import DETAILS, EXPLANATION, make_scene, say

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def panel(qtbot):
    made = DetailsPanel()
    qtbot.addWidget(made)
    made.resize(340, 400)
    made.show()
    return made


def test_everything_is_said(panel, qtbot):
    with qtbot.assertNotEmitted(panel.picked):
        panel.show_scene(make_scene(details=DETAILS))
    words = panel.browser.toPlainText()
    assert panel.header.title.text() == "RBC #2"
    assert words.splitlines()[:2] == ["Missed", "Suppressed by detection 3."]
    for piece in ("106 x 101 px", "IoU 0.895", "✓", "✕", "0.871", "<WBC>", "RBC #4"):
        assert piece in words, piece


def test_a_link_picks(panel, qtbot):
    panel.show_scene(make_scene(details=DETAILS))
    assert 'href="anchor:2541"' in panel.browser.toHtml()
    with qtbot.waitSignal(panel.picked) as picked:
        panel.browser.anchorClicked.emit(QUrl("detection:9"))
    assert picked.args == [Ref("detection", 9)]


def test_nothing_selected_says_what_to_do(panel):
    assert panel.browser.toPlainText() == NOTHING
    assert not panel.copy_button.isEnabled()
    panel.show_scene(make_scene(details=DETAILS))
    panel.show_scene(make_scene())
    assert panel.browser.toPlainText() == NOTHING
    assert panel.header.title.text() == "Explanation"


def test_copy_puts_the_text_into_the_clipboard(panel):
    panel.show_scene(make_scene(details=DETAILS))
    panel.copy_button.click()
    assert QGuiApplication.clipboard().text() == details_plain(EXPLANATION)


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


def test_themes_change_its_colours(panel):
    panel.show_scene(make_scene(details=DETAILS))
    panel.set_theme(light_theme())
    assert light_theme().accent.name() in panel.browser.toHtml()


def test_plain_text_lines_up():
    assert details_plain(EXPLANATION).splitlines() == [
        "RBC #2  MISSED",
        "Suppressed by detection 3.",
        "",
        "[212, 148, 318, 249]   106 x 101 px",
        "",
        "v Anchor         IoU 0.895, anchor 2,542: 80 px",
        "x Detection NMS  IoU 0.531 with detection 3",
        "",
        "Class scores",
        "  RBC  0.871",
        "  <WBC>  0.012",
    ]


@pytest.mark.parametrize(
    ("sentence", "refs", "html"),
    [
        ("by detection 3 (0.9)", (Ref("detection", 9),), 'by <a href="detection:9">detection\u00a03</a> (0.9)'),
        ("with RBC #4 > 0.4", (Ref("object", 3),), 'with <a href="object:3">RBC\u00a0#4</a> &gt; 0.4'),
        (
            "anchor 1,200 and anchor 7",
            (Ref("anchor", 1199), Ref("anchor", 6)),
            '<a href="anchor:1199">anchor\u00a01,200</a> and <a href="anchor:6">anchor\u00a07</a>',
        ),
        ("kept", (Ref("proposal", 5),), 'kept <a href="proposal:5">show</a>'),
        ("no <b> here", (), "no &lt;b&gt; here"),
    ],
)
def test_links_stand_where_the_sentence_names_the_thing(sentence, refs, html):
    assert linked(sentence, refs) == html


@pytest.mark.parametrize("kind", ["object", "anchor", "proposal", "detection"])
def test_links_lead_back(kind):
    assert ref_of(href(Ref(kind, 12))) == Ref(kind, 12)


@pytest.mark.parametrize("link", ["", "http://example.org", "anchor:x", "window:1"])
def test_other_links_lead_nowhere(link):
    assert ref_of(link) is None


def test_a_ratio_is_not_parted_at_the_end_of_a_line():
    html = linked("80 px, h/w 0.5, cell x 20", ())
    assert "h/w" not in html
    assert html.replace("\u2060", "").replace("\u00a0", " ") == "80 px, h/w 0.5, cell x 20"


def test_a_long_name_keeps_its_number(panel, qtbot):
    panel.show_scene(
        make_scene(details=replace(DETAILS, explanation=replace(EXPLANATION, title=say("traffic light " * 9 + "#117"))))
    )
    # the label gets its width with the next turn of the event loop
    qtbot.waitUntil(lambda: panel.header.title.shown_text().endswith("#117"))
    assert "…" in panel.header.title.shown_text()
