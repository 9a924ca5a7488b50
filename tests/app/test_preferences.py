import pytest
from PySide6.QtCore import QByteArray

from app.places import CONFIG_DIR_VARIABLE, config_dir
from app.preferences import PLACES, RECENT_FOLDERS, KnownClasses, Preferences


@pytest.fixture
def path(tmp_path):
    return tmp_path / "boxscope.ini"


def reopened(preferences, path):
    preferences.save()
    return Preferences(path)


def test_the_environment_variable_puts_it_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setenv(CONFIG_DIR_VARIABLE, str(tmp_path))
    assert config_dir() == tmp_path
    Preferences().save()
    assert (tmp_path / "boxscope.ini").is_file()


def test_the_first_start_has_defaults(path):
    preferences = Preferences(path)
    assert preferences.theme == "system"
    assert preferences.last_folder is None
    assert preferences.recent_folders == ()
    assert preferences.layout("geometry") is None
    assert preferences.flag("show_images", True) is True


@pytest.mark.parametrize("name", ["large_text", "lesson_seen"])
def test_switches_come_back(path, name):
    preferences = Preferences(path)
    assert getattr(preferences, name) is False
    for value in (True, False):
        setattr(preferences, name, value)
        assert getattr(reopened(preferences, path), name) is value


def test_everything_comes_back(path, tmp_path):
    preferences = Preferences(path)
    preferences.theme = "dark"
    folder = tmp_path / "smears, stained (2)"
    folder.mkdir()
    preferences.remember_folder(folder)
    preferences.set_layout("geometry", QByteArray(b"\x00\x01abc"))
    preferences.set_flag("show_images", False)
    again = reopened(preferences, path)
    assert again.theme == "dark"
    assert again.last_folder == folder
    assert again.recent_folders == (folder,)
    assert again.layout("geometry") == QByteArray(b"\x00\x01abc")
    assert again.flag("show_images", True) is False


def test_recent_folders_are_newest_first_without_doubles_and_without_those_gone(path, tmp_path):
    preferences = Preferences(path)
    folders = [tmp_path / f"{number}" for number in range(RECENT_FOLDERS + 2)]
    for folder in folders:
        folder.mkdir()
        preferences.remember_folder(folder)
    preferences.remember_folder(folders[3])
    assert preferences.recent_folders[:2] == (folders[3], folders[-1])
    assert len(preferences.recent_folders) == RECENT_FOLDERS
    folders[3].rmdir()
    assert folders[3] not in reopened(preferences, path).recent_folders


def test_a_layout_of_another_version_is_dropped_and_the_rest_kept(path):
    preferences = Preferences(path)
    preferences.theme = "light"
    preferences.set_layout("across", QByteArray(b"old"))
    preferences.save()
    path.write_text(path.read_text().replace("version=1", "version=99"))
    again = Preferences(path)
    assert again.layout("across") is None
    assert again.theme == "light"


def test_a_broken_file_is_as_good_as_none(path):
    path.write_bytes(b"\xff\x00 not an ini file [[[\ntheme=purple\nversion=x")
    preferences = Preferences(path)
    assert preferences.theme == "system"
    assert preferences.recent_folders == ()


def test_colours_of_classes(tmp_path):
    path = tmp_path / "a.ini"
    preferences = Preferences(path)
    assert preferences.class_colors == {}
    preferences.remember_class_color("Zelle, \u00e4; b", "#123456")
    preferences.remember_class_color("cat", "#ABCDEF")
    preferences.remember_class_color("cat", "#000000")
    preferences.save()
    assert Preferences(path).class_colors == {"Zelle, \u00e4; b": "#123456", "cat": "#000000"}
    path.write_text(path.read_text().replace("{", "["))
    assert Preferences(path).class_colors == {}


def test_the_places_that_were_chosen_for_a_folder_the_latest_first(path, tmp_path):
    preferences = Preferences(path)
    one, other = tmp_path / "a", tmp_path / "b"
    for name in ("voc", "yolo", "voc"):
        preferences.remember_place(one, name, one / name)
    preferences.remember_place(other, "coco", tmp_path / "all.json")
    assert reopened(preferences, path).places == {
        one: (("voc", one / "voc"), ("yolo", one / "yolo")),
        other: (("coco", tmp_path / "all.json"),),
    }


def test_where_a_folder_was_left_of_the_latest_folders(path, tmp_path):
    preferences = Preferences(path)
    assert preferences.image_left_at(tmp_path) is None
    for number in range(PLACES + 1):
        preferences.remember_image(tmp_path / str(number), tmp_path / f"{number}.png")
    preferences.remember_image(tmp_path / "1", tmp_path / "other.png")
    again = reopened(preferences, path)
    assert again.image_left_at(tmp_path / "0") is None
    assert again.image_left_at(tmp_path / "1") == tmp_path / "other.png"
    assert again.image_left_at(tmp_path / "200") == tmp_path / "200.png"


def test_the_classes_of_a_folder_with_those_that_were_offered(path, tmp_path):
    preferences = Preferences(path)
    assert preferences.classes_of(tmp_path) == KnownClasses()
    known = {tmp_path / "a": KnownClasses(("b", "a")), tmp_path / "b": KnownClasses(("b", "a"), ("a",))}
    for folder, classes in known.items():
        preferences.remember_classes(folder, classes)
    again = reopened(preferences, path)
    assert {folder: again.classes_of(folder) for folder in known} == known
