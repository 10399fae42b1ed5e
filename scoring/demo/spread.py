"""Believable figures: what an agency of some quality declares by each kind of rule. The same seed, the same figures."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

Rule = Mapping[str, Any]
Inputs = dict[str, Any]

#: Whole numbers that a numerator is counted out of.
_BASES = (
    12,
    16,
    20,
    24,
    25,
    32,
    40,
    48,
    50,
    60,
    64,
    75,
    80,
    96,
    120,
    150,
    180,
    240,
    320,
    450,
    600,
    875,
    1240,
)


def dice(*seed: object) -> random.Random:
    """A generator of its own for a thing that has a name, so that nothing depends on the order of the work."""
    return random.Random("/".join(str(part) for part in seed))


def quality(place: int, count: int, *, best: float = 0.955, worst: float = 0.735) -> float:
    """The share of points that the agency at this place of a block is worth: many good, a few weak."""
    share = place / max(count - 1, 1)
    return best - (best - worst) * share**1.6


def inputs_for(rule: Rule, worth: float, rng: random.Random) -> Inputs:
    """Inputs by this rule (its plain JSON) that earn about ``worth`` (0 to 1) of its maximum."""
    return _KINDS[str(rule["kind"])](rule, min(max(worth, 0.0), 1.0), rng)


def corrected(rule: Rule, inputs: Inputs, rng: random.Random) -> Inputs:
    """What an assessor finds instead: a little less than was declared, or the same where nothing lies below."""
    kind, less = rule["kind"], dict(inputs)
    if kind == "boolean":
        less["value"] = False
    elif kind == "choice":
        less["option"] = min(int(inputs["option"]) + 1, len(rule["options"]) - 1)
    elif kind == "checklist":
        less["items"] = list(inputs["items"])[:-1]
    elif kind == "count":
        less["n"] = max(int(inputs["n"]) - 1, 0)
    elif kind == "deduction":
        first = next(iter(inputs))
        less[first] = int(inputs[first]) + 1
    elif kind == "manual":
        less["points"] = str(max(Decimal(inputs["points"]) - Decimal(rule["step"]), Decimal(0)))
    elif "numerator" in inputs:
        cut = max(1, round(int(inputs["denominator"]) * rng.uniform(0.02, 0.12)))
        less["numerator"] = max(int(inputs["numerator"]) - cut, 0)
    else:
        less["value"] = str(max(Decimal(str(inputs["value"])) - rng.randint(3, 12), Decimal(0)))
    return less


def _boolean(rule: Rule, worth: float, rng: random.Random) -> Inputs:
    return {"value": rng.random() < worth}


def _choice(rule: Rule, worth: float, rng: random.Random) -> Inputs:
    options = rule["options"]
    at = 0
    while at < len(options) - 1 and rng.random() > worth:
        at += 1
    return {"option": at}


def _checklist(rule: Rule, worth: float, rng: random.Random) -> Inputs:
    items = rule["items"]
    each = worth ** (1 / len(items)) if rule.get("mode") == "all" else worth
    return {"items": [at for at in range(len(items)) if rng.random() < each]}


def _tiers(rule: Rule, worth: float, rng: random.Random) -> Inputs:
    bands = sorted(rule["bands"], key=lambda band: -Decimal(band["points"]))
    at = 0
    while at < len(bands) - 1 and rng.random() > worth:
        at += 1
    low, high = _ends(bands[at])
    if "numerator" not in rule:
        steps = [low + (high - low) * Decimal(n) / 20 for n in range(21)]
        value = rng.choice(steps[2:-2] or steps).quantize(Decimal("0.1")) if low != high else low
        return {"value": str(value)}
    base = rng.choice(_BASES[6:])
    fits = [n for n in range(base + 1) if low <= Decimal(n) * 100 / base <= high]
    return {"numerator": rng.choice(fits or [base]), "denominator": base}


def _ends(band: Mapping[str, str]) -> tuple[Decimal, Decimal]:
    low = Decimal(band["gt"]) + 1 if "gt" in band else Decimal(band.get("ge", "0"))
    high = Decimal(band["lt"]) - 1 if "lt" in band else Decimal(band.get("le", "100"))
    return max(low, Decimal(30) if high > 30 else low), min(high, Decimal(100))


def _proportion(rule: Rule, worth: float, rng: random.Random) -> Inputs:
    base = rng.choice(_BASES)
    target = float(rule.get("target_pct", 100)) / 100
    share = min(worth * target + rng.uniform(-0.05, 0.05), 1.0)
    if worth > 0.85 and rng.random() < 0.45:
        share = 1.0 if target == 1 else min(target * 1.05, 1.0)
    return {"numerator": max(round(base * share), 0), "denominator": base}


def _count(rule: Rule, worth: float, rng: random.Random) -> Inputs:
    full = Decimal(rule["cap"]) / Decimal(rule["each"])
    return {"n": max(round(float(full) * worth + rng.choice((-0.4, 0, 0, 0.4, 1))), 0)}


def _deduction(rule: Rule, worth: float, rng: random.Random) -> Inputs:
    start = float(rule["start"])
    lost = start * (1 - worth) * rng.choice((0, 0.6, 1.4))
    if "items" in rule:
        each = [float(item["each"]) for item in rule["items"]]
        return {f"n{at}": round(lost / one / len(each)) for at, one in enumerate(each)}
    return {"n": round(lost / float(rule["each"]))}


def _manual(rule: Rule, worth: float, rng: random.Random, maximum: Decimal = Decimal(1)) -> Inputs:
    step = Decimal(rule["step"])
    return {"points": str((maximum * Decimal(str(round(worth, 2))) / step).to_integral_value() * step)}


def _survey(rule: Rule, worth: float, rng: random.Random) -> Inputs:
    asked = rng.choice((120, 150, 180, 200))
    options: Sequence[str] = list(rule["option_weights_pct"])
    best = round(asked * max(min(worth * 1.35 - 0.38 + rng.uniform(-0.04, 0.04), 0.97), 0.05))
    rest = asked - best
    shares = [best, round(rest * 0.7), round(rest * 0.2)]
    counts = [*shares, asked - sum(shares)]
    return {"counts": {option: str(count) for option, count in zip(options, counts, strict=True)}}


def _index(rule: Rule, worth: float, rng: random.Random) -> Inputs:
    return {"pct": f"{min(100 * (0.25 + 0.73 * worth) + rng.uniform(-2, 2), 99.5):.2f}"}


_KINDS: dict[str, Callable[[Rule, float, random.Random], Inputs]] = {
    "boolean": _boolean,
    "choice": _choice,
    "checklist": _checklist,
    "tiers": _tiers,
    "proportion": _proportion,
    "count": _count,
    "deduction": _deduction,
    "manual": _manual,
    "survey": _survey,
    "external_index": _index,
}
