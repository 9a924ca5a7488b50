"""What is said of a class that was changed in all images of a folder; see `app.sentences`. No Qt."""

from __future__ import annotations

CLASS_CHANGE: dict[str, str] = {
    "undo.class.rename": "{name} renamed to {into} in {images}",
    "undo.class.merge": "{name} merged into {into} in {images}",
    "undo.class.delete": "{name} deleted in {images}",
    "undo.class.rename.here": "{name} renamed to {into}",
    "undo.class.merge.here": "{name} merged into {into}",
    "undo.class.delete.here": "{name} deleted with its boxes",
    "undo.class.back": "{what}, taken back",
    "change.done": "{what}. {key[undo]} takes it back.",
    "change.left": "{what}. {n:,} files were left as they are, the first because: {text}",
    "change.left.one": "{what}. 1 file was left as it is: {text}",
    "change.not_back": "{n:,} files could not be brought back, the first because: {text}",
    "change.not_back.one": "1 file could not be brought back: {text}",
    "change.off_list": "No box was {name}; it is not in the list any more.",
    "change.stopped": "Stopped: all files are as they were.",
    "change.taking_back": "Bringing the files back",
    "change.again": "Changing the files again",
    "change.undo.offer": "Undo",
    "classes.color.title": "Colour of {name}",
    "classes.prelabel": "Propose the detector's {name}",
}
