"""The recovery journal: what is kept comes back to the last bit, whoever died, and nobody takes another's."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.journal import Journal
from app.journal_file import VERSION, BrokenError, State, from_text, state_of, to_text
from app.places import journal_dir
from app.wording import text
from detector import file_lock
from detector.datasets.annotation import Annotation, Stored
from tests.helpers.annotations import IMAGE_HW, PlainStore, assert_same_edit, edit_of, truth_of

ROOT = Path(__file__).parents[2]
A, B = (10, 20, 30, 40), (0.1, 0.2, 300.7, 400.9)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def journal(folder):
    found = Journal(folder)
    yield found
    found.close()


def die(journal):
    """As a kill does: the lock is free, all else stays."""
    os.close(journal._lock)
    journal._lock = None


def after(folder):
    """The next start: its journal, what it offers, and what it says."""
    found = Journal(folder)
    kept = found.pending()
    return found, kept, [text(each) for each in found.problems]


# -- an entry ----------------------------------------------------------------------------------------------------------

boxes = st.lists(st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 4), max_size=6)
names = st.text(st.characters(codec=None, exclude_characters="\0"), min_size=1, max_size=20)


@given(boxes, st.data())
def test_an_edit_comes_back_to_the_last_bit(found, data):
    count = len(found)
    labels = [data.draw(names) for _ in found]
    flags = {flag: [data.draw(st.booleans()) for _ in found] for flag in ("difficult", "truncated", "crowd")}
    edit = edit_of(*found, labels=labels, **flags)
    some = st.sets(st.integers(0, max(count - 1, 0)), max_size=count) if count else st.just(set())
    edit = edit.with_lock(data.draw(some), True).with_verified(data.draw(st.booleans())).with_objects([A], ["new"])
    edit = edit.without(data.draw(some)).with_objects([B], ["guess"], proposed=True)
    edit = replace(edit, stated_hw=data.draw(st.sampled_from([None, (480, 640)])))
    path = Path("/images") / data.draw(names.filter(lambda name: "/" not in name and name not in (".", "..")))

    kept = from_text(to_text(path, edit, None, (), (5, 7), 12.5), Path("x"))

    assert_same_edit(kept.edit, edit)
    assert kept.edit.truth.boxes.tobytes() == edit.truth.boxes.tobytes()
    assert (kept.path, kept.time, kept.image, kept.annotation, kept.states) == (path, 12.5, (5, 7), None, ())


def test_the_text_is_the_documented_one():
    """0.1 as float32 is 0.100000001490116..., and that is what reads back as the same."""
    edit = edit_of(A, B, labels=["RBC", "WBC"], difficult=[False, True]).with_lock([1], True)
    states = [State((5, 7), "5be1", (0, None))]
    found = json.loads(to_text(Path("/p/a.jpg"), edit, Path("/p/a.xml"), states, None, 1.0))
    assert found == {
        "version": 1,
        "time": 1.0,
        "image": os.path.abspath("/p/a.jpg"),
        "image_stamp": None,
        "annotation": os.path.abspath("/p/a.xml"),
        "states": [{"stamp": [5, 7], "says": "5be1", "ids": [0, None]}],
        "verified": False,
        "annotated": True,
        "next_id": 2,
        "objects": [
            {"id": 0, "label": "RBC", "box": [10.0, 20.0, 30.0, 40.0]},
            {
                "id": 1,
                "label": "WBC",
                "box": [float(np.float32(each)) for each in B],
                "difficult": True,
                "locked": True,
            },
        ],
    }


def test_records_are_found_again_by_their_place(tmp_path, journal):
    """Of three objects the first is deleted and one is new: ids 0, 1, 2 have the file's records, id 3 has none."""
    store, image = PlainStore(tmp_path), tmp_path / "a.jpg"
    stored = store.write(image, IMAGE_HW, Annotation(truth_of(A, B, A)), None)
    records = dict(enumerate(stored.annotation.records))
    edit = edit_of(A, B, A).without([0]).with_objects([B], ["new"])
    journal.keep(image, edit, stored, (1, 2), records)

    kept = journal.read(image)
    again = store.read(image)

    assert {each: record.name for each, record in kept.records_in(again).items()} == {0: "a 0", 1: "a 1", 2: "a 2"}
    assert kept.meets(again) == "unsaved"


def _stored(*boxes, stamp=(1, 1), path="/p/a.xml"):
    return Stored(Annotation(truth_of(*boxes)), Path(path), stamp)


