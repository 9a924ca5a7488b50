"""The commands that need no window: `inspect` and `models`; the others stand in `app.*_command`. No Qt.

Results go to stdout or --out, progress and messages to stderr. Exit codes: 0 done, 1 some inputs failed (each named),
2 a wrong call. Nobody sees a traceback; the log file keeps it.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import logging
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, cast

from tqdm import tqdm

from app.document import Document, picture_warnings, read_objects
from app.log import start_log
from app.places import SAMPLES, is_case
from app.scene import Stage, ViewOptions
from detector.config import Settings, SettingsError
from detector.datasets import DatasetError, open_dataset, read_image
from detector.datasets.files import write_atomic
from detector.trace import Cause, Outcome

if TYPE_CHECKING:
    from detector.pipeline import Network
    from detector.trace import Trace

log = logging.getLogger("boxscope")

DONE, SOME_FAILED, WRONG_CALL, INTERRUPTED = 0, 1, 2, 130

PICTURES: tuple[Stage, ...] = ("anchors", "assignment", "proposals", "detections")

_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class WrongCallError(Exception):
    """The call cannot be carried out; the message is one sentence."""


class FetchBar:
    """A bar on stderr while a model's weights are fetched; none where they are on the disk already."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._bar: Any = None

    def __enter__(self) -> FetchBar:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, done: int, total: int) -> None:
        """So many bytes of all are there."""
        if self._bar is None:
            self._bar = tqdm(
                desc=f"fetching {self._name}", total=total or None, unit="B", unit_scale=True, file=sys.stderr
            )
        self._bar.update(done - self._bar.n)


class Task(NamedTuple):
    """One image to inspect, and the name its files get."""

    path: Path
    name: str


def run(arguments: argparse.Namespace) -> int:
    """Carry out a command; the exit code."""
    start_log()
    try:
        if arguments.command == "models":
            return models()
        if arguments.command == "train":
            from app.train_command import train

            return train(arguments)
        if arguments.command == "evaluate":
            from app.evaluate_command import evaluate

            return evaluate(arguments)
        if arguments.command in ("convert", "check"):
            return _with_files(arguments)
        if arguments.case is not None:
            from app.case_command import inspect_case

            return inspect_case(arguments)
        return inspect(arguments)
    except WrongCallError as error:
        tell(str(error))
        return WRONG_CALL
    except KeyboardInterrupt:
        tell("Stopped.")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of stdout has gone, as in `| head`
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # Python flushes it at exit
        return SOME_FAILED
    except Exception as error:
        log.exception("%s failed", arguments.command)
        tell(f"{arguments.command} failed: {first_line(error)}")
        return SOME_FAILED


def _with_files(arguments: argparse.Namespace) -> int:
    """What is done to annotation files."""
    if arguments.command == "check":
        from app.check_command import run_check

        return run_check(arguments)
    from app.convert_command import run_convert

    return run_convert(arguments)


def tell(sentence: str) -> None:
    """A line on stderr, past the progress bar."""
    tqdm.write(sentence, file=sys.stderr)


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def inspect(arguments: argparse.Namespace) -> int:
    """Run the detector on every image and write what each stage did."""
    tasks, failed = _tasks(arguments.inputs)
    _check_ground_truth(arguments.ground_truth, tasks)
    make_folder(arguments.out)
    if not tasks:
        return SOME_FAILED
    model, settings = load_chosen(arguments)
    for task in tqdm(tasks, desc="inspect", unit="image", file=sys.stderr, disable=len(tasks) < 2):
        try:
            _inspect_one(task, arguments, model, settings)
        except Exception as error:
            failed += 1
            tell_failure(task.path, error)
    return SOME_FAILED if failed else DONE


def tell_failure(path: Path, error: Exception, done: str = "inspected") -> None:
    """One image could not be inspected, or evaluated; what has no sentence of its own goes to the log too."""
    if isinstance(error, DatasetError | SettingsError):
        tell(str(error))
        return
    log.error("%s could not be %s", path, done, exc_info=error)
    tell(f"'{path}' could not be {done}: {first_line(error)}")


