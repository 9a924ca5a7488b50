"""One image with its trace, for all that is made of a trace; every test begins in English, with the program's keys."""

from pathlib import Path

import pytest

from app.document import Document
from app.key_names import show_keys
from app.keymap import Keymap, names_of
from app.translation import ENGLISH, speak
from tests.helpers.traces import IMAGE, TRUTH, three_objects_trace


@pytest.fixture(autouse=True)
def _own_keys_and_language():
    speak(ENGLISH)
    show_keys(names_of(Keymap()))
    yield
    speak(ENGLISH)


@pytest.fixture
def trace():
    return three_objects_trace()


@pytest.fixture
def document():
    return Document(Path("a.png"), IMAGE, TRUTH)
