"""Killed and continued is as if it had run through."""

import os
import shutil
from dataclasses import replace

import pytest
import torch

import detector.model
from detector import training
from detector.config import ImageSettings
from detector.ground_truth import GroundTruth
from detector.losses import StageLoss
from detector.models.weights import WeightsError, read_header, read_weights, save_weights
from detector.training import TrainingOptions
from detector.training_curves import curves_folder
from detector.training_data import TrainingSet
from detector.training_start import network_from, network_of
from detector.training_state import read_state, state_path
from tests.helpers.training import CLASSES, SETTINGS, Scenes, run

OPTIONS = TrainingOptions(iterations=4, batch_size=2, augmentation="any_way_up", seed=5, warm_up=2)


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


@pytest.fixture(autouse=True)
def _small_head(monkeypatch):
    monkeypatch.setitem(detector.model.HIDDEN, "compact", 8)  # a state of 14 MB, not of 60


@pytest.fixture
def scenes():
    return Scenes((64, 96), (96, 64), (64, 96))  # three in batches of two: a round ends within a batch


def losses_of(out):
    """The lines of the curves without their seconds."""
    lines = (curves_folder(out) / "losses.csv").read_text().splitlines()
    return [line.rsplit(",", 1)[0] for line in lines]


def kill_at_write(monkeypatch, number, *, after):
    """At the `number`th file that is put into its place: before it is, or after."""
    replace, seen = os.replace, []

    def put(*places):
        seen.append(places)
        if len(seen) == number and not after:
            raise Killed
        replace(*places)
        if len(seen) == number:
            raise Killed

    monkeypatch.setattr(os, "replace", put)


@pytest.mark.parametrize(
    ("points", "half_backbone"),
    [([(1, True), (2, True), (5, True), (7, False), (8, True)], False), ([(4, True)], True)],
)
def test_killed_at_any_write_it_ends_as_if_it_had_run_through(scenes, tmp_path, monkeypatch, points, half_backbone):
    """The state is written before step 1; steps 1 to 3 write the state, then the weights; step 4 the weights, and takes
    the state away.

    So killed: before the first step; between the first step's state and its weights; after the save of step 2; between
    the state and the weights of step 3; with the last weights written and the state still there.
    """
    options = replace(OPTIONS, half_backbone=half_backbone)
    through = run(scenes, tmp_path / "through.safetensors", options)[0].path

    for number, after in points:
        out = tmp_path / f"{number}.safetensors"
        with monkeypatch.context() as patch:
            kill_at_write(patch, number, after=after)
            with pytest.raises(Killed):
                run(scenes, out, options, save_every=0)
        assert state_path(out).exists()

        run(scenes, out, None, settings=None, start=out)

        assert out.read_bytes() == through.read_bytes()
        assert losses_of(out) == losses_of(through)
        assert not state_path(out).exists()


def test_killed_within_a_step_after_many_continuations(scenes, tmp_path, monkeypatch):
    """One step a session, each ended by a kill in the middle of the next one."""
    through = run(scenes, tmp_path / "through.safetensors", OPTIONS)[0].path
    out, start = tmp_path / "w.safetensors", None
    batch = TrainingSet.batch

    for _ in range(3):
        drawn = []

        def killed(*arguments, drawn=drawn):
            made = batch(*arguments)  # its random numbers are drawn
            drawn.append(made)
            if len(drawn) == 2:
                raise Killed
            return made

        with monkeypatch.context() as patch:
            patch.setattr(TrainingSet, "batch", killed)
            with pytest.raises(Killed):
                run(scenes, out, OPTIONS, start=start, save_every=0)
        start = out
    result, steps = run(scenes, out, OPTIONS, start=out)

    assert [step.iteration for step in steps] == [4]
    assert out.read_bytes() == through.read_bytes()
    assert losses_of(out) == losses_of(through)
    assert result.losses == steps[-1].losses


