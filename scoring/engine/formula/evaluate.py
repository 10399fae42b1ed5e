"""Walk a checked tree. Only the branch that an ``if`` takes is evaluated."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal

from ..numbers import EXACT
from .syntax import MAX_POWER, Node, Number, Variable


class FormulaValueError(Exception):
    """Values for which the formula has no result: ``division_by_zero`` or ``result_too_large``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
_ARITHMETIC: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": EXACT.add,
    "-": EXACT.subtract,
    "*": EXACT.multiply,
}


def evaluate(node: Node, values: Mapping[str, Decimal]) -> Decimal:
    """The number that the tree gives for the values. Raises FormulaValueError."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Variable):
        return values[node.name]
    if node.op == "if":
        condition, yes, no = node.operands
        return evaluate(yes if _holds(condition, values) else no, values)
    parts = [evaluate(operand, values) for operand in node.operands]
    if node.op == "neg":
        return parts[0].copy_negate()
    if node.op == "min":
        return min(parts)
    if node.op == "max":
        return max(parts)
    left, right = parts
    if node.op == "/":
        if right == 0:
            raise FormulaValueError("division_by_zero")
        result = EXACT.divide(left, right)
    else:
        result = _ARITHMETIC[node.op](left, right)
    if result and result.adjusted() >= MAX_POWER:
        raise FormulaValueError("result_too_large")
    return result


def _holds(condition: Node, values: Mapping[str, Decimal]) -> bool:
    assert not isinstance(condition, (Number, Variable))  # checked by the parser
    left, right = (evaluate(operand, values) for operand in condition.operands)
    return _COMPARE[condition.op](left, right)
