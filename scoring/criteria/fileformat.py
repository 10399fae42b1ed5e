"""The criteria-set file ``parindex.criteria-set/1``: bytes → checked nodes, with the place of every fault.

Pure: nothing here asks the database. Reading has two steps, so that other carriers (a table, an editor)
can share the second: ``load`` turns bytes into plain JSON values, ``check`` turns those into a ``SetFile``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from parindex.ui.formats import format_decimal
from scoring import engine
from scoring.criteria import sums
from scoring.criteria.case_check import Case
from scoring.criteria.case_values import read_cases
from scoring.criteria.dependencies import condition_faults
from scoring.criteria.file_sums import sum_warnings
from scoring.criteria.json_source import Finding, Findings, load
from scoring.criteria.places import Places, RowReport
from scoring.criteria.values import Values, is_points, join

__all__ = [
    "FORMAT",
    "Finding",
    "NodeFile",
    "Reading",
    "SetFile",
    "check",
    "node_place",
    "read",
    "sum_warnings",
]

FORMAT = "parindex.criteria-set/1"
METHODS = ("appraisal", "survey", "external", "office")
MAX_NODES = 3000
MAX_LEVEL = 6
MAX_TEXT = 20_000

_TOP_KEYS = frozenset(
    {
        "format", "title", "year", "block", "official", "decision", "effective_from", "total",
        "applicability_profiles", "bonus_cap", "penalty_cap", "areas",
    }
)  # fmt: skip
_DECISION_KEYS = frozenset({"number", "date", "issuer"})
_NODE_KEYS = frozenset({"code", "title", "max", "cap", "role", "children"})
_LEAF_KEYS = frozenset(
    {
        "method", "rule", "rule_text", "guidance", "evidence", "appraiser", "not_applicable_for", "na_request",
        "tests",
    }
)  # fmt: skip
_CODE = re.compile(r"\w[\w.\-/()]*")
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]*")
_SELF_SCORED_NEVER = frozenset({"survey", "external_index"})


@dataclass(frozen=True, slots=True)
class NodeFile:
    """One node, in the order of the tree. ``parent`` is its parent's position, ``rule`` None above leaves."""

    place: str
    position: int
    parent: int | None
    level: int
    code: str
    title: str
    max_points: Decimal
    cap: Decimal | None = None
    role: str = ""
    method: str = ""
    rule: engine.Rule | None = None
    rule_text: str = ""
    guidance: str = ""
    evidence: str = ""
    appraiser: str = ""
    not_applicable_for: tuple[str, ...] = ()
    na_request: bool = True
    cases: tuple[Case, ...] = ()

    @property
    def summand(self) -> sums.Summand[int]:
        return sums.Summand(
            self.position, self.parent, self.max_points, self.cap, self.role, self.rule is not None
        )


@dataclass(frozen=True, slots=True)
class SetFile:
    """A whole set as a file gives it; ``year`` and ``block`` may be left to the import."""

    title: str
    year: int | None
    block: str
    official: bool
    decision_number: str
    decision_date: date | None
    decision_issuer: str
    effective_from: date | None
    total: Decimal
    bonus_cap: Decimal
    penalty_cap: Decimal
    profiles: dict[str, str]
    nodes: tuple[NodeFile, ...]

    @property
    def leaves(self) -> list[NodeFile]:
        return [node for node in self.nodes if node.rule is not None]


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a file: a set with warnings, or errors and no set."""

    file: SetFile | None
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    sha256: str = ""
    #: What the file names in the database, also where it is refused: so that one import tells every fault.
    block: str = ""
    appraisers: tuple[NodeFile, ...] = ()
    #: Where another carrier keeps what stands at a place: ``areas[0].max`` → ``Bộ tiêu chí!D7``. Empty for JSON.
    places: Places = field(default_factory=dict)
    #: What became of each row of a table. Empty for JSON.
    rows: tuple[RowReport, ...] = ()


def read(data: bytes) -> Reading:
    """Read a JSON file. Never raises for what the bytes hold: every fault is a Finding with its place."""
    sha256 = hashlib.sha256(data).hexdigest()
    loaded = load(data)
    if not loaded.readable:
        return Reading(None, errors=tuple(loaded.faults), sha256=sha256)
    return check(loaded.value, faults=loaded.faults, sha256=sha256)


def check(document: object, *, faults: Findings | None = None, sha256: str = "") -> Reading:
    """Check plain JSON values (numbers of points as texts); ``faults`` are those that reading found."""
    checker = _Checker(faults if faults is not None else Findings())
    file = checker.whole(document)
    return Reading(
        file,
        errors=tuple(checker.errors),
        warnings=tuple(sum_warnings(file)) if file else (),
        sha256=sha256,
        block=checker.block,
        appraisers=tuple(node for node in checker.nodes if node.appraiser),
    )


def node_place(place: str, path: str) -> str:
    """The place of a rule's parameter within the file: ``areas[0].rule.bands[1].ge``."""
    return f"{place}.rule.{path}" if path else f"{place}.rule"