def killed_before_a_save(scenes, out, monkeypatch, options=OPTIONS, **more):
    """In the middle of the second step that is computed; the first timed save would come after a minute."""
    real, calls = training.step_losses, []

    def step_losses(*arguments, **named):
        calls.append(1)
        if len(calls) == 2:
            raise Killed
        return real(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(training, "step_losses", step_losses)
        with pytest.raises(Killed):
            run(scenes, out, options, **more)


def test_killed_before_the_first_timed_save_the_same_training_goes_on(scenes, tmp_path, monkeypatch):
    """Older weights of that name are not taken for its own."""
    through = run(scenes, tmp_path / "through.safetensors", OPTIONS)[0].path
    out = tmp_path / "w.safetensors"
    run(scenes, out, replace(OPTIONS, iterations=1, seed=9))
    older = out.read_bytes()

    killed_before_a_save(scenes, out, monkeypatch)
    assert out.read_bytes() == older
    _, steps = run(scenes, out, None, settings=None, start=out)

    assert [step.iteration for step in steps] == [1, 2, 3, 4]
    assert out.read_bytes() == through.read_bytes()
    assert losses_of(out) == losses_of(through)


def test_killed_at_once_when_continued_elsewhere(scenes, tmp_path, monkeypatch):
    through = run(scenes, tmp_path / "through.safetensors", OPTIONS)[0].path
    begun, out = tmp_path / "begun.safetensors", tmp_path / "out.safetensors"
    stopped(scenes, begun)

    killed_before_a_save(scenes, out, monkeypatch, None, start=begun)
    run(scenes, out, None, start=out)

    assert out.read_bytes() == through.read_bytes()


def test_weights_that_no_step_has_changed_yet_are_remembered_too(scenes, tmp_path, monkeypatch):
    """The head learns nothing in the first two steps; the optimiser has met none of its weights by then."""
    real = training.step_losses

    def without_head(network, *arguments, **named):
        found = real(network, *arguments, **named)
        drawn.append(found)
        rows = found.head.label_rows.detach(), found.head.box_rows.detach()
        return replace(found, head=StageLoss(*rows)) if len(drawn) + done <= 2 else found

    monkeypatch.setattr(training, "step_losses", without_head)
    drawn, done = [], 0
    through = run(scenes, tmp_path / "through.safetensors", OPTIONS)[0].path
    out, drawn = tmp_path / "w.safetensors", []
    stopped(scenes, out, 1)
    state = read_state(state_path(out)).optimiser
    assert state["rpn.conv.weight.step"] == 1
    assert state["head.fc1.weight.step"] == 0
    drawn, done = [], 1
    run(scenes, out, None, start=out)

    assert out.read_bytes() == through.read_bytes()


def test_complete_weights_are_not_trained_over(scenes, tmp_path):
    out = tmp_path / "w.safetensors"
    run(scenes, out, OPTIONS)
    before = out.read_bytes()

    with pytest.raises(WeightsError, match=r"w\.safetensors is complete; another .* needs another --out"):
        run(scenes, out, OPTIONS, start=out)

    assert out.read_bytes() == before


def test_weights_that_do_not_say_whether_they_are_complete_are_a_start(scenes, tmp_path):
    """Files of before that was written into them."""
    out = tmp_path / "w.safetensors"
    run(scenes, out, OPTIONS)
    held = read_weights(out)
    del held.header.trained["complete"]
    save_weights(out, held.tensors, held.header)

    assert run(scenes, out, OPTIONS, start=out)[1][0].iteration == 1


def test_a_link_is_followed_by_weights_and_state_alike(scenes, tmp_path):
    """Begun by the link it goes on by the file's own name, and the other way round."""
    through = run(scenes, tmp_path / "through.safetensors", OPTIONS)[0].path
    (tmp_path / "disk").mkdir()
    link, out = tmp_path / "link.safetensors", tmp_path / "disk" / "w.safetensors"
    try:
        link.symlink_to(out)
    except OSError:
        pytest.skip("this system lets nobody make links")

    stopped(scenes, link, 1)
    assert sorted(each.name for each in out.parent.iterdir()) == ["w.curves", "w.safetensors", "w.training.safetensors"]
    with pytest.raises(WeightsError, match="is not complete"):
        run(scenes, out, OPTIONS)
    stopped(scenes, out, 1, start=link)
    run(scenes, link, None, start=link)

    assert link.is_symlink()
    assert out.read_bytes() == through.read_bytes()
    assert losses_of(out) == losses_of(through)


def test_what_killed_saves_left_is_taken_away(scenes, tmp_path):
    """A killed save leaves its temporary file; only those of these very names are taken."""
    token = "0123456789abcdef" * 2
    mine = [tmp_path / f".{name}.{token}.tmp" for name in ("w.safetensors", "w.training.safetensors")]
    others = [tmp_path / name for name in (f".ww.safetensors.{token}.tmp", f".w.safetensors.{token}", "w.tmp")]
    for path in mine + others:
        path.write_bytes(b"half")

    run(scenes, tmp_path / "w.safetensors", cancelled=lambda: True)

    assert sorted(tmp_path.iterdir()) == sorted(others)


def stopped(scenes, out, after=2, options=OPTIONS, **more):
    """A training of which so many steps are done, and saved."""
    asked = iter([False] * after)
    return run(scenes, out, options, cancelled=lambda: next(asked, True), **more)[0]


def test_stopped_and_continued_elsewhere(scenes, tmp_path):
    through = run(scenes, tmp_path / "through.safetensors", OPTIONS)[0].path
    begun, out = tmp_path / "begun.safetensors", tmp_path / "folder" / "out.safetensors"
    result = stopped(scenes, begun)
    assert (result.iterations, result.complete) == (2, False)
    before = {path: path.read_bytes() for path in (begun, state_path(begun))}

    result, _ = run(scenes, out, None, start=begun)

    assert (result.iterations, result.complete) == (4, True)
    assert out.read_bytes() == through.read_bytes()
    assert losses_of(out) == losses_of(through)
    assert {path: path.read_bytes() for path in before} == before


def test_torchs_random_numbers_go_on_too(scenes, tmp_path):
    """No step draws any as yet; a layer that does, such as dropout, must not be forgotten."""
    out = tmp_path / "w.safetensors"
    stopped(scenes, out)
    before = torch.get_rng_state()
    torch.manual_seed(99)

    run(scenes, out, None, start=out, cancelled=lambda: True)

    assert torch.equal(torch.get_rng_state(), before)


def test_the_weights_may_be_missing(scenes, tmp_path):
    """Killed between the first state and the first weights."""
    out = tmp_path / "w.safetensors"
    stopped(scenes, out)
    out.unlink()

    assert run(scenes, out, start=out, options=None)[0].complete
    assert out.exists()


def test_a_complete_training_is_a_start_for_another(scenes, tmp_path):
    out = tmp_path / "w.safetensors"
    run(scenes, out, OPTIONS)
    still = TrainingOptions(iterations=1, batch_size=2, learning_rate=0.0, average=0.0)

    _, steps = run(scenes, tmp_path / "more.safetensors", still, start=out)

    assert [step.iteration for step in steps] == [1]
    assert read_header(tmp_path / "more.safetensors").trained["started_from"] == "w.safetensors"


def test_what_a_training_started_from_is_remembered_when_it_goes_on(scenes, tmp_path):
    first, out = tmp_path / "first.safetensors", tmp_path / "w.safetensors"
    run(scenes, first, OPTIONS)
    stopped(scenes, out, start=first)
    run(scenes, out, None, start=out)

    assert read_header(out).trained["started_from"] == "first.safetensors"


def test_a_vgg16_from_random_weights_goes_on_training_its_first_layers(tmp_path, monkeypatch):
    monkeypatch.setitem(detector.model.HIDDEN, "vgg16", 8)
    out, options = tmp_path / "w.safetensors", TrainingOptions(iterations=1, batch_size=1)
    run(Scenes((64, 96)), out, options, backbone="vgg16", weights=None)
    header = read_header(out)
    assert not header.keeps_early

    gone_on, another = network_of(header), network_from(out, None, None, CLASSES, classes_given=False)
    pretrained = network_of(replace(header, keeps_early=True))

    assert [each.backbone.layers[0].weight.requires_grad for each in (gone_on, another, pretrained)] == [
        True,
        True,
        False,
    ]


def test_an_unfinished_training_is_not_written_over(scenes, tmp_path):
    out = tmp_path / "w.safetensors"
    stopped(scenes, out)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    with pytest.raises(
        WeightsError, match=r"w\.safetensors is not complete.*--resume .*or delete .*w\.training\.safeten"
    ):
        run(scenes, out, OPTIONS)
    with pytest.raises(WeightsError, match="is not complete"):
        run(scenes, out, OPTIONS, start=shutil.copy(out, tmp_path / "copy.safetensors"))
    (tmp_path / "copy.safetensors").unlink()

    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unfinished")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(detector.model.HIDDEN, "compact", 8)
        stopped(Scenes((64, 96), (96, 64), (64, 96)), folder / "w.safetensors", 1)
    return folder


OTHER = {
    "seed 5, not 6": {"options": replace(OPTIONS, seed=6)},
    "batch size 2, not 1": {"options": replace(OPTIONS, batch_size=1)},
    "augmentation any_way_up, not photo": {"options": replace(OPTIONS, augmentation="photo")},
    "learning rate 0.001, not 0.01": {"options": replace(OPTIONS, learning_rate=0.01)},
    "for 4 steps, not 60": {"options": replace(OPTIONS, iterations=None, epochs=40)},
    "the setting anchors.sizes": {"settings": SETTINGS.with_value("anchors.sizes", (16.0, 24.0, 48.0))},
    "the setting image.min_side": {
        "settings": SETTINGS.with_value("image.min_side", ImageSettings().min_side).with_value("image.max_side", 1000)
    },
    "the backbone compact, not vgg16": {"backbone": "vgg16"},
    "the classes dark, light, not dark, grey, light": {"classes": ("dark", "grey", "light")},
}


@pytest.mark.parametrize("difference", OTHER)
def test_another_training_is_named_and_nothing_is_overwritten(scenes, unfinished, difference):
    out = unfinished / "w.safetensors"
    before = {path: path.read_bytes() for path in unfinished.rglob("*") if path.is_file()}
    asked = {"options": None, "settings": None} | OTHER[difference]

    with pytest.raises(WeightsError, match=rf"w\.training\.safetensors was begun (with )?{difference}") as caught:
        run(scenes, out, start=out, **asked)

    assert "\n" not in str(caught.value)
    assert {path: path.read_bytes() for path in unfinished.rglob("*") if path.is_file()} == before


def test_other_data_are_named(scenes, unfinished):
    out = unfinished / "w.safetensors"
    with pytest.raises(WeightsError, match="3 images, not 2"):
        run(Scenes((64, 96), (96, 64)), out, None, start=out)
    moved = GroundTruth([[8, 10, 32, 35], [56, 26, 84, 54]], CLASSES)
    with pytest.raises(WeightsError, match=r"other data: scene2\.png is another image, or has other objects"):
        run(scenes.replace(2, moved), out, None, start=out)
