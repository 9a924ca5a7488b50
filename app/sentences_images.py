"""What the list of images says: how far one is with each, the language of its filter; see `app.sentences`. No Qt."""

from __future__ import annotations

_STANDINGS = {
    "image.standing.new": "not looked at",
    "image.standing.looked_at": "looked at",
    "image.standing.annotated": "annotated",
    "image.standing.empty": "no boxes",
    "image.standing.verified": "verified",
    "image.standing.verified_empty": "verified empty",
    "image.standing.error": "cannot be read",
    "image.with": "{what} · {more}",
    "image.boxes": "{n:,} boxes",
    "image.boxes.one": "1 box",
    "image.proposed": "{n:,} proposed",
    "image.of_class": "{cls} {n:,}",
    "image.classes": "{classes}",
    "image.not_run": "not run",
    "image.unsaved": "unsaved",
    "image.left_filter": "No longer passes the filter; stays in the list until you move on.",
}

_COUNTS = {
    "images.count": "{n:,} images",
    "images.count.one": "1 image",
    "images.shown": "{shown:,} of {of:,} images",
    "images.with_run": "{count} · {run:,} run",
    "images.of": "{shown:,} shown, {known}",
    "images.not_run": "{count} · {n:,} not run",
    "images.known_run": "of {n:,} images run",
    "images.known_run.one": "of 1 image run",
    "images.known_truth": "of {n:,} images run that have ground truth",
    "images.known_truth.one": "of 1 image run that has ground truth",
    "images.known_scanned": "of {n:,} scanned",
    "images.several": "{count} · {n:,} selected",
    "images.verified": "{n:,} of {of:,} verified",
    "images.verified.scanning": "{n:,} verified · {scanned:,} of {of:,} scanned",
    "images.no_folder": "Open a folder or drop images here.",
    "images.no_words": "No image has these words.",
    "images.none_run": (
        "No image has been run yet, so nothing is known of what was found or missed. {key[detect]} runs the open one."
    ),
    "images.none_counted": "No image that was run has ground truth, so nothing is counted yet.",
    "images.none_of_run": "None of the {n:,} images that were run and counted passes; of the others nothing is known.",
    "images.none_of_run.one": "The only image that was run and counted does not pass; of the others nothing is known.",
    "images.none_scanned": "None of the {n:,} images looked into so far passes; there are {of:,}.",
    "images.none_pass": "No image passes this filter.",
    "images.no_class": "No object here is of the class {name}.",
    "images.more": "{what} {more}",
}

_MENU = {
    "images.menu.show": "Show in folder",
    "images.menu.copy": "Copy {n:,} paths",
    "images.menu.copy.one": "Copy path",
    "images.menu.bin": "Move {n:,} images to bin folder",
    "images.menu.bin.one": "Move to bin folder",
}

_FILTER = {
    "images.filter.hint": "Search or filter images",
    "images.filter.about": "What can be searched for",
    "images.filter.no_number": "{term}: a number is missing after '{operator}'",
    "images.filter.not_number": "{term}: '{value}' is not a whole number",
    "images.filter.no_value": "{term}: {what} is missing after '{operator}'",
    "images.filter.name": "a piece of a name",
    "images.filter.class": "the name of a class",
    "images.filter.state": "a state",
    "images.filter.no_state": "{term}: '{value}' is not a state; the states are {states}",
    "images.filter.no_field": "{term}: '{field}' is not a field; to search for it in names, put it in quotes",
    "images.filter.no_order": "{term}: '{field}' takes ':' or '=', not '{operator}'",
    "images.filter.no_term": "{term}: a term is missing after '{operator}'",
    "images.filter.no_first": "{term}: a term is missing before '{operator}'",
    "images.filter.no_key": "{term}: a class or a field is missing before '{operator}'",
}

_HELP = {
    "images.help.words": "name or state has this",
    "images.help.several": "both",
    "images.help.or": "one or the other",
    "images.help.not": "not this",
    "images.help.quotes": "as one word, signs included",
    "images.help.name": "only in the name",
    "images.help.class": "has an object of the class",
    "images.help.class_count": "more than 3 objects of the class",
    "images.help.boxes": "number of boxes; also proposed",
    "images.help.run": "what the detector did; also found, false",
    "images.help.is.unverified": "not verified yet",
    "images.help.is.verified": "a person found it right",
    "images.help.is.annotated": "has an annotation, be it empty",
    "images.help.is.empty": "annotated, without a box",
    "images.help.is.new": "not looked at yet",
    "images.help.is.seen": "looked at",
    "images.help.is.unsaved": "has changes that are not saved",
    "images.help.is.error": "something cannot be read",
    "images.help.is.run": "the detector has run",
    "images.help.unknown": (
        "An image of which a thing is not known yet is listed neither with a term about it nor with its opposite."
    ),
}

_BIN = {
    "bin.gone": "'{name}' is not there any more; nothing was moved.",
    "bin.inside": "{name} is in a bin folder already.",
    "bin.exists": "'{name}' exists already and is not overwritten; nothing was moved.",
    "bin.no_folder": "The bin folder '{name}' cannot be made ({why}).",
    "bin.not_moved": "{name} cannot be moved to '{folder}' ({why}).",
    "bin.other_disk": "{name} is on another disk than '{folder}', so it cannot be moved there; nothing was moved.",
}

IMAGES: dict[str, str] = {**_STANDINGS, **_COUNTS, **_MENU, **_FILTER, **_HELP, **_BIN}
"""All of them."""
