"""What is installed is pinned by hash, and no file names the place it comes from."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.txt").read_text()
UI = ROOT / "parindex" / "ui"


def blocks() -> list[str]:
    """One piece of the lock for each package."""
    return re.split(r"^(?=[a-z0-9])", re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE), flags=re.MULTILINE)[1:]


def test_lock_holds_versions_and_hashes_alone():
    assert "://" not in LOCK
    assert not re.search(r"^\s*--(index-url|extra-index-url|find-links|trusted-host)", LOCK, re.MULTILINE)
    assert len(blocks()) > 50
    for block in blocks():
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,._-]+\])?==\S+", block), block
        assert "--hash=sha256:" in block, block


def test_lock_holds_what_pyproject_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.match(r"[A-Za-z0-9._-]+", one)[0].lower().replace("_", "-") for one in asked}
    locked = {re.match(r"[a-z0-9._-]+", block)[0] for block in blocks()}
    assert names <= locked


def test_front_end_lock_has_hashes_and_no_addresses():
    lock = json.loads((UI / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
    wanted = json.loads((UI / "package.json").read_text())["dependencies"]
    assert {f"node_modules/{name}" for name in wanted} <= set(packages)
    assert lock["packages"][""]["dependencies"] == wanted


def test_front_end_is_installed_without_scripts():
    settings = (UI / ".npmrc").read_text().splitlines()
    assert {"omit-lockfile-registry-resolved=true", "ignore-scripts=true"} <= set(settings)
    assert "npm ci --ignore-scripts" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize(
    "asset",
    [
        "bootstrap/css/bootstrap.min.css",
        "bootstrap/js/bootstrap.bundle.min.js",
        "fonts/be-vietnam-pro/be-vietnam-pro-vietnamese-400-normal.woff2",
        "fonts/be-vietnam-pro/be-vietnam-pro-latin-700-normal.woff2",
        "django_htmx/htmx-2.min.js",
    ],
)
def test_pages_find_their_assets(asset, client):
    response = client.get(f"/static/{asset}")
    assert response.status_code == 200
    assert len(b"".join(response.streaming_content)) > 1000


def test_charts_find_a_font_with_vietnamese_letters(settings):
    from fontTools.ttLib import TTFont

    for weight in ("400Regular", "600SemiBold", "700Bold"):
        (file,) = (settings.FONT_DIR / weight).glob("*.ttf")
        letters = set(TTFont(file).getBestCmap())
        assert {ord(letter) for letter in "ĐđẮắỂểỰựƠơỹ0123456789,%"} <= letters


def test_nothing_installed_or_private_is_tracked():
    ignored = (ROOT / ".gitignore").read_text().split()
    assert {".venv/", "node_modules/", "var/", ".env", "staticfiles/"} <= set(ignored)
