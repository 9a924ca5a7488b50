"""Which version of the program this is."""

from __future__ import annotations

from pathlib import Path


def version() -> str:
    """The version in pyproject.toml: the program runs from its checkout."""
    import tomllib

    content = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    found: str = tomllib.loads(content)["project"]["version"]
    return found
