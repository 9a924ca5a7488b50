"""What is said of objects and boxes: names, outcomes, causes, fates, facts; see `app.sentences`. No Qt."""

from __future__ import annotations

_NAMES = {
    "object.name": "{cls} #{g}",
    "object.proposed": "{cls} #{g} · proposed",
    "object.at": "{name} ({a:.3f})",
    "detection.name": "detection {k}",
    "detection.title": "Detection {k}",
    "candidate.title": "{cls} box of proposal {p}",
    "proposal.name": "proposal {r} of {n}",
    "proposal.title": "Proposal {r} of {n}",
    "proposal.short_name": "proposal {r}",
    "proposal.short_title": "Proposal {r}",
    "decoded.title": "Decoded box of anchor {k:,}",
    "decoded.name": "the decoded box of anchor {k:,}",
    "candidate.name": "the {cls} box of proposal {p}",
    "anchor.name": "anchor {k:,}",
    "anchor.title": "Anchor {k:,}",
    "anchor.shape": "{size:g} px, {ratio}",
    "anchor.sizes": "{lo:.0f}-{hi:.0f} px",
    "anchor.one_size": "{lo:.0f} px",
    "box.best": "best box",
    "box.decoded": "decoded box",
    "box.detection": "{cls} detection",
    "box.of_anchor": "of anchor {k:,}",
    "box.of_class": "{cls} box",
    "box.of_proposal": "of proposal {r}",
    "text": "{text}",
    "ratio": "h/w {r:g}",
    "ordinal": "{n:,}",
    "span": "{low}-{high}",
    "span.one": "{low}",
}