@pytest.mark.parametrize(
    ("base", "edit", "now", "verdict"),
    [
        (None, edit_of(A), None, "unsaved"),
        (None, edit_of(A), Stored(None, Path("/p/a.xml")), "unsaved"),
        (None, edit_of(A), _stored(A), "saved"),
        (None, edit_of(A), _stored(B), "changed"),
        (Stored(None, Path("/p/a.xml")), edit_of(A), Stored(None, Path("/p/a.xml")), "unsaved"),
        (Stored(None, Path("/p/a.xml")), edit_of(A), _stored(B), "changed"),
        (_stored(B), edit_of(A), _stored(B), "unsaved"),
        (_stored(B), edit_of(A), _stored(A, stamp=(2, 2)), "saved"),
        (_stored(B), edit_of(A, B).with_accepted([]), _stored(A, stamp=(2, 2)), "changed"),
        (_stored(B), edit_of(A).with_objects([B], ["x"], proposed=True), _stored(A, stamp=(2, 2)), "saved"),
        # Of a file that holds all images another image was saved:
        (_stored(B), edit_of(A), _stored(B, stamp=(2, 2)), "unsaved"),
        # The same in another place, and a file that is gone:
        (_stored(B), edit_of(A), _stored(B, path="/q/a.xml"), "changed"),
        (_stored(B), edit_of(A), Stored(None, Path("/p/a.xml")), "changed"),
        # YOLO writes some digits only.
        (_stored(B), edit_of(A), _stored((10.004, 20, 30, 40), stamp=(2, 2)), "saved"),
        (_stored(B), edit_of(A), _stored((10.1, 20, 30, 40), stamp=(2, 2)), "changed"),
    ],
)
def test_what_the_file_has_to_do_with_what_was_kept(base, edit, now, verdict):
    annotation, states = (None, ()) if base is None else (base.path, [state_of(base, {})])
    kept = from_text(to_text(Path("/p/a.jpg"), edit, annotation, states, None, 1.0), Path("x"))
    assert kept.meets(now) == verdict


def test_an_edit_after_one_that_was_being_saved_meets_its_own_file(tmp_path, journal):
    """Killed before the answer to the save: the file has the first edit, the journal the second. All records are known:
    ids 0 and 2 are the file's objects 0 and 1."""
    store, image = PlainStore(tmp_path), tmp_path / "a.jpg"
    stored = store.write(image, IMAGE_HW, Annotation(truth_of(A, A)), None)
    records = dict(enumerate(stored.annotation.records))
    first = edit_of(A, A).without([1]).with_objects([B], ["new"])
    journal.keep(image, first, stored, None, records)
    journal.saving(image, first, stored)
    journal.keep(image, first.with_label([2], "WBC"), stored, None, records)
    kept = journal.read(image)
    assert kept.meets(store.read(image)) == "unsaved"  # it did not get there
    assert {each: record.name for each, record in kept.records_in(store.read(image)).items()} == {0: "a 0", 1: "a 1"}

    now = store.write(image, IMAGE_HW, first.confirmed({}), stored)
    assert kept.meets(store.read(image)) == "unsaved"  # it did
    assert {each: record.name for each, record in kept.records_in(store.read(image)).items()} == {0: "a 0", 2: "a 1"}
    store.write(image, IMAGE_HW, edit_of(A, B, B).confirmed({}), now)
    assert kept.meets(store.read(image)) == "changed"
    # By what they say: id 0 is A, which is object 0 now; id 2 is B of another class.
    assert {each: record.name for each, record in kept.records_in(store.read(image)).items()} == {0: "a 0"}

    journal.keep(image, first, now, None, {})  # the answer has come
    assert len(journal.read(image).states) == 1


def test_of_two_saves_on_their_way_the_second_is_known_when_the_first_has_ended(tmp_path, journal):
    store, image = PlainStore(tmp_path), tmp_path / "a.jpg"
    stored, first = store.read(image), edit_of(A)
    second = first.with_objects([B], ["new"])
    journal.saving(image, first, stored)
    journal.saving(image, second, stored)
    now = store.write(image, IMAGE_HW, first.confirmed({}), stored)
    journal.keep(image, second.with_label([0], "WBC"), now)
    store.write(image, IMAGE_HW, second.confirmed({}), now)
    assert journal.read(image).meets(store.read(image)) == "unsaved"
    assert len(journal.read(image).states) == 2  # the one that is known, and the second
    journal.forget(image)
    journal.keep(image, second, now)
    assert len(journal.read(image).states) == 1


