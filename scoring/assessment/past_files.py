"""The three files of a past year: criteria set, points, settings. All are read before anything is stored."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.utils.translation import gettext as _

from parindex.errors import Refusal
from scoring.assessment.past_points import PastPoints, RowError, read_points
from scoring.criteria.fileformat import read
from scoring.engine import EngineErrors, RankingSettings

Problem = RowError


class PastYearRefused(Refusal):
    """The import stored nothing; ``problems`` says where and why, line by line (line 0: a file as a whole)."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(fields={"": [f"{p.line}: {p.message}" if p.line else p.message for p in problems]})


def read_files(
    year: int, block: str, set_file: bytes, points_file: bytes, settings_file: bytes | None
) -> tuple[PastPoints, RankingSettings | None]:
    """Read all three files before anything is written, so that one answer names every fault."""
    problems: list[Problem] = []
    if not 1990 <= year <= 2100:
        problems.append(Problem(0, _("The year %(year)s is not plausible.") % {"year": year}))
    if not block.strip():
        problems.append(Problem(0, _("Name the block.")))
    settings = None
    if settings_file is not None:
        settings = _read_settings(settings_file, problems)
    reading = read(set_file)
    problems += [Problem(0, _("Criteria set: %(fault)s") % {"fault": fault}) for fault in reading.errors]
    if reading.file is None or reading.errors:
        raise PastYearRefused(problems)
    points = read_points(points_file, {leaf.code: leaf.max_points for leaf in reading.file.leaves})
    problems += points.errors
    if problems:
        raise PastYearRefused(problems)
    return points, settings


def _read_settings(data: bytes, problems: list[Problem]) -> RankingSettings | None:
    try:
        content = json.loads(data.decode("utf-8-sig"))
        if not isinstance(content, dict):
            raise ValueError
        return RankingSettings.parse(content)
    except EngineErrors as errors:
        problems += [
            Problem(
                0,
                _("Settings: %(place)s: %(fault)s")
                % {"place": p.path or "–", "fault": _(p.message) % p.params},
            )
            for p in errors.problems
        ]
    except ValueError:
        problems.append(Problem(0, _("The settings are not a JSON object in UTF-8.")))
    return None
