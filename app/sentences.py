"""Every sentence and label the scene speaks in, by message id: `str.format` templates, no Qt.

`app.wording.text` fills them in. The numbers arrive as numbers; how many digits are shown is said here: IoU and scores
with three, the thresholds they met with two. Field term first; number, then the threshold it met, then who.
"""

from __future__ import annotations

from detector.messages import say as say

_NAMES = {
    "object.name": "{cls} #{g}",
    "detection.name": "detection {k}",
    "detection.title": "Detection {k}",
    "candidate.title": "{cls} box of proposal {p}",
    "proposal.name": "proposal {r} of {n}",
    "proposal.title": "Proposal {r} of {n}",
    "decoded.title": "Decoded box of anchor {k:,}",
    "decoded.name": "the decoded box of anchor {k:,}",
    "candidate.name": "the {cls} box of proposal {p}",
    "anchor.name": "anchor {k:,}",
    "anchor.title": "Anchor {k:,}",
    "text": "{text}",
    "ratio": "h/w {r:g}",
    "place.number": "{r:,}",
    "place.of_anchor": "of anchor {k:,}",
    "place.proposal": "proposal {r:,}",
    "place.box_of_anchor": "the box of anchor {k:,}",
    "ordinal": "{n}",
}

_CAUSE_LABELS = {
    "cause.no_anchor.label": "No anchor fits",
    "cause.rpn_regression.label": "Lost by RPN box regression",
    "cause.too_small.label": "Proposal too small",
    "cause.top_n.label": "Below pre-NMS top-n",
    "cause.proposal_score.label": "Objectness below minimum",
    "cause.proposal_nms.label": "Suppressed in proposal NMS",
    "cause.proposal_limit.label": "Below post-NMS top-n",
    "cause.head_regression.label": "Lost by box-head regression",
    "cause.background.label": "Class score too low",
    "cause.wrong_class.label": "Wrong class",
    "cause.nms.label": "Suppressed in detection NMS",
    "cause.detection_top_n.label": "Below top-n",
    "cause.duplicate_matched.label": "One detection, two objects",
    "cause.over_limit.label": "Over the detection limit",
    "cause.unknown_class.label": "Not a class of this model",
    "cause.detection_too_small.label": "Detection too small",
    "cause.waiting.label": "Not known yet",
}

