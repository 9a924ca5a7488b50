"""Small scenes to be explained, and their explanations in words.

The object is [0, 0, 20, 20] (400 px).
"""

from app.wording import text
from detector.explanation import explain
from detector.messages import Ref
from detector.trace_reader import TraceReader
from tests.helpers.judged import AWAY, OBJECT, evidence

ALL_KEPT = {"proposals__nms_iou": 1.0}
NOBODY = [0.9, 0.1, 0.0]


def row(objectness, box, cat=0.0, refined=None, dog=0.0):
    """A proposal whose cat's and dog's boxes are one."""
    refined = box if refined is None else refined
    return objectness, box, [1 - cat - dog, cat, dog], [refined, refined]


def told(trace, ref):
    return explain(TraceReader(trace), ref)


def of_object(trace, number=0):
    return told(trace, Ref("object", number))


def said(messages):
    return " ".join(text(each) for each in messages)


BESIDE = [8, 0, 28, 20]  # with the object 12 x 20 = 240 of 560 px: 0.429
TWO_CATS = evidence([row(0.9, OBJECT, 0.9), row(0.8, BESIDE, 0.8)])
NEAR_AND_FAR = evidence([row(0.9, AWAY, 0.9), row(0.8, OBJECT, 0.8)])
LOST = [row(0.9, [50, 50, 90, 90]), row(0.8, OBJECT, 0.8)]


def notes(trace, number=0):
    return said(of_object(trace, number).notes)
