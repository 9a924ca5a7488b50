"""The words above and below the list of images: how many are shown, and why none is."""

from __future__ import annotations

from app.panels.image_list_model import ImageListModel
from app.scene import Message
from app.sentences import say
from detector.messages import counted


def why_empty(model: ImageListModel) -> Message:
    """Why no line is shown."""
    if not model.total:
        return say("images.no_folder")
    unknown = _unknown(model)
    if unknown is not None:
        return unknown
    if model.filter.is_of_words:
        return say("images.no_words")
    wanted = model.filter.classes - {name.casefold() for name in model.classes}
    if wanted and model.num_scanned == model.total:
        named = say("images.no_class", name=tuple(sorted(wanted)))
        return say("images.more", what=say("images.none_pass"), more=named)
    return say("images.none_pass")


def _unknown(model: ImageListModel) -> Message | None:
    """That no image passes need not mean much: where the filter can say nothing of some; else None."""
    if "counts" in model.filter.needs and model.num_counted < model.total:
        if not model.num_run:
            return say("images.none_run")
        if not model.num_counted:
            return say("images.none_counted")
        return counted("images.none_of_run", model.num_counted)
    if "annotation" in model.filter.needs and model.num_scanned < model.total:
        return say("images.none_scanned", n=model.num_scanned, of=model.total)
    return None


def how_many(model: ImageListModel, selected: int) -> Message:
    """How many lines are shown of how many images, and of how many the filter can say anything.

    Args:
        selected: lines.
    """
    total, shown, known = model.total, model.rowCount(), _known(model)
    if known:
        count = say("images.of", shown=shown, known=known)
        if "counts" in model.filter.needs and model.num_run < total:
            count = say("images.not_run", count=count, n=total - model.num_run)
    else:
        some = say("images.shown", shown=shown, of=total)
        count = say(
            "images.with_run", count=counted("images.count", total) if shown == total else some, run=model.num_run
        )
    return say("images.several", count=count, n=selected) if selected > 1 else count


def _known(model: ImageListModel) -> tuple[Message, ...]:
    """Of how many images the filter can say anything; nothing where that is all."""
    found = []
    if "counts" in model.filter.needs and model.num_counted < model.total:
        is_all = model.num_counted == model.num_run
        found.append(counted("images.known_run" if is_all else "images.known_truth", model.num_counted))
    if "annotation" in model.filter.needs and model.num_scanned < model.total:
        found.append(say("images.known_scanned", n=model.num_scanned))
    return tuple(found)
