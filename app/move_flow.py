"""What is unsaved goes along where a folder's annotations go to another place.

PlaceFlow --place_chosen--> MoveFlow --Task--> saving thread
                                     <--what the new place says of each image---
                                     --moved--> SaveFlow
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot

from app.image_flow import ImageFlow
from app.jobs import Task
from app.look_up import Found, look_up
from app.place_flow import PlaceFlow
from app.places import is_never_saved
from app.save_flow import SaveFlow
from app.scene import Message
from app.state import State
from app.workers import Threads
from detector.datasets.annotation import Stored


class MoveFlow(QObject):
    """Looks what another place says of the images in hand before anything is written there."""

    def __init__(
        self,
        state: State,
        threads: Threads,
        images: ImageFlow,
        places: PlaceFlow,
        saves: SaveFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._state, self._threads, self._images, self._places, self._saves = state, threads, images, places, saves
        places.place_chosen.connect(self._on_place)
        threads.saving.task_done.connect(self._on_read)
        threads.saving.failed.connect(self._on_failed)

    @Slot(object)
    def _on_place(self, folder: Path) -> None:
        """What is unsaved of the folder's images goes to the new place; the rest is read there."""
        sessions, number = self._state.sessions, self._threads.next_number()
        sizes: dict[Path, tuple[int, int]] = {}
        for path, session in list(sessions.items()):
            store = self._places.store_of(path)
            if path.parent != folder or is_never_saved(path) or store is None:
                continue
            if session.is_settled:
                sessions.end(path)
            elif store.path_of(path).exists():  # a large file takes a while to be looked through
                session.moving = number
                sizes[path] = session.image_hw
            else:
                self._saves.moved(path, Stored(None, store.path_of(path)))
        if sizes:
            stores = self._threads.reading.stores
            self._threads.saving.save(
                Task(number, lambda: [look_up(path, stores, size) for path, size in sizes.items()], "reading")
            )
        self._show()

    @Slot(int, object)
    def _on_read(self, number: int, found: list[Found]) -> None:
        moving = self._moving(number)  # it may be the answer to quite another task
        for path in moving:
            self._move(path, next((each.stored for each in found if each.path == path), None))
        if moving:
            self._show()

    @Slot(int, object)
    def _on_failed(self, number: int, message: Message) -> None:
        """Something that nobody expected. Saving will find out whether anything is there."""
        self._on_read(number, [])

    def _moving(self, number: int) -> list[Path]:
        """Those that still wait for this task: no other place was chosen since, and they are not given up."""
        return [path for path, session in self._state.sessions.items() if session.moving == number]

    def _move(self, path: Path, stored: Stored | None) -> None:
        store = self._places.store_of(path)
        if self._state.sessions[path].is_settled:  # undone meanwhile
            self._state.sessions.end(path)
        elif store is not None:
            self._saves.moved(path, stored or Stored(None, store.path_of(path)))

    def _show(self) -> None:
        document = self._state.document
        if document is not None and document.path not in self._state.sessions:
            self._images.show_image(document.path)
        self._images.show_source()
