"""A class of a data.yaml under another name: the words of its name are replaced where they stand, all else stays."""

from __future__ import annotations

from detector.datasets.errors import DatasetError
from detector.datasets.yolo_yaml import DataYaml, name_as_yaml, parse_data_yaml


def with_renamed(file: DataYaml, old: str, new: str) -> str:
    """The text of a data.yaml, less a byte order mark, in which a class is called otherwise.

    Raises:
        DatasetError: where the classes are only counted, or written in a way that cannot be changed.
    """
    value, known = file.values.get("names"), file.classes()
    if value is None or known is None:
        raise DatasetError(f"'{file.path}' has no list 'names' in which a class could be renamed.")
    text = file.text
    for word in sorted(value.words, key=lambda each: -each.start):
        if word.text == old:
            text = text[: word.start] + name_as_yaml(new) + text[word.end :]
    if parse_data_yaml(file.path, text).classes() != tuple(new if name == old else name for name in known):
        raise DatasetError(f"'{file.path}' has a list 'names' in which a class cannot be renamed.")
    return text
