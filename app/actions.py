"""Every command of the window as one table: text, keys, menu. The menus and the cheat sheet are made from it.

Qt keeps single letters from firing while a text field has the keyboard. Never Shift+digit, which depends on the
keyboard's layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from app.scene import Workspace
from app.translation import tr


@dataclass(frozen=True, slots=True)
class Command:
    """One line of a menu.

    Attributes:
        id: its name in the code; "" for a rule between two groups of lines.
        menu: "Menu" or "Menu/Submenu".
        keys: shortcuts, the first is shown.
        group: commands of one group exclude one another.
        tip: what the cheat sheet adds.
        workspace: the one in which it works; None: in both.
        on_canvas: its keys work while the canvas has the keyboard, since elsewhere they mean something else.
    """

    id: str
    menu: str
    text: str = ""
    keys: tuple[str, ...] = ()
    checkable: bool = False
    group: str = ""
    tip: str = ""
    workspace: Workspace | None = None
    on_canvas: bool = False


def _rule(menu: str) -> Command:
    return Command("", menu)


def _inspect(name: str, menu: str, text: str, keys: tuple[str, ...] = (), **more: Any) -> Command:
    return Command(name, menu, text, keys, workspace="inspect", **more)


def _edit(name: str, menu: str, text: str, keys: tuple[str, ...] = (), **more: Any) -> Command:
    return Command(name, menu, text, keys, workspace="annotate", **more)


COMMANDS: tuple[Command, ...] = (
    Command("open_image", "File", "Open image…", ("Ctrl+O",)),
    Command("open_folder", "File", "Open folder…", ("Ctrl+U",)),
    Command("open_samples", "File", "Open samples"),
    _rule("File"),
    Command("save", "File", "Save", ("Ctrl+S",), tip="the annotation of this image, now"),
    Command("autosave", "File", "Save automatically", checkable=True),
    Command("save_place", "File", "Format and place of annotations…"),
    _rule("File"),
    Command("open_case", "File", "Open case…"),
    Command("save_case", "File", "Save case…", ("Ctrl+Shift+S",), tip="the image with all that was seen of it"),
    _rule("File"),
    Command("save_picture", "File", "Save picture…", ("Ctrl+P",), tip="as PNG, SVG or JPEG"),
    Command("copy_picture", "File", "Copy picture", ("Ctrl+Shift+C",)),
    _rule("File"),
    Command("quit", "File", "Quit", ("Ctrl+Q",)),
    Command("undo", "Edit", "Undo", ("Ctrl+Z",), tip="of boxes and settings"),
    Command("redo", "Edit", "Redo", ("Ctrl+Y", "Ctrl+Shift+Z")),
    _rule("Edit"),
    _edit("draw", "Edit", "Draw a box", ("W", "N", "R"), checkable=True),
    _edit("draw_more", "Edit", "Keep drawing", ("Shift+W",), checkable=True),
    _rule("Edit"),
    _edit("copy_box", "Edit", "Copy", ("Ctrl+C",)),
    _edit("paste_box", "Edit", "Paste", ("Ctrl+V",)),
    _edit("duplicate_box", "Edit", "Duplicate", ("Ctrl+D",)),
    _edit("paste_previous", "Edit", "Boxes of the previous image", ("Ctrl+Shift+V",), tip="proposed until accepted"),
    _edit("delete_box", "Edit", "Delete", ("Del", "Backspace")),
    _edit("select_all", "Edit", "Select all boxes", ("Ctrl+A",)),
    _edit("next_box", "Edit", "Next box", ("Tab",), on_canvas=True),
    _edit("previous_box", "Edit", "Previous box", ("Shift+Tab", "Backtab"), on_canvas=True),
    _rule("Edit"),
    _edit("change_class", "Edit", "Change class…", ("Ctrl+E",), tip="by typing"),
    *(_edit(f"class_{digit}", "Edit/Class", f"Class {digit}", (digit,)) for digit in "1234567890"),
    _edit("flag_difficult", "Edit", "Difficult", checkable=True),
    _edit("flag_truncated", "Edit", "Truncated", checkable=True),
    _edit("flag_crowd", "Edit", "Crowd", checkable=True),
    _edit("lock_box", "Edit", "Locked", ("Ctrl+L",), checkable=True),
    *(
        _edit(f"nudge_{way}{'_far' if far else ''}", "Edit/Move", f"{text} by {far or 1} px", (key,), on_canvas=True)
        for far, shift in ((0, ""), (10, "Shift+"))
        for way, text, key in (
            ("left", "Left", f"{shift}Left"),
            ("right", "Right", f"{shift}Right"),
            ("up", "Up", f"{shift}Up"),
            ("down", "Down", f"{shift}Down"),
        )
    ),
    _rule("Edit"),
    _edit(
        "verify",
        "Edit",
        "Verified",
        checkable=True,
        tip="Space on the canvas; without boxes: verified empty; changes by hand take it back, "
        "fixes of the check and changes of a class in the folder keep it",
    ),
    Command("check", "Edit", "Check annotations…", tip="what is wrong in this folder, and what would put it right"),
    Command("workspace", "View", "Annotate", ("I",), checkable=True, tip="or Inspect, where ground truth is locked"),
    _rule("View"),
    _inspect("stage_image", "View", "1 Image", ("1",)),
    _inspect("stage_anchors", "View", "2 Anchors", ("2",)),
    _inspect("stage_assignment", "View", "3 Training targets", ("3",)),
    _inspect("stage_proposals", "View", "4 Proposals", ("4",)),
    _inspect("stage_detections", "View", "5 Detections", ("5",)),
    *(
        Command(f"at_{stage}", "View/Inspect at", f"{place} {words}", (f"Alt+{place}",), tip="from Annotate too")
        for place, (stage, words) in enumerate(
            (
                ("image", "Image"),
                ("anchors", "Anchors"),
                ("assignment", "Training targets"),
                ("proposals", "Proposals"),
                ("detections", "Detections"),
            ),
            1,
        )
    ),
    _inspect("previous_stage", "View", "Previous stage", ("Q",)),
    _inspect("next_stage", "View", "Next stage", ("E",)),
    _inspect("add_previous_stage", "View", "Boxes of the previous stage too", ("Shift+Q",), tip="again: no longer"),
    _inspect("add_next_stage", "View", "Boxes of the next stage too", ("Shift+E",), tip="again: no longer"),
    _rule("View"),
    Command("fit", "View", "Fit to window", ("F",)),
    Command("actual_size", "View", "100 %", ("Ctrl+0",)),
    Command("zoom_in", "View", "Zoom in", ("+", "=", "Ctrl++")),
    Command("zoom_out", "View", "Zoom out", ("-", "Ctrl+-")),
    Command("wheel_scrolls", "View", "Wheel scrolls", checkable=True, tip="instead of zooming; with Ctrl it zooms"),
    _rule("View"),
    _inspect("isolate", "View", "Only what concerns the selection", ("G",), checkable=True),
    Command("hide_boxes", "View", "Hide all boxes", ("H",), checkable=True, tip="hold or tap"),
    Command("hide_labels", "View", "Hide labels", ("L",), checkable=True),
    Command("deselect", "View", "Deselect", ("Esc",)),
    _inspect("selection_back", "View", "Back to the last selection", ("Alt+Left",)),
    _inspect("selection_forward", "View", "Forward", ("Alt+Right",), tip="after going back"),
    _rule("View"),
    Command("theme_system", "View/Theme", "System", checkable=True, group="theme"),
    Command("theme_light", "View/Theme", "Light", checkable=True, group="theme"),
    Command("theme_dark", "View/Theme", "Dark", checkable=True, group="theme"),
    Command("language_system", "View/Language", "System", checkable=True, group="language"),
    Command("language_en", "View/Language", "English", checkable=True, group="language"),
    Command("language_de", "View/Language", "Deutsch", checkable=True, group="language"),
    Command("large_text", "View", "Presentation (large text)", ("Ctrl+Shift+L",), checkable=True),
    Command("show_images", "View/Panels", "Images and layers", ("Ctrl+1",), checkable=True),
    Command("show_settings", "View/Panels", "Settings, objects, explanation", ("Ctrl+2",), checkable=True),
    Command("reset_layout", "View/Panels", "Default layout"),
    Command("next_panel", "View/Panels", "Next panel", ("F6",)),
    _edit("crosshair", "View", "Crosshair", checkable=True),
    _edit("keep_inside", "View", "Keep boxes inside the image", checkable=True),
    _edit("adjust", "View", "Brightness, lines and labels…"),
    Command("previous_image", "Image", "Previous image", ("A",)),
    Command("next_image", "Image", "Next image", ("D",)),
    _rule("Image"),
    Command("go_to_image", "Image", "Go to image…", ("Ctrl+G",), tip="by number or name"),
    Command("search_images", "Image", "Search the image list", ("Ctrl+F",)),
    Command("next_unverified", "Image", "Next not verified", ("Ctrl+Shift+D",)),
    Command("previous_unverified", "Image", "Previous not verified", ("Ctrl+Shift+A",)),
    Command("detect", "Detector", "Detect", ("F5",)),
    Command("cancel", "Detector", "Cancel", ("Shift+F5",)),
    _rule("Detector"),
    _inspect("next_wrong", "Detector", "Next missed or false positive", ("M",)),
    _inspect("previous_wrong", "Detector", "Previous missed or false positive", ("Shift+M",)),
    _inspect("filter_objects", "Detector", "Filter the list of objects", ("Ctrl+Shift+F",), tip="M walks along it"),
    Command("accept", "Detector", "Accept", ("Enter", "Return"), tip="the selected detection or proposed box"),
    _edit("accept_all", "Detector", "Accept all", ("Ctrl+Enter", "Ctrl+Return"), tip="all proposed, or all detections"),
    _edit("prelabels", "Detector", "Show detections", ("P",), checkable=True, tip="that are no object yet"),
    _edit("sees", "Detector", "Write the detector's view at the box", checkable=True),
    _rule("Detector"),
    _inspect("draw_batch", "Detector", "Draw another mini-batch", ("B",), tip="with the next seed"),
    _inspect("draw_batch_back", "Detector", "Draw the mini-batch before", ("Shift+B",)),
    _rule("Detector"),
    _inspect("step_nms", "Detector", "Step through NMS", ("S",), checkable=True),
    _inspect("next_nms", "Detector/NMS steps", "Next NMS step", (".",)),
    _inspect("previous_nms", "Detector/NMS steps", "Previous NMS step", (",",)),
    _inspect("first_nms", "Detector/NMS steps", "First NMS step", ("Ctrl+,",)),
    _inspect("last_nms", "Detector/NMS steps", "Last NMS step", ("Ctrl+.",)),
    _rule("Detector"),
    _inspect("restore_settings", "Detector", "Restore all default settings", ("Ctrl+Shift+R",)),
    Command("open_weights", "Detector", "Open weights file…", ("Ctrl+Shift+O",)),
    Command("device_auto", "Detector/Device", "Automatic", checkable=True, group="device"),
    Command("device_cpu", "Detector/Device", "CPU", checkable=True, group="device"),
    Command("device_cuda", "Detector/Device", "CUDA", checkable=True, group="device"),
    Command("device_mps", "Detector/Device", "MPS", checkable=True, group="device"),
    Command("lesson", "Help", "Show the lesson"),
    Command("shortcuts", "Help", "Keyboard shortcuts", ("F1", "?")),
    Command("edit_shortcuts", "Help", "Change shortcuts…"),
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
        action = QAction(tr(command.text), parent)
        action.setObjectName(command.id)
        action.setShortcuts([QKeySequence(keys) for keys in command.keys])
        context = Qt.ShortcutContext.WidgetShortcut if command.on_canvas else Qt.ShortcutContext.WindowShortcut
        action.setShortcutContext(context)
        action.setCheckable(command.checkable)
        # Otherwise Qt on a Mac moves actions about by what their text says.
        action.setMenuRole(_menu_role(command.id))
        action.setStatusTip(tr(command.tip))
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
