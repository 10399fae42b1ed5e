"""WCAG AA of the palettes, computed from the tokens for every pair that the components use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "static" / "parindex" / "tokens.css"

TEXT = 4.5
GRAPHIC = 3.0

TINTS = ("info-2", "good-2", "warn-2", "bad-2")

PAIRS = [
    *[
        (ink, ground, TEXT)
        for ink in ("ink", "ink-2", "ink-3", "link")
        for ground in ("ground", "paper", "paper-2")
    ],
    *[(ink, tint, TEXT) for ink in ("ink", "ink-2") for tint in ("line-2", "accent-2", *TINTS)],
    *[(tone, f"{tone}-2", TEXT) for tone in ("good", "warn", "bad", "info")],
    *[
        (tone, ground, TEXT)
        for tone in ("good", "warn", "bad", "info")
        for ground in ("ground", "paper", "paper-2")
    ],
    ("accent-ink", "accent-2", TEXT),
    ("accent-ink", "paper", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-hover", TEXT),
    ("link", "line-2", TEXT),
    *[("edge", ground, GRAPHIC) for ground in ("paper",)],
    *[("focus", ground, GRAPHIC) for ground in ("ground", "paper", "paper-2")],
    *[(bar, "paper", GRAPHIC) for bar in ("bar", "bar-good", "bar-warn")],
    ("mark", "bar-track", GRAPHIC),
]


def palettes() -> dict[str, dict[str, str]]:
    css = CSS.read_text()
    blocks = {
        "light": re.search(r":root \{\n  color-scheme: light;(.*?)\n\}", css, re.S),
        "dark": re.search(r'\n\[data-bs-theme="dark"\] \{\n  color-scheme: dark;(.*?)\n\}', css, re.S),
        "dark by the system": re.search(
            r":root:not\(\[data-bs-theme\]\) \{\n\s+color-scheme: dark;(.*?)\n  \}", css, re.S
        ),
    }
    found = {}
    for name, block in blocks.items():
        assert block, f"no palette {name} in tokens.css"
        found[name] = dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})", block.group(1)))
    return found


PALETTES = palettes()


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_every_pair_in_use_is_readable(palette: str, front: str, back: str, least: float) -> None:
    colours = PALETTES[palette]
    reached = contrast(colours[front], colours[back])
    assert reached >= least, f"{front} {colours[front]} on {back} {colours[back]}: {reached:.2f}"


def test_the_two_dark_palettes_are_one() -> None:
    assert PALETTES["dark"] == PALETTES["dark by the system"]
    assert PALETTES["dark"].keys() == PALETTES["light"].keys()


def test_the_measure_itself() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54
