"""What may be typed after `python main.py`: the window's paths, or a command. Imports nothing heavy."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path

from app.places import DEFAULT_MODEL, MODELS

COMMANDS = {
    "inspect": "run the detector on images and write what every stage did, as JSON and pictures",
    "evaluate": "run the detector on a dataset and write how good it is, as JSON",
    "train": "train a model on a dataset and write its weights",
    "convert": "write a dataset in another format: VOC, COCO or YOLO",
    "check": "find what is wrong with a dataset's annotations, and put it right where asked to",
    "models": "list the models that can be chosen by name",
}

_EPILOG = "commands (python main.py COMMAND --help says more):\n" + "\n".join(
    f"  {name:<10}{about}" for name, about in COMMANDS.items()
)


def parse(arguments: list[str], version: str) -> argparse.Namespace:
    """The arguments with `command`: "window" or one of COMMANDS. A wrong call ends the process with 2."""
    if arguments and arguments[0] in COMMANDS:
        name, about = arguments[0], COMMANDS[arguments[0]]
        parser = argparse.ArgumentParser(prog=f"main.py {name}", description=f"{about[:1].upper()}{about[1:]}.")
        _ADD[name](parser)
        found = parser.parse_args(arguments[1:])
        if name == "inspect":
            _check_inspect(parser, found)
        found.command = name
        return found
    parser = argparse.ArgumentParser(
        prog="main.py",
        description="See inside an object detector, and why it misses objects. Without a command: the window.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    about = "images, folders or cases; none: the samples"
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=about)
    parser.add_argument("--version", action="version", version=f"boxscope {version}")
    found = parser.parse_args(arguments)
    _refuse_mistyped(parser, found.paths)
    found.command = "window"
    return found


def _refuse_mistyped(parser: argparse.ArgumentParser, paths: list[Path]) -> None:
    """A command with a slip in it would be taken for a path, and what follows it opened."""
    if paths and not paths[0].exists():
        meant = difflib.get_close_matches(str(paths[0]), COMMANDS, n=1)
        if meant:
            parser.error(f"there is no command and no file '{paths[0]}'; did you mean '{meant[0]}'?")


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set", dest="settings", action="append", default=[], metavar="GROUP.NAME=VALUE",
        help="change a setting, such as detections.nms_iou=0.4; may be given more than once",
    )  # fmt: skip


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, metavar="NAME|FILE|MODULE:FUNCTION",
        help="a name from `models`, a .safetensors file, or a function of yours (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--weights", default="default", metavar="FILE|none", help="other weights; none: random ones")


def _add_split(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--split", metavar="NAME", help="of a VOC root or a data.yaml; otherwise all images")
    parser.add_argument("--images", type=Path, metavar="DIR", help="of a COCO json, where its images are")


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda or mps")


def _add_inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", nargs="*", type=Path, metavar="IMAGE|DIR")
    parser.add_argument(
        "--case", type=Path, metavar="FILE",
        help="instead of images: a case that was saved; what was selected is explained on stdout, no model is needed",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the files go; with --case they may be left out")
    parser.add_argument(
        "--ground-truth", type=Path, metavar="PATH",
        help="a VOC file, or a folder of them; otherwise looked for beside the images",
    )  # fmt: skip
    _add_model(parser)
    _add_device(parser)
    _add_settings(parser)


def _check_inspect(parser: argparse.ArgumentParser, found: argparse.Namespace) -> None:
    """Images and a place for what is found, or a case, which holds all that a model has said."""
    if found.case is None:
        missing = [name for name, value in (("IMAGE|DIR", found.inputs), ("--out", found.out)) if not value]
        if missing:
            parser.error(f"the following arguments are required: {', '.join(missing)} (or --case FILE)")
        return
    if found.inputs:
        parser.error(f"--case takes the place of images; '{found.inputs[0]}' cannot be inspected in the same call")
    for name in ("ground_truth", "model", "weights", "device"):
        if getattr(found, name) != parser.get_default(name):
            parser.error(f"--{name.replace('_', '-')} does nothing beside --case: a case holds its own")


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="a VOC root or a folder of annotated images")
    _add_split(parser)
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="where the figures go; otherwise to stdout")
    _add_model(parser)
    _add_device(parser)
    _add_settings(parser)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "datasets", nargs="+", type=Path, metavar="DATASET",
        help="a VOC root or a folder of annotated images; several are trained on together",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.safetensors", help="the weights")
    parser.add_argument("--backbone", choices=MODELS, help=f"default: that of --resume, or {DEFAULT_MODEL}")
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--weights", choices=("default", "none"),
        help="what a vgg16 starts from: ImageNet's (fetched once, 528 MB) or, with none, random ones",
    )  # fmt: skip
    start.add_argument(
        "--resume", type=Path, metavar="FILE.safetensors",
        help="go on with the training that wrote this file, where it was killed or stopped; "
        "where that was complete, begin another with its weights and another --out",
    )  # fmt: skip
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=_positive, metavar="N", help="rounds over all images (default: 40)")
    length.add_argument("--iterations", type=_positive, metavar="N", help="steps, instead of rounds")
    parser.add_argument("--seed", type=_seed, metavar="N", help="same seed, same machine, same weights (default: 0)")
    _add_split(parser)
    parser.add_argument("--batch-size", type=_positive, metavar="N", help="images a step (default: 4)")
    parser.add_argument(
        "--augmentation", choices=("none", "photo", "any_way_up"),
        help="how training images are changed: any_way_up turns them too, for smears and maps (default: photo)",
    )  # fmt: skip
    parser.add_argument(
        "--half-backbone", action="store_true", default=None,
        help="train the backbone in bfloat16: quicker on processors that have it, a little less exact",
    )  # fmt: skip
    parser.add_argument(
        "--save-every", type=_seconds, metavar="SECONDS",
        help="between two saves of weights and state (default: 60, or longer where a save takes long)",
    )  # fmt: skip
    _add_device(parser)
    _add_settings(parser)


def _add_convert(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", type=Path, metavar="SOURCE",
        help="a VOC root, a COCO json, a YOLO data.yaml, the folder of one, or a folder of annotated images",
    )  # fmt: skip
    parser.add_argument("--to", required=True, choices=("voc", "coco", "yolo"), help="the format")
    parser.add_argument("--out", type=Path, required=True, metavar="PATH", help="a folder that is new or empty")
    parser.add_argument("--split", metavar="NAME", help="only these images; otherwise all, with the splits they are in")
    parser.add_argument("--images", type=Path, metavar="DIR", help="of a COCO json, where its images are")
    parser.add_argument(
        "--files", choices=("copy", "link", "none"), default="copy",
        help="what happens to the image files (default: %(default)s); link takes no room on the same disk",
    )  # fmt: skip


def _add_check(parser: argparse.ArgumentParser) -> None:
    from detector.datasets.check_kinds import FIXABLE

    parser.add_argument(
        "dataset", type=Path, metavar="DATASET",
        help="a VOC root, a COCO json, a YOLO data.yaml, the folder of one, or a folder of annotated images",
    )  # fmt: skip
    _add_split(parser)
    parser.add_argument(
        "--classes", nargs="+", metavar="NAME",
        help="the classes that there should be; otherwise those that look mistyped are found",
    )  # fmt: skip
    parser.add_argument("--all", action="store_true", help="list every finding, not the first few of each kind")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all findings there too")
    parser.add_argument(
        "--fix", nargs="+", choices=FIXABLE, metavar="KIND",
        help=f"put findings right in the annotation files: {', '.join(FIXABLE)}",
    )  # fmt: skip


def _add_models(parser: argparse.ArgumentParser) -> None:
    del parser  # takes no arguments


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number


def _seed(text: str) -> int:
    """What both numpy and torch take."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number < 2**63:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 0 to 2**63 - 1")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not 0 or more")
    return number


_ADD = {
    "inspect": _add_inspect,
    "evaluate": _add_evaluate,
    "train": _add_train,
    "convert": _add_convert,
    "check": _add_check,
    "models": _add_models,
}
