"""Where things stand on the disk, and which models have a name. No Qt, no torch, nothing heavy."""

from __future__ import annotations

import os
from pathlib import Path

CONFIG_DIR_VARIABLE = "BOXSCOPE_CONFIG_DIR"
"""Puts preferences and log elsewhere: tests, portable installations."""

SAMPLES = Path(__file__).parents[1] / "resources" / "samples"

TRANSLATIONS = Path(__file__).parents[1] / "resources" / "translations"
"""One json a language, see `app.translation`."""

MODELS = ("compact", "vgg16")
"""The names `detector.models.load` knows; asking it would bring in torch."""

DEFAULT_MODEL = MODELS[0]

CASE_SUFFIX = ".boxcase"
"""By this a saved case is told from an image; `detector.case` has it too, but is not brought in for every start."""

RANDOM_MODELS = ("vgg16",)
"""Also offered with random weights: the classic anchors without its download of 528 MB."""


def is_case(path: Path | str) -> bool:
    """It is called as a saved case is."""
    return str(path).lower().endswith(CASE_SUFFIX)


def is_never_saved(path: Path) -> bool:
    """Nothing is saved of it: a case is what it is, and the bundled samples are for everybody to play with."""
    return is_case(path) or path.parent == SAMPLES


def config_dir() -> Path:
    """The folder of the preferences."""
    from platformdirs import user_config_path

    override = os.environ.get(CONFIG_DIR_VARIABLE)
    return Path(override) if override else user_config_path("boxscope", appauthor=False)


def log_dir() -> Path:
    """The folder of the log file."""
    from platformdirs import user_log_path

    override = os.environ.get(CONFIG_DIR_VARIABLE)
    return Path(override) / "log" if override else user_log_path("boxscope", appauthor=False)


def class_changes_dir() -> Path:
    """The folder of what is kept while a change of a class can be taken back."""
    return journal_dir().parent / "class-changes"


def journal_dir() -> Path:
    """The folder of the recovery journal."""
    from platformdirs import user_state_path

    override = os.environ.get(CONFIG_DIR_VARIABLE)
    return (Path(override) if override else user_state_path("boxscope", appauthor=False)) / "journal"
