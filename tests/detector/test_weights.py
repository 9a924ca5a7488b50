import json
import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torchvision.models import VGG16_Weights, vgg

import detector.model
from detector.config import Settings
from detector.model import FasterRCNN, Model
from detector.models import list_models, load, pretrained, random_network
from detector.models.presets import COMPACT_SETTINGS, VOC_CLASSES
from detector.models.pretrained import IMAGENET_URL, fetch, fill_from_vgg16, load_imagenet
from detector.models.weights import (
    WeightsError,
    WeightsHeader,
    build_network,
    file_sha256,
    read_weights,
    save_weights,
)

CLASSES = ("ring", "star")
HEADER = WeightsHeader("compact", CLASSES, COMPACT_SETTINGS, {"iterations": 7})


@pytest.fixture
def network():
    return random_network("compact", CLASSES, seed=3)


@pytest.fixture
def saved(network, tmp_path):
    path = tmp_path / "model.safetensors"
    save_weights(path, network.state_dict(), HEADER)
    return path


def test_what_is_saved_comes_back(network, saved):
    held = read_weights(saved)

    assert held.header.classes == CLASSES
    assert held.header.settings == COMPACT_SETTINGS
    assert held.header.trained == {"iterations": 7}
    assert held.sha256 == file_sha256(saved)
    for name, tensor in network.state_dict().items():
        got = held.tensors[name]
        assert got.dtype == tensor.dtype
        if tensor.ndim > 1:  # half precision has 11 bits: off by at most one part in 2048
            assert torch.equal(got, tensor.half().float())
        else:
            assert torch.equal(got, tensor)


def test_matrices_take_two_bytes_a_number(network, saved):
    assert load_file(saved)["head.fc1.weight"].dtype == torch.float16
    assert load_file(saved)["backbone.layers.1.running_var"].dtype == torch.float32
    assert saved.stat().st_size < 8_000_000


def test_saving_again_gives_the_same_file(network, saved, tmp_path):
    again = tmp_path / "again.safetensors"
    save_weights(again, read_weights(saved).tensors, HEADER)

    assert file_sha256(again) == file_sha256(saved)


def test_a_loaded_model_says_what_the_saved_one_says(network, saved):
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    model = load(saved, device="cpu")
    half = {name: each.half().float() if each.ndim > 1 else each for name, each in network.state_dict().items()}
    network.load_state_dict(half)
    expected = Model(network, "x")

    assert model.info.name == "model"
    assert model.info.classes == CLASSES
    assert model.info.sha256 == file_sha256(saved)
    assert model.settings == COMPACT_SETTINGS
    small = model.settings.with_value("image.min_side", 64)
    features = [each.features(image, small, lambda: None) for each in (model, expected)]
    assert torch.equal(features[0].tensor, features[1].tensor)
    assert np.array_equal(model.rpn(features[0], small).logits, expected.rpn(features[1], small).logits)


def test_a_failed_save_leaves_the_old_file(network, saved, monkeypatch):
    before = saved.read_bytes()

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WeightsError, match=r"model\.safetensors' cannot be written \(No space left"):
        save_weights(saved, network.state_dict(), HEADER)

    assert saved.read_bytes() == before
    assert [each.name for each in saved.parent.iterdir()] == ["model.safetensors"]


def header(**changes):
    """The same tensors with another header."""

    def write(path):
        told = {"schema": 1, "backbone": "compact", "classes": list(CLASSES), "settings": {}, "trained": {}} | changes
        save_file(load_file(path), path, metadata={"boxscope": json.dumps(told)})

    return write


def rewrite(path, told):
    """The same tensors with any text as header."""
    save_file(load_file(path), path, metadata={"boxscope": told})


def other_tensors(change):
    """The same header with other tensors."""

    def write(path):
        tensors = load_file(path)
        change(tensors)
        save_weights(path, tensors, HEADER)

    return write


def as_folder(path):
    path.unlink()
    path.mkdir()


