"""Criteria sets inside the administration."""

from __future__ import annotations

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


OBJECTS = {"criteria_set": _drafts, "draft_node": _draft_nodes}
TABLE = {
    "criteria:index": Row(PROVINCE),
    "criteria:import": Row(MANAGES, methods=BOTH),
    "criteria:store": Row(MANAGES, methods=("POST",), data={"content": "x"}),
    "criteria:template": Row(MANAGES),
    "criteria:annotated": Row(MANAGES, methods=("POST",), data={"content": "x"}),
    "criteria:set": Row(PROVINCE, PROVINCE, make="criteria_set"),
    "criteria:export": Row(PROVINCE, PROVINCE, make="criteria_set"),
    "criteria:export_xlsx": Row(PROVINCE, PROVINCE, make="criteria_set"),
    "criteria:lock": Row(MANAGES, MANAGES, make="criteria_set", methods=BOTH),
    "criteria:delete": Row(MANAGES, MANAGES, make="criteria_set", methods=BOTH),
    "criteria:new": Row(MANAGES, methods=BOTH),
    "criteria:edit": Row(MANAGES, MANAGES, make="criteria_set", methods=BOTH),
    "criteria:edit_details": Row(MANAGES, MANAGES, make="criteria_set", methods=BOTH),
    "criteria:edit_profiles": Row(MANAGES, MANAGES, make="criteria_set", methods=BOTH),
    "criteria:edit_paste": Row(MANAGES, MANAGES, make="criteria_set", methods=BOTH),
    "criteria:edit_renumber": Row(MANAGES, MANAGES, make="criteria_set", methods=BOTH),
    "criteria:node": Row(MANAGES, MANAGES, make="draft_node", methods=BOTH),
    "criteria:node_delete": Row(MANAGES, MANAGES, make="draft_node", methods=BOTH),
}
