"""Every command of the window as one table: text, keys, menu. The menus and the cheat sheet are made from it.

Qt keeps single letters from firing while a text field has the keyboard. Never Shift+digit, which depends on the
keyboard's layout.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence


@dataclass(frozen=True, slots=True)
class Command:
    """One line of a menu.

    Attributes:
        id: its name in the code; "" for a rule between two groups of lines.
        menu: "Menu" or "Menu/Submenu".
        keys: shortcuts, the first is shown.
        group: commands of one group exclude one another.
        tip: what the cheat sheet adds.
    """

    id: str
    menu: str
    text: str = ""
    keys: tuple[str, ...] = ()
    checkable: bool = False
    group: str = ""
    tip: str = ""


def _rule(menu: str) -> Command:
    return Command("", menu)


COMMANDS: tuple[Command, ...] = (
    Command("open_image", "File", "Open image…", ("Ctrl+O",)),
    Command("open_folder", "File", "Open folder…", ("Ctrl+U",)),
    Command("open_samples", "File", "Open samples"),
    _rule("File"),
    Command("open_case", "File", "Open case…"),
    Command("save_case", "File", "Save case…", ("Ctrl+Shift+S",), tip="the image with all that was seen of it"),
    _rule("File"),
    Command("save_picture", "File", "Save picture…", ("Ctrl+P",), tip="as PNG, SVG or JPEG"),
    Command("copy_picture", "File", "Copy picture", ("Ctrl+Shift+C",)),
    _rule("File"),
    Command("quit", "File", "Quit", ("Ctrl+Q",)),
    Command("undo", "Edit", "Undo", ("Ctrl+Z",), tip="of settings and accepted boxes"),
    Command("redo", "Edit", "Redo", ("Ctrl+Y", "Ctrl+Shift+Z")),
    Command("stage_image", "View", "1 Image", ("1", "Alt+1")),
    Command("stage_anchors", "View", "2 Anchors", ("2", "Alt+2")),
    Command("stage_assignment", "View", "3 Training targets", ("3", "Alt+3")),
    Command("stage_proposals", "View", "4 Proposals", ("4", "Alt+4")),
    Command("stage_detections", "View", "5 Detections", ("5", "Alt+5")),
    Command("previous_stage", "View", "Previous stage", ("Q",)),
    Command("next_stage", "View", "Next stage", ("E",)),
    _rule("View"),
    Command("fit", "View", "Fit to window", ("F",)),
    Command("actual_size", "View", "100 %", ("Ctrl+0",)),
    Command("zoom_in", "View", "Zoom in", ("+", "=", "Ctrl++")),
    Command("zoom_out", "View", "Zoom out", ("-", "Ctrl+-")),
    _rule("View"),
    Command("isolate", "View", "Only what concerns the selection", ("G",), checkable=True),
    Command("hide_boxes", "View", "Hide all boxes", ("H",), checkable=True, tip="hold or tap"),
    Command("hide_labels", "View", "Hide labels", ("L",), checkable=True),
    Command("deselect", "View", "Deselect", ("Esc",)),
    Command("selection_back", "View", "Back to the last selection", ("Alt+Left",)),
    Command("selection_forward", "View", "Forward", ("Alt+Right",), tip="after going back"),
    _rule("View"),
    Command("theme_system", "View/Theme", "System", checkable=True, group="theme"),
    Command("theme_light", "View/Theme", "Light", checkable=True, group="theme"),
    Command("theme_dark", "View/Theme", "Dark", checkable=True, group="theme"),
    Command("large_text", "View", "Presentation (large text)", ("Ctrl+Shift+L",), checkable=True),
    Command("show_images", "View/Panels", "Images and layers", ("Ctrl+1",), checkable=True),
    Command("show_settings", "View/Panels", "Settings, objects, explanation", ("Ctrl+2",), checkable=True),
    Command("reset_layout", "View/Panels", "Default layout"),
    Command("previous_image", "Image", "Previous image", ("A",)),
    Command("next_image", "Image", "Next image", ("D",)),
    _rule("Image"),
    Command("go_to_image", "Image", "Go to image…", ("Ctrl+G",), tip="by number or name"),
    Command("search_images", "Image", "Search the image list", ("Ctrl+F",)),
    Command("detect", "Detector", "Detect", ("F5",)),
    Command("cancel", "Detector", "Cancel", ("Shift+F5",)),
    _rule("Detector"),
    Command("next_wrong", "Detector", "Next missed or false positive", ("M",)),
    Command("previous_wrong", "Detector", "Previous missed or false positive", ("Shift+M",)),
    Command("filter_objects", "Detector", "Filter the list of objects", ("Ctrl+Shift+F",), tip="M walks along it"),
    Command("accept", "Detector", "Accept as ground truth", ("Return", "Enter"), tip="the selected detection"),
    _rule("Detector"),
    Command("draw_batch", "Detector", "Draw another mini-batch", ("B",), tip="with the next seed"),
    Command("draw_batch_back", "Detector", "Draw the mini-batch before", ("Shift+B",)),
    _rule("Detector"),
    Command("step_nms", "Detector", "Step through NMS", ("S",), checkable=True),
    Command("next_nms", "Detector/NMS steps", "Next NMS step", (".",)),
    Command("previous_nms", "Detector/NMS steps", "Previous NMS step", (",",)),
    Command("first_nms", "Detector/NMS steps", "First NMS step", ("Ctrl+,",)),
    Command("last_nms", "Detector/NMS steps", "Last NMS step", ("Ctrl+.",)),
    _rule("Detector"),
    Command("restore_settings", "Detector", "Restore all default settings", ("Ctrl+Shift+R",)),
    Command("open_weights", "Detector", "Open weights file…", ("Ctrl+Shift+O",)),
    Command("device_auto", "Detector/Device", "Automatic", checkable=True, group="device"),
    Command("device_cpu", "Detector/Device", "CPU", checkable=True, group="device"),
    Command("device_cuda", "Detector/Device", "CUDA", checkable=True, group="device"),
    Command("device_mps", "Detector/Device", "MPS", checkable=True, group="device"),
    Command("lesson", "Help", "Show the lesson"),
    Command("shortcuts", "Help", "Keyboard shortcuts", ("F1", "?")),
    Command("open_log", "Help", "Open log folder"),
    _rule("Help"),
    Command("about", "Help", "About Boxscope"),
)

MENUS: tuple[str, ...] = ("File", "Edit", "View", "Image", "Detector", "Help")


def build_actions(parent: QObject) -> dict[str, QAction]:
    """A QAction by command id; the window puts them into menus and connects them."""
    made: dict[str, QAction] = {}
    groups: dict[str, QActionGroup] = {}
    for command in COMMANDS:
        if not command.id:
            continue
        action = QAction(command.text, parent)
        action.setObjectName(command.id)
        action.setShortcuts([QKeySequence(keys) for keys in command.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setCheckable(command.checkable)
        # Otherwise Qt on a Mac moves actions about by what their text says.
        action.setMenuRole(_menu_role(command.id))
        action.setStatusTip(command.tip)
        if command.group:
            group = groups.setdefault(command.group, QActionGroup(parent))
            group.addAction(action)
        made[command.id] = action
    return made


def _menu_role(command_id: str) -> QAction.MenuRole:
    roles = {"quit": QAction.MenuRole.QuitRole, "about": QAction.MenuRole.AboutRole}
    return roles.get(command_id, QAction.MenuRole.NoRole)


def key_text(action: QAction) -> str:
    """The shortcuts of an action as this platform writes them."""
    native = QKeySequence.SequenceFormat.NativeText
    return "  ".join(keys.toString(native) for keys in action.shortcuts())
