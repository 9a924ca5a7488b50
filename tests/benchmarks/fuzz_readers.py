"""Coverage-guided fuzzing of the readers: any bytes for as long as one likes, looking for what no reader may do.

Run with `python -m tests.benchmarks.fuzz_readers READER [--seconds N] [--keep FOLDER]`. What each reader has to hold is
in `tests/helpers/fuzzed.py`. It stops at the first input that breaks it and names the file with that input; played
again, alone, by `--input FILE`.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

READERS = ("voc", "coco", "yolo", "labelme", "filter", "journal")
INSTRUMENTED = [
    "detector.datasets",
    "app.edit",
    "app.image_filter",
    "app.image_terms",
    "app.journal_file",
]
MEMORY = Path("/dev/shm")
"""Where there is one, files are played with there: nothing waits for a disk."""

PERIOD = 600
"""Seconds after which the fuzzer begins anew with what it has found: its own memory grows by some 10 KB an input."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=READERS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--keep", type=Path, help="found inputs are kept in this folder, and begun with the next time")
    parser.add_argument("--input", type=Path, help="play this one only, without atheris")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        return _fuzz(options.reader, options.folder, options.keep, options.seconds)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        if options.input:
            return _play(options.reader, Path(folder), options.input)
        if importlib.util.find_spec("atheris") is None:
            parser.error("Fuzzing needs atheris: pip install atheris")
        # The fuzzer ends its process by itself, so that it gets one of its own.
        keep = options.keep or Path(tempfile.gettempdir()) / "boxscope-fuzzing" / options.reader
        keep.mkdir(parents=True, exist_ok=True)
        print(f"Found inputs are kept in {keep}", flush=True)
        command = [sys.executable, "-m", "tests.benchmarks.fuzz_readers", options.reader, "--folder", folder]
        for begun in range(0, options.seconds, PERIOD):
            seconds = min(PERIOD, options.seconds - begun)
            ended = subprocess.run([*command, "--keep", str(keep), "--seconds", str(seconds)], check=False)
            if ended.returncode:
                return ended.returncode
        return 0


def _play(reader: str, folder: Path, given: Path) -> int:
    from tests.helpers.fuzzed import TARGETS

    TARGETS[reader](folder).play(given.read_bytes())
    print("Nothing is wrong with this input.")
    return 0


def _fuzz(reader: str, folder: Path, keep: Path, seconds: int) -> int:
    import atheris

    warnings.simplefilter("error")  # as in the tests: numpy's are errors of the reader
    with warnings.catch_warnings(), atheris.instrument_imports(include=INSTRUMENTED):
        warnings.simplefilter("ignore")
        from tests.helpers.fuzzed import TARGETS
    for name in ("work", "seeds"):
        (folder / name).mkdir(exist_ok=True)
    target = TARGETS[reader](folder / "work")
    for number, seed in enumerate(target.seeds()):
        (folder / "seeds" / f"seed {number:02}").write_bytes(seed)
    (folder / "words").write_text("".join(f'"{_escaped(word)}"\n' for word in target.words), encoding="ascii")
    found = keep / "found"
    found.mkdir(exist_ok=True)
    atheris.Setup(
        [
            sys.argv[0], f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=12000",
            f"-dict={folder / 'words'}", f"-artifact_prefix={keep}/", "-print_final_stats=1", "-reload=0",
            str(found), str(folder / "seeds"),
        ],
        target.play,
    )  # fmt: skip
    atheris.Fuzz()
    return 0


def _escaped(word: bytes) -> str:
    """As libFuzzer's dictionaries have it."""
    return "".join(chr(each) if chr(each).isalnum() and each < 128 else f"\\x{each:02x}" for each in word)


if __name__ == "__main__":
    raise SystemExit(main())
