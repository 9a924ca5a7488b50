"""Prints one row a benchmark: name, figure, target, peer, ratio, holds. Run with `python -m tests.benchmarks`."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.registry import BENCHMARKS, Result

HERE = Path(__file__).parent
COLUMNS = "{:28} {:>18}   {:26} {:42} {:>8}  {}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="NAME", action="append", help="run only this one; may be given several times")
    parser.add_argument("--json", type=Path, help="write the rows to this file too")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row:
        return run_here(*options.row.split(":"))
    for module in pkgutil.iter_modules([str(HERE)]):
        if module.name.endswith("_benchmarks"):
            importlib.import_module(f"tests.benchmarks.{module.name}")
    unknown = set(options.only or ()) - set(BENCHMARKS)
    if unknown:
        parser.error(f"There is no benchmark {', '.join(sorted(unknown))}; known are {', '.join(sorted(BENCHMARKS))}.")
    if options.json:
        try:
            options.json.open("a", encoding="utf-8").close()
        except OSError as error:
            parser.error(f"The rows cannot be written to {options.json}: {error.strerror}.")
    names = options.only or [name for name, each in BENCHMARKS.items() if not each.long]
    print("Medians of CPU time on one thread, each row in a process of its own; wall time where the unit says so.")
    print(COLUMNS.format("name", "figure", "target", "peer", "ratio", "holds"))
    rows = [row for name in names for row in run_apart(name)]
    left_out = [name for name in BENCHMARKS if name not in names and not options.only]
    if left_out:
        print(f"Take minutes, run by --only: {', '.join(left_out)}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")
    return int(any("failed" in row for row in rows))


def run_here(module: str, name: str) -> int:
    """One benchmark in this process; its rows as the last line of stdout."""
    importlib.import_module(module)
    found = BENCHMARKS[name].run()
    print(json.dumps([row.to_dict() for row in ([found] if isinstance(found, Result) else found)]))
    return 0


def run_apart(name: str) -> list[dict[str, Any]]:
    """One benchmark in a process of its own: no other one's memory, threads or QApplication; printed as it comes."""
    place = f"{BENCHMARKS[name].run.__module__}:{name}"
    with tempfile.TemporaryDirectory() as folder:
        one_thread = {"OMP_NUM_THREADS": "1", "BOXSCOPE_CONFIG_DIR": folder}
        environment = {"QT_QPA_PLATFORM": "offscreen"} | os.environ | one_thread
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks", "--row", place],
            stdout=subprocess.PIPE, text=True, env=environment, cwd=HERE.parents[1], check=False,
        )  # fmt: skip
    if done.returncode != 0:
        print(f"{name:28} FAILED with {done.returncode}", flush=True)
        return [{"name": name, "failed": done.returncode, "holds": False}]
    rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    for row in rows:
        print(line(row), flush=True)
    return rows


def line(row: dict[str, Any]) -> str:
    """A row as text: the figures, and below them what they are of."""
    limits = [f"at most {row['at_most']:,g} {row['unit']}"] if row["at_most"] is not None else []
    limits += [f"at least {row['at_least']:,g} {row['unit']}"] if row["at_least"] is not None else []
    limits += [f"ratio {row['limit']:.3g}"] if row["limit"] is not None else []
    peer = "" if row["peer_figure"] is None else f"{row['peer']} {number(row['peer_figure'])}"
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.3g}"
    figure = f"{number(row['figure'])} {row['unit']}"
    verdict = "holds" if row["holds"] else "MISSED"
    worst = "" if row["worst"] is None else f" (worst {number(row['worst'])})"
    cpu = "" if row["cpu"] is None else f" (CPU {number(row['cpu'])} {row['unit'].split()[0]})"
    return (
        COLUMNS.format(row["name"], figure, ", ".join(limits), peer, ratio, verdict)
        + f"\n    {row['target']}{worst}{cpu}"
    )


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}" if value < 10 else f"{value:.1f}"


if __name__ == "__main__":
    raise SystemExit(main())
