"""The explanation: the whole life of the selected object or box. Everything in it can be clicked or copied."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QGuiApplication, QTextOption
from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from app.panels.details_text import details_html, details_plain, ref_of
from app.panels.panel_header import PanelHeader
from app.panels.shape_strip import ShapeStrip
from app.scene import Details, Scene
from app.theme import BASE_PX, SMALL_PX, Theme, dark_theme, scaled, ui_font
from app.wording import text

NOTHING = "Click an object or a box to read how it came about, or press M for the next missed object or false positive."


class DetailsPanel(QWidget):
    """What became of the selected thing, and why.

    Signals:
        picked(object): the `Ref` behind a link or a shape.
    """

    picked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = dark_theme()
        self._details: Details | None = None
        self.header = PanelHeader("Explanation", self)
        self.copy_button = self.header.add_button("copy", "Copy the explanation as text")
        self.copy_button.clicked.connect(self.copy)
        self.browser = QTextBrowser(self)
        self.browser.setOpenLinks(False)
        self.browser.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.browser.setWordWrapMode(QTextOption.WrapMode.WordWrap)
        self.browser.setAccessibleName("Explanation of the selected object or box")
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

    def show_scene(self, scene: Scene) -> None:
        """Draw the explanation; the place one has scrolled to stays for the same thing."""
        self.strip.show_cells(scene.cells, scene.selected)
        same = scene.details is not None and self._details is not None and scene.details.ref == self._details.ref
        if scene.details is None and self._details is None:
            return
        bar = self.browser.verticalScrollBar()
        at = bar.value() if same else 0
        self._details = scene.details
        self._draw()
        bar.setValue(at)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._theme = theme
        self.strip.set_theme(theme)
        self._draw()

    @Slot()
    def copy(self) -> None:
        """The explanation as plain text to the clipboard."""
        if self._details is not None:
            QGuiApplication.clipboard().setText(details_plain(self._details.explanation))

    def _draw(self) -> None:
        theme, details = self._theme, self._details
        self.browser.setFont(ui_font(SMALL_PX))
        self.copy_button.setEnabled(details is not None)
        self.header.title.setText("Explanation" if details is None else text(details.explanation.title))
        self.header.title.setToolTip("" if details is None else text(details.explanation.title))
        self.header.note.setText("" if details is None else "Esc: deselect")
        self.browser.document().setDefaultStyleSheet(
            f"a {{ color: {theme.accent.name()}; text-decoration: none; }} p.lead {{ font-size: {scaled(BASE_PX)}px; }}"
        )
        if details is None:
            self.browser.setHtml(f'<p style="color:{theme.muted.name()}">{NOTHING}</p>')
            return
        colours = {
            "text": theme.text.name(),
            "muted": theme.muted.name(),
            "accent": theme.accent.name(),
            "good": theme.good.name(),
            "bad": theme.error.name(),
            "track": theme.line.name(),
            "verdict": theme.role(details.role).name(),
        }
        self.browser.setHtml(details_html(details, colours))

    @Slot(QUrl)
    def _on_link(self, url: QUrl) -> None:
        ref = ref_of(url.toString())
        if ref is not None:
            self.picked.emit(ref)
