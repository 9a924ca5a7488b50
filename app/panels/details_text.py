"""The explanation of the selected thing as HTML for a text widget, and as plain text to copy. No Qt.

A message that names a thing (`detector.messages.naming`) becomes a link to it, wherever a sentence holds it.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.scene import ClassScore, Details, Explanation, Fact, Message, Ref, Remedies, RemedyLine, Section
from app.sentences import say
from app.wording import text

Colours = dict[str, str]
"""text, muted, accent, good, bad, track, card: "#rrggbb"."""

SCORES = "scores"
"""The fold of the class scores; every other fold has the id of its section."""

_KINDS = ("object", "anchor", "proposal", "detection")
_OPEN, _END, _CLOSE = "\ue000", "\ue001", "\ue002"
"""Around a name while its sentence is put together: characters that no text holds."""

_WHOLE = 24
"""A name of up to so many characters stays on one line."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What the panel knows beside the explanation.

    Attributes:
        folds: which parts a person has unfolded or folded, by id.
        remedies: what would find the object; None while nobody asked.
        can_accept: somebody listens to "Accept as ground truth".
        elsewhere: ids of parts that the panel shows in another form.
    """

    folds: Mapping[str, bool] = field(default_factory=dict)
    remedies: Remedies | None = None
    can_accept: bool = False
    elsewhere: frozenset[str] = frozenset()


def href(ref: Ref) -> str:
    """The link to a thing."""
    return f"{ref.kind}:{ref.row}"


def ref_of(link: str) -> Ref | None:
    """The thing a link goes to."""
    kind, _, row = link.partition(":")
    if kind not in _KINDS or not (row.isascii() and row.isdigit()):
        return None
    return Ref(kind, int(row))  # type: ignore[arg-type]  # checked against the kinds just above


def linked(message: Message) -> str:
    """A sentence as HTML, in which every name of a thing is a link."""
    refs: list[Ref] = []
    words = html.escape(text(_marked(message, refs)))

    def link(match: re.Match[str]) -> str:
        return _link(href(refs[int(match[1])]), match[2])

    return _unbroken(re.sub(f"{_OPEN}([0-9]+){_END}(.*?){_CLOSE}", link, words))


def _marked(message: Message, refs: list[Ref]) -> Message:
    """The same message with marks around each name; the things named go to `refs`."""
    ref = message.values.get("ref")
    if isinstance(ref, Ref):
        refs.append(ref)
        words = re.sub(f"[{_OPEN}{_END}{_CLOSE}]", "", text(message))
        return Message("text", {"text": f"{_OPEN}{len(refs) - 1}{_END}{words}{_CLOSE}"})
    return Message(message.id, {name: _marked_value(value, refs) for name, value in message.values.items()})


def _marked_value(value: Any, refs: list[Ref]) -> Any:
    if isinstance(value, Message):
        return _marked(value, refs)
    if isinstance(value, str):
        return re.sub(f"[{_OPEN}{_END}{_CLOSE}]", "", value)
    return tuple(_marked_value(each, refs) for each in value) if isinstance(value, tuple) else value


def _unbroken(words: str) -> str:
    """A ratio stays on one line, "h/w 0.5" would be parted at the stroke; so does a number with its unit or name."""
    return words.replace("h/w ", "h\u2060/\u2060w\u00a0").replace(" px", "\u00a0px").replace("IoU ", "IoU\u00a0")


def _link(target: str, words: str, colour: str = "") -> str:
    whole = words.replace(" ", "\u00a0") if len(html.unescape(words)) <= _WHOLE else words
    style = f' style="color:{colour}"' if colour else ""
    return f'<a href="{target}"{style}>{whole}</a>'


# -- HTML --------------------------------------------------------------------------------------------------------------


def details_html(details: Details, colours: Colours, shown: Shown | None = None) -> str:
    """Everything the panel says about the selected thing, but its title and outcome."""
    told, shown = details.explanation, shown or Shown()
    parts = [*_verdict(told, colours, shown), *_geometry(told, colours)]
    if told.facts:
        title = () if told.facts_title is None else (_heading(text(told.facts_title), colours),)
        parts += [*title, _table(told.facts, colours, "0" if title else "8px")]
    if told.notes:
        parts.append(f'<p style="margin:6px 0 0 0">{" ".join(linked(note) for note in told.notes)}</p>')
    if shown.remedies is not None:
        parts.append(_card(shown.remedies, colours))
    parts += _folds(told, colours, shown)
    if told.links:
        links = " · ".join(_link(href(ref), html.escape(text(name))) for name, ref in told.links)
        parts.append(f'<p style="margin:8px 0 0 0; color:{colours["muted"]}">{links}</p>')
    return f'<body style="color:{colours["text"]}">{"".join(parts)}</body>'


def _verdict(told: Explanation, colours: Colours, shown: Shown) -> Iterable[str]:
    """The one sentence to read first, and why."""
    first = told.headline or told.verdict.sentence
    if first is not None:
        yield f'<p class="lead" style="margin:0 0 3px 0; font-weight:600">{linked(first)}</p>'
    if told.why:
        yield f'<p style="margin:0 0 4px 0">{" ".join(linked(each) for each in told.why)}</p>'
    if told.may_be_unlabelled and shown.can_accept and told.ref is not None:
        link = _link(f"accept:{told.ref.row}", text(say("accept")))
        yield f'<p style="margin:0 0 4px 0">{link}</p>'


def _geometry(told: Explanation, colours: Colours) -> Iterable[str]:
    """Its parts break between each other only."""
    places = html.escape(text(told.geometry)).split("   ")
    words = " · ".join(place.replace(" ", "\u00a0") if len(place) <= _WHOLE else place for place in places)
    yield f'<p style="margin:0; color:{colours["muted"]}">{words}</p>'


def _heading(words: str, colours: Colours) -> str:
    return f'<p style="margin:8px 0 2px 0; color:{colours["muted"]}">{html.escape(words)}</p>'


def _table(facts: Iterable[Fact], colours: Colours, top: str = "0", signs: bool = True) -> str:
    rows = "".join(_fact(fact, colours, signs) for fact in facts)
    return f'<table cellspacing="0" cellpadding="0" style="margin-top:{top}">{rows}</table>'


def _fact(fact: Fact, colours: Colours, signs: bool) -> str:
    sign, colour = {True: ("✓", colours["good"]), False: ("✕", colours["bad"]), None: ("", colours["text"])}[fact.mark]
    first = f'<td width="16" style="color:{colour}">{sign}&nbsp;</td>' if signs else ""
    return (
        f'<tr>{first}<td style="padding-right:10px; padding-bottom:3px; color:{colours["muted"]}">'
        f'{linked(fact.name)}</td><td style="padding-bottom:3px">{linked(fact.value)}</td></tr>'
    )


def _folds(told: Explanation, colours: Colours, shown: Shown) -> Iterable[str]:
    """The folded parts: closed ones side by side, an open one below its title."""
    closed: list[str] = []
    for fold, title, is_open, content in _parts(told, colours):
        if fold in shown.elsewhere:
            continue
        if not shown.folds.get(fold, is_open):
            closed.append(_fold(fold, f"▸ {title}", colours))
            continue
        yield from _closed(closed)
        closed = []
        yield f'<p style="margin:8px 0 2px 0">{_fold(fold, f"▾ {title}", colours)}</p>'
        yield content()
    yield from _closed(closed)


def _fold(fold: str, title: str, colours: Colours) -> str:
    words = html.escape(title)
    return _link(f"fold:{fold}", words.replace(" ", "\u00a0") if len(title) <= 2 * _WHOLE else words, colours["muted"])


def _closed(links: list[str]) -> Iterable[str]:
    if links:
        yield f'<p style="margin:8px 0 0 0">{"&nbsp;&nbsp; ".join(links)}</p>'


def _parts(told: Explanation, colours: Colours) -> Iterable[tuple[str, str, bool, Callable[[], str]]]:
    """Of each foldable part: id, title, whether it is open at first, and what makes its content."""
    if told.scores:
        yield SCORES, text(say("section.scores")), False, lambda: _scores(told.scores, colours)
    for section in told.sections:
        yield section.id, text(section.title), section.is_open, _content(section, colours)


def _content(section: Section, colours: Colours) -> Callable[[], str]:
    signs = any(fact.mark is not None for fact in section.facts)
    return lambda: _table(section.facts, colours, signs=signs)


def _card(remedies: Remedies, colours: Colours) -> str:
    """What would find the object, on a ground of its own."""
    lines = [
        f'<p style="margin:0"><b>{text(say("section.remedies"))}</b> '
        f'<span style="color:{colours["muted"]}">{text(say("remedies.how"))}</span></p>'
    ]
    for line in remedies.lines:
        lines.append(f'<p style="margin:4px 0 0 0">{_remedy(line, colours)}</p>')
        lines.append(f'<p style="margin:0">{" · ".join(_remedy_links(remedies, line))}</p>')
        if line.counted is not None:
            lines.append(f'<p style="margin:0; color:{colours["muted"]}">{html.escape(text(line.counted))}</p>')
    said = [text(remark) for remark in remedies.remarks]
    if remedies.done < remedies.of:
        said.append(text(say("remedies.looking", done=remedies.done, of=remedies.of)))
    lines += [f'<p style="margin:4px 0 0 0; color:{colours["muted"]}">{html.escape(each)}</p>' for each in said]
    frame = f'style="margin-top:8px; border-style:solid; border-color:{colours["track"]}; border-width:1px"'
    ground = f'bgcolor="{colours["card"]}" cellpadding="7" cellspacing="0" width="100%"'
    return f"<table {ground} {frame}><tr><td>{''.join(lines)}</td></tr></table>"


def _remedy(line: RemedyLine, colours: Colours) -> str:
    """The change with the new value in bold, then its price."""
    before, arrow, after = text(line.change).rpartition("→")
    change = f"{html.escape(before)}{arrow} <b>{html.escape(after.strip())}</b>".replace(" ", "\u00a0")
    if not arrow:
        change = html.escape(text(line.change))
    return f'{change} <span style="color:{colours["muted"]}">{html.escape(text(line.price))}</span>'


def _remedy_links(remedies: Remedies, line: RemedyLine) -> Iterable[str]:
    """By setting: a cheaper remedy that comes in between takes the place of this one, but not its link."""
    yield _link(f"try:{line.key}", text(say("remedies.try")))
    if line.is_counting:
        yield _link("stop:count", text(say("remedies.stop")))
    elif remedies.images and line.counted is None:
        yield _link(f"count:{line.key}", text(say("remedies.count", n=remedies.images)))


def _scores(scores: tuple[ClassScore, ...], colours: Colours) -> str:
    bars = "".join(_bar(bar, colours) for bar in scores)
    return f'<table width="100%" cellspacing="0" cellpadding="0">{bars}</table>'


def _bar(bar: ClassScore, colours: Colours) -> str:
    filled = 1 if math.isnan(bar.score) else min(max(round(bar.score * 100), 1), 100)
    colour = colours["accent"] if bar.passed else colours["muted"]
    words = f'<td width="{100 - filled}%" bgcolor="{colours["track"]}"></td>' if filled < 100 else ""
    # Tables are all that a text widget can draw bars with; the font size keeps a row as low as a bar.
    track = (
        '<table width="100%" cellspacing="0" cellpadding="0" style="font-size:6px"><tr>'
        f'<td width="{filled}%" bgcolor="{colour}">&nbsp;</td>{words}</tr></table>'
    )
    weight = "font-weight:600" if bar.passed else ""
    label = html.escape(bar.label) if bar.ref is None else _link(href(bar.ref), html.escape(bar.label))
    return (
        f'<tr><td width="38%" style="padding-right:8px; {weight}">{label}</td>'
        f'<td width="44%" style="vertical-align:middle">{track}</td>'
        f'<td align="right" style="{weight}">{bar.score:.3f}</td></tr>'
    )


# -- plain text --------------------------------------------------------------------------------------------------------


def details_plain(told: Explanation, remedies: Remedies | None = None) -> str:
    """The same as text, for the clipboard and the terminal, with everything unfolded."""
    lines = [f"{text(told.title)}  {outcome_text(told)}"]
    first = told.headline or told.verdict.sentence
    said = [] if first is None else [first]
    lines += [text(each) for each in (*said, *told.why)]
    lines += ["", text(told.geometry)]
    if told.facts:
        lines += ["", *([] if told.facts_title is None else [text(told.facts_title)]), *_plain_facts(told.facts)]
    if told.notes:
        lines += ["", " ".join(text(note) for note in told.notes)]
    if remedies is not None:
        lines += ["", *_plain_remedies(remedies)]
    if told.scores:
        lines += ["", text(say("section.scores")), *(f"  {bar.label}  {bar.score:.3f}" for bar in told.scores)]
    for section in told.sections:
        lines += ["", text(section.title), *_plain_facts(section.facts)]
    return "\n".join(lines).rstrip() + "\n"


def outcome_text(told: Explanation) -> str:
    """What became of it in a word or two, in capitals."""
    return text(told.outcome or told.verdict.label).upper()


def _plain_facts(facts: tuple[Fact, ...]) -> list[str]:
    width = max((len(text(fact.name)) for fact in facts), default=0)
    sign = {True: "v", False: "x", None: " "}
    return [f"{sign[fact.mark]} {text(fact.name):<{width}}  {text(fact.value)}".rstrip() for fact in facts]


def _plain_remedies(remedies: Remedies) -> list[str]:
    lines = [f"{text(say('section.remedies'))} {text(say('remedies.how'))}"]
    for line in remedies.lines:
        counted = "" if line.counted is None else f"; {text(line.counted)}"
        lines.append(f"  {text(line.change)}  {text(line.price)}{counted}")
    lines += [f"  {text(remark)}" for remark in remedies.remarks]
    if remedies.done < remedies.of:
        lines.append(f"  {text(say('remedies.looking', done=remedies.done, of=remedies.of))}")
    return lines
