"""Asks before a class is renamed, merged or deleted in the whole dataset, and shows which files that changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.class_change import Change, ClassUse, FileCount, becomes, question
from app.class_choices import clean
from app.panels.plain_list import MARGIN, NO_INDEX, Index, LineDelegate, dress_list
from app.sentences import say
from app.theme import BASE_PX, SMALL_PX, Theme, scaled, ui_font
from app.wording import text
from detector.messages import counted

_SIZE, _LEAST = QSize(440, 400), QSize(300, 260)
_LEFT = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextSingleLine)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.AlignmentFlag.AlignRight)


class _FileModel(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.files: tuple[FileCount, ...] = ()

    def show_files(self, files: tuple[FileCount, ...]) -> None:
        """Take the files; while they are being counted their list only grows."""
        if files[: len(self.files)] == self.files and len(files) > len(self.files):
            self.beginInsertRows(NO_INDEX, len(self.files), len(files) - 1)
            self.files = files
            self.endInsertRows()
        elif files != self.files:
            self.beginResetModel()
            self.files = files
            self.endResetModel()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Files shown."""
        return 0 if parent.isValid() else len(self.files)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """What the view and a screen reader ask for."""
        if not index.isValid() or index.row() >= len(self.files):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            file = self.files[index.row()]
            return text(say("change.files.line", file=file.name, boxes=counted("change.boxes", file.num_boxes)))
        return None


class _FileDelegate(LineDelegate):
    """Name on the left, boxes on the right."""

    def __init__(self, model: _FileModel, view: QListView) -> None:
        super().__init__(view)
        self._model = model

    def paint_line(self, painter: QPainter, area: QRectF, index: Index) -> None:
        """Draw what the line says."""
        if index.row() >= len(self._model.files):
            return
        file = self._model.files[index.row()]
        painter.setFont(ui_font(SMALL_PX))
        painter.setPen(self.theme.muted)
        boxes = text(counted("change.boxes", file.num_boxes))
        painter.drawText(area, _RIGHT, boxes)
        words = area.adjusted(0, 0, -painter.fontMetrics().horizontalAdvance(boxes) - MARGIN, 0)
        painter.setFont(ui_font(BASE_PX))
        painter.setPen(self.theme.text)
        shown = painter.fontMetrics().elidedText(file.name, Qt.TextElideMode.ElideMiddle, int(words.width()))
        painter.drawText(words, _LEFT, shown)


