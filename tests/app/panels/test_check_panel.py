"""The panel of findings by itself: what it shows, and what a person's keys and clicks say."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.panels.check_panel import CheckPanel
from app.sentences import say
from detector.datasets.check import Finding

BOX = {"label": "cat", "box": (1.0, 2.0, 1.0, 4.0)}
EMPTY = [Finding("no_area", Path(f"/p/{n}.png"), n, BOX) for n in range(3)]
TREE = Finding("unknown_class", Path("/p/0.png"), 1, {**BOX, "into": None, "of": 0})
SLIP = Finding("unknown_class", Path("/p/0.png"), 2, {**BOX, "into": "cow", "of": 7})
LOST = Finding("no_image", Path("/p/a.xml"), None, {"text": "", "name": "a"})
ALL = Finding(
    "one_based", Path("/p/0.png"), None, {"at_one": 9, "at_zero": 0, "at_size": 8}, (Path("/p/0.png"), Path("/p/1.png"))
)
FOUND = {"one_based": [ALL], "no_area": EMPTY, "unknown_class": [TREE, SLIP], "no_image": [LOST]}


@pytest.fixture
def panel(qtbot):
    made = CheckPanel()
    qtbot.addWidget(made)
    made.show()
    said = []
    for name in ("check_wanted", "stop_wanted", "finding_chosen", "fix_wanted", "fix_all_wanted"):
        getattr(made, name).connect(lambda *values, name=name: said.append((name, *values)))
    made.said = said
    made.show_open(True)
    made.show_findings(FOUND, say("check.title"), None)
    yield made
    made.close()


def choose(panel, kind):
    panel.kinds.setCurrentIndex(panel.kinds_model.index(list(FOUND).index(kind)))


def test_showing_says_nothing(panel):
    panel.show_findings(FOUND, say("check.title"), say("check.title"))
    panel.show_progress(say("check.reading", done=1, of=2), 1, 2)
    panel.show_progress(None)
    assert panel.said == []


def test_counts_of_kinds_and_buttons_for_what_can_be_done(panel):
    assert panel.kinds_model.kinds == [("one_based", 2), ("no_area", 3), ("unknown_class", 2), ("no_image", 1)]
    assert (panel.fix.isVisible(), panel.fix_all.text()) == (False, "Fix all images")
    choose(panel, "no_area")
    assert (panel.fix.isVisible(), panel.fix.isEnabled(), panel.fix_all.text()) == (True, False, "Fix all 3")
    choose(panel, "unknown_class")
    assert panel.fix_all.text() == "Fix all 1"  # nobody knows what the other should be
    choose(panel, "no_image")
    assert (panel.fix.isVisible(), panel.fix_all.isVisible()) == (False, False)


def test_arrow_keys_go_from_finding_to_finding(panel, qtbot):
    choose(panel, "no_area")
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_Down)
    qtbot.keyClick(panel.view, Qt.Key.Key_Down)
    assert [each for each in panel.said if each[0] == "finding_chosen"][-1] == ("finding_chosen", EMPTY[1])
    panel.fix.click()
    panel.fix_all.click()
    assert panel.said[-2:] == [("fix_wanted", EMPTY[1]), ("fix_all_wanted", "no_area")]


def test_what_has_no_fix_is_not_fixed(panel):
    choose(panel, "unknown_class")
    panel.view.setCurrentIndex(panel.model.index(0))
    assert not panel.fix.isEnabled()
    panel.view.setCurrentIndex(panel.model.index(1))
    assert panel.fix.isEnabled()


def test_a_kind_stays_chosen_when_others_go(panel):
    choose(panel, "no_area")
    panel.show_findings({"no_area": EMPTY[1:], "no_image": [LOST]}, say("check.title"), None)
    assert panel.kind == "no_area"
    assert panel.finding is None
    panel.show_findings({"no_image": [LOST]}, say("check.title"), None)
    assert panel.kind == "no_image"
    panel.show_findings({}, say("check.title"), None)
    assert (panel.kind, panel.fix_all.isVisible(), panel.view.isVisible()) == (None, False, False)


def test_while_something_runs_it_can_be_stopped_and_nothing_fixed(panel, qtbot):
    panel.show_progress(say("check.reading", done=1, of=2), 1, 2)
    assert (panel.again.text(), panel.progress.value(), panel.fix_all.isEnabled()) == ("Stop", 1, False)
    panel.again.click()
    assert panel.said == [("stop_wanted",)]
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert panel.said == [("stop_wanted",)] * 2
    assert not panel.isVisible()


def test_where_ground_truth_is_locked_nothing_is_fixed(panel):
    panel.show_open(False)
    choose(panel, "no_area")
    panel.view.setCurrentIndex(panel.model.index(0))
    assert not panel.fix.isEnabled()
    assert not panel.fix_all.isEnabled()
