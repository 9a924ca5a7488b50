"""The page on cases says what cases are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from detector import case_archive
from detector.case import load_case
from detector.case_arrays import (
    ANCHORS,
    DECODED,
    DELTAS,
    FLAGS,
    HEAD_BOXES,
    HEAD_ROWS,
    HEAD_SCORES,
    OBJECTNESS,
    TRACE,
    TRUTH_BOXES,
)
from detector.case_arrays import IMAGE as IMAGE_COLUMN

CONTRIBUTING = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
CASES = CONTRIBUTING.split("\n## Cases\n")[1].split("\n## ")[0]


class TestDocumentation:
    def writer(self):
        (code,) = re.findall(r"^```python\n(.*?)^```", CASES, re.MULTILINE | re.DOTALL)
        assert len(code.splitlines()) <= 30
        assert "detector" not in code
        names = {"__name__": "contributing"}
        exec(compile(code, "CONTRIBUTING.md", "exec"), names)
        return names["write_case"]

    def test_the_writer_writes_a_case(self, tmp_path):
        # 2 x 3 cells of 16 px, one square shape of 32 px; a cat was found at the third anchor.
        rng = np.random.default_rng(0)
        centres = [(8 + 16 * x, 8 + 16 * y) for y in range(2) for x in range(3)]
        anchors = [[x - 16, y - 16, x + 16, y + 16] for x, y in centres]
        decoded = np.clip(anchors, 0, [48, 32, 48, 32])
        arrays = {
            "anchors": anchors,
            "objectness": [0.1, 0.2, 0.9, 0.3, 0.2, 0.1],
            "decoded": decoded,
            "head/rows": [2],
            "head/scores": [[0.1, 0.8, 0.1]],
            "head/boxes": [[[24, 0, 46, 22], [20, 0, 48, 24]]],
            "ground_truth/boxes": [[25, 1, 47, 23]],
            "ground_truth/difficult": [False],
        }
        image = rng.integers(0, 255, (32, 48, 3))
        settings = {
            "anchors": {"sizes": [32], "ratios": [1], "stride": 16},
            "proposals": {"min_side": 1, "nms_iou": 0.2, "post_nms_top_n": 1},
        }
        path = tmp_path / "a.boxcase"
        self.writer()(path, image, (32, 48), (2, 3), arrays, ["cat", "dog"], settings, file="a.png", labels=["cat"])
        found = load_case(path)
        assert (found.image == image).all()
        assert found.trace.proposals.kept.tolist() == [2]
        # IoU of [24, 0, 46, 22] with [25, 1, 47, 23]: 21 * 21 / (2 * 22 * 22 - 21 * 21) = 441 / 527 = 0.837
        (row,) = found.trace.to_dict()["ground_truth"]
        assert row["outcome"] == "found"
        assert row["detail"]["iou"] == pytest.approx(441 / 527)
        assert found.trace.warnings == ()

    def test_the_table_names_every_array(self):
        rows = re.findall(r"^\| `([\w/]+)` \| (\w+) \| ([\w, +]+) \|", CASES, re.MULTILINE)
        columns = (IMAGE_COLUMN, ANCHORS, OBJECTNESS, DELTAS, DECODED, HEAD_ROWS, HEAD_SCORES, HEAD_BOXES, TRUTH_BOXES)
        columns += (*FLAGS, *TRACE)
        assert rows == [
            (each.name, np.dtype(each.dtype).name, ", ".join(str(side) for side in each.shape)) for each in columns
        ]

    def test_the_table_names_every_value(self, members):
        rows = re.findall(r"^\| `(\w+)`( \*)? \| ", CASES, re.MULTILINE)
        content = json.loads(members["case.json"])
        assert {name for name, _ in rows} >= content.keys()
        needed = {name for name, star in rows if star}
        assert needed == {"schema", "image", "network", "model", "feature_hw", "settings"}

    def test_what_it_says_of_sizes_holds(self):
        assert case_archive.MAX_ARRAY_BYTES >= 16_000_000 * 16
