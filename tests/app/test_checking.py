"""What a fix does to the objects that a person has in hand: ids, locks and proposed ones."""

from __future__ import annotations

from pathlib import Path

from app.checking import (
    CheckDone,
    Held,
    Progress,
    by_kind,
    check_pieces,
    checked_edit,
    fixed_edit,
    is_same,
    store_pieces,
)
from detector.datasets.check import Doubt
from detector.datasets.check_source import Judgement
from detector.datasets.stores import Stores
from tests.helpers.annotations import edit_of
from tests.helpers.app_windows import write_folder

PATH, HW = Path("a.png"), (100, 200)
GOOD, EMPTY, OVER, SWAPPED = (10, 10, 40, 40), (5, 5, 5, 9), (180, 10, 220, 30), (60, 60, 50, 90)
JUDGEMENT = Judgement()


def image(edit):
    return checked_edit(PATH, edit, HW)


def boxes(edit):
    return {each: tuple(box) for each, box in zip(edit.ids, edit.truth.boxes.tolist(), strict=True)}


def test_objects_keep_their_ids_where_others_go():
    edit = edit_of(EMPTY, GOOD, OVER)
    after, num = fixed_edit(image(edit), edit, JUDGEMENT, "no_area")
    assert (num, boxes(after)) == (1, {1: GOOD, 2: OVER})
    after, num = fixed_edit(image(after), after, JUDGEMENT, "over_edge")
    assert (num, boxes(after)) == (1, {1: GOOD, 2: (180, 10, 200, 30)})
    assert after.next_id == 3


def test_one_finding_is_fixed_also_when_its_number_has_moved():
    edit = edit_of(GOOD, EMPTY, OVER, SWAPPED)
    finding = next(each for each in JUDGEMENT.findings(image(edit)) if each.kind == "over_edge")
    later = edit.without([0, 1])
    after, num = fixed_edit(image(later), later, JUDGEMENT, finding)
    assert (num, boxes(after)) == (1, {2: (180, 10, 200, 30), 3: SWAPPED})


def test_a_finding_that_is_not_so_any_more_changes_nothing():
    edit = edit_of(OVER)
    (finding,) = JUDGEMENT.findings(image(edit))
    moved = edit.with_boxes({0: (170, 10, 210, 30)})
    assert fixed_edit(image(moved), moved, JUDGEMENT, finding) == (moved, 0)
    assert not is_same(finding, JUDGEMENT.findings(image(moved))[0])


def test_what_is_locked_or_only_proposed_stays():
    edit = edit_of(OVER, OVER, labels=["cat", "dog"]).with_lock([0], True)
    edit = edit.with_objects([OVER], ["bird"], proposed=True)
    after, num = fixed_edit(image(edit), edit, JUDGEMENT, "over_edge")
    assert (num, boxes(after)) == (1, {0: OVER, 1: (180, 10, 200, 30), 2: OVER})
    assert after.proposed == {2}


def test_a_class_is_renamed_only_where_it_is_known_what_was_meant():
    judgement = Judgement({"cta": Doubt("class_slip", "cat", 30)})
    edit = edit_of(GOOD, (60, 60, 90, 90), labels=["cta", "tree"])
    after, num = fixed_edit(image(edit), edit, judgement, "class_slip")
    assert (num, after.truth.labels) == (1, ("cat", "tree"))


def test_a_folder_in_pieces(tmp_path):
    paths = write_folder(tmp_path, 3)
    pieces = list(check_pieces([str(path) for path in paths], {}, Stores()))
    assert all(isinstance(each, Progress) for each in pieces[:-1])
    done = pieces[-1]
    assert isinstance(done, CheckDone)
    assert list(done.images) == paths
    assert by_kind(done) == {}
    paths[1].write_bytes(paths[1].read_bytes()[: paths[1].stat().st_size // 2])
    held = {paths[1]: Held(edit_of(GOOD), (160, 192))}
    for mine in ({}, held):  # as its file says, and as a person has made it
        *_, done = check_pieces([str(path) for path in paths], mine, Stores())
        assert {kind: [each.path for each in some] for kind, some in by_kind(done).items()} == {
            "broken_picture": [paths[1]]
        }
    found = [each for some in store_pieces([*paths, tmp_path / "gone.png"], Stores()) for each in some]
    assert [each.problem != "" for each in found] == [False, False, False, True]
    assert len(found[0].stored.annotation.ground_truth) == 3
