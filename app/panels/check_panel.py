"""What is wrong with the annotations of the folder: kinds with their counts, and the findings of the chosen kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QLabel,
    QListView,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.check_words import line_of
from app.panels.plain_list import MARGIN, NO_INDEX, Index, LineDelegate, dress_list
from app.scene import Message
from app.sentences import say
from app.theme import BASE_PX, SMALL_PX, Theme, scaled, ui_font
from app.wording import text
from detector.datasets.check import Finding, has_fix
from detector.datasets.check_kinds import TOGETHER, Kind

_SIZE, _LEAST = QSize(560, 560), QSize(340, 300)
_MOST_KINDS = 6
_LINE = 24
_LEFT = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextSingleLine)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.AlignmentFlag.AlignRight)
_FILE_SHARE = 0.4
"""Of a line, at most, for the name of the file."""


class _Lines(QAbstractListModel):
    """Lines of two texts: what, and beside it where or how often."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.findings: Sequence[Finding] = ()

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Take other findings."""
        self.beginResetModel()
        self.findings = findings
        self.endResetModel()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Findings shown."""
        return 0 if parent.isValid() else len(self.findings)

    def words(self, row: int) -> tuple[str, str]:
        """What, and where."""
        finding = self.findings[row]
        return text(line_of(finding)), "" if finding.kind in TOGETHER else finding.path.name

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """What the view and a screen reader ask for."""
        if not index.isValid() or index.row() >= self.rowCount():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            what, where = self.words(index.row())
            return f"{where}: {what}" if where else what
        return None


class _Kinds(_Lines):
    """The kinds with their counts."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.kinds: list[tuple[Kind, int]] = []

    def show_kinds(self, kinds: list[tuple[Kind, int]]) -> None:
        """Take other counts."""
        self.beginResetModel()
        self.kinds = kinds
        self.endResetModel()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Kinds shown."""
        return 0 if parent.isValid() else len(self.kinds)

    def words(self, row: int) -> tuple[str, str]:
        """Its name, and how often it was found."""
        kind, count = self.kinds[row]
        return text(say(f"check.kind.{kind}")), f"{count:,}"