BREAK = {
    "missing": lambda path: path.unlink(),
    "folder": as_folder,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("this is a letter, not a weights file"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1000]),
    "cut header": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "foreign": lambda path: save_file({"a": torch.zeros(2)}, path),
    "json": lambda path: save_file({"a": torch.zeros(2)}, path, metadata={"boxscope": "{"}),
    "list": lambda path: save_file({"a": torch.zeros(2)}, path, metadata={"boxscope": "[]"}),
    "schema": header(schema=2),
    "backbone": header(backbone="resnet"),
    "classes": header(classes=["only one"]),
    "no classes": header(classes=[]),
    "settings": header(settings={"image": {"min_side": -1}}),
    "anchors": header(settings={"anchors": {"sizes": [32, 64]}}),
    "stride": header(settings={"anchors": {"stride": 8}}),
    "header": header(settings=3),
    "huge number": header(settings={"image": {"min_side": 10**400}}),
    "huge schema": lambda path: rewrite(path, '{"schema": ' + "1" * 5000 + "}"),
    "deep": lambda path: rewrite(path, "[" * 200_000),
    "nan": other_tensors(lambda tensors: tensors["rpn.conv.weight"].fill_(float("nan"))),
    "less": other_tensors(lambda tensors: tensors.pop("rpn.conv.weight")),
    "more": other_tensors(lambda tensors: tensors.update({"mask.weight": torch.zeros(2, 2)})),
}


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("missing", "There is no weights file"),
        ("folder", "is a folder"),
        ("empty", "is no safetensors weights file"),
        ("text", "is no safetensors weights file"),
        ("cut", "is cut short"),
        ("cut header", "is no safetensors weights file"),
        ("foreign", "was not made by `train`"),
        ("schema", "schema 2; this version reads schema 1"),
        ("backbone", "'resnet'; known are compact, vgg16"),
        ("classes", r"names 1 class\(es\) \(only one\), but its numbers are for 2"),
        ("no classes", "names no classes"),
        ("settings", r"image\.min_side"),
        ("anchors", r"'rpn\.score\.weight' is \(18, 192, 1, 1\), not \(12, 192, 1, 1\)"),
        ("stride", r"anchors\.stride is 16 px"),
        ("header", "settings"),
        ("huge number", r"image\.min_side takes no number as large as that"),
        ("huge schema", "damaged header"),
        ("deep", "damaged header"),
        ("json", "damaged header"),
        ("list", "damaged header"),
        ("nan", r"not finite, in 'rpn\.conv\.weight'"),
        ("less", r"'rpn\.conv\.weight' is missing"),
        ("more", r"no place for 'mask\.weight'"),
    ],
)
def test_a_broken_file_is_one_sentence_that_names_it(saved, how, sentence):
    BREAK[how](saved)

    with pytest.raises(WeightsError, match=sentence) as caught:
        build_network(saved, read_weights(saved))

    message = str(caught.value)
    assert str(saved) in message
    assert "\n" not in message
    assert message.endswith(".")


def test_random_weights_come_from_a_seed():
    torch.manual_seed(9)
    expected = torch.rand(1)
    torch.manual_seed(9)
    one, two, other = (random_network("compact", CLASSES, seed=seed) for seed in (1, 1, 2))

    assert torch.equal(one.rpn.conv.weight, two.rpn.conv.weight)
    assert not torch.equal(one.rpn.conv.weight, other.rpn.conv.weight)
    assert torch.equal(torch.rand(1), expected)  # the caller's own random numbers go on as if nothing was


def test_load_by_name_file_and_module(network, saved):
    random = load("compact", device="cpu", weights=None)
    assert random.info.name == "compact"
    assert random.info.sha256 is None
    assert random.settings == COMPACT_SETTINGS

    assert load("compact", "cpu", saved).info.classes == CLASSES
    assert load(str(saved), "cpu", weights=None).info.sha256 is None
    assert load(network, "cpu").network is network
    assert load(network, "cpu", saved).info.sha256 == file_sha256(saved)
    assert load(network, "cpu", None).info.classes == CLASSES