_CAUSES = {
    "cause.no_anchor": (
        "The best of {n:,} anchors overlaps {cls} #{g} at IoU {a:.3f}, and no decoded box reaches {m:.2f} either. "
        "It is {w:.0f} x {h:.0f} px; anchors cover {smin:.0f}-{smax:.0f} px, ratios {ratios}."
    ),
    "cause.rpn_regression": (
        "Anchor {k:,} overlapped it at IoU {a:.3f}; after the RPN's deltas the best box has IoU {b:.3f}, under {m:.2f}."
    ),
    "cause.too_small": ("Its best box (IoU {a:.3f}) is {w:.1f} x {h:.1f} px; sides under {min:g} px are dropped."),
    "cause.top_n": ("Its best box (IoU {a:.3f}) has objectness {p:.3f}, rank {r:,}; only the first {n:,} go to NMS."),
    "cause.proposal_score": "Its best box (IoU {a:.3f}) has objectness {p:.3f}; the minimum is {t:.2f}.",
    "cause.proposal_nms": (
        "Proposal {k} (IoU {a:.3f} with it) was suppressed by {j}, which has higher objectness ({q:.3f} > {p:.3f}) "
        "and overlaps it at IoU {o:.3f} > {t:.2f}, but the object only at {b:.3f}."
    ),
    "cause.proposal_limit": "Its proposal (IoU {a:.3f}) came {r} after NMS; only {n:,} are kept.",
    "cause.head_regression": (
        "Proposal {k} overlapped it at IoU {a:.3f}; the box head's {cls} box overlaps at {b:.3f}, under {m:.2f}."
    ),
    "cause.background": (
        "Proposal {k} covers it (IoU {a:.3f}), but the box head gives {cls} {s:.3f}, {limit}; "
        "highest is {top} {st:.3f}."
    ),
    "cause.wrong_class": (
        "Proposal {k} covers it (IoU {a:.3f}), but is scored {other} {so:.3f}; {cls} {s:.3f} is under the {limit}."
    ),
    "cause.nms": (
        "Its {cls} box (score {s:.3f}, IoU {a:.3f}) was suppressed by detection {j} (score {q:.3f}), "
        "IoU between them {o:.3f} > {t:.2f}."
    ),
    "cause.nms.neighbour": (
        "Its {cls} box (score {s:.3f}, IoU {a:.3f}) was suppressed by detection {j} (score {q:.3f}), "
        "IoU between them {o:.3f} > {t:.2f}. Detection {j} belongs to {owner} #{h}; the two objects themselves overlap "
        "at {go:.3f}."
    ),
    "cause.nms.twins": (
        "Its {cls} box (score {s:.3f}, IoU {a:.3f}) was suppressed by detection {j} (score {q:.3f}), "
        "IoU between them {o:.3f} > {t:.2f}. Detection {j} belongs to {owner} #{h}; the two objects themselves overlap "
        "at {go:.3f}, above the NMS limit {t:.2f}: at this setting even perfect boxes could not both stay."
    ),
    "cause.detection_top_n": "Its {cls} box has the score {s:.3f}; only the first {n:,} go to NMS.",
    "cause.duplicate_matched.several": (
        "Its {cls} detection (score {s:.3f}, IoU {a:.3f}) was matched to {owner} #{h}, IoU {b:.3f}."
    ),
    "cause.duplicate_matched": (
        "The only {cls} detection here (score {s:.3f}, IoU {a:.3f}) was matched to {owner} #{h}, IoU {b:.3f}."
    ),
    "cause.over_limit": "Its {cls} box (score {s:.3f}) ranks {r}; only {n:,} detections are kept per image.",
    "cause.unknown_class": "The model knows {list}; {cls} cannot be found. Not counted.",
    "cause.detection_too_small": (
        "Its {cls} box (score {s:.3f}) is {w:.1f} x {h:.1f} px; sides under {min:g} px are dropped."
    ),
    "cause.waiting": "The box head has not seen proposal {k}; computing.",
}

_OUTCOMES = {
    "outcome.found": "Found",
    "outcome.found.sentence": "Detection {k}, score {s:.3f}, IoU {a:.3f}.",
    "verdict.missed": "Missed · {label}",
    "verdict.false_positive": "False positive · {label}",
    "outcome.not_counted.difficult": "Not counted (difficult)",
    "outcome.not_counted.crowd": "Not counted (crowd)",
    "outcome.not_counted.unknown_class": "Not counted (unknown class)",
    "outcome.not_run": "Not run",
    "outcome.not_run.sentence": "The detector has not run on this image.",
    "outcome.pending": "Not known yet",
    "outcome.below_working": "Below the working score",
    "outcome.below_working.sentence": "{cls} {s:.3f}, working score {t:.2f}: kept by the model, not judged.",
}

_LIST = {
    "list.found": "found {s:.2f}",
    "list.missed.background": "missed · class score too low ({s:.2f})",
    "list.missed.detection_top_n": "missed · below top-n",
    "list.missed.detection_too_small": "missed · detection too small",
    "list.missed.duplicate_matched": "missed · one detection, two objects",
    "list.missed.head_regression": "missed · lost by box-head regression",
    "list.missed.nms": "missed · suppressed in detection NMS",
    "list.missed.no_anchor": "missed · no anchor fits",
    "list.missed.over_limit": "missed · over the detection limit",
    "list.missed.proposal_limit": "missed · below post-NMS top-n",
    "list.missed.proposal_nms": "missed · suppressed in proposal NMS",
    "list.missed.proposal_score": "missed · objectness below minimum",
    "list.missed.rpn_regression": "missed · lost by RPN box regression",
    "list.missed.too_small": "missed · proposal too small",
    "list.missed.top_n": "missed · below pre-NMS top-n",
    "list.missed.wrong_class": "missed · wrong class",
    "list.not_counted.difficult": "not counted · difficult",
    "list.not_counted.crowd": "not counted · crowd",
    "list.not_counted.unknown_class": "not counted · unknown class",
    "list.not_run": "not run",
    "list.pending": "not known yet",
    "list.false_positive.duplicate": "false positive · duplicate",
    "list.false_positive.localisation": "false positive · poorly localised",
    "list.false_positive.class": "false positive · wrong class",
    "list.false_positive.class_localisation": "false positive · wrong class, poorly localised",
    "list.false_positive.background": "false positive · on background",
}

