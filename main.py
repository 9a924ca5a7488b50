"""Boxscope: the window by default, or one of the commands that need none. `python main.py --help` lists them."""

from __future__ import annotations

import contextlib
import sys


def main(arguments: list[str] | None = None) -> int:
    """Parse the call and hand it on; nothing heavy is imported before it is known what is asked."""
    from app.command_line import parse
    from detector.version import version

    found = parse(sys.argv[1:] if arguments is None else arguments, version())
    if found.command != "window":
        from app.headless import run

        return run(found)
    from app.display import DisplayProbe

    probe = DisplayProbe()
    if probe.is_asking:
        with contextlib.suppress(ImportError):  # Qt lacks a library of the system: so does the probe, and it says so
            import app.launch  # noqa: F401  # meanwhile
    problem = probe.problem()
    if problem is not None:
        from app.headless import inspect_samples

        return inspect_samples(problem, found.paths)
    from app.launch import run_window

    return run_window(found.paths)


if __name__ == "__main__":
    sys.exit(main())
