"""What can go wrong with a file, said in one sentence that names it."""

from __future__ import annotations


class DatasetError(ValueError):
    """A file, folder or annotation that cannot be used; the message is one sentence with its name."""

    def __init__(self, sentence: str) -> None:
        super().__init__(" ".join(sentence.splitlines()))  # a name may hold line ends; the sentence stays one line


class ImageError(DatasetError):
    """An image that cannot be read."""
