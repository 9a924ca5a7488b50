"""Synthetic blood smears with exact ground truth; sizes, counts, overlaps and cuts follow the photographs of BCCD.

Every scene is drawn from (seed, number) alone: the same two give the same picture, in any order.

`python -m detector.datasets.synthetic OUT_DIR --count N --seed S` writes a VOC root;
`python -m detector.datasets.synthetic --measure DIR` prints the figures of any VOC root. All 364 images of BCCD against
the first 364 scenes of seed 0, 640 x 480 px, percentiles 5, 25, 50, 75, 95:

                                     BCCD                       synthetic
    Platelets  width, px       29   35   39   45   57     27   34   39   45   54
               height, px      29   35   39   44   56     27   34   39   45   55
               an image         0    0    1    2    3      0    0    1    2    3
    RBC        width, px       80   96  105  114  128     75   93  102  112  128
               height, px      76   92  101  109  123     71   91  101  111  126
               an image         3    9   11   14   18      2    8   12   14   18
    WBC        width, px      122  158  201  225  258    134  170  199  230  260
               height, px     112  142  181  208  235    126  166  193  222  259
               an image         1    1    1    1    1      1    1    1    1    1
    greatest IoU with another 0.00 0.00 0.04 0.09 0.28   0.00 0.00 0.04 0.09 0.23
    objects above IoU 0.1, 0.3          0.21 0.04                  0.18 0.03
    boxes cut by the edge                 0.25                       0.27
    images with platelets                 0.55                       0.57

What BCCD has and this has not: unlabelled heaps of cells, and boxes drawn by hand, a few pixels off.
"""

from __future__ import annotations

import argparse
import io
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFilter

from detector.boxes import Floats
from detector.datasets.errors import DatasetError
from detector.datasets.files import write_atomic
from detector.datasets.folder import open_dataset
from detector.datasets.images import Pixels, read_size
from detector.datasets.records import Sample
from detector.datasets.statistics import measure
from detector.datasets.synthetic_cells import Smear, clouds, debris, platelet, red_cell, white_cell
from detector.datasets.synthetic_layout import PLATELETS, RBC, REFERENCE_HW, WBC, lay_out
from detector.datasets.voc import write_voc
from detector.ground_truth import GroundTruth

CLASSES = (PLATELETS, RBC, WBC)
MIN_VISIBLE = 0.3
"""Objects of which less is to be seen get no label, as in BCCD."""

