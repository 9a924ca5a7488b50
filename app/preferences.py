"""What the window remembers between two starts: an ini file in the user's configuration folder.

The environment variable BOXSCOPE_CONFIG_DIR puts it elsewhere (tests, portable installations).
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QByteArray, QSettings

from app.look import RANGES, Look
from app.places import config_dir
from app.theme import THEME_CHOICES, ThemeChoice

VERSION = 1
"""Of the layout: states of another version are not restored, because the splitters may have other parts."""

RECENT_FOLDERS = 8
PLACES = 200
"""Folders whose place of annotations is remembered."""


class KnownClasses(NamedTuple):
    """The classes of a folder.

    Attributes:
        order: as they were shown.
        offered: those of them that were only offered; None where the folder offers none.
    """

    order: tuple[str, ...] = ()
    offered: tuple[str, ...] | None = None


class Preferences:
    """Typed reading and writing of the ini file."""

    def __init__(self, path: Path | None = None) -> None:
        self._settings = QSettings(str(path or config_dir() / "boxscope.ini"), QSettings.Format.IniFormat)
        if self._number("version") != VERSION:
            self._settings.remove("layout")
            self._settings.setValue("version", VERSION)

    @property
    def theme(self) -> ThemeChoice:
        """The chosen appearance."""
        found = self._settings.value("theme", "system")
        return next((choice for choice in THEME_CHOICES if choice == found), "system")

    @theme.setter
    def theme(self, choice: ThemeChoice) -> None:
        self._settings.setValue("theme", choice)

    @property
    def large_text(self) -> bool:
        """Everything is written for a room to read."""
        return self._switch("large_text")

    @large_text.setter
    def large_text(self, large: bool) -> None:
        self._settings.setValue("large_text", large)

    @property
    def keymap(self) -> str:
        """The shortcuts as text, see `app.keymap`; "" before anybody has changed one."""
        return self._text("keymap")

    @keymap.setter
    def keymap(self, text: str) -> None:
        self._settings.setValue("keymap", text)

    @property
    def language(self) -> str:
        """The code of a language, or "system"."""
        return self._text("language") or "system"

    @language.setter
    def language(self, choice: str) -> None:
        self._settings.setValue("language", choice)

    @property
    def lesson_seen(self) -> bool:
        """The lesson of the first start has been shown."""
        return self._switch("lesson_seen")

    @lesson_seen.setter
    def lesson_seen(self, seen: bool) -> None:
        self._settings.setValue("lesson_seen", seen)

    @property
    def last_folder(self) -> Path | None:
        """Where the last image was opened, if that still exists."""
        found = self._text("last_folder")
        return Path(found) if found and Path(found).is_dir() else None

    @property
    def case_folder(self) -> Path | None:
        """Where the last case was opened or saved, else the last image; None where that is gone."""
        found = self._text("case_folder")
        return Path(found) if found and Path(found).is_dir() else self.last_folder

    @case_folder.setter
    def case_folder(self, folder: Path) -> None:
        self._settings.setValue("case_folder", str(folder))

    @property
    def recent_folders(self) -> tuple[Path, ...]:
        """Folders opened before, newest first, without those that are gone."""
        paths = (Path(line) for line in self._text("recent_folders").split("\n") if line)
        return tuple(path for path in paths if path.is_dir())

    def remember_folder(self, folder: Path) -> None:
        """Put a folder first in the list of recent ones."""
        self._settings.setValue("last_folder", str(folder))
        kept = [folder, *(each for each in self.recent_folders if each != folder)][:RECENT_FOLDERS]
        self._settings.setValue("recent_folders", "\n".join(str(each) for each in kept))

    @property
    def places(self) -> dict[Path, tuple[tuple[str, Path], ...]]:
        """By folder of images, formats and places that a person has chosen for its annotations, the latest first."""
        try:
            found = json.loads(self._text("places") or "{}")
            return {
                Path(folder): tuple((str(name), Path(place)) for name, place in chosen)
                for folder, chosen in found.items()
            }
        except (ValueError, TypeError, AttributeError):
            return {}

    def remember_place(self, folder: Path, name: str, place: Path) -> None:
        """Keep it, before those that were chosen for the folder earlier; the latest folders are kept."""
        places = self.places
        earlier = [each for each in places.pop(folder, ()) if each != (name, place)]
        places[folder] = ((name, place), *earlier)
        kept = list(places.items())[-PLACES:]
        self._settings.setValue(
            "places", json.dumps({str(path): [(kind, str(at)) for kind, at in chosen] for path, chosen in kept})
        )

    def classes_of(self, folder: Path) -> KnownClasses:
        """The classes of a folder as they were shown last."""
        try:
            found = json.loads(self._text("classes") or "{}").get(str(folder), [])
            if isinstance(found, list):
                return KnownClasses(tuple(str(name) for name in found))
            order, offered = (tuple(str(name) for name in found[part]) for part in ("order", "offered"))
            return KnownClasses(order, offered)
        except (ValueError, TypeError, AttributeError, KeyError):
            return KnownClasses()

    def remember_classes(self, folder: Path, classes: KnownClasses) -> None:
        """Keep them; the latest folders are kept."""
        try:
            known = dict(json.loads(self._text("classes") or "{}"))
        except (ValueError, TypeError):
            known = {}
        known.pop(str(folder), None)
        order, offered = classes
        kept = list(order) if offered is None else {"order": list(order), "offered": list(offered)}
        latest = [*known.items(), (str(folder), kept)][-PLACES:]
        self._settings.setValue("classes", json.dumps(dict(latest)))

    def image_left_at(self, folder: Path) -> Path | None:
        """The image that was open last in a list that begins in this folder; it may be gone."""
        found = self._images_left_at().get(str(folder))
        return Path(found) if isinstance(found, str) else None

    def remember_image(self, folder: Path, image: Path) -> None:
        """Keep it; the latest folders are kept."""
        known = self._images_left_at()
        known.pop(str(folder), None)
        latest = [*known.items(), (str(folder), str(image))][-PLACES:]
        self._settings.setValue("images", json.dumps(dict(latest)))

    def _images_left_at(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._text("images") or "{}"))
        except (ValueError, TypeError):
            return {}

    @property
    def look(self) -> Look:
        """How picture and boxes are shown while annotating."""
        try:
            found = json.loads(self._text("look") or "{}")
            values = {name: RANGES[name].take(float(value)) for name, value in found.items() if name in RANGES}
        except (ValueError, TypeError, AttributeError):
            return Look()
        return Look(**values)

    @look.setter
    def look(self, look: Look) -> None:
        self._settings.setValue("look", json.dumps(dataclasses.asdict(look)))

    @property
    def class_colors(self) -> dict[str, str]:
        """Colours "#RRGGBB" that a person has picked, by the name of the class."""
        try:
            found = json.loads(self._text("class_colors") or "{}")
            return {str(name): str(color) for name, color in found.items()}
        except (ValueError, AttributeError):
            return {}

    def remember_class_color(self, name: str, color: str) -> None:
        """Keep it for every folder that has a class of this name."""
        self._settings.setValue("class_colors", json.dumps(self.class_colors | {name: color}))

    @property
    def pinned_settings(self) -> frozenset[str]:
        """Keys of the settings that stay in view at every stage."""
        return frozenset(key for key in self._text("pinned_settings").split("\n") if key)

    @pinned_settings.setter
    def pinned_settings(self, keys: frozenset[str]) -> None:
        self._settings.setValue("pinned_settings", "\n".join(sorted(keys)))

    def layout(self, name: str) -> QByteArray | None:
        """A saved geometry or splitter state."""
        found = self._settings.value(f"layout/{name}")
        return found if isinstance(found, QByteArray) and not found.isEmpty() else None

    def set_layout(self, name: str, state: QByteArray) -> None:
        """Save a geometry or splitter state."""
        self._settings.setValue(f"layout/{name}", state)

    def flag(self, name: str, default: bool) -> bool:
        """A remembered on or off of the layout."""
        return self._switch(f"layout/{name}", default)

    def set_flag(self, name: str, value: bool) -> None:
        """Remember an on or off."""
        self._settings.setValue(f"layout/{name}", value)

    def save(self) -> None:
        """Write the file now."""
        self._settings.sync()

    def _text(self, name: str) -> str:
        found = self._settings.value(name, "")
        # A list of one-line values comes back as a list where the text holds commas.
        return ",".join(found) if isinstance(found, list) else str(found)

    def _switch(self, name: str, default: bool = False) -> bool:
        """An on or off; ini files hold it as a word."""
        found: Any = self._settings.value(name, default)
        return found if isinstance(found, bool) else str(found).lower() == "true"

    def _number(self, name: str) -> int:
        text = self._text(name)
        return int(text) if text.isdigit() else 0
