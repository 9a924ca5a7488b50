"""Every sentence and label the scene speaks in, by message id: `str.format` templates, no Qt.

`app.wording.text` fills them in. The numbers arrive as numbers; how many digits are shown is said here: IoU and scores
with three, the thresholds they met with two. Field term first; number, then the threshold it met, then who.
"""

from __future__ import annotations

from app.sentences_annotate import SENTENCES_ANNOTATE
from app.sentences_annotate_canvas import ANNOTATE_CANVAS
from app.sentences_annotate_panels import ANNOTATE_PANELS
from app.sentences_check import CHECK
from app.sentences_class_change import CLASS_CHANGE
from app.sentences_explanation import EXPLANATION
from app.sentences_images import IMAGES
from app.sentences_saving import SAVING
from app.sentences_shortcuts import SHORTCUTS
from app.sentences_window import WINDOW
from detector.messages import say as say

SENTENCES: dict[str, str] = {
    **EXPLANATION,
    **WINDOW,
    **SENTENCES_ANNOTATE,
    **ANNOTATE_CANVAS,
    **ANNOTATE_PANELS,
    **CLASS_CHANGE,
    **SAVING,
    **IMAGES,
    **SHORTCUTS,
    **CHECK,
}
"""All of them: those of an explanation, of the window around it, of Annotate and its panels, of saving and of lists."""