def test_an_edit_that_was_saved_with_others_proposed_knows_the_records(tmp_path, journal):
    store, image = PlainStore(tmp_path), tmp_path / "a.jpg"
    edit = edit_of(A).with_objects([B], ["guess"], proposed=True).with_objects([A], ["new"])
    journal.keep(image, edit, store.read(image))
    store.write(image, IMAGE_HW, edit.confirmed({}), None)
    kept, stored = journal.read(image), store.read(image)
    assert kept.meets(stored) == "saved"
    assert {each: record.name for each, record in kept.records_in(stored).items()} == {0: "a 0", 2: "a 1"}


def _with(**changes):
    return json.dumps(json.loads(to_text(Path("/p/a.jpg"), edit_of(A, B), None, (), None, 1.0)) | changes).encode()


BROKEN = [
    b"", b"{", b"null", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"version": 1}',
    _with(version=0)[:-9], _with(version=None, next_id="x"), _with(objects=None), _with(time="now"), _with(next_id=1),
    _with(time=float("inf")), _with(time=float("nan")), _with().replace(b'"time": 1.0', b'"time": 1e4000'),
    _with(objects=[{"id": 0, "label": "x", "box": [0, 0, 1]}]),
    _with(objects=[{"id": 0, "label": "x", "box": [0, 0, 1, 1e300]}]),
    _with(objects=[{"id": 0, "label": "x", "box": [0, 0, 1, float("nan")]}]),
    _with(objects=[{"id": 0, "label": 5, "box": [0, 0, 1, 1]}]),
    _with(objects=[{"id": 0, "label": "x", "box": [0, 0, 1, 1]}] * 2),
    _with(objects=[{"id": -1, "label": "x", "box": [0, 0, 1, 1]}]),
    _with(states=None), _with(states=[{"stamp": None, "says": None}]), _with(states=[[None, None, []]]),
    _with(image_stamp=[1]), _with(image_stamp="1" * 5000), b'{"version": ' + b"1" * 5000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("content", BROKEN)
def test_what_is_no_entry_is_said_to_be_broken(content):
    with pytest.raises(BrokenError):
        from_text(content, Path("x"))


@given(st.binary(max_size=200) | st.integers(0, len(_with()) - 1).map(lambda at: _with()[:at]))
def test_nothing_else_is_raised(content):
    with pytest.raises(BrokenError):
        from_text(content, Path("x"))


# -- one program -------------------------------------------------------------------------------------------------------


def test_the_newest_edit_replaces_the_one_before_and_goes_once_saved(folder, journal, tmp_path):
    one, other = tmp_path / "a.jpg", tmp_path / "b.jpg"
    assert journal.read(one) is None
    assert journal.keep(one, edit_of(A), None) is None
    journal.keep(one, edit_of(A, B), None)
    journal.keep(other, edit_of(B), None)
    assert len(journal.read(one).edit) == 2
    assert len(list(journal._own.iterdir())) == 2
    assert not journal.pending()  # what this program has itself is no news to it
    journal.forget(one)
    assert journal.read(one) is None
    assert len(journal.read(other).edit) == 1
    journal.forget(one)


def test_nothing_is_left_where_all_was_saved(folder, tmp_path):
    journal = Journal(folder)
    journal.pending()
    journal.keep(tmp_path / "a.jpg", edit_of(A), None)
    journal.forget(tmp_path / "a.jpg")
    journal.close()
    journal.close()
    assert list(folder.iterdir()) == []


def test_images_of_one_name_are_told_apart(journal, tmp_path):
    journal.keep(tmp_path / "x" / "a.jpg", edit_of(A), None)
    journal.keep(tmp_path / "y" / "a.jpg", edit_of(A, B), None)
    assert [len(journal.read(tmp_path / each / "a.jpg").edit) for each in "xy"] == [1, 2]


@pytest.mark.parametrize("name", ["ä b'ö\".jpg", "x" * 250, "con.jpg", "line\nend.png", "日本.jpg", "a.json.1", "."])
def test_any_name_has_an_entry(folder, tmp_path, name):
    journal = Journal(folder)
    assert journal.keep(tmp_path / name, edit_of(A), None) is None
    die(journal)
    after_it, kept, said = after(folder)
    assert ([each.path for each in kept], said) == ([Path(os.path.abspath(tmp_path / name))], [])
    after_it.close()


