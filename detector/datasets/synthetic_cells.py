"""How the things of a synthetic smear look: red cells, white cells, platelets, debris.

Light passes through a stained smear, so that everything is drawn as absorbance, a plane for each colour; what overlaps
adds up and comes out darker, as through a microscope. `Smear` collects it; `light` of the finished picture is
background * exp(-absorbance).

Shapes: A [H, W, 3] absorbance; patches [h, w] cut to the image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from detector.boxes import Bools, Floats
from detector.datasets.synthetic_layout import Place

_ANGLES = 720

# Absorbance of red, green and blue light, from the spread in BCCD: rims of red cells have medians of 0.12, 0.25, 0.19,
# nuclei 0.42, 0.74, -0.02 (5th and 95th percentile of green: 0.51 and 1.01), platelets 0.30, 0.38, 0.00.
_RED_STAINS = ((0.12, 0.27, 0.20), (0.13, 0.26, 0.24), (0.13, 0.29, 0.28), (0.10, 0.24, 0.19), (0.17, 0.34, 0.33))
_NUCLEUS_STAINS = ((0.42, 0.78, 0.00), (0.50, 0.82, 0.02), (0.68, 0.95, 0.08), (0.36, 0.68, -0.03))


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The part of the image around one object, cut to the image.

    Attributes:
        rows, columns: where it lies.
        dx, dy: (h, w) distance of each pixel's middle from the centre, px.
    """

    rows: slice
    columns: slice
    dx: Floats
    dy: Floats


@dataclass(frozen=True, slots=True)
class Look:
    """What all cells of one smear share: stain, focus."""

    red: tuple[float, float, float]
    nucleus: tuple[float, float, float]
    strength: float
    softness: float
    pallor: float

    @classmethod
    def drawn(cls, rng: Generator, scale: float) -> Look:
        """A look at random; `scale` is the resolution against 640 x 480."""
        return cls(
            red=_varied(rng, _RED_STAINS[int(rng.integers(len(_RED_STAINS)))], 0.07),
            nucleus=_varied(rng, _NUCLEUS_STAINS[int(rng.integers(len(_NUCLEUS_STAINS)))], 0.08),
            strength=rng.uniform(0.8, 1.12),
            softness=rng.uniform(1.2, 3.4) * scale,
            pallor=rng.uniform(0.25, 0.85),
        )


class Smear:
    """The picture while it is drawn.

    Attributes:
        absorbance: (H, W, 3) float32.
        covered: (H, W) float32, 0..1: where a white cell hides what lies below.
        red: (H, W) float32, 0..1: where red cells lie already.
    """

    def __init__(self, rng: Generator, image_hw: tuple[int, int], scale: float) -> None:
        self.rng = rng
        self.image_hw = image_hw
        self.scale = scale
        self.look = Look.drawn(rng, scale)
        self.absorbance = np.zeros((*image_hw, 3), np.float32)
        self.covered = np.zeros(image_hw, np.float32)
        self.red = np.zeros(image_hw, np.float32)
        self._fine = clouds(rng, image_hw, 3.0 * scale)
        self._coarse = clouds(rng, image_hw, 11.0 * scale)

    def window(self, x: float, y: float, reach: float) -> Window:
        """The square of 2 * reach px around a point."""
        height, width = self.image_hw
        top, bottom = (int(np.clip(v, 0, height)) for v in (math.floor(y - reach), math.ceil(y + reach) + 1))
        left, right = (int(np.clip(v, 0, width)) for v in (math.floor(x - reach), math.ceil(x + reach) + 1))
        dx = np.arange(left, right, dtype=np.float32) + np.float32(0.5 - x)
        dy = np.arange(top, bottom, dtype=np.float32) + np.float32(0.5 - y)
        dx, dy = np.broadcast_arrays(dx[None, :], dy[:, None])
        return Window(slice(top, bottom), slice(left, right), dx, dy)

    def grain(self, window: Window, fine: float, coarse: float) -> Floats:
        """Irregular texture of mean 0, (h, w), with these deviations; another piece for each object."""
        shift = self.rng.integers(0, 1000, 2)
        rows = (np.arange(window.rows.start, window.rows.stop) + shift[0]) % self.image_hw[0]
        columns = (np.arange(window.columns.start, window.columns.stop) + shift[1]) % self.image_hw[1]
        index = rows[:, None], columns[None, :]
        piece: Floats = np.float32(fine) * self._fine[index] + np.float32(coarse) * self._coarse[index]
        return piece

    def stain(self, window: Window, amount: Floats, colour: tuple[float, float, float]) -> None:
        """Add absorbance of a colour."""
        self.absorbance[window.rows, window.columns] += amount[:, :, None] * np.array(colour, np.float32)


