"""What can go wrong with a file, said in one sentence that names it."""

from __future__ import annotations


def one_line(sentence: str) -> str:
    """A sentence on one line, though a name in it may hold line ends."""
    return " ".join(sentence.splitlines())


class DatasetError(ValueError):
    """A file, folder or annotation that cannot be used; the message is one sentence with its name."""

    def __init__(self, sentence: str) -> None:
        super().__init__(one_line(sentence))


class ImageError(DatasetError):
    """An image that cannot be read."""


class CutOffError(ImageError):
    """An image file that ends before its picture does."""
