"""The shape of the code: contracts name every room, the engine stands on the standard library alone."""

import ast
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE = sorted((ROOT / "scoring" / "engine").glob("**/*.py"))


@pytest.mark.parametrize("file", ENGINE, ids=lambda file: file.name)
def test_engine_imports_the_standard_library_and_itself_alone(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        else:
            continue
        for name in names:
            assert name.startswith("scoring.engine") or name.split(".")[0] in sys.stdlib_module_names, name


def test_every_room_stands_in_the_layers():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    named = {name.strip() for layer in layers for name in layer.split("|")}
    rooms = {f"scoring.{folder.parent.name}" for folder in (ROOT / "scoring").glob("*/__init__.py")}
    rooms -= {"scoring.engine", "scoring.migrations", "scoring.management", "scoring.templatetags"}
    assert rooms <= named
    assert {"agencies", "evidence", "parindex.audit", "parindex.ui"} <= named


def test_modules_stay_small():
    apps = ("parindex", "agencies", "evidence", "scoring")
    files = [file for app in apps for file in (ROOT / app).glob("**/*.py")]
    files = [file for file in files if not {"migrations", "node_modules"} & set(file.parts)]
    long = {
        str(file.relative_to(ROOT)): count
        for file in files
        if (count := len(file.read_text().splitlines())) > 400
    }
    assert not long
