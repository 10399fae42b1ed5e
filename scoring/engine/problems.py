"""What is wrong with a rule, an input or a setting: the place, a code, and a message to translate.

The engine knows no translation: messages are English templates, marked for the catalogue, and the
layers above translate and fill them in. Numbers in ``params`` are Decimal, so that a screen can
write them with a decimal comma.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal


def gettext_noop(message: str) -> str:
    """Mark a template for the message catalogue and return it unchanged."""
    return message


def render(
    template: str,
    params: Mapping[str, object],
    *,
    translate: Callable[[str], str] = gettext_noop,
    number: Callable[[Decimal], str] = str,
) -> str:
    """Fill a template: ``translate`` turns it into the reader's language, ``number`` writes a Decimal."""
    filled = {key: number(value) if isinstance(value, Decimal) else value for key, value in params.items()}
    return translate(template) % filled


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: ``path`` is the place (``bands[1].ge``, or the name of an input field)."""

    path: str
    code: str
    message: str
    params: dict[str, object] = field(default_factory=dict)

    def text(
        self,
        *,
        translate: Callable[[str], str] = gettext_noop,
        number: Callable[[Decimal], str] = str,
    ) -> str:
        """The message in the reader's language, with its numbers written in."""
        return render(self.message, self.params, translate=translate, number=number)

    def __str__(self) -> str:
        return f"{self.path}: {self.text()}" if self.path else self.text()


class EngineErrors(Exception):
    """Base of the three: carries every problem found, never only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


class RuleErrors(EngineErrors):
    """A rule that may not be stored."""


class InputErrors(EngineErrors):
    """Inputs that may not be scored; ``path`` of each problem is the name of the input field."""


class SettingsErrors(EngineErrors):
    """Settings of a ranking that may not be used."""


#: Every message of the engine, by code. Templates use named places only.
MESSAGES: dict[str, str] = {
    # rules and settings: their shape
    "not_object": gettext_noop("An object with named parameters is expected here."),
    "missing_key": gettext_noop("The parameter “%(key)s” is missing."),
    "unknown_key": gettext_noop("Unknown parameter “%(key)s”."),
    "unknown_kind": gettext_noop("Unknown kind of rule “%(kind)s”."),
    "not_text": gettext_noop("A text is expected here."),
    "text_empty": gettext_noop("The text is empty."),
    "text_too_long": gettext_noop("The text is longer than %(max)s characters."),
    "text_unprintable": gettext_noop("The text holds characters that cannot be shown."),
    "not_list": gettext_noop("A list is expected here."),
    "list_empty": gettext_noop("The list is empty."),
    "list_too_long": gettext_noop("The list has more than %(max)s entries."),
    "not_boolean": gettext_noop("true or false is expected here."),
    "not_one_of": gettext_noop("“%(value)s” is not one of: %(allowed)s."),
    "not_plain_number": gettext_noop(
        'A number is expected, written as a text with a decimal point, such as "0.5".'
    ),
    "number_too_long": gettext_noop("The number has too many digits."),
    "number_negative": gettext_noop("The number is negative."),
    "number_not_positive": gettext_noop("The number must be greater than 0."),
    "number_not_whole": gettext_noop("A whole number is expected."),
    "number_above": gettext_noop("%(value)s is more than %(max)s."),
    "exceeds_maximum": gettext_noop("The rule can give %(points)s points, more than its maximum of %(max)s."),
    "duplicate": gettext_noop("“%(label)s” stands here twice."),
    "conflict": gettext_noop("“%(first)s” and “%(second)s” cannot both be given."),
    "one_of_needed": gettext_noop("One of these parameters is needed: %(keys)s."),
    "pair_expected": gettext_noop("A label with its points is expected here."),
    "points_unused": gettext_noop("Points of single items have no meaning when all items are needed."),
    "too_deep": gettext_noop("Rules are nested too deeply."),
    # bands
    "band_two_ends": gettext_noop(
        "A band has one lower and one upper end: give only one of “%(first)s” and “%(second)s”."
    ),
    "band_empty": gettext_noop("No value can fall into this band."),
    "band_outside": gettext_noop("The end %(value)s lies outside the range from %(min)s to %(max)s."),
    "band_overlap": gettext_noop("This band overlaps band %(other)s at %(value)s."),
    "band_gap": gettext_noop("No band holds the values between %(from)s and %(to)s."),
    "band_gap_point": gettext_noop("No band holds the value %(value)s."),
    "band_gap_below": gettext_noop("No band holds the values below %(value)s."),
    "band_gap_above": gettext_noop("No band holds the values above %(value)s."),
    "range_empty": gettext_noop("The minimum %(min)s is not below the maximum %(max)s."),
    # formulas
    "variable_name": gettext_noop("“%(name)s” is not a name of a variable: letters, digits and _ only."),
    "variable_unused": gettext_noop("No formula uses the variable “%(name)s”."),
    "formula_sign": gettext_noop("The sign “%(sign)s” at place %(at)s does not belong in a formula."),
    "formula_unexpected": gettext_noop("“%(token)s” is not expected at place %(at)s."),
    "formula_end": gettext_noop("The formula ends too early."),
    "formula_unknown_name": gettext_noop("“%(name)s” at place %(at)s is not one of the variables."),
    "formula_arguments": gettext_noop("“%(name)s” at place %(at)s has too few or too many parts."),
    "formula_not_number": gettext_noop("A number is expected at place %(at)s, not a comparison."),
    "formula_not_condition": gettext_noop("A comparison is expected at place %(at)s."),
    "formula_too_deep": gettext_noop("The formula is nested more than %(max)s levels deep."),
    "formula_too_big": gettext_noop("The formula has more than %(max)s parts."),
    # inputs
    "missing": gettext_noop("Not answered yet."),
    "invalid_boolean": gettext_noop("Choose yes or no."),
    "invalid_option": gettext_noop("Choose one of the options."),
    "invalid_items": gettext_noop("Choose among the items of the list."),
    "invalid_number": gettext_noop("Enter a number, such as 12 or 12,5."),
    "ambiguous_number": gettext_noop(
        "Write the number without thousands separators and with one decimal comma, such as 1234,5."
    ),
    "invalid_digits": gettext_noop("The number has too many digits."),
    "not_whole": gettext_noop("Enter a whole number, without a thousands separator."),
    "negative": gettext_noop("The number must not be negative."),
    "below_minimum": gettext_noop("The value must be at least %(min)s."),
    "above_maximum": gettext_noop("The value must be at most %(max)s."),
    "not_percent": gettext_noop("A percentage lies between 0 and 100."),
    "numerator_above_denominator": gettext_noop(
        "%(numerator)s is more than %(denominator)s, the whole that it is a part of."
    ),
    "denominator_zero": gettext_noop(
        "This number must be greater than 0: the rule does not say what holds for 0."
    ),
    "not_step": gettext_noop("The points go in steps of %(step)s."),
    "invalid_date": gettext_noop("Enter a date, such as 31/12/2025."),
    "depends_on_answer": gettext_noop(
        "Criterion %(code)s has to be answered first: the scale depends on it."
    ),
    "division_by_zero": gettext_noop("With these numbers the formula divides by 0."),
    "result_too_large": gettext_noop("With these numbers the result is too large."),
    "no_counts": gettext_noop("Nobody answered: the counts add up to 0."),
    "unknown_answer_option": gettext_noop("The survey has no option “%(option)s”."),
}


def problem(path: str, code: str, /, **params: object) -> Problem:
    """A problem with the message of its code."""
    return Problem(path, code, MESSAGES[code], params)
