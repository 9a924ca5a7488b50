"""The annotations of several images of one COCO file, to be written together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from detector.datasets.annotation import Annotation, AnnotationStore, Batch, Hw, Stored, Waiting
from detector.datasets.coco_edits import Planned
from detector.datasets.errors import DatasetError

Plan: TypeAlias = "Callable[[Planned, Path, Waiting], None]"
WriteAll: TypeAlias = "Callable[[Planned, Mapping[Path, Waiting]], dict[Path, Stored | DatasetError]]"


class CocoBatch(Batch):
    """Plans each image as it is added, so that in the end only the bytes of the file are to be written."""

    def __init__(self, store: AnnotationStore, plan: Plan, write_all: WriteAll) -> None:
        """Nothing is planned yet.

        Args:
            plan: adds an image to what is planned.
            write_all: writes what is planned; what was planned for another file is planned anew.
        """
        super().__init__(store)
        self._plan, self._write_all = plan, write_all
        self._planned = Planned()

    def add(self, image_path: Path, image_hw: Hw, annotation: Annotation, seen: Stored | None) -> None:
        """One more image; planned at once where the file is the one that the others are planned for."""
        self._planned.is_outdated |= image_path in self._waiting
        super().add(image_path, image_hw, annotation, seen)
        if not self._planned.is_outdated:
            self._plan(self._planned, image_path, self._waiting[image_path])

    def _write(self, waiting: dict[Path, Waiting]) -> dict[Path, Stored | DatasetError]:
        planned, self._planned = self._planned, Planned()
        found = self._write_all(planned, waiting)
        return {path: found[path] for path in waiting}