def _tasks(inputs: Iterable[Path]) -> tuple[list[Task], int]:
    """Every image once, each with a name of its own for its files; and how many inputs could not be used."""
    paths: dict[Path, Path] = {}
    failed = 0
    for given in inputs:
        if is_case(given) and given.is_file():
            tell(f"'{given}' is a saved case, not an image: inspect --case '{given}' explains it.")
            failed += 1
            continue
        try:
            files, errors = open_dataset(given).image_files()
        except DatasetError as error:
            files, errors = [], [error]
        failed += len(errors)
        for missing in errors:
            tell(str(missing))
        for path in map(Path, files):
            paths.setdefault(path.resolve(), path)
    return _named(list(paths.values())), failed


def _named(paths: list[Path]) -> list[Task]:
    """The stem; where another image has it already, the stem with a number that no image has."""
    # Compared without case: a.json and A.json are one file on macOS and Windows.
    stems = {path.stem.casefold() for path in paths}
    taken: set[str] = set()
    tasks: list[Task] = []
    for path in paths:
        name, number = path.stem, 1
        while name.casefold() in taken or (number > 1 and name.casefold() in stems):
            number += 1
            name = f"{path.stem}-{number}"
        if name != path.stem:
            tell(f"Another image is called {path.stem} too; '{path}' is written as {name}.")
        taken.add(name.casefold())
        tasks.append(Task(path, name))
    return tasks


def _check_ground_truth(where: Path | None, tasks: list[Task]) -> None:
    if where is None:
        return
    if not where.exists():
        raise WrongCallError(f"There is no ground truth '{where}'.")
    if where.is_file() and len(tasks) > 1:
        raise WrongCallError(f"'{where}' is the ground truth of one image, but {len(tasks)} are to be inspected.")


def make_folder(folder: Path) -> None:
    """The folder, where it is not there yet.

    Raises:
        WrongCallError: where it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongCallError(f"The folder '{folder}' cannot be made: {error.strerror or error}.") from error
    if not os.access(folder, os.W_OK):
        raise WrongCallError(f"The folder '{folder}' cannot be written: permission denied.")


def load_chosen(arguments: argparse.Namespace) -> tuple[Network, Settings]:
    """The model of the call, and its settings as changed by it.

    Raises:
        WrongCallError: where there is no such model, or it cannot be used with these settings.
    """
    model = load_model(arguments.model, arguments.weights, arguments.device)
    settings = changed_settings(model.settings, arguments.settings)
    _check_fit(model, settings)
    return model, settings


def load_model(name: str, weights: str, device: str) -> Network:
    """The model of --model, --weights and --device.

    Raises:
        WrongCallError: where there is none, in one sentence.
    """
    from detector.models import WeightsError, load

    chosen = None if weights == "none" else weights
    try:
        if not _FUNCTION.fullmatch(name):
            with FetchBar(name) as bar:
                return cast("Network", load(name, device, chosen, report=bar.show))
        made = _call(name)
        if all(hasattr(made, part) for part in ("info", "features", "rpn", "head")):
            network: Network = made
            return network
        from torch import nn

        if not isinstance(made, nn.Module):
            raise WrongCallError(f"{name} gave a {type(made).__name__}, not a model.")
        return cast("Network", load(made, device, chosen))
    except WeightsError as error:
        raise WrongCallError(str(error)) from error


def _call(name: str) -> Any:
    """What the user's own function gives; only what was typed is ever run."""
    module_name, _, function_name = name.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        function = getattr(importlib.import_module(module_name), function_name)
    except ModuleNotFoundError as error:
        raise WrongCallError(f"The module of --model {name} cannot be imported: {first_line(error)}.") from error
    except AttributeError:
        raise WrongCallError(f"The module {module_name} has no function {function_name}.") from None
    except Exception as error:
        log.exception("importing %s", module_name)
        raise WrongCallError(f"Importing {module_name} failed: {first_line(error)}") from error
    try:
        return function()
    except Exception as error:
        log.exception("calling %s", name)
        raise WrongCallError(f"{name} failed: {first_line(error)}") from error


def changed_settings(settings: Settings, changes: list[str]) -> Settings:
    """Settings changed by --set.

    Raises:
        WrongCallError: naming the setting or the value.
    """
    try:
        for change in changes:
            settings = settings.with_text(change)
    except SettingsError as error:
        raise WrongCallError(str(error)) from error
    return settings


