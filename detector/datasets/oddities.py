"""Boxes that are kept as they stand and told of: without area, outside the image."""

from __future__ import annotations

from collections.abc import Sequence

from detector.ground_truth import GroundTruth


def odd_boxes(places: Sequence[str], truth: GroundTruth, image_hw: tuple[int, int] | None) -> list[str]:
    """One sentence for each box without area or outside the image.

    Args:
        places: where each object stands, such as "'a.txt' line 3".
        truth: the objects.
        image_hw: (height, width) of the upright image; None where nobody knows them.
    """
    height, width = image_hw or (0, 0)
    # Six decimals of a share, as most programs write them, put a side at the border up to so far beyond it.
    slack = 0.01 + 2e-6 * max(height, width)
    found = []
    rows = zip(places, truth.labels, truth.boxes.tolist(), truth.has_area.tolist(), strict=True)
    for where, label, box, has_area in rows:
        place = f"{where} ({label}) [{', '.join(f'{value:g}' for value in box)}]"
        x1, y1, x2, y2 = box
        if not has_area:
            found.append(f"{place} has no area; it is kept but takes no part in training.")
        elif image_hw is None:
            continue
        elif x1 >= width or y1 >= height or x2 <= 0 or y2 <= 0:
            found.append(f"{place} lies outside the image of {width} x {height} px.")
        elif x1 < -slack or y1 < -slack or x2 > width + slack or y2 > height + slack:
            found.append(f"{place} reaches over the edge of the image of {width} x {height} px.")
    return found
