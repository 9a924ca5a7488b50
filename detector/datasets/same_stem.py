"""Images of a folder that differ by their suffix only, and which of them the annotation file of their stem belongs to.

x.png and x.jpg both have x.xml or x.txt. It belongs to the one that it names. Where it names neither of them, or its
format names none, it belongs to the one that the list of the folder has first.
"""

from __future__ import annotations

import os
from pathlib import Path

from detector.datasets.files import natural_key
from detector.datasets.images import IMAGE_SUFFIXES

_ENDINGS = tuple(each for suffix in sorted(IMAGE_SUFFIXES) for each in (suffix, suffix.upper()))


def other_owner(image_path: Path, named: str = "") -> str | None:
    """The name of the image that the file of a stem belongs to; None where that is this very image.

    Args:
        image_path: one image of that stem.
        named: the image that the file names, if it does.
    """
    own = image_path.name
    if named == own:
        return None
    folder, stem = os.path.dirname(image_path), image_path.stem
    begin = os.path.join(folder, stem)
    # Some forty questions to the file system take less than listing a folder of a thousand images.
    names = {stem + ending for ending in _ENDINGS if os.path.exists(begin + ending)} - {own}
    if os.path.splitext(named)[0] == stem:
        names.add(named)
    others = [name for name in names if _is_other(os.path.join(folder, name), image_path)]
    if named in others:
        return named
    first = min([own, *others], key=_place_in_list)
    return None if first == own else first


def _place_in_list(name: str) -> tuple[tuple[str | int, ...], str]:
    return natural_key(name), name.swapcase()


def _is_other(path: str, image_path: Path) -> bool:
    """A file that is there, and not the same one by two names: a system may take x.JPG for x.jpg."""
    try:
        return os.path.isfile(path) and not os.path.samefile(path, image_path)
    except OSError:  # the image is not there
        return True