_COUNTS = {
    "count.anchors": "{n:,} anchors",
    "count.anchors.one": "1 anchor",
    "count.boxes": "{n:,} boxes",
    "count.boxes.one": "1 box",
    "count.detections_kept": "{n:,} detections are kept",
    "count.detections_kept.one": "1 detection is kept",
    "count.first": "the first {n:,} go",
    "count.first.one": "the first one goes",
    "count.kept": "{n:,} are kept",
    "count.kept.one": "1 is kept",
    "count.negatives": "{n:,} negatives",
    "count.negatives.one": "1 negative",
    "count.others": "{n:,} others",
    "count.others.none": "no other",
    "count.others.one": "1 other",
    "count.positive_anchors": "{n:,} positive anchors",
    "count.positive_anchors.one": "1 positive anchor",
    "count.positives": "{n:,} positives",
    "count.positives.one": "1 positive",
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
        "The best of {anchors} overlaps {me} at IoU {a:.3f}, and no decoded box reaches {m:.2f} either. "
        "It is {w:.0f} x {h:.0f} px; anchors cover {sizes}, ratios {ratios}."
    ),
    "cause.no_anchor.no_anchors": "The image is too small for the grid: it has no anchors.",
    "cause.no_anchor.no_area": "It has no area ({w:.1f} x {h:.1f} px): no box can overlap it.",
    "cause.no_anchor.outside": "It lies outside the image: no box can overlap it.",
    "cause.no_anchor.untouched": (
        "No anchor touches {me}, and no decoded box reaches {m:.2f} either. "
        "It is {w:.0f} x {h:.0f} px; anchors cover {sizes}, ratios {ratios}."
    ),
    "cause.rpn_regression": (
        "{anchor} overlapped it at IoU {a:.3f}; after the RPN's deltas the best box has IoU {b:.3f}, under {m:.2f}."
    ),
    "cause.too_small": "Its {box} (IoU {a:.3f}) is {w:.1f} x {h:.1f} px; sides under {min:g} px are dropped.",
    "cause.top_n": "Its {box} (IoU {a:.3f}) has objectness {p:.3f}, rank {r:,}; only {first} to NMS.",
    "cause.proposal_score": "Its {box} (IoU {a:.3f}) has objectness {p:.3f}; the minimum is {t:.2f}.",
    "cause.proposal_nms": (
        "Its {box} (IoU {a:.3f}) was suppressed by {by}, which has higher objectness ({q:.3f} > {p:.3f}) "
        "and overlaps it at IoU {o:.3f} > {t:.2f}, but the object only at {b:.3f}."
    ),
    "cause.proposal_nms.tie": (
        "Its {box} (IoU {a:.3f}) was suppressed by {by}, which has the same objectness ({q:.3f}), stands before it "
        "in the grid and overlaps it at IoU {o:.3f} > {t:.2f}, but the object only at {b:.3f}."
    ),
    "cause.proposal_limit": "Its {box} (IoU {a:.3f}) came {place} after NMS; only {only}.",
    "cause.head_regression": (
        "{from} overlapped it at IoU {a:.3f}; the box head's {box} overlaps at {b:.3f}, under {m:.2f}."
    ),
    "cause.background": ("{from} covers it (IoU {a:.3f}), but the box head gives {cls} {s:.3f}, {limit}; {highest}."),
    "cause.background.refined": (
        "Its refined {box} covers it (IoU {b:.3f}, from {source}), but the box head gives {cls} {s:.3f}, {limit}; "
        "{highest}."
    ),
    "cause.wrong_class": (
        "{from} covers it (IoU {a:.3f}), but is scored {other} {so:.3f}; {cls} {s:.3f} is not above the {limit}."
    ),
    "cause.wrong_class.refined": (
        "Its refined {box} covers it (IoU {b:.3f}, from {source}), but the box head gives {other} {so:.3f}; "
        "{cls} {s:.3f} is not above the {limit}."
    ),
    "cause.nms": (
        "Its {box} (score {s:.3f}, IoU {a:.3f}) was suppressed by {by} (score {q:.3f}), "
        "IoU between them {o:.3f} > {t:.2f}."
    ),
    "cause.detection_top_n": "Its {box} has the score {s:.3f}, rank {r:,}; only {first} to NMS.",
    "cause.duplicate_matched.several": ("Its {box} (score {s:.3f}, IoU {a:.3f}) was matched to {owner}, IoU {b:.3f}."),
    "cause.duplicate_matched": (
        "The only {box} here (score {s:.3f}, IoU {a:.3f}) was matched to {owner}, IoU {b:.3f}."
    ),
    "cause.over_limit": "Its {box} (score {s:.3f}) ranks {r:,}; only {only} per image.",
    "cause.unknown_class": "The model knows {list}; {cls} cannot be found. Not counted.",
    "cause.detection_too_small": (
        "Its {box} (score {s:.3f}) is {w:.1f} x {h:.1f} px; sides under {min:g} px are dropped."
    ),
    "cause.waiting": "The box head has not seen {by} yet.",
    "score.highest": "no other class scores higher",
    "score.higher": "highest is {top} {st:.3f}",
}

_HEADLINES = {
    "headline.no_anchor": "No anchor fits.",
    "headline.rpn_regression": "Lost by RPN box regression.",
    "headline.too_small": "Its proposal is too small.",
    "headline.top_n": "Below pre-NMS top-n.",
    "headline.proposal_score": "Objectness below minimum.",
    "headline.proposal_nms": "Suppressed in proposal NMS by {by}.",
    "headline.proposal_limit": "Below post-NMS top-n.",
    "headline.head_regression": "Lost by box-head regression.",
    "headline.background": "Class score too low.",
    "headline.wrong_class": "Wrong class: scored as {other}.",
    "headline.nms": "Suppressed in detection NMS by {by}.",
    "headline.nms.neighbour": "Suppressed in detection NMS by the box of its neighbour, {owner}.",
    "headline.detection_top_n": "Below top-n of the box head's boxes.",
    "headline.duplicate_matched": "One detection, two objects: it went to {owner}.",
    "headline.over_limit": "Over the detection limit.",
    "headline.detection_too_small": "Its detection is too small.",
    "headline.unknown_class": "Not a class of this model.",
    "headline.difficult": "Marked as difficult in the annotations: found or not, it does not count.",
    "headline.crowd": "Marked as a crowd in the annotations: found or not, it does not count.",
    "headline.kind": "{label}.",
    "headline.true_positive": "Right: it is {who} ({cls} {s:.3f}, IoU {a:.3f}).",
    "headline.matched_ignored": "Matched to {who} (IoU {a:.3f}), which does not count: neither right nor wrong.",
    "headline.suppressed": "Suppressed by {by} ({who}), IoU between them {o:.3f} > {t:.2f}.",
    "headline.positive_iou": "Positive for {who}.",
    "headline.positive_best": "Positive, only as best for {who}.",
}

