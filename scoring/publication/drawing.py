"""Pictures of charts: drawn on the server, kept as files, served with the letters they need inside.

A picture lies at DATA_DIR/charts/<content hash>/<name>-<digest>[-dark].svg. It is drawn once after publication by a
background task; where one is missing it is drawn when first asked for, under a lock.
"""

from __future__ import annotations

import base64
import fcntl
import io
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from xml.sax.saxutils import escape

from django.conf import settings
from django.utils.translation import gettext as _

from scoring.publication.charts import Chart

__all__ = ["POLICY", "draw", "ensure", "path_of", "picture"]

#: What a browser lets a picture do: use its own styles and letters, nothing else.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; sandbox"
THEMES = ("light", "dark")
#: The light palette's colours (charts.py) and what stands for them on a dark ground; both from tokens.css.
DARK = {
    "#1b1e25": "#eceae4",
    "#4c5361": "#b9bec8",
    "#646a77": "#9ba1ad",
    "#dcdad3": "#363b46",
    "#e4e2db": "#343945",
    "#3b6ea5": "#6ea1d8",
    "#8c1c20": "#f2a49c",
}
FACES = {400: "400Regular/BeVietnamPro_400Regular.ttf", 600: "600SemiBold/BeVietnamPro_600SemiBold.ttf"}
_COLOUR = re.compile("|".join(DARK))
_TEXT = re.compile(r"<text\b[^>]*>(.*?)</text>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_ROOT = re.compile(r"<svg\b[^>]*>")
_renderer = Lock()


def path_of(chart: Chart, content: str, theme: str = "light") -> Path:
    """Where a chart's picture lies. ``content`` is the content hash of its publication."""
    suffix = "" if theme == "light" else f"-{theme}"
    return Path(settings.DATA_DIR) / "charts" / content / f"{chart.name}-{chart.digest}{suffix}.svg"


def picture(chart: Chart, content: str, theme: str = "light") -> bytes:
    """The picture, drawn now when it is missing."""
    path = path_of(chart, content, theme)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        ensure(chart, content)
        return path.read_bytes()


def ensure(chart: Chart, content: str) -> bool:
    """Have both pictures of a chart on disk; True when they were drawn now. Two at once draw once."""
    folder = path_of(chart, content).parent
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    paths = [path_of(chart, content, theme) for theme in THEMES]
    if all(path.exists() for path in paths):
        return False
    with _locked(folder / ".lock"):
        if all(path.exists() for path in paths):
            return False
        light = draw(chart)
        for path, text in zip(paths, (light, _COLOUR.sub(lambda found: DARK[found[0]], light)), strict=True):
            _write(path, text.encode())
    return True


def draw(chart: Chart) -> str:
    """The chart as SVG in light colours, in the active language, with its letters embedded."""
    import vl_convert

    with _renderer:
        _register_fonts()
        svg: str = vl_convert.vegalite_to_svg(chart.spec())
    if chart.rehearsal:
        mark = (
            f'<text x="{chart.width // 2}" y="{chart.height // 2}" text-anchor="middle" dominant-baseline="middle" '
            f'font-family="Be Vietnam Pro" font-weight="600" font-size="64" fill="#1b1e25" opacity="0.07" '
            f'transform="rotate(-14 {chart.width // 2} {chart.height // 2})">{escape(_("REHEARSAL"))}</text>'
        )
        svg = svg.replace("</svg>", f"{mark}</svg>")
    words = "".join(_TAG.sub("", text) for text in _TEXT.findall(svg))
    faces = "".join(
        f'@font-face{{font-family:"Be Vietnam Pro";font-weight:{weight};src:url(data:font/woff;base64,{data})'
        ' format("woff")}'
        for weight, data in ((weight, _letters(weight, words)) for weight in FACES)
    )
    root = _ROOT.search(svg)
    assert root is not None
    return f"{svg[: root.end()]}<style>{faces}</style>{svg[root.end() :]}"


@cache
def _register_fonts() -> None:
    import vl_convert

    vl_convert.register_font_directory(str(settings.FONT_DIR))


def _letters(weight: int, words: str) -> str:
    """The letters of these words from one weight of the font, as a file in base64: an SVG image loads no others."""
    from fontTools import subset

    options = subset.Options(
        flavor="woff", hinting=False, notdef_outline=True, layout_features=["kern", "ccmp", "mark"]
    )
    font = subset.load_font(str(Path(settings.FONT_DIR) / FACES[weight]), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=words)
    subsetter.subset(font)
    out = io.BytesIO()
    subset.save_font(font, out, options)
    return base64.b64encode(out.getvalue()).decode()


def _write(path: Path, content: bytes) -> None:
    """Write under a random name, then give it its own: nobody ever reads half a picture."""
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    temporary.write_bytes(content)
    os.replace(temporary, path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file lock: between threads and processes of one machine."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