@pytest.mark.skipif(sys.platform == "win32", reason="names there are Unicode")
def test_a_name_that_is_no_unicode_has_an_entry(journal):
    path = Path(os.fsdecode(b"/images/\xff.jpg"))
    assert journal.keep(path, edit_of(A), None) is None
    assert journal.read(path).path == path


def test_the_usual_place_follows_the_configuration(monkeypatch, tmp_path):
    monkeypatch.setenv("BOXSCOPE_CONFIG_DIR", str(tmp_path))
    assert journal_dir() == tmp_path / "journal"
    journal = Journal()
    journal.keep(tmp_path / "a.jpg", edit_of(A), None)
    assert list((tmp_path / "journal").glob("*/*a.jpg.json"))
    journal.close()


def test_a_disk_that_is_full_is_said_once_until_it_works_again(journal, tmp_path, monkeypatch):
    path = tmp_path / "a.jpg"
    journal.keep(path, edit_of(A), None)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        first = journal.keep(path, edit_of(A, B), None)
        assert "No space left on device" in text(first)
        assert str(journal._all) in text(first)
        assert journal.keep(path, edit_of(A, B), None) is None
        assert len(journal.read(path).edit) == 1  # the one before is whole
    assert journal.keep(path, edit_of(A, B), None) is None
    assert len(journal.read(path).edit) == 2
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        assert journal.keep(path, edit_of(A), None) is not None


def test_a_journal_that_cannot_be_made_is_said_and_stops_nobody(tmp_path):
    (tmp_path / "journal").write_text("a file")
    journal = Journal(tmp_path / "journal")
    assert journal.pending() == []
    assert "cannot be written" in text(journal.keep(tmp_path / "a.jpg", edit_of(A), None))
    assert journal.read(tmp_path / "a.jpg") is None
    journal.forget(tmp_path / "a.jpg")
    journal.close()


def test_a_folder_cleared_away_while_it_is_used_is_made_again(folder, journal, tmp_path):
    journal.keep(tmp_path / "a.jpg", edit_of(A), None)
    for each in journal._own.iterdir():
        each.unlink()
    journal._own.rmdir()
    journal._lock_of(journal._own).unlink()
    assert journal.keep(tmp_path / "a.jpg", edit_of(B), None) is None
    other, kept, _ = after(folder)
    assert kept == []  # it is held again
    other.close()


# -- several programs --------------------------------------------------------------------------------------------------


def test_a_dead_program_s_edits_are_offered_until_they_are_discarded(folder, tmp_path):
    path, dead = tmp_path / "a.jpg", Journal(folder)
    dead.keep(path, edit_of(A, B), None)
    die(dead)
    for _ in range(3):
        journal, (kept,), said = after(folder)
        assert_same_edit(kept.edit, edit_of(A, B))
        assert said == []
        assert [each.name for each in folder.iterdir() if each.is_dir()] == [journal._own.name]
        journal.close()  # decided nothing
    journal, (kept,), _ = after(folder)
    journal.discard(kept)
    assert journal.pending() == []
    journal.close()
    assert list(folder.iterdir()) == []


def test_editing_anew_takes_nothing_from_what_is_still_offered(folder, tmp_path):
    path, dead = tmp_path / "a.jpg", Journal(folder)
    dead.keep(path, edit_of(A, B), None)
    die(dead)
    journal, (kept,), _ = after(folder)
    journal.keep(path, edit_of(A), None)
    journal.forget(path)
    assert_same_edit(journal.pending()[0].edit, edit_of(A, B))
    journal.keep(path, kept.edit, None)  # taken over after all
    journal.discard(kept)
    assert journal.pending() == []
    assert len(journal.read(path).edit) == 2
    journal.close()


def test_two_dead_programs_with_one_image_are_both_offered_newest_first(folder, tmp_path, monkeypatch):
    path, ticks = tmp_path / "a.jpg", iter([200.0, 100.0])
    dead = [Journal(folder), Journal(folder)]
    monkeypatch.setattr("app.journal.time.time", lambda: next(ticks))
    dead[0].keep(path, edit_of(A), None)
    dead[1].keep(path, edit_of(A, B), None)
    for each in dead:
        die(each)
    journal, kept, _ = after(folder)
    assert [(each.time, len(each.edit)) for each in kept] == [(200.0, 1), (100.0, 2)]
    journal.close()