_WHY = {
    "why.fraction": "IoU with {who} = {both:,.0f} / {either:,.0f} px = {a:.3f}.",
    "why.fraction.network": "IoU with {who} = {both:,.0f} / {either:,.0f} network px = {a:.3f}.",
    "why.positive_iou": "That reaches Positive IoU {t:.2f}.",
    "why.under_positive": "That is under Positive IoU {t:.2f}.",
    "why.best.alone": "It counts because no other anchor overlaps {who} as much.",
    "why.best.ties": "It counts because no anchor overlaps {who} more: {ties}.",
    "why.best.outside": "One that crosses the border reaches {a:.3f} with {who}, but takes no part.",
    "why.own_object": "It overlaps {own} more (IoU {a:.3f}) and is trained towards that.",
    "why.others": "IoU with others: {others}.",
    "why.not_judged": "No ground truth for this image: nobody can say whether it is right.",
    "ties.block": "{n:,} anchors tie ({shape}, cells x {x}, y {y})",
    "ties.within": "{n:,} anchors tie ({shape}, among cells x {x}, y {y})",
    "ties.shapes": "{n:,} anchors of several shapes tie (among cells x {x}, y {y})",
    "note.also_suppressed": (
        "Detection NMS dropped this box as well: IoU {o:.3f} with {by} ({who}) > {t:.2f}. A lower working score would "
        "not bring it back."
    ),
    "note.also_dropped": (
        "A later filter dropped this box as well: {label}. A lower working score would not bring it back."
    ),
    "note.also_low_score": (
        "Its class score is low as well: {cls} {s:.3f}, limit {t:.2f}. A better box alone would not be enough."
    ),
    "note.suppressor_right": "{by} is right: it is {who} (IoU {a:.3f}).",
    "note.suppressor_wrong": "{by} is itself a false positive: {kind}.",
    "note.suppressor_ignored": "{by} is matched to {who} (IoU {a:.3f}), which does not count.",
    "note.about_found": "{who} is found by {by}.",
    "note.about_missed": "{who} is missed: {cause}.",
    "note.objects_above": (
        "The two objects themselves overlap at IoU {go:.3f}, above the NMS limit {t:.2f}: "
        "at this setting even perfect boxes could not both stay."
    ),
    "note.objects_under": (
        "The two objects themselves overlap at IoU {go:.3f}, not above the NMS limit {t:.2f}: "
        "perfect boxes could both stay."
    ),
}

_OUTCOMES = {
    "outcome.found": "Found",
    "outcome.found.sentence": "{by}, score {s:.3f}, IoU {a:.3f}.",
    "outcome.missed": "Missed",
    "outcome.false_positive": "False positive",
    "outcome.true_positive": "True positive",
    "outcome.not_counted": "Not counted",
    "verdict.missed": "Missed · {label}",
    "verdict.false_positive": "False positive · {label}",
    "outcome.not_counted.difficult": "Not counted (difficult)",
    "outcome.not_counted.crowd": "Not counted (crowd)",
    "outcome.not_counted.unknown_class": "Not counted (unknown class)",
    "outcome.not_run": "Not run",
    "outcome.not_run.sentence": "The detector has not run on this image.",
    "outcome.proposed": "Not judged",
    "outcome.proposed.sentence": (
        "Nobody has accepted it yet: it is no ground truth. {key[accept]} in Annotate accepts it."
    ),
    "outcome.pending": "Not known yet",
    "outcome.below_working": "Below the working score",
    "outcome.below_working.sentence": "{cls} {s:.3f}, working score {t:.2f}: kept by the model, not judged.",
}

