"""Prints one row a benchmark: name, target, figure, peer, ratio, holds. Run with `python -m tests.benchmarks`."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

import torch

from tests.benchmarks import detector_benchmarks  # noqa: F401  # registers its benchmarks
from tests.benchmarks.registry import BENCHMARKS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(BENCHMARKS), action="append", help="run only this one")
    parser.add_argument("--json", type=Path, help="write the rows to this file too")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("CPU milliseconds, medians, one thread, peer measured in the same run")
    rows = []
    for name in options.only or BENCHMARKS:
        row = BENCHMARKS[name]()
        verdict = "holds" if row.holds else "MISSED"
        print(
            f"{row.name:24} {row.target:62} {row.figure_ms:9.2f} ms   {row.peer:22} {row.peer_ms:9.2f} ms   "
            f"ratio {row.ratio:.4f} (at most {row.limit:.4f})  {verdict}"
        )
        rows.append(dataclasses.asdict(row) | {"ratio": row.ratio, "holds": row.holds})
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
