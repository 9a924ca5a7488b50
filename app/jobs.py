"""What is asked of the threads and what they answer: immutable snapshots. No Qt, no torch.

Every request carries a number; answers repeat it, so that an answer to an outdated question can be dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.document import Document
from app.edit import Edit
from app.replayed import Replayed
from app.scene import Ints, Ref, Scene, ViewOptions
from app.selection import Selection
from detector.config import Settings
from detector.datasets.stores import Stores
from detector.evidence import Evidence, ModelInfo
from detector.trace import Trace


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model, and where it computes. `weights` is "default", "none" or a file, as on the command line."""

    name: str
    weights: str = "default"
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class LoadModel:
    """Make a model ready."""

    number: int
    choice: ModelChoice


@dataclass(frozen=True, slots=True, eq=False)
class Detect:
    """Run the network on an image."""

    number: int
    document: Document
    settings: Settings


@dataclass(frozen=True, slots=True, eq=False)
class Complete:
    """Run the head on rows it has not seen."""

    number: int
    document: Document
    evidence: Evidence
    rows: Ints


@dataclass(frozen=True, slots=True, eq=False)
class FindRemedies:
    """Look for what would have found a missed object of the trace that is on show.

    Attributes:
        known: settings that were looked through before.
    """

    number: int
    document: Document
    trace: Trace
    object: int
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class CountOn:
    """What other settings do to an image of the folder.

    Attributes:
        stores: where its objects are.
        edit: what a person has made of them and no file says; None for nothing.
    """

    number: int
    path: Path
    before: Settings
    after: Settings
    stores: Stores
    edit: Edit | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ReplayBatch:
    """Draw the training mini-batches of the image that is on show, and what each row of them costs."""

    number: int
    document: Document
    trace: Trace


Study = FindRemedies | ReplayBatch | CountOn
"""Work that nobody waits for: it gives way to every other request."""

NetworkRequest = LoadModel | Detect | Complete | Study


@dataclass(frozen=True, slots=True, eq=False)
class ModelReady:
    """A model that can be asked.

    Attributes:
        settings: those it was trained with.
        quick: detection may start by itself.
        device: where it really computes: "cpu", "cuda", "mps".
        devices: what may be chosen on this machine, "auto" first.
    """

    choice: ModelChoice
    info: ModelInfo
    settings: Settings
    quick: bool
    device: str = "cpu"
    devices: tuple[str, ...] = ("auto", "cpu")


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """What the network said.

    Attributes:
        choice: the model that said it; by now another one may be chosen.
        finished: the head has seen every proposal of the request's settings.
        milliseconds: of the whole pass so far.
    """

    choice: ModelChoice
    document: Document
    evidence: Evidence
    finished: bool
    milliseconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Follow:
    """Make a scene.

    Attributes:
        evidence: None where the network has not seen the image.
        stale: the evidence is of another model or of other settings.
        replayed: the mini-batches known last, perhaps of another draw.
    """

    number: int
    document: Document | None
    evidence: Evidence | None
    settings: Settings
    options: ViewOptions
    stale: bool
    selection: Selection | None = None
    replayed: Replayed | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """A scene with the trace it shows."""

    request: Follow
    trace: Trace | None
    scene: Scene


@dataclass(frozen=True, slots=True)
class OpenPaths:
    """List the images of files and folders."""

    number: int
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class ReadImage:
    """Read one image, and afterwards its neighbours ahead of time."""

    number: int
    path: Path
    neighbours: tuple[Path, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SaveCase:
    """Write what is on show as a case.

    Attributes:
        document: with the objects that the trace was judged by.
        selected: in this trace.
    """

    number: int
    path: Path
    document: Document
    trace: Trace
    selected: Ref | None


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A short piece of work for the saving thread, after all that is to be written before.

    Attributes:
        run: done there; what it returns is the answer.
        doing: in words, for the sentence of an unexpected error.
    """

    number: int
    run: Callable[[], object]
    doing: str


@dataclass(frozen=True, slots=True, eq=False)
class Folder:
    """The images that were opened.

    Attributes:
        name: what people call it.
        files: paths as text, in natural order of their names; 100,000 `Path`s would take half a second.
        first: the one to show.
        problems: a sentence for each path that could not be opened.
        is_whole: one folder was asked for, not an image.
    """

    name: str
    files: tuple[str, ...]
    first: Path | None
    problems: tuple[str, ...] = ()
    is_whole: bool = False
