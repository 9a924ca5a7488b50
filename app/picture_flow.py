"""The picture of the canvas: to the clipboard, or to a file whose suffix says what kind."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QObject, Slot
from PySide6.QtGui import QGuiApplication, QImageWriter

from app.scene import Message
from app.sentences import say
from app.state import State
from app.window import MainWindow
from detector.datasets import DatasetError
from detector.datasets.files import write_atomic

log = logging.getLogger(__name__)

SVG_TYPE = "image/svg+xml"


class PictureFlow(QObject):
    """Copies and saves what the canvas shows."""

    def __init__(self, window: MainWindow, state: State, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state = window, state
        window.picture_copy_requested.connect(self.copy)
        window.picture_path_chosen.connect(self.save)

    @Slot()
    def copy(self) -> None:
        """The canvas as it is: as pixels, and as vectors for a program that takes them."""
        if not self._has_picture():
            return
        canvas, clipboard = self._window.canvas, QGuiApplication.clipboard()
        # Qt's own QMimeData gets the vectors too: one made in Python is freed after Python has gone, and the process
        # ends with a segmentation fault.
        clipboard.setImage(canvas.render_to_image())
        clipboard.mimeData().setData(SVG_TYPE, QByteArray(canvas.render_to_svg().encode()))
        self._say(say("status.copied"))

    @Slot(object)
    def save(self, path: Path) -> None:
        """The canvas as it is with a legend, to a file."""
        if not self._has_picture():
            return
        kind = path.suffix[1:].lower() or "png"
        data = self._written(kind)
        if data is None:
            self._say(say("status.no_such_picture", kind=kind, name=path.name), error=True)
            return
        try:
            write_atomic(path, data)
        except DatasetError as error:
            log.warning("Saving a picture failed", exc_info=True)
            self._say(say("status.not_saved", why=str(error)), error=True)
        else:
            self._say(say("status.saved", path=path))

    def _written(self, kind: str) -> bytes | None:
        """The bytes of the file; None for a kind that cannot be written."""
        canvas = self._window.canvas
        if kind == "svg":
            return canvas.render_to_svg().encode()
        if kind.encode() not in [bytes(each.data()) for each in QImageWriter.supportedImageFormats()]:
            return None
        held = QBuffer()
        held.open(QBuffer.OpenModeFlag.WriteOnly)
        if not QImageWriter(held, QByteArray(kind.encode())).write(canvas.render_to_image(with_legend=True)):
            return None
        return bytes(held.data().data())

    def _has_picture(self) -> bool:
        if self._state.document is None:
            self._say(say("status.no_picture"), error=True)
        return self._state.document is not None

    def _say(self, message: Message, error: bool = False) -> None:
        self._window.status.show_message(message, error=error)
