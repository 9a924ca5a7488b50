"""The explanation of the selected thing as HTML for a text widget, and as plain text to copy. No Qt."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from app.scene import ClassScore, Details, Explanation, Fact, Ref
from app.wording import text

_MENTIONS: dict[str, str] = {
    "anchor": r"[Aa]nchor [\d,]+",
    "proposal": r"[Pp]roposal [\d,]+",
    "detection": r"[Dd]etection [\d,]+",
    "object": r"\S+ #\d+",
}
"""How a sentence names a thing of a kind; the link goes around that."""

Colours = dict[str, str]
"""text, muted, accent, good, bad, track, verdict: "#rrggbb"."""


def href(ref: Ref) -> str:
    """The link to a thing."""
    return f"{ref.kind}:{ref.row}"


def ref_of(link: str) -> Ref | None:
    """The thing a link goes to."""
    kind, _, row = link.partition(":")
    if kind not in _MENTIONS or not row.isdigit():
        return None
    return Ref(kind, int(row))  # type: ignore[arg-type]  # checked against the kinds just above


def linked(sentence: str, refs: tuple[Ref, ...]) -> str:
    """A sentence as HTML in which each ref is a link around the place where the sentence names it, else after it."""
    pieces: list[tuple[int, int, Ref]] = []
    homeless: list[Ref] = []
    for ref in refs:
        taken = [(start, end) for start, end, _ in pieces]
        places = (match.span() for match in re.finditer(_MENTIONS[ref.kind], sentence))
        span = next((each for each in places if all(each[1] <= s or each[0] >= e for s, e in taken)), None)
        if span is None:
            homeless.append(ref)
        else:
            pieces.append((*span, ref))
    out, at = [], 0
    for start, end, ref in sorted(pieces, key=lambda piece: piece[0]):
        out += [html.escape(sentence[at:start]), _link(ref, html.escape(sentence[start:end]))]
        at = end
    out.append(html.escape(sentence[at:]))
    out += [f" {_link(ref, 'show')}" for ref in homeless]
    return _unbroken("".join(out))


def _unbroken(words: str) -> str:
    """A ratio stays on one line, "h/w 0.5" would be parted at the stroke; so does a number with its unit."""
    return words.replace("h/w ", "h\u2060/\u2060w\u00a0").replace(" px", "\u00a0px")


def _link(ref: Ref, words: str) -> str:
    # The name of a thing stays on one line.
    whole = words.replace(" ", "\u00a0")
    return f'<a href="{href(ref)}">{whole}</a>'


def details_html(details: Details, colours: Colours) -> str:
    """Everything the panel says about the selected thing."""
    told = details.explanation
    verdict = html.escape(text(told.verdict.label))
    heading = f"margin:0 0 2px 0; font-weight:600; color:{colours['verdict']}"
    parts = [f'<p class="lead" style="{heading}">{verdict}</p>']
    if told.verdict.sentence is not None:
        parts.append(f'<p class="lead" style="margin:0 0 5px 0">{html.escape(text(told.verdict.sentence))}</p>')
    places = html.escape(text(told.geometry)).split("   ")
    geometry = " · ".join(place.replace(" ", "\u00a0") for place in places)
    parts.append(f'<p style="margin:0; color:{colours["muted"]}">{geometry}</p>')
    if told.facts:
        rows = "".join(_fact(fact, colours) for fact in told.facts)
        parts.append(f'<table cellspacing="0" cellpadding="0" style="margin-top:8px">{rows}</table>')
    if told.scores:
        heading = f'<p style="margin:10px 0 3px 0; color:{colours["muted"]}">Class scores</p>'
        parts.append(heading + _scores(told.scores, colours))
    if told.links:
        links = " · ".join(_link(ref, html.escape(text(name))) for name, ref in told.links)
        parts.append(f'<p style="margin:10px 0 0 0">{links}</p>')
    return f'<body style="color:{colours["text"]}">{"".join(parts)}</body>'


def _fact(fact: Fact, colours: Colours) -> str:
    sign, colour = {True: ("✓", colours["good"]), False: ("✕", colours["bad"]), None: ("", colours["text"])}[fact.mark]
    name = html.escape(text(fact.name))
    return (
        f'<tr><td width="16" style="color:{colour}">{sign}&nbsp;</td>'
        f'<td style="padding-right:10px; padding-bottom:3px; color:{colours["muted"]}">{name}</td>'
        f'<td style="padding-bottom:3px">{linked(text(fact.value), fact.refs)}</td></tr>'
    )


def _scores(scores: tuple[ClassScore, ...], colours: Colours) -> str:
    bars = "".join(_bar(bar, colours) for bar in scores)
    return f'<table width="100%" cellspacing="0" cellpadding="0">{bars}</table>'


def _bar(bar: ClassScore, colours: Colours) -> str:
    filled = min(max(round(bar.score * 100), 1), 100)
    colour = colours["accent"] if bar.passed else colours["muted"]
    words = f'<td width="{100 - filled}%" bgcolor="{colours["track"]}"></td>' if filled < 100 else ""
    # Tables are all that a text widget can draw bars with; the font size keeps a row as low as a bar.
    track = (
        '<table width="100%" cellspacing="0" cellpadding="0" style="font-size:6px"><tr>'
        f'<td width="{filled}%" bgcolor="{colour}">&nbsp;</td>{words}</tr></table>'
    )
    weight = "font-weight:600" if bar.passed else ""
    return (
        f'<tr><td width="38%" style="padding-right:8px; {weight}">{html.escape(bar.label)}</td>'
        f'<td width="44%" style="vertical-align:middle">{track}</td>'
        f'<td align="right" style="{weight}">{bar.score:.3f}</td></tr>'
    )


def details_plain(told: Explanation) -> str:
    """The same as text, for the clipboard and the terminal."""
    lines = [f"{text(told.title)}  {text(told.verdict.label).upper()}"]
    if told.verdict.sentence is not None:
        lines.append(text(told.verdict.sentence))
    lines += ["", text(told.geometry), ""]
    width = max((len(text(fact.name)) for fact in told.facts), default=0)
    sign: Callable[[bool | None], str] = {True: "v", False: "x", None: " "}.__getitem__
    lines += [f"{sign(fact.mark)} {text(fact.name):<{width}}  {text(fact.value)}" for fact in told.facts]
    if told.scores:
        lines += ["", "Class scores", *(f"  {bar.label}  {bar.score:.3f}" for bar in told.scores)]
    return "\n".join(lines).rstrip() + "\n"
