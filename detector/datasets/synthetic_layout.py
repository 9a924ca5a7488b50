"""Where the cells of a synthetic smear lie: how many, how large, how crowded. The numbers follow BCCD's percentiles.

Lengths are drawn for an image of 640 x 480 px and scaled with the square root of the area: another size shows the same
field of view, finer or coarser.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

RBC, WBC, PLATELETS = "RBC", "WBC", "Platelets"
REFERENCE_HW = (480, 640)

# Images of BCCD with 0, 1, 2 ... objects of the class.
_WBC_COUNTS = (6, 344, 14)
_PLATELET_COUNTS = (163, 96, 69, 21, 12, 2, 1)


@dataclass(frozen=True, slots=True)
class Place:
    """One object before it is drawn.

    Attributes:
        label: class name.
        x, y: centre, px; may lie outside the image.
        diameter: of the circle of the same area, px.
        stretch: long axis / short axis.
        angle: of the long axis, radians.
    """

    label: str
    x: float
    y: float
    diameter: float
    stretch: float
    angle: float

    @property
    def half_wh(self) -> tuple[float, float]:
        """Half width and height of the box around the ellipse."""
        a = self.diameter / 2 * math.sqrt(self.stretch)
        b = self.diameter / 2 / math.sqrt(self.stretch)
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return math.hypot(a * cos, b * sin), math.hypot(a * sin, b * cos)


def lay_out(rng: Generator, image_hw: tuple[int, int]) -> list[Place]:
    """Places of all objects, lowest first: red cells, white cells, platelets."""
    scale = math.sqrt(image_hw[0] * image_hw[1] / (REFERENCE_HW[0] * REFERENCE_HW[1]))
    whites: list[Place] = []
    for _ in range(_drawn_count(rng, _WBC_COUNTS)):
        diameter = float(np.clip(rng.lognormal(math.log(199), 0.225), 112, 256)) * scale
        place = _free(rng, image_hw, WBC, diameter, _lognormal(rng, 0.08), whites, at_edge=1.0)
        if place is not None:
            whites.append(place)
    reds = _red_cells(rng, image_hw, scale, whites)
    platelets: list[Place] = []
    for _ in range(_drawn_count(rng, _PLATELET_COUNTS)):
        diameter = float(np.clip(rng.lognormal(math.log(38.5), 0.19), 24, 68)) * scale
        # Most lie in the gaps; some on a cell, where they are hard to see.
        others = platelets + (whites + reds if rng.random() < 0.85 else whites)
        place = _free(rng, image_hw, PLATELETS, diameter, _lognormal(rng, 0.12), others, at_edge=0.6)
        if place is not None:
            platelets.append(place)
    return reds + whites + platelets


def _red_cells(rng: Generator, image_hw: tuple[int, int], scale: float, whites: list[Place]) -> list[Place]:
    """Red cells, some alone, some in chains and heaps, and slivers at the edge that get no label."""
    typical = float(np.clip(rng.normal(104, 6.5), 84, 120)) * scale
    crowding = rng.uniform(0.1, 0.75)  # how likely the next cell leans on one that is there already
    # One image in twelve is nearly without red cells (the thin end of the smear, or a photo of a white cell).
    count = int(rng.integers(0, 5)) if rng.random() < 0.08 else max(round(rng.normal(11.9, 3.9)), 1)
    places: list[Place] = []
    for _ in range(count):
        diameter = typical * _lognormal(rng, 0.09)
        stretch = rng.uniform(1.5, 2.1) if rng.random() < 0.03 else math.exp(abs(rng.normal(0, 0.16)))
        place = None
        if places and rng.random() < crowding:
            place = _leaning(rng, image_hw, diameter, stretch, places, whites)
        place = place or _free(rng, image_hw, RBC, diameter, stretch, whites + places, at_edge=0.6)
        if place is not None:
            places.append(place)
    for _ in range(int(rng.integers(0, 3))):
        places.append(_sliver(rng, image_hw, typical * _lognormal(rng, 0.09)))
    return places


def _free(
    rng: Generator,
    image_hw: tuple[int, int],
    label: str,
    diameter: float,
    stretch: float,
    others: list[Place],
    at_edge: float,
) -> Place | None:
    """A place that touches the others little; one cut by the edge is taken with the chance `at_edge` only."""
    height, width = image_hw
    for attempt in range(60):
        x, y = rng.uniform(-0.2, 1.2, 2) * diameter + rng.uniform(0, 1, 2) * (width - diameter, height - diameter)
        place = Place(label, float(x), float(y), diameter, stretch, float(rng.uniform(0, math.pi)))
        if _inside(place, image_hw) < 1 and (_inside(place, image_hw) < 0.5 or rng.random() > at_edge):
            continue
        # In a full picture the cells come closer to one another rather than staying away.
        if all(_gap(place, other) > 1.16 - 0.008 * attempt for other in others):
            return place
    return None


def _leaning(
    rng: Generator,
    image_hw: tuple[int, int],
    diameter: float,
    stretch: float,
    places: list[Place],
    whites: list[Place],
) -> Place | None:
    """A place that overlaps a red cell already there, more or less."""
    for _ in range(12):
        base = places[int(rng.integers(len(places)))]
        away = rng.uniform(0, 2 * math.pi)
        # Mostly edges over edges; now and then a cell nearly on top of another.
        share = rng.uniform(0.36, 0.66) if rng.random() < 0.07 else rng.uniform(0.8, 1.08)
        reach = share * (diameter + base.diameter) / 2
        x, y = base.x + math.cos(away) * reach, base.y + math.sin(away) * reach
        place = Place(RBC, x, y, diameter, stretch, float(rng.uniform(0, math.pi)))
        inside = _inside(place, image_hw)
        if inside < 0.5 or (inside < 1 and rng.random() > 0.6):
            continue
        if any(_gap(place, other) < 0.72 for other in places if other is not base):
            continue
        if all(_gap(place, other) > 0.8 for other in whites):
            return place
    return None


def _sliver(rng: Generator, image_hw: tuple[int, int], diameter: float) -> Place:
    """A cell of which the image shows only a small part."""
    height, width = image_hw
    out = rng.uniform(0.3, 0.46) * diameter
    side = int(rng.integers(4))
    x = (-out, width + out)[side] if side < 2 else rng.uniform(0, width)
    y = rng.uniform(0, height) if side < 2 else (-out, height + out)[side - 2]
    return Place(RBC, float(x), float(y), diameter, 1.1, float(rng.uniform(0, math.pi)))


def _inside(place: Place, image_hw: tuple[int, int]) -> float:
    """Share of the box of a place that lies in the image."""
    share = 1.0
    for centre, half, size in zip((place.x, place.y), place.half_wh, (image_hw[1], image_hw[0]), strict=True):
        share *= max(min(centre + half, size) - max(centre - half, 0), 0) / (2 * half)
    return share


def _gap(place: Place, other: Place) -> float:
    """Distance of two centres, 1 where two circles would just touch."""
    return math.hypot(place.x - other.x, place.y - other.y) / ((place.diameter + other.diameter) / 2)


def _lognormal(rng: Generator, sigma: float) -> float:
    return float(rng.lognormal(0, sigma))


def _drawn_count(rng: Generator, images: tuple[int, ...]) -> int:
    weights = np.array(images) / sum(images)
    return int(rng.choice(len(images), p=weights))