_FATES = {
    "fate.anchor.outside.label": "Crosses the border",
    "fate.anchor.outside": "Leaves the image by {d:.1f} px; takes no part in training.",
    "fate.anchor.positive_iou.label": "Positive",
    "fate.anchor.positive_iou": "IoU {a:.3f} with {who} >= {t:.2f}.",
    "fate.anchor.positive_best.label": "Positive (best for object)",
    "fate.anchor.positive_best": "IoU {a:.3f} is under {t:.2f}, but no anchor overlaps {who} more.",
    "fate.anchor.positive_best.tie": "IoU {a:.3f} is under {t:.2f}, but no anchor overlaps {who} more ({k:,} tie).",
    "fate.anchor.negative.label": "Negative",
    "fate.anchor.negative": "Highest IoU with any object is {a:.3f}, under {t:.2f}.",
    "fate.anchor.ignored.label": "Ignored",
    "fate.anchor.ignored": "Highest IoU {a:.3f} lies between {lo:.2f} and {hi:.2f}; gives no loss.",
    "fate.anchor.unlabelled.label": "Anchor",
    "fate.anchor.unlabelled": "No ground truth for this image: training gives this anchor no label.",
    "fate.anchor.sampled": "yes, one of {p} and {n} (seed {s})",
    "fate.proposal.too_small.label": "Too small",
    "fate.proposal.too_small": "{w:.1f} x {h:.1f} px, minimum side {min:g} px.",
    "fate.proposal.below_top_n.label": "Below pre-NMS top-n",
    "fate.proposal.below_top_n": "Objectness {p:.3f}, rank {r:,}; only {first} to NMS.",
    "fate.proposal.below_score.label": "Objectness below minimum",
    "fate.proposal.below_score": "Objectness {p:.3f}, minimum {t:.2f}.",
    "fate.proposal.suppressed.label": "Suppressed",
    "fate.proposal.suppressed": "By {by} ({who}), IoU {o:.3f} > {t:.2f}.",
    "fate.proposal.over_limit.label": "Below post-NMS top-n",
    "fate.proposal.over_limit": "Rank {r:,} after NMS, {n:,} kept.",
    "fate.proposal.kept.label": "Kept",
    "fate.proposal.kept": "Proposal {r} of {n}; goes to the box head.",
    "fate.proposal.waiting.label": "Waiting",
    "fate.proposal.waiting": "New at this setting; the box head has not seen it yet.",
    "fate.detection.low_score.label": "Score below minimum",
    "fate.detection.low_score": "{cls} {s:.3f}, minimum {t:.2f}.",
    "fate.detection.below_top_n.label": "Below top-n",
    "fate.detection.below_top_n": "{cls} {s:.3f}, rank {r:,}; only {first} to NMS.",
    "fate.detection.too_small.label": "Too small",
    "fate.detection.too_small": "{w:.1f} x {h:.1f} px, minimum side {min:g} px.",
    "fate.detection.suppressed.label": "Suppressed",
    "fate.detection.suppressed": "By {by} ({who}), IoU {o:.3f} > {t:.2f}.",
    "fate.detection.over_limit.label": "Over the detection limit",
    "fate.detection.over_limit": "Rank {r:,}, {n:,} kept.",
    "fate.detection.kept.label": "Detection",
    "fate.detection.kept": "{cls} {s:.3f}.",
    "fate.detection.waiting.label": "Waiting",
    "fate.detection.waiting": "New at this setting; the box head has not seen it yet.",
    "suppressor": "{cls} {q:.3f}",
    "suppressor.objectness": "objectness {q:.3f}",
    "suppressor.over_limit": "{q:.3f}, itself over the detection limit",
}

_FALSE_POSITIVES = {
    "false_positive.duplicate.label": "Duplicate",
    "false_positive.duplicate": "{about} already has {by} ({q:.3f}); this one overlaps it at IoU {a:.3f}.",
    "false_positive.localisation.label": "Poorly localised",
    "false_positive.localisation": "Right class, IoU {a:.3f} with {about}: between 0.1 and {m:.2f}.",
    "false_positive.class.label": "Wrong class",
    "false_positive.class": "Covers {about} (IoU {a:.3f}) but says {other}.",
    "false_positive.class_localisation.label": "Wrong class, poorly localised",
    "false_positive.class_localisation": "IoU {a:.3f} with {about}, says {other}.",
    "false_positive.background.label": "On background",
    "false_positive.background": "It overlaps no object at all. Missing label?",
    "false_positive.background.difficult": (
        "No object that counts at IoU >= 0.1; it overlaps {about} at {a:.3f}, marked as difficult."
    ),
    "false_positive.background.crowd": (
        "No object that counts at IoU >= 0.1; it overlaps {about} at {a:.3f}, marked as a crowd."
    ),
    "false_positive.background.near": "No object at IoU >= 0.1: the nearest is {about} at {a:.3f}. Missing label?",
}