_FATES = {
    "fate.anchor.outside.label": "Crosses the border",
    "fate.anchor.outside": "Leaves the image by {d:.0f} px; takes no part in training.",
    "fate.anchor.positive_iou.label": "Positive",
    "fate.anchor.positive_iou": "IoU {a:.3f} with {cls} #{g} >= {t:.2f}.",
    "fate.anchor.positive_best.label": "Positive (best for object)",
    "fate.anchor.positive_best": "IoU {a:.3f} is under {t:.2f}, but no anchor overlaps {cls} #{g} more.",
    "fate.anchor.positive_best.tie": "IoU {a:.3f} is under {t:.2f}, but no anchor overlaps {cls} #{g} more ({k} tie).",
    "fate.anchor.negative.label": "Negative",
    "fate.anchor.negative": "Highest IoU with any object is {a:.3f}, under {t:.2f}.",
    "fate.anchor.ignored.label": "Ignored",
    "fate.anchor.ignored": "Highest IoU {a:.3f} lies between {lo:.2f} and {hi:.2f}; gives no loss.",
    "fate.anchor.unlabelled.label": "Anchor",
    "fate.anchor.unlabelled": "No ground truth for this image: training gives this anchor no label.",
    "fate.anchor.sampled": "One of {p:,} positives and {n:,} negatives drawn (seed {s}).",
    "fate.anchor.not_sampled": "Not drawn.",
    "fate.proposal.too_small.label": "Too small",
    "fate.proposal.too_small": "{w:.1f} x {h:.1f} px, minimum side {min:g} px.",
    "fate.proposal.below_top_n.label": "Below pre-NMS top-n",
    "fate.proposal.below_top_n": "Objectness {p:.3f}, rank {r:,} of {n:,} kept.",
    "fate.proposal.below_score.label": "Objectness below minimum",
    "fate.proposal.below_score": "{p:.3f}, minimum {t:.2f}.",
    "fate.proposal.suppressed.label": "Suppressed",
    "fate.proposal.suppressed": "By proposal {j} (objectness {q:.3f}), IoU {o:.3f} > {t:.2f}.",
    "fate.proposal.suppressed.anchor": "By the box of anchor {j:,} (objectness {q:.3f}), IoU {o:.3f} > {t:.2f}.",
    "fate.proposal.over_limit.label": "Below post-NMS top-n",
    "fate.proposal.over_limit": "Rank {r:,} after NMS, {n:,} kept.",
    "fate.proposal.kept.label": "Kept",
    "fate.proposal.kept": "Proposal {r} of {n}; goes to the box head.",
    "fate.proposal.waiting.label": "Waiting",
    "fate.proposal.waiting": "New at this setting; the box head is computing it.",
    "fate.detection.low_score.label": "Score below minimum",
    "fate.detection.low_score": "{cls} {s:.3f}, minimum {t:.2f}.",
    "fate.detection.below_top_n.label": "Below top-n",
    "fate.detection.below_top_n": "{cls} {s:.3f}; only the first {n:,} go to NMS.",
    "fate.detection.too_small.label": "Too small",
    "fate.detection.too_small": "{w:.1f} x {h:.1f} px.",
    "fate.detection.suppressed.label": "Suppressed",
    "fate.detection.suppressed": "By detection {j} ({cls} {q:.3f}), IoU {o:.3f} > {t:.2f}.",
    "fate.detection.suppressed.limit": (
        "By a {cls} box ({q:.3f}) that is itself over the detection limit, IoU {o:.3f} > {t:.2f}."
    ),
    "fate.detection.over_limit.label": "Over the detection limit",
    "fate.detection.over_limit": "Rank {r:,}, {n:,} kept.",
    "fate.detection.kept.label": "Detection",
    "fate.detection.kept": "{cls} {s:.3f}.",
    "fate.detection.waiting.label": "Waiting",
    "fate.detection.waiting": "New at this setting; the box head is computing it.",
}

