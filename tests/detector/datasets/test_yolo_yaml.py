"""data.yaml: what is read, what is refused with its line, and a class added without touching anything else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.datasets import DatasetError
from detector.datasets.yolo_classes import data_yaml_of
from detector.datasets.yolo_yaml import is_class_name, name_as_yaml, parse_data_yaml, read_data_yaml
from tests.helpers.refusals import result_or_sentence

PATH = Path("data.yaml")

SHAPES = {
    "brackets": "nc: 2\nnames: ['cat', dog] # both\n",
    "brackets over lines": "names: [\n  'cat', # first\n  dog\n]\nnc: 2\n",
    "brackets, comma at the end": "names: [cat, dog,]\n",
    "list": "names:\n  - cat\n  - dog   # second\n\nnc: 2 # classes\n",
    "list at the margin": 'nc: 2\nnames:\n- cat\n- "dog"\ntrain: images/train\n',
    "mapping": "# pets\nnames:\n  0: cat\n  1: dog\n# end\nval: images/val\n",
    "mapping without end of line": "names:\n  0: cat\n  1: 'dog'",
    "mapping, Windows": "names:\r\n  0: cat\r\n  1: dog\r\nnc: 2\r\n",
    "mapping, another order": "names:\n  1: dog\n  0: cat\n",
    "mapping in brackets": "names: {0: cat, 1: dog}\n",
    "two documents' beginning": "%YAML 1.2\n---\nnames: [cat, dog]\n",
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_every_shape_is_read_and_a_class_added_to_it(text):
    file = parse_data_yaml(PATH, text)
    assert file.classes() == ("cat", "dog")
    longer = file.with_classes(("bird", "no"))
    assert parse_data_yaml(PATH, longer).classes() == ("cat", "dog", "bird", "no")
    # What was there is still there, in its order; only nc has another number.
    rest = iter(longer.replace("nc: 4", "nc: 2"))
    assert all(letter in rest for letter in text)
    assert longer.count("\r\n") == longer.count("\n") or "\r\n" not in text


def test_a_class_added_by_hand():
    text = "path: /data # where\nnames:\n  0: cat  # felis\n  1: dog\n\n# the count\nnc: 2\n"
    assert parse_data_yaml(PATH, text).with_classes(("3D: box",)) == (
        'path: /data # where\nnames:\n  0: cat  # felis\n  1: dog\n  2: "3D: box"\n\n# the count\nnc: 3\n'
    )


def test_a_count_that_was_wrong_stays():
    assert parse_data_yaml(PATH, "names: [a]\nnc: 7\n").with_classes(("b",)) == "names: [a, b]\nnc: 7\n"


def test_an_empty_list_takes_classes():
    assert parse_data_yaml(PATH, "names: []\n").with_classes(("a", "b")) == "names: [a, b]\n"


def test_a_file_of_ultralytics():
    text = """# Ultralytics
path: ../datasets/coco8 # dataset root dir
train: images/train # train images (relative to 'path') 4 images
val: [images/val, images/more]
test: # test images (optional)

names:
  0: person
  1: traffic light
  2: "yes"
  3: no
  4: c#
  5: 'it''s'
roboflow:
  workspace: a
  url: https://universe.example/a: b
kpt_shape: [17, 3]
flip_idx: [0, 2,
  1]
download: |
  # Download
  from x import y
    - not: read
