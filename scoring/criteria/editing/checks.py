"""What may stand in the fields of a set and of its nodes; the same bounds as in a criteria-set file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from parindex.errors import Invalid
from parindex.ui.formats import format_decimal
from scoring import engine
from scoring.criteria.fileformat import MAX_TEXT

__all__ = [
    "CODE",
    "CODE_LENGTH",
    "LONG",
    "NEVER_SELF_SCORED",
    "TITLE",
    "code",
    "maximum_fits",
    "points",
    "text",
]

CODE = re.compile(r"\w[\w.\-/()]*")
CODE_LENGTH = 30
TITLE = 1000  # of a node
LONG = MAX_TEXT
LIMIT = Decimal(10) ** 6
PLACES = 6
NEVER_SELF_SCORED = frozenset({"survey", "external_index"})


def text(value: object, *, limit: int, required: bool = False) -> str:
    """One spelling of a text: composed letters, \\n for a new line, no blanks around. Raises Invalid."""
    found = unicodedata.normalize("NFC", str(value or "")).replace("\r\n", "\n").replace("\r", "\n").strip()
    found = found.replace("\x00", "")
    if required and not found:
        raise Invalid(_("The text is empty."))
    if len(found) > limit:
        raise Invalid(
            ngettext(
                "The text is longer than %(max)s character.",
                "The text is longer than %(max)s characters.",
                limit,
            )
            % {"max": limit}
        )
    return found


def code(value: object) -> str:
    """A code such as 1.2.3. Raises Invalid."""
    found = text(value, limit=CODE_LENGTH, required=True)
    if not CODE.fullmatch(found):
        raise Invalid(_("A code is made of letters, digits and points, without spaces, such as 1.2.3."))
    return found


def points(value: Decimal | None, *, required: bool = True) -> Decimal | None:
    """A number of points that the database keeps exactly. Raises Invalid."""
    if value is None:
        if required:
            raise Invalid(_("Enter the points."))
        return None
    exponent = value.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or value < 0 or value >= LIMIT or -exponent > PLACES:
        raise Invalid(_("Points are 0 or more, below 1 000 000, and have at most 6 decimals."))
    return value


def maximum_fits(rule: Mapping[str, object], max_points: Decimal) -> None:
    """Whether a leaf's rule may stand under this maximum (points). Raises Invalid with the engine's reason."""
    try:
        engine.parse_rule(rule, max_points=max_points)
    except engine.RuleErrors as error:
        reason = error.problems[0].text(translate=_, number=format_decimal)
        raise Invalid(
            _("The rule does not fit a maximum of %(points)s: %(reason)s Change the rule first.")
            % {"points": format_decimal(max_points), "reason": f"{reason.rstrip('.')}."}
        )