_DRAW = {RBC: red_cell, WBC: white_cell, PLATELETS: platelet}
_DRAWING_ORDER = (WBC, RBC, PLATELETS)  # a white cell first: it hides the red cells below it


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One synthetic photograph.

    Attributes:
        pixels: uint8 (H, W, 3) RGB, before compression.
        ground_truth: boxes tight around what is visible, in whole pixels inside the image.
        quality: JPEG quality to save it with.
    """

    pixels: Pixels
    ground_truth: GroundTruth
    quality: int

    def jpeg(self) -> bytes:
        """The picture as a JPEG file."""
        file = io.BytesIO()
        Image.fromarray(self.pixels).save(file, "JPEG", quality=self.quality)
        return file.getvalue()


def draw_scene(seed: int, number: int = 0, image_hw: tuple[int, int] = REFERENCE_HW) -> Scene:
    """Draw one scene.

    Args:
        seed: of the series, 0 or above.
        number: of the scene in its series, 0 or above.
        image_hw: (height, width), both 32 or above; other sizes show the same field of view, finer or coarser.

    Raises:
        ValueError: where the image would be smaller than 32 px.
    """
    if min(image_hw) < 32:
        raise ValueError(f"A scene has sides of 32 px or more, not {image_hw[1]} x {image_hw[0]}.")
    rng = np.random.default_rng((seed, number))
    scale = math.sqrt(image_hw[0] * image_hw[1] / (REFERENCE_HW[0] * REFERENCE_HW[1]))
    smear = Smear(rng, image_hw, scale)
    places = lay_out(rng, image_hw)
    boxes, labels = [], []
    for label in _DRAWING_ORDER:
        for place in (each for each in places if each.label == label):
            window, visible, whole = _DRAW[label](smear, place)
            if visible.sum() < MIN_VISIBLE * whole:
                continue
            rows, columns = np.flatnonzero(visible.any(axis=1)), np.flatnonzero(visible.any(axis=0))
            top, left = window.rows.start, window.columns.start
            boxes.append([left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1])
            labels.append(label)
    debris(smear)
    truth = GroundTruth(np.array(boxes, np.float32).reshape(-1, 4), labels)
    return Scene(_photograph(rng, smear), truth, int(rng.integers(72, 93)))


def _photograph(rng: Generator, smear: Smear) -> Pixels:
    """Light through the smear, optics, sensor."""
    height, width = smear.image_hw
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    tilt_x, tilt_y = (float(each) for each in rng.normal(0, 0.018, 2))
    light = 1 + tilt_x * x + tilt_y * y - rng.uniform(0, 0.035) * (x * x + y * y)
    light += np.float32(0.006) * clouds(rng, smear.image_hw, 120 * smear.scale)
    white = np.array([206, 207, 202]) * rng.normal(1, 0.008, 3) * rng.uniform(0.97, 1.03)
    # In place and in float32: at this size most of the time goes into fresh memory.
    picture = np.negative(smear.absorbance)
    np.exp(picture, out=picture)
    picture *= light[:, :, None]
    picture *= white.astype(np.float32)
    # Half of the noise is there before the optics' blur, as in photographs that were enlarged once.
    noise = rng.standard_normal(picture.shape, np.float32)
    noise *= np.float32(rng.uniform(0.8, 2.6))
    picture += noise
    soft = Image.fromarray(_bytes(picture)).filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 1.5) * smear.scale))
    grain = rng.standard_normal((height, width, 1), np.float32) * np.float32(rng.uniform(0.3, 1.4))
    grain = grain + np.asarray(soft, np.float32)
    return _bytes(grain)


def _bytes(picture: Floats) -> Pixels:
    """Rounded to 8 bit; changes the picture in place."""
    np.rint(picture, out=picture)
    np.clip(picture, 0, 255, out=picture)
    return picture.astype(np.uint8)


def write_scenes(
    folder: Path, numbers: Sequence[int], seed: int, image_hw: tuple[int, int] = REFERENCE_HW, flat: bool = False
) -> None:
    """Write scenes of a series as a VOC root (Annotations, JPEGImages, ImageSets/Main/train.txt).

    Args:
        folder: made where it does not exist; files of the same names are replaced.
        numbers: which scenes; file smear_<number>.
        seed: of the series.
        image_hw: (height, width).
        flat: images and annotations side by side instead, as the bundled samples are.

    Raises:
        DatasetError: where a file cannot be written.
    """
    images, annotations = (folder, folder) if flat else (folder / "JPEGImages", folder / "Annotations")
    splits = folder / "ImageSets" / "Main"
    try:
        for each in {images, annotations} | (set() if flat else {splits}):
            each.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"The folder '{folder}' cannot be made ({error.strerror or error}).") from None
    stems = [f"smear_{number:03d}" for number in numbers]
    for done, (number, stem) in enumerate(zip(numbers, stems, strict=True), 1):
        scene = draw_scene(seed, number, image_hw)
        write_atomic(images / f"{stem}.jpg", scene.jpeg())
        write_voc(annotations / f"{stem}.xml", image_hw, f"{stem}.jpg", scene.ground_truth)
        if done % 50 == 0 or done == len(stems):
            print(f"{done} of {len(stems)} scenes", file=sys.stderr)  # noqa: T201  # progress of a command
    if not flat:
        write_atomic(splits / "train.txt", "".join(f"{stem}\n" for stem in stems).encode())


def figures_of(folder: Path) -> str:
    """The figures of a dataset as text; see `detector.datasets.statistics`.

    Raises:
        DatasetError: where it cannot be opened or has no box.
    """
    samples = [each for each in open_dataset(folder).readable() if isinstance(each, Sample)]
    truths = [(each.ground_truth, read_size(each.image_path)) for each in samples if each.ground_truth is not None]
    try:
        return measure(truths).table()
    except ValueError:
        raise DatasetError(f"'{folder}' has no boxes to measure.") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns 0 done, 1 failed."""
    parser = argparse.ArgumentParser(prog="python -m detector.datasets.synthetic", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("out", nargs="?", type=Path, metavar="OUT_DIR", help="folder to write a VOC root into")
    parser.add_argument("--count", type=_positive, default=100, metavar="N", help="how many scenes (100)")
    parser.add_argument("--seed", type=_not_negative, default=0, metavar="S", help="seed of the series (0)")
    parser.add_argument("--size", type=_size, default=REFERENCE_HW, metavar="WxH", help="pixels (640x480)")
    parser.add_argument("--only", type=_numbers, metavar="I,J,K", help="write these scenes of the series only")
    parser.add_argument("--flat", action="store_true", help="images and annotations side by side, no VOC root")
    parser.add_argument("--measure", type=Path, metavar="DIR", help="print the figures of a dataset and write nothing")
    options = parser.parse_args(arguments)
    if (options.out is None) == (options.measure is None):
        parser.error("give OUT_DIR to write scenes, or --measure DIR")
    try:
        if options.measure is not None:
            print(figures_of(options.measure))  # noqa: T201  # the result of a command
        else:
            numbers = options.only if options.only is not None else range(options.count)
            write_scenes(options.out, numbers, options.seed, options.size, options.flat)
    except DatasetError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def _not_negative(text: str) -> int:
    return 0 if text == "0" else _positive(text)


def _numbers(text: str) -> list[int]:
    return [_not_negative(part.strip()) for part in text.split(",")]


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{2,5})x([0-9]{2,5})", text)
    if found is None or min(int(found[1]), int(found[2])) < 32:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size like 640x480, with sides of 32 px or more")
    return int(found[2]), int(found[1])


if __name__ == "__main__":
    sys.exit(main())
