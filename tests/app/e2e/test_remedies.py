"""What would have found a missed object, in the real window: looked for, tried, taken back, counted."""

import math

from app.jobs import CountOn
from app.scene import Ref
from app.wording import text
from detector import remedies
from detector.datasets.stores import Stores
from detector.trace import Outcome
from tests.helpers.app_windows import WAIT_MS, WindowNetwork, open_window, wait_settled, write_folder

ALL = 12
"""Settings that are looked at."""


def shown(window):
    return window.details.remedies


def wait_found(qtbot, window):
    qtbot.waitUntil(lambda: shown(window) is not None and shown(window).done == ALL, timeout=WAIT_MS)


def missed_object(qtbot, controller):
    """Select the object of the lowest score, and move the working score to where that is not above it."""
    trace = controller.state.trace
    objects = trace.judgement.objects
    number = min(range(len(objects)), key=lambda each: trace.detections.score[objects[each].detection])
    assert objects[number].outcome is Outcome.FOUND
    score = math.ceil(float(trace.detections.score[objects[number].detection]) * 100) / 100
    controller.settings.move("matching.working_score", score)
    controller.settings.settle("matching.working_score")
    wait_settled(qtbot, controller)
    assert outcome(controller, number) is Outcome.MISSED
    controller.scenes.pick(Ref("object", number))
    return number


def outcome(controller, number):
    return controller.state.trace.judgement.objects[number].outcome


def test_a_remedy_is_found_tried_and_taken_back(qtbot, tmp_path):
    write_folder(tmp_path / "images")
    with open_window(qtbot) as (window, controller):
        controller.start([tmp_path / "images"])
        wait_settled(qtbot, controller, "image_0.png")
        number = missed_object(qtbot, controller)
        wait_found(qtbot, window)
        before = controller.state.settings
        line = next(line for line in shown(window).lines if line.key == "matching.working_score")
        window.details.remedy_tried.emit(line.key, line.value)
        wait_settled(qtbot, controller)
        assert outcome(controller, number) is Outcome.FOUND
        assert controller.state.settings == before.with_value(line.key, line.value)
        assert shown(window) is None  # found: there is nothing to look for
        window.actions_by_id["undo"].trigger()
        wait_settled(qtbot, controller)
        assert controller.state.settings == before
        assert outcome(controller, number) is Outcome.MISSED
        wait_found(qtbot, window)


def test_another_selection_or_setting_makes_old_answers_void(qtbot, tmp_path):
    write_folder(tmp_path / "images")
    with open_window(qtbot) as (window, controller):
        controller.start([tmp_path / "images"])
        wait_settled(qtbot, controller, "image_0.png")
        number = missed_object(qtbot, controller)
        wait_found(qtbot, window)
        controller.settings.move("matching.working_score", 1.0)
        controller.settings.settle("matching.working_score")
        qtbot.waitUntil(lambda: shown(window) is not None and shown(window).done < ALL, timeout=WAIT_MS)
        wait_found(qtbot, window)
        controller.scenes.pick(Ref("anchor", 0))
        qtbot.waitUntil(lambda: shown(window) is None, timeout=WAIT_MS)
        controller.scenes.pick(Ref("object", number))
        wait_found(qtbot, window)
        assert shown(window).ref == Ref("object", number)


