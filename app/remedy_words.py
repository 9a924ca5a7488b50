"""What would have found an object, as the panel shows it. No Qt."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from app.scene import Message, Ref, Remedies, RemedyLine
from app.sentences import say
from app.tally import Tally
from app.wording import number_text, setting_name
from detector.config import setting_info
from detector.remedies import Remedy, Search, cheapest_first


def remedies_view(
    ref: Ref,
    searches: Collection[Search],
    of: int,
    tallies: Mapping[str, Tally],
    images: int,
    problem: Message | None = None,
) -> Remedies:
    """The card "What would find it".

    Args:
        of: settings that are looked at in all.
        tallies: what was counted on the folder, by setting.
        images: those of the folder.
        problem: why the search ended before all were looked at.
    """
    lines = tuple(_line(remedy, tallies.get(remedy.key)) for remedy in cheapest_first(searches))
    if problem is not None:
        return Remedies(ref, lines, of, of, (problem,), images)
    return Remedies(ref, lines, len(searches), of, tuple(_remarks(searches, of, bool(lines))), images)


def _line(remedy: Remedy, tally: Tally | None) -> RemedyLine:
    on_folder = None if tally is None or tally.value != remedy.value else tally
    return RemedyLine(
        remedy.key,
        remedy.value,
        change_of(remedy),
        price_of(remedy),
        None if on_folder is None else counted(on_folder),
        on_folder is not None and on_folder.is_running,
    )


def change_of(remedy: Remedy) -> Message:
    """Which setting, from what to what."""
    info = setting_info(remedy.key)
    before, after = number_text(info, remedy.before), number_text(info, remedy.value)
    return say("remedy.change", setting=setting_name(remedy.key), before=before, after=after)


def price_of(remedy: Remedy) -> Message:
    """What else changes on this image, and what one might take for something else."""
    parts = [_signed("remedy.false", remedy.false_positives), _plural("remedy.lost", remedy.lost)]
    if remedy.gained:
        parts.append(_plural("remedy.gained", remedy.gained))
    price = say("remedy.price", parts=tuple(parts))
    notes = []
    if not remedy.is_own:
        notes.append(say("remedy.other_box", s=remedy.score, a=remedy.iou))
    if setting_info(remedy.key).viewer:
        notes.append(say(f"remedy.viewer.{remedy.key.partition('.')[2]}"))
    return price if not notes else say("remedy.price.noted", price=price, notes=tuple(notes))


def _signed(message_id: str, number: int) -> Message:
    return say(f"{message_id}.one" if abs(number) == 1 else message_id, n=number)


def _plural(message_id: str, number: int) -> Message:
    return say(f"{message_id}.one" if number == 1 else message_id, n=number)


def counted(tally: Tally) -> Message:
    """What a count has come to, and how far it is."""
    parts = (
        _plural("remedy.folder.found", tally.found),
        _plural("remedy.folder.lost", tally.lost),
        _signed("remedy.false", tally.false),
    )
    where = say("remedy.folder.running" if tally.is_running or tally.done < tally.of else "remedy.folder.done",
                done=tally.done, of=tally.of, images=tally.images)  # fmt: skip
    return say("remedy.folder", where=where, parts=parts)


def _remarks(searches: Iterable[Search], of: int, has_lines: bool) -> Iterable[Message]:
    """What is to be said of the settings by which nothing was found; nothing before all were looked at."""
    searches = list(searches)
    if len(searches) < of:
        return
    without = [each for each in searches if each.remedy is None]
    if not without:
        return
    blind = [each for each in without if each.needs_network]
    unsure = [each for each in without if not each.exhaustive and not each.needs_network]
    if not blind and not unsure:
        yield say("remedy.none_other" if has_lines else "remedy.none")
        return
    if unsure:
        names, tries = tuple(setting_name(each.key) for each in unsure), sum(each.tries for each in unsure)
        yield say("remedy.not_found", settings=names, n=tries)
    if blind:
        yield say("remedy.needs_network", settings=tuple(setting_name(each.key) for each in blind))
    if len(without) > len(blind) + len(unsure):
        yield say("remedy.none_rest")
