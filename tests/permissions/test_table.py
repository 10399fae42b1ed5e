"""Every URL has a row, and every row is true: actor × object × method."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.permissions.table import ACTORS, ANONYMOUS, EVERYBODY, NOBODY, Row, World, rows

ROWS = rows()
REFUSED = {403, 404}
LOGIN = "/accounts/login/"


def names(patterns: Any = None, namespace: str = "", route: str = "") -> Iterator[tuple[str, str]]:
    """(name, route) of every address of the portal."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        where = f"{route}{one.pattern}"
        if isinstance(one, URLResolver):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            yield from names(one.url_patterns, inner, where)
        elif isinstance(one, URLPattern):
            yield (f"{namespace}{one.name}" if one.name else "", where)


def test_every_address_has_a_name_and_a_row():
    found = list(names())
    unnamed = [route for name, route in found if not name]
    assert not unnamed, f"without a name: {unnamed}"
    missing = sorted({name for name, _route in found} - ROWS.keys())
    assert not missing, f"without a row in tests/permissions/table_<room>.py: {missing}"


def test_every_row_has_its_address():
    stale = sorted(ROWS.keys() - {name for name, _route in names()})
    assert not stale, f"rows of addresses that are gone: {stale}"


def test_the_walk_sees_the_administration_and_nested_addresses():
    found = dict(names())
    assert "admin:agencies_agency_change" in found and "accounts:login" in found
    assert len(found) > 40


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def clients(world: World) -> dict[str, Client]:
    made = {ANONYMOUS: Client()}
    for name, account in world.people.items():
        made[name] = Client()
        made[name].force_login(account)
    return made


def ask(client: Client, method: str, url: str, row: Row) -> Any:
    """The answer; whatever it did is undone."""
    client.raise_request_exception = False
    kept = client.cookies.copy()
    with transaction.atomic():
        answer = client.get(url, row.get) if method == "GET" else client.post(url, row.data)
        transaction.set_rollback(True)
    client.cookies = kept
    return answer


def outcome(answer: Any) -> str:
    if answer.status_code == 401 or (answer.status_code == 302 and answer["Location"].startswith(LOGIN)):
        return "login"
    if answer.status_code in REFUSED:
        return "refused"
    if answer.status_code == 405:
        return "method"
    return (
        f"broken {answer.status_code}"
        if answer.status_code >= 500 and answer.status_code != 503
        else "reached"
    )


def looks(answer: Any) -> tuple[Any, ...]:
    """What a person can see of an answer: tokens and the address itself aside."""
    body = answer.content.decode(errors="replace") if not answer.streaming else ""
    body = re.sub(r'(csrfmiddlewaretoken" value=|csrf-token" content=|hx-headers=)[^>]*', "", body)
    path = answer.request["PATH_INFO"]
    goes = unquote(answer.headers.get("Location", "")).replace(path, "")
    return answer.status_code, goes, unquote(body).replace(path, "")


@pytest.mark.parametrize("name", sorted(ROWS))
def test_row(name: str, world: World, clients: dict[str, Client]) -> None:
    row = ROWS[name]
    named = frozenset[str]().union(*row.reach("GET"), *row.reach("POST"))
    assert named <= EVERYBODY, f"unknown actors: {named - EVERYBODY}"
    kinds = world.kinds(row.make) if row.make else None
    address = {
        kind: reverse(name, kwargs=given)
        for kind in ("own", "foreign", "absent")
        if (given := getattr(kinds, kind) if kinds else {} if kind == "own" else None) is not None
    }
    for actor in ACTORS:
        client = clients[actor]
        for method in ("GET", "POST"):
            if method not in row.methods and actor not in named | {NOBODY}:
                continue  # whoever reaches the view by no method learns nothing by this one
            seen = {kind: ask(client, method, url, row) for kind, url in address.items()}
            told = {kind: outcome(answer) for kind, answer in seen.items()}
            where = f"{name}, {actor}, {method}: {told}"
            if method not in row.methods:
                assert "reached" not in told.values(), f"{where}: this method has no row"
                continue
            own, foreign = row.reach(method)
            allowed = {"own": own, "foreign": foreign}
            for kind in ("own", "foreign"):
                if kind in told:
                    if actor in allowed[kind]:
                        assert told[kind] == "reached", f"{where}, {kind}"
                    else:
                        assert told[kind] in {"login", "refused"} or _admin_redirect(seen[kind], row), (
                            f"{where}, {kind}"
                        )
            if actor == ANONYMOUS and ANONYMOUS not in own:
                assert set(told.values()) == {"login"}, where
            if "absent" in seen:
                if actor in own | foreign:
                    assert seen["absent"].status_code == row.missing, where
                knows = {"own": frozenset(row.knows), "foreign": frozenset(row.knows_foreign)}
                for kind in ("own", "foreign"):
                    if kind in seen and actor in knows[kind] - allowed[kind]:
                        assert seen[kind].status_code == 403 and seen["absent"].status_code == 404, where
                    elif kind in seen and actor not in allowed[kind]:
                        assert looks(seen[kind]) == looks(seen["absent"]), (
                            f"{where}: {kind} and absent differ"
                        )


def _admin_redirect(answer: Any, row: Row) -> bool:
    """The administration's answer for what isn't there, or not for this person."""
    return row.missing == 302 and answer.status_code == 302 and answer["Location"] == reverse("admin:index")
