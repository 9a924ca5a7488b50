"""What is said about a case: who spoke in it, what it waits for, where it came from. No Qt."""

from __future__ import annotations

from app.document import Document
from app.jobs import ModelReady
from app.scene import Message
from app.sentences import say
from app.wording import text
from detector.evidence import ModelInfo

_LONGEST = 40
"""Characters of a model's name: a file may hold anything."""


def speaker_name(model: ModelInfo) -> str:
    """What the model is called that said what a case holds."""
    name = " ".join(model.name.split()) or text(say("case.unnamed"))
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def image_name(document: Document) -> str:
    """The image that is in a case, else the case's own name."""
    return (document.case.name if document.case is not None else "") or document.name


def source(document: Document) -> Message:
    """Where image and objects come from."""
    message = "case.source" if document.ground_truth is not None else "case.source.no_truth"
    return say(message, image=image_name(document))


def opened(document: Document, speaker: ModelInfo, model: ModelReady | None) -> Message:
    """What is on show, and what becomes of the model."""
    then = say("case.then.no_model") if model is None else say("case.then.model", model=model.info.name)
    return say("case.opened", image=image_name(document), name=speaker_name(speaker), then=then)


def waiting(count: int, speaker: ModelInfo, model: ModelReady | None) -> Message:
    """So many proposals the head has not seen, and why nobody can show them to it."""
    if model is None:
        why = say("case.why.not_loaded")
    elif (model.info.name, model.info.classes) != (speaker.name, speaker.classes):
        why = say("case.why.other", model=model.info.name)
    elif speaker.sha256 is None:
        why = say("case.why.no_hash")
    else:
        why = say("case.why.other_weights")
    message = "case.waiting.one" if count == 1 else "case.waiting"
    return say(message, n=count, name=speaker_name(speaker), why=why)
