"""The explanation: the whole life of the selected object or box. Everything in it can be clicked or copied."""

from __future__ import annotations

from PySide6.QtCore import QMetaMethod, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QGuiApplication, QResizeEvent, QTextCursor, QTextDocument, QTextOption
from PySide6.QtWidgets import QMenu, QSizePolicy, QTextBrowser, QVBoxLayout, QWidget

from app.key_names import with_keys
from app.panels.details_text import SCORES, Shown, details_html, details_plain, outcome_text, ref_of
from app.panels.panel_header import PanelHeader
from app.panels.shape_strip import ShapeStrip
from app.scene import Details, Remedies, RemedyLine, Scene
from app.settings_text import detectron2_text, torchvision_text
from app.theme import BASE_PX, SMALL_PX, Theme, dark_theme, scaled, ui_font
from app.translation import later, tr
from app.wording import text
from detector.config import Settings

NOTHING = later(
    "Click an object or a box to read how it came about, or press {key[next_wrong]} for the next missed object or "
    "false positive."
)


class DetailsPanel(QWidget):
    """What became of the selected thing, and why.

    Signals:
        picked(object): the `Ref` behind a link or a shape.
        remedy_tried(str, object): a setting (GROUP.NAME) is to have a value.
        count_requested(str, object): what that would do to the whole folder.
        count_cancelled(): no longer.
        accept_requested(object): the `Ref` of a detection that is to be ground truth.
    """

    picked = Signal(object)
    remedy_tried = Signal(str, object)
    count_requested = Signal(str, object)
    count_cancelled = Signal()
    accept_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = dark_theme()
        self._details: Details | None = None
        self._remedies: Remedies | None = None
        self._settings = self._defaults = Settings()
        self._folds: dict[str, bool] = {}
        self._drawn = ""
        self.header = PanelHeader(tr("Explanation"), self)
        self.copy_button = self.header.add_button(tr("Copy"), tr("Copy the explanation or the settings"))
        self.copy_menu = self._make_copy_menu()
        self.copy_button.setMenu(self.copy_menu)
        self.copy_button.setStyleSheet("padding-right: 16px;")  # room for the arrow
        # What became of it is read whole; the title gives way.
        self.header.note.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        self.browser = QTextBrowser(self)
        self.browser.setOpenLinks(False)
        self.browser.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.browser.setWordWrapMode(QTextOption.WrapMode.WordWrap)
        self.browser.setAccessibleName(tr("Explanation of the selected object or box"))
        self.browser.document().setDocumentMargin(0)
        self.browser.setViewportMargins(12, 0, 8, 0)
        self.browser.anchorClicked.connect(self._on_link)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 6)
        layout.setSpacing(2)
        self.strip = ShapeStrip(self)
        self.strip.picked.connect(self.picked)
        layout.addWidget(self.header)
        layout.addWidget(self.strip)
        layout.addWidget(self.browser, 1)
        self._draw()

    # -- what it shows -------------------------------------------------------------------------------------------------

    def show_scene(self, scene: Scene) -> None:
        """Draw the explanation; the place one has scrolled to stays for the same thing."""
        self.strip.show_cells(scene.cells, scene.selected)
        if scene.details is None and self._details is None:
            return
        same = scene.details is not None and self._details is not None and scene.details.ref == self._details.ref
        self._details = scene.details
        self._draw(keep_place=same)

    @property
    def remedies(self) -> Remedies | None:
        """What would find the object that was asked about last."""
        return self._remedies

    @Slot(object)
    def show_remedies(self, remedies: Remedies | None) -> None:
        """What would find the object they are about, as far as that is known; shown while it is selected."""
        self._remedies = remedies
        if self._details is not None:
            self._draw(keep_place=True)

    @Slot(object, object)
    def show_settings(self, settings: Settings, defaults: Settings) -> None:
        """The settings that can be copied, and the model's own."""
        self._settings, self._defaults = settings, defaults

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._theme = theme
        self.strip.set_theme(theme)
        self._drawn = ""
        self._draw(keep_place=True)

    def plain_text(self) -> str:
        """What "Copy explanation" copies; "" where nothing is explained."""
        return "" if self._details is None else details_plain(self._details.explanation, self._remedies_here())

    # -- copying -------------------------------------------------------------------------------------------------------

    def _make_copy_menu(self) -> QMenu:
        menu = QMenu(self)
        self.copy_explanation = menu.addAction(tr("Copy explanation as text"))
        self.copy_explanation.triggered.connect(self.copy)
        menu.addSeparator()
        self.copy_torchvision = menu.addAction(tr("Copy settings as torchvision arguments"))
        self.copy_torchvision.triggered.connect(self._on_copy_torchvision)
        self.copy_detectron2 = menu.addAction(tr("Copy settings as detectron2 keys"))
        self.copy_detectron2.triggered.connect(self._on_copy_detectron2)
        return menu

    @Slot()
    def copy(self) -> None:
        """The explanation as plain text to the clipboard."""
        if self._details is not None:
            QGuiApplication.clipboard().setText(self.plain_text())

    @Slot()
    def _on_copy_torchvision(self) -> None:
        QGuiApplication.clipboard().setText(torchvision_text(self._settings, self._defaults))

    @Slot()
    def _on_copy_detectron2(self) -> None:
        QGuiApplication.clipboard().setText(detectron2_text(self._settings, self._defaults))

    # -- drawing -------------------------------------------------------------------------------------------------------

    def _draw(self, keep_place: bool = False) -> None:
        details, theme = self._details, self._theme
        self._draw_header()
        if details is None:
            html = f'<p style="color:{theme.muted.name()}">{with_keys(tr(NOTHING))}</p>'
        else:
            html = details_html(details, self._colours(), self._shown())
        bar = self.browser.verticalScrollBar()
        at = bar.value() if keep_place else 0
        if html != self._drawn:  # whoever has marked a piece of the same text keeps the mark
            self._drawn = html
            focused = self._focused_link() if keep_place else ""
            self.browser.setFont(ui_font(SMALL_PX))
            self.browser.document().setDefaultStyleSheet(
                f"a {{ color: {theme.accent.name()}; text-decoration: none; }} "
                f"p.lead {{ font-size: {scaled(BASE_PX)}px; }}"
            )
            self.browser.setHtml(html)
            self._focus_link(focused)
        bar.setValue(at)

    def _draw_header(self) -> None:
        details, header = self._details, self.header
        self.copy_explanation.setEnabled(details is not None)
        header.title.setText(tr("Explanation") if details is None else text(details.explanation.title))
        header.note.setText("" if details is None else outcome_text(details.explanation))
        colour = self._theme.role(None if details is None else details.role).name()
        header.note.setStyleSheet(f"color: {colour}; font-weight: 600;")
        hint = "" if details is None or details.ref is None else with_keys(tr("{key[deselect]} deselects"))
        header.title.setToolTip("\n".join(line for line in (header.title.text(), hint) if line and details is not None))
        header.note.setToolTip(header.note.text().capitalize())

    def _colours(self) -> dict[str, str]:
        theme = self._theme
        return {
            "text": theme.text.name(),
            "muted": theme.muted.name(),
            "accent": theme.accent.name(),
            "good": theme.good.name(),
            "bad": theme.error.name(),
            "track": theme.line.name(),
            "card": theme.field.name(),
        }

    def _shown(self) -> Shown:
        listens = self.isSignalConnected(QMetaMethod.fromSignal(self.accept_requested))
        elsewhere = frozenset({"cell"} if self.strip.rows else ())
        return Shown(self._folds, self._remedies_here(), listens, elsewhere)

    def _remedies_here(self) -> Remedies | None:
        """Those of the thing on show."""
        if self._remedies is None or self._details is None or self._details.ref != self._remedies.ref:
            return None
        return self._remedies

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Half of the header is the title's."""
        super().resizeEvent(event)
        self.header.note.setMaximumWidth(self.width() // 2)

    # -- the keyboard --------------------------------------------------------------------------------------------------

    def _focused_link(self) -> str:
        """The link that the Tab key has reached."""
        cursor = self.browser.textCursor()
        return cursor.charFormat().anchorHref() if self.browser.hasFocus() and cursor.hasSelection() else ""

    def _focus_link(self, link: str) -> None:
        """Put the keyboard back on a link of the text that has just been drawn."""
        found = _range_of(self.browser.document(), link) if link else None
        if found is None:
            return
        cursor = self.browser.textCursor()
        cursor.setPosition(found[0])
        cursor.setPosition(found[1], QTextCursor.MoveMode.KeepAnchor)
        self.browser.setTextCursor(cursor)

    # -- what a person does --------------------------------------------------------------------------------------------

    @Slot(QUrl)
    def _on_link(self, url: QUrl) -> None:
        scheme, _, rest = url.toString().partition(":")
        line = self._line(rest) if scheme in ("try", "count") else None
        ref = ref_of(url.toString())
        if ref is not None:
            self.picked.emit(ref)
        elif scheme == "fold":
            self._toggle(rest)
        elif scheme == "accept" and self._details is not None and self._details.ref == ref_of(f"detection:{rest}"):
            self.accept_requested.emit(self._details.ref)
        elif scheme == "stop":
            self.count_cancelled.emit()
        elif line is not None:
            (self.remedy_tried if scheme == "try" else self.count_requested).emit(line.key, line.value)

    def _line(self, key: str) -> RemedyLine | None:
        remedies = self._remedies_here()
        lines = () if remedies is None else remedies.lines
        return next((line for line in lines if line.key == key), None)

    def _toggle(self, fold: str) -> None:
        """Fold or unfold a part; the next thing's part of this kind will be so too."""
        if self._details is None:
            return
        told = self._details.explanation
        first = {SCORES: False} | {section.id: section.is_open for section in told.sections}
        if fold in first:
            self._folds[fold] = not self._folds.get(fold, first[fold])
            self._draw(keep_place=True)


def _range_of(document: QTextDocument, link: str) -> tuple[int, int] | None:
    """Where the text of a link begins and ends."""
    block = document.begin()
    while block.isValid():
        piece = block.begin()
        while not piece.atEnd():
            fragment = piece.fragment()
            if fragment.charFormat().anchorHref() == link:
                return fragment.position(), fragment.position() + fragment.length()
            piece += 1
        block = block.next()
    return None