def test_a_files_own_classes_and_settings_are_the_models(network, tmp_path):
    """`load(NAME, weights=FILE)`: the name says which layers, the file which classes."""
    path = tmp_path / "three.safetensors"
    settings = COMPACT_SETTINGS.with_value("detections.nms_iou", 0.2)
    three = random_network("compact", ("x", "y", "z"), settings)
    save_weights(path, three.state_dict(), WeightsHeader("compact", ("x", "y", "z"), settings))

    for name in ("compact", network):
        model = load(name, "cpu", path)
        assert model.info.classes == ("x", "y", "z")
        assert model.settings == settings
    assert network.classes == CLASSES  # the caller's own layers stay as they were
    assert network.head.num_classes == 2


def test_what_cannot_be_loaded_is_said(saved):
    with pytest.raises(WeightsError, match=r"no model 'yolo'; known are compact, vgg16"):
        load("yolo")
    with pytest.raises(WeightsError, match="is for the backbone compact, not vgg16"):
        load("vgg16", "cpu", saved)
    with pytest.raises(WeightsError, match=r"type Linear cannot be inspected.*detector\.model\.FasterRCNN"):
        load(torch.nn.Linear(2, 2), "cpu")
    with pytest.raises(WeightsError, match="device 'abacus'"):
        load("compact", "abacus", None)


def test_the_list_of_models():
    compact, vgg16 = list_models()

    assert (compact.name, vgg16.name) == ("compact", "vgg16")
    assert compact.file.name == "compact.safetensors"
    assert compact.available == compact.file.exists()
    assert vgg16.available == vgg16.file.exists()
    assert vgg16.file.name.startswith("vgg16-")
    assert vgg16.classes == VOC_CLASSES
    assert len(VOC_CLASSES) == 20


# ---- ImageNet's weights -------------------------------------------------------------------------------------------


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_args):
        pass


@pytest.fixture
def server(tmp_path):
    """(folder, address) of a web server on this machine."""
    folder = tmp_path / "web"
    folder.mkdir()
    web = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    web.daemon_threads = False
    thread = threading.Thread(target=web.serve_forever, args=(0.01,))
    thread.start()
    yield folder, f"http://127.0.0.1:{web.server_port}"
    web.shutdown()
    thread.join()
    web.server_close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(folder))
    return folder / "checkpoints"


def offered(folder, content):
    """Put content into the web folder under a name with its own hash, as torch's files have."""
    path = folder / "raw"
    path.write_bytes(content)
    named = path.rename(folder / f"vgg16-{file_sha256(path)[:8]}.pth")
    return named.name


@pytest.fixture
def small_head(monkeypatch):
    """fc6 and fc7 of 8 instead of 4096: the real ones would make the test's file 528 MB."""
    monkeypatch.setitem(detector.model.HIDDEN, "vgg16", 8)


def vgg16_tensors(hidden=8):
    torch.manual_seed(0)
    tensors = {f"features.{name}": each for name, each in vgg.make_layers(vgg.cfgs["D"]).state_dict().items()}
    shapes = {"0": (hidden, 25_088), "3": (hidden, hidden), "6": (1000, hidden)}
    for place, (out, into) in shapes.items():
        tensors[f"classifier.{place}.weight"] = torch.randn(out, into)
        tensors[f"classifier.{place}.bias"] = torch.randn(out)
    return tensors


def test_the_address_is_torchvisions():
    assert VGG16_Weights.IMAGENET1K_V1.url == IMAGENET_URL


