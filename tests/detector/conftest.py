"""A whole case, its members, and what is said of damaged ones."""

from __future__ import annotations

import pytest

from detector.case import CaseError, load_case
from tests.helpers.cases import (
    members_of,
    write_case_file,
    write_members,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write_case_file(tmp_path_factory.mktemp("case") / "whole.boxcase")


@pytest.fixture(scope="module")
def members(whole):
    return members_of(whole)


@pytest.fixture
def damaged(tmp_path):
    def refused(members):
        """What is said of a case of these members."""
        path = write_members(tmp_path / "bad.boxcase", members)
        with pytest.raises(CaseError) as error:
            load_case(path)
        sentence = str(error.value)
        assert sentence.startswith(f"'{path}': ")
        assert len(sentence.splitlines()) == 1
        return sentence.removeprefix(f"'{path}': ")

    return refused
