"""What became of an image's objects since it was first opened, and what its file says of them. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from app.document import Document
from app.edit import Edit
from detector.datasets.alike import matches, same_objects
from detector.datasets.annotation import Annotation, Record, Stamp, Stored

Dispute: TypeAlias = Literal["changed", "there"]
"""Why a person has to decide whose work counts: another program has changed the file since it was read, before this one
was started; or the place that was chosen has other objects of the image already."""


@dataclass
class Session:
    """One image that a person has worked on.

    Attributes:
        edit: its objects as they are now.
        stored: what its annotation file says, as far as this program knows; None where no store is known.
        annotation: the same objects as an annotation; None where nobody had annotated it.
        records: by id, what the file says of an object, also of those that are deleted: undo brings them back whole.
        stamps: of the file as it was read and written here; any other one is somebody else's.
        image_hw: (height, width) of the image.
        picture: when the image file was last changed, as the session began.
        failure: why the last save failed, a sentence; "" for none.
        num_writing: saves that are under way, of which no answer has come.
        is_made: all that its file says was written in this session: there was nothing before.
        moving: number of the task that reads what another place says of the image; 0 for none.
        dispute: nothing is written until a person has decided; None: nothing to decide.
    """

    edit: Edit
    stored: Stored | None
    annotation: Annotation | None
    records: dict[int, Record] = field(default_factory=dict)
    stamps: set[Stamp] = field(default_factory=set)
    image_hw: tuple[int, int] = (0, 0)
    picture: int = 0
    failure: str = ""
    num_writing: int = 0
    is_made: bool = False
    moving: int = 0
    dispute: Dispute | None = None
    _ids: tuple[int | None, ...] = ()
    """Of the objects of `annotation`, in order; None for one that is none of those here."""
    _compared: tuple[Edit, Annotation | None, bool] | None = field(default=None, repr=False)

    @classmethod
    def begin(cls, document: Document) -> Session:
        """Of an image as its files have it."""
        return cls._of(document.objects, document.stored, document.image_hw, document.stamp)

    @classmethod
    def resumed(cls, stored: Stored | None, image_hw: tuple[int, int], picture: int) -> Session:
        """Of an image that is not open; its changes come from the journal."""
        return cls._of(Edit.of(None if stored is None else stored.annotation), stored, image_hw, picture)

    @classmethod
    def _of(cls, objects: Edit, stored: Stored | None, image_hw: tuple[int, int], picture: int) -> Session:
        annotation = objects.confirmed({}) if objects.is_annotated else None
        session = cls(objects, stored, annotation, image_hw=image_hw, picture=picture)
        if stored is not None:
            session._take(objects.ids, stored)
        return session

    @property
    def is_unsaved(self) -> bool:
        """What the file says is not what it should say."""
        # Asked of every image at each edit; only one of them has changed.
        known = self._compared
        if known is None or known[0] is not self.edit or known[1] is not self.annotation:
            is_same = self.edit.confirmed({}).says_the_same(self.annotation or Annotation.empty())
            known = self._compared = self.edit, self.annotation, not is_same
        return known[2]

    @property
    def is_changed(self) -> bool:
        """There is something of a person's that the file does not say: changes, or proposed objects."""
        return bool(self.edit.proposed) or self.is_unsaved

    @property
    def is_settled(self) -> bool:
        """Nothing of a person's is lost where the files count again: they say the same, and are not being written."""
        return not self.is_changed and not self.num_writing

    @property
    def is_none(self) -> bool:
        """What was done here has been taken back: nobody has annotated the image, and nothing is to say so."""
        return self.is_made and self.edit.ground_truth is None

    @property
    def is_waiting(self) -> bool:
        """It cannot be written by now: the file has to be read first, or a person to decide."""
        return bool(self.moving or self.dispute)

    @property
    def known(self) -> Stored | None:
        """What the file says that a save may take the place of; where a person has to decide first, that is nothing."""
        return Stored(None, self.stored.path) if self.dispute and self.stored is not None else self.stored

    def knows(self, document: Document) -> bool:
        """The files are in a state that this program has seen or made; or say the same of the image all the same."""
        stored = document.stored
        if document.stamp != self.picture:
            return False
        if stored is None or self.stored is None or stored.stamp in self.stamps:
            return True
        if stored.annotation is None or self.annotation is None:
            return stored.annotation is self.annotation
        return stored.annotation.says_the_same(self.annotation)

    @property
    def to_write(self) -> Annotation:
        """What is to be in the file, with the records that are known."""
        return self.edit.confirmed(self.records)

    def saved(self, edit: Edit, stored: Stored) -> None:
        """An edit has been written.

        Args:
            edit: what was written; the present one may be another by now.
            stored: what the file says now.
        """
        self.failure, self.dispute = "", None
        self.annotation = None if stored.annotation is None else edit.confirmed({})
        self._take(() if stored.annotation is None else edit.confirmed_ids, stored)

    def take_theirs(self, edit: Edit, stored: Stored) -> None:
        """Another program has written the file.

        Args:
            edit: what it says now, its objects with ids of their own.
            stored: the same as the file has it.
        """
        self.failure, self.dispute, self.is_made, self.annotation = "", None, False, stored.annotation
        self._take(edit.ids, stored)

    def move_to(self, stored: Stored) -> None:
        """The image's annotation goes elsewhere from now on.

        Where there are other objects of it already, nobody here has seen them: a person has to decide.

        Args:
            stored: what is said of it there.
        """
        self.stored, self.failure, self.moving, self.dispute = stored, "", 0, None
        self.stamps, self.is_made = {stored.stamp}, False
        there, before = stored.annotation, self.annotation or Annotation.empty()
        if there is None or not stored.is_there:
            self.records = {}
            return
        now = self.edit.confirmed({})
        if not any(_is_alike(there, each) for each in (before, now, Annotation.empty())):
            self.dispute = "there"
        rows = dict(zip(self._ids, matches(before.ground_truth, there.ground_truth), strict=True))
        new = zip(self.edit.confirmed_ids, matches(now.ground_truth, there.ground_truth), strict=True)
        taken = set(rows.values())
        rows |= {each: row for each, row in new if each not in rows and row not in taken}
        ids = {row: each for each, row in rows.items() if row >= 0}
        self.annotation, self.records = there, {}
        self._take(tuple(ids.get(row) for row in range(len(there.records))), stored)

    def follow(self, document: Document) -> None:
        """The files say the same as they did, but were written anew: their records and their stamp count now."""
        stored = document.stored
        if stored is None or self.stored is None or self.is_waiting or self.num_writing:
            return
        if stored.path == self.stored.path and stored.stamp not in self.stamps and self.knows(document):
            self._take(self._ids, stored)

    def _take(self, ids: tuple[int | None, ...], stored: Stored) -> None:
        self.stored, self._ids = stored, ids
        self.stamps.add(stored.stamp)
        if stored.annotation is not None:
            records = zip(ids, stored.annotation.records, strict=True)
            self.records |= {each: record for each, record in records if each is not None and record is not None}


def _is_alike(one: Annotation, other: Annotation) -> bool:
    """To the digits of the formats, in whatever order; nothing is lost where one takes the place of the other."""
    return one.verified == other.verified and same_objects(one.ground_truth, other.ground_truth)
