"""The table of permissions: every URL of the portal has a row, or the suite fails.

A row says who reaches the view. Each room keeps its rows in ``table_<room>.py``:

    OBJECTS = {"document": documents}              # how to make the objects that addresses name
    TABLE = {
        "evidence:document": Row(own={"editor", "head"}, foreign={"inspector"}, make="document"),
        "evidence:upload": Row({"editor"}, methods=("GET", "POST")),
        **admin_rows("evidence_document", view={"inspector"}, make="document"),
    }

``own`` are the actors that reach the object of agency A (for pages without an object: that reach the page),
``foreign`` those that reach the same page of agency B's object. Everybody else, and everybody for an absent
object, gets the same answer: "foreign" and "absent" can't be told apart. The actors are those of `World`:
agency roles are held in A; ``assessor``, ``secretary`` and so on are of Home Affairs; ``own_assessor`` and
``own_council_member`` belong to A themselves.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import tests.permissions
from agencies.models import Agency, Division, Role, User
from tests.factories import AgencyFactory, BlockFactory, DivisionFactory, UserFactory, person

ANONYMOUS = "anonymous"
NOBODY = "nobody"  # an account without any role in force
AGENCY = frozenset({"editor", "division_editor", "coordinator", "head"})
HOME = frozenset({"assessor", "own_assessor", "secretary", "council_member", "own_council_member"})
PROVINCE = HOME | {"publisher", "approver", "inspector", "administrator"}
SIGNED_IN = AGENCY | PROVINCE | {NOBODY}
EVERYBODY = SIGNED_IN | {ANONYMOUS}
ACTORS = tuple(sorted(EVERYBODY))


@dataclass
class World:
    """Agencies A (own) and B (foreign), Home Affairs, and one account for each actor."""

    block: Any = field(default_factory=BlockFactory)
    a: Agency = None  # type: ignore[assignment]
    b: Agency = None  # type: ignore[assignment]
    home: Agency = None  # type: ignore[assignment]
    division: Division = None  # type: ignore[assignment]
    people: dict[str, User] = field(default_factory=dict)
    made: dict[str, Kinds] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.a, self.b = (AgencyFactory(name=f"Cơ quan {one}", block=self.block) for one in "AB")
        self.home = AgencyFactory(name="Sở Nội vụ", block=self.block, is_home_affairs=True)
        self.division = DivisionFactory(agency=self.a)
        self.people = {NOBODY: UserFactory(username=NOBODY)}
        for role in Role:
            agency = self.a if role in AGENCY else self.home
            division = self.division if role == Role.DIVISION_EDITOR else None
            self.people[role.value] = person(role, agency, division, username=role.value)
        for role in ("assessor", "council_member"):
            self.people[f"own_{role}"] = person(role, self.a, username=f"own_{role}")

    def kinds(self, name: str) -> Kinds:
        if name not in self.made:
            self.made[name] = objects()[name](self)
        return self.made[name]


@dataclass(frozen=True)
class Kinds:
    """The same address for an object of agency A, of agency B, and for one that doesn't exist."""

    own: Mapping[str, Any]
    foreign: Mapping[str, Any] | None
    absent: Mapping[str, Any] | None


@dataclass(frozen=True)
class Row:
    """Who reaches a view; see the module's docstring.

    ``data`` is sent by POST (it need not be valid: a form's complaint is an answer of the view too). ``get`` is
    the query of GET. ``missing``: what those who reach the view get for an absent object (404; the admin
    redirects). ``posts``: (own, foreign) of POST where fewer may send than may read.
    ``knows``: who reads agency A's object elsewhere without reaching this view: for them it is a plain 403;
    ``knows_foreign``: the same of agency B's object.
    """

    own: Iterable[str] = ()
    foreign: Iterable[str] = ()
    make: str | None = None
    methods: tuple[str, ...] = ("GET",)
    data: Mapping[str, Any] = field(default_factory=dict)
    get: Mapping[str, Any] = field(default_factory=dict)
    missing: int = 404
    posts: tuple[Iterable[str], Iterable[str]] | None = None
    knows: Iterable[str] = ()
    knows_foreign: Iterable[str] = ()
    why: str = ""

    def reach(self, method: str) -> tuple[frozenset[str], frozenset[str]]:
        """Who reaches the view by this method: for agency A's object, for agency B's."""
        if method == "POST" and self.posts is not None:
            return frozenset(self.posts[0]), frozenset(self.posts[1])
        return frozenset(self.own), frozenset(self.foreign)


def admin_rows(
    name: str,
    *,
    view: Iterable[str],
    add: Iterable[str] = (),
    change: Iterable[str] = (),
    make: str,
    own: Iterable[str] | None = None,
) -> dict[str, Row]:
    """The five addresses of a model in the administration. ``own``: who sees agency A's object (default: as B's)."""
    readers = frozenset(view) | frozenset(change)
    seen = readers if own is None else frozenset(own)
    both, may = ("GET", "POST"), frozenset(change)
    rows = {
        "changelist": Row(readers if own is None else readers | seen, methods=both),
        "add": Row(add, methods=both),
        "change": Row(seen, readers, make=make, methods=both, missing=302, posts=(may, may)),
        "history": Row(seen, readers, make=make, missing=302),
        "delete": Row((), (), make=make, methods=both),
    }
    return {f"admin:{name}_{act}": row for act, row in rows.items()}


def _tables() -> list[Any]:
    names = [one.name for one in pkgutil.iter_modules(tests.permissions.__path__)]
    return [
        importlib.import_module(f"tests.permissions.{name}")
        for name in sorted(names)
        if name.startswith("table_")
    ]


def rows() -> dict[str, Row]:
    """All rooms' rows; a URL with two rows is a mistake."""
    merged: dict[str, Row] = {}
    for table in _tables():
        twice = merged.keys() & table.TABLE.keys()
        assert not twice, f"two rows for {sorted(twice)}"
        merged |= table.TABLE
    return merged


def objects() -> dict[str, Callable[[World], Kinds]]:
    """All rooms' objects."""
    merged: dict[str, Callable[[World], Kinds]] = {}
    for table in _tables():
        merged |= getattr(table, "OBJECTS", {})
    return merged