def red_cell(smear: Smear, place: Place) -> tuple[Window, Bools, float]:
    """Draw a red cell.

    Returns:
        Its window, (h, w) the pixels that belong to it and are not hidden, and the number of pixels of the whole cell.
    """
    rng, look = smear.rng, smear.look
    outline = _outline(rng, place, roughness=0.022)
    window = smear.window(place.x, place.y, float(outline.max()) * 1.12)
    distance, radius = _polar(window, outline)
    softness = look.softness * (rng.uniform(2.5, 5.0) if rng.random() < 0.06 else rng.uniform(0.85, 1.3))
    body = _step((1 - distance) * radius / softness)
    pallor = np.clip(rng.normal(look.pallor, 0.22), 0, 0.92)
    if rng.random() < 0.15:
        pallor = 0.0
    profile = body * (1 + smear.grain(window, 0.03, 0.05))
    # The pale centre is seldom in the middle and seldom round.
    off = rng.normal(0, 0.07, 2) * place.diameter
    centre_x, centre_y = window.dx - np.float32(off[0]), window.dy - np.float32(off[1])
    turn, flat = rng.uniform(0, math.pi), rng.uniform(1.0, 1.5)
    along = centre_x * math.cos(turn) + centre_y * math.sin(turn)
    across = (centre_y * math.cos(turn) - centre_x * math.sin(turn)) * flat
    wide = rng.uniform(0.25, 0.36) * place.diameter
    profile -= body * pallor * np.exp(-(((along * along + across * across) / (wide * wide)) ** 2))
    # A darker line just inside the outline and a bright one outside: the cell bends light.
    profile += rng.uniform(0.1, 0.35) * np.exp(-(((distance - 0.95) * radius / (1.6 * softness)) ** 2))
    profile -= rng.uniform(0.05, 0.16) * np.exp(-(((distance - 1.06) * radius / (1.8 * softness)) ** 2))
    hidden = smear.covered[window.rows, window.columns]
    # Two cells one over the other are darker than one, but by far not twice: the upper one spreads out over the lower.
    below = smear.red[window.rows, window.columns]
    strength = look.strength * rng.uniform(0.8, 1.2) * (1 - 0.92 * hidden) * (1 - rng.uniform(0.4, 0.72) * below)
    np.maximum(below, body, out=below)
    smear.stain(window, (profile * strength).astype(np.float32), _varied(rng, look.red, 0.035))
    if rng.random() < 0.1:
        _hole(smear, place)
    return window, (body > 0.5) & (hidden < 0.5), _area(outline)


def white_cell(smear: Smear, place: Place) -> tuple[Window, Bools, float]:
    """Draw a white cell; returns as `red_cell`. It hides what is drawn after it, so draw it first."""
    rng, look = smear.rng, smear.look
    outline = _outline(rng, place, roughness=0.035)
    window = smear.window(place.x, place.y, float(outline.max()) * 1.1)
    distance, radius = _polar(window, outline)
    body = _step((1 - distance) * radius / (look.softness * 1.4 + 0.015 * place.diameter))
    round_nucleus = rng.random() < 0.15 or place.diameter < 130 * smear.scale
    nucleus = _nucleus(rng, window, place.diameter / 2, round_nucleus, look.softness)
    nucleus *= _step((0.93 - distance) * radius / look.softness)
    deep = rng.uniform(0.75, 1.15)
    if rng.random() < 0.05:  # a smudged cell: the nucleus has burst and fills a ragged body
        nucleus = body * np.clip(0.75 + smear.grain(window, 0.15, 0.3), 0, 1.2)
        deep *= 0.55
    cytoplasm = ((0.11, 0.26, 0.03), (0.15, 0.24, 0.00), (0.06, 0.20, 0.07), (0.13, 0.32, 0.07))[int(rng.integers(4))]
    granules = smear.grain(window, rng.uniform(0.05, 0.3), rng.uniform(0.08, 0.3))
    plasma = body * (1 - nucleus) * np.clip(1 + granules, 0, 2.5) * rng.uniform(0.6, 1.2)
    smear.stain(window, plasma.astype(np.float32), _varied(rng, cytoplasm, 0.15))
    chromatin = nucleus * np.clip(1 + smear.grain(window, 0.05, 0.13), 0.4, 1.5) * deep
    smear.stain(window, chromatin.astype(np.float32), _varied(rng, look.nucleus, 0.06))
    covered = smear.covered[window.rows, window.columns]
    np.maximum(covered, body, out=covered)
    return window, body > 0.5, _area(outline)


