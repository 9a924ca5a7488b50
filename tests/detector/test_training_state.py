"""A state that cannot be used is one sentence, and nothing is written."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import detector.model
from detector.models.weights import STATE_KEY, WeightsError, read_header
from detector.training import TrainingOptions
from detector.training_state import read_state, read_state_header, state_path
from tests.helpers.training import SETTINGS, Scenes, run

SCENES = Scenes((64, 96), (64, 96))


@pytest.fixture
def out(made, tmp_path, monkeypatch):
    """The weights of a training of which one step of three is done, to be spoiled."""
    monkeypatch.setitem(detector.model.HIDDEN, "compact", 8)
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path / "w.safetensors"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    asked = iter([False])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(detector.model.HIDDEN, "compact", 8)
        options = TrainingOptions(iterations=3, batch_size=2)
        run(SCENES, folder / "w.safetensors", options, cancelled=lambda: next(asked, True))
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def refused(out, match):
    before = {path: path.read_bytes() for path in out.parent.iterdir()}
    with pytest.raises(WeightsError, match=match) as caught:
        run(SCENES, out, None, settings=None, start=out)
    assert "\n" not in str(caught.value)
    assert str(state_path(out)) in str(caught.value)
    assert {path: path.read_bytes() for path in out.parent.iterdir()} == before


def rewrite(out, change):
    """The state with other tensors and another header."""
    path = state_path(out)
    with safe_open(path, framework="pt") as file:
        told = json.loads(file.metadata()[STATE_KEY])
    tensors = load_file(path)
    told = change(tensors, told) or told
    save_file(tensors, path, {STATE_KEY: told if isinstance(told, str) else json.dumps(told)})


def test_what_it_says_of_itself(out):
    header = read_state_header(state_path(out))

    assert (header.done, header.steps) == (1, 3)
    assert header.options == TrainingOptions(iterations=3, batch_size=2)
    assert header.weights.settings == SETTINGS
    assert header.computed_on["device"] == "cpu"
    state = read_state(state_path(out))
    assert set(state.network) == set(state.average)
    assert state.curves.shape == (1, 7)


def test_cut_short(out):
    content = state_path(out).read_bytes()
    state_path(out).write_bytes(content[: len(content) // 2])
    refused(out, "is cut short")
    state_path(out).write_bytes(b"")
    refused(out, "is no safetensors")


def test_not_ours(out):
    save_file({"a": torch.zeros(1)}, state_path(out))
    refused(out, "is not the state of a training")
    state_path(out).write_bytes(out.read_bytes())  # weights in its place
    refused(out, "is not the state of a training")


def test_of_another_version(out):
    rewrite(out, lambda tensors, told: told.update(schema=2))
    refused(out, "schema 2; this version continues trainings of schema 1")


@pytest.mark.parametrize("name", ["options", "done", "weights", "generator"])
def test_a_damaged_header(out, name):
    rewrite(out, lambda tensors, told: told.__delitem__(name))
    refused(out, "damaged header")


def test_a_header_that_is_no_json(out):
    rewrite(out, lambda tensors, told: "[" * 100_000)
    refused(out, "damaged header")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("network.rpn.conv.weight", "'rpn.conv.weight' is missing"),
        ("average.rpn.conv.bias", "'rpn.conv.bias' is missing"),
        ("waiting", "'waiting' is missing"),
        ("curves", "'curves' is missing"),
    ],
)
def test_a_part_that_is_missing(out, name, said):
    rewrite(out, lambda tensors, told: tensors.__delitem__(name))
    refused(out, said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda tensors, told: told.update(done=3), "3 of 3 steps done is no unfinished training"),
        (lambda tensors, told: told.update(done=-1), "-1 of 3 steps done is no unfinished training"),
        (lambda tensors, told: told.update(done=2), "its curves are not those of 2 steps"),
        (lambda tensors, told: tensors.update(curves=torch.zeros(1, 3)), "its curves are not those of 1 steps"),
        (lambda tensors, told: tensors.update(waiting=torch.tensor([0, 2])), "images wait in it"),
        (lambda tensors, told: tensors.update(waiting=torch.tensor([-1])), "images wait in it"),
        (lambda tensors, told: tensors.update(waiting=torch.tensor([0.5])), "images wait in it"),
        (lambda tensors, told: tensors.update(waiting=torch.tensor(1)), "images wait in it"),
    ],
)
def test_parts_that_do_not_belong_together(out, change, said):
    rewrite(out, change)
    refused(out, f"is damaged: .*{said}")


@pytest.mark.parametrize("key", ["step", "exp_avg", "exp_avg_sq"])
def test_the_optimisers_memory_of_a_weight_is_missing(out, key):
    rewrite(out, lambda tensors, told: tensors.__delitem__(f"optimiser.rpn.conv.weight.{key}"))
    refused(out, rf"'rpn\.conv\.weight\.{key}' is missing")


def test_a_part_of_another_shape(out):
    rewrite(out, lambda tensors, told: tensors.update({"optimiser.rpn.conv.bias.exp_avg": torch.zeros(3)}))
    refused(out, r"'rpn\.conv\.bias\.exp_avg' is \(3,\)")


def test_random_numbers_that_are_none(out):
    rewrite(out, lambda tensors, told: tensors.update(random=torch.zeros(7, dtype=torch.uint8)))
    refused(out, "random numbers cannot be used")
    rewrite(out, lambda tensors, told: told["generator"].update(bit_generator="MT19937"))
    refused(out, "random numbers cannot be used")


def test_a_state_is_not_taken_for_weights(out):
    with pytest.raises(WeightsError, match="is the state of an unfinished training"):
        read_header(state_path(out))
