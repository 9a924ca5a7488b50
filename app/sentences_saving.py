"""What is said of saving annotations and of the recovery journal; see `app.sentences`. No Qt."""

from __future__ import annotations

SAVING = {
    "saving.failed": "{name} is not saved: {text} Your edits are kept here.",
    "saving.failed.goes_on": (
        "{name} is not saved: {text} Your edits are kept here and tried again; this is said once until it works."
    ),
    "journal.failed": (
        "The recovery journal '{folder}' cannot be written ({text}): until that works, edits are safe only once saved."
    ),
    "journal.broken": (
        "{n:,} files of the recovery journal were broken and cannot be recovered; they are kept: {files}."
    ),
    "journal.broken.one": "1 file of the recovery journal was broken and cannot be recovered; it is kept: {files}.",
    "journal.newer": "{n:,} files of the recovery journal are of a newer Boxscope, which can recover them: {files}.",
    "journal.newer.one": "1 file of the recovery journal is of a newer Boxscope, which can recover it: {files}.",
}
