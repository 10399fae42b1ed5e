"""Leaves whose rule looks at the answer of another leaf: which, in what order, and what a set may not hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from django.utils.translation import gettext as _

from scoring import engine

if TYPE_CHECKING:
    from scoring.criteria.queries import SetNode, SetTree

__all__ = ["condition_faults", "dependents", "looked_at", "reference_faults", "ring_of", "sources_of"]


class LeafLike(Protocol):
    """What is needed of a leaf of a set or of its file."""

    @property
    def code(self) -> str: ...

    @property
    def method(self) -> str: ...

    @property
    def rule(self) -> engine.Rule | None: ...


L = TypeVar("L", bound=LeafLike)


def reference_faults(leaves: Sequence[L]) -> list[tuple[L, str]]:
    """What is wrong with the leaves that rules name, in words, each with the leaf whose rule names them. Pure.

    Points move to other leaves of the set, and conditions look at them; and ``condition_faults``.
    """
    codes = {leaf.code for leaf in leaves if leaf.rule is not None}
    text = _("The set has no other leaf “%(code)s”.")
    unknown = [
        (leaf, text % {"code": code})
        for leaf in leaves
        for code in (leaf.rule.depends_on() if leaf.rule is not None else ())
        if code not in codes or code == leaf.code
    ]
    return [*unknown, *condition_faults(leaves)]


def condition_faults(leaves: Sequence[L]) -> list[tuple[L, str]]:
    """What is wrong with conditions on answers, in words, each with the leaf whose rule holds it. Pure.

    A condition looks at a self-scored leaf (only these are answered by the agency), at a field that its rule
    asks for, and never round in a ring.
    """
    by_code = {leaf.code: leaf for leaf in leaves}
    found: list[tuple[L, str]] = []
    for leaf in leaves:
        for rule in leaf.rule.walk() if leaf.rule is not None else ():
            for condition, _rule in rule.cases:
                source = by_code.get(condition.answer)
                if source is None or source is leaf or source.rule is None:
                    continue
                if source.method != "appraisal":
                    text = _("“%(code)s” is not self-assessed: a condition looks at what the agency answers.")
                    found.append((leaf, text % {"code": source.code}))
                elif condition.field not in {one.name for one in source.rule.fields()}:
                    text = _("“%(code)s” asks for no “%(field)s”: a condition looks at one of its fields.")
                    found.append((leaf, text % {"code": source.code, "field": condition.field[:60]}))
    ring = ring_of({leaf.code: leaf.rule.looks_at() for leaf in leaves if leaf.rule is not None})
    if len(ring) > 2:  # a leaf that looks at itself is named by the file already
        text = _("Leaves wait for each other’s answers: %(ring)s. Take one of these conditions out.")
        found.append((by_code[ring[0]], text % {"ring": " → ".join(ring)}))
    return found


def ring_of(looks_at: Mapping[str, Sequence[str]]) -> list[str]:
    """The codes of leaves that wait for each other, the first one again at the end; empty where there are none.

    ``looks_at``: for each leaf the codes whose answers it looks at. Pure.
    """
    done: set[str] = set()
    for start in looks_at:
        path: list[str] = []
        waiting = [(start, iter(looks_at.get(start, ())))]
        if start in done:
            continue
        path.append(start)
        while waiting:
            code, ahead = waiting[-1]
            following = next(ahead, None)
            if following is None:
                done.add(code)
                waiting.pop()
                path.pop()
            elif following in path:
                return [*path[path.index(following) :], following]
            elif following not in done:
                path.append(following)
                waiting.append((following, iter(looks_at.get(following, ()))))
    return []


def sources_of(tree: SetTree, rule: engine.Rule | None) -> list[SetNode]:
    """The leaves at whose answers a rule looks, in its order."""
    if rule is None:
        return []
    return [tree.by_code[code] for code in rule.looks_at() if code in tree.by_code]


def looked_at(tree: SetTree) -> list[SetNode]:
    """The leaves at whose answers others look, in the order of the tree."""
    codes = {code for leaf in tree.leaves if leaf.rule is not None for code in leaf.rule.looks_at()}
    return [leaf for leaf in tree.leaves if leaf.code in codes]


def dependents(tree: SetTree, codes: Collection[str] | None = None) -> list[SetNode]:
    """The leaves that look at one of these answers, directly or through others; all such leaves for None.

    Sources come before what depends on them, so that one pass in this order settles all.
    """
    ahead = {leaf.code: leaf.rule.looks_at() for leaf in tree.leaves if leaf.rule is not None}
    touched = set(ahead if codes is None else codes)
    ordered: list[str] = []
    for code in ahead:
        _visit(code, ahead, ordered)
    found: list[SetNode] = []
    for code in ordered:
        if any(source in touched for source in ahead[code]):
            touched.add(code)
            found.append(tree.by_code[code])
    return found


def _visit(code: str, ahead: Mapping[str, Iterable[str]], ordered: list[str]) -> None:
    """Depth first; sets hold no rings (``ring_of``), and a stored one that did would only be ordered oddly."""
    if code in ordered:
        return
    stack = [(code, iter(ahead.get(code, ())))]
    seen = {code}
    while stack:
        current, sources = stack[-1]
        following = next((one for one in sources if one in ahead), None)
        if following is None:
            stack.pop()
            ordered.append(current)
        elif following not in seen and following not in ordered:
            seen.add(following)
            stack.append((following, iter(ahead[following])))
