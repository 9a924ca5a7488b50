import pytest
from PySide6.QtGui import QPalette

from app.scene import Role
from app.theme import ThemeKeeper, dark_theme, light_theme, palette_of, style_sheet, theme_named

THEMES = [dark_theme(), light_theme()]


def luminance(colour):
    def linear(value):
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())


def contrast(one, other):
    """WCAG 2: (lighter + 0.05) / (darker + 0.05)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_all_text_can_be_read_on_every_surface(theme):
    for surface in (theme.window, theme.bar, theme.field, theme.hover, theme.chosen):
        for words in (theme.text, theme.muted, theme.error):
            assert contrast(words, surface) >= 4.5, (surface.name(), words.name())


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_role_has_a_colour_that_can_be_read(theme):
    for role in Role:
        for surface in (theme.window, theme.chosen):
            assert contrast(theme.role(role), surface) >= 4.5, role


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_what_is_active_stands_out(theme):
    assert contrast(theme.accent, theme.window) >= 3
    assert contrast(theme.on_accent, theme.accent) >= 4.5


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_missed_false_and_found_differ(theme):
    wrong = {theme.role(role).name() for role in (Role.MISSED, Role.FALSE_POSITIVE, Role.DETECTION, Role.POSITIVE)}
    assert len(wrong) == 4


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_palette_and_style_sheet_carry_the_theme(theme, qapp):
    palette = palette_of(theme)
    assert palette.color(QPalette.ColorRole.Window) == theme.window
    assert palette.color(QPalette.ColorRole.Text) == theme.text
    sheet = style_sheet(theme)
    assert theme.accent.name() in sheet
    assert "{" + "window" + "}" not in sheet


def test_a_choice_overrides_the_system_and_is_announced_once(qtbot):
    keeper = ThemeKeeper("light")
    assert keeper.theme is light_theme()
    with qtbot.waitSignal(keeper.theme_changed) as announced:
        keeper.choose("dark")
    assert announced.args == [dark_theme()]
    with qtbot.assertNotEmitted(keeper.theme_changed):
        keeper.choose("dark")


def test_themes_by_name():
    assert theme_named("dark").is_dark
    assert not theme_named("light").is_dark
