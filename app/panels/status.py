"""The line at the bottom: where the cursor is in three pixel spaces, what took how long, messages, progress."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from app.key_tips import set_key_tip
from app.panels.elided_label import ElidedLabel
from app.scene import Message, Scene, Space
from app.theme import SMALL_PX, Theme, scaled, ui_font
from app.translation import tr
from app.wording import text

_HEIGHT = 28

_TASKS = ("walk", "reading", "network", "saving", "count")
"""Work that is told of, the widest first."""

_FILES = ("reading", "saving")
"""A file that is read or written cannot be cancelled."""


class StatusArea(QWidget):
    """Cursor, counts, message and progress.

    Attributes:
        shown: the message on show.

    Signals:
        cancel_requested(): stop what runs.
        offer_taken(str): do what the button beside the message offers, by the offer's message id.
    """

    cancel_requested = Signal()
    offer_taken = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusArea")
        self.shown: Message | None = None
        self._offered = ""
        self._tasks: dict[str, tuple[Message, float | None]] = {}
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        # No message may make the window wider.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        # Fixed widths: the fields must not push each other about while the cursor moves.
        self._widths: dict[QLabel, int] = {}
        self.image_place = self._field(118, tr("Cursor, image pixels"))
        self.network_place = self._field(142, tr("Cursor, network pixels"))
        self.cell_place = self._field(104, tr("Cell under the cursor"))
        self.anchors = self._field(0, tr("Number of anchors"))
        self.milliseconds = self._field(0, tr("Time of the network for this image"))
        self.message = ElidedLabel(parent=self)
        self.message.setProperty("small", True)
        self.message.setAccessibleName(tr("Message"))
        self.message.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.task = ElidedLabel(parent=self)
        self.task.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.task.setProperty("small", True)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(110, 8)
        self.bar.setAccessibleName(tr("Progress"))
        self.offer = self._button("")
        self.offer.setProperty("flat", False)  # it must be seen that something can be done
        self.offer.hide()
        self.offer.clicked.connect(self._on_offer)
        self.cancel = self._button(tr("Cancel"))
        set_key_tip(self.cancel, tr("Cancel ({key[cancel]})"))
        self.cancel.setAccessibleName(tr("Cancel"))
        self.cancel.clicked.connect(self.cancel_requested)
        self._lay_out()
        self.show_progress(None, None)
        self._take_text_size()

    def show_cursor(self, space: Space | None, x: float | None, y: float | None) -> None:
        """The place under the cursor: image px, network px, cell; nothing while the cursor is elsewhere."""
        if space is None or x is None or y is None:
            for field in (self.image_place, self.network_place, self.cell_place):
                field.clear()
            return
        network, cell = space.network(x, y), space.cell(x, y)
        self.image_place.setText(f"x {x:.1f}  y {y:.1f} px")
        self.network_place.setText(
            "" if network is None else tr("network {x:.1f}, {y:.1f}").format(x=network[0], y=network[1])
        )
        self.cell_place.setText("" if cell is None else tr("cell x {x}, y {y}").format(x=cell[0], y=cell[1]))

    def show_scene(self, scene: Scene) -> None:
        """Counts and time."""
        self.anchors.setText("" if scene.num_anchors is None else tr("{n:,} anchors").format(n=scene.num_anchors))
        self.milliseconds.setText(
            "" if scene.milliseconds is None else tr("network {ms:,.0f} ms").format(ms=scene.milliseconds)
        )
        self._make_room()

    def show_message(self, message: Message | None, error: bool = False, offer: Message | None = None) -> None:
        """One sentence, with a button for what can be done about it; None clears both."""
        self.shown, self._offered = message, "" if offer is None else offer.id
        self.offer.setText("" if offer is None else text(offer))
        self.offer.setVisible(offer is not None)
        sentence = "" if message is None else text(message)
        self.message.setText(sentence)
        self.message.setToolTip(sentence)
        if self.message.property("error") != error:
            self.message.setProperty("error", error)
            self.message.style().polish(self.message)
        self._make_room()

    @Slot()
    def _on_offer(self) -> None:
        taken = self._offered
        self.show_message(None)
        self.offer_taken.emit(taken)

    @property
    def is_error(self) -> bool:
        """The message on show is about something that went wrong."""
        return self.shown is not None and bool(self.message.property("error"))

    def show_progress(self, message: Message | None, fraction: float | None, of: str = "network") -> None:
        """What runs and how far it is; without a fraction it is unknown how far; None: nothing runs.

        Args:
            of: whose work it is; the first of `_TASKS` that is at work is shown.
        """
        if message is None:
            self._tasks.pop(of, None)
        else:
            self._tasks[of] = (message, fraction)
        shown = next((task for task in _TASKS if task in self._tasks), _TASKS[-1])
        message, fraction = self._tasks.get(shown, (None, None))
        for widget in (self.task, self.bar):
            widget.setVisible(message is not None)
        self.cancel.setVisible(message is not None and shown not in _FILES)
        self._make_room()
        if message is None:
            return
        self.task.setText(text(message))
        self.bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self.bar.setValue(round(1000 * min(max(fraction, 0.0), 1.0)))

    def set_theme(self, theme: Theme) -> None:
        """Take the size of the text; the colours come with the style sheet."""
        self._take_text_size()

    def _take_text_size(self) -> None:
        self.setFixedHeight(scaled(_HEIGHT))
        for field, width in self._widths.items():
            field.setFont(ui_font(SMALL_PX))
            if width:
                field.setFixedWidth(scaled(width))
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A long message takes the room of what can be spared."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Hide the fields on the left, the least wanted first, until message and task have the room they need."""
        fields = (self.image_place, self.anchors, self.milliseconds, self.network_place, self.cell_place)
        spacing = self._row.spacing()
        tail = [each for each in (self.offer, self.task, self.bar, self.cancel) if not each.isHidden()]
        margins = self._row.contentsMargins()
        room = self.width() - margins.left() - margins.right() - self.message.words_width() - spacing
        room -= sum(each.sizeHint().width() + spacing for each in tail)
        for field in fields:
            room -= (field.sizeHint().width() if field.minimumWidth() == 0 else field.minimumWidth()) + spacing
            field.setVisible(room >= 0)

    def _button(self, words: str) -> QPushButton:
        button = QPushButton(words, self)
        button.setProperty("flat", True)
        button.setProperty("small", True)
        return button

    def _field(self, width: int, name: str) -> QLabel:
        label = QLabel("", self)
        label.setProperty("muted", True)
        label.setProperty("small", True)
        label.setAccessibleName(name)
        label.setToolTip(name)
        self._widths[label] = width
        return label

    def _lay_out(self) -> None:
        layout = self._row = QHBoxLayout(self)
        layout.setContentsMargins(14, 0, 10, 0)
        layout.setSpacing(16)
        # What comes and goes with the cursor stands last: without it there is no hole.
        for widget in (self.anchors, self.milliseconds, self.image_place, self.network_place, self.cell_place):
            layout.addWidget(widget)
        layout.addWidget(self.message, 1)
        layout.addWidget(self.offer)
        layout.addWidget(self.task)
        layout.addWidget(self.bar)
        layout.addWidget(self.cancel)
