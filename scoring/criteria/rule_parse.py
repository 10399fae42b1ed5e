"""The lines of a rule in one cell → the rule, with the line of every fault. Pure; `rule_lines` writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from parindex.ui.collation import fold
from parindex.ui.formats import NotANumber, parse_file_decimal
from scoring.criteria import rule_words as words
from scoring.criteria.json_source import load
from scoring.engine import plain

__all__ = ["ANY", "RuleText", "read"]

MAX_LINE = 2500
_NUMBER = r"[+-]?[0-9]{1,20}(?:[.,][0-9]{1,20})?"
_UNIT = r"(?:\s*(?:điểm|đ|%))?"
_POINTS = (
    rf"(?:{_NUMBER}{_UNIT}(?:\s*(?:đến|–)\s*{_NUMBER}{_UNIT}(?:\s*,?\s*bước\s+{_NUMBER})?)?|{words.UNSCORED})"
)
_ENTRY = re.compile(
    rf"(?P<label>.*\S)\s*(?:=|:)\s*(?P<points>{_POINTS})\s*(?:\[(?P<effects>[^\]]*)\])?", re.IGNORECASE
)
_BARE = re.compile(r"(?P<label>.*?\S)\s*(?:\[(?P<effects>[^\]]*)\])?")
_BAND = re.compile(
    rf"(?:(?:(?P<gt>trên|>(?!=))|(?P<ge>từ|>=|≥)|(?P<eq>đúng|bằng))?\s*(?P<low>{_NUMBER})(?:\s*%)?)?"
    rf"\s*(?P<up>trở lên)?\s*[,;]?\s*"
    rf"(?:(?:(?:đến\s+)?(?P<lt>dưới|<(?!=))|(?P<le>đến|<=|≤))\s*(?P<high>{_NUMBER})(?:\s*%)?)?(?P<down>\s*trở xuống)?",
    re.IGNORECASE,
)
ANY = "mọi giá trị"
_VARIABLE = re.compile(r"(?P<name>[^\s=]+)\s*=\s*(?P<rest>.*)")


@dataclass
class RuleText:
    """What a cell says: the rule as plain JSON values, what was not understood, and the line of each parameter."""

    rule: dict[str, Any] | None
    #: (line from 1, message); line 0 is the whole cell.
    faults: list[tuple[int, str]] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def line_of(self, path: str) -> int:
        """The line that gave a parameter such as ``bands[1].ge``; 0 where none did."""
        while path and path not in self.lines:
            path = path.rpartition("." if path.rfind(".") > path.rfind("[") else "[")[0]
        return self.lines.get(path, 0)


def read(kind: str, text: str) -> RuleText:
    """The rule of a cell. ``kind`` may be empty where the text is JSON with a kind of its own."""
    text = text.replace("\r\n", "\n").strip()
    if text.startswith("{"):
        return _json(kind, text)
    found = RuleText({"kind": kind})
    if kind in ("sum_of", "best_of"):
        found.faults.append((0, _("A rule made of rules is written as JSON: see the instructions sheet.")))
        return found
    for number, line in _split(kind, text):
        if len(line) > MAX_LINE:
            found.faults.append((number, _("The line is too long.")))
        elif line.strip():
            _Line(found, kind, number, line.strip()).read()
    _finish(found, kind)
    return found


def _json(kind: str, text: str) -> RuleText:
    loaded = load(text.encode("utf-8", "surrogatepass"))
    faults = [
        (0, f"{fault.place}: {fault.message}" if fault.place else fault.message) for fault in loaded.faults
    ]
    if not faults and not isinstance(loaded.value, dict):
        faults = [(0, _("An object in braces is expected here."))]
    if not faults and kind and loaded.value.get("kind", kind) != kind:
        told = words.KINDS.get(str(loaded.value["kind"]), str(loaded.value["kind"])[:40])
        faults = [(0, _("The column beside it says another kind than this text: %(kind)s.") % {"kind": told})]
    if faults:
        return RuleText(None, faults)
    return RuleText({"kind": kind} | loaded.value if kind else loaded.value)


def _split(kind: str, text: str) -> list[tuple[int, str]]:
    """The lines with their numbers; one line of ``a: 1; b: 0`` counts as several where every piece is an entry."""
    lines = list(enumerate(text.split("\n"), start=1))
    if (
        len(lines) == 1
        and len(text) <= MAX_LINE
        and kind in ("choice", "checklist", "tiers", "boolean", "survey")
    ):
        pieces = [piece.strip().rstrip(".") for piece in text.split(";")]
        pieces = [piece for piece in pieces if piece]
        if len(pieces) > 1 and all(_ENTRY.fullmatch(piece) for piece in pieces):
            return [(1, piece) for piece in pieces]
    return lines


@dataclass
class _Line:
    """One line of a rule, put where it belongs."""

    found: RuleText
    kind: str
    number: int
    text: str

    def read(self) -> None:
        word, colon, rest = self.text.partition(":")
        head = fold(word.partition("(")[0])
        inner = re.search(r"\((.*)\)", word)
        inside = inner.group(1).strip() if inner else ""
        named: dict[tuple[str, str], Callable[[str, str], None]] = {
            ("tiers", fold(words.EXCEPTION)): self.exception,
            ("tiers", fold(words.PART)): lambda _inside, value: self.add("parts", value),
            ("formula", fold(words.VARIABLE)): self.variable,
            ("formula", fold(words.EXPRESSION)): self.expression,
        }
        if colon and (reader := named.get((self.kind, head))):
            reader(inside, rest.strip())
        elif not self.parameter():
            self.entry()

    def wrong(self, message: str) -> None:
        self.found.faults.append((self.number, message))

    def put(self, key: str, value: Any) -> None:
        assert self.found.rule is not None
        if key in self.found.rule:
            self.wrong(_("“%(key)s” stands here twice.") % {"key": words.word_of(key)})
        self.found.rule[key] = value
        self.found.lines[key] = self.number

    def add(self, key: str, value: Any) -> None:
        assert self.found.rule is not None
        entries = self.found.rule.setdefault(key, [])
        self.found.lines[f"{key}[{len(entries)}]"] = self.number
        entries.append(value)

    def parameter(self) -> bool:
        """``words = value``; False where the line begins with no parameter of this kind."""
        mark = min((at for at in (self.text.find("="), self.text.find(":")) if at > 0), default=-1)
        key = words.keys_by_words(self.kind).get(fold(self.text[:mark])) if mark > 0 else None
        if key is None or (key in ("yes", "no") and mark < 0):
            return False
        value = self.text[mark + 1 :].strip()
        folded = fold(value)
        if key == "moves_to":
            self.put(key, [code.strip() for code in re.split(r"[,;]", value) if code.strip()])
        elif key in words.FLAGS or (key == "mean_pct" and folded in (fold(words.YES), "yes", "true")):
            flags = {fold(words.YES): True, fold(words.NO): False, "yes": True, "no": False}
            self.put(key, flags.get(folded, value))
        elif key in words.ENUMS:
            known = words.ENUM_OF[key].get(folded)
            if known is None:
                self.wrong(
                    _("“%(value)s” is not one of: %(allowed)s.")
                    % {"value": value[:60], "allowed": "; ".join(words.ENUMS[key].values())}
                )
            self.put(key, known)
        elif key in words.NUMBERS:
            self.put(key, self.points(value))
        else:
            self.put(key, value)
        return True

    def entry(self) -> None:
        """An option, an item, a band or a weight: a label and its points."""
        match = _ENTRY.fullmatch(self.text)
        if self.kind == "checklist" and match is None:
            bare = _BARE.fullmatch(self.text)
            assert bare is not None
            extras = self.effects(bare.group("effects"))
            self.add("items", [bare.group("label"), None, extras] if extras else bare.group("label"))
        elif match is None or self.kind not in (
            "choice",
            "checklist",
            "tiers",
            "external_index",
            "survey",
            "deduction",
        ):
            self.wrong(_("This line is not understood: “%(line)s”.") % {"line": self.text[:80]})
        else:
            self.known_entry(match)

    def known_entry(self, match: re.Match[str]) -> None:
        label, points = match.group("label"), self.points(match.group("points"))
        if self.kind in ("tiers", "external_index"):
            band = self.band(label)
            if band is not None:
                self.add("bands", band | {"points": points})
        elif self.kind == "survey":
            assert self.found.rule is not None
            weights = self.found.rule.setdefault("option_weights_pct", {})
            if label in weights:
                self.wrong(_("“%(label)s” stands here twice.") % {"label": label[:60]})
            weights[label] = points
            self.found.lines[f"option_weights_pct.{label}"] = self.number
        elif self.kind == "deduction":
            self.add("items", {"unit": label, "each": points})
        else:
            extras = self.effects(match.group("effects"))
            entry = [label, points, extras] if extras else [label, points]
            self.add("options" if self.kind == "choice" else "items", entry)

    def effects(self, text: str | None) -> dict[str, str]:
        extras: dict[str, str] = {}
        for piece in (text or "").split(";"):
            if not piece.strip():
                continue
            effect = words.EFFECT_OF.get(fold(piece))
            if effect is None:
                allowed = "; ".join(words.EFFECTS.values())
                self.wrong(
                    _("“%(value)s” is not one of: %(allowed)s.")
                    % {"value": piece.strip()[:60], "allowed": allowed}
                )
            else:
                extras[effect[0]] = effect[1]
        return extras

    def points(self, text: str) -> Any:
        """``0,5``, ``0,5 điểm``, ``0,5 đến 2 bước 0,25``, or null; a text that is no number is noted."""
        text = text.strip()
        if fold(text) == fold(words.UNSCORED):
            return None
        ends = re.fullmatch(
            rf"({_NUMBER}){_UNIT}\s*(?:đến|–)\s*({_NUMBER}){_UNIT}(?:\s*,?\s*bước\s+({_NUMBER}))?",
            text,
            re.IGNORECASE,
        )
        if ends:
            given = dict(zip(("from", "to", "step"), map(self.number_of, ends.groups()), strict=True))
            return {key: value for key, value in given.items() if value is not None}
        return self.number_of(re.sub(rf"{_UNIT}$", "", text, flags=re.IGNORECASE))

    def number_of(self, text: str | None) -> str | None:
        if text is None:
            return None
        try:
            return plain(parse_file_decimal(text))
        except NotANumber as error:
            self.wrong(f"“{text[:40]}”: {error}")
            return "0"

    def band(self, text: str) -> dict[str, Any] | None:
        """The ends of ``từ 70 đến dưới 90``, ``> 90``, ``dưới 50``, ``đúng 3``, ``mọi giá trị``."""
        if fold(text) == fold(ANY):
            return {}
        match = _BAND.fullmatch(text.strip())
        if match is None or not (match["low"] or match["high"]):
            self.wrong(
                _("“%(band)s” is no band: write for example “%(example)s”.")
                % {"band": text[:60], "example": "từ 70 đến dưới 90"}
            )
            return None
        band: dict[str, Any] = {}
        if match["low"]:
            low = self.number_of(match["low"])
            if match["down"] and not match["high"]:
                return {"le": low}
            lower = "gt" if match["gt"] else "ge"
            band[lower] = low
            if not (match["gt"] or match["ge"] or match["up"] or match["high"]):
                band["le"] = low  # “đúng 3”, or the bare value
        if match["high"]:
            band["lt" if match["lt"] else "le"] = self.number_of(match["high"])
        return band

    def exception(self, inside: str, rest: str) -> None:
        match = _ENTRY.fullmatch(rest)
        if match is None:
            self.wrong(_("This line is not understood: “%(line)s”.") % {"line": self.text[:80]})
            return
        band = self.band(inside) if inside else {}
        self.add(
            "exceptions", {"fact": match["label"], "points": self.points(match["points"]), **(band or {})}
        )

    def variable(self, inside: str, rest: str) -> None:
        match = _VARIABLE.fullmatch(rest)
        if match is None:
            self.wrong(_("This line is not understood: “%(line)s”.") % {"line": self.text[:80]})
            return
        label, *more = [piece.strip() for piece in match["rest"].split("|")]
        one: dict[str, Any] = {"name": match["name"], "label": label}
        for piece in more:
            name, colon, value = piece.partition(":")
            if colon and fold(name) == "nguyen":
                one["whole"] = fold(value) in (fold(words.YES), "yes")
            elif colon and fold(name) == "toi da":
                one["max"] = self.number_of(value.strip())
            elif piece:
                one["unit"] = piece
        self.add("variables", one)

    def expression(self, inside: str, rest: str) -> None:
        self.add("expressions", {"label": inside, "text": rest} if inside else {"text": rest})


def _finish(found: RuleText, kind: str) -> None:
    """What the lines say together: a checklist adds points where every item has some, else all are needed."""
    rule = found.rule
    assert rule is not None
    if kind == "checklist" and "items" in rule:
        pointed = [
            number
            for number, item in enumerate(rule["items"])
            if isinstance(item, list) and item[1] is not None
        ]
        rule["mode"] = "sum" if pointed else "all"
        if pointed and len(pointed) < len(rule["items"]):
            bare = next(number for number in range(len(rule["items"])) if number not in pointed)
            found.faults.append(
                (found.line_of(f"items[{bare}]"), _("Either every item has points, or none has."))
            )
