"""What the window is about at this moment: the one place that is changed. No Qt, no torch; main thread only."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from app.annotating import Annotating
from app.document import Document
from app.edit import Edit
from app.jobs import ModelChoice, ModelReady
from app.replayed import Replayed
from app.scene import NmsCursor, Ref, Scene, Stage, ViewOptions, Workspace
from app.scene_layers import NMS_LAYERS, SPECS, layers_of
from app.selection import Selection, is_there, selection_of
from app.selection_history import SelectionHistory
from app.sentences import say
from app.session import Session
from app.sessions import Held, Sessions
from app.wording import text
from detector.config import Settings, settings_info
from detector.evidence import Evidence
from detector.trace import Trace

if TYPE_CHECKING:
    from detector.case import Case

EVIDENCE_BYTES = 64_000_000
"""What the network said stays at hand up to this size: going back to an image shows it at once. Some 200 images of the
compact model, 45 of the classic grid, 5 of a feature pyramid."""

_LAYERS = frozenset(spec.id for spec in SPECS) | frozenset(NMS_LAYERS)


@dataclass
class View:
    """What a person chose to see; `options` is the snapshot that goes to the follow thread.

    What was switched by hand stays with its stage: another stage starts from its own preset. So does stepping through
    its NMS: one who comes back goes on where the other stage was chosen.
    """

    stage: Stage = "detections"
    shown: dict[Stage, frozenset[str]] = field(default_factory=dict)
    hidden: dict[Stage, frozenset[str]] = field(default_factory=dict)
    selection: Selection | None = None
    hover_cell: tuple[int, int] | None = None
    isolate: bool = False
    hide_boxes: bool = False
    hide_labels: bool = False
    nms: dict[Stage, NmsCursor] = field(default_factory=dict)
    workspace: Workspace = "inspect"

    @property
    def options(self) -> ViewOptions:
        """The snapshot."""
        return ViewOptions(
            stage=self.stage,
            shown=self.shown.get(self.stage, frozenset()),
            hidden=self.hidden.get(self.stage, frozenset()),
            selected=None if self.selection is None else self.selection.ref,
            hover_cell=self.hover_cell,
            isolate=self.isolate,
            hide_boxes=self.hide_boxes,
            hide_labels=self.hide_labels,
            nms=self.nms.get(self.stage),
        )

    def toggle(self, layer_id: str, visible: bool) -> None:
        """Switch a layer, or all layers of a stage, on or off."""
        ids = frozenset((layer_id,)) if layer_id in _LAYERS else frozenset(layers_of(layer_id))
        if layer_id == self.stage and self.stage in self.nms:
            ids = frozenset(NMS_LAYERS)
        shown, hidden = self.options.shown, self.options.hidden
        self.shown[self.stage] = shown | ids if visible else shown - ids
        self.hidden[self.stage] = hidden - ids if visible else hidden | ids


class EvidenceStore:
    """What the network said of the images seen last, by image, model and evidence settings; bounded in bytes.

    A model is known by its choice and by what is in its weights' file: a file that was trained again is another model.
    """

    def __init__(self, max_bytes: int = EVIDENCE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._held: OrderedDict[tuple[Any, ...], Evidence] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, document: Document, choice: ModelChoice, sha256: str | None, settings: Settings) -> Evidence | None:
        """The evidence, now the most recently used; None where there is none.

        Args:
            sha256: of the model's weights, as in `ModelInfo`.
        """
        key = _key(document, choice, sha256, settings)
        if key in self._held:
            self._held.move_to_end(key)
        return self._held.get(key)

    def put(self, document: Document, choice: ModelChoice, evidence: Evidence) -> None:
        """Keep it; the least recently used ones leave until all fit. The newest always stays."""
        key = _key(document, choice, evidence.model.sha256, evidence.settings)
        self._held[key] = evidence
        self._held.move_to_end(key)
        while len(self._held) > 1 and sum(each.nbytes for each in self._held.values()) > self._max_bytes:
            self._held.popitem(last=False)


def _key(document: Document, choice: ModelChoice, sha256: str | None, settings: Settings) -> tuple[Any, ...]:
    values = tuple(settings.value(info.key) for info in settings_info() if info.evidence)
    return document.path, document.stamp, choice, sha256, values


def _changed_elsewhere(read: Document, session: Session) -> tuple[str, ...]:
    """A sentence where other programs have changed the files of an image that a person works on.

    That the annotation file belongs to another image is said already; one that is being written may be ours.
    """
    if session.knows(read) or session.num_writing or (read.stored is not None and read.stored.owner):
        return ()
    stored = None if read.stamp != session.picture else read.stored
    is_gone = stored is not None and stored.stamp is None
    path = read.path if stored is None else stored.path
    return (text(say("warning.removed_on_disk" if is_gone else "warning.changed_on_disk", path=str(path))),)


class Own(NamedTuple):
    """Settings of a person and the defaults of the model they are for."""

    settings: Settings
    defaults: Settings


@dataclass
class State:
    """Everything that is open, chosen and known.

    Attributes:
        settings: as they stand, some perhaps not yet in what is shown.
        defaults: the model's own.
        document: the open image, with what is not saved.
        read: the same as its files have it.
        sessions: what became of the objects of each image that was worked on; it is there again when the image is.
        case: what is on show is as this case holds it, said by a model that need not be here; None where a model of
            this process said it.
        own: while a case is on show, the person's own settings and the defaults of the chosen model; they hold again
            when it is left.
        evidence: what is on show, of `evidence_choice`'s model; None where the network has not seen the image.
        trace: what is on show.
        replayed: the training mini-batches known last; they may be of another draw than the trace's.
        history: what was selected on the open image.
        annotating: what a person has in hand in Annotate.
    """

    choice: ModelChoice
    settings: Settings = field(default_factory=Settings)
    defaults: Settings = field(default_factory=Settings)
    model: ModelReady | None = None
    document: Document | None = None
    read: Document | None = None
    sessions: Sessions = field(default_factory=Sessions)
    case: Case | None = None
    own: Own | None = None
    evidence: Evidence | None = None
    evidence_choice: ModelChoice | None = None
    trace: Trace | None = None
    replayed: Replayed | None = None
    scene: Scene | None = None
    view: View = field(default_factory=View)
    store: EvidenceStore = field(default_factory=EvidenceStore)
    history: SelectionHistory = field(default_factory=SelectionHistory)
    annotating: Annotating = field(default_factory=Annotating)

    def __post_init__(self) -> None:
        self.sessions.when_ended(self._on_ended)

    @property
    def stale(self) -> bool:
        """What is on show is of another model or of other evidence settings. A case is what it is."""
        if self.evidence is None or self.case is not None:
            return False
        return not self._is_by_model(self.evidence, self.evidence_choice) or not self.settings.same_evidence(
            self.evidence.settings
        )

    def _is_by_model(self, evidence: Evidence, choice: ModelChoice | None) -> bool:
        """The chosen model said it; while that one is being loaded, one of the same choice."""
        return choice == self.choice and (self.model is None or self.model.info.sha256 == evidence.model.sha256)

    @property
    def can_complete(self) -> bool:
        """The model at hand is the one that said what is on show, so that its head can say more.

        Weights that have no hash are taken for the same within one process, never from a case.
        """
        if self.model is None or self.evidence is None or self.stale:
            return False
        speaker = self.evidence.model
        return self.case is None or (speaker.sha256 is not None and self.model.info == speaker)

    @property
    def waits_for_good(self) -> bool:
        """What waits here is not seen by a head: the model of the case is not at hand."""
        return self.case is not None and not self.can_complete

    @property
    def own_settings(self) -> Own:
        """The person's settings with the defaults of the chosen model, also while a case shows others."""
        return self.own or Own(self.settings, self.defaults)

    def keep_own(self, settings: Settings, defaults: Settings) -> None:
        """Other settings of the person; while a case is on show they wait for its end."""
        if self.own is not None:
            self.own = Own(settings, defaults)
        else:
            self.settings, self.defaults = settings, defaults

    def leave_case(self) -> None:
        """What a case holds is no longer what is asked for; its settings go with it."""
        if self.own is not None:
            self.settings, self.defaults = self.own
            self.case, self.own = None, None

    def _show_case(self, case: Case) -> None:
        """Image, objects and what was said of them stand in the case, and so do settings and selection."""
        self.own = self.own_settings
        self.case = case
        self.settings = self.defaults = case.trace.settings
        self.evidence, self.evidence_choice = case.trace.evidence, None
        self.view.selection = selection_of(case.selected, case.trace)
        self.history.visit(self.view.selection)

    def open(self, document: Document | None) -> None:
        """Another image; boxes of the one before have no place on it. What was changed in it and not saved is back.

        A case brings its settings with it; those of the person are back with the next image.
        """
        self.leave_case()
        self.read = document
        session = self.session
        if document is not None and session is not None and session.is_settled and not session.knows(document):
            self.sessions.end(document.path)  # somebody else's work, and nothing of ours is lost
        elif document is not None and session is not None:
            session.follow(document)
        self._show_edit()
        self.evidence, self.trace = None, None
        self.view.selection, self.view.hover_cell = None, None
        self.history.clear()
        self.view.nms = dict.fromkeys(self.view.nms, NmsCursor(step=0))
        self.annotating.choose(())
        if document is not None and document.case is not None:
            self._show_case(document.case)
        else:
            self.recall()

    @property
    def edits(self) -> dict[Path, Edit]:
        """Images with something of a person's that their files do not say, and all their objects."""
        return self.sessions.edits

    def held(self, path: Path) -> Held | None:
        """An image in hand, see `in_hand`; None where it is not."""
        return self.sessions.held(path, self.document)

    @property
    def in_hand(self) -> dict[Path, Held]:
        """Images of which it counts what a person sees here, not what their files say: the open one is among them."""
        return self.sessions.in_hand(self.document)

    @property
    def session(self) -> Session | None:
        """Of the open image, if a person has worked on it."""
        return None if self.read is None else self.sessions.get(self.read.path)

    def edit(self, path: Path, edit: Edit) -> bool:
        """Other objects of an image.

        Returns:
            True where that image is the open one; only there a session can begin.
        """
        is_open = self.read is not None and self.read.path == path
        session = self.sessions.begin(self.read) if self.read is not None and is_open else self.sessions.get(path)
        if session is not None:
            # An id that was given out is not given again, also where that object was taken back: a file may know it.
            session.edit = replace(edit, next_id=max(edit.next_id, session.edit.next_id))
        if is_open:
            self._show_edit()
        return is_open

    def _on_ended(self, path: Path) -> None:
        """What an image's files say counts again."""
        if self.read is not None and self.read.path == path:
            self._show_edit()

    def _show_edit(self) -> None:
        read, session = self.read, self.session
        if read is None or session is None:
            self.document = read
            return
        self.document = replace(read, warnings=(*read.warnings, *_changed_elsewhere(read, session))).with_edit(
            session.edit
        )

    def take(self, document: Document, evidence: Evidence, choice: ModelChoice, is_asked: bool = True) -> bool:
        """What a model said: kept in any case, and shown where it fits.

        Args:
            is_asked: it is what is being waited for; only that takes the place of what a case holds.

        Returns:
            False where it is not shown: about another image than the open one, of another model than the chosen one, or
            of settings that have changed back since, so that what is on show is right already.
        """
        if document.holds(evidence):
            return self._take_more(evidence)
        self.store.put(document, choice, evidence)
        if not document.shows_same_picture(self.document) or not self._is_by_model(evidence, choice):
            return False
        if self.case is not None:
            if not is_asked:
                return False
            self.leave_case()
        fits = self.settings.same_evidence(evidence.settings)
        if not fits and self.evidence is not None and not self.stale:
            return False
        self.evidence, self.evidence_choice = evidence, choice
        return True

    def _take_more(self, evidence: Evidence) -> bool:
        """More of what the model of a case says."""
        fits = self.case is not None and self.evidence is not None and self.evidence.first is evidence.first
        if fits:
            self.evidence = evidence
        return fits

    def recall(self) -> bool:
        """Show what is known already of the open image by this model and these settings; False where nothing is."""
        if self.document is None or self.model is None:
            return False
        known = self.store.get(self.document, self.choice, self.model.info.sha256, self.settings)
        if known is None:
            return False
        self.evidence, self.evidence_choice = known, self.choice
        return True

    def select(self, ref: Ref | None) -> None:
        """Select what was picked on the shown scene."""
        self.view.selection = selection_of(ref, self.trace)
        self.history.visit(self.view.selection)
        objects = None if self.document is None else self.document.objects
        is_object = objects is not None and ref is not None and ref.kind == "object" and 0 <= ref.row < len(objects)
        self.annotating.choose((objects.ids[ref.row],) if is_object and objects and ref else ())

    def can_reselect(self, by: int) -> bool:
        """Something was selected before (-1), or after that (+1), and is still there."""
        return self.history.step_to(by, self._is_there) is not None

    def reselect(self, by: int) -> bool:
        """Select it; False where there is nothing."""
        found = self.history.move(by, self._is_there)
        if found is not None:
            self.view.selection = found
        return found is not None

    def _is_there(self, selection: Selection) -> bool:
        return is_there(selection, self.trace, 0 if self.document is None else len(self.document.objects))
