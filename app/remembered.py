"""Settings of each model from the last time, in a json file beside the other preferences."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from app.places import config_dir
from detector.config import Settings, SettingsError
from detector.datasets import DatasetError
from detector.datasets.files import write_atomic

log = logging.getLogger(__name__)

SCHEMA = 1


class RememberedSettings:
    """Only what differs from the model's own settings is kept, so that a better default reaches everyone."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or config_dir() / "settings.json"
        self._models: dict[str, dict[str, Any]] = self._read()

    def settings(self, model: str, defaults: Settings) -> Settings:
        """The settings a model was last used with; values that no longer exist or fit are left at their default."""
        settings = defaults
        for key, value in self._models.get(model, {}).items():
            try:
                settings = settings.with_value(key, tuple(value) if isinstance(value, list) else value)
            except SettingsError as error:
                log.warning("A remembered setting is left out: %s", error)
        return settings

    def remember(self, model: str, settings: Settings, defaults: Settings) -> None:
        """Keep what differs from the defaults, and write the file."""
        changed = {key: settings.value(key) for key in settings.changed_from(defaults)}
        if self._models.get(model, {}) == changed:
            return
        self._models[model] = changed
        content = json.dumps({"schema": SCHEMA, "models": self._models}, indent=1)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._path, content.encode())
        except (OSError, DatasetError) as error:
            log.warning("The settings cannot be remembered: %s", error)

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            log.warning("The remembered settings cannot be read: %s", error)
            return {}
        if not isinstance(found, dict) or found.get("schema") != SCHEMA or not isinstance(found.get("models"), dict):
            return {}
        return {name: values for name, values in found["models"].items() if isinstance(values, dict)}