_FALSE_POSITIVES = {
    "false_positive.duplicate.label": "Duplicate",
    "false_positive.duplicate": "{cls} #{g} already has detection {k} ({q:.3f}); this one overlaps it at {a:.3f}.",
    "false_positive.localisation.label": "Poorly localised",
    "false_positive.localisation": "Right class, IoU {a:.3f} with {cls} #{g}: between 0.1 and {m:.2f}.",
    "false_positive.class.label": "Wrong class",
    "false_positive.class": "Covers {cls} #{g} (IoU {a:.3f}) but says {other}.",
    "false_positive.class_localisation.label": "Wrong class, poorly localised",
    "false_positive.class_localisation": "IoU {a:.3f} with {cls} #{g}, says {other}.",
    "false_positive.background.label": "On background",
    "false_positive.background": "No object at IoU >= 0.1. Missing label?",
}

_REMEDIES = {
    "remedy.change": "{setting} {before} → {after}",
    "remedy.price": "{parts}",
    "remedy.false": "{n:+,} false positives",
    "remedy.false.one": "{n:+,} false positive",
    "remedy.lost": "{n:,} objects lost here",
    "remedy.lost.one": "1 object lost here",
    "remedy.gained": "{n:,} others found",
    "remedy.gained.one": "1 other found",
    "remedy.none": "No value of any single setting does.",
    "remedy.none_other": "No value of any other single setting does.",
    "remedy.none_rest": "No value of the remaining settings does.",
    "remedy.not_found": "None found in {n:,} tries: {settings}.",
    "remedy.needs_network": "Not looked through, as the box head would have to see more boxes: {settings}.",
    "remedy.folder": "{where}: {parts}",
    "remedy.folder.running": "{done:,} of {of:,} images",
    "remedy.folder.done": "all {images:,} annotated images",
    "remedy.folder.found": "{n:,} more found",
    "remedy.folder.found.one": "1 more found",
    "remedy.folder.lost": "{n:,} lost",
    "remedy.folder.lost.one": "1 lost",
    "undo.setting": "{setting} {before} → {after}",
}

