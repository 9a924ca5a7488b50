"""What became of an image's objects since it was first opened, and what its file says of them. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.document import Document
from app.edit import Edit
from detector.datasets.annotation import Annotation, Record, Stamp, Stored


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
        self.failure = ""
        self.annotation = edit.confirmed({})
        self._take(edit.confirmed_ids, stored)

    def take_theirs(self, edit: Edit, stored: Stored) -> None:
        """Another program has written the file.

        Args:
            edit: what it says now, its objects with ids of their own.
            stored: the same as the file has it.
        """
        self.failure, self.annotation = "", stored.annotation
        self._take(edit.ids, stored)

    def move_to(self, stored: Stored) -> None:
        """The image's annotation goes elsewhere from now on.

        Args:
            stored: what is said of it there.
        """
        self.stored, self.failure = stored, ""
        self.annotation = stored.annotation
        self.records, self.stamps = {}, {stored.stamp}

    def _take(self, ids: tuple[int, ...], stored: Stored) -> None:
        self.stored = stored
        self.stamps.add(stored.stamp)
        if stored.annotation is not None:
            self.records |= {
                each: record for each, record in zip(ids, stored.annotation.records, strict=True) if record is not None
            }
