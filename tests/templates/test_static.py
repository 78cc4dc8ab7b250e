"""Do the style sheets keep their promises: light, layered, and legible in both themes?"""

import gzip
import re
from pathlib import Path

import pytest

from nexus.core.assets import STATIC

SHEETS = sorted((STATIC / "css").glob("*.css"))
LIGHT, DARK = (STATIC / "css" / "tokens.css").read_text().split("prefers-color-scheme: dark")
MOST_BYTES = 15_000

READABLE = 4.5
"""WCAG 2.2, 1.4.3: the contrast of text."""
VISIBLE = 3.0
"""WCAG 2.2, 1.4.11: the contrast of what marks a field or its focus."""

TEXT_ON = [
    (text, ground)
    for ground in ("ground", "surface", "surface-sunk")
    for text in ("text", "quiet", "accent", "profit", "loss", "warn")
] + [
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("surface", "loss"),
    ("accent-strong", "accent-soft"),
    ("quiet", "accent-soft"),
    ("quiet", "plain-soft"),
    ("profit", "profit-soft"),
    ("loss", "loss-soft"),
    ("warn", "warn-soft"),
]
MARKS_ON = [("line-strong", "surface"), ("accent", "surface"), ("accent", "ground")]


def tokens(theme: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", theme))


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(part * each for part, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_contrast_is_measured_as_the_guidelines_say() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_readable_on_what_it_stands_on(theme: str) -> None:
    colours = tokens(theme)
    poor = {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2)
        for pair in TEXT_ON
        if contrast(colours[pair[0]], colours[pair[1]]) < READABLE
    }
    assert poor == {}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_fields_and_focus_are_visible(theme: str) -> None:
    colours = tokens(theme)
    assert [
        (mark, ground)
        for mark, ground in MARKS_ON
        if contrast(colours[mark], colours[ground]) < VISIBLE
    ] == []


def test_both_themes_have_the_same_colours() -> None:
    assert tokens(LIGHT).keys() - tokens(DARK).keys() == set()
    assert tokens(DARK).keys() - tokens(LIGHT).keys() == set()


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: str(sheet.name))
def test_a_style_sheet_is_layered_and_names_no_raw_colour(sheet: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    outside = re.sub(r"@layer [a-z]+ \{.*^\}", "", text, flags=re.DOTALL | re.MULTILINE).strip()
    assert outside in ("", "@layer tokens, base, components, pages;")
    if sheet.name != "tokens.css":
        assert re.findall(r"#[0-9a-f]{3,8}\b|\brgb\(|\bhsl\(", text) == []


def test_every_token_in_use_exists() -> None:
    text = "".join(sheet.read_text() for sheet in SHEETS)
    known = set(re.findall(r"^\s*(--[a-z0-9-]+):", text, flags=re.MULTILINE))
    assert set(re.findall(r"var\((--[a-z0-9-]+)\)", text)) - known == set()


def test_all_styles_together_stay_light() -> None:
    whole = b"".join(sheet.read_bytes() for sheet in SHEETS)
    assert len(gzip.compress(whole)) < MOST_BYTES
