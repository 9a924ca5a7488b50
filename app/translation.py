"""The language the window speaks. No Qt.

English is the source and stands in the code: sentences and labels by id in their tables, fixed words where they are
used, as `tr("Open folder…")`. A catalogue in `resources/translations` holds what one language says instead; whatever
it lacks stays English. The language is chosen before the window is built and stays for as long as it is open.

To add a language: copy `de.json`, translate, and name it in `LANGUAGES`; `tests/app/test_translation.py` checks ids and
placeholders and lists what is missing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from app.places import TRANSLATIONS

_log = logging.getLogger(__name__)

LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch"}
"""By code, each as it calls itself."""

SOURCE = "en"

Table: TypeAlias = Literal["messages", "stages", "layers", "settings", "help", "texts"]
"""Parts of a catalogue: `messages` of `app.sentences` and `app.labels.LABELS` by id; stages, layers, names of settings
and what they do by their key; `texts` by their English."""

TABLES: tuple[Table, ...] = get_args(Table)


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """What one language says instead of English."""

    language: str = SOURCE
    tables: Mapping[Table, Mapping[str, str]] = field(default_factory=dict)

    def find(self, table: Table, key: str) -> str | None:
        """The translation; None where there is none, and English is used."""
        return self.tables.get(table, {}).get(key)


ENGLISH = Catalogue()
_spoken: Catalogue = ENGLISH


def read_catalogue(language: str, folder: Path = TRANSLATIONS) -> Catalogue:
    """The catalogue of a language; English, with a line in the log, where it cannot be read."""
    if language == SOURCE:
        return ENGLISH
    path = folder / f"{language}.json"
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        tables = {table: {key: str(words) for key, words in found.get(table, {}).items()} for table in TABLES}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        _log.warning("The translation %s cannot be read: %s", path, error)
        return ENGLISH
    return Catalogue(language, tables)


def speak(catalogue: Catalogue) -> None:
    """Everything that is said from now on is said in this language."""
    global _spoken
    _spoken = catalogue


def spoken() -> Catalogue:
    """The language of the moment."""
    return _spoken


def chosen_language(choice: str, system: Iterable[str]) -> str:
    """The code of the language to speak.

    Args:
        choice: a code, or "system".
        system: what the person's system prefers, best first ("de-AT", "de", "en").
    """
    if choice in LANGUAGES:
        return choice
    codes = (each.replace("_", "-").split("-")[0].lower() for each in system)
    return next((code for code in codes if code in LANGUAGES), SOURCE)


def translated(table: Table, key: str, english: str) -> str:
    """What the language of the moment says for a key of a table."""
    found = _spoken.find(table, key)
    return english if found is None else found


def tr(english: str) -> str:
    """Fixed words in the language of the moment. Where they have values, `tr("{n} more").format(n=3)`."""
    return translated("texts", english, english)


def later(english: str) -> str:
    """Fixed words that stand in a table of the code and go through `tr` when they are shown."""
    return english
