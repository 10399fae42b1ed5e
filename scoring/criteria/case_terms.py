"""The inputs of a rule by names that people use, for the lines of stored cases. Pure.

Words are part of the file format: Vietnamese under every interface language. The engine's names and the labels of
the set are understood as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from parindex.ui.collation import fold
from scoring import engine
from scoring.criteria.case_check import names_of

__all__ = ["Term", "Terms", "terms_of", "word_of_input"]

_WORDS = {
    "value": "giá trị",
    "option": "phương án",
    "points": "điểm",
    "items": "mục",
    "n": "số lượng",
    "numerator": "tử số",
    "denominator": "mẫu số",
    "pct": "tỷ lệ %",
    "rank": "thứ hạng",
    "previous_rank": "thứ hạng trước",
    "from": "từ ngày",
    "to": "đến ngày",
    "exceptions": "ngoại lệ",
    "expression": "công thức",
    "not_arising": "không phát sinh",
}
_PREFIX = re.compile(r"(?P<kind>[pc])(?P<number>\d+)_(?P<rest>.+)")
_NUMBERED = re.compile(r"(?P<kind>n|fact_)(?P<number>\d+)")
_BEST = "cao nhất của khối"
_MET, _NOT_MET, _YES, _NO, _NONE, _ALL = "đạt", "không đạt", "có", "không", "không có", "tất cả"
_TRUE = {fold(word) for word in (_MET, _YES, "true", "yes", "1")}
_FALSE = {fold(word) for word in (_NOT_MET, _NO, "false", "no", "0")}
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")


@dataclass(frozen=True, slots=True)
class Term:
    """One input: where its value goes, its word, what else it may be called, and its choices."""

    path: tuple[str, ...]
    word: str
    name: str
    type: str
    labels: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    def told(self, value: Any) -> str:
        """A canonical value as it is written."""
        if isinstance(value, bool):
            pair = (_MET, _NOT_MET) if self.choices == (_MET, _NOT_MET) else (_YES, _NO)
            return pair[0] if value else pair[1]
        if self.type == "choice":
            label = self.choices[value]
            return label if self._picked(label) == value else str(value + 1)
        if self.type == "items":
            return ", ".join(str(number + 1) for number in value) or _NONE
        if self.type == "date":
            day = date.fromisoformat(value)
            return f"{day.day:02}/{day.month:02}/{day.year:04}"
        if not isinstance(value, (str, int)):
            raise TypeError
        text = str(value)
        return text.replace(".", ",") if _NUMBER.fullmatch(text) else text

    def taken(self, text: str) -> Any:
        """A written value as the engine takes it. Raises ValueError with what is wrong."""
        if self.type == "boolean":
            return self._flag(text)
        if self.type == "choice":
            return self._picked(text)
        if self.type == "items":
            return self._items(text)
        if self.type == "answer" and fold(text) in {fold(_YES), fold(_NO), "true", "false"}:
            return fold(text) in _TRUE
        return text

    def _flag(self, text: str) -> bool:
        folded = fold(text)
        if folded not in _TRUE | _FALSE:
            raise ValueError(
                _("“%(name)s”: write “%(yes)s” or “%(no)s”.") % {"name": self.word, "yes": _YES, "no": _NO}
            )
        return folded in _TRUE

    def _picked(self, text: str) -> int:
        """The number of a choice, from 0: by its label, else by its place in the list, from 1."""
        for key in (str, fold):
            same = [number for number, label in enumerate(self.choices) if key(label) == key(text)]
            if len(same) == 1:
                return same[0]
        if text.isdecimal() and 1 <= int(text[:4]) <= len(self.choices):
            return int(text[:4]) - 1
        told = {"name": self.word, "value": text[:60], "allowed": "; ".join(self.choices)[:300]}
        raise ValueError(_("“%(name)s”: “%(value)s” is not one of: %(allowed)s.") % told)

    def _items(self, text: str) -> list[int]:
        if fold(text) in (fold(_NONE), "none"):
            return []
        if fold(text) == fold(_ALL):
            return list(range(len(self.choices)))
        pieces = [piece.strip() for piece in text.split(",")]
        if not all(piece.isdecimal() for piece in pieces):
            pieces = [piece.strip() for piece in text.split("+")]
        return [self._picked(piece) for piece in pieces]


@dataclass
class Terms:
    """The terms of one rule, found by name, word or label."""

    all: list[Term] = field(default_factory=list)
    by_path: dict[tuple[str, ...], Term] = field(default_factory=dict)

    def add(self, term: Term) -> None:
        self.all.append(term)
        self.by_path[term.path] = term

    def find(self, text: str) -> Term | str:
        """The term that is called so, or what is wrong in words."""
        tests = (
            lambda term: term.name == text,
            lambda term: term.word == text,
            lambda term: fold(term.word) == fold(text),
            lambda term: text in term.labels,
            lambda term: fold(text) in {fold(label) for label in term.labels},
        )
        for test in tests:
            found = [term for term in self.all if test(term)]
            if len(found) == 1:
                return found[0]
            if found:
                told = {"name": text[:60], "allowed": "; ".join(term.word for term in found)[:300]}
                return _("“%(name)s” may be more than one input; write one of: %(allowed)s.") % told
        told = {"name": text[:60], "allowed": "; ".join(term.word for term in self.all)[:300]}
        return _("The rule has no input “%(name)s”; it asks for: %(allowed)s.") % told

    def word_of(self, term: Term) -> str:
        """The word of a term where it is found by it again, else the engine's name."""
        return term.word if self.find(term.word) == term else term.name


def terms_of(rule: engine.Rule) -> Terms:
    """Every input that a case of this rule may give."""
    names, terms = names_of(rule), Terms()
    for name, one in names.fields.items():
        choices: Sequence[str] = [str(label) for _value, label in one.choices]
        if one.type == "boolean" and choices:
            choices = (_MET, _NOT_MET)
        terms.add(Term((name,), _word(name, one.type), name, one.type, (one.label,), tuple(choices)))
    for code, inner in names.answers:
        terms.add(
            Term(
                ("answers", code, inner),
                f"{code} ({_WORDS.get(inner, inner)})",
                f"{code} ({inner})",
                "answer",
            )
        )
    for name in names.best:
        word = _prefixed(name.removesuffix("value"), _BEST)
        terms.add(Term(("best", name), word, f"best.{name}", "decimal"))
    return terms


def word_of_input(path: str) -> str:
    """The word of an input by its name alone, for messages."""
    return path if path.startswith(("answers.", "best.")) else _word(path, "")


def _word(name: str, type_: str) -> str:
    prefix = ""
    rest = name
    while match := _PREFIX.fullmatch(rest):
        prefix, rest = name[: len(name) - len(match["rest"])], match["rest"]
    if rest == "value" and type_ == "boolean":
        word = "kết quả"
    elif rest.startswith("v_"):
        word = rest.removeprefix("v_")
    elif rest.startswith("counts."):
        word = rest.removeprefix("counts.")
    elif match := _NUMBERED.fullmatch(rest):
        word = f"{'số lượng' if match['kind'] == 'n' else 'điều kiện'} {int(match['number']) + 1}"
    else:
        word = _WORDS.get(rest, rest)
    return _prefixed(prefix, word)


def _prefixed(prefix: str, word: str) -> str:
    """``p0_c1_`` before “tử số”: “phần 1 trường hợp 2 tử số”."""
    told = [
        f"{'phần' if kind == 'p' else 'trường hợp'} {int(number) + 1}"
        for kind, number in re.findall(r"([pc])(\d+)_", prefix)
    ]
    return " ".join([*told, word])
