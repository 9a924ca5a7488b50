"""What the README says is true: its library example runs, its calls can be made, its files and tests are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from app.command_line import COMMANDS, parse

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
CALLS = re.findall(r"^python main\.py (?:[^\n]*\\\n)*[^\n]*$", "\n".join(text for _, text in BLOCKS), re.MULTILINE)
PROMISES = README.split("## What we promise")[1]
NAMED_TESTS = re.findall(r"`(tests/[\w./]+)`", PROMISES)


def test_library_example_runs(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    (example,) = (text for language, text in BLOCKS if language == "python")
    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})
    first, second = capsys.readouterr().out.splitlines()
    assert int(first.split()[0]) > 0
    assert "'suppressed'" in second


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_shown(name):
    assert any(call.split()[2] == name for call in CALLS)


@pytest.mark.parametrize("call", [call for call in CALLS if "[" not in call and "|" not in call])
def test_calls_are_right_calls(call):
    words = shlex.split(call.replace("\\\n", " "), comments=True)[2:]
    assert parse(words, "0").command == words[0]


@pytest.mark.parametrize("call", [call for call in CALLS if "[" in call])
def test_named_options_exist(call, capsys):
    name = call.split()[2]
    with pytest.raises(SystemExit):
        parse([name, "--help"], "0")
    known = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out))
    assert set(re.findall(r"--[a-z][a-z-]+", call)) <= known


@pytest.mark.parametrize("place", sorted(set(re.findall(r"\]\((?!http)([^)#]+)\)", README))))
def test_links_lead_somewhere(place):
    assert (ROOT / place).exists()


@pytest.mark.parametrize("place", sorted(set(NAMED_TESTS)))
def test_promises_name_tests_that_hold_something(place):
    found = ROOT / place
    files = [found] if found.is_file() else sorted(found.rglob("test_*.py"))
    assert any("def test_" in file.read_text(encoding="utf-8") for file in files)
    assert len(NAMED_TESTS) >= 10
