from __future__ import annotations

import pytest

from tests.benchmarks.registry import Result, p95


@pytest.mark.parametrize(
    ("figure", "peer", "limit", "at_most", "holds"),
    [
        (6.0, 10.0, 0.6, None, True),
        (6.1, 10.0, 0.6, None, False),
        (40.0, None, None, 40, True),
        (40.1, None, None, 40, False),
        (5.0, 10.0, 0.6, 4, False),
        (7.0, 10.0, 0.6, 8, False),
        (1.0, None, 0.6, None, False),  # a peer is promised and was not measured
    ],
)
def test_a_row_holds_where_all_its_limits_do(figure, peer, limit, at_most, holds):
    row = Result("row", "words", figure, "peer", peer, limit, at_most=at_most)
    assert row.holds is holds
    assert row.to_dict()["holds"] is holds
    assert row.ratio == (None if peer is None else figure / peer)


def test_a_row_of_which_more_is_better_holds_from_its_least_on():
    assert Result("row", "words", 0.86, at_least=0.86).holds
    assert not Result("row", "words", 0.85, at_least=0.86).holds


def test_the_95th_percentile_of_few_values_is_the_highest():
    assert p95([3.0, 1.0, 2.0]) == 3.0
    assert p95([float(value) for value in range(1, 101)]) == 95.0
