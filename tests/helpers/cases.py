"""Cases on the disk, whole and damaged."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from pathlib import Path

import numpy as np

from detector.case import save_case
from detector.ground_truth import GroundTruth
from detector.pipeline import follow, inspect
from tests.helpers.networks import FakeNetwork
from tests.helpers.traces import OBJECTS

# Network pixels are 240 / 160 = 1.5 times those of the image along x, 160 / 128 = 1.25 times along y.
IMAGE_HW, NETWORK_HW = (128, 160), (160, 240)
IMAGE = np.zeros((*IMAGE_HW, 3), np.uint8)
IMAGE[20:60, 30:90] = (200, 120, 40)
TRUTH = GroundTruth(
    OBJECTS / np.array([1.5, 1.25, 1.5, 1.25], np.float32), ("cat", "dog", "cat"), difficult=np.array([0, 0, 1], bool)
)


def made_trace(truth=TRUTH, file="pictures/a.png", **changes):
    """What a made-up network says of IMAGE; `changes` are settings moved afterwards, so that rows may wait."""
    trace = inspect(FakeNetwork(OBJECTS, (1, 2, 1), network_hw=NETWORK_HW), IMAGE, truth, file=file)
    settings = trace.settings
    for key, value in changes.items():
        settings = settings.with_value(key.replace("__", "."), value)
    return trace if not changes else follow(trace.evidence, settings, truth)


def write_case_file(path: Path, selected=("object", 1), **made) -> Path:
    save_case(path, IMAGE, made_trace(**made), selected)
    return path


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def write_members(path: Path, members: dict[str, bytes | None]) -> Path:
    """A ZIP of members; None leaves one out."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, data in members.items():
            if data is not None:
                file.writestr(name, data)
    return path


def npy(array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def with_json(members: dict[str, bytes], change) -> dict[str, bytes]:
    """The members with `change(content)` done to case.json."""
    content = json.loads(members["case.json"])
    change(content)
    return members | {"case.json": json.dumps(content).encode()}


def with_array(members: dict[str, bytes], name: str, change) -> dict[str, bytes]:
    """The members with an array as `change(array)` gives it back."""
    member = f"arrays/{name}.npy"
    array = np.load(io.BytesIO(members[member]))
    return members | {member: npy(change(array.copy()))}


NOT_WRITTEN = ("key", "coverage")
"""What belongs to one process: the name of its feature map, and what it has looked up."""


def same(one, other):
    """Equal to the last bit, arrays and records all the way down."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.tobytes() == other.tobytes()
    elif dataclasses.is_dataclass(one):
        for each in dataclasses.fields(one):
            if each.name not in NOT_WRITTEN:
                same(getattr(one, each.name), getattr(other, each.name))
    elif isinstance(one, tuple | list):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            same(a, b)
    else:
        assert one == other


def put(*keys_and_value):
    """A change of case.json: content[keys...] = value."""
    *keys, last, value = keys_and_value

    def change(content):
        for key in keys:
            content = content[key]
        content[last] = value

    return change


def drop(*keys):
    def change(content):
        *parents, last = keys
        for key in parents:
            content = content[key]
        del content[last]

    return change


def at(index, value):
    """A change of an array: array[index] = value."""

    def change(array):
        array[index] = value
        return array

    return change
