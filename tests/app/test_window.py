import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QFileDialog, QLineEdit, QSlider, QWidget

from app.actions import COMMANDS
from app.dialogs import NON_NATIVE_VARIABLE
from app.preferences import Preferences
from app.scene import STAGES, Ref
from app.theme import dark_theme, light_theme
from app.window import MainWindow
from detector.config import Settings
from tests.helpers.scenes import DETAILS, make_scene, say

ROOT = Path(__file__).parents[2]

# What the offscreen platform cannot do, which no test relies on.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def preferences(tmp_path):
    return Preferences(tmp_path / "boxscope.ini")


@pytest.fixture
def window(qtbot, preferences, monkeypatch):
    monkeypatch.setenv(NON_NATIVE_VARIABLE, "1")
    made = MainWindow(preferences)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def test_importing_the_window_imports_no_torch():
    program = "import sys, app.window; print(sorted(set(sys.modules) & {'torch', 'torchvision', 'pyqtgraph'}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_scene_reaches_every_panel_and_nothing_is_asked_for(window, qtbot):
    intents = [
        window.rail.stage_chosen, window.tree.layer_toggled, window.objects.picked, window.details.picked,
        window.settings.setting_moved, window.settings.setting_settled, window.canvas.picked, window.stage_chosen,
        window.working_score_moved,
    ]  # fmt: skip
    heard = []
    for intent in intents:
        intent.connect(lambda *args: heard.append(args))
    window.show_scene(make_scene(selected=Ref("object", 1), details=DETAILS))
    window.settings.show_settings(Settings().with_value("matching.working_score", 0.3), Settings())
    assert heard == []
    assert window.rail.buttons["detections"].isChecked()
    assert window.tree.model.rowCount() == 3
    assert window.objects.view.currentIndex().row() == 1
    assert window.details.header.title.text() == "RBC #2"
    assert window.status.anchors.text() == "5,940 anchors"
    assert window.header.score_number.text() == "0.30"


def test_every_command_does_something(window):
    signals = {"theme_", "device_"}
    for command in COMMANDS:
        if command.id and not command.id.startswith(tuple(signals)):
            action = window.actions_by_id[command.id]
            connected = action.receivers("2triggered(bool)") + action.receivers("2toggled(bool)")
            assert connected, command.id


@pytest.mark.parametrize(
    ("name", "signal"),
    [
        ("detect", "detect_requested"),
        ("open_samples", "samples_requested"),
        ("copy_picture", "picture_copy_requested"),
        ("restore_settings", "all_reset"),
        ("deselect", "deselected"),
        ("isolate", "isolate_toggled"),
        ("hide_boxes", "boxes_hidden"),
        ("hide_labels", "labels_hidden"),
        ("device_cpu", "device_chosen"),
    ],
)
def test_commands_come_out_as_signals(window, qtbot, name, signal):
    with qtbot.waitSignal(getattr(window, signal)):
        window.actions_by_id[name].trigger()


def test_digits_and_q_e_choose_stages(window, qtbot):
    window.show_scene(make_scene("proposals"))
    window.show_start(False)
    window.canvas.setFocus()
    for key, stage in ((Qt.Key.Key_2, "anchors"), (Qt.Key.Key_5, "detections"), (Qt.Key.Key_E, "detections")):
        with qtbot.waitSignal(window.stage_chosen) as chosen:
            qtbot.keyClick(window.canvas, key)
        assert chosen.args == [stage]
    # 3 is left out: there is no ground truth in this scene
    with qtbot.waitSignal(window.stage_chosen) as chosen:
        qtbot.keyClick(window.canvas, Qt.Key.Key_Q)
    assert chosen.args == ["anchors"]
    with qtbot.assertNotEmitted(window.stage_chosen):
        qtbot.keyClick(window.canvas, Qt.Key.Key_3)


def test_m_walks_along_what_is_wrong(window, qtbot):
    window.show_scene(make_scene())
    window.show_start(False)
    window.canvas.setFocus()
    with qtbot.waitSignal(window.objects.picked) as picked:
        qtbot.keyClick(window.canvas, Qt.Key.Key_M)
    assert picked.args == [Ref("object", 1)]