_FACTS = {
    "limit.minimum": "minimum {t:.2f}",
    "limit.working": "working score {t:.2f}",
    "facts.title": "How far it came",
    "facts.title.image": "In this image",
    "fact.anchor": "Anchor",
    "fact.anchor.best": "Best anchor",
    "fact.anchor.source": "Source anchor",
    "fact.rpn": "RPN",
    "fact.decoded": "Decoded box",
    "fact.refined": "Refined box",
    "fact.proposal_nms": "Proposal NMS",
    "fact.head": "Box head",
    "fact.detection_nms": "Detection NMS",
    "fact.matching": "Match",
    "fact.anchor.value": "IoU {a:.3f}, {me}: {shape}, cell x {x}, y {y}",
    "fact.anchor.positives": "IoU {a:.3f}, {me}: {shape}, cell x {x}, y {y}. {positives}",
    "fact.anchor.positives.other": (
        "IoU {a:.3f}, {me}: {shape}, cell x {x}, y {y}, trained towards {other}, which it overlaps more. {positives}"
    ),
    "fact.anchor.place": "{me}: {shape}, cell x {x}, y {y}",
    "fact.anchor.no_anchors": "none: the image is too small for the grid",
    "fact.anchor.no_area": "none: the object has no area",
    "fact.anchor.outside": "none: the object lies outside the image",
    "fact.anchor.untouched": "none touches the object",
    "fact.rpn.value": "objectness {p:.3f}, rank {r:,} of {n:,}",
    "fact.rpn.decoded": "objectness {p:.3f}, rank {r:,} of {n:,}; {box} IoU {a:.3f}",
    "fact.box": "[{x1:.1f}, {y1:.1f}, {x2:.1f}, {y2:.1f}]",
    "fact.box.iou": "[{x1:.1f}, {y1:.1f}, {x2:.1f}, {y2:.1f}], IoU {a:.3f} with {who}",
    "fact.proposal_nms.kept": "kept as {me}; suppressed {others}",
    "fact.proposal_nms.kept_iou": "kept as {me}, IoU {a:.3f}; suppressed {others}",
    "fact.proposal_nms.suppressed": "IoU {o:.3f} with {by} ({who}), limit {t:.2f}: suppressed",
    "fact.proposal_nms.over_limit": "rank {r:,} after NMS, {n:,} kept",
    "fact.proposal_nms.below_top_n": "rank {r:,}, only {first} to NMS",
    "fact.proposal_nms.below_score": "objectness {p:.3f}, minimum {t:.2f}",
    "fact.proposal_nms.too_small": "{w:.1f} x {h:.1f} px, minimum side {min:g} px",
    "fact.head.value": "{cls} {s:.3f} ({limit}), background {b:.3f}",
    "fact.head.iou": "{cls} {s:.3f} ({limit}), background {b:.3f}; refined box IoU {a:.3f}",
    "fact.head.waiting": "the box head has not seen it yet",
    "fact.detection_nms.kept": "kept as {me}; suppressed {others}",
    "fact.detection_nms.suppressed": "IoU {o:.3f} with {by} ({who}), limit {t:.2f}: suppressed",
    "fact.detection_nms.over_limit": "rank {r:,}, {n:,} kept",
    "fact.detection_nms.below_top_n": "rank {r:,}, only {first} to NMS",
    "fact.detection_nms.too_small": "{w:.1f} x {h:.1f} px, minimum side {min:g} px",
    "fact.object": "{name}, IoU {a:.3f}",
    "fact.object.other": "the detection was matched to {name}, IoU {a:.3f}",
    "overlap": "IoU {a:.3f}",
    "overlap.with": "IoU {a:.3f} with {name}",
}

