"""kill -9 while one edits and saves: no file is ever broken, and at most the edit that was under way is lost.

Some rounds here; hundreds by `python -m tests.benchmarks.kill_rounds`.
"""

import pytest

from tests.helpers.kill import Rounds

ROUNDS = 6


@pytest.mark.parametrize("kind", ["voc", "coco", "yolo"])
def test_whenever_it_is_killed_nothing_is_broken_and_all_that_was_kept_is_there(kind, tmp_path):
    rounds = Rounds(kind, tmp_path, seed=5)
    for _ in range(ROUNDS):
        rounds.play()
    tally = rounds.tally
    assert tally.rounds == ROUNDS
    assert tally.edits > 20
    assert tally.lost <= tally.under_way
