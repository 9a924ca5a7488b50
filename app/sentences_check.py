"""What `check` says, in the terminal and in the window; see `app.sentences`. No Qt."""

from __future__ import annotations

_KINDS = {
    "check.kind.size_as_corner": "Width and height taken for a corner",
    "check.kind.corner_as_size": "A corner taken for width and height",
    "check.kind.shifted": "All boxes one pixel off",
    "check.kind.one_based": "Pixels counted from 1",
    "check.kind.zero_based": "Boxes end with the last pixel",
    "check.kind.exif_swapped": "Boxes of the picture before it is turned",
    "check.kind.inverted": "Corners the wrong way round",
    "check.kind.no_area": "No area",
    "check.kind.outside": "Outside the image",
    "check.kind.over_edge": "Over the edge of the image",
    "check.kind.duplicate": "Drawn twice",
    "check.kind.unknown_class": "Class not in the list",
    "check.kind.class_slip": "Class probably mistyped",
    "check.kind.broken_picture": "Picture that cannot be read to its end",
    "check.kind.no_image": "Annotation without image",
}

_FIXES = {
    "check.fix.size_as_corner": "take the last two numbers for width and height",
    "check.fix.corner_as_size": "take the last two numbers for a corner",
    "check.fix.shifted": "move all boxes back by one pixel",
    "check.fix.one_based": "count from 0: left and top sides one pixel less",
    "check.fix.zero_based": "end behind the last pixel: right and bottom sides one pixel more",
    "check.fix.exif_swapped": "turn the boxes with the picture",
    "check.fix.inverted": "swap the corners",
    "check.fix.no_area": "delete the box",
    "check.fix.outside": "delete the box",
    "check.fix.over_edge": "cut it to the image",
    "check.fix.duplicate": "delete the later one",
    "check.fix.unknown_class": "rename it to the nearest class",
    "check.fix.class_slip": "rename it to the nearest class",
    "check.fix.broken_picture": "none: copy the image file from its source again",
    "check.fix.no_image": "none: only you know where the image is",
}

_LINES = {
    "check.name": "{cls} #{n}",
    "check.line.size_as_corner": (
        "{inverted:,} of {of:,} boxes have their corners the wrong way round, and {fits:,} lie within their image "
        "if the last two numbers are width and height"
    ),
    "check.line.corner_as_size": (
        "{over:,} of {of:,} boxes reach over the edge, and {fits:,} lie within their image if the last two numbers "
        "are a corner"
    ),
    "check.line.shifted": (
        "{behind:,} sides lie 1 px behind the last edge, {at_size:,} at it; {at_zero:,} at 0, {at_one:,} at 1"
    ),
    "check.line.shifted_back": (
        "{before:,} sides lie at -1, {at_zero:,} at 0; {at_size:,} at the last edge, {short:,} 1 px before it"
    ),
    "check.line.one_based": "{at_one:,} sides lie at 1 and {at_zero:,} at 0, though {at_size:,} lie at the last edge",
    "check.line.zero_based": (
        "{short:,} sides lie 1 px before the last edge and {at_size:,} at it, though {at_zero:,} lie at 0"
    ),
    "check.line.exif_swapped": (
        "{objects}, written for {width:,} x {height:,} px, but EXIF orientation {orientation} turns the picture"
    ),
    "check.line.inverted": "{name} [{box}]",
    "check.line.no_area": "{name} [{box}]",
    "check.line.outside": "{name} [{box}], image {width:,} x {height:,} px",
    "check.line.over_edge": "{name} by {by} px over the {side} edge [{box}]",
    "check.line.duplicate": "{name} is #{first} again, IoU {iou:.3f} [{box}]",
    "check.line.unknown_class": "{name} [{box}]",
    "check.line.unknown_class.near": "{name}: did you mean {into}? [{box}]",
    "check.line.class_slip": "{name}: did you mean {into}, used {of:,} times? [{box}]",
    "check.line.broken_picture": "{text}",
    "check.line.broken_picture.cut_off": "the file ends before the picture is complete",
    "check.line.no_image": "no image of this name",
    "check.line.no_image.named": "no image '{name}'",
    "check.side.left": "left",
    "check.side.top": "top",
    "check.side.right": "right",
    "check.side.bottom": "bottom",
    "check.objects": "{n:,} boxes",
    "check.objects.one": "1 box",
    "check.images": "{n:,} images",
    "check.images.one": "1 image",
}

_COMMAND = {
    "check.group": "{kind}: {found}. Fix: {fix} (--fix {code})",
    "check.group.no_class": "{kind}: {found}. Fix: none: no class in the list has nearly this name",
    "check.group.no_fix": "{kind}: {found}. Fix: {fix}",
    "check.found": "{n:,} in {images}",
    "check.found.all": "{images}",
    "check.found.files": "{n:,}",
    "check.more": "... and {n:,} more; --all lists all of them",
    "check.nothing": "Nothing wrong: {objects} in {images}.",
    "check.summary": "Checked {objects} in {images}: {n:,} findings.",
    "check.summary.one": "Checked {objects} in {images}: 1 finding.",
    "check.failed": "Could not be read or written, each named above: {n:,}.",
    "check.stopped": "Stopped after {done:,} of {of}; nothing was changed.",
    "check.stopped.fixing": "Stopped. Fixed so far: {images}; all others are as they were.",
    "check.stopped.back": "Stopped. What was fixed so far is taken back: everything is as it was.",
    "check.back": "This is fixed in all images or in none: all files are as they were.",
    "check.fixed": "{kind}: {n:,} fixed ({fix}).",
    "check.fixed.none": "{kind}: nothing to fix.",
    "check.fixed.not": "{kind}: nothing was fixed.",
    "check.note.one_based": (
        "Pixels are counted from 1, as VOC does: {at_one:,} sides lie at 1, {at_zero:,} at 0. "
        "Boxes are taken as written."
    ),
}

_WINDOW = {
    "check.title": "Check annotations",
    "check.kinds": "Kinds of findings",
    "check.list": "Findings",
    "check.reading": "Reading: {done:,} of {of:,} images",
    "check.judging": "Checking: {done:,} of {of:,} images",
    "check.fixing": "Fixing: {done:,} of {of:,} images",
    "check.total": "{n:,} findings in {objects}, {images}.",
    "check.total.one": "1 finding in {objects}, {images}.",
    "check.broken": "{n:,} images could not be read: {text}",
    "check.broken.one": "1 image could not be read: {text}",
    "check.locked": "In Inspect ground truth is locked; {key[workspace]} goes to Annotate, where it can be fixed.",
    "check.together": "All boxes together show it, so all are changed together, image by image.",
    "check.fix": "Fix: {fix}.",
    "check.fix.name": "Fix",
    "check.fix_all": "Fix all {n:,}",
    "check.fix_images": "Fix all images",
    "check.again": "Check again",
    "check.stop": "Stop",
    "check.ended": "Stopped. What was read so far says nothing of the others.",
    "check.failed.back": "{text} This is fixed in all images or in none: all of them are as they were.",
    "check.gone": "Nothing was fixed: it is not so any more, or the box is locked.",
    "check.step": "{kind}: {fix}",
    "check.done": "{kind}: {n:,} fixed in {images}. {key[undo]} takes it back, image by image.",
    "check.done.one": "{kind}: 1 fixed. {key[undo]} takes it back.",
    "check.no_folder": "Open a folder first.",
}

CHECK: dict[str, str] = {**_KINDS, **_FIXES, **_LINES, **_COMMAND, **_WINDOW}