def test_single_letters_are_dead_in_a_text_field(window, qtbot):
    window.show_scene(make_scene())
    field = window.images.search_field
    field.setFocus()
    with qtbot.assertNotEmitted(window.objects.picked), qtbot.assertNotEmitted(window.stage_chosen):
        qtbot.keyClicks(field, "mq2")
    assert field.text() == "mq2"
    box = window.settings.rows["detections.max_detections"].box
    window.settings.headers["detections"].setChecked(True)
    box.setFocus()
    with qtbot.assertNotEmitted(window.stage_chosen):
        qtbot.keyClicks(box, "2")


def test_pins_are_remembered(window, qtbot, tmp_path):
    window.settings.rows["detections.nms_iou"].pin.click()
    window.settings.rows["proposals.nms_iou"].pin.click()
    window.settings.rows["proposals.nms_iou"].pin.click()
    window.preferences.save()
    again = MainWindow(Preferences(Path(window.preferences._settings.fileName())))
    qtbot.addWidget(again)
    for each in (window, again):
        assert [key for key, row in each.settings.rows.items() if row.pin.isChecked()] == ["detections.nms_iou"]


def test_dropped_files_and_folders_come_out_as_paths(window, qtbot, tmp_path):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path)), QUrl("https://example.org/a.png")])
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    with qtbot.waitSignal(window.paths_dropped) as dropped:
        window.dropEvent(event)
    assert dropped.args == [[tmp_path]]


def test_a_folder_from_the_dialog_comes_out_as_a_path(window, qtbot, tmp_path):
    window.actions_by_id["open_folder"].trigger()
    dialog = window.findChild(QFileDialog)
    with qtbot.waitSignal(window.paths_opened) as opened:
        dialog.filesSelected.emit([str(tmp_path)])
    assert opened.args == [[tmp_path]]
    dialog.reject()


def test_recent_folders_are_in_the_file_menu(window, qtbot, tmp_path):
    assert not window.recent_menu.isEnabled()
    window.remember_folder(tmp_path)
    with qtbot.waitSignal(window.paths_opened) as opened:
        window.recent_menu.actions()[0].trigger()
    assert opened.args == [[tmp_path]]


def test_the_model_menu_shows_and_chooses(window, qtbot):
    window.show_models([("compact", "compact"), ("vgg16", "vgg16")], "compact", "CPU")
    assert window.header.model_button.text() == "compact · CPU"
    menu = window.header.model_button.menu()
    with qtbot.waitSignal(window.model_chosen) as chosen:
        menu.actions()[1].trigger()
    assert chosen.args == ["vgg16"]
    assert menu.actions()[-1] is window.actions_by_id["open_weights"]


def test_detect_turns_into_cancel_while_it_runs(window, qtbot):
    window.resize(1366, 768)
    window.header.layout().activate()
    place = window.header.score.geometry()
    window.show_busy(True)
    window.header.layout().activate()
    assert window.header.score.geometry() == place
    with qtbot.waitSignal(window.cancel_requested):
        window.header.detect_button.click()
    window.show_busy(False)
    with qtbot.waitSignal(window.detect_requested):
        window.header.detect_button.click()


def test_the_working_score_moves_from_the_header(window, qtbot):
    with qtbot.waitSignals([window.working_score_moved, window.working_score_settled]):
        qtbot.mouseClick(window.header.score, Qt.MouseButton.LeftButton, pos=QPoint(100, 9))
    assert window.header.score_number.text() == f"{window.header.score.number:.2f}"


def test_an_unknown_image_to_go_to_is_one_sentence(window):
    window.dialogs.image_wanted.emit("nowhere")
    assert 'No image "nowhere"' in window.status.message.text()


def test_the_theme_is_chosen_and_remembered(window, preferences):
    window.actions_by_id["theme_dark"].trigger()
    assert window.themes.theme is dark_theme()
    assert preferences.theme == "dark"
    window.actions_by_id["theme_light"].trigger()
    assert window.themes.theme is light_theme()