def test_a_living_program_s_edits_are_its_own(folder, journal, tmp_path):
    path = tmp_path / "a.jpg"
    journal.keep(path, edit_of(A), None)
    other, kept, said = after(folder)
    assert (kept, said) == ([], [])
    other.keep(path, edit_of(A, B), None)
    other.forget(path)
    other.close()
    assert len(journal.read(path).edit) == 1


def test_what_is_broken_is_put_aside_and_named_and_the_rest_is_there(folder, tmp_path):
    dead = Journal(folder)
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        dead.keep(tmp_path / name, edit_of(A), None)
    for name in ("a.jpg", "b.jpg"):
        dead._entry(tmp_path / name).write_bytes(b'{"version": 1, "ima')
    (dead._own / "something.json.tmp").write_bytes(b"half")
    die(dead)
    journal, kept, said = after(folder)
    assert [each.path.name for each in kept] == ["c.jpg"]
    aside = sorted(folder.glob("*.broken"))
    assert len(aside) == 2
    assert len(said) == 1
    assert "2 files" in said[0]
    assert all(str(each) in said[0] for each in aside)
    assert journal.pending()  # and once more, without the broken ones
    assert journal.problems == ()
    assert [each for each in folder.iterdir() if each.is_dir()] == [journal._own]
    journal.close()


def test_what_a_newer_program_wrote_waits_for_it(folder, tmp_path):
    dead = Journal(folder)
    dead.keep(tmp_path / "a.jpg", edit_of(A), None)
    entry = dead._entry(tmp_path / "a.jpg")
    entry.write_bytes(json.dumps({"version": VERSION + 1, "other": "things"}).encode())
    die(dead)
    journal, kept, said = after(folder)
    assert kept == []
    assert len(said) == 1
    assert f"1 file of the recovery journal is of a newer Boxscope, which can recover it: '{entry}'." in said
    assert entry.exists()
    journal.close()
    assert entry.exists()


def test_what_a_kill_in_the_middle_of_a_save_left_is_taken_away(folder, tmp_path):
    store, image, dead = PlainStore(tmp_path), tmp_path / "a.jpg", Journal(folder)
    dead.keep(image, edit_of(A), store.read(image))
    left = tmp_path / f".a.xml.{'0' * 32}.tmp"
    left.write_bytes(b"<annota")
    die(dead)
    journal, (kept,), _ = after(folder)
    assert kept.annotation == tmp_path / "a.xml"
    assert not left.exists()
    journal.close()


def test_a_journal_that_cannot_be_moved_is_offered_where_it_is(folder, tmp_path, monkeypatch):
    dead = Journal(folder)
    dead.keep(tmp_path / "a.jpg", edit_of(A), None)
    die(dead)

    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    journal = Journal(folder)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        (kept,) = journal.pending()
    assert kept.file == dead._entry(tmp_path / "a.jpg")
    journal.discard(kept)
    journal.close()
    other, found, _ = after(folder)
    assert found == []
    other.close()
    assert list(folder.iterdir()) == []


WRITE = (
    "import sys\n"
    "from pathlib import Path\n"
    "from app.journal import Journal\n"
    "from tests.helpers.annotations import edit_of\n"
    "journal = Journal(Path(sys.argv[1]))\n"
    "journal.keep(Path(sys.argv[2]), edit_of((1, 2, 3, 4)), None)\n"
    "print('kept', flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.mark.parametrize("knows_locks", [True, False])
def test_another_program_s_edits_are_there_once_it_is_killed(folder, tmp_path, monkeypatch, knows_locks):
    """The second time on a file system that refuses every lock; there the number of the process decides."""
    code = WRITE
    if not knows_locks:
        if sys.platform == "win32":
            pytest.skip("Windows always knows locks")

        def refuse(descriptor):
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(file_lock, "_lock", refuse)
        patch = "import errno\nfrom detector import file_lock\n"
        patch += "def refuse(_): raise OSError(errno.ENOLCK, '')\nfile_lock._lock = refuse\n"
        code = patch + WRITE
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder), str(tmp_path / "a.jpg")], cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        try:
            assert other.stdout.readline().strip() == b"kept"
            journal, kept, said = after(folder)
            assert (kept, said) == ([], [])
        finally:
            other.kill()
    assert [each.path.name for each in journal.pending()] == ["a.jpg"]
    journal.close()
