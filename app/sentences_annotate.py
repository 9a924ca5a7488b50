"""What is said while one annotates: steps that can be undone, and what the keys did."""

SENTENCES_ANNOTATE: dict[str, str] = {
    "undo.drawn": "{what} drawn",
    "undo.moved": "{what} moved",
    "undo.resized": "{what} resized",
    "undo.duplicated": "{what} duplicated",
    "undo.deleted": "{what} deleted",
    "undo.pasted": "{what} pasted",
    "undo.previous": "{what} of the image before",
    "undo.relabelled": "{what} → {cls}",
    "undo.flag_set": "{what} {flag}",
    "undo.flag_cleared": "{what} not {flag}",
    "undo.locked": "{what} locked",
    "undo.unlocked": "{what} unlocked",
    "undo.confirmed": "{what} accepted",
    "undo.accepted.several": "{n} detections proposed",
    "undo.accepted.several.one": "1 detection proposed",
    "undo.both": "Boxes of the file and mine",
    "undo.theirs": "The other program's version",
    "undo.verified": "Image verified",
    "undo.unverified": "Image not verified",
    "undo.recovered": "Changes of last time",
    "annotate.boxes": "{n} boxes",
    "annotate.boxes.one": "1 box",
    "image.all_verified": "No image that is not verified in this direction.",
    "annotate.done": "{what}. {key[undo]} takes it back.",
    "annotate.unchanged": "Nothing is changed.",
    "annotate.no_longer": "{what}; the image is no longer verified",
    "annotate.drawing": "Draw a box: drag, or click two corners. {key[deselect]} ends it.",
    "annotate.drawing_more": "Keep drawing: one box after another. {key[deselect]} ends it.",
    "annotate.no_such_class": "No class has the key {digit}.",
    "annotate.next_class": "Class of the next box: {cls}.",
    "annotate.unnamed": "What is it? Type its class or choose it in the list; {key[deselect]} gives the box up.",
    "annotate.unnamed_left": "{n} boxes without a class wait on {file} until you are back.",
    "annotate.unnamed_left.one": "1 box without a class waits on {file} until you are back.",
    "annotate.given_up": "Given up: the box had no class.",
    "annotate.left_out": "{what}; {n} boxes outside of this image left out",
    "annotate.left_out.one": "{what}; 1 box outside of this image left out",
    "annotate.opening": "Not done: another image is being opened.",
    "annotate.first_proposed": "{name} is proposed: {key[accept]} accepts it, {key[delete_box]} removes it.",
    "annotate.detecting": "The detector is still looking at this image; press {key[accept_all]} again after that.",
    "annotate.none_chosen": "Nothing is selected.",
    "annotate.locked": "{name} is locked. {key[lock_box]} unlocks it.",
    "annotate.hidden": "Nothing is selected: boxes are hidden, {key[hide_boxes]} shows them.",
    "annotate.copied": "{what} copied.",
    "annotate.nothing_copied": "Nothing was copied yet.",
    "annotate.nothing_previous": "The image before has no boxes.",
    "annotate.previous_there": "All boxes of '{file}' are here already.",
    "annotate.no_previous": "This is the first image of the list.",
    "annotate.previous": (
        "{what} of '{file}', proposed: {key[accept]} accepts one, {key[accept_all]} all. {key[undo]} takes them back."
    ),
    "annotate.no_detections": "No detection here that is no object yet.",
    "annotate.prelabelled": (
        "{n} detections proposed: {key[accept]} accepts one, {key[accept_all]} all. {key[undo]} takes them back."
    ),
    "annotate.prelabelled.one": "1 detection proposed: {key[accept]} accepts it. {key[undo]} takes it back.",
    "annotate.proposed_left": (
        "{n} proposed boxes are not accepted yet: {key[accept_all]} accepts all, {key[delete_box]} removes one."
    ),
    "annotate.proposed_left.one": (
        "1 proposed box is not accepted yet: {key[accept_all]} accepts it, {key[delete_box]} removes it."
    ),
    "annotate.verified": "Verified: {what}. Space or {key[undo]} takes it back.",
    "annotate.verified_empty": "Verified empty: this image has no object. Space or {key[undo]} takes it back.",
    "annotate.unverified": "No longer verified. {key[undo]} takes it back.",
    "annotate.cannot": "The annotation file of this image cannot be read, so nothing is changed in it.",
    "annotate.case": "A case is not annotated: open its image.",
    "annotate.outside": "Nothing was pasted: all of it lies outside of this image.",
    "source.samples": "Bundled samples: nothing is saved",
    "source.problem": "Ground truth cannot be read",
    "source.problem.short": "Cannot be read",
    "source.none": "No annotations yet",
    "source.proposed": "{n} object proposed",
    "source.proposed.several": "{n} objects proposed",
    "close.lost": (
        "1 image has changes that are in no file, and the recovery journal cannot be written: they will be lost."
    ),
    "close.lost.several": (
        "{n} images have changes that are in no file, and the recovery journal cannot be written: they will be lost."
    ),
    "close.unsaved": "1 image has changes that are in no file yet. They are kept and offered at the next start.",
    "close.unsaved.several": (
        "{n} images have changes that are in no file yet. They are kept and offered at the next start."
    ),
    "saving.saved": "Saved: {path}.",
    "saving.samples": "Samples and cases stay as they are. Open a folder of your own to save what you draw.",
    "saving.nothing": "Nothing to save: {name} is as in its file.",
    "saving.no_place": "Choose above where the boxes of this folder are to be saved.",
    "saving.place": "Boxes of this folder are saved as {format} in {place}.",
    "recovered.images": (
        "Changes of {n} images are back and are saved like any other. {key[undo]} in Annotate takes them back, "
        "image by image."
    ),
    "recovered.images.one": (
        "Changes of 1 image are back and are saved like any other. {key[undo]} in Annotate takes them back there."
    ),
    "recovered.list": "Images with changes that were not saved",
    "recovered.other_changes": "There are other changes of {name} already; these are offered again at the next start.",
    "recovered.failed": "The changes of {n} images cannot be brought back: {text}",
    "recovered.failed.one": "The changes of 1 image cannot be brought back: {text}",
    "bin.moved": "{n:,} images moved to the bin folder beside them, with their annotations.",
    "bin.moved.one": "1 image moved to the bin folder beside it, with its annotation.",
    "bin.step": "{n:,} images moved to the bin folder",
    "bin.step.one": "1 image moved to the bin folder",
    "bin.undo": "Put back",
    "bin.unsaved": "{name} stays: it has changes that are in no file.",
    "flag.difficult": "difficult",
    "flag.truncated": "truncated",
    "flag.crowd": "crowd",
    "sees.positive": "{n:,} positive anchors",
    "sees.positive.one": "1 positive anchor",
    "sees.best": "positive only as best, IoU {a:.2f}",
    "sees.small": "smaller than the anchors can reach, best IoU {a:.2f}",
    "sees.none": "no positive anchor, best IoU {a:.2f}",
    "workspace.annotate": "Annotate: ground truth can be changed. {key[workspace]} goes back to Inspect.",
    "workspace.inspect": "Inspect: ground truth is locked. {key[workspace]} goes to Annotate.",
}
