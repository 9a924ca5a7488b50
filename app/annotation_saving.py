"""Saving annotations: what is asked of the saving thread, what it does, and what it answers. No Qt.

    main thread: SaveAnnotation  -->  saving thread: AnnotationSaver.save  -->  SavedAnnotation | SaveFailed

A person goes on editing while a file is written. So the next request for an image may be asked for before the answer to
the one before has come: it was made from what the file said then, and would look like somebody else's change. The saver
knows what it has written since and puts that in its place, with the records of the objects that were new.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from detector.datasets.annotation import (
    Annotation,
    AnnotationStore,
    ChangedOnDiskError,
    Record,
    SharedFileError,
    Stored,
    stamp_of,
)
from detector.datasets.errors import DatasetError
from detector.messages import Message, say

log = logging.getLogger(__name__)

REMEMBERED = 256
"""Images of which the saver knows what it wrote last, or all that were written together; only answers that are on
their way are needed."""


@dataclass(frozen=True, slots=True, eq=False)
class SaveAnnotation:
    """Write the annotation of an image.

    Attributes:
        image_hw: (height, width) of the upright image.
        annotation: its G objects, with the records that are known.
        seen: what the file says, as far as the asker knows; None: write whatever is there.
        ids: G ids of the objects, which tell a record that was made meanwhile where it belongs; () for unknown.
        is_none: all that this program has written of the image was taken back; there was nothing of it before.
    """

    number: int
    image_path: Path
    image_hw: tuple[int, int]
    store: AnnotationStore
    annotation: Annotation
    seen: Stored | None
    ids: tuple[int, ...] = ()
    is_none: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SavedAnnotation:
    """It is in the file.

    Attributes:
        stored: what the file says now, its records in the order of the request's objects.
    """

    number: int
    image_path: Path
    stored: Stored


@dataclass(frozen=True, slots=True, eq=False)
class SaveFailed:
    """It is not; the file is as it was, and what was to be saved is still unsaved.

    Attributes:
        place: of the store.
        text: why, a sentence that names the file.
        is_conflict: somebody else has changed the file; a person has to decide.
        is_gone: likewise, and it is not there any more.
        owner: the name of the image of the same stem that the file belongs to; "" for none.
    """

    number: int
    image_path: Path
    place: Path
    text: str
    is_conflict: bool = False
    is_gone: bool = False
    owner: str = ""

    @property
    def message(self) -> Message:
        """To be read by people."""
        return say("saving.failed", name=self.image_path.name, text=self.text)


class _Written:
    """What was written of one image since the asker last looked, so far as one can tell from what he asks."""

    def __init__(self, store: AnnotationStore) -> None:
        self.store = store
        self.states: list[Stored] = []
        """Of the file, oldest first; the last one is as it is now."""
        self.past: dict[int, list[Record | None]] = {}
        """By id, every record that the asker may know an object by."""
        self.now: dict[int, Record | None] = {}

    def last_if_known(self, seen: Stored) -> Stored | None:
        """The file as it is now, for one who knows one of its states since; what is older than that is dropped."""
        known = [each is seen or each.stamp == seen.stamp for each in self.states]
        if True not in known:
            return None
        self.states = self.states[known.index(True) :]
        return self.states[-1]

    def brought_up(self, ids: Sequence[int], annotation: Annotation) -> Annotation:
        """With the records as they are now, in place of those that the asker knows."""
        if len(ids) != len(annotation.records):
            return annotation
        records = (
            self.now[each] if any(record is known for known in self.past.get(each, ())) else record
            for each, record in zip(ids, annotation.records, strict=True)
        )
        return replace(annotation, records=tuple(records))

    def add(self, request: SaveAnnotation, stored: Stored) -> None:
        """One more state of the file."""
        if len(self.states) <= 1:  # the asker was up to date
            self.past.clear()
        self.states.append(stored)
        if stored.annotation is None or len(request.ids) != len(stored.annotation.records):
            self.past.clear()
            return
        asked, found = request.annotation.records, stored.annotation.records
        for each, before, record in zip(request.ids, asked, found, strict=True):
            self.past.setdefault(each, []).extend((before, record))
            self.now[each] = record


class AnnotationSaver:
    """Writes what is asked for. Used by one thread at a time."""

    def __init__(self) -> None:
        self._written: OrderedDict[Path, _Written] = OrderedDict()

    def save(self, request: SaveAnnotation) -> SavedAnnotation | SaveFailed:
        """Write it; whatever goes wrong becomes an answer."""
        return self.save_all([request])[0]

    def save_all(self, requests: Sequence[SaveAnnotation]) -> list[SavedAnnotation | SaveFailed]:
        """Write several together.

        Args:
            requests: of different images in one store.

        Returns:
            An answer to each, in order.
        """
        found: dict[Path, Stored | DatasetError] = {}
        try:
            batch = requests[0].store.batch()
            for each in requests:
                if os.path.isdir(each.image_path.parent):
                    batch.add(each.image_path, each.image_hw, *self._brought_up(each))
                else:  # a drive that was taken away is not to be made anew as a folder
                    gone = DatasetError(f"There is no folder '{each.image_path.parent}' any more.")
                    found[each.image_path] = gone
            found |= batch.write()
            for each in requests:
                written = found[each.image_path]
                if each.is_none and isinstance(written, Stored):
                    with contextlib.suppress(DatasetError):  # then it says that there is no object
                        found[each.image_path] = each.store.forget(each.image_path, written)
        except Exception as error:
            log.exception("While saving the annotation of %s", requests[0].image_path)
            what = (str(error).strip().splitlines() or [""])[0] or type(error).__name__
            odd = DatasetError(f"something went wrong ({what}); the log file has the details (Help menu).")
            found = dict.fromkeys([each.image_path for each in requests], odd)
        answers = [self._answer(each, found[each.image_path]) for each in requests]
        while len(self._written) > max(REMEMBERED, len(requests)):
            self._written.popitem(last=False)
        return answers

    def _answer(self, request: SaveAnnotation, found: Stored | DatasetError) -> SavedAnnotation | SaveFailed:
        if isinstance(found, DatasetError):
            return _failed(request, found)
        self._remember(request, found)
        return SavedAnnotation(request.number, request.image_path, found)

    def _brought_up(self, request: SaveAnnotation) -> tuple[Annotation, Stored | None]:
        """The annotation and what the file says, as if the asker knew what has been written since he looked."""
        written, seen = self._written.get(request.image_path), request.seen
        if written is None or seen is None or written.store is not request.store:
            return request.annotation, seen
        last = written.last_if_known(seen)
        if last is None or (seen.stamp is None and stamp_of(last.path) is None):  # the asker knows that it is gone
            return request.annotation, seen
        return written.brought_up(request.ids, request.annotation), last

    def _remember(self, request: SaveAnnotation, stored: Stored) -> None:
        written = self._written.pop(request.image_path, None)
        seen = request.seen
        if written is None or written.store is not request.store or seen is None or written.last_if_known(seen) is None:
            written = _Written(request.store)
            written.states = [] if seen is None else [seen]
        written.add(request, stored)
        self._written[request.image_path] = written


def _failed(request: SaveAnnotation, error: DatasetError) -> SaveFailed:
    is_conflict = isinstance(error, ChangedOnDiskError)
    is_gone = isinstance(error, ChangedOnDiskError) and error.is_gone
    owner = error.owner if isinstance(error, SharedFileError) else ""
    return SaveFailed(
        request.number, request.image_path, request.store.place, str(error), is_conflict, is_gone, owner
    )  # fmt: skip


class OneSentence:
    """What is said of failed saves: once of a place that nothing can be saved there, once of each image whose it is.

    An image's is that somebody else has changed its file, or that this belongs to another image. It is said again once
    something was saved there.

    Where a person asks for a save by hand, every failure is said.
    """

    def __init__(self) -> None:
        self._failing: set[Path] = set()
        self._by_image: set[Path] = set()

    def failed(self, failed: SaveFailed, *, by_hand: bool = False) -> Message | None:
        """What is to be said of a failure; None where that has been said."""
        is_of_image = failed.is_conflict or bool(failed.owner)
        said, key = (self._by_image, failed.image_path) if is_of_image else (self._failing, failed.place)
        is_known = key in said
        said.add(key)
        if by_hand or is_of_image:
            return failed.message if by_hand or not is_known else None
        return None if is_known else say("saving.failed.goes_on", name=failed.image_path.name, text=failed.text)

    def succeeded(self, image_path: Path, place: Path) -> None:
        """Something was saved: the next failure is news."""
        self._failing.discard(place)
        self.forget(image_path)

    def forget(self, image_path: Path) -> None:
        """What was said of an image is said again."""
        self._by_image.discard(image_path)
