"""What the canvas writes while boxes are edited, by message id: `str.format` templates, no Qt."""

ANNOTATE_CANVAS: dict[str, str] = {
    "canvas.unnamed": "no class yet",
    "canvas.size": "{w:g} x {h:g} px",
}
