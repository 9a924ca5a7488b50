"""Each reader as one function of any bytes, which fails where the reader breaks its word.

Of a reader of annotations that word is: it answers with a result or a DatasetError; a file that it refuses is never
overwritten; a save without an edit leaves the file as it is; and what was edited and written is read back. The edit is
drawn from a checksum of the bytes, so that the same bytes always do the same.
"""

from __future__ import annotations

from pathlib import Path

from app.edit import Edit
from app.image_filter import parse_filter
from app.image_state import AnnotationState, RunCounts
from app.image_terms import ImageFacts
from app.journal_file import BrokenError, NewerError, from_text, state_of, to_text
from app.wording import text
from detector.datasets.annotation import Annotation, Stored
from tests.helpers.fuzzed_stores import CocoTarget, LabelmeTarget, VocTarget, YoloTarget
from tests.helpers.fuzzed_target import Target, keys, some_truth


class FilterTarget(Target):
    """The language in which one asks for images: it never raises, and what it cannot read it says in a sentence."""

    words = tuple(
        "is: name: class: missed false found boxes proposed verified unverified empty error unsaved run new seen >= <= "
        '!= == ≥ ≤ ≠ | or - " "" 1,000 99999999999999999999 ٣ ² İ ß \u2028 \u00a0'.encode().split(b" ")
    )

    _facts = (
        ImageFacts("a.png"),
        ImageFacts("smear 1.jpg", "annotated 3 boxes", AnnotationState(3, (("RBC", 2), ("straße", 1)), True, True, 1)),
        ImageFacts("", "", AnnotationState(problem="it is broken"), RunCounts(3, 1, 2), True, True, True),
    )

    def play(self, data):
        found = parse_filter(data.decode("utf-8", "surrogateescape"))
        if found.problem is not None:
            assert text(found.problem).strip()
            assert found.is_all
        asked = (found.is_of_names, found.is_of_words, found.needs, found.classes, found.terms)
        assert len(asked) == 5
        for facts in self._facts:
            admitted = found.admits(facts)
            assert isinstance(admitted, bool)
            assert admitted or not found.is_all

    def seeds(self):
        return [
            each.encode()
            for each in (
                "", "smear", "is:unverified RBC>3 or smear -missed=0", 'class:"weiße Katze">=2 | -name:"a b.jpg"',
                "boxes<1,000 false≥1 is:empty", "name=a.png", "-is:error found != 3", 'class:RBC "" x"y', "RBC>",
                "is:what", "nothing:x", "missed>many", "a or", "| b", "- c",
            )
        ]  # fmt: skip


class JournalTarget(Target):
    """An entry of the journal: read, compared with files, and written again so that it reads the same."""

    words = (
        *keys(
            "version time image image_stamp annotation states stamp says ids verified annotated next_id objects id "
            "label box difficult truncated crowd proposed locked"
        ),
        *b"null true 1e400 1e39 -1 NaN [1,2] [0,0,1,1] { } [ ] \\ud800 \\u0000 \xef\xbb\xbf".split(),
        *(b"9" * 25, b"[[" * 40),
    )

    def play(self, data):
        file = self.folder / "entry.json"
        try:
            kept = from_text(data, file)
        except (BrokenError, NewerError):
            return
        none, empty = Stored(None, Path("a.xml")), Stored(Annotation.empty(), Path("a.xml"), (1, 2))
        for stored in (None, none, empty, Stored(kept.edit.confirmed({}), kept.annotation or Path("a.xml"))):
            assert kept.meets(stored) in ("unsaved", "saved", "changed")
            kept.records_in(stored)
        line = to_text(kept.path, kept.edit, kept.annotation, kept.states, kept.image, kept.time)
        again = from_text(line, file)
        assert again.edit.same_as(kept.edit)
        assert (again.edit.next_id, again.edit.is_annotated) == (kept.edit.next_id, kept.edit.is_annotated)
        assert (again.states, again.image, again.time) == (kept.states, kept.image, kept.time)
        written = to_text(again.path, again.edit, again.annotation, again.states, again.image, again.time)
        assert written == line

    def seeds(self):
        annotation = Annotation(some_truth())
        edit = Edit.of(annotation)
        states = (
            state_of(Stored(annotation, Path("/p/a.xml"), (5, 6)), {}),
            state_of(Stored(None, Path("/p/a.xml")), {}),
        )
        image = Path("/p/ä.png")
        return [
            to_text(image, edit, Path("/p/a.xml"), states, (1, 2), 1790000000.25),
            to_text(image, Edit.of(None), None, (), None, 0.0),
            to_text(image, edit.with_objects([[1, 2, 3, 4]], ["new"], proposed=True), None, states, (1, 2), 1.0),
            to_text(Path("/p/\udcff.png"), edit, None, (), None, 1.0),
        ]


TARGETS: dict[str, type[Target]] = {
    "voc": VocTarget,
    "coco": CocoTarget,
    "yolo": YoloTarget,
    "labelme": LabelmeTarget,
    "filter": FilterTarget,
    "journal": JournalTarget,
}
