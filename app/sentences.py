"""Every sentence and label the scene speaks in, by message id: `str.format` templates, no Qt.

`app.wording.text` fills them in. The numbers arrive as numbers; how many digits are shown is said here: IoU and scores
with three, the thresholds they met with two. Field term first; number, then the threshold it met, then who.
"""

from __future__ import annotations

from app.sentences_explanation import EXPLANATION
from app.sentences_images import IMAGES
from app.sentences_window import WINDOW
from detector.messages import say as say

SENTENCES: dict[str, str] = {**EXPLANATION, **WINDOW, **IMAGES}
"""All of them: those of an explanation, and those of the window around it."""