def _check_fit(model: Any, settings: Settings) -> None:
    """Settings that no image could be inspected with are a wrong call, not a failed input."""
    check = getattr(model, "check_settings", None)
    if check is None:
        return
    try:
        check(settings)
    except SettingsError as error:
        raise WrongCallError(str(error)) from error


def _inspect_one(task: Task, arguments: argparse.Namespace, model: Network, settings: Settings) -> None:
    from detector.pipeline import inspect as run_detector

    image = read_image(task.path)
    sample = read_objects(task.path, arguments.ground_truth)
    for warning in (*picture_warnings(task.path), *sample.warnings):
        tell(warning)
    trace = run_detector(model, image, sample.ground_truth, settings, file=str(task.path))
    document = Document(task.path, image, sample.ground_truth, sample.warnings)
    write_inspection(arguments.out, task.name, document, trace)
    tell(summary(task.name, trace))


def write_inspection(folder: Path, name: str, document: Document, trace: Trace) -> None:
    """The JSON and the pictures of one image.

    Raises:
        DatasetError: where they cannot be written.
    """
    content = json.dumps(trace.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    write_atomic(folder / f"{name}.json", content.encode())
    for stage, picture in pictures(document, trace).items():
        write_atomic(folder / f"{name}.{stage}.png", picture)


def pictures(document: Document, trace: Trace) -> dict[str, bytes]:
    """A PNG for each stage there is something to show of."""
    from app.picture import draw_scene
    from app.scene_builder import build_scene
    from detector.memo import Memo

    memo = Memo()
    made: dict[str, bytes] = {}
    for stage in PICTURES:
        if stage == "assignment" and trace.assignment is None:
            continue
        scene = build_scene(document, trace, _options(stage, trace), memo=memo)
        buffer = io.BytesIO()
        draw_scene(scene, document.image).save(buffer, "PNG")
        made[stage] = buffer.getvalue()
    return made


def _options(stage: Stage, trace: Trace) -> ViewOptions:
    """A picture has no cursor: the anchors of the cell in the middle stand for all."""
    if stage == "anchors":
        height, width = trace.evidence.first.grid.feature_hw
        return ViewOptions(stage, hover_cell=(width // 2, height // 2))
    return ViewOptions(stage)


def summary(name: str, trace: Trace) -> str:
    """What was found, in one line."""
    from app.scene_frame import Frame

    drawn = Frame(trace).judged
    kept = f"{len(trace.proposals.kept):,} proposals, {len(drawn):,} detections"
    if trace.judgement is None:
        return f"{name}: {kept}; no ground truth."
    # Difficult ones, crowds and those of classes the model does not know are not counted anywhere else either.
    counted = [
        str(each.outcome)
        for each in trace.judgement.objects
        if each.outcome is not Outcome.IGNORED and each.cause is not Cause.UNKNOWN_CLASS
    ]
    unknown = counted.count("pending")  # only where a case is followed beyond what its network saw
    waits = f", {unknown} not known" if unknown else ""
    return f"{name}: {kept}; {counted.count('found')} of {len(counted)} objects found{waits}."


def inspect_samples(problem: str, paths: list[Path]) -> int:
    """What the window command does where there is no display."""
    from app.command_line import parse

    inputs = [str(path) for path in paths] or [str(SAMPLES)]
    out = Path("boxscope-inspection")
    what = "the paths given" if paths else "the samples"
    tell(f"{problem}, so no window can be shown; inspecting {what} into ./{out} instead.")
    wanted = [f"--case={inputs[0]}"] if len(paths) == 1 and is_case(paths[0]) else ["--", *inputs]
    arguments = parse(["inspect", "--out", str(out), *wanted], "")
    return run(arguments)


def _ready(name: str, available: bool) -> str:
    return "yes" if available else "no (528 MB to fetch)" if name == "vgg16" else "no"


def models(stream: TextIO | None = None) -> int:
    """A table of the models that can be chosen by name."""
    from detector.models import list_models

    rows = [("NAME", "CLASSES", "READY", "DESCRIPTION")]
    for entry in list_models():
        classes = ", ".join(entry.classes) if len(entry.classes) <= 4 else f"{len(entry.classes)} classes"
        rows.append((entry.name, classes or "-", _ready(entry.name, entry.available), entry.description))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        (stream or sys.stdout).write("  ".join([*cells, row[3]]) + "\n")
    return DONE
