"""A draft for the year to come: last year's set of the departments, copied and changed in a few places.

It is there to be edited, tried out, compared and rehearsed on the figures of the years that are known.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from scoring.criteria.copying import copy_set
from scoring.criteria.editing.services import change_node, change_nodes
from scoring.criteria.models import CriteriaSet, Criterion
from scoring.criteria.rule_forms.services import set_rule
from scoring.demo import names
from scoring.demo.people import Province

__all__ = ["draft_next_year"]

FULL_OR_HALF = [
    {"points": "1", "ge": "100", "le": "100"},
    {"points": "0.5", "ge": "70", "lt": "100"},
    {"points": "0", "lt": "70"},
]


def draft_next_year(province: Province) -> CriteriaSet:
    """The draft, by the services that a person's pages use."""
    secretary, block = province.actor("thu-ky"), province.blocks[names.DEPARTMENTS]
    source = CriteriaSet.objects.get(year=province.year, block=block)
    draft = copy_set(actor=secretary, source=source, year=province.year + 1, block=block)
    nodes = {node.code: node for node in Criterion.objects.filter(criteria_set=draft)}

    def rule(code: str, **changes: Any) -> None:
        node = Criterion.objects.get(pk=nodes[code].pk)
        set_rule(
            actor=secretary,
            set_pk=draft.pk,
            node_pk=node.pk,
            revision=None,
            rule={**(node.rule or {}), **changes},
        )

    def maxima(points: dict[str, str]) -> None:
        cells = {nodes[code].pk: {"max_points": Decimal(value)} for code, value in points.items()}
        change_nodes(actor=secretary, set_pk=draft.pk, cells=cells)

    def words(code: str, **changes: Any) -> None:
        change_node(actor=secretary, set_pk=draft.pk, node_pk=nodes[code].pk, **changes)

    words("1.1.1", title="Ban hành kế hoạch CCHC năm trước ngày 15 tháng 01")
    # Half a point goes from delegation (area 4) to spreading the word (area 1).
    rule("4.3.1", yes="1")
    maxima({"4.3.1": "1", "4.3": "1", "4": "9.5", "1.4.1": "1", "1.4": "1", "1": "15.5"})
    rule("1.4.1", bands=FULL_OR_HALF)
    # Below 90 per cent in time, nothing.
    rule("3.4.1", zero_below_pct="90")
    words("1.4.1", rule_text="100%: 1; Từ 70% đến dưới 100%: 0,5; Dưới 70%: 0")
    words("4.3.1", rule_text="Đạt yêu cầu: 1; Không đạt: 0")
    words("3.4.1", rule_text=nodes["3.4.1"].rule_text.replace("80%", "90%"))
    return CriteriaSet.objects.get(pk=draft.pk)
