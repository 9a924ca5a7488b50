"""What may be wrong with annotations, by name. Imports nothing heavy: the command line lists them."""

from __future__ import annotations

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "size_as_corner", "corner_as_size", "shifted", "one_based", "zero_based",
    "exif_swapped", "inverted", "no_area", "outside", "over_edge", "duplicate", "unknown_class", "class_slip",
    "broken_picture", "no_image",
]  # fmt: skip

TOGETHER: tuple[Kind, ...] = ("size_as_corner", "corner_as_size", "shifted", "one_based", "zero_based")
"""Decided by all images together, and fixed in all of them."""

KINDS: tuple[Kind, ...] = (
    *TOGETHER, "exif_swapped", "inverted", "no_area", "outside", "over_edge", "duplicate", "unknown_class",
    "class_slip", "broken_picture", "no_image",
)  # fmt: skip
"""In the order in which they are told and fixed: what bends all boxes comes first."""

FIXABLE: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind not in ("broken_picture", "no_image"))
