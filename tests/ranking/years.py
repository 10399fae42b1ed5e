"""Finalised years with random marks, straight into the database: what runs are computed from."""

from __future__ import annotations

import random
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from agencies.models import Agency
from parindex.clock import db_now
from parindex.ui.collation import fold, sort_key
from scoring.assessment.models import (
    Answer,
    Cycle,
    CycleBlock,
    ImportBatch,
    ImportedPoints,
    Mark,
    Participation,
    Scoresheet,
    SheetState,
)
from scoring.criteria.models import CriteriaSet, Criterion, Method
from tests.factories import UserFactory
from tests.factories_scoring import make_block, make_set

MANUAL = {"kind": "manual", "step": "0.25"}
SIX = Decimal("0.000001")


def leaves(count: int, *, areas: int = 8, survey: int = 0) -> list[dict[str, Any]]:
    """``count`` leaves under ``areas`` areas, three or four to a criterion; the last ``survey`` come by a file."""
    made = []
    for number in range(count):
        area, within = number % areas + 1, number // areas
        made.append(
            {
                "code": f"{area}.{within // 4 + 1}.{within % 4 + 1}",
                "max": "1.25" if number % 3 else "2",
                "rule": MANUAL,
                "method": Method.OFFICE if number >= count - survey else Method.APPRAISAL,
                "not_applicable_for": ["no_tthc"] if number % 7 == 3 else [],
            }
        )
    return sorted(made, key=lambda leaf: [int(part) for part in leaf["code"].split(".")])


def finalised_year(
    agencies: int,
    *,
    criteria_set: CriteriaSet | None = None,
    leaf_count: int = 12,
    year: int = 2025,
    seed: int = 1,
    rounds: Iterable[int] = (1,),
    settings: dict[str, Any] | None = None,
) -> CycleBlock:
    """A block whose sheets are all finalised; some agencies with a profile, some outside the ranking, some tied."""
    chance = random.Random(seed)
    criteria_set = criteria_set or make_set(leaves(leaf_count, survey=2), year=year, block=make_block())
    now, by = db_now(), UserFactory()
    cycle, _ = Cycle.objects.get_or_create(
        year=year, defaults={"created_at": now, "settings": settings or {}}
    )
    block = CycleBlock.objects.create(
        cycle=cycle, block=criteria_set.block, criteria_set=criteria_set, opened_at=now
    )
    names = [f"Cơ quan {seed}-{year}-{number}" for number in range(agencies)]
    units = Agency.objects.bulk_create(
        Agency(
            name=name, slug=fold(name).replace(" ", "-"), sort_key=sort_key(name), name_folded=fold(name),
            block=criteria_set.block,
        )
        for name in names
    )  # fmt: skip
    parts = Participation.objects.bulk_create(
        Participation(
            cycle_block=block,
            agency=unit,
            ranked=number % 11 != 5,
            profiles=["no_tthc"] if number % 5 == 2 else [],
        )
        for number, unit in enumerate(units)
    )
    sheets = Scoresheet.objects.bulk_create(
        Scoresheet(
            participation=part,
            criteria_set=criteria_set,
            state=SheetState.FINALISED,
            version=5,
            created_at=now,
        )
        for part in parts
    )
    nodes = list(Criterion.objects.filter(criteria_set=criteria_set, rule__isnull=False))
    own = [node for node in nodes if node.method == Method.APPRAISAL]
    answers = Answer.objects.bulk_create(
        (
            Answer(
                scoresheet=sheet,
                criterion=node,
                applicability=(
                    Answer.Applicability.PROFILE
                    if set(part.profiles) & set(node.not_applicable_for)
                    else Answer.Applicability.APPLIES
                ),
            )
            for sheet, part in zip(sheets, parts, strict=True)
            for node in own
        ),
        batch_size=2000,
    )
    maxima = {node.pk: node.max_points for node in nodes}
    for number in rounds:
        Mark.objects.bulk_create(
            (
                Mark(
                    answer=answer, round=number, by=by, at=now, **_points(chance, maxima[answer.criterion_id])
                )
                for answer in answers
                if answer.applicability == Answer.Applicability.APPLIES
                and (number == 1 or chance.random() < 0.2)
            ),
            batch_size=2000,
        )
    batch = ImportBatch.objects.create(
        cycle_block=block, source="survey", file_name="khao-sat.csv", sha256="0" * 64, rows=1, by=by, at=now
    )
    ImportedPoints.objects.bulk_create(
        (
            ImportedPoints(
                batch=batch, scoresheet=sheet, criterion=node, **_points(chance, node.max_points, whole=True)
            )
            for sheet in sheets
            for node in nodes
            if node.method != Method.APPRAISAL
        ),
        batch_size=2000,
    )
    return block


def _points(chance: random.Random, maximum: Decimal, *, whole: bool = False) -> dict[str, Any]:
    applicable = Decimal(0) if not whole and chance.random() < 0.03 else maximum
    points = (applicable * chance.choice((0, 25, 50, 75, 100, 100, chance.randrange(101))) / 100).quantize(
        SIX
    )
    trace = {
        "kind": "manual",
        "points": str(points),
        "max": str(applicable),
        "steps": [{"op": "typed \\ \t"}],
    }
    return {"points": points, "applicable_max": applicable, "trace": trace}
