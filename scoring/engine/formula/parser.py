"""Parse a formula by binding power: comparison, then + −, then × ÷, then a sign before."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from .syntax import (
    COMPARISONS,
    FUNCTIONS,
    MAX_DEPTH,
    MAX_NODES,
    FormulaError,
    Node,
    Number,
    Operation,
    Token,
    Variable,
    tokens,
)

_POWERS = {**dict.fromkeys(COMPARISONS, 10), "+": 20, "-": 20, "*": 30, "/": 30}
_PREFIX = 40


class _Parser:
    def __init__(self, text: str, names: Collection[str]) -> None:
        self.tokens = tokens(text)
        self.names = names
        self.at = 0
        self.nodes = 0
        self.depth = 0

    def here(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def expect(self, sign: str) -> None:
        token = self.take()
        if token.kind != "sign" or token.text != sign:
            raise self.unexpected(token)

    @staticmethod
    def unexpected(token: Token) -> FormulaError:
        if token.kind == "end":
            return FormulaError("formula_end")
        return FormulaError("formula_unexpected", token=token.text, at=token.at)

    def made(self, node: Node) -> Node:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise FormulaError("formula_too_big", max=MAX_NODES)
        return node

    def number(self, power: int) -> Node:
        """An expression that must be a number."""
        at = self.here().at
        node = self.expression(power)
        if isinstance(node, Operation) and node.is_condition:
            raise FormulaError("formula_not_number", at=at)
        return node

    def expression(self, power: int) -> Node:
        """Everything that binds more tightly than ``power``."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FormulaError("formula_too_deep", max=MAX_DEPTH)
        left = self.first()
        while (token := self.here()).kind == "sign" and (own := _POWERS.get(token.text, 0)) > power:
            if isinstance(left, Operation) and left.is_condition:
                raise FormulaError("formula_not_number", at=token.at)
            self.take()
            left = self.made(Operation(token.text, (left, self.number(own))))
        self.depth -= 1
        return left

    def first(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return self.made(Number(Decimal(token.text)))
        if token.kind == "name":
            return self.named(token)
        if token.text == "(":
            inner = self.expression(0)
            self.expect(")")
            return inner
        if token.text == "-":
            return self.made(Operation("neg", (self.number(_PREFIX),)))
        if token.text == "+":
            return self.number(_PREFIX)
        raise self.unexpected(token)

    def named(self, token: Token) -> Node:
        name = token.text
        if name not in FUNCTIONS:
            if name not in self.names:
                raise FormulaError("formula_unknown_name", name=name[:60], at=token.at)
            return self.made(Variable(name))
        self.expect("(")
        operands = [self.condition() if name == "if" else self.number(0)]
        while self.here().kind == "sign" and self.here().text == ",":
            self.take()
            operands.append(self.number(0))
        self.expect(")")
        least, most = FUNCTIONS[name]
        if not least <= len(operands) <= most:
            raise FormulaError("formula_arguments", name=name, at=token.at)
        return self.made(Operation(name, tuple(operands)))

    def condition(self) -> Node:
        at = self.here().at
        node = self.expression(0)
        if not (isinstance(node, Operation) and node.is_condition):
            raise FormulaError("formula_not_condition", at=at)
        return node


def parse(text: str, names: Collection[str]) -> Node:
    """The tree of a formula over the variables ``names``. Raises FormulaError."""
    parser = _Parser(text, names)
    node = parser.number(0)
    if parser.here().kind != "end":
        raise parser.unexpected(parser.here())
    return node


def names_in(node: Node) -> set[str]:
    """The variables that a tree uses."""
    if isinstance(node, Variable):
        return {node.name}
    if isinstance(node, Operation):
        return set().union(*(names_in(operand) for operand in node.operands))
    return set()