class _Delegate(LineDelegate):
    """One text on the left, the other on the right; the left one has the room."""

    def __init__(self, model: _Lines, view: QListView) -> None:
        super().__init__(view)
        self._model = model

    def paint_line(self, painter: QPainter, area: QRectF, index: Index) -> None:
        """Draw what the line says."""
        if index.row() >= self._model.rowCount():
            return
        what, where = self._model.words(index.row())
        painter.setFont(ui_font(SMALL_PX))
        metrics = painter.fontMetrics()
        where = metrics.elidedText(where, Qt.TextElideMode.ElideMiddle, int(area.width() * _FILE_SHARE))
        painter.setPen(self.theme.muted)
        painter.drawText(area, _RIGHT, where)
        words = area.adjusted(0, 0, -(metrics.horizontalAdvance(where) + MARGIN if where else 0), 0)
        painter.setFont(ui_font(BASE_PX))
        painter.setPen(self.theme.text)
        shown = painter.fontMetrics().elidedText(what, Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(words, _LEFT, shown)


class CheckPanel(QDialog):
    """Stays open beside the picture; the caller checks and fixes.

    Signals:
        check_wanted(), stop_wanted(): begin anew; leave what runs.
        finding_chosen(object): a `Finding` to be looked at.
        fix_wanted(object): this `Finding` only.
        fix_all_wanted(str): all of this kind.
    """

    check_wanted = Signal()
    stop_wanted = Signal()
    finding_chosen = Signal(object)
    fix_wanted = Signal(object)
    fix_all_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(text(say("check.title")))
        self.setModal(False)
        self._found: Mapping[Kind, Sequence[Finding]] = {}
        self._is_running, self._is_open = False, False
        self.told, self.note, self.fix_text = (QLabel("", self) for _ in range(3))
        for label in (self.told, self.note, self.fix_text):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.told.setObjectName("panelTitle")
        self.note.setProperty("muted", True)
        self.note.setProperty("small", True)
        self.kinds_model, self.model = _Kinds(self), _Lines(self)
        self.kinds, self.view = QListView(self), QListView(self)
        self._delegates = [
            self._dressed(self.kinds, self.kinds_model, "check.kinds"),
            self._dressed(self.view, self.model, "check.list"),
        ]
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(text(say("check.title")))
        self.again, self.fix, self.fix_all = (QPushButton(self) for _ in range(3))
        for button in (self.again, self.fix, self.fix_all):
            button.setAutoDefault(False)
        self.fix.setText(text(say("check.fix.name")))
        self._lay_out()
        # Keyboard and mouse both move the current line.
        self.kinds.selectionModel().currentChanged.connect(self._on_kind)
        self.view.selectionModel().currentChanged.connect(self._on_finding)
        self.view.clicked.connect(self._on_clicked)
        self.again.clicked.connect(self._on_again)
        self.fix.clicked.connect(self._on_fix)
        self.fix_all.clicked.connect(self._on_fix_all)
        self._show_buttons()

    def _dressed(self, view: QListView, model: _Lines, name: str) -> _Delegate:
        dress_list(view, text(say(name)))
        view.setModel(model)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        delegate = _Delegate(model, view)
        view.setItemDelegate(delegate)
        return delegate

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.again)
        buttons.addStretch(1)
        buttons.addWidget(self.fix)
        buttons.addWidget(self.fix_all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(8)
        layout.addWidget(self.told)
        layout.addWidget(self.note)
        layout.addWidget(self.progress)
        layout.addWidget(self.kinds)
        layout.addWidget(self.view, 1)
        layout.addStretch()
        layout.addWidget(self.fix_text)
        layout.addLayout(buttons)
        self.setMinimumSize(scaled(_LEAST.width()), scaled(_LEAST.height()))
        self.resize(scaled(_SIZE.width()), scaled(_SIZE.height()))

    # -- showing: none of these emits an intent ------------------------------------------------------------------------

    def show_findings(self, found: Mapping[Kind, Sequence[Finding]], told: Message, note: Message | None) -> None:
        """What was found; the chosen kind stays chosen, and the list where it is."""
        kind, place = self.kind, self.view.verticalScrollBar().value()
        self._found = found
        self.told.setText(text(told))
        self.note.setText("" if note is None else text(note))
        self.note.setVisible(note is not None)
        self.kinds_model.show_kinds([(each, _count(some)) for each, some in found.items()])
        names = list(found)
        row = names.index(kind) if kind in names else 0
        self._go_to(self.kinds, self.kinds_model.index(row) if names else NO_INDEX)
        self._show_kind()
        if kind in names:
            self.view.verticalScrollBar().setValue(place)
        lines = min(len(names), _MOST_KINDS)
        self.kinds.setFixedHeight(lines * scaled(_LINE) + 2)
        for view in (self.kinds, self.view):
            view.setVisible(bool(names))
        if names and self.again.hasFocus():
            self.kinds.setFocus()
        self._show_buttons()

    def show_progress(self, message: Message | None, done: int = 0, of: int = 0) -> None:
        """How far it has come; None: nothing runs."""
        self._is_running = message is not None
        if message is not None:
            self.told.setText(text(message))
            self.progress.setRange(0, max(of, 1))
            self.progress.setValue(done)
        self._show_buttons()

    def show_told(self, message: Message) -> None:
        """One sentence above the lists."""
        self.told.setText(text(message))

    def show_open(self, is_open: bool) -> None:
        """Whether ground truth may be changed."""
        self._is_open = is_open
        self._show_buttons()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        for delegate in self._delegates:
            delegate.theme = theme
        field, line = theme.field.name(), theme.line.name()
        for view in (self.kinds, self.view):
            view.setStyleSheet(f"QListView {{ background: {field}; border: 1px solid {line}; border-radius: 5px; }}")

    @property
    def kind(self) -> Kind | None:
        """The chosen one."""
        row = self.kinds.currentIndex().row()
        return self.kinds_model.kinds[row][0] if 0 <= row < len(self.kinds_model.kinds) else None

    @property
    def finding(self) -> Finding | None:
        """The chosen one."""
        row = self.view.currentIndex().row()
        return self.model.findings[row] if 0 <= row < len(self.model.findings) else None

    def _go_to(self, view: QListView, index: QModelIndex) -> None:
        selection = view.selectionModel()
        selection.blockSignals(True)
        view.setCurrentIndex(index)
        selection.blockSignals(False)

    def _show_kind(self) -> None:
        kind = self.kind
        self.model.show_findings(() if kind is None else self._found[kind])
        self._go_to(self.view, NO_INDEX)

    def _show_buttons(self) -> None:
        kind, finding = self.kind, self.finding
        some = () if kind is None else self._found[kind]
        fixable = sum(has_fix(each) for each in some)
        together = kind in TOGETHER
        can = self._is_open and not self._is_running
        self.fix.setVisible(not together and fixable > 0)
        self.fix.setEnabled(can and finding is not None and has_fix(finding))
        self.fix_all.setVisible(fixable > 0)
        self.fix_all.setEnabled(can)
        name = say("check.fix_images") if together else say("check.fix_all", n=fixable)
        self.fix_all.setText(text(name))
        self.fix_all.setProperty("primary", can)
        self.fix_all.style().unpolish(self.fix_all)
        self.fix_all.style().polish(self.fix_all)
        self.again.setText(text(say("check.stop" if self._is_running else "check.again")))
        self.progress.setVisible(self._is_running)
        words = [] if kind is None else [text(say("check.fix", fix=say(f"check.fix.{kind}")))]
        if together:
            words.append(text(say("check.together")))
        if fixable and not self._is_open:
            words.append(text(say("check.locked")))
        self.fix_text.setText(" ".join(words))
        self.fix_text.setVisible(bool(words))

    # -- what a person does --------------------------------------------------------------------------------------------

    @Slot()
    def _on_kind(self) -> None:
        self._show_kind()
        self._show_buttons()

    @Slot()
    def _on_finding(self) -> None:
        self._show_buttons()
        finding = self.finding
        if finding is not None:
            self.finding_chosen.emit(finding)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        """Once more on the line that is chosen: back to it."""
        finding = self.finding
        if finding is not None:
            self.finding_chosen.emit(finding)

    @Slot()
    def _on_again(self) -> None:
        (self.stop_wanted if self._is_running else self.check_wanted).emit()

    @Slot()
    def _on_fix(self) -> None:
        finding = self.finding
        if finding is not None and self.fix.isEnabled():
            self.fix_wanted.emit(finding)

    @Slot()
    def _on_fix_all(self) -> None:
        kind = self.kind
        if kind is not None and self.fix_all.isEnabled():
            self.fix_all_wanted.emit(kind)

    def reject(self) -> None:
        """Esc or the cross: leave what runs, and close."""
        if self._is_running:
            self.stop_wanted.emit()
        super().reject()


def _count(some: Sequence[Finding]) -> int:
    """Findings, or images of what was found of all together."""
    return len(some[0].images) if some[0].kind in TOGETHER else len(some)