def test_a_search_that_fails_says_so_in_its_card(qtbot, tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("the scales fell")
        yield

    monkeypatch.setattr(remedies, "search_remedies", broken)
    write_folder(tmp_path / "images")
    with open_window(qtbot) as (window, controller):
        controller.start([tmp_path / "images"])
        wait_settled(qtbot, controller, "image_0.png")
        missed_object(qtbot, controller)
        wait_found(qtbot, window)
        (remark,) = shown(window).remarks
        assert "the scales fell." in text(remark)
        assert not controller.studies.is_wanted("remedies")


def test_settings_of_training_make_no_answer_void(qtbot, tmp_path):
    write_folder(tmp_path / "images")
    with open_window(qtbot) as (window, controller):
        controller.start([tmp_path / "images"])
        wait_settled(qtbot, controller, "image_0.png")
        missed_object(qtbot, controller)
        wait_found(qtbot, window)
        before = shown(window)
        window.actions_by_id["draw_batch"].trigger()
        wait_settled(qtbot, controller)
        assert controller.state.trace.settings.assignment.seed == 1
        assert shown(window) is before


def test_a_remedy_is_counted_on_the_folder_and_the_count_can_be_stopped(qtbot, tmp_path):
    files = write_folder(tmp_path / "images", 4)
    files[3].with_suffix(".xml").unlink()  # nobody annotated the last one
    network = WindowNetwork()
    with open_window(qtbot, network) as (window, controller):
        controller.start([tmp_path / "images"])
        wait_settled(qtbot, controller, "image_0.png")
        missed_object(qtbot, controller)
        wait_found(qtbot, window)
        line = next(line for line in shown(window).lines if line.key == "matching.working_score")

        def counted():
            return next(each for each in shown(window).lines if each.key == line.key)

        window.details.count_requested.emit(line.key, line.value)
        qtbot.waitUntil(lambda: counted().counted is not None and not counted().is_counting, timeout=WAIT_MS)
        said = text(counted().counted)
        assert said.startswith("all 3 annotated images: ")
        # the same objects on the same network: what is found here is found three times
        before = controller.state.trace
        window.details.remedy_tried.emit(line.key, line.value)
        wait_settled(qtbot, controller)
        gained = sum(
            was.outcome is Outcome.MISSED and now.outcome is Outcome.FOUND
            for was, now in zip(before.judgement.objects, controller.state.trace.judgement.objects, strict=True)
        )
        assert f": {3 * gained} more found, 0 lost" in said
        window.actions_by_id["undo"].trigger()
        wait_settled(qtbot, controller)
        wait_found(qtbot, window)
        window.details.count_requested.emit(line.key, line.value)
        window.details.count_cancelled.emit()
        assert not counted().is_counting
        assert not controller.studies.is_wanted("count")


def test_a_count_goes_on_while_something_else_is_selected_and_ends_at_the_cancel_key(qtbot, tmp_path):
    write_folder(tmp_path / "images", 3)
    network = WindowNetwork()
    with open_window(qtbot, network) as (window, controller):
        controller.start([tmp_path / "images"])
        wait_settled(qtbot, controller, "image_0.png")
        number = missed_object(qtbot, controller)
        wait_found(qtbot, window)
        line = next(line for line in shown(window).lines if line.key == "matching.working_score")
        window.details.count_requested.emit(line.key, line.value)
        controller.scenes.pick(None)
        qtbot.waitUntil(lambda: shown(window) is None, timeout=WAIT_MS)
        qtbot.waitUntil(lambda: not controller.studies.is_wanted("count"), timeout=WAIT_MS)
        assert "all 3 annotated images" in window.status.message.text()
        controller.scenes.pick(Ref("object", number))
        qtbot.waitUntil(lambda: shown(window) is not None, timeout=WAIT_MS)
        assert shown(window).done == ALL  # what was found is still true, and so is what was counted
        again = next(each for each in shown(window).lines if each.key == line.key)
        assert text(again.counted).startswith("all 3 annotated images: ")

        window.details.count_requested.emit(line.key, line.value)
        qtbot.waitUntil(lambda: controller.studies.is_running("count"), timeout=WAIT_MS)
        assert window.actions_by_id["cancel"].isEnabled()
        window.actions_by_id["cancel"].trigger()
        assert not controller.studies.is_wanted("count")
        assert not window.actions_by_id["cancel"].isEnabled()


def test_a_search_that_gave_way_goes_on_where_it_was(qtbot, tmp_path, monkeypatch):
    asked = []

    def held_up(trace, number, complete, check, known):
        """One answer, then as long as it takes until something else is wanted; asked again, all the others."""
        asked.append(known)
        for key in remedies.REMEDY_KEYS:
            if key not in known:
                yield remedies.Search(key, None, 1, exhaustive=True, needs_network=False)
                while not known:
                    check()

    monkeypatch.setattr(remedies, "search_remedies", held_up)
    files = write_folder(tmp_path / "images")
    with open_window(qtbot) as (window, controller):
        controller.start([tmp_path / "images"])
        wait_settled(qtbot, controller, "image_0.png")
        missed_object(qtbot, controller)
        qtbot.waitUntil(lambda: shown(window) is not None and shown(window).done == 1, timeout=WAIT_MS)
        settings = controller.state.settings
        controller.studies.want("replay", lambda number: CountOn(number, files[1], settings, settings, Stores()))
        wait_found(qtbot, window)
        assert asked == [frozenset(), frozenset({remedies.REMEDY_KEYS[0]})]


def test_a_search_ends_at_the_cancel_key_and_keeps_what_it_found(qtbot, tmp_path, monkeypatch):
    def endless(trace, number, complete, check, known):
        yield remedies.Search("detections.nms_iou", None, 1, exhaustive=True, needs_network=False)
        while True:
            check()

    monkeypatch.setattr(remedies, "search_remedies", endless)
    write_folder(tmp_path / "images")
    with open_window(qtbot) as (window, controller):
        controller.start([tmp_path / "images"])
        wait_settled(qtbot, controller, "image_0.png")
        missed_object(qtbot, controller)
        qtbot.waitUntil(lambda: shown(window) is not None and shown(window).done == 1, timeout=WAIT_MS)
        window.actions_by_id["cancel"].trigger()
        assert [text(remark) for remark in shown(window).remarks] == ["Cancelled after 1 of 12 settings."]
        assert not controller.studies.is_wanted("remedies")