_FACTS = {
    "limit.minimum": "minimum {t:.2f}",
    "limit.working": "working score {t:.2f}",
    "fact.anchor": "Anchor",
    "fact.anchor.best": "Best anchor",
    "fact.anchor.source": "Source anchor",
    "fact.rpn": "RPN",
    "fact.proposal_nms": "Proposal NMS",
    "fact.head": "Box head",
    "fact.detection_nms": "Detection NMS",
    "fact.matching": "Match",
    "fact.shape": "Shape",
    "fact.batch": "Mini-batch",
    "fact.not_batch": "Not in mini-batch",
    "fact.target": "Target",
    "fact.nearest": "Best object",
    "fact.anchor.value": "IoU {a:.3f}, anchor {k:,}: {size:g} px, {ratio}, cell x {x}, y {y}",
    "fact.anchor.positives": (
        "IoU {a:.3f}, anchor {k:,}: {size:g} px, {ratio}, cell x {x}, y {y}. {p:,} positive anchors"
    ),
    "fact.anchor.positive": ("IoU {a:.3f}, anchor {k:,}: {size:g} px, {ratio}, cell x {x}, y {y}. 1 positive anchor"),
    "fact.anchor.place": "anchor {k:,}: {size:g} px, {ratio}, cell x {x}, y {y}",
    "fact.rpn.value": "objectness {p:.3f}, rank {r:,} of {n:,}",
    "fact.rpn.decoded": "objectness {p:.3f}, rank {r:,} of {n:,}; decoded box IoU {a:.3f}",
    "others": "{k:,} others",
    "others.one": "1 other",
    "fact.proposal_nms.kept": "kept as proposal {r} of {n}; suppressed {others}",
    "fact.proposal_nms.kept_iou": "kept as proposal {r} of {n}, IoU {a:.3f}; suppressed {others}",
    "fact.proposal_nms.suppressed": "IoU {o:.3f} with proposal {j} (objectness {q:.3f}), limit {t:.2f}: suppressed",
    "fact.proposal_nms.suppressed_anchor": (
        "IoU {o:.3f} with the box of anchor {j:,} (objectness {q:.3f}), limit {t:.2f}: suppressed"
    ),
    "fact.proposal_nms.over_limit": "rank {r:,} after NMS, {n:,} kept",
    "fact.proposal_nms.below_top_n": "rank {r:,} of {n:,} kept before NMS",
    "fact.proposal_nms.below_score": "objectness {p:.3f}, minimum {t:.2f}",
    "fact.proposal_nms.too_small": "{w:.1f} x {h:.1f} px, minimum side {min:g} px",
    "fact.head.value": "{cls} {s:.3f} ({limit}), background {b:.3f}",
    "fact.head.iou": "{cls} {s:.3f} ({limit}), background {b:.3f}; refined box IoU {a:.3f}",
    "fact.head.waiting": "the box head is computing it",
    "fact.detection_nms.kept": "kept as detection {k}; suppressed {others}",
    "fact.detection_nms.suppressed": "IoU {o:.3f} with detection {j} ({cls} {q:.3f}), limit {t:.2f}: suppressed",
    "fact.detection_nms.suppressed_limit": (
        "IoU {o:.3f} with a {cls} box ({q:.3f}) that is over the detection limit, limit {t:.2f}: suppressed"
    ),
    "fact.detection_nms.over_limit": "rank {r:,}, {n:,} kept",
    "fact.detection_nms.below_top_n": "only the first {n:,} go to NMS",
    "fact.detection_nms.too_small": "{w:.1f} x {h:.1f} px, minimum side {min:g} px",
    "fact.matching.object": "{cls} #{g}, IoU {a:.3f}",
    "fact.shape.value": "{size:g} px, {ratio}, cell x {x}, y {y} (stride {stride:g})",
    "fact.target.value": "dx {dx:+.3f}  dy {dy:+.3f}  dw {dw:+.3f}  dh {dh:+.3f}",
    "fact.also": "Also",
    "thing.detection": "{cls} {s:.2f} · {verdict}",
    "thing.proposal": "objectness {p:.2f} · {verdict}",
    "thing.anchor": "IoU {a:.2f} · {verdict}",
    "cell.title": "Anchors of cell x {x}, y {y}",
    "cell.title.object": "Anchors of cell x {x}, y {y}: IoU with {name}",
    "cell.shape": "anchor {k:,}: {size:g} px, {ratio}",
    "cell.shape.fate": "anchor {k:,}: {size:g} px, {ratio}\n{fate}",
    "cell.shape.iou": "anchor {k:,}: {size:g} px, {ratio}\nIoU {a:.3f} with {name}. {fate}",
    "geometry": "[{x1:.0f}, {y1:.0f}, {x2:.0f}, {y2:.0f}]   {w:.0f} x {h:.0f} px",
    "geometry.network": (
        "[{x1:.0f}, {y1:.0f}, {x2:.0f}, {y2:.0f}]   {w:.0f} x {h:.0f} px   network {nw:.1f} x {nh:.1f}"
    ),
}

_MARKS = {
    "mark.missed": "{cls} #{g} missed",
    "mark.object": "{cls} #{g}",
    "mark.anchor": "anchor {k:,}",
    "mark.proposal": "proposal {r}",
    "mark.decoded": "decoded box",
    "mark.refined": "{cls} {s:.2f}",
    "mark.suppresses": "suppresses, IoU {o:.3f} > {t:.2f}",
}

_LAYERS = {
    "layer.found": "Found",
    "layer.true_positive": "True positives",
    "layer.true_positive.not_judged": "True positives and not judged",
    "layer.near": "Kept, near {name}",
}

_CARDS = {
    "card.image": "{width} × {height}",
    "card.anchors": "{n:,}",
    "card.batch": "{p:,} + {n:,} in batch",
    "card.proposals": "{kept:,} of {n:,}",
    "card.detections": "{n:,}",
    "card.missed": "{n:,} missed",
    "card.false": "{n:,} false",
    "card.waiting": "{n:,} waiting",
    "reason.not_run": "Not run yet: press F5 to detect.",
    "reason.no_ground_truth": "No ground truth for this image.",
    "reason.no_image": "No image is open.",
}

