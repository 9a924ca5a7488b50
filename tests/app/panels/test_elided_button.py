"""A button with words of any length."""

from __future__ import annotations

import pytest

from app.panels.elided_button import ElidedButton

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def test_it_may_be_narrower_than_its_words_which_stay_whole(qtbot):
    button = ElidedButton()
    qtbot.addWidget(button)
    button.show_words("salt & pepper, " * 20)
    assert button.text().count("&&") == 20
    assert button.minimumSizeHint().width() <= 40 < button.sizeHint().width()
    whole = button.sizeHint()
    for width in (whole.width(), 90, 40, 10):
        button.resize(width, whole.height())
        assert not button.grab().isNull()
    button.show_words("a")
    assert button.minimumSizeHint().width() <= button.sizeHint().width()