def platelet(smear: Smear, place: Place) -> tuple[Window, Bools, float]:
    """Draw a platelet; returns as `red_cell`."""
    rng, look = smear.rng, smear.look
    # Frayed and soft: a person draws the box where the last of the stain ends, so that the body is drawn a little wide.
    outline = _outline(rng, place, roughness=0.07)
    window = smear.window(place.x, place.y, float(outline.max()) * 1.3)
    distance, radius = _polar(window, outline)
    body = _step((1 - distance) * radius / (look.softness * 1.2 + 0.12 * place.diameter))
    granules = np.clip(1 + smear.grain(window, 0.3, 0.35), 0, 2)
    core = np.exp(-((distance / rng.uniform(0.45, 0.8)) ** 2)) * granules
    strength = rng.uniform(0.45, 1.2)
    smear.stain(window, (body * strength).astype(np.float32), _varied(rng, (0.17, 0.18, 0.0), 0.2))
    smear.stain(window, (body * core * strength).astype(np.float32), _varied(rng, (0.22, 0.3, 0.0), 0.25))
    return window, body > 0.5, _area(outline)


def debris(smear: Smear) -> None:
    """Things that are no cell and get no label: faint stain, dust on the sensor, dark specks, a fibre."""
    rng, scale = smear.rng, smear.scale
    height, width = smear.image_hw
    for _ in range(int(rng.poisson(1.2))):  # stain deposits: like a platelet, paler and without a core
        reach = rng.uniform(8, 26) * scale
        window = smear.window(rng.uniform(0, width), rng.uniform(0, height), 3 * reach)
        squared = (window.dx**2 + (rng.uniform(0.6, 1.6) * window.dy) ** 2) / (reach * reach)
        amount = rng.uniform(0.03, 0.13) * np.exp(-squared) * np.clip(1 + smear.grain(window, 0.2, 0.4), 0, 2)
        smear.stain(window, amount.astype(np.float32), (0.9, 0.7, 0.1))
    for _ in range(int(rng.poisson(5))):  # dust on the sensor: grey rings, the same for all depths
        radius = rng.uniform(3, 7) * scale
        window = smear.window(rng.uniform(0, width), rng.uniform(0, height), 2.5 * radius)
        ring = np.exp(-(((np.hypot(window.dx, window.dy) - radius) / (0.35 * radius)) ** 2))
        smear.stain(window, (rng.uniform(0.04, 0.16) * ring).astype(np.float32), (1.0, 1.0, 1.0))
    for _ in range(int(rng.poisson(0.35))):  # precipitate
        reach = rng.uniform(3, 8) * scale
        window = smear.window(rng.uniform(0, width), rng.uniform(0, height), 3 * reach)
        blob = np.exp(-(((window.dx**2 + window.dy**2) / (reach * reach)) ** 2))
        smear.stain(window, (rng.uniform(0.3, 1.0) * blob).astype(np.float32), (1.0, 1.1, 0.7))
    if rng.random() < 0.08:
        _fibre(smear)


def _hole(smear: Smear, place: Place) -> None:
    """A drop of trapped air or water on a red cell: dark ring, bright middle."""
    rng = smear.rng
    radius = rng.uniform(0.05, 0.1) * place.diameter
    x, y = np.array([place.x, place.y]) + rng.normal(0, 0.12, 2) * place.diameter
    window = smear.window(float(x), float(y), 3 * radius)
    flat = rng.uniform(0.8, 1.6)
    distance = np.hypot(window.dx, window.dy * flat) / radius
    ring = rng.uniform(0.15, 0.55) * np.exp(-(((distance - 1) / 0.4) ** 2)) - 0.35 * np.exp(-((distance / 0.55) ** 2))
    smear.stain(window, ring.astype(np.float32), (0.9, 1.0, 0.8))


def _fibre(smear: Smear) -> None:
    rng = smear.rng
    height, width = smear.image_hw
    window = smear.window(width / 2, height / 2, float(max(height, width)))
    turn = rng.uniform(0, math.pi)
    along = (window.dx * math.cos(turn) + window.dy * math.sin(turn)) / width
    across = window.dy * math.cos(turn) - window.dx * math.sin(turn)
    across = across - rng.uniform(-0.3, 0.3) * height - rng.uniform(-120, 120) * smear.scale * along**2
    line = np.exp(-((across / (rng.uniform(1.2, 2.6) * smear.scale)) ** 2)) * (np.abs(along) < rng.uniform(0.1, 0.35))
    smear.stain(window, (rng.uniform(0.06, 0.25) * line).astype(np.float32), (0.9, 0.9, 0.6))