_WARNINGS = {
    "warning.gt_without_area": "Without area, so left out of training and never found: objects {objects}.",
    "warning.gt_outside_image": "Outside the image, so left out of training and never found: objects {objects}.",
    "warning.case_trace_differs": "Parts of the recorded stages that the file's own numbers do not give under its "
    "settings: {n:,}, the first {place}. What the numbers give is shown.",
    "warning.file": "{text}",
    "warning.several": "{text} (And {n} more.)",
    "warning.unknown_class": "Not a class of this model, so not counted: {classes}.",
}

_STATUS = {
    "status.loading": "Loading the model {name}",
    "status.importing": "Loading the network library",
    "status.detecting": "Detecting in {name}",
    "status.features": "Running the backbone on {name}",
    "status.rpn": "Running the RPN on {name}",
    "status.head": "Running the box head",
    "status.head_rows": "Running the box head on {n:,} new proposals",
    "status.cancelled": "Cancelled.",
    "status.problems": "{text} And {n:,} more, all named in the log.",
    "status.reading": "Reading {name}…",
    "status.nothing_wrong": "Nothing missed or false here or further on.",
    "status.nothing_wrong_before": "Nothing missed or false here or further back.",
    "status.nothing_wrong_here": "Nothing missed or false in {name}.",
    "status.last_image": "This is the last image.",
    "status.first_image": "This is the first image.",
    "status.restored": "Settings restored: {n}. Ctrl+Shift+R brings back what they were.",
    "status.brought_back": "Settings brought back: {n}.",
    "status.copied": "The picture is in the clipboard.",
    "status.saved": "Saved {path}.",
    "status.not_saved": "The picture cannot be saved: {why}",
    "status.no_such_picture": "The picture cannot be saved as .{kind}, only as .png, .jpg or .svg: {name}.",
    "status.no_picture": "There is no picture yet: open an image first.",
    "image.found": "{n:,} found",
    "image.missed": "{n:,} missed",
    "image.false": "{n:,} false",
    "image.detections": "{n:,} detections",
    "image.failed": "cannot be read",
    "image.broken_truth": "ground truth cannot be read",
    "status.press_detect": "Press F5 to detect: this model is slow on this machine.",
    "error": "{text}",
    "error.device_full": "The GPU ran out of memory while {doing}.",
    "error.memory_full": "This machine ran out of memory while {doing}.",
    "error.detect_on_cpu": "Detect on the CPU",
    "error.unexpected": "Something went wrong while {doing}: {text} The log file has the details (Help menu).",
}

_LESSON = {
    "lesson.missed.title": "This {cls} was missed",
    "lesson.missed": "A person drew the dashed box. None of the model's detections was matched to it.",
    "lesson.found.title": "This {cls} was found",
    "lesson.found_now.title": "Now it is found",
    "lesson.life.title": "Its whole life",
    "lesson.life": "Stage by stage: how far it came, and how close it was.",
    "lesson.lost": "The ticks show how far it came, the cross where it was lost and by how much.",
    "lesson.lost.nms": (
        "The model had a box for it (score {s:.3f}). NMS dropped that box for the better one of its neighbour "
        "{owner} #{h}."
    ),
    "lesson.setting.title": "{setting} {t} decided",
    "lesson.setting": "Drag it to {v} and watch the picture.",
    "lesson.setting.nms": "The two boxes overlap at IoU {o:.3f}, and over {t} one must go. Drag it to {v} and watch.",
    "lesson.solved.title": "Found",
    "lesson.solved": "At {t} its box stays. Double click the slider to go back.",
    "lesson.solved.one": "At {t} its box stays, and so does 1 false positive. Double click the slider to go back.",
    "lesson.solved.many": (
        "At {t} its box stays, and so do {n:,} false positives. Double click the slider to go back."
    ),
    "lesson.rail.title": "Each stage is one key",
    "lesson.rail": "Press {first} to {last}, or click a card: the same {cls} as each stage sees it.",
    "lesson.none": "There is nothing here that this model can find.",
}

SENTENCES: dict[str, str] = {
    **_NAMES,
    **_CAUSE_LABELS,
    **_CAUSES,
    **_OUTCOMES,
    **_LIST,
    **_FATES,
    **_FALSE_POSITIVES,
    **_FACTS,
    **_REMEDIES,
    **_MARKS,
    **_LAYERS,
    **_CARDS,
    **_WARNINGS,
    **_STATUS,
    **_LESSON,
}