_TRAINING = {
    "section.training": "In training (does not affect detections)",
    "section.positive": "What would make it positive by overlap",
    "fact.batch": "In the mini-batch",
    "batch.outside": "no, anchors that cross the border are not drawn",
    "batch.ignored": "no, ignored anchors are not drawn",
    "batch.not_drawn.positive": "no, {k:,} of {n:,} positives drawn (seed {s})",
    "batch.not_drawn.negative": "no, {k:,} of {n:,} negatives drawn (seed {s})",
    "fact.target": "Target",
    "fact.target.value": "dx {dx:+.3f}  dy {dy:+.3f}  dw {dw:+.3f}  dh {dh:+.3f}",
    "fact.target.of": "{who}: {deltas}",
    "fact.target.background": "background, no box",
    "fact.positives": "Positive anchors",
    "fact.positives.best": "{anchors}, none by overlap: IoU {a:.3f} at most, under Positive IoU {t:.2f}",
    "fact.positives.elsewhere": "none: those that are best for it overlap another object more",
    "fact.positives.none": "none",
    "fact.positive_iou": "Positive IoU",
    "fact.positive_iou.value": "{before:.2f} → {after:.2f}: {anchors} by overlap (training only)",
    "fact.new_anchor": "A new anchor",
    "fact.new_anchor.value": "{shape}: best IoU with {who} {a:.3f} (needs retraining)",
}

_SECTIONS = {
    "section.about": "Detections about it ({n:,})",
    "about.line": "{cls} {s:.3f}, IoU {a:.3f}: {label}",
    "section.also": "What else held it back",
    "also.over_limit": "{boxes} of its class, over the limit",
    "also.nms": "{boxes} of its class, suppressed",
    "also.detection_top_n": "{boxes} of its class, below top-n",
    "also.detection_too_small": "{boxes} of its class, too small",
    "also.duplicate_matched": "{boxes} of its class, kept but matched to another object",
    "also.head_regression": "{boxes} covering it, moved away by the box head",
    "also.proposal_limit": "{boxes} covering it, below post-NMS top-n",
    "also.proposal_nms": "{boxes} covering it, suppressed",
    "also.proposal_score": "{boxes} covering it, under the minimum",
    "also.top_n": "{boxes} covering it, below top-n",
    "also.too_small": "{boxes} covering it, too small",
    "section.cell": "All {n:,} anchors of the cell",
    "cell.line": "{shape}",
    "cell.line.label": "{shape}: {label}",
    "cell.line.overlap": "{shape}: {at}, {label}",
    "section.more": "and {n:,} more",
    "section.overlaps": "Objects it overlaps ({n:,})",
    "section.positives": "Its positive anchors ({n:,})",
    "positive.line": "IoU {a:.3f}, {label}",
    "section.scores": "Class scores",
    "section.suppressed": "Suppressed by it in detection NMS ({n:,})",
    "section.suppressed_proposals": "Suppressed by it in proposal NMS ({n:,})",
    "suppressed.detection": "{cls} {s:.3f}, IoU {o:.3f}",
    "suppressed.detection.covers": "{cls} {s:.3f}, IoU {o:.3f}; covers {who} at {a:.3f}",
    "suppressed.proposal": "objectness {p:.3f}, IoU {o:.3f}",
    "section.remedies": "What would find it",
    "remedies.how": "(one setting, each re-run to prove it)",
    "remedies.try": "Try",
    "remedies.count": "Count on all {n:,}",
    "remedies.looking": "looking: {done} of {of} settings",
    "remedies.stop": "Stop",
    "accept": "Accept as ground truth",
}

EXPLANATION: dict[str, str] = {
    **_NAMES,
    **_COUNTS,
    **_CAUSE_LABELS,
    **_CAUSES,
    **_HEADLINES,
    **_WHY,
    **_OUTCOMES,
    **_FATES,
    **_FALSE_POSITIVES,
    **_FACTS,
    **_TRAINING,
    **_SECTIONS,
}
