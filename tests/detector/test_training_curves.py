import logging

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from detector.training_curves import CurveRow, Curves, curves_folder
from detector.training_step import LOSSES


def row(step):
    # float32 values, as losses are; their sum is 10 x step
    return CurveRow(0.001 * step, (1.0 * step, 2.0 * step, 3.0 * step, 4.0 * step), 0.5 * step, 1e9 + step)


def written(out, steps, table=None):
    curves = Curves(out, table)
    for step in steps:
        curves.add(row(step))
    curves.close()
    return curves


def read(out):
    folder = curves_folder(out)
    return (folder / "losses.csv").read_text(), (folder / "events.out.tfevents").read_bytes()


def test_the_csv(tmp_path):
    out = tmp_path / "w.safetensors"
    written(out, [1, 2])

    assert (tmp_path / "w.curves" / "losses.csv").read_text() == (
        "step,learning_rate,rpn_label,rpn_box,head_label,head_box,total,seconds\n"
        "1,0.001,1.0,2.0,3.0,4.0,10.0,0.5\n"
        "2,0.002,2.0,4.0,6.0,8.0,20.0,1.0\n"
    )


def test_tensorboard_reads_the_events(tmp_path):
    out = tmp_path / "w.safetensors"
    written(out, range(1, 6))

    events = EventAccumulator(str(curves_folder(out))).Reload()

    assert sorted(events.Tags()["scalars"]) == sorted(
        [*(f"loss/{name}" for name in LOSSES), "loss/total", "learning_rate"]
    )
    for tag, factor in {"loss/rpn_label": 1, "loss/head_box": 4, "loss/total": 10, "learning_rate": 0.001}.items():
        found = events.Scalars(tag)
        assert [each.step for each in found] == [1, 2, 3, 4, 5]
        assert [each.value for each in found] == [float(np.float32(factor * step)) for step in range(1, 6)]
        assert [each.wall_time for each in found] == [1e9 + step for step in range(1, 6)]


def test_continued_they_are_as_if_they_had_been_written_at_once(tmp_path):
    """Saved after step 2, killed after step 4: the files are ahead of the state, and are cut back to it."""
    through, out = tmp_path / "through.safetensors", tmp_path / "w.safetensors"
    written(through, range(1, 7))
    table = written(out, [1, 2]).table()
    written(out, [1, 2, 3, 4])

    written(out, [3, 4, 5, 6], table)

    assert read(out) == read(through)
    assert np.array_equal(Curves(out, table).table(), table)


def test_a_step_can_be_read_as_soon_as_it_is_done(tmp_path):
    out = tmp_path / "w.safetensors"
    curves = Curves(out)
    curves.add(row(1))

    assert read(out)[0].endswith("\n1,0.001,1.0,2.0,3.0,4.0,10.0,0.5\n")
    assert len(EventAccumulator(str(curves_folder(out))).Reload().Scalars("loss/total")) == 1
    curves.close()


def test_before_the_first_step_nothing_is_written(tmp_path):
    curves = Curves(tmp_path / "w.safetensors")
    curves.save()
    curves.close()
    assert list(tmp_path.iterdir()) == []


def test_where_they_cannot_be_written_it_is_said_once_and_tried_again(tmp_path, caplog):
    out = tmp_path / "w.safetensors"
    obstacle = curves_folder(out)
    obstacle.write_text("not a folder")
    curves = Curves(out)
    with caplog.at_level(logging.WARNING, "detector"):
        curves.add(row(1))
        curves.add(row(2))
        curves.save()
    assert len(caplog.messages) == 1
    assert str(obstacle) in caplog.messages[0]

    obstacle.unlink()
    curves.add(row(3))
    curves.save()
    curves.add(row(4))
    curves.close()

    written(tmp_path / "through.safetensors", range(1, 5))
    assert read(out) == read(tmp_path / "through.safetensors")


def test_a_disk_that_is_full_for_a_while(tmp_path):
    """/dev/full takes no byte: the file opens, and the write fails."""
    out = tmp_path / "w.safetensors"
    curves_folder(out).mkdir()
    try:
        (curves_folder(out) / "losses.csv").symlink_to("/dev/full")
        (curves_folder(out) / "losses.csv").open("wb").close()
    except OSError:
        pytest.skip("this system has no /dev/full")
    curves = Curves(out)
    curves.add(row(1))
    (curves_folder(out) / "losses.csv").unlink()
    curves.add(row(2))  # not before the next save
    assert not (curves_folder(out) / "losses.csv").exists()
    curves.save()
    curves.close()

    written(tmp_path / "through.safetensors", [1, 2])
    assert read(out) == read(tmp_path / "through.safetensors")
