"""Two trainings into one file: the second says so; a kill frees the file."""

import subprocess
import sys
from pathlib import Path

import pytest

import detector.model
from detector import file_lock
from detector.models.weights import WeightsError
from detector.training_lock import lock_path, only_training
from tests.helpers.training import Scenes, run

ROOT = Path(__file__).parents[2]
HOLD = (
    "import sys\n"
    "from pathlib import Path\n"
    "from detector.training_lock import only_training\n"
    "with only_training(Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


def test_a_second_one_is_refused_and_nothing_is_left(tmp_path):
    out = tmp_path / "w.safetensors"
    with only_training(out):
        with pytest.raises(WeightsError, match=r"Another training is writing .*w\.safetensors"), only_training(out):
            pass
        assert lock_path(out).exists()  # the one that was refused has not taken it away
        with only_training(tmp_path / "other.safetensors"):
            pass
    assert list(tmp_path.iterdir()) == []
    with only_training(out):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes no open file away")
def test_a_lock_taken_away_while_one_waits_for_it_is_not_held(tmp_path, monkeypatch):
    """Between opening and locking, its holder ends: the file that was opened is no longer the one others find."""
    out, calls = tmp_path / "w.safetensors", []
    real = file_lock._lock

    def lock(descriptor):
        calls.append(1)
        if len(calls) == 1:
            lock_path(out).unlink()
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(file_lock, "_lock", lock)
        with only_training(out):
            assert len(calls) == 2
            with pytest.raises(WeightsError, match="Another training"), only_training(out):
                pass


def test_another_program_trains_until_it_is_killed(tmp_path, monkeypatch):
    monkeypatch.setitem(detector.model.HIDDEN, "compact", 8)
    out, scenes = tmp_path / "w.safetensors", Scenes((64, 96), (64, 96))
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(out)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        try:
            assert other.stdout.readline().strip() == b"held"
            with pytest.raises(WeightsError, match="Another training is writing") as caught:
                run(scenes, out)
            assert "\n" not in str(caught.value)
            assert not out.exists()
        finally:
            other.kill()

    assert run(scenes, out)[0].complete
    assert not lock_path(out).exists()
