"""Catalogues: what they say fits what the code asks; and the window in German."""

from __future__ import annotations

import json
import logging
import string

import pytest

from app.actions import COMMANDS
from app.keymap import Keymap, names_of
from app.labels import LABELS, LAYER_LABELS, SETTING_HELP, SETTING_LABELS, STAGE_LABELS
from app.places import TRANSLATIONS
from app.scene import Message
from app.sentences import SENTENCES
from app.translation import (
    ENGLISH,
    LANGUAGES,
    SOURCE,
    TABLES,
    Catalogue,
    chosen_language,
    read_catalogue,
    speak,
    spoken,
    tr,
)
from app.wording import layer_label, setting_label, setting_tooltip, stage_label, text
from tests.helpers.fixed_words import fixed_words

FIXED = fixed_words()
SOURCES = {
    "messages": SENTENCES | LABELS,
    "stages": STAGE_LABELS,
    "layers": LAYER_LABELS,
    "settings": SETTING_LABELS,
    "help": SETTING_HELP,
    "texts": {words: words for words in FIXED},
}
FOREIGN = [code for code in LANGUAGES if code != SOURCE]
ENTRIES = [
    (code, table, key, words)
    for code in FOREIGN
    for table in TABLES
    for key, words in read_catalogue(code).tables[table].items()
]


def placeholders(template):
    """(name, format) of all values, and the commands whose keys are named."""
    fields = [(name, spec, how) for _, name, spec, how in string.Formatter().parse(template) if name is not None]
    keys = {name[4:-1] for name, _, _ in fields if name.startswith("key[")}
    return sorted(each for each in fields if not each[0].startswith("key[")), keys


@pytest.fixture
def german():
    speak(read_catalogue("de"))
    yield
    speak(ENGLISH)


# -- the catalogues ----------------------------------------------------------------------------------------------------


def test_there_is_a_catalogue_for_every_language_and_no_other():
    assert sorted(path.stem for path in TRANSLATIONS.glob("*.json")) == sorted(FOREIGN)
    for code in FOREIGN:
        raw = json.loads((TRANSLATIONS / f"{code}.json").read_text(encoding="utf-8"))
        assert set(raw) == set(TABLES)
    assert len(ENTRIES) > 1000


def test_nothing_is_translated_that_is_not_said_any_more():
    assert [(code, table, key) for code, table, key, _ in ENTRIES if key not in SOURCES[table]] == []


def test_translations_have_the_values_of_the_english():
    known = [each for each in ENTRIES if each[2] in SOURCES[each[1]]]
    wrong = [
        (code, key, words)
        for code, table, key, words in known
        if placeholders(words)[0] != placeholders(SOURCES[table][key])[0]
    ]
    assert wrong == []


def test_keys_that_translations_name_are_those_of_commands():
    ids = {command.id for command in COMMANDS}
    assert [(key, words) for _, _, key, words in ENTRIES if not placeholders(words)[1] <= ids] == []
    ours = [words for table in SOURCES.values() for words in table.values()]
    assert [words for words in ours if not placeholders(words)[1] <= ids] == []


def test_translations_end_as_the_english_does():
    """An ellipsis says that a question follows; sentences end with a stop, labels do not."""
    ends = ("…", ".", ":", "?")
    wrong = []
    for code, table, key, words in ENTRIES:
        english = SOURCES[table].get(key, words)
        is_same = [words.endswith(end) for end in ends] == [english.endswith(end) for end in ends]
        if not is_same and key != "ordinal":
            wrong.append((code, key, words))
    assert wrong == []


def test_what_is_not_translated_yet_is_said_in_english(record_property):
    """Lists it too: `pytest -s`, or the report."""
    for code in FOREIGN:
        catalogue = read_catalogue(code)
        speak(catalogue)
        for table in TABLES:
            missing = [key for key in SOURCES[table] if catalogue.find(table, key) is None]
            record_property(f"not translated, {code}, {table}", missing)
            print(f"{code}: {len(missing)} of {len(SOURCES[table])} {table} not translated: {missing}")
            assert len(missing) < len(SOURCES[table]) / 4
        assert tr("Nobody has translated this.") == "Nobody has translated this."
    speak(Catalogue("de", {}))
    assert text(Message("list.found", {"s": 0.93})) == "found 0.93"
    assert setting_label("proposals.nms_iou") == SETTING_LABELS["proposals.nms_iou"]


def test_every_fixed_word_is_one():
    assert len(FIXED) > 250
    assert "Open folder…" in FIXED
    assert "used in training only; does not change this model's detections" in FIXED


# -- reading them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "is_told"), [(None, True), (b"{", True), (b"[]", True), (b'{"messages": 3}', True), (b"\xff", True)]
)
def test_a_catalogue_that_cannot_be_read_is_english(tmp_path, caplog, content, is_told):
    caplog.set_level(logging.WARNING)
    if content is not None:
        (tmp_path / "de.json").write_bytes(content)
    assert read_catalogue("de", tmp_path) is ENGLISH
    assert ("de.json" in caplog.text) == is_told


def test_a_catalogue_may_lack_whole_tables(tmp_path):
    (tmp_path / "de.json").write_text('{"texts": {"Close": "Schließen"}}', encoding="utf-8")
    speak(read_catalogue("de", tmp_path))
    assert (tr("Close"), tr("Open")) == ("Schließen", "Open")
    assert spoken().language == "de"


@pytest.mark.parametrize(
    ("choice", "system", "code"),
    [
        ("system", ["de-AT", "de", "en"], "de"),
        ("system", ["fr-FR", "de-DE"], "de"),
        ("system", ["en-GB", "de-DE"], "en"),
        ("system", ["C"], "en"),
        ("system", [], "en"),
        ("de", ["en"], "de"),
        ("en", ["de"], "en"),
        ("klingon", ["de_CH"], "de"),
    ],
)
def test_the_language_is_the_chosen_one_else_that_of_the_system(choice, system, code):
    assert chosen_language(choice, system) == code


# -- German ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("german")
def test_sentences_labels_and_fixed_words_are_german():
    assert text(Message("list.found", {"s": 0.9312})) == "gefunden 0.93"
    assert stage_label("proposals") == "Vorschläge"
    assert layer_label("proposals.kept") == "Behalten, die anderen"
    assert setting_label("matching.working_score") == "Arbeits-Score"
    assert "Klassischer Wert 0.70, Bereich" in setting_tooltip("proposals.nms_iou")
    assert tr("Open folder…") == "Ordner öffnen…"


@pytest.mark.usefixtures("german")
def test_a_message_within_a_message_is_german_too():
    place = Message("ordinal", {"n": 312})
    kept = Message("count.kept", {"n": 300})
    box = Message("box.decoded", {})
    said = text(Message("cause.proposal_limit", {"box": box, "a": 0.8, "place": place, "only": kept}))
    assert said == "Seine dekodierte Box (IoU 0.800) kam nach der NMS als 312.; nur 300 bleiben."


@pytest.mark.usefixtures("german")
def test_a_command_without_a_key_is_named_by_its_german_menu():
    assert names_of(Keymap().with_keys("detect", ()))["detect"] == "Detektor > Detektieren"
