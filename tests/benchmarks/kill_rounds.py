"""Kills the program with SIGKILL at random moments while it edits and saves, and looks at what is left.

Run with `python -m tests.benchmarks.kill_rounds [--rounds 200] [--kind voc|coco|yolo] [--seed N]`. It stops at the
first broken file or lost edit; an edit that had begun and was not yet said to be in the journal may be lost.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.helpers.kill import Rounds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--kind", action="append", choices=("voc", "coco", "yolo"))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for kind in options.kind or ("voc", "coco", "yolo"):
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            rounds = Rounds(kind, Path(folder), options.seed)
            for _ in range(options.rounds):
                rounds.play()
        tally = rounds.tally
        print(
            f"{kind}: {tally.rounds} kills in {time.perf_counter() - began:.0f} s, of which {tally.in_a_save} while a "
            f"file was being written and {tally.under_way} while an edit was under way. {tally.edits} edits, "
            f"{tally.saves} saves answered. Broken files 0; edits lost that were kept 0, edits under way that were "
            f"lost {tally.lost}. Images that the journal had newer {tally.from_journal}; found at the next start: "
            f"{dict(tally.verdicts)}.",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