license: CC BY 4.0
"""
    file = parse_data_yaml(PATH, text)
    assert file.classes() == ("person", "traffic light", "yes", "no", "c#", "it's")
    assert file.word("path") == "../datasets/coco8"
    assert file.words("train") == ("images/train",)
    assert file.words("val") == ("images/val", "images/more")
    assert file.words("test") == ()
    assert file.numbers_after_the_box() == 17 * 3
    assert "download" in file.values
    assert file.word("license") == "CC BY 4.0"


def test_without_names_the_count_names_them():
    assert parse_data_yaml(PATH, "nc: 2\n").classes() == ("class_0", "class_1")
    assert parse_data_yaml(PATH, "train: x\n").classes() is None


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("names: [a, b", 1, "not closed"),
        ("nc: 1\nnames: [a, , b]", 2, "cannot begin with ','"),
        ("names: ['a, b]\n", 1, "not closed"),
        ("names:\n  0: a\n  0: b\n", 3, "class 0 is named twice"),
        ("names:\n  0: a\n  2: b\n", 2, "has no class 1"),
        ("names: ['']\n", 1, "has no name that can be used"),
        ('names: ["a\\nb"]\n', 1, "has no name that can be used"),
        ("names: cat\n", 1, "is no list"),
        ("names: [a]\nnames: [b]\n", 2, "a second time"),
        ("a: &x [q, q]\nb: *x\nnames: [a]\n", 1, "aliases"),
        ("names: *x\n", 1, "aliases"),
        ("names: [&x a, *x]\n", 1, "aliases"),
        ("names:\n  - !!python/object/apply:os.system ['true']\n", 2, "tags"),
        ("x: !!python/name:os.system\n", 1, "tags"),
        ("train: x\n  y: z\nb\n", 3, "no 'key:'"),
        ("nc: many\n", 1, "no number of classes"),
        ("--- x\n", 1, "no 'key:'"),
        ("a: 1\n---\nb: 2\n", 2, "no 'key:'"),
        ("a: 1\x00\n", 1, "no place in YAML"),
        ("a: 'b' c\n", 1, "behind a value"),
        ("names: @a\n", 1, "cannot begin"),
        ("[names]\n", 1, "no 'key:'"),
    ],
)
def test_refused_with_its_line(text, line, words):
    with pytest.raises(DatasetError) as error:
        parse_data_yaml(PATH, text).classes()
    assert str(error.value).startswith(f"'data.yaml' line {line}")
    assert words in str(error.value)
    assert str(error.value).endswith(".")


def test_nested_lists_are_stepped_over_however_deep():
    text = "deep: " + "[" * 100_000 + "]" * 100_000 + "\nnames: [a]\n"
    assert parse_data_yaml(PATH, text).classes() == ("a",)
    with pytest.raises(DatasetError, match="has no classes below 'names'"):
        parse_data_yaml(PATH, "names: [[a], [b]]\n").classes()


def test_names_that_cannot_be_added_to():
    with pytest.raises(DatasetError, match="no list 'names'"):
        parse_data_yaml(PATH, "nc: 3\n").with_classes(("a",))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"names: [a]\nnc: \xff\n", "line 2: this is no UTF-8 text"),
        ("names: [ä]".encode("utf-16"), "line 1: this is no UTF-8"),
        (b"#" * 1_000_001, "too large"),
    ],
)
def test_files_that_are_no_text(tmp_path, data, words):
    (tmp_path / "data.yaml").write_bytes(data)
    with pytest.raises(DatasetError, match=words):
        read_data_yaml(tmp_path / "data.yaml")


def test_a_byte_order_mark_is_no_matter(tmp_path):
    (tmp_path / "data.yaml").write_bytes(b"\xef\xbb\xbfnames: [a]\n")
    assert read_data_yaml(tmp_path / "data.yaml").classes() == ("a",)
    with pytest.raises(DatasetError, match="There is no file"):
        read_data_yaml(tmp_path / "gone.yaml")


names = st.text(min_size=1, max_size=12).filter(is_class_name)


@given(st.lists(names, max_size=6), st.lists(names, min_size=1, max_size=3))
def test_any_name_comes_back(known, added):
    text = data_yaml_of(known, {"train": "images/train", "more": ["a b", "#c", "d: e"]})
    file = parse_data_yaml(PATH, text)
    assert file.classes() == tuple(known)
    assert file.words("more") == ("a b", "#c", "d: e")
    assert parse_data_yaml(PATH, file.with_classes(tuple(added))).classes() == (*known, *added)


@given(names)
def test_a_bare_name_is_one_that_means_nothing_else(name):
    written = name_as_yaml(name)
    assert written == name or written.startswith('"')
    assert parse_data_yaml(PATH, f"names: [{written}, {written}]").classes() == (name, name)


pieces = st.sampled_from(
    ["names", "train", "nc", ":", ": ", "\n", "\n  ", "- ", "[", "]", "{", "}", ",", "'", '"', "#", " #", "&a",
     "*a", "!!b", "|", ">", "---\n", "0: ", "1: ", "a", "\\", "\t", "\r\n", "\r", "~", "%", "é", "\x00",
     "\u2028", "9" * 30]
)  # fmt: skip


@given(st.lists(pieces, max_size=30).map("".join) | st.text())
def test_nothing_but_a_sentence_comes_of_any_text(text):
    def read():
        file = parse_data_yaml(PATH, text)
        file.words("train")
        file.numbers_after_the_box()
        return file.classes(), file.with_classes(("new",))

    found, sentence = result_or_sentence(read)
    if sentence is not None:
        assert "data.yaml" in sentence
        assert "\n" not in sentence
    else:
        classes, longer = found
        assert parse_data_yaml(PATH, longer).classes() == (*classes, "new")
