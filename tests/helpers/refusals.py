"""What a reader may answer to any input: a result, or one sentence."""

from __future__ import annotations

from detector.datasets import DatasetError


def result_or_sentence(call):
    """(result, None) or (None, what was said of the input); any other exception is an error of the program."""
    try:
        return call(), None
    except DatasetError as error:
        return None, str(error)
