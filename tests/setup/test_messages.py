"""Every string that the code shows has its Vietnamese, and the compiled catalogue is that of the source."""

import gettext
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = Path("parindex/locale/vi/LC_MESSAGES")
CODE = ("pyproject.toml", "manage.py", "parindex", "agencies", "evidence", "scoring", "templates", "static")
pytestmark = pytest.mark.needs("gettext")


def run(*command: str, **options) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def msgids(text: str) -> list[str]:
    found = re.findall(r"^msgid ((?:\".*\"\n?)+)", text, flags=re.MULTILINE)
    return [joined for one in found if (joined := "".join(re.findall(r'"(.*)"', one)))]


def test_every_string_of_the_code_is_translated(tmp_path):
    for name in CODE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, tmp_path / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__", "*.mo")
            )
        else:
            shutil.copy(source, tmp_path / name)
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    run(
        sys.executable,
        *("manage.py", "makemessages", "--locale", "vi", "--no-obsolete", "--no-location"),
        cwd=tmp_path,
        env=environment | {"DATA_DIR": str(tmp_path / "data"), "SECRET_KEY": "x" * 50},
    )
    file = str(tmp_path / CATALOGUE / "django.po")
    missing = msgids(run("msgattrib", "--untranslated", file)) + msgids(
        run("msgattrib", "--only-fuzzy", file)
    )
    assert len(msgids(Path(file).read_text())) > 100
    assert not missing, f"{len(missing)} without Vietnamese: {missing}"


def test_compiled_catalogue_is_that_of_the_source(tmp_path):
    fresh = tmp_path / "django.mo"
    run("msgfmt", "--check", "--output-file", str(fresh), str(ROOT / CATALOGUE / "django.po"))
    with fresh.open("rb") as ours, (ROOT / CATALOGUE / "django.mo").open("rb") as committed:
        assert gettext.GNUTranslations(committed)._catalog == gettext.GNUTranslations(ours)._catalog


def test_translations_keep_the_placeholders():
    """msgfmt checks %-formats; braces and HTML are ours to check."""
    text = (ROOT / CATALOGUE / "django.po").read_text()
    pairs = re.findall(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"\n?)+)', text, flags=re.MULTILINE)
    assert pairs
    for source, translation in pairs:
        if translation.strip() == '""' or source.strip() == '""':
            continue
        for pattern in (r"%\(\w+\)[sd]", r"\{\w*\}", r"</?\w+"):
            wanted, found = sorted(re.findall(pattern, source)), sorted(re.findall(pattern, translation))
            assert set(wanted) == set(found), f"{source} → {translation}"
