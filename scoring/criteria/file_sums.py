"""What a file's points do not add up to, as warnings with their places. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from parindex.ui.formats import format_decimal
from scoring.criteria import sums
from scoring.criteria.json_source import Finding

if TYPE_CHECKING:
    from scoring.criteria.fileformat import SetFile

__all__ = ["sum_warnings"]


def sum_warnings(file: SetFile) -> Iterator[Finding]:
    """Every node whose points are not what its parts make, the total likewise, and caps that change nothing."""
    for one in sums.mismatches((node.summand for node in file.nodes), file.total):
        told = {"sum": format_decimal(one.parts), "points": format_decimal(one.stated)}
        if one.key is None:
            yield Finding("total", _("The areas add up to %(sum)s points, the total says %(points)s.") % told)
            continue
        node = file.nodes[one.key]
        message = _("The parts add up to %(sum)s points, the maximum says %(points)s.")
        if one.counted != one.parts:
            told["cap"] = format_decimal(one.counted)
            message = _(
                "The parts add up to %(sum)s points, of which at most %(cap)s count; the maximum says %(points)s."
            )
        yield Finding(f"{node.place}.max", message % told, node.code)
    parts = sums.parts_of(node.summand for node in file.nodes)
    for node in file.nodes:
        if sums.useless_cap(node.summand, parts.get(node.position, Decimal(0))):
            message = (
                _("The cap is not below the maximum of this leaf: it changes nothing.")
                if node.rule is not None
                else _("The cap is above the sum of the parts: it changes nothing.")
            )
            yield Finding(f"{node.place}.cap", message, node.code)
