"""M rolls on: past the last missed object or false positive of an image, to the first one of the images after it.

Each image is opened in turn, and detected where it was not yet; what the list's filter lets pass ends the walk. So do
the last image, Esc, Cancel, and opening another image by hand.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot

from app.image_flow import ImageFlow
from app.jobs import Followed
from app.network_flow import NetworkFlow
from app.scene import Message
from app.scene_flow import SceneFlow
from app.sentences import say
from app.state import State
from app.window import MainWindow

TOLD_FROM = 2
"""Images: a walk to the next one needs no progress bar."""


class WalkFlow(QObject):
    """Walks from image to image until one has something to look at."""

    def __init__(
        self,
        window: MainWindow,
        state: State,
        images: ImageFlow,
        network: NetworkFlow,
        scenes: SceneFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window, self._state = window, state
        self._images, self._network, self._scenes = images, network, scenes
        self._by, self._opened = 0, 0
        self._heading: Path | None = None
        window.objects.walked_out.connect(self.walk)
        window.cancel_requested.connect(self.stop)
        window.deselected.connect(self.stop)
        images.document_changed.connect(self._on_document_changed)

    @property
    def is_under_way(self) -> bool:
        """It has not come to an end."""
        return self._by != 0

    @Slot(int)
    def walk(self, by: int) -> None:
        """On to the next image (+1) or the one before (-1); a walk that is under way goes on by itself."""
        chosen = self._window.objects.filter
        if not chosen.admits_wrong:
            self._window.status.show_message(say("walk.not_wrong", what=chosen.name))
            return
        is_moving = self._images.is_reading or self._network.is_coming or self._state.evidence is not None
        if self._by and is_moving:
            return
        self._by, self._opened = by, 0
        self._window.show_walking(True)
        self._step()

    def shown(self, followed: Followed) -> None:
        """An image is on the screen: once it is judged and nothing of it waits, look at it, or go on."""
        if not self._by or self._images.is_reading or followed.request.stale:
            return
        if followed.trace is None:
            self._see_to_detection()
            return
        if len(followed.trace.detections.waiting) and not self._state.waits_for_good:
            return
        wrong = self._window.objects.wrong_rows(followed.scene.objects)
        if not wrong:
            self._step()
            return
        by, passed = self._by, self._opened - 1
        self._end()
        if passed > 0:
            self._window.status.show_message(say("walk.passed.several" if passed > 1 else "walk.passed", n=passed))
        self._scenes.pick((wrong[0] if by > 0 else wrong[-1]).ref)

    def _see_to_detection(self) -> None:
        """At once, where it would begin by itself after a rest; where it would not, a person has to say so."""
        if not self._network.is_coming:
            self._end()
        elif not self._network.busy:
            self._network.detect()

    @Slot()
    def stop(self) -> None:
        """Stay at the image that is open."""
        if self._by:
            self._end()
            self._window.status.show_message(say("walk.stopped"))

    def _step(self) -> None:
        following = self._window.images.following(self._by)
        if following is None:
            nothing = self._nothing(self._by)
            self._end()
            self._window.status.show_message(nothing)
            return
        self._heading, self._opened = following, self._opened + 1
        self._tell()
        self._window.images.step(self._by)

    def _nothing(self, by: int) -> Message:
        """What is said at the end of the list: of the open image too where it is known to have nothing of the kind."""
        none = "none" if self._is_clear_here else "no_more"
        way = "on" if by > 0 else "back"
        if self._is_filtered:
            return say(f"walk.{none}.filtered.{way}", what=self._window.objects.filter.name)
        return say(f"walk.{none}.{way}")

    @property
    def _is_clear_here(self) -> bool:
        state = self._state
        if state.document is None or state.trace is None or state.scene is None:
            return False
        return not self._window.objects.wrong_rows(state.scene.objects)

    @property
    def _is_filtered(self) -> bool:
        return not self._window.objects.filter.is_all

    def _tell(self) -> None:
        if self._opened < TOLD_FROM:
            return
        rows, place = self._window.images.model.rowCount(), self._window.images.model.row_of(self._heading) + 1
        what = self._window.objects.filter.name
        message = "walk.looking.filtered" if self._is_filtered else "walk.looking"
        said = Message(message, {"what": what, "i": place, "n": rows})
        self._window.status.show_progress(said, place / rows if self._by > 0 else 1 - place / rows, of="walk")

    def _end(self) -> None:
        self._by, self._heading = 0, None
        self._window.show_walking(False)
        self._window.status.show_progress(None, None, of="walk")

    @Slot()
    def _on_document_changed(self) -> None:
        """The image that was headed for is there, or cannot be read; or a person has opened another one."""
        if not self._by or self._images.is_reading:
            return
        document = self._state.document
        if document is None:
            self._step()
        elif document.path != self._heading:
            self._end()
