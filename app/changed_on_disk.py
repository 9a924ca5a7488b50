"""Whether somebody else has changed a file that is open here. No Qt.

It is asked when the window becomes the active one again, which is when a person may come back from another program, and
once more by the store right before a file is overwritten, which is what keeps the other's work safe.

Nothing watches the files all the time. QFileSystemWatcher, which would, loses a file as soon as a program replaces it
(which is how careful programs save, this one too), hears nothing of network drives, takes a handle a file on macOS and
keeps folders from being renamed on Windows, tells of half-written files and of our own saves, and comes to an end of
its places at some thousands of files. Two questions to the file system cost 0.01 ms.
"""

from __future__ import annotations

from collections.abc import Collection

from detector.datasets.annotation import Stamp, Stored, stamp_of


def changed_since(stored: Stored | None, ours: Collection[Stamp] = ()) -> bool:
    """The annotation file is another one than was read or written here: changed, made, or gone.

    Not to be asked between a save and its answer.

    Args:
        stored: what the file says, as far as this program knows; None: no file is known, so none has changed.
        ours: stamps of the files that this program has written since. A file that holds many images gets a new one by
            a save of any of them.
    """
    if stored is None:
        return False
    now = stamp_of(stored.path)
    return now != stored.stamp and (now is None or now not in ours)
