"""Tokens, nodes and limits of a formula."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from ..reading import PLACES, WHOLE_DIGITS

MAX_LENGTH = 500
MAX_DEPTH = 25
MAX_NODES = 200
#: Results of every step stay below 10 to this power.
MAX_POWER = 30

FUNCTIONS = {"min": (1, 20), "max": (1, 20), "if": (3, 3)}
COMPARISONS = ("<", "<=", ">", ">=", "=", "!=")


class FormulaError(Exception):
    """A text that is no formula: a code of problems.MESSAGES with its parameters."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Number:
    """A literal."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Variable:
    """A declared variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """+ − × ÷, a comparison, ``neg``, ``min``, ``max`` or ``if``, over its operands."""

    op: str
    operands: tuple[Node, ...]

    @property
    def is_condition(self) -> bool:
        """Whether it is true or false rather than a number."""
        return self.op in COMPARISONS


Node = Number | Variable | Operation


@dataclass(frozen=True, slots=True)
class Token:
    """One sign, name or number, and where it stands (from 1)."""

    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign><=|>=|==|!=|<>|[-+*/()<>=,;×÷·−:≤≥≠]))"
)
_SIGNS = {
    "−": "-",
    "×": "*",
    "·": "*",
    "÷": "/",
    ":": "/",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "<>": "!=",
    "==": "=",
    ";": ",",
}


def tokens(text: str) -> list[Token]:
    """The tokens of a text, with an end token. Raises FormulaError."""
    if len(text) > MAX_LENGTH:
        raise FormulaError("text_too_long", max=MAX_LENGTH)
    found: list[Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise FormulaError("formula_sign", sign=text[start], at=start + 1)
        kind = str(match.lastgroup)
        part = match.group(kind)
        if kind == "number" and (
            len(part.partition(".")[0]) > WHOLE_DIGITS or len(part.partition(".")[2]) > PLACES
        ):
            raise FormulaError("number_too_long")
        found.append(Token(kind, _SIGNS.get(part, part), match.start(kind) + 1))
        at = match.end()
    found.append(Token("end", "", end + 1))
    return found
