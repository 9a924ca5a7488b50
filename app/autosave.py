"""When is what saved: soon after an edit, at once on leaving an image, on closing and by Ctrl+S; never during a drag.

    edits, image changes, keys  -->  Autosave  --save_wanted(path)-->  who asks the saving thread
                                              <--saved / failed-----

It knows names of images only. An image whose save has failed stays unsaved: it is tried again at the next edit of any
image, on leaving it, and by Ctrl+S.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

DELAY_MS = 600
"""Of the first edit after a save; all that come until then are saved together."""


class Autosave(QObject):
    """Decides when to save. Lives in the main thread.

    Signals:
        save_wanted: an image's path; its newest edit is to be saved now.
    """

    save_wanted = Signal(object)

    def __init__(self, parent: QObject | None = None, *, on: bool = True) -> None:
        """Nothing is unsaved yet.

        Args:
            parent: owns it.
            on: saves by itself; else only `save_now` saves.
        """
        super().__init__(parent)
        self._is_on, self._is_paused = on, False
        self._unsaved: dict[Path, None] = {}
        """In the order of their first edit."""
        self._asked: set[Path] = set()
        """Those of the unsaved ones that are being saved as they are."""
        self._urgent: set[Path] = set()
        """Those that are to be saved as soon as it may be."""
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(DELAY_MS)
        self.timer.timeout.connect(self._on_timeout)

    @property
    def unsaved(self) -> tuple[Path, ...]:
        """Images with edits that are in no file yet, also those that are being saved."""
        return tuple(self._unsaved)

    @property
    def is_on(self) -> bool:
        """Saves by itself."""
        return self._is_on

    def edited(self, path: Path) -> None:
        """An image was changed, also by undo and redo."""
        self._unsaved.setdefault(path)
        self._asked.discard(path)
        self._start()

    def leave(self, path: Path) -> None:
        """Another image is about to be shown."""
        if self._is_on:
            self._want([path])

    def save_now(self, path: Path | None = None) -> None:
        """By hand, or because the window closes: also where it is off. None: all that is unsaved."""
        self._want(self.unsaved if path is None else [path])

    def saved(self, path: Path) -> None:
        """What was wanted last is in the file; edits that came after it are not."""
        if path in self._asked:
            self.settle(path)

    def failed(self, path: Path) -> None:
        """It could not be saved; it waits for the next occasion."""
        self._unsaved.setdefault(path)  # the answer to an older wish may have said that all is well
        self._asked.discard(path)

    def settle(self, path: Path) -> None:
        """Nothing of an image is unsaved any more: all was undone, or given up."""
        self._unsaved.pop(path, None)
        self._asked.discard(path)
        self._urgent.discard(path)

    def pause(self) -> None:
        """A drag begins: what it makes of the objects is nothing to be saved yet."""
        self._is_paused = True

    def resume(self) -> None:
        """The drag has ended, or was given up; what had to wait is saved."""
        self._is_paused = False
        self._release()

    def set_on(self, on: bool) -> None:
        """Save by itself, or not; what is unsaved then counts as edited now."""
        self._is_on = on
        if not on:
            self.timer.stop()
        self._start()

    # -- when ----------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        """The first edit counts: one who never stops editing is saved all the same."""
        if self._is_on and not self.timer.isActive() and self._due:
            self.timer.start()

    @property
    def _due(self) -> list[Path]:
        return [path for path in self._unsaved if path not in self._asked]

    @Slot()
    def _on_timeout(self) -> None:
        if self._is_on and not self._is_paused:
            self._want(self._due)

    def _want(self, paths: list[Path] | tuple[Path, ...]) -> None:
        self._urgent.update(path for path in paths if path in self._unsaved and path not in self._asked)
        self._release()

    def _release(self) -> None:
        """Save what may wait no longer, if it may be now; for the rest the clock goes on."""
        if self._is_paused:
            return
        wanted = [path for path in self._unsaved if path in self._urgent]
        self._urgent.clear()
        self._asked.update(wanted)
        if self._due:
            self._start()
        else:
            self.timer.stop()
        for path in wanted:  # last: what fails at once starts no clock, or it would be tried without end
            self.save_wanted.emit(path)