def test_size_splitters_and_panels_are_remembered(window, qtbot, preferences):
    window.resize(790, 720)  # within the offscreen screen, 800 x 800
    window.right.setSizes([300, 120, 300])
    window.actions_by_id["show_images"].setChecked(False)
    sizes = window.right.sizes()
    window.close()
    again = MainWindow(preferences)
    qtbot.addWidget(again)
    again.show()
    assert (again.width(), again.height()) == (790, 720)
    assert again.right.sizes() == sizes
    assert not again.left.isVisible()
    again.actions_by_id["reset_layout"].trigger()
    assert again.left.isVisible()


def test_it_fits_the_smallest_common_screen(window, qtbot):
    window.resize(1366, 768)
    window.show_scene(make_scene(selected=Ref("object", 1), details=DETAILS))
    assert window.minimumSizeHint().width() <= 1366
    assert window.minimumSizeHint().height() <= 768
    assert (window.width(), window.height()) == (1366, 768)
    for stage in STAGES:
        card = window.rail.buttons[stage]
        assert card.geometry().right() <= window.rail.width(), stage
        qtbot.waitUntil(lambda card=card: card.width() >= card.sizeHint().width())


def test_every_control_has_an_accessible_name(window):
    window.status.show_message(say("x"), offer=say("x"))  # its button gets its words when it is shown
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider)
    for kind in kinds:
        for widget in window.findChildren(kind):
            inside = isinstance(widget.parent(), QAbstractSpinBox | QComboBox | QLineEdit)
            if not inside and widget.focusPolicy() != Qt.FocusPolicy.NoFocus:
                assert widget.accessibleName() or getattr(widget, "text", str)(), widget


def test_the_first_page_leads_to_the_canvas(window, qtbot):
    assert window.middle.currentWidget() is window.start
    with qtbot.waitSignal(window.samples_requested):
        window.start.focusProxy().click()
    window.show_start(False)
    assert window.middle.currentWidget() is window.canvas
    assert window.canvas.hasFocus()


def test_errors_stand_in_the_status_area(window):
    window.show_error(say("The file is broken."))
    assert window.status.message.text() == "The file is broken."
    assert window.status.message.property("error") is True


def test_closing_says_so(window, qtbot):
    with qtbot.waitSignal(window.closing):
        window.close()


def test_the_menu_bar_is_the_one_in_the_header(window):
    assert window.menuBar() is window.header.menu_bar
    assert isinstance(window.centralWidget(), QWidget)


@pytest.mark.parametrize("size", [(1024, 700), (1366, 768), (800, 500)])
def test_the_canvas_keeps_its_share_of_a_small_window(window, size):
    window.resize(*size)
    window.show_start(False)
    window.show_scene(make_scene())
    assert (window.width(), window.height()) == size
    assert window.canvas.width() >= 0.45 * size[0]
    right = window.header.score.geometry().right()
    assert right < size[0]
    assert window.header.menu_bar.width() >= window.header.menu_bar.sizeHint().width()
    window.show_error(say("a very long sentence " * 30))
    window.status.show_progress(say("Running the RPN on a file with a long name.jpg"), None)
    assert window.width() == size[0]


def test_sides_get_their_widths_back(window):
    window.resize(1600, 900)
    wide = window.across.sizes()
    window.resize(900, 600)
    assert window.across.sizes()[0] < wide[0]
    window.resize(1600, 900)
    assert window.across.sizes() == wide


def test_a_source_that_is_too_long_loses_its_beginning(window):
    window.resize(1024, 700)
    window.show_source("VOC XML › a_folder_with_a_long_name/an_image_with_a_long_name.xml")
    shown = window.header.source.shown_text()
    assert shown.startswith("…")
    assert shown.endswith(".xml")


def test_a_stage_is_chosen_from_annotate_too(window, qtbot):
    window.show_start(False)
    window.show_scene(make_scene())
    window.actions_by_id["workspace"].setChecked(True)
    with qtbot.waitSignals([window.workspace_chosen, window.stage_chosen]):
        window.actions_by_id["at_anchors"].trigger()
    assert not window.actions_by_id["workspace"].isChecked()
