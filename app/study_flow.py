"""Studies: what the network thread does while nobody wants anything of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.jobs import Study
from app.network_flow import NetworkFlow
from app.scene import Message
from app.workers import Threads
from detector.datasets.stores import Stores

Purpose: TypeAlias = Literal["replay", "remedies", "count"]
"""What a study is for. One study for a purpose at a time: a newer one replaces it."""

PURPOSES: tuple[Purpose, ...] = ("replay", "remedies", "count")
"""The first comes first, as the shortest: a tenth of a second, some seconds, the whole folder."""


class StudyFlow(QObject):
    """Starts studies whenever the network has nothing better to do.

    One that had to give way, to another request or to a study that comes before it, begins anew.

    Signals:
        answered: purpose, and one answer; after a new beginning answers may repeat.
        ended: purpose; all has been said.
        failed: purpose, and a `Message`.
        busy_changed: whether there is anything that could be cancelled.
    """

    answered = Signal(str, object)
    ended = Signal(str)
    failed = Signal(str, object)
    busy_changed = Signal(bool)

    def __init__(self, network: NetworkFlow, threads: Threads, parent: QObject) -> None:
        super().__init__(parent)
        self._network, self._threads = network, threads
        self._wanted: dict[Purpose, Callable[[int], Study]] = {}
        self._running: tuple[int, Purpose] | None = None
        # Who is told that the network rests may ask for more at once: that comes first.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._begin_next)
        network.began.connect(self._on_network_began)
        network.rested.connect(self._soon.start)
        worker = threads.network
        worker.studied.connect(self._on_studied)
        worker.study_ended.connect(self._on_ended)
        worker.failed.connect(self._on_failed)
        worker.device_full.connect(self._on_failed)

    @property
    def stores(self) -> Stores:
        """Where the annotations of each folder are."""
        return self._threads.reading.stores

    def want(self, purpose: Purpose, make: Callable[[int], Study]) -> None:
        """Have something looked into; `make` gets the number of the request."""
        self.drop(purpose)
        self._wanted[purpose] = make
        self.busy_changed.emit(True)
        if self._running is not None and PURPOSES.index(purpose) < PURPOSES.index(self._running[1]):
            self._running = None  # it gives way by itself
        self._soon.start()

    def drop(self, purpose: Purpose) -> None:
        """Nobody wants to know any more."""
        self._wanted.pop(purpose, None)
        self.busy_changed.emit(bool(self._wanted))
        if self._running is not None and self._running[1] == purpose:
            self._running = None
            if not self._network.busy:
                self._threads.network.cancel()
            self._soon.start()

    def is_wanted(self, purpose: Purpose) -> bool:
        """Asked for, and not all has been said."""
        return purpose in self._wanted

    def is_running(self, purpose: Purpose) -> bool:
        """The network is at it, and not at something more urgent."""
        return self._running is not None and self._running[1] == purpose

    @Slot()
    def _begin_next(self) -> None:
        if self._running is not None or self._network.is_coming:
            return
        purpose = next((each for each in PURPOSES if each in self._wanted), None)
        if purpose is None:
            return
        number = self._threads.next_number()
        self._running = number, purpose
        self._threads.ask_network(self._wanted[purpose](number))

    @Slot()
    def _on_network_began(self) -> None:
        self._running = None  # it gives way by itself

    def _purpose(self, number: int) -> Purpose | None:
        return self._running[1] if self._running is not None and self._running[0] == number else None

    @Slot(int, object)
    def _on_studied(self, number: int, answer: object) -> None:
        purpose = self._purpose(number)
        if purpose is not None:
            self.answered.emit(purpose, answer)

    @Slot(int)
    def _on_ended(self, number: int) -> None:
        purpose = self._finish(number)
        if purpose is not None:
            self.ended.emit(purpose)

    @Slot(int, object)
    def _on_failed(self, number: int, message: Message) -> None:
        purpose = self._finish(number)
        if purpose is not None:
            self.failed.emit(purpose, message)

    def _finish(self, number: int) -> Purpose | None:
        purpose = self._purpose(number)
        if purpose is not None:
            self._running = None
            self._wanted.pop(purpose, None)
            self.busy_changed.emit(bool(self._wanted))
            self._soon.start()
        return purpose
