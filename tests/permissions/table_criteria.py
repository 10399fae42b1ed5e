"""Criteria sets inside the administration."""

from __future__ import annotations

from scoring.criteria.models import StoredCase
from tests.criteria.linked import two
from tests.factories_scoring import make_set
from tests.permissions.table import PROVINCE, Kinds, Row, World

MANAGES = {"secretary"}
BOTH = ("GET", "POST")


def _drafts(world: World) -> Kinds:
    """A set is of a block, not of an agency: "foreign" is another block's."""
    sets = [make_set(locked=False, year=year) for year in (2031, 2032)]
    return Kinds({"pk": sets[0].pk}, {"pk": sets[1].pk}, {"pk": 999_999})


def _draft_nodes(world: World) -> Kinds:
    """A node of each draft; absent: a node of another set, which this set's address must not show."""
    sets = [make_set(locked=False, year=year) for year in (2033, 2034)]
    nodes = [one.criteria.get(code="1.1.1").pk for one in sets]
    return Kinds(
        {"pk": sets[0].pk, "node": nodes[0]},
        {"pk": sets[1].pk, "node": nodes[1]},
        {"pk": sets[0].pk, "node": nodes[1]},
    )


def _stored_cases(world: World) -> Kinds:
    """A stored case of a node of each draft; absent: the case of another node."""
    sets = [make_set(locked=False, year=year) for year in (2037, 2038)]
    found = []
    for one in sets:
        node = one.criteria.get(code="1.1.1")
        case = StoredCase.objects.create(criterion=node, inputs={"value": True}, points=1)
        found.append({"pk": one.pk, "node": node.pk, "case": case.pk})
    return Kinds(found[0], found[1], found[0] | {"case": found[1]["case"]})


def _linked(world: World) -> Kinds:
    """Two sets of which the newer one follows the other; absent: sets that nothing ties."""
    pairs = [two(year, title=f"Bộ tiêu chí của {year}") for year in (2035, 2036)]
    addresses = [{"pk": new.pk, "earlier": old.pk} for new, old in pairs]
    return Kinds(addresses[0], addresses[1], {"pk": pairs[0][0].pk, "earlier": pairs[1][1].pk})


def _compared(world: World) -> Kinds:
    kinds = _linked(world)
    own, foreign = ({"pk": one["pk"], "other": one["earlier"]} for one in (kinds.own, kinds.foreign or {}))
    return Kinds(own, foreign, {"pk": own["pk"], "other": 999_999})


def _comparison_files(world: World) -> Kinds:
    kinds = _compared(world)
    own, foreign, absent = (
        {**one, "kind": "csv"} for one in (kinds.own, kinds.foreign or {}, kinds.absent or {})
    )
    return Kinds(own, foreign, absent)


OBJECTS = {
    "set_link": _linked,
    "compared_sets": _compared,
    "comparison_file": _comparison_files,
    "criteria_set": _drafts,
    "draft_node": _draft_nodes,
    "stored_case": _stored_cases,
}
TABLE = {
    "criteria:index": Row(PROVINCE),
    "criteria:import": Row(MANAGES, methods=BOTH),
    "criteria:store": Row(MANAGES, methods=("POST",), data={"content": "x"}),
    "criteria:template": Row(MANAGES),
    "criteria:annotated": Row(MANAGES, methods=("POST",), data={"content": "x"}),
    "criteria:copy": Row(MANAGES, MANAGES, make="criteria_set", methods=BOTH),
    "criteria:links": Row(PROVINCE, PROVINCE, make="criteria_set", methods=BOTH, posts=(MANAGES, MANAGES)),
    "criteria:ties": Row(PROVINCE, PROVINCE, make="set_link", methods=BOTH, posts=(MANAGES, MANAGES)),
    "criteria:link_drop": Row(MANAGES, MANAGES, make="set_link", methods=BOTH),
    "criteria:compare": Row(PROVINCE, PROVINCE, make="compared_sets"),
    "criteria:compare_file": Row(PROVINCE, PROVINCE, make="comparison_file"),
    "criteria:set": Row(PROVINCE, PROVINCE, make="criteria_set"),
    "criteria:export": Row(PROVINCE, PROVINCE, make="criteria_set"),
    "criteria:export_xlsx": Row(PROVINCE, PROVINCE, make="criteria_set"),
    "criteria:lock": Row(MANAGES, MANAGES, make="criteria_set", methods=BOTH),
    "criteria:delete": Row(MANAGES, MANAGES, make="criteria_set", methods=BOTH),
    "criteria:rule": Row(MANAGES, MANAGES, make="draft_node", methods=BOTH, data={"act": "try"}),
    "criteria:rule_try": Row(MANAGES, MANAGES, make="draft_node", methods=("POST",)),
    "criteria:rule_clear": Row(MANAGES, MANAGES, make="draft_node", methods=BOTH),
    "criteria:cases": Row(PROVINCE, PROVINCE, make="draft_node"),
    "criteria:case": Row(MANAGES, MANAGES, make="stored_case", methods=BOTH),
    "criteria:case_delete": Row(MANAGES, MANAGES, make="stored_case", methods=BOTH),
    "criteria:new": Row(MANAGES, methods=BOTH),
    "criteria:edit": Row(MANAGES, MANAGES, make="criteria_set", methods=BOTH),
    "criteria:edit_details": Row(MANAGES, MANAGES, make="criteria_set", methods=BOTH),
    "criteria:edit_profiles": Row(MANAGES, MANAGES, make="criteria_set", methods=BOTH),
    "criteria:edit_paste": Row(MANAGES, MANAGES, make="criteria_set", methods=BOTH),
    "criteria:edit_renumber": Row(MANAGES, MANAGES, make="criteria_set", methods=BOTH),
    "criteria:node": Row(MANAGES, MANAGES, make="draft_node", methods=BOTH),
    "criteria:node_delete": Row(MANAGES, MANAGES, make="draft_node", methods=BOTH),
}
