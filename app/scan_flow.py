"""What is known of the annotations of the whole folder: states in the list of images, classes with their counts.

reading thread --scanned--> ScanFlow --> list of images, classes of Annotate
SaveFlow --annotation_changed-->
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.annotating import keep_order
from app.image_state import AnnotationState, annotation_state
from app.preferences import KnownClasses
from app.state import State
from app.window import MainWindow
from app.workers import Threads

_COUNT_MS = 500
"""Between two showings of how many boxes of each class the folder has, while that is being counted."""


class ScanFlow(QObject):
    """Counts the folder in the background, and each image anew when something becomes of it.

    Signals:
        classes_changed(): there are others, or other numbers of them.
    """

    classes_changed = Signal()

    def __init__(self, window: MainWindow, state: State, threads: Threads, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state, self._threads = window, state, threads
        self._states: dict[Path, AnnotationState] = {}
        self._folder: Path | None = None
        self._first: tuple[str, ...] = ()
        self._known = KnownClasses()
        self._is_complete = False
        self.totals: Counter[str] = Counter()
        self._count_timer = QTimer(self)
        self._count_timer.setSingleShot(True)
        self._count_timer.setInterval(_COUNT_MS)
        self._count_timer.timeout.connect(self.classes_changed)
        threads.reading.scanned.connect(self._on_scanned)

    @Slot(object)
    def open_folder(self, files: Sequence[str]) -> None:
        """Other images are in the list."""
        self._states.clear()
        self.totals.clear()
        self._state.annotating.forget_classes()
        self._folder = Path(files[0]).parent if files else None
        self._is_complete = False
        self._known = known = (
            KnownClasses() if self._folder is None else self._window.preferences.classes_of(self._folder)
        )
        self._first = tuple(name for name in known.order if name not in (known.offered or ()))
        self._state.annotating.listed = self._first
        if known.offered is not None:
            self._state.annotating.offer_detector(known.order, known.offered)
        self._take_listed()
        self.scan(files)

    @property
    def is_complete(self) -> bool:
        """All images have been looked into."""
        return self._is_complete

    def is_unused(self, name: str) -> bool:
        """No box has the class, nor does a file list it."""
        in_hand = any(name in each.edit.truth.labels for each in self._state.in_hand.values())
        return self._is_complete and not self.totals[name] and not in_hand and name not in self.of_files

    def scan(self, files: Sequence[str]) -> None:
        """Look into the files again, in the background."""
        self._threads.reading.scan(files)

    @Slot()
    def scan_again(self) -> None:
        """Annotations are kept elsewhere now."""
        self.scan(self._window.images.model.files)

    @Slot(object)
    def forget(self, paths: Sequence[Path]) -> None:
        """Images are in the folder no more."""
        for path in paths:
            known = self._states.pop(path, None)
            for name, count in () if known is None else known.classes:
                self.totals[name] -= count
        self.classes_changed.emit()

    @Slot(object, bool)
    def _on_scanned(self, found: Mapping[Path, AnnotationState], is_last: bool) -> None:
        self.take_found(found)
        if is_last:
            is_first, self._is_complete = not self._is_complete, True
            self._take_listed()
            hand = self._state.annotating
            if is_first and set(hand.listed) <= set(hand.added) and not hand.offers_detector:
                hand.offer_detector()
            self._remember()
            self._count_timer.stop()
            self.classes_changed.emit()  # nothing more to wait for
        self._threads.reading.take_scanned()

    def take_found(self, found: Mapping[Path, AnnotationState]) -> None:
        """Files say this; of images in hand that is known better."""
        sessions, has_seen = self._state.sessions, self._has_seen
        looked = {
            path: state._replace(looked_at=True) if has_seen(path) else state
            for path, state in found.items()
            if path not in sessions
        }
        self._take(looked)
        self._window.images.show_annotations(looked)

    def list_again(self) -> None:
        """The lists of classes are others."""
        self._take_listed()
        if self._is_complete:
            self._remember()
        self.classes_changed.emit()

    @Slot(object)
    def look_at(self, path: Path) -> None:
        """Something became of the annotation of an image."""
        session = self._state.sessions.get(path)
        if session is None:
            read = self._state.read
            if read is None or read.path != path or read.case is not None or read.problem is not None:
                return
            objects = read.objects
        else:
            objects = session.edit
        annotation = objects.confirmed({}) if objects.ground_truth is not None else None
        state = annotation_state(annotation, looked_at=True, proposed=len(objects.proposed))
        self._take({path: state})
        self._window.images.set_annotation(path, state)
        if self._is_complete:
            self._take_listed()  # a save may have added to the files' own list
            self._remember()

    def document_changed(self) -> None:
        """The open image has been looked at."""
        if self._state.read is not None:
            self.look_at(self._state.read.path)

    def _has_seen(self, path: Path) -> bool:
        known = self._states.get(path)
        return known is not None and known.looked_at

    def _take(self, states: Mapping[Path, AnnotationState]) -> None:
        totals = self.totals
        for path, state in states.items():
            known = self._states.get(path)
            if known is not None:
                for name, count in known.classes:
                    totals[name] -= count
            for name, count in state.classes:
                totals[name] += count
            self._states[path] = state
        hand = self._state.annotating
        found = (name for name, count in self.totals.items() if count)
        if states:
            before = hand.listed
            # While files are still being looked into, the order must not hang on which came first.
            hand.listed = keep_order(hand.listed if self._is_complete else self._first, found)
            if len(states) == 1 or hand.listed != before:
                self.classes_changed.emit()
            elif not self._count_timer.isActive():
                self._count_timer.start()  # only numbers of a folder that is being looked into

    def _remember(self) -> None:
        """The classes keep their places, and so their digits and colours, until the folder is opened again.

        One that no box has any more, no file lists and nobody offers is not there then.
        """
        if self._folder is None:
            return
        hand = self._state.annotating
        hand.keep_shown()
        own = {name for name in hand.listed if self.totals[name] > 0} | set(self.of_files)
        offers = set(hand.offers)
        order = tuple(name for name in hand.classes_shown() if name in own or name in offers)
        offered = tuple(name for name in order if name not in own) if hand.offers_detector else None
        known = KnownClasses(order, offered)
        if known != self._known:
            self._known = known
            self._window.preferences.remember_classes(self._folder, known)

    @property
    def of_files(self) -> tuple[str, ...]:
        """The classes that the files list, in their order; none where the format has no list."""
        if self._folder is None:
            return ()
        store = self._threads.reading.stores.known(self._folder / "_")
        return (store.classes or ()) if store is not None and store.is_loaded else ()

    def _take_listed(self) -> None:
        """The classes of the files come first."""
        listed = self.of_files
        if listed:
            hand = self._state.annotating
            hand.listed = keep_order(listed, hand.listed)
            self.classes_changed.emit()
