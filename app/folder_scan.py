"""What the annotations of a folder's images say, found out in short pieces while there is nothing else to do. No Qt.

    1. all images   what can be told at a glance; else by reading
    2. those told at a glance, read after all and slowly: what is broken shows only then

A COCO json of 100,000 images is told in seconds this way, and the rest disturbs nobody.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from app.image_state import AnnotationState, annotation_state, glanced_state
from app.places import is_case
from app.sentences import say
from app.wording import text
from detector.datasets import DatasetError
from detector.datasets.annotation import AnnotationStore
from detector.datasets.stores import Stores

PIECE_SECONDS, SLOW_PIECE_SECONDS = 0.02, 0.005
"""Of work at a time, in the first round and in the second; whatever a person asks for comes between."""

TELL_SECONDS, TELL_IMAGES = 0.3, 400
"""An answer comes after so long or with so many: what comes faster, or more at once, would hold up mouse and keys."""


class Told(NamedTuple):
    """An answer.

    Attributes:
        states: of some images.
        is_last: something is known of all of them now.
    """

    states: dict[Path, AnnotationState]
    is_last: bool


class FolderScan:
    """Goes through the images of a folder. Used by one thread.

    Attributes:
        is_slow: all images are told; what is left may wait.
        is_done: nothing is left.
    """

    def __init__(self, stores: Stores, files: Sequence[str]) -> None:
        """Nothing is known yet."""
        self.is_slow = self.is_done = False
        self._stores = stores
        self._files: Iterator[str] = iter(files)
        self._glanced: list[str] = []
        self._found: dict[Path, AnnotationState] = {}
        self._told_at = -math.inf

    def some(self, gives_way: Callable[[], bool]) -> Told | None:
        """Look into some more images.

        Args:
            gives_way: whether something else is wanted first; asked before each image.

        Returns:
            What is to be told now; None where that can wait.
        """
        until = time.monotonic() + (SLOW_PIECE_SECONDS if self.is_slow else PIECE_SECONDS)
        is_last = False
        while time.monotonic() < until and len(self._found) < TELL_IMAGES and not gives_way():
            file = next(self._files, None)
            if file is None:
                is_last = self._end_round()
                break
            path = Path(file)
            if not is_case(path):
                self._look(file, path)
        is_many = len(self._found) >= TELL_IMAGES
        is_time = self.is_done or is_many or time.monotonic() - self._told_at > TELL_SECONDS
        if not is_last and not (self._found and is_time):
            return None
        told, self._found, self._told_at = Told(self._found, is_last), {}, time.monotonic()
        return told

    def _end_round(self) -> bool:
        """Whether that was the first: all images are told now."""
        was_first = not self.is_slow
        self.is_done = self.is_slow or not self._glanced
        self.is_slow, self._files = True, iter(self._glanced)
        return was_first

    def _look(self, file: str, path: Path) -> None:
        try:
            store = self._stores.of(path)
            glance = None if store is None else store.glance(path)
        except DatasetError:
            store = glance = None
        told = None if glance is None else glanced_state(glance)
        if told is not None and not self.is_slow:
            self._glanced.append(file)
            self._found[path] = told
        elif (state := self._read(store, path)) != told:
            self._found[path] = state

    def _read(self, store: AnnotationStore | None, path: Path) -> AnnotationState:
        try:
            return annotation_state(None if store is None else store.read(path).annotation)
        except DatasetError:
            return AnnotationState(problem=text(say("image.broken_truth")))
