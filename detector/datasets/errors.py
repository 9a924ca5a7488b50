"""What can go wrong with a file, said in one sentence that names it."""

from __future__ import annotations


class DatasetError(ValueError):
    """A file, folder or annotation that cannot be used; the message is one sentence with its name."""


class ImageError(DatasetError):
    """An image that cannot be read."""