class ClassChangeDialog(QDialog):
    """What changes, where, and how far it has come; the caller counts and changes.

    Signals:
        confirmed(str, str): "rename", "merge" or "delete", and the name it becomes, "" for delete. A renaming to a
            class that is there already is a merge.
        stopped(): a person does not want it any more, while it was being counted or changed.
    """

    confirmed = Signal(str, str)
    stopped = Signal()

    def __init__(self, change: Change, name: str, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._change, self._name, self._names = change, name, tuple(names)
        self._use = ClassUse(of=1)
        self._is_running = False
        self.setWindowTitle(text(say(f"change.{change}.title")))
        self.told, self.note, self.files_title, self.state = (QLabel("", self) for _ in range(4))
        for label in (self.told, self.note):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.told.setObjectName("panelTitle")
        for label in (self.note, self.state):
            label.setProperty("muted", True)
            label.setProperty("small", True)
        self.new_field, self.target = QLineEdit(self), QComboBox(self)
        self._build_into()
        self.model = _FileModel(self)
        self.view = QListView(self)
        dress_list(self.view, text(say("change.files")))
        self.view.setModel(self.model)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self._delegate = _FileDelegate(self.model, self.view)
        self.view.setItemDelegate(self._delegate)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(text(say("change.progress")))
        self.do_button, self.cancel_button = QPushButton(self), QPushButton(text(say("change.cancel")), self)
        self.do_button.clicked.connect(self._on_do)
        self.cancel_button.clicked.connect(self.reject)
        # What takes boxes away is not done by a stray Enter.
        first = self.cancel_button if change == "delete" else self.do_button
        first.setDefault(True)
        self.do_button.setAutoDefault(change != "delete")
        self._lay_out()
        self._show()

    def _build_into(self) -> None:
        self.new_field.setText(self._name)
        self.new_field.selectAll()
        self.new_field.setAccessibleName(text(say("change.new_name")))
        self.new_field.textChanged.connect(self._show)
        self.target.addItems([name for name in self._names if name != self._name])
        self.target.setAccessibleName(text(say("change.target")))
        self.target.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.target.currentIndexChanged.connect(self._show)
        self.new_field.setVisible(self._change == "rename")
        self.target.setVisible(self._change == "merge")

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(10)
        if self._change == "rename":
            form.addRow(text(say("change.new_name")), self.new_field)
        elif self._change == "merge":
            form.addRow(text(say("change.target")), self.target)
        buttons = QHBoxLayout()
        buttons.addWidget(self.state, 1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.do_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(8)
        layout.addWidget(self.told)
        layout.addLayout(form)
        layout.addWidget(self.note)
        layout.addWidget(self.files_title)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.progress)
        layout.addLayout(buttons)
        self.setMinimumSize(scaled(_LEAST.width()), scaled(_LEAST.height()))
        self.resize(scaled(_SIZE.width()), scaled(_SIZE.height()))

    # -- showing: none of these emits an intent ------------------------------------------------------------------------

    def show_use(self, use: ClassUse) -> None:
        """Where the class is used, as far as it has been counted."""
        self._use = use
        self.model.show_files(use.files)
        self._show()

    def show_progress(self, done: int, of: int) -> None:
        """The change is being made; so many files are done."""
        self._is_running = True
        self.progress.setRange(0, max(of, 1))
        self.progress.setValue(done)
        self.state.setText(text(say("change.running", done=done, of=of)))
        self._show()

    def finish(self) -> None:
        """The change has been made, or undone after it was stopped: close."""
        self._is_running = False
        self.accept()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._delegate.theme = theme
        field, line = theme.field.name(), theme.line.name()
        self.view.setStyleSheet(f"QListView {{ background: {field}; border: 1px solid {line}; border-radius: 5px; }}")

    @property
    def into(self) -> str:
        """What the class would become, "" for delete."""
        if self._change == "rename":
            return clean(self.new_field.text())
        return self.target.currentText() if self._change == "merge" else ""

    @Slot()
    def _show(self) -> None:
        use, into = self._use, self.into
        change = becomes(self._change, self._name, into, self._names)
        self.told.setText(text(question(change or self._change, self._name, into, use)))
        self.note.setText(text(say("change.undo")))
        if change is None:
            is_alone = self._change == "merge"
            self.note.setText(text(say("change.no_target") if is_alone else say("change.same", name=self._name)))
        elif change != self._change:
            self.note.setText(text(say("change.exists", into=into)))
        self.do_button.setText(text(say(f"change.{change or self._change}.do")))
        num_files = len(use.files)
        self.files_title.setText(text(say("change.files.count", n=num_files)) if num_files else "")
        self.view.setVisible(bool(num_files))
        self._show_state(use)
        is_ready = change is not None and use.is_counted and not self._is_running
        self.do_button.setEnabled(is_ready)
        # A button that cannot be pressed yet does not shine.
        self.do_button.setProperty("primary", is_ready and self._change != "delete")
        self.style().unpolish(self.do_button)
        self.style().polish(self.do_button)
        for widget in (self.new_field, self.target):
            widget.setEnabled(not self._is_running)
        self.cancel_button.setText(text(say("change.stop") if self._is_running else say("change.cancel")))

    def _show_state(self, use: ClassUse) -> None:
        if not self._is_running:
            self.state.setText("" if use.is_counted else text(say("change.counting.of", done=use.done, of=use.of)))
            self.progress.setRange(0, max(use.of, 1))
            self.progress.setValue(use.done)
        self.progress.setVisible(self._is_running or not use.is_counted)

    # -- what a person does --------------------------------------------------------------------------------------------

    @Slot()
    def _on_do(self) -> None:
        change = becomes(self._change, self._name, self.into, self._names)
        if change is not None and self.do_button.isEnabled():
            self.confirmed.emit(change, self.into)

    def reject(self) -> None:
        """Esc, the cross or Cancel: stop what is being done; what is being changed closes it when it has stopped."""
        if self._is_running:
            self.stopped.emit()
            return
        if not self._use.is_counted:
            self.stopped.emit()
        super().reject()
