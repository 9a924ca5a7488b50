"""The table of sentences and the code that speaks them: neither knows an id that the other does not."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from app.labels import LABELS
from app.sentences import SENTENCES

ROOT = Path(__file__).parents[2]


def is_table(path):
    return path.name.startswith("sentences_") or path.name == "labels.py"


SOURCES = (path for part in ("app", "detector") for path in (ROOT / part).rglob("*.py"))
FILES = sorted(path for path in SOURCES if not is_table(path))
TREES = [ast.parse(path.read_text(encoding="utf-8")) for path in FILES]
NODES = [node for tree in TREES for node in ast.walk(tree)]


def pattern(node):
    """What an id written as an f-string may become; None where nothing of it is fixed."""
    parts = [re.escape(part.value) if isinstance(part, ast.Constant) else "[a-z_]+" for part in node.values]
    fixed = isinstance(node.values[0], ast.Constant) and re.match(r"[a-z_]+\.", node.values[0].value)
    return "".join(parts) if fixed else None


CONSTANTS = {node.value for node in NODES if isinstance(node, ast.Constant) and isinstance(node.value, str)}
ENDINGS = [*(text for text in CONSTANTS if re.fullmatch(r"\.[a-z_]+", text)), ".label", ".tie", ".one"]
PATTERNS = {found for node in NODES if isinstance(node, ast.JoinedStr) and (found := pattern(node))}


def is_used(message_id):
    if message_id in CONSTANTS:
        return True
    begin = [message_id] + [message_id.removesuffix(end) for end in ENDINGS if message_id.endswith(end)]
    return any(begun in CONSTANTS or any(re.fullmatch(each, begun) for each in PATTERNS) for begun in begin)


def test_every_sentence_is_spoken():
    assert [each for each in SENTENCES if not is_used(each)] == []


def test_every_label_is_used():
    assert [each for each in LABELS if not is_used(each)] == []


def test_every_id_that_is_spoken_is_there():
    known = SENTENCES.keys() | LABELS.keys()
    spoken, missing = 0, []
    for node in NODES:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("say", "Message")):
            continue
        first = node.args[0]
        if isinstance(first, ast.Constant):
            spoken += 1
            missing += [first.value] if first.value not in known else []
        elif isinstance(first, ast.JoinedStr) and (wanted := pattern(first)):
            spoken += 1
            missing += [] if any(re.fullmatch(wanted, each) for each in known) else [wanted]
    assert spoken > 100
    assert missing == []


def test_nothing_is_named_twice():
    assert not SENTENCES.keys() & LABELS.keys()
    assert {each for each in LABELS if each.startswith(("cause.", "fate.", "false_positive.", "outcome."))} == set()
