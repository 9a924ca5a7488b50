from app.key_names import show_keys, with_keys
from app.keymap import Keymap, names_of
from app.scene import Message
from app.wording import text


def test_a_sentence_names_the_key_of_the_moment(monkeypatch):
    monkeypatch.setitem(__import__("app.sentences", fromlist=["SENTENCES"]).SENTENCES, "made.up", "{n}: {key[fit]}.")
    show_keys(names_of(Keymap()))
    assert text(Message("made.up", {"n": 3})) == "3: F."
    show_keys(names_of(Keymap("cvat")))
    assert text(Message("made.up", {"n": 3})) == "3: Shift+F."


def test_a_command_without_a_key_is_named_by_its_menu():
    show_keys(names_of(Keymap().with_keys("detect", ())))
    assert with_keys("Press {key[detect]}.") == "Press Detector > Detect."
    show_keys(names_of(Keymap()))
