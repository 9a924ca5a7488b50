"""What a change of a class comes to."""

from __future__ import annotations

import pytest

from app.class_change import ClassUse, FileCount, becomes, question
from app.wording import text

NAMES = ("RBC", "WBC", "Platelets")
USE = ClassUse(343, (FileCount("a.xml", 4000), FileCount("b.xml", 155)), 364, 364)


@pytest.mark.parametrize(
    ("change", "into", "what"),
    [
        ("rename", "Red", "rename"),
        ("rename", "WBC", "merge"),
        ("rename", "RBC", None),
        ("rename", "", None),
        ("merge", "WBC", "merge"),
        ("merge", "RBC", None),
        ("merge", "Red", None),
        ("delete", "", "delete"),
    ],
)
def test_what_it_becomes(change, into, what):
    assert becomes(change, "RBC", into, NAMES) == what


@pytest.mark.parametrize(
    ("change", "use", "asked"),
    [
        ("rename", USE, "Rename “RBC” to “Red” in 343 images (4,155 boxes)?"),
        ("merge", USE, "Merge “RBC” into “Red” in 343 images (4,155 boxes)?"),
        ("delete", USE, "Delete “RBC” with its boxes in 343 images (4,155 boxes)?"),
        ("delete", ClassUse(1, (FileCount("a.xml", 1),)), "Delete “RBC” with its boxes in 1 image (1 box)?"),
        ("rename", ClassUse(), "Rename “RBC” to “Red”? No box has it."),
        ("delete", ClassUse(), "Delete “RBC”? No box has it."),
    ],
)
def test_what_is_asked(change, use, asked):
    assert text(question(change, "RBC", "Red", use)) == asked


def test_counting_is_done_when_all_images_have_been_looked_at():
    assert USE.is_counted
    assert not ClassUse(done=3, of=4).is_counted
    assert USE.num_boxes == 4155
