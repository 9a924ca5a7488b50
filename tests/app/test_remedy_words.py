"""The card "What would find it" in words."""

from app.remedy_words import remedies_view
from app.scene import Message, Ref
from app.studies import Counts
from app.tally import Tally
from app.wording import text
from detector.remedies import Remedy, Search

OBJECT = Ref("object", 6)


def remedy(key="detections.nms_iou", value=0.54, before=0.4, false=2, lost=0, gained=0, is_own=True):
    return Remedy(key, value, before, false, lost, gained, 0.14, 7, 0.911, 0.654, is_own)


def search(key, found=None, *, tries=10, exhaustive=True, needs_network=False):
    return Search(key, found, tries, exhaustive, needs_network)


def said(view):
    return [(text(line.change), text(line.price)) for line in view.lines]


def test_a_line_names_setting_values_and_price():
    view = remedies_view(OBJECT, [search("detections.nms_iou", remedy())], 12, {}, 72)
    assert said(view) == [("Detection NMS IoU 0.40 → 0.54", "+2 false positives, 0 objects lost here")]
    assert (view.ref, view.done, view.of, view.images) == (OBJECT, 1, 12, 72)
    assert view.remarks == ()  # eleven settings are still to be looked at


def test_one_of_each_is_singular_and_fewer_false_positives_are_said_so():
    one = remedy(false=1, lost=1, gained=1)
    fewer = remedy("matching.working_score", 0.31, 0.5, false=-1, gained=2)
    view = remedies_view(OBJECT, [search("detections.nms_iou", one), search("matching.working_score", fewer)], 2, {}, 0)
    assert said(view) == [
        (
            "Working score 0.50 → 0.31",
            "-1 false positive, 0 objects lost here, 2 others found (counts lower scores, the detector stays)",
        ),
        ("Detection NMS IoU 0.40 → 0.54", "+1 false positive, 1 object lost here, 1 other found"),
    ]  # the cheaper one first
    assert view.remarks == ()


def test_another_box_that_finds_it_and_a_moved_yardstick_are_said():
    other = search("detections.nms_iou", remedy(is_own=False))
    viewer = search("matching.iou", remedy("matching.iou", 0.4, 0.5, false=3, is_own=False))
    view = remedies_view(OBJECT, [other, viewer], 12, {}, 0)
    assert [price for _, price in said(view)] == [
        "+2 false positives, 0 objects lost here (by another box: score 0.911, IoU 0.654)",
        "+3 false positives, 0 objects lost here (by another box: score 0.911, IoU 0.654, counts less overlap as "
        "found, the detector stays)",
    ]


def test_settings_of_one_name_are_told_apart():
    lines = [search(key, remedy(key, 28, 4)) for key in ("proposals.min_side", "detections.min_side")]
    assert [change for change, _ in said(remedies_view(OBJECT, lines, 12, {}, 0))] == [
        "Proposals: minimum side, px 4 → 28",
        "Detections: minimum side, px 4 → 28",
    ]


def test_a_search_that_failed_says_why_and_claims_nothing_of_the_rest():
    why = Message("error", {"text": "Something went wrong."})
    view = remedies_view(OBJECT, [search("matching.iou")], 12, {}, 0, why)
    assert view.remarks == (why,)
    assert view.done == view.of  # nobody is looking any more


def test_what_is_said_of_the_others_is_no_more_than_what_is_known():
    nothing = search("proposals.min_side")
    unsure = search("proposals.nms_iou", tries=400, exhaustive=False)
    blind = search("proposals.post_nms_top_n", exhaustive=False, needs_network=True)
    found = search("detections.nms_iou", remedy())

    def remarks(*searches):
        return [text(each) for each in remedies_view(OBJECT, list(searches), len(searches), {}, 0).remarks]

    assert remarks(nothing) == ["No value of any single setting does."]
    assert remarks(found, nothing) == ["No value of any other single setting does."]
    assert remarks(found, unsure) == ["None found in 400 tries: Proposal NMS IoU."]
    assert remarks(nothing, unsure, blind) == [
        "None found in 400 tries: Proposal NMS IoU.",
        "Not looked through, as the box head would have to see more boxes: Post-NMS top-n.",
        "No value of the remaining settings does.",
    ]


def test_a_folder_is_added_up():
    tally = Tally(0.54, 72)
    for counts in (
        Counts("a", True, found=2, lost=0, false=3),
        Counts("b", False),
        Counts("c", True, found=0, lost=1, false=-1),
    ):
        tally = tally.with_counts(counts)
    assert (tally.done, tally.images, tally.found, tally.lost, tally.false) == (3, 2, 2, 1, 2)
    (line,) = remedies_view(
        OBJECT, [search("detections.nms_iou", remedy())], 12, {"detections.nms_iou": tally}, 72
    ).lines
    assert line.is_counting
    assert text(line.counted) == "3 of 72 images: 2 more found, 1 lost, +2 false positives"


def test_a_tally_of_another_value_is_not_shown():
    tallies = {"detections.nms_iou": Tally(0.6, 72)}
    (line,) = remedies_view(OBJECT, [search("detections.nms_iou", remedy())], 12, tallies, 72).lines
    assert line.counted is None
    assert not line.is_counting