def _nucleus(rng: Generator, window: Window, radius: float, is_round: bool, softness: float) -> Floats:
    """(h, w) 0..1: one large round nucleus, or lobes in a bow."""
    field = np.zeros(window.dx.shape, np.float32)
    if is_round:
        lobes = [(*(rng.normal(0, 0.05, 2) * radius), rng.uniform(0.68, 0.86) * radius)]
        lobes += [(*(rng.normal(0, 0.3, 2) * radius), rng.uniform(0.3, 0.5) * radius) for _ in range(2)]
    else:
        count = int(rng.choice((2, 3, 4, 5), p=(0.15, 0.35, 0.35, 0.15)))
        start, turn, bow = rng.uniform(0, 2 * math.pi), rng.choice((-1, 1)), rng.uniform(1.0, 1.6)
        lobes = []
        for number in range(count):
            angle = start + turn * bow * number
            out = rng.uniform(0.42, 0.62) * radius
            lobes.append((math.cos(angle) * out, math.sin(angle) * out, rng.uniform(0.27, 0.4) * radius))
    for x, y, reach in lobes:
        flat, turned = rng.uniform(1.0, 1.35), rng.uniform(0, math.pi)
        along = (window.dx - x) * math.cos(turned) + (window.dy - y) * math.sin(turned)
        across = (window.dy - y) * math.cos(turned) - (window.dx - x) * math.sin(turned)
        squared = (along * along / flat + across * across * flat) / (reach * reach)
        field += np.exp(-0.69 * squared * np.sqrt(squared)).astype(np.float32)
    # The field falls by about 1 / reach a px at its level line of one half.
    return _step((field - 0.5) * (0.38 * radius / (1.5 * softness + 0.012 * radius)))


def _outline(rng: Generator, place: Place, roughness: float) -> Floats:
    """Distance of the outline from the centre for 720 directions, px: an ellipse with dents."""
    angles = np.linspace(-math.pi, math.pi, _ANGLES, endpoint=False)
    a, b = place.diameter / 2 * math.sqrt(place.stretch), place.diameter / 2 / math.sqrt(place.stretch)
    turned = angles - place.angle
    outline = a * b / np.hypot(b * np.cos(turned), a * np.sin(turned))
    bumps = np.zeros(_ANGLES)
    for order in range(2, 7):
        bumps += rng.normal(0, roughness * 2 / order) * np.cos(order * angles + rng.uniform(0, 2 * math.pi))
    return (outline * np.clip(1 + bumps, 0.6, 1.4)).astype(np.float32)


def _polar(window: Window, outline: Floats) -> tuple[Floats, Floats]:
    """(h, w) distance from the centre as a share of the outline's in that direction, and that outline distance, px."""
    steps = (np.arctan2(window.dy, window.dx) + np.float32(math.pi)) * np.float32(_ANGLES / (2 * math.pi))
    radius: Floats = outline[steps.astype(np.int64) % _ANGLES]
    distance = np.hypot(window.dx, window.dy) / radius
    return distance.astype(np.float32, copy=False), radius


def _area(outline: Floats) -> float:
    return float((outline.astype(np.float64) ** 2).sum() * math.pi / _ANGLES)


def _step(value: NDArray[np.floating]) -> Floats:
    """A smooth step from 0 at -1 to 1 at 1, one half at 0."""
    t = np.clip(value * 0.5 + 0.5, 0, 1)
    smooth: Floats = (t * t * (3 - 2 * t)).astype(np.float32)
    return smooth


def clouds(rng: Generator, image_hw: tuple[int, int], coarse: float) -> Floats:
    """Smooth noise, (H, W), mean 0, standard deviation about 1, with blobs of about `coarse` px."""
    height, width = image_hw
    small = rng.standard_normal((max(round(height / coarse), 2), max(round(width / coarse), 2)), np.float32)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)) * np.float32(1.4)


def _varied(rng: Generator, colour: tuple[float, float, float], spread: float) -> tuple[float, float, float]:
    red, green, blue = (float(part * rng.lognormal(0, spread)) for part in colour)
    return red, green, blue
