"""A folder of three small images with known objects."""

from __future__ import annotations

import pytest

from tests.helpers.app_windows import write_folder


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "images")
