"""The bar above the picture that asks about saving: never a window in the way, never the keyboard taken.

Several questions wait in a row; the one on show stays until it is answered, so that none changes under the hand.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from app.save_questions import URGENCY, ChangedOnDisk, NotWritten, Question, SharedFile, WhereToSave, is_same
from app.scene import Message
from app.sentences import say
from app.theme import Theme, dark_theme, scaled, ui_font
from app.wording import text
from detector.messages import counted

_MARGIN, _GAP, _STRIP = 14, 8, 3
_WIDEST_BUTTON = 300


class _Answer(NamedTuple):
    """A button.

    Attributes:
        tip: "" for none.
        give: what happens.
        is_first: the one that is meant by most.
        stays: the question is not settled by it alone.
    """

    words: str
    tip: str
    give: Callable[[], None]
    is_first: bool = False
    stays: bool = False


class SaveBar(QFrame):
    """Hidden while nothing is asked.

    Signals:
        format_chosen(object, str, object): the folder of the images, "voc", "coco" or "yolo", and where to save.
        other_place_wanted(object): the `WhereToSave` for which a person wants to choose the place.
        theirs_wanted(object), mine_wanted(object), both_wanted(object): what holds for this `Path`: what another
            program wrote, what was done here, or all of it.
        retry_wanted(object), elsewhere_wanted(object): write this `Path` again, or to another place.
        image_wanted(object): a look at this image.
        restore_wanted(), discard_wanted(), list_wanted(): the changes in the journal.
        postponed(object): the `Question` that was closed without an answer.

    After other_place_wanted, elsewhere_wanted, image_wanted and list_wanted the question stays, as a person may come
    back without an answer: `withdraw` it.
    """

    format_chosen = Signal(object, str, object)
    other_place_wanted = Signal(object)
    theirs_wanted = Signal(object)
    mine_wanted = Signal(object)
    both_wanted = Signal(object)
    retry_wanted = Signal(object)
    elsewhere_wanted = Signal(object)
    image_wanted = Signal(object)
    restore_wanted = Signal()
    discard_wanted = Signal()
    list_wanted = Signal()
    postponed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("saveBar")
        self.setAccessibleName(text(say("save.bar")))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._theme = dark_theme()
        self._questions: list[Question] = []
        self._answers: dict[QPushButton, _Answer] = {}
        self._open_image: Path | None = None
        self._focus_before: QWidget | None = None
        self.told = QLabel("", self)
        self.told.setWordWrap(True)
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        self.place = QLabel("", self)
        self.place.setProperty("muted", True)
        self.place.setProperty("small", True)
        self.cross = QToolButton(self)
        self.cross.setText("✕")
        self.cross.setProperty("flat", True)
        self.cross.setToolTip(text(say("save.close")))
        self.cross.setAccessibleName(text(say("save.close")))
        # A click on it leaves the keyboard with the picture.
        self.cross.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cross.clicked.connect(self._on_closed)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus_changed)
        self.hide()

    @property
    def question(self) -> Question | None:
        """The one on show."""
        return self._questions[0] if self._questions else None

    @property
    def buttons(self) -> list[QPushButton]:
        """The answers to it, from left to right."""
        return list(self._answers)

    # -- asking: none of these emits an intent -------------------------------------------------------------------------

    def ask(self, question: Question) -> None:
        """Ask, after the question on show; of the same kind about the same file the newer one takes the place."""
        for at, other in enumerate(self._questions):
            if is_same(other, question):
                self._questions[at] = question
                if other != question:
                    self._show()
                return
        shown, waiting = self._questions[:1], [*self._questions[1:], question]
        # The sort is stable: of one kind the older one comes first.
        waiting.sort(key=lambda each: URGENCY.index(type(each)))
        self._questions = shown + waiting
        self._show()

    def withdraw(self, question: Question) -> None:
        """It has been settled elsewhere."""
        self._keep([other for other in self._questions if not is_same(other, question)])

    def withdraw_all(self, *kinds: type[Question]) -> None:
        """All questions of these kinds have been settled elsewhere; without a kind, all there are."""
        self._keep([other for other in self._questions if kinds and not isinstance(other, kinds)])

    def settle(self, image: Path) -> None:
        """An image is none any more of those that a question about a file names."""
        self._keep([each.without(image) if isinstance(each, ChangedOnDisk) else each for each in self._questions])

    def _keep(self, questions: list[Question]) -> None:
        if questions != self._questions:
            self._questions = questions
            self._show()

    def set_open_image(self, path: Path | None) -> None:
        """The image that is on show: nobody needs to be led there."""
        before, self._open_image = self._open_image, path
        question = self.question
        if isinstance(question, ChangedOnDisk | SharedFile) and {before, path} & {*question.images}:
            self._show()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours and the size of the text."""
        self._theme = theme
        self._fit()
        self.update()

    def _show(self) -> None:
        question, had_focus = self.question, self._has_focus()
        for button in self._answers:
            button.hide()
            button.deleteLater()
        self._answers = {}
        if question is None:
            self.hide()
            if had_focus:
                self._give_focus_back()
            return
        told = text(_told(question))
        self.told.setText(told)
        for answer in self._answers_to(question):
            self._answers[self._button(answer)] = answer
        waiting = len(self._questions)
        self.place.setText(text(say("save.place", k=1, n=waiting)) if waiting > 1 else "")
        previous: QWidget = self
        for widget in (*self._answers, self.cross):
            QWidget.setTabOrder(previous, widget)
            previous = widget
        self.setAccessibleDescription(told)
        self._fit()
        self.show()
        self.update()
        if had_focus:  # somebody answers one after the other from the keyboard
            self.buttons[0].setFocus()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, told))

    def _button(self, answer: _Answer) -> QPushButton:
        button = QPushButton(answer.words.replace("&", "&&"), self)
        button.setToolTip(answer.tip)
        button.setAccessibleName(f"{answer.words}. {answer.tip}" if answer.tip else answer.words)
        button.setProperty("primary", answer.is_first)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(self._on_answered)
        return button

    def _answers_to(self, question: Question) -> list[_Answer]:
        if isinstance(question, WhereToSave):
            return self._places(question)
        if isinstance(question, ChangedOnDisk):
            kind = question.kind
            both = _answer(f"save.{kind}.both", lambda: self.both_wanted.emit(question.path), tip=True)
            return [
                _answer(f"save.{kind}.theirs", lambda: self.theirs_wanted.emit(question.path), tip=True),
                _answer(f"save.{kind}.mine", lambda: self.mine_wanted.emit(question.path), tip=True),
                *([both] if question.is_other else []),
                *self._way_to(question.images),
            ]
        if isinstance(question, SharedFile):
            elsewhere = _answer("save.failed.elsewhere", lambda: self.elsewhere_wanted.emit(question.path), stays=True)
            return [elsewhere, *self._way_to(question.images)]
        if isinstance(question, NotWritten):
            return [
                _answer("save.failed.again", lambda: self.retry_wanted.emit(question.path), is_first=True),
                _answer("save.failed.elsewhere", lambda: self.elsewhere_wanted.emit(question.path), stays=True),
            ]
        return [
            _answer("save.recovery.restore", self.restore_wanted.emit, tip=True, is_first=True),
            _answer("save.recovery.discard", self.discard_wanted.emit, tip=True),
            _answer("save.recovery.show", self.list_wanted.emit, tip=True, stays=True),
        ]

    def _way_to(self, images: tuple[Path, ...]) -> list[_Answer]:
        """To the first of them, where none is on show."""
        if not images or self._open_image in images:
            return []
        return [_answer("save.image.show", lambda: self.image_wanted.emit(images[0]), tip=True, stays=True)]

    def _places(self, question: WhereToSave) -> list[_Answer]:
        def chosen(name: str, path: Path) -> Callable[[], None]:
            return lambda: self.format_chosen.emit(question.folder, name, path)

        made = [
            _Answer(
                text(say("save.option", format=say(f"save.format.{name}"), place=_short(path, question.folder))),
                text(say("save.where.tip", place=str(path))),
                chosen(name, path),
            )
            for name, path in question.places
        ]
        other = _answer("save.other", lambda: self.other_place_wanted.emit(question), stays=True)
        return [*made, other, _answer("save.later", lambda: self.postponed.emit(question), tip=True)]

    # -- what a person does --------------------------------------------------------------------------------------------

    @Slot()
    def _on_answered(self) -> None:
        button = self.sender()
        answer = self._answers.get(button) if isinstance(button, QPushButton) else None
        question = self.question
        if answer is None or question is None:
            return
        if not answer.stays:
            self.withdraw(question)
        answer.give()

    @Slot()
    def _on_closed(self) -> None:
        question = self.question
        if question is not None:
            self.withdraw(question)
            self.postponed.emit(question)

    def event(self, event: QEvent) -> bool:
        """Esc within the bar closes it, and is no shortcut of the window then."""
        is_key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride
        if isinstance(event, QKeyEvent) and is_key and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self._on_closed()
        else:
            super().keyPressEvent(event)

    def _has_focus(self) -> bool:
        focus = QApplication.focusWidget()
        return focus is not None and self.isAncestorOf(focus)

    @Slot(QWidget, QWidget)
    def _on_focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        if new is not None and self.isAncestorOf(new) and (old is None or not self.isAncestorOf(old)):
            self._focus_before = old

    def _give_focus_back(self) -> None:
        """The keyboard goes where it was before somebody walked into the bar."""
        before, self._focus_before = self._focus_before, None
        if before is not None and before.isVisible():
            before.setFocus()

    # -- looks ---------------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other things may fit side by side."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(480, self.minimumHeight())

    def _fit(self) -> None:
        """All in one line; where that is too narrow the answers below the question, in as many lines as they need."""
        if self.question is None:
            return
        margin, gap = scaled(_MARGIN), scaled(_GAP)
        self.told.setFont(ui_font())
        for widget in (self.cross, self.place):
            widget.ensurePolished()
        cross = self.cross.sizeHint()
        place = self.place.sizeHint() if self.place.text() else QSize()
        end = max(self.width() - margin // 2 - cross.width(), margin)
        words_end = end - (place.width() + gap if self.place.text() else 0)
        for button, answer in self._answers.items():
            self._shorten(button, answer.words, min(self.width() - 2 * margin, scaled(_WIDEST_BUTTON)))
        sizes = [button.sizeHint() for button in self._answers]
        words = QFontMetrics(self.told.font()).horizontalAdvance(self.told.text()) + 4
        line = max([cross.height(), *(size.height() for size in sizes)])
        pad = scaled(6)
        together = margin + words + sum(size.width() + gap for size in sizes) + gap <= words_end
        if together:
            self.told.setGeometry(margin, pad, words, line)
            x, y = margin + words + 2 * gap, pad
        else:
            room = max(words_end - margin - gap, 40)
            height = max(self.told.heightForWidth(room), line)
            self.told.setGeometry(margin, pad, room, height)
            x, y = margin, pad + height + gap // 2
        for button, size in zip(self._answers, sizes, strict=True):
            if not together and x > margin and x + size.width() > self.width() - margin:
                x, y = margin, y + line + gap // 2
            button.setGeometry(QRect(x, y + (line - size.height()) // 2, size.width(), size.height()))
            button.show()
            x += size.width() + gap
        self.cross.setGeometry(end, pad + (line - cross.height()) // 2, cross.width(), cross.height())
        self.place.setGeometry(words_end, pad, place.width(), line)
        self.setFixedHeight(y + line + pad + 1)

    def _shorten(self, button: QPushButton, words: str, most: int) -> None:
        """Paths may be long: in the middle, as the beginning says the format and the end the folder."""
        button.setText(words.replace("&", "&&"))
        spare = button.sizeHint().width() - most
        if spare > 0:
            metrics = button.fontMetrics()
            room = metrics.horizontalAdvance(words) - spare
            button.setText(metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, room).replace("&", "&&"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground, a rule below, and a strip at the left: red where something went wrong."""
        painter, theme, area = QPainter(self), self._theme, self.rect()
        painter.fillRect(area, theme.bar)
        painter.fillRect(0, area.height() - 1, area.width(), 1, theme.line)
        is_wrong = isinstance(self.question, NotWritten | ChangedOnDisk | SharedFile)
        painter.fillRect(0, 0, _STRIP, area.height(), theme.error if is_wrong else theme.accent)


def _answer(
    message_id: str, give: Callable[[], None], *, tip: bool = False, is_first: bool = False, stays: bool = False
) -> _Answer:
    return _Answer(text(say(message_id)), text(say(f"{message_id}.tip")) if tip else "", give, is_first, stays)


def _told(question: Question) -> Message:
    if isinstance(question, WhereToSave):
        return say("save.where")
    if isinstance(question, ChangedOnDisk):
        return say(f"save.{question.kind}", file=question.path.name, images=_images(question.images))
    if isinstance(question, SharedFile):
        return say("save.shared", image=question.image.name, owner=question.owner, file=question.path.name)
    if isinstance(question, NotWritten):
        return say("save.failed", file=question.path.name, reason=question.reason)
    return counted("save.recovery", question.num_images)


def _images(paths: tuple[Path, ...]) -> Message | str:
    name, others = paths[0].name if paths else "", len(paths) - 1
    if others < 1:
        return name
    return say("save.images.one" if others == 1 else "save.images", image=name, n=others)


def _short(path: Path, folder: Path) -> str:
    """A place within the folder of the images as "./Annotations", one beside it as "../labels"."""
    if path == folder:
        return "./"
    if path.parent == folder.parent:
        return f"../{path.name}"
    return f"./{path.relative_to(folder).as_posix()}" if path.is_relative_to(folder) else str(path)