@dataclass
class _Checker(Values):
    """One pass over the document; goes on after a fault, so that one import names them all."""

    nodes: list[NodeFile] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, str] = field(default_factory=dict)
    count: int = 0
    block: str = ""

    # The parts of the file

    def whole(self, document: object) -> SetFile | None:
        if not isinstance(document, Mapping):
            self.wrong("", _("The file holds no criteria set: an object in braces is expected."))
            return None
        if document.get("format") != FORMAT:
            self.wrong("format", _("The format must be “%(format)s”.") % {"format": FORMAT})
            if "areas" not in document:
                return None
        self.known(document, "", _TOP_KEYS)
        decision = document.get("decision")
        if decision is None:
            decision = {}
        elif not isinstance(decision, Mapping):
            self.wrong("decision", _("An object with number, date and issuer is expected, or null."))
            decision = {}
        self.known(decision, "decision", _DECISION_KEYS)
        self.block = self.text(document, "block", "", limit=200)
        self.profiles = self.read_profiles(document.get("applicability_profiles"))
        file: dict[str, Any] = {
            "title": self.text(document, "title", "", limit=300, required=True),
            "year": self.year(document.get("year")),
            "block": self.block,
            "official": self.flag(document, "official", "", default=False),
            "decision_number": self.text(decision, "number", "decision", limit=80),
            "decision_date": self.day(decision, "date", "decision"),
            "decision_issuer": self.text(decision, "issuer", "decision", limit=200),
            "effective_from": self.day(document, "effective_from", ""),
            "total": self.points(document, "total", "", required=False),
            "bonus_cap": self.points(document, "bonus_cap", "", required=False) or Decimal(0),
            "penalty_cap": self.points(document, "penalty_cap", "", required=False) or Decimal(0),
        }
        self.children(document, "areas", "", parent=None, level=1)
        self.references()
        self.node = ""
        if file["total"] is None:
            total = sums.parts_of(node.summand for node in self.nodes)[None]
            file["total"] = total
            if total >= Decimal(10) ** 6:
                self.wrong("total", _("A number of points is below 1 000 000."))
        if self.errors:
            return None
        return SetFile(profiles=self.profiles, nodes=tuple(self.nodes), **file)

    def children(
        self, above: Mapping[str, Any], key: str, place: str, *, parent: int | None, level: int
    ) -> None:
        entries = above.get(key)
        at = join(place, key)
        if not isinstance(entries, list):
            self.wrong(at, _("A list of nodes is expected."))
            return
        if not entries:
            self.wrong(at, _("The list is empty: a set needs areas, and a node without a rule needs parts."))
        if level > MAX_LEVEL:
            self.wrong(at, _("The tree has more than %(max)s levels.") % {"max": MAX_LEVEL})
            return
        for number, entry in enumerate(entries):
            if self.count >= MAX_NODES:
                self.wrong(f"{at}[{number}]", _("The set has more than %(max)s nodes.") % {"max": MAX_NODES})
                return
            self.count += 1
            self.one_node(entry, f"{at}[{number}]", parent=parent, level=level)

    def one_node(self, entry: object, place: str, *, parent: int | None, level: int) -> None:
        self.node = ""
        if not isinstance(entry, Mapping):
            self.wrong(place, _("A node is an object in braces with code, title and max."))
            return
        code = entry.get("code")
        self.node = code.strip()[:30] if isinstance(code, str) else ""
        self.known(entry, place, _NODE_KEYS | _LEAF_KEYS)
        leaf = "rule" in entry
        self.shape(entry, place, leaf=leaf)
        base: dict[str, Any] = {
            "place": place,
            "position": len(self.nodes),
            "parent": parent,
            "level": level,
            "code": self.code(entry, place),
            "title": self.text(entry, "title", place, limit=1000, required=True),
            "max_points": self.points(entry, "max", place, required=True) or Decimal(0),
            "cap": self.points(entry, "cap", place, required=False),
            "role": self.role(entry, place, level),
        }
        if leaf:
            rest = self.leaf(entry, place, base["max_points"], readable=is_points(entry.get("max")))
            self.nodes.append(NodeFile(**base, **rest))
            return
        self.nodes.append(NodeFile(**base))
        if "children" in entry:
            self.children(entry, "children", place, parent=base["position"], level=level + 1)

    def shape(self, entry: Mapping[str, Any], place: str, *, leaf: bool) -> None:
        if leaf and "children" in entry:
            self.wrong(place, _("A node has either a rule or parts, not both."))
        if not leaf and "children" not in entry:
            self.wrong(place, _("A node needs a rule, or parts under “children”."))
        if not leaf:
            for key in sorted(_LEAF_KEYS & set(entry)):
                if key not in ("guidance", "evidence", "rule_text"):
                    self.wrong(
                        join(place, key),
                        _("Only a leaf, a node with a rule, may have “%(key)s”.") % {"key": key},
                    )

    def leaf(
        self, entry: Mapping[str, Any], place: str, maximum: Decimal, *, readable: bool
    ) -> dict[str, Any]:
        rule = self.rule(entry["rule"], place, maximum) if readable else None
        kind = entry["rule"].get("kind") if isinstance(entry["rule"], Mapping) else None
        return {
            "rule": rule,
            "method": self.method(entry, place, kind),
            "rule_text": self.text(entry, "rule_text", place, limit=MAX_TEXT),
            "guidance": self.text(entry, "guidance", place, limit=MAX_TEXT),
            "evidence": self.text(entry, "evidence", place, limit=MAX_TEXT),
            "appraiser": self.text(entry, "appraiser", place, limit=250),
            "not_applicable_for": self.profiles_of(entry, place),
            "na_request": self.flag(entry, "na_request", place, default=True),
            "cases": read_cases(self, entry.get("tests"), join(place, "tests"), rule),
        }

    def rule(self, value: Any, place: str, maximum: Decimal) -> engine.Rule | None:
        try:
            return engine.parse_rule(value, max_points=maximum)
        except engine.RuleErrors as error:
            for problem in error.problems:
                self.wrong(node_place(place, problem.path), problem.text(translate=_, number=format_decimal))
        return None

    def references(self) -> None:
        """Rules that look at other leaves, or move points to them, name leaves that are there."""
        leaves = {node.code for node in self.nodes if node.rule is not None}
        for node in self.nodes:
            self.node = node.code
            for code in node.rule.depends_on() if node.rule is not None else ():
                if code not in leaves or code == node.code:
                    self.wrong(
                        node_place(node.place, ""),
                        _("The set has no other leaf “%(code)s”.") % {"code": code},
                    )
        for node, text in condition_faults([node for node in self.nodes if node.rule is not None]):
            self.node = node.code
            self.wrong(node_place(node.place, ""), text)

    def method(self, entry: Mapping[str, Any], place: str, kind: object) -> str:
        implied = {"survey": "survey", "external_index": "external"}.get(str(kind), "appraisal")
        method = entry.get("method", implied)
        if method not in METHODS:
            self.wrong(
                join(place, "method"),
                _("“%(value)s” is not one of: %(allowed)s.")
                % {"value": str(method)[:60], "allowed": ", ".join(METHODS)},
            )
            return "appraisal"
        if method == "appraisal" and str(kind) in _SELF_SCORED_NEVER:
            self.wrong(
                join(place, "method"),
                _("A rule of this kind is never self-scored: the method must be survey, external or office."),
            )
        return str(method)

    def read_profiles(self, value: object) -> dict[str, str]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.wrong(
                "applicability_profiles", _("An object is expected: the profile's key and its meaning.")
            )
            return {}
        profiles: dict[str, str] = {}
        for key in value:
            at = f"applicability_profiles.{str(key)[:60]}"
            if not _SLUG.fullmatch(key) or len(key) > 60:
                self.wrong(
                    at, _("A profile's key is made of letters without accents, digits and underscores.")
                )
                continue
            profiles[key] = self.text(value, key, "applicability_profiles", limit=300, required=True)
        return profiles

    def profiles_of(self, entry: Mapping[str, Any], place: str) -> tuple[str, ...]:
        value = entry.get("not_applicable_for")
        at = join(place, "not_applicable_for")
        if value is None:
            return ()
        if not isinstance(value, list):
            self.wrong(at, _("A list of profiles is expected."))
            return ()
        for number, key in enumerate(value[:200]):
            if not isinstance(key, str) or key not in self.profiles:
                self.wrong(
                    f"{at}[{number}]",
                    _("The set has no applicability profile “%(profile)s”.") % {"profile": str(key)[:60]},
                )
            elif key in value[:number]:
                self.wrong(f"{at}[{number}]", _("“%(label)s” stands here twice.") % {"label": key})
        return tuple(key for key in value if isinstance(key, str))

    def code(self, entry: Mapping[str, Any], place: str) -> str:
        code = self.text(entry, "code", place, limit=30, required=True)
        at = join(place, "code")
        if not code:
            return ""
        if not _CODE.fullmatch(code):
            self.wrong(at, _("A code is made of letters, digits and points, without spaces, such as 1.2.3."))
        elif code in self.codes:
            self.wrong(
                at,
                _("The code “%(code)s” is already at %(place)s.") % {"code": code, "place": self.codes[code]},
            )
        else:
            self.codes[code] = place
        return code
