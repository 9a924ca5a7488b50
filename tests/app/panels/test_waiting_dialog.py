"""What is shown while many files are brought back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from app.panels.waiting_dialog import WaitingDialog
from app.sentences import say

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def test_it_goes_when_it_is_done_and_not_before(qtbot):
    dialog = WaitingDialog(say("change.taking_back"))
    qtbot.addWidget(dialog)
    dialog.open()
    assert dialog.told.text() == "Bringing the files back"
    dialog.show_progress(40, 1200)
    assert dialog.state.text() == "40 of 1,200 files"
    assert (dialog.progress.value(), dialog.progress.maximum()) == (40, 1200)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    dialog.close()
    assert dialog.isVisible()
    with qtbot.waitSignal(dialog.finished):
        dialog.finish()
    assert not dialog.isVisible()
