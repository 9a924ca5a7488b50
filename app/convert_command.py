"""The command `convert`: a dataset in, the same dataset in another format out. No Qt.

The new folder is there complete at the end, or not at all. What its format has no place for is told once.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from tqdm import tqdm

from app.headless import DONE, INTERRUPTED, SOME_FAILED, WrongCallError, tell
from app.sentences import say
from app.wording import text
from detector.datasets import DatasetError
from detector.datasets.annotation import FORMAT_NAMES
from detector.datasets.convert import COCO_NAME, UNLISTED, Conversion, check_out, convert
from detector.datasets.source import Source, open_source
from detector.messages import counted


def run_convert(arguments: argparse.Namespace) -> int:
    """Convert; Ctrl+C ends it and leaves nothing."""
    try:
        check_out(arguments.out)
        source = open_source(arguments.source, arguments.split, arguments.images)
    except DatasetError as error:
        raise WrongCallError(str(error)) from error
    total, done = len(source.images), 0

    def one_more(bar: Any) -> None:
        nonlocal done
        done += 1
        bar.update()

    try:
        classes = _classes(source, arguments.to)
        with tqdm(desc="convert", total=total, unit="image", file=sys.stderr, disable=total < 2) as bar:
            found = convert(
                source, arguments.to, arguments.out, classes, arguments.files, tell, lambda: one_more(bar)
            )  # fmt: skip
    except KeyboardInterrupt:
        tell(f"Stopped after {done:,} of {_images(total)}; nothing was written.")
        return INTERRUPTED
    except DatasetError as error:
        tell(str(error))
        return SOME_FAILED
    for sentence in remarks(arguments, found):
        tell(sentence)
    told = {"out": str(arguments.out), "images": found.images, "objects": found.objects, "failed": found.failed}
    sys.stdout.write(json.dumps(told) + "\n")
    return SOME_FAILED if found.failed else DONE


def _classes(source: Source, kind: str) -> tuple[str, ...]:
    """Those that are numbered; VOC has names only, and needs no round over all labels for them."""
    if kind == "voc" or source.listed is not None:
        return source.listed or ()
    total = len(source.images)
    with tqdm(desc="classes", total=total, unit="image", file=sys.stderr, disable=total < 2) as bar:
        return source.classes(bar.update)


def remarks(arguments: argparse.Namespace, found: Conversion) -> Iterator[str]:
    """What a person has to know of a conversion, a sentence each."""
    kind, boxes = FORMAT_NAMES[arguments.to], text(counted("check.objects", found.objects))
    yield (
        f"In '{arguments.out}' as {kind}: {_images(found.images)} with {boxes}. "
        "Boxes, classes, flags and order are kept; outlines, key points and whatever else the source says stay there."
    )
    yield from _of_images(arguments.to, found)
    if found.one_based is not None:
        note = text(say("check.note.one_based", **found.one_based.values))
        place = arguments.out / {"coco": COCO_NAME, "yolo": "data.yaml"}[arguments.to]
        yield f"{note} {FORMAT_NAMES[arguments.to]} counts from 0: check '{place}' --fix one_based moves them."
    if found.beside:
        yield (
            "YOLO has no place for verified, difficult, truncated or crowd; they are kept in .boxscope.json beside the "
            f"labels, of {_images(found.beside)}."
        )
    if found.lost_splits:
        yield (
            f"One COCO json has no place for splits, so {', '.join(found.lost_splits)} are together in it; "
            "--split NAME converts one."
        )
    if found.repeated_split:
        yield (
            f"YOLO asks for train and val; for want of its own, {' and '.join(found.repeated_split)} in data.yaml "
            "shows the images of another split."
        )


def _of_images(kind: str, found: Conversion) -> Iterator[str]:
    """Images of which something has to be known, a sentence for each kind."""
    if found.failed:
        yield f"Could not be converted, each named above: {found.failed:,}."
    if found.broken:
        yield f"Taken as they are, though they cannot be read to their end, each named above: {_images(found.broken)}."
    if found.not_annotated:
        what = "left out, for COCO would call them empty" if kind == "coco" else "copied without labels"
        yield f"Not annotated, so {what}: {_images(found.not_annotated)}."
    if found.renamed:
        yield f"Renamed, because another image has the same name: {_images(found.renamed)}."
    if found.unlisted:
        where = f", in images/{UNLISTED}" if kind == "yolo" else ""
        if kind != "coco":
            yield f"In no split of the source{where}: {_images(found.unlisted)}."
    if found.copied:
        yield f"Copied, because they cannot be linked from there: {_images(found.copied)}."


def _images(number: int) -> str:
    return text(counted("check.images", number))
