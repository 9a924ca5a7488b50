"""labelme files: rectangles are read, other shapes counted, embedded pictures stepped over, nothing written."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from detector.datasets import DatasetError, GroundTruth
from detector.datasets.annotation import Annotation
from detector.datasets.labelme import LabelmeStore, find_labelme_store
from tests.helpers.refusals import result_or_sentence


@pytest.fixture
def image(tmp_path):
    Image.new("L", (200, 80)).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def shape(*points, kind="rectangle", label="cat", **more):
    return {"label": label, "points": [list(each) for each in points], "shape_type": kind, "flags": {}, **more}


def write(image, *shapes, **more):
    content = {
        "version": "5.5.0",
        "flags": {},
        "shapes": list(shapes),
        "imagePath": image.name,
        "imageData": None,
        **more,
    }
    image.with_suffix(".json").write_text(json.dumps(content))


def test_rectangles(image):
    write(
        image,
        shape((90, 50), (10.5, 20)),  # drawn from any corner
        shape((1, 2), (3, 2), (3, 4), (1, 4), label=" dog ", flags={"difficult": True}, group_id=3),
        shape((1, 2), (3, 4), (5, 1), kind="polygon"),
        shape((1, 2), kind="point"),
        imageData="not base64, and nobody looks",
    )
    store = find_labelme_store(image.parent)
    stored = store.read(image)
    truth = stored.annotation.ground_truth
    np.testing.assert_array_equal(truth.boxes, [[10.5, 20, 90, 50], [1, 2, 3, 4]])
    assert truth.labels == ("cat", "dog")
    assert truth.difficult.tolist() == [False, True]
    (warning,) = stored.warnings
    assert "2 shapes that are no rectangles and are not read (1 polygon, 1 point)" in warning


def test_a_warning_is_one_line_whatever_a_shape_is_called(image):
    write(image, shape((1, 2), (3, 4)), shape((1, 2), (3, 4), kind="rect\nangle"))
    (warning,) = LabelmeStore(image.parent).read(image).warnings
    assert "(1 rect angle)" in warning


def test_boxes_outside_are_named(image):
    write(image, shape((190, 10), (210, 20)))
    (warning,) = LabelmeStore(image.parent).read(image).warnings
    assert "shape 1 (cat) [190, 10, 210, 20] reaches over the edge of the image of 200 x 80 px" in warning


def test_nothing_is_written(image):
    write(image, shape((1, 2), (3, 4)))
    store = LabelmeStore(image.parent)
    assert not store.is_writable
    before = image.with_suffix(".json").read_bytes()
    with pytest.raises(DatasetError, match="read, not written"):
        store.write(image, (80, 200), Annotation(GroundTruth.empty()), None)
    assert image.with_suffix(".json").read_bytes() == before


def test_where_it_is_found(image):
    assert find_labelme_store(image.parent) is None
    image.with_suffix(".json").write_text('{"images": [], "annotations": []}')
    assert find_labelme_store(image.parent) is None
    (image.parent / "other.json").write_text('{"shapes": []}')
    assert find_labelme_store(image.parent) is None
    write(image)
    assert find_labelme_store(image.parent).place == image.parent
    assert LabelmeStore(image.parent).read(image.with_name("b.png")).annotation is None
    assert len(LabelmeStore(image.parent).read(image).annotation.ground_truth) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "broken JSON at line 1"),
        ('{"shapes": [\n}', "broken JSON at line 2"),
        ("[]", "is no labelme file"),
        ('{"shapes": 3}', "is no labelme file"),
        ('{"shapes": [3]}', "is no labelme file"),
        ('{"shapes": [{"shape_type": "rectangle", "label": "a", "points": [[1, 2], [NaN, 4]]}]}', "broken JSON"),
        (
            '{"shapes": [{"shape_type": "rectangle", "label": "a", "points": [[1, 2], [1e308, 4]]}]}',
            "shape 1 has a corner",
        ),
        (
            '{"shapes": [{"shape_type": "rectangle", "label": "a", "points": [[1, 2], [true, 4]]}]}',
            "shape 1 has no two",
        ),
        ('{"shapes": [{"shape_type": "rectangle", "label": "a", "points": [[1, 2]]}]}', "shape 1 has no two corners"),
        ('{"shapes": [{"shape_type": "rectangle", "label": "a"}]}', "shape 1 has no two corners"),
        ('{"shapes": [{"shape_type": "rectangle", "label": "", "points": [[1, 2], [3, 4]]}]}', "shape 1 has no label"),
        ('{"shapes": [{"shape_type": "rectangle", "label": 7, "points": [[1, 2], [3, 4]]}]}', "shape 1 has no label"),
        ('{"shapes": ' + "[" * 100_000, "JSON"),
    ],
)
def test_hostile_files(image, text, words):
    image.with_suffix(".json").write_text(text)
    with pytest.raises(DatasetError) as error:
        LabelmeStore(image.parent).read(image)
    assert str(error.value).startswith(f"'{image.with_suffix('.json')}'")
    assert words in str(error.value)


def test_other_encodings(image):
    write(image, shape((1, 2), (3, 4)))
    path = image.with_suffix(".json")
    text = path.read_text()
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(LabelmeStore(image.parent).read(image).annotation.ground_truth) == 1
    for encoded in (text.encode("utf-16"), text.replace("cat", "k\xe4se").encode("latin-1")):
        path.write_bytes(encoded)
        with pytest.raises(DatasetError, match=r"a\.json"):
            LabelmeStore(image.parent).read(image)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["rectangle", "a", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["shapes", "label", "points", "shape_type", "flags", "difficult"]), inner)
    ),
    max_leaves=15,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values | st.lists(values, max_size=3).map(lambda shapes: {"shapes": shapes}))
def test_any_json_is_read_or_refused(image, content):
    image.with_suffix(".json").write_text(json.dumps(content))
    stored, sentence = result_or_sentence(lambda: LabelmeStore(image.parent).read(image))
    if sentence is not None:
        assert "a.json" in sentence
    else:
        assert np.isfinite(stored.annotation.ground_truth.boxes).all()
