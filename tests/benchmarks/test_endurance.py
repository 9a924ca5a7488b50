from __future__ import annotations

import pytest

from tests.benchmarks.endurance import growth


def readings(mb):
    """One a switch, 1000 switches."""
    return [(float(switch), switch, mb(switch)) for switch in range(1000)]


def test_a_slow_leak_shows_behind_a_peak_in_the_beginning():
    found = growth(readings(lambda switch: 5000.0 if switch == 100 else 1000 + switch * 0.2))
    assert found.slope == pytest.approx(20)
    assert found.last - found.first == pytest.approx(90, abs=1)


def test_a_single_peak_is_no_leak():
    found = growth(readings(lambda switch: 5000.0 if switch == 990 else 1000.0))
    assert found.last == found.first == 1000


def test_too_short_a_run_has_no_verdict():
    with pytest.raises(ValueError, match="Too short"):
        growth([])
