"""One image with its trace, for all that is made of a trace."""

from pathlib import Path

import pytest

from app.document import Document
from tests.helpers.traces import IMAGE, TRUTH, three_objects_trace


@pytest.fixture
def trace():
    return three_objects_trace()


@pytest.fixture
def document():
    return Document(Path("a.png"), IMAGE, TRUTH)
