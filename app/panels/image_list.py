"""The images of the open folder: filter, progress, and of each a small picture, its name and its states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import cast

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QPoint,
    Qt,
    QTimer,
    QUrl,
    Signal,
    Slot,
)
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage
from PySide6.QtWidgets import QLabel, QMenu, QVBoxLayout, QWidget

from app.image_filter import ImageFilter
from app.image_state import AnnotationState, run_counts
from app.panels.image_counts import how_many, why_empty
from app.panels.image_delegate import ROW_HEIGHT, ImageDelegate
from app.panels.image_filter_field import ImageFilterField
from app.panels.image_list_model import PATH_ROLE, ImageListModel, ImageState
from app.panels.image_view import ImageView
from app.panels.verified_bar import VerifiedBar
from app.scene import Message, Role
from app.sentences import say
from app.theme import Theme, scaled
from app.translation import tr
from app.wording import text
from detector.messages import counted

_REST_MS = 80
"""Small pictures are asked for once scrolling rests this long."""

_NEWS_MS = 150
"""What becomes known of images is looked at together: thousands may come at once."""


class ImageList(QWidget):
    """The images of a folder.

    Signals:
        image_chosen(object): the `Path` of the line a person chose.
        thumbnails_wanted(list): `Path`s in view without a small picture; the newest request counts.
        bin_wanted(list): `Path`s of images to be moved to the bin folder.
    """

    image_chosen = Signal(object)
    thumbnails_wanted = Signal(list)
    bin_wanted = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ImageListModel(self)
        self._current: Path | None = None
        self._asked: set[Path] = set()
        self._menu_for: list[Path] = []
        self.filter_field = ImageFilterField(lambda: self.model.classes, self)
        self.search_field = self.filter_field.field
        self.filter_field.filter_changed.connect(self._on_filter)
        self.filter_field.done.connect(self._on_search_done)
        self.verified = VerifiedBar(self)
        self._build_view()
        self._build_menu()
        self.empty = QLabel("", self)
        self.footer = QLabel("", self)
        for label in (self.empty, self.footer):
            label.setProperty("muted", True)
            label.setWordWrap(True)
            label.setContentsMargins(12, 6, 12, 6)
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.footer.setProperty("small", True)
        self._lay_out()
        self._rested = self._timer(_REST_MS)
        self._rested.timeout.connect(self._ask_for_thumbnails)
        self._news = self._timer(_NEWS_MS)
        self._news.timeout.connect(self._on_news)
        self._show_counts()

    def _timer(self, interval: int) -> QTimer:
        made = QTimer(self)
        made.setSingleShot(True)
        made.setInterval(interval)
        return made

    def _build_view(self) -> None:
        self.view = ImageView(scaled(ROW_HEIGHT), self)
        self.view.setModel(self.model)
        self.view.setAccessibleName(tr("Images"))
        self._delegate = ImageDelegate(self.model, self.view)
        self.view.setItemDelegate(self._delegate)
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.view.clicked.connect(self._on_current)  # the current line need not be the open one
        self.view.selectionModel().selectionChanged.connect(self._on_selection)
        self.view.menu_wanted.connect(self.show_menu)
        self.view.verticalScrollBar().valueChanged.connect(self._rest)
        self.view.viewport().installEventFilter(self)

    def _build_menu(self) -> None:
        self.menu = QMenu(self)
        self._show_action = self.menu.addAction("")
        self._copy_action = self.menu.addAction("")
        self.menu.addSeparator()
        self._bin_action = self.menu.addAction("")
        self._show_action.triggered.connect(self._on_show_in_folder)
        self._copy_action.triggered.connect(self._on_copy)
        self._bin_action.triggered.connect(self._on_bin)
        self.menu.aboutToHide.connect(self._on_menu_hidden)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(6)
        top = QVBoxLayout()
        top.setContentsMargins(10, 0, 10, 0)
        top.setSpacing(6)
        top.addWidget(self.filter_field)
        top.addWidget(self.verified)
        layout.addLayout(top)
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.footer)

    # -- showing: none of these emits an intent ------------------------------------------------------------------------

    def show_folder(self, files: Sequence[str]) -> None:
        """Show the images of a folder, paths as text, in the order given."""
        with self._quiet():
            self.model.show_files(files)
        self._current = self._delegate.open_path = None
        self._asked.clear()
        self._show_counts()
        self._rest()

    def show_files(self, files: Sequence[str]) -> None:
        """The same folder with images more or fewer: what is known of the others, and the open one, stay."""
        with self._quiet():
            self.model.replace_files(files)
        self._asked.clear()
        self._mark_current()
        self._show_counts()
        self._rest()

    def beside(self, path: Path) -> tuple[Path, ...]:
        """The shown images after and before one: where a step would lead."""
        row = self.model.row_of(path)
        found = (self.model.path(row + 1), self.model.path(row - 1)) if row >= 0 else ()
        return tuple(each for each in found if each is not None)

    def select(self, path: Path | None) -> None:
        """Mark the open image."""
        if path != self._current:
            self._expect_news()  # the one before may have stayed in the list only because it was open
        self._current = path
        self._mark_current()

    def mark_state(
        self,
        path: Path,
        parts: Sequence[tuple[Message, Role | None]],
        is_run: bool = True,
        problem: Message | None = None,
    ) -> None:
        """Say what the detector made of an image: the pieces of its line; or what is wrong with its files."""
        pieces = tuple((text(message), role) for message, role in parts)
        state = ImageState(pieces, is_run, "" if problem is None else text(problem), run_counts(parts))
        if self.model.set_state(path, state):
            self._expect_news()
            self._show_counts()

    def show_annotations(self, states: Mapping[Path, AnnotationState]) -> None:
        """Say what is known of the annotations of some images: one, or thousands at once."""
        if self.model.set_annotations(states):
            self._expect_news()
            self._show_counts()

    def set_annotation(self, path: Path, state: AnnotationState) -> None:
        """Say what is known of the annotation of one image."""
        self.show_annotations({path: state})

    def show_unsaved(self, paths: Iterable[Path]) -> None:
        """The images of which something is not saved."""
        if self.model.set_unsaved(frozenset(str(path) for path in paths)):
            self._expect_news()

    @Slot(object, QImage)
    def set_thumbnail(self, path: Path, image: QImage) -> None:
        """Take a small picture; a null one where the file cannot be read."""
        self._asked.discard(path)
        self.model.set_thumbnail(path, image)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._delegate.theme = theme
        self.filter_field.set_theme(theme)
        self.verified.set_theme(theme)
        self.view.set_row_height(scaled(ROW_HEIGHT))  # the text may be larger from now on
        self.view.viewport().update()

    # -- what a person does --------------------------------------------------------------------------------------------

    def step(self, by: int) -> bool:
        """Choose the next or previous of the shown images; False where there is none."""
        return self._choose(self.following(by))

    def following(self, by: int) -> Path | None:
        """Where a step would lead; None where there is no further image."""
        row = self.model.row_of(self._current)
        return self.model.path(row + by if row >= 0 else 0) if row + by >= 0 else None

    def step_unverified(self, by: int) -> bool:
        """Choose the next or previous of the shown images that is not known to be verified; False where there is none.

        Args:
            by: 1 or -1.
        """
        return self._choose(self.following_unverified(by))

    def following_unverified(self, by: int) -> Path | None:
        """Where such a step would lead; None where all further images are verified."""
        row, model = self.model.row_of(self._current), self.model
        rows = range(row + 1, model.rowCount()) if by > 0 or row < 0 else range(row - 1, -1, -1)
        return model.path(next((each for each in rows if not model.is_verified(each)), -1))

    def go_to(self, wanted: str) -> bool:
        """Choose by the number that ends a name, by place (from 1) or by a piece of a name; False where there is none.

        A number with zeros before it is as it stands in a name.
        """
        wanted = wanted.strip()
        rows: list[int] = []
        if wanted.isdecimal() and len(wanted) < 10:
            place = int(wanted) - 1
            places = [place] if 0 <= place < self.model.rowCount() else []
            pieces = [self.model.row_with(wanted)] if wanted.startswith("0") else []
            rows = [self.model.row_numbered(wanted), *pieces, *places]
        row = next((row for row in rows if row >= 0), -1)
        return bool(wanted) and self._choose(self.model.path(row if row >= 0 else self.model.row_with(wanted)))

    def selected_paths(self) -> list[Path]:
        """The images that are selected, from the top down."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedRows())
        return [path for path in map(self.model.path, rows) if path is not None]

    @Slot(QPoint)
    def show_menu(self, place: QPoint) -> None:
        """Open the menu of what is selected."""
        paths = self._menu_for = self.selected_paths()
        if not paths:
            return
        self._show_action.setText(text(say("images.menu.show")))
        self._copy_action.setText(text(counted("images.menu.copy", len(paths))))
        self._bin_action.setText(text(counted("images.menu.bin", len(paths))))
        self.menu.popup(place)

    def _choose(self, path: Path | None) -> bool:
        if path is None:
            return False
        self.select(path)
        self.image_chosen.emit(path)
        return True

    def _mark_current(self, scroll: bool = True) -> None:
        row = self.model.row_of(self._current)
        self._delegate.open_path = self._current
        with self._quiet():
            if row < 0:
                self.view.clearSelection()
                self.view.setCurrentIndex(QModelIndex())
            elif row != self.view.currentIndex().row() or self._num_selected != 1:
                index, flags = self.model.index(row), QItemSelectionModel.SelectionFlag.ClearAndSelect
                self.view.selectionModel().setCurrentIndex(index, flags)
                if scroll:
                    self.view.scrollTo(index)
        self.view.viewport().update()

    # -- counts --------------------------------------------------------------------------------------------------------

    def _show_counts(self) -> None:
        model = self.model
        total, shown = model.total, model.rowCount()
        self.view.setVisible(shown > 0)
        self.empty.setVisible(shown == 0)
        self.empty.setText(text(why_empty(model)))
        self.verified.setVisible(model.num_scanned > 0)
        self.verified.show_counts(model.num_verified, model.num_scanned, total)
        self.footer.setText(text(how_many(model, self._num_selected)) if total else "")
        self.footer.setVisible(total > 0)

    @property
    def _num_selected(self) -> int:
        parts = cast("list[QItemSelectionRange]", self.view.selectionModel().selection())
        return sum(part.height() for part in parts)

    # -- what becomes known --------------------------------------------------------------------------------------------

    def _expect_news(self) -> None:
        if not self._news.isActive():
            self._news.start()

    @Slot()
    def _on_news(self) -> None:
        """More is known: the list follows its filter, but the open image stays, and nothing moves before one's eyes."""
        if self.model.filter.is_of_names or self._num_selected > 1:  # not while somebody is picking
            return
        began = perf_counter()
        anchor = self._anchor()
        before = self._top_of(anchor)
        with self._quiet():
            has_changed = self.model.pass_again(self._current)
        if has_changed:
            self._mark_current(scroll=False)
            if self.model.row_of(anchor) >= 0:
                bar = self.view.verticalScrollBar()
                bar.setValue(bar.value() + self._top_of(anchor) - before)
            self._rest()
        self._show_counts()
        # In a large folder it takes a tenth of the time at most, however much there is to tell.
        self._news.setInterval(max(_NEWS_MS, round(10_000 * (perf_counter() - began))))

    def _anchor(self) -> Path | None:
        """What is to stay at its place: the open image if it is in view, else the uppermost that is."""
        row, port = self.model.row_of(self._current), self.view.viewport().rect()
        if row >= 0 and port.intersects(self.view.visualRect(self.model.index(row))):
            return self._current
        return self.model.path(self.view.indexAt(QPoint(4, 4)).row())

    def _top_of(self, path: Path | None) -> int:
        return self.view.visualRect(self.model.index(max(self.model.row_of(path), 0))).top()

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """What happens to the selection meanwhile is nobody's wish."""
        self.view.selectionModel().blockSignals(True)
        try:
            yield
        finally:
            self.view.selectionModel().blockSignals(False)

    @Slot()
    def _rest(self) -> None:
        self._rested.start()

    @Slot()
    def _ask_for_thumbnails(self) -> None:
        if not self.view.isVisible() or not self.model.rowCount():
            return
        port = self.view.viewport().rect()
        first = self.view.indexAt(port.topLeft()).row()
        last = self.view.indexAt(port.bottomLeft()).row()
        rows = range(max(first, 0), (last if last >= 0 else self.model.rowCount() - 1) + 1)
        wanted = [path for path in self.model.without_thumbnail(rows) if path not in self._asked]
        # Forget what scrolled by: should it come into view again, it is asked for again.
        self._asked = set(wanted) | (self._asked & set(self.model.without_thumbnail(rows)))
        if wanted:
            self.thumbnails_wanted.emit(wanted)

    # -- slots ---------------------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_filter(self, wanted: ImageFilter) -> None:
        with self._quiet():
            self.model.set_filter(wanted)
        self._mark_current()
        self._show_counts()
        self._rest()

    @Slot()
    def _on_search_done(self) -> None:
        if self.model.row_of(self._current) < 0:
            self._choose(self.model.path(0))
        self.view.setFocus()

    @Slot(QModelIndex)
    def _on_current(self, index: QModelIndex) -> None:
        path = index.data(PATH_ROLE)
        if self.view.opens and isinstance(path, Path) and path != self._current:
            self._choose(path)

    @Slot()
    def _on_selection(self) -> None:
        self._show_counts()
        self._expect_news()

    @Slot()
    def _on_menu_hidden(self) -> None:
        if self._num_selected <= 1:
            self._mark_current(scroll=False)

    @Slot()
    def _on_show_in_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._menu_for[0].parent)))

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(str(path) for path in self._menu_for))

    @Slot()
    def _on_bin(self) -> None:
        self.bin_wanted.emit(list(self._menu_for))

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """New lines came into view."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._rest()
        return False
