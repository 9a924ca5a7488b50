"""What is said of shortcuts and of the language; see `app.sentences`. No Qt."""

from __future__ import annotations

SHORTCUTS: dict[str, str] = {
    "keys.none": "{pressed} is no key that a command can have.",
    "keys.shift_digit": (
        "{pressed} is another key on other keyboards (a digit on French ones), so no command gets Shift with a digit. "
        "Take a letter, or a key with Ctrl or Alt."
    ),
    "keys.taken": "{pressed} is “{name}” too: while both have it, neither works.",
    "keys.nothing": "No command and no key has these words.",
    "keys.conflicts.none": "No key is given twice.",
    "keys.conflicts": "Given twice, so without effect: {keys}.",
    "keys.file.no_json": "it is no JSON",
    "keys.file.no_shortcuts": "it holds no shortcuts",
    "keys.file.version": "it is of another version ({version})",
    "keys.not_read": "{name}: no shortcuts can be read from it, {why}.",
    "keys.read": "Shortcuts of {name}: {n} changed.",
    "keys.written": "Saved {path}.",
    "status.language": "Boxscope speaks {language} from its next start on.",
}
