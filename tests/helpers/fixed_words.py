"""All fixed words of the window, as they stand in the code in English: what `tr` may be asked for."""

from __future__ import annotations

import ast
from pathlib import Path

from app.actions import COMMANDS, MENUS
from app.panels.cheat_sheet import GESTURES

APP = Path(__file__).parents[2] / "app"
ASKING = ("tr", "later")


def fixed_words() -> list[str]:
    """Of the table of commands, of the gestures, and of every `tr("…")` and `later("…")`; each once, in that order."""
    found = list(MENUS)
    for command in COMMANDS:
        found += [*command.menu.split("/"), command.text, command.tip]
    found += [words for gestures in GESTURES.values() for gesture in gestures for words in gesture]
    for path in sorted(APP.rglob("*.py")):
        found += _asked_in(ast.parse(path.read_text(encoding="utf-8")))
    return [words for words in dict.fromkeys(found) if words]


def _asked_in(tree: ast.AST) -> list[str]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    asked = [call.args[0] for call in calls if call.func.id in ASKING and call.args]
    return [each.value for each in asked if isinstance(each, ast.Constant) and isinstance(each.value, str)]
