"""Broken files of every sort: a list of findings, never a traceback, never a stored half."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.criteria import services
from scoring.criteria.fileformat import check, read
from scoring.criteria.models import CriteriaSet, Criterion
from tests.criteria.drawing import drawn_set
from tests.criteria.files import ALL_FILES, encoded, small
from tests.engine.test_fuzz import EVERY

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["1", "0.5", "-1", "code"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
KEYS = st.sampled_from(
    ["format", "title", "year", "block", "decision", "total", "applicability_profiles", "areas", "code", "max",
     "children", "rule", "kind", "options", "bands", "method", "appraiser", "not_applicable_for", "na_request",
     "cap", "role", "tests", "inputs", "points", "answers", "best"]
)  # fmt: skip

INPUTS = ["value", "option", "items", "n", "numerator", "denominator", "counts", "pct", "not_arising", "p0_points",
          "v_x", "fact_0", "from", "to", "rank", "expression"]  # fmt: skip


def spots(value: Any, found: list[tuple[Any, Any]] | None = None) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    found = [] if found is None else found
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, entry in entries:
        found.append((value, key))
        spots(entry, found)
    return found


def sound(reading: Any) -> None:
    assert (reading.file is None) == bool(reading.errors)
    for finding in (*reading.errors, *reading.warnings):
        assert finding.message and "%(" not in finding.message
        str(finding).encode()


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    sound(read(data))


@given(JSON)
def test_any_json(value: Any) -> None:
    sound(read(json.dumps(value).encode()))


@given(st.dictionaries(KEYS, JSON, max_size=8))
def test_any_document_of_known_keys(value: dict[str, Any]) -> None:
    sound(check(small() | value))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9), JSON, st.sampled_from(range(len(ALL_FILES))))
def test_a_sample_with_one_value_exchanged(seed: int, value: Any, number: int) -> None:
    document = copy.deepcopy(json.loads(ALL_FILES[number].read_bytes()))
    container, key = random.Random(seed).choice(spots(document))
    container[key] = value
    sound(read(json.dumps(document).encode()))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9))
def test_a_sample_with_bytes_exchanged(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(ALL_FILES[chance.randrange(len(ALL_FILES))].read_bytes())
    for _one in range(chance.randint(1, 6)):
        at = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randint(1, 40)]
            case 2:
                data[at:at] = chance.choice([b'"', b",", b"}", b"]", b"\x00", b"1e999", b"-", b"\xc3"])
            case 3:
                del data[at:]
        if not data:
            break
    sound(read(bytes(data)))


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 10**9), JSON, st.integers(0, 10**9))
def test_a_drawn_set_with_one_value_exchanged(seed: int, value: Any, dice: int) -> None:
    """Caps, roles and stored cases of every kind of rule are among what is exchanged."""
    document = drawn_set(random.Random(seed))
    container, key = random.Random(dice).choice(spots(document))
    container[key] = value
    sound(read(json.dumps(document).encode()))


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(EVERY), st.dictionaries(KEYS | st.sampled_from(INPUTS), JSON, max_size=4), JSON, JSON)
def test_any_inputs_of_a_case(rule: dict[str, Any], inputs: dict[str, Any], points: Any, note: Any) -> None:
    tests = [{"inputs": inputs, "points": points, "note": note}, {"inputs": points, "points": "1"}]
    sound(check(small({"code": "1", "title": "t", "max": "2", "rule": rule, "tests": tests})))


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**9), JSON)
def test_nothing_is_stored_by_halves(seed: int, value: Any) -> None:
    from tests.factories_scoring import home_affairs, make_block

    if not Criterion.objects.exists() and not CriteriaSet.objects.exists():
        home_affairs()
    from agencies.models import Block

    if not Block.objects.filter(slug="so-ban-nganh").exists():
        make_block("Sở, ban, ngành")
    document = small()
    container, key = random.Random(seed).choice(spots(document))
    container[key] = value
    before = CriteriaSet.objects.count()
    outcome = services.import_criteria_set(actor=None, data=json.dumps(document).encode())
    if outcome.errors:
        assert CriteriaSet.objects.count() == before
    else:
        assert outcome.criteria_set is not None and outcome.file is not None
        assert outcome.criteria_set.criteria.count() == len(outcome.file.nodes)


def test_the_small_set_is_sound() -> None:
    assert read(encoded(small())).errors == ()
