"""What becomes of a scoresheet when the criteria set of its block is amended within the year. Pure: rows in, rows out.

``ways`` says from which leaves of the earlier set a leaf of the new one takes over; ``carry`` what of one answer
goes with it, and who has to look at it once more. Plan and act are made from the same two functions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scoring import engine
from scoring.assessment.input_words import inputs_in_words
from scoring.assessment.models import Answer, Scoresheet, SheetState
from scoring.assessment.permissions import SUBMITTED_STATES
from scoring.criteria.comparison import Change, compare
from scoring.criteria.links import Bridge
from scoring.criteria.models import Comparability
from scoring.criteria.queries import SetNode, SetTree

__all__ = ["Carried", "Way", "Ways", "carry", "fits", "state_after", "ways"]

Applicability = Answer.Applicability
#: What keeps its points, marks and questions: the rule and the maximum are the same.
KEPT = frozenset({Change.SAME, Change.RENAMED})
#: What an earlier set's declared figures may be scored again by.
SCORED_AGAIN = frozenset({Change.RULE, Change.MAXIMUM})


@dataclass(frozen=True, slots=True)
class Way:
    """One leaf of the new set, what it is to the earlier set, and the leaves there that it takes over from."""

    leaf: SetNode
    change: str
    sources: tuple[SetNode, ...] = ()

    @property
    def is_kept(self) -> bool:
        return self.change in KEPT

    @property
    def source(self) -> SetNode | None:
        """The one leaf that it follows; None for what is new or merged."""
        return self.sources[0] if len(self.sources) == 1 else None


@dataclass(frozen=True, slots=True)
class Ways:
    """Every leaf of the new set in its order, and the leaves of the earlier set that nothing follows."""

    leaves: tuple[Way, ...]
    gone: tuple[SetNode, ...]
    #: node of the earlier set → the nodes that follow it, for what is given to criteria (assessors, divisions)
    nodes: Mapping[int, tuple[int, ...]]
    by_leaf: dict[int, Way] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_leaf", {way.leaf.id: way for way in self.leaves})

    @property
    def self_scored(self) -> list[Way]:
        """Those that agencies answer."""
        return [way for way in self.leaves if way.leaf.is_self_scored]

    @property
    def others(self) -> list[Way]:
        """Those whose points come in by a file."""
        return [way for way in self.leaves if not way.leaf.is_self_scored]


def ways(new: SetTree, old: SetTree, bridge: Bridge) -> Ways:
    """How the leaves of the new set follow those of the earlier one.

    A leaf beneath a node that follows an earlier leaf is a part of it (split); a leaf that follows an earlier
    node takes over from the leaves beneath it (merged). A link that a person called not comparable keeps no
    figures, whatever the rules say.
    """
    sources = {leaf.id: _sources(leaf, new, old, bridge) for leaf in new.leaves}
    parts: dict[int, int] = {}
    for found in sources.values():
        for one in found:
            parts[one.id] = parts.get(one.id, 0) + 1
    pairs = {pair.node.id: pair for pair in compare(new, old, bridge) if pair.node is not None}
    leaves = []
    for leaf in new.leaves:
        found = sources[leaf.id]
        pair = pairs[leaf.id]
        if not found:
            change: str = Change.NEW
        elif len(found) > 1:
            change = Change.MERGED
        elif parts[found[0].id] > 1:
            change = Change.SPLIT
        elif len(pair.earlier) != 1 or pair.earlier[0].id != found[0].id:
            change = Change.RULE
        elif pair.change != Change.RULE and pair.comparability == Comparability.NOT_COMPARABLE:
            change = Change.RULE
        else:
            change = pair.change
        leaves.append(Way(leaf, change, found))
    leaves = _with_what_they_look_at(leaves)
    gone = tuple(leaf for leaf in old.leaves if leaf.id not in parts)
    return Ways(tuple(leaves), gone, _followers(new, old, bridge, sources))


def _with_what_they_look_at(leaves: list[Way]) -> list[Way]:
    """A leaf whose rule looks at the answer of another one stays the same only if that one does, code and all."""
    kept = {way.leaf.code for way in leaves if way.is_kept and way.sources[0].code == way.leaf.code}
    return [
        replace(way, change=Change.RULE)
        if way.is_kept and way.leaf.rule is not None and set(way.leaf.rule.looks_at()) - kept
        else way
        for way in leaves
    ]


def _sources(leaf: SetNode, new: SetTree, old: SetTree, bridge: Bridge) -> tuple[SetNode, ...]:
    found: dict[int, SetNode] = {}
    for tie in bridge.back(leaf.id):
        node = old.by_id.get(tie.earlier)
        if node is None:
            continue
        beneath = [node] if node.is_leaf else old.leaves_under(node.id)
        for one in beneath:
            if one.id == node.id or not any(tie.newer in new.by_id for tie in bridge.forward(one.id)):
                found[one.id] = one
    if not found:  # an earlier leaf that became a criterion with parts
        for above in reversed(new.above(leaf.id)):
            for tie in bridge.back(above.id):
                node = old.by_id.get(tie.earlier)
                if node is not None and node.is_leaf:
                    found[node.id] = node
            if found:
                break
    return tuple(sorted(found.values(), key=lambda one: one.order))


def _followers(
    new: SetTree, old: SetTree, bridge: Bridge, sources: Mapping[int, Sequence[SetNode]]
) -> dict[int, tuple[int, ...]]:
    found: dict[int, dict[int, None]] = {}
    for node in old.nodes:
        for tie in bridge.forward(node.id):
            if tie.newer in new.by_id:
                found.setdefault(node.id, {})[tie.newer] = None
    for leaf, earlier in sources.items():
        for one in earlier:
            found.setdefault(one.id, {})[leaf] = None
    return {node: tuple(following) for node, following in found.items()}


# --- one answer -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Carried:
    """One answer of the new sheet before it is stored: what it takes over, and who looks at it once more.

    ``verbatim``: everything that hangs on the earlier answer goes with it, its marks and questions too.
    ``asks``: the request "not applicable" stands again and waits for a new decision.
    """

    way: Way
    answer: Answer
    sources: tuple[Answer, ...] = ()
    verbatim: bool = False
    asks: bool = False
    agency: bool = False
    appraiser: bool = False


def carry(
    way: Way, earlier: Mapping[int, Answer], *, sheet: Scoresheet, profiles: Collection[str]
) -> Carried:
    """The answer of one self-scored leaf on the sheet that follows ``sheet``, from its answers by criterion id.

    Where the rule and the maximum are the same the answer stands as it is. Where they changed, declared figures
    that the new rule asks for in the same words are scored anew, and the agency confirms or corrects them; marks
    were given by another rule and stay beside. Whatever changed on a submitted sheet goes back to its agency:
    an agency that had nothing to declare by the old rule may have by the new one. A supplement was submitted too.
    """
    sources = tuple(earlier[one.id] for one in way.sources if one.id in earlier)
    answer = Answer(criterion_id=way.leaf.id)
    if not way.leaf.applies_to(profiles):
        answer.applicability = Applicability.PROFILE
        return Carried(way, _with_texts(answer, way, sources), sources)
    submitted = sheet.supplementary or sheet.state in SUBMITTED_STATES
    counted = tuple(one for one in sources if one.applicability != Applicability.PROFILE)
    if not counted:  # nothing was asked of the agency here before
        return Carried(way, _with_texts(answer, way, sources), sources, agency=True, appraiser=submitted)
    if way.is_kept:
        return Carried(way, _same(answer, counted[0]), sources, verbatim=True)
    answer = _with_texts(answer, way, counted)
    asks = len(counted) == 1 and way.change in SCORED_AGAIN and _asks(counted[0])
    if asks:
        answer.applicability = Applicability.REQUESTED
    if way.change in SCORED_AGAIN:
        _score_again(answer, way, counted[0])
    declared = any(one.inputs is not None or _asks(one) for one in counted)
    look = submitted or declared or way.change in (Change.SPLIT, Change.MERGED)
    return Carried(way, answer, sources, asks=asks, agency=look, appraiser=submitted)


def fits(old: engine.Rule, new: engine.Rule, inputs: Mapping[str, Any]) -> bool:
    """Whether declared figures answer the new rule too: it takes them, and they read the same in words.

    The same number of an option that was worded anew is another answer; and where the rule looks at the answers of
    other leaves, the agency declares anew.
    """
    if new.looks_at():
        return False
    try:
        cleaned = engine.clean_inputs(new, inputs)
    except engine.InputErrors:
        return False
    return cleaned == dict(inputs) and inputs_in_words(old, inputs) == inputs_in_words(new, cleaned)


def state_after(sheet: Scoresheet, *, waits: bool) -> tuple[str, bool]:
    """State of the new sheet, and whether it is a supplement; ``waits``: its agency has something to look at."""
    state = sheet.state
    if not waits:
        return state, sheet.supplementary
    return SheetState.DRAFTING, sheet.supplementary or state in SUBMITTED_STATES


def _asks(answer: Answer) -> bool:
    return answer.applicability in (Applicability.REQUESTED, Applicability.GRANTED)


def _same(answer: Answer, source: Answer) -> Answer:
    for name in (
        "inputs", "self_points", "applicable_max", "trace", "note", "applicability", "version",
        "answered_by_id", "answered_at",
    ):  # fmt: skip
        setattr(answer, name, getattr(source, name))
    return answer


def _with_texts(answer: Answer, way: Way, sources: Iterable[Answer]) -> Answer:
    """The notes go with the answer; several are joined, each under the code that it stood under."""
    noted = [one for one in sources if one.note]
    codes = {one.id: one.code for one in way.sources}
    if len(noted) > 1:
        answer.note = "\n\n".join(f"{codes[one.criterion_id]}: {one.note}" for one in noted)
    elif noted:
        answer.note = noted[0].note
    return answer


def _score_again(answer: Answer, way: Way, source: Answer) -> None:
    old = way.source
    if old is None or old.rule is None or way.leaf.rule is None or source.inputs is None:
        return
    if not fits(old.rule, way.leaf.rule, source.inputs):
        return
    score = engine.score(way.leaf.rule, way.leaf.max_points, source.inputs)
    answer.inputs, answer.self_points = source.inputs, score.points
    answer.applicable_max, answer.trace = score.applicable_max, score.trace
    answer.answered_by_id, answer.answered_at = source.answered_by_id, source.answered_at