def test_imagenets_weights_fill_the_backbone_and_both_layers_of_the_head(server, cache, small_head, tmp_path):
    """Mistake 6: fc6 and fc7 are VGG16's."""
    folder, address = server
    tensors = vgg16_tensors()
    torch.save(tensors, tmp_path / "vgg.pth")
    url = f"{address}/{offered(folder, (tmp_path / 'vgg.pth').read_bytes())}"
    network = FasterRCNN("vgg16", ("a",), Settings())
    rpn_before, score_before = network.rpn.conv.weight.clone(), network.head.score.weight.clone()
    seen = []

    load_imagenet(network, url, lambda done, total: seen.append((done, total)))

    assert torch.equal(network.head.fc1.weight, tensors["classifier.0.weight"])
    assert torch.equal(network.head.fc1.bias, tensors["classifier.0.bias"])
    assert torch.equal(network.head.fc2.weight, tensors["classifier.3.weight"])
    for place in (0, 28):  # the first and the last convolution
        assert torch.equal(network.backbone.layers[place].weight, tensors[f"features.{place}.weight"])
    assert torch.equal(network.rpn.conv.weight, rpn_before)
    assert torch.equal(network.head.score.weight, score_before)
    size = (tmp_path / "vgg.pth").stat().st_size
    assert seen[-1] == (size, size)
    assert seen == sorted(seen)

    # a second time it comes from the cache: the server need not be asked
    for file in folder.iterdir():
        file.unlink()
    load_imagenet(network, url)
    assert [each.name for each in cache.iterdir()] == [url.rpartition("/")[2]]


def test_tensors_that_fit_no_vgg16_change_nothing(small_head):
    network = FasterRCNN("vgg16", ("a",), Settings())
    before = network.head.fc1.weight.clone()
    with pytest.raises(WeightsError, match=r"x\.pth.*'head\.fc1\.weight' is \(9, 25088\), not \(8, 25088\)"):
        fill_from_vgg16(network, vgg16_tensors(hidden=9), "x.pth")
    assert torch.equal(network.head.fc1.weight, before)
    with pytest.raises(ValueError, match="not compact"):
        load_imagenet(random_network("compact", CLASSES))


def test_a_file_that_is_not_what_its_name_promises_is_thrown_away(server, cache):
    folder, address = server
    (folder / "vgg16-00000000.pth").write_bytes(b"something else")

    with pytest.raises(WeightsError, match="not the file its name promises"):
        fetch(f"{address}/vgg16-00000000.pth")
    assert list(cache.iterdir()) == []


def test_what_can_run_is_not_loaded(server, cache, small_head):
    folder, address = server
    name = offered(folder, b"cos\nsystem\n(S'echo'\ntR.")  # a pickle that would call a program

    with pytest.raises(WeightsError, match="no file of weights; delete it"):
        load_imagenet(FasterRCNN("vgg16", ("a",), Settings()), f"{address}/{name}")


@pytest.mark.parametrize("kind", ["not there", "nobody answers"])
def test_without_the_network_it_says_what_to_do(server, cache, small_head, kind):
    _, address = server
    url = f"{address if kind == 'not there' else 'http://127.0.0.1:9'}/vgg16-12345678.pth"

    with pytest.raises(WeightsError, match=r"vgg16-12345678\.pth cannot be fetched.*--weights none.*None") as caught:
        load_imagenet(FasterRCNN("vgg16", ("a",), Settings()), url)
    assert "\n" not in str(caught.value)
    assert list(cache.iterdir()) == []


def test_giving_up_leaves_nothing_behind(server, cache, monkeypatch):
    folder, address = server
    name = offered(folder, b"x" * 100)

    def give_up(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(f"{address}/{name}", give_up)
    assert list(cache.iterdir()) == []


def test_vgg16_starts_from_imagenet(small_head, monkeypatch):
    tensors = vgg16_tensors()
    monkeypatch.setattr(
        "detector.models.load_imagenet",
        lambda network, report: pretrained.fill_from_vgg16(network, tensors, "vgg.pth"),
    )
    model = load("vgg16", device="cpu")

    assert model.info.classes == VOC_CLASSES
    assert model.settings == Settings()
    assert torch.equal(model.network.head.fc2.weight, tensors["classifier.3.weight"])
    assert not torch.equal(
        load("vgg16", device="cpu", weights=None).network.head.fc2.weight, tensors["classifier.3.weight"]
    )
