"""Small texts that all parts of a scene write alike."""

import pytest

from app.scene_frame import ordinal, ratio_text


@pytest.mark.parametrize(("ratio", "said"), [(1.0, "h/w 1"), (0.5, "h/w 0.5"), (2.0, "h/w 2"), (1 / 3, "h/w 0.33")])
def test_ratio_text(ratio, said):
    assert ratio_text(ratio) == said


@pytest.mark.parametrize(("number", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (312, "312th")])
def test_ordinal(number, said):
    assert ordinal(number) == said
