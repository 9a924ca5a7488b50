"""Small texts that all sentences write alike."""

import pytest

from app.wording import ordinal, text
from detector.explanation_chain import ratio
from detector.messages import say


@pytest.mark.parametrize(("value", "said"), [(1.0, "h/w 1"), (0.5, "h/w 0.5"), (2.0, "h/w 2"), (1 / 3, "h/w 0.33")])
def test_a_ratio_names_its_way_round(value, said):
    assert text(ratio(value)) == said


@pytest.mark.parametrize(("number", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (312, "312th")])
def test_ordinal(number, said):
    assert ordinal(number) == said
    assert text(say("ordinal", n=number)) == said


def test_several_things_are_a_list():
    assert text(say("text", text=(ratio(0.5), 1.0, 2.0))) == "h/w 0.5, 1, 2"
