"""A block's year as a run computes it: one set, or the parts of the year with their weights.

Where a block had two sets in one year, the final run of its main row combines them (docs/scoring.md, "Two sets in one
year"). Everything else, interim runs among it, is a year of one row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from parindex.errors import WrongState
from scoring.assessment.models import CycleBlock
from scoring.assessment.queries.parts import rows_of_year
from scoring.assessment.queries.points import PointStage
from scoring.engine import (
    Candidate,
    Part,
    RankingSettings,
    assign_grades,
    combine,
    grade_of,
    plain,
    printed,
    rank,
    round_points,
)
from scoring.ranking.figures import Entrant, Figures, NodeFigure, Total, compute, inputs_sha256
from scoring.ranking.inputs import RunInputs, check_tie_breakers, read_inputs

ZERO, HUNDRED = Decimal(0), Decimal(100)


@dataclass(frozen=True, slots=True)
class YearPart:
    """One set of the year: its row, what it counts for (percent), and what a run of it reads."""

    cycle_block_id: int
    public_id: str
    period: str
    weight: Decimal
    title: str
    inputs: RunInputs

    def frozen(self) -> dict[str, str]:
        """The part as the run's settings keep it."""
        return {
            "id": self.public_id,
            "period": self.period,
            "weight": plain(self.weight),
            "set": self.inputs.set_id,
            "title": self.title,
        }


@dataclass(frozen=True, slots=True)
class PartFigure:
    """One agency's figures under one set of the year."""

    agency_id: int
    cycle_block_id: int
    weight: Decimal
    points: Decimal
    maximum: Decimal
    bonus: Decimal
    penalty: Decimal
    index: Decimal | None
    index_exact: Decimal | None


@dataclass(frozen=True, slots=True)
class YearFigures:
    """All figures of a run: a total for each agency, its parts where the year has several, the nodes of every set."""

    totals: list[Total]
    parts: list[PartFigure]
    figures: tuple[Figures, ...]

    def nodes(self) -> Iterator[NodeFigure]:
        for one in self.figures:
            yield from one.nodes()


@dataclass(frozen=True, slots=True)
class YearInputs:
    """Everything a run is computed from. ``parts`` begins with the main row."""

    parts: tuple[YearPart, ...]

    @property
    def combined(self) -> bool:
        return len(self.parts) > 1

    @property
    def sheets_version(self) -> int:
        return sum(part.inputs.sheets_version for part in self.parts)

    @property
    def settings(self) -> RankingSettings:
        return self.parts[0].inputs.settings

    def frozen_settings(self) -> dict[str, Any]:
        """The settings as the run keeps them, with the parts of the year where there are several."""
        kept = self.parts[0].inputs.frozen_settings()
        return kept | {"parts": [part.frozen() for part in self.parts]} if self.combined else kept

    def digest(self) -> str:
        """The hash of all inputs; of several parts, over their weights, periods and own hashes."""
        if not self.combined:
            return _digest(self.parts[0].inputs)
        told = hashlib.sha256(b"parts\n")
        for part in self.parts:
            line = [part.public_id, plain(part.weight), part.period, _digest(part.inputs)]
            told.update(("\n".join(line) + "\n").encode())
        return told.hexdigest()

    def compute(self) -> YearFigures:
        """The figures of the run."""
        if self.combined:
            return _combined(self)
        figures = _figures(self.parts[0].inputs, self.settings)
        return YearFigures(figures.totals, [], (figures,))


def read_year(cycle_block: CycleBlock, *, stage: PointStage) -> YearInputs:
    """Read what a run of this row is computed from. ``cycle_block`` comes with its cycle, block and criteria set.

    At the final stage all parts of the year are read, else the row alone. Raises what ``inputs.read_inputs`` raises,
    and WrongState where an agency that is ranked in the year has a sheet in a part that is not finalised.
    The queries of ``read_inputs`` for each part, and one more where there are several: a row that weighs less
    than 100 per cent has parts beside it.
    """
    alone = stage != "final" or cycle_block.weight_pct == HUNDRED
    rows = [cycle_block] if alone else rows_of_year(cycle_block)
    several = len(rows) > 1
    parts = tuple(
        YearPart(
            cycle_block_id=row.pk,
            public_id=str(row.public_id),
            period=row.period,
            weight=row.weight_pct,
            title=row.criteria_set.title,
            inputs=read_inputs(row, stage=stage, own_tie_breakers=not several),
        )
        for row in rows
    )
    year = YearInputs(parts)
    if several:
        check_tie_breakers(year.settings, {code for part in parts for code in part.inputs.codes})
        ranked = {agency for agency, is_ranked in ranked_in_year(parts).items() if is_ranked}
        if any(not ranked.isdisjoint(part.inputs.unfinished) for part in parts):
            raise WrongState(
                _("Scoresheets of the block changed while the ranking was computed. Ask for it again.")
            )
    return year


def ranked_in_year(parts: Sequence[YearPart]) -> dict[int, bool]:
    """Agency → whether it is ranked in the year: the main row says so; where it is not in it, all its parts do."""
    main = parts[0].inputs.flags
    found = dict(main)
    for part in parts[1:]:
        for agency, is_ranked in part.inputs.flags.items():
            if agency not in main:
                found[agency] = found.get(agency, True) and is_ranked
    return found


def _digest(inputs: RunInputs) -> str:
    return inputs_sha256(
        inputs.entrants,
        set_id=inputs.set_id,
        settings=inputs.settings,
        clamp=inputs.clamp,
        caps=(inputs.bonus_cap, inputs.penalty_cap),
    )


def _figures(inputs: RunInputs, settings: RankingSettings) -> Figures:
    return compute(
        inputs.entrants,
        tree=inputs.tree,
        codes=inputs.codes,
        surveys=inputs.surveys,
        settings=settings,
        clamp=inputs.clamp,
        bonus_cap=inputs.bonus_cap,
        penalty_cap=inputs.penalty_cap,
    )


@dataclass(frozen=True, slots=True)
class _Own:
    """What one part says of one agency."""

    part: YearPart
    entrant: Entrant
    total: Total
    nodes: Mapping[int, tuple[Decimal, Decimal]]

    def share(self, pair: tuple[Decimal, Decimal] | None = None) -> Part:
        points, maximum = pair or (self.total.points, self.total.maximum)
        return Part(points, maximum, self.part.weight)


def _combined(year: YearInputs) -> YearFigures:
    """Every part by itself, without ranks and grades of its own; then the year from the parts."""
    settings = year.settings
    alone = replace(settings, tie_breakers=(), grades=())
    figures = tuple(_figures(part.inputs, alone) for part in year.parts)
    own: dict[int, list[_Own]] = {}
    for part, one in zip(year.parts, figures, strict=True):
        for (entrant, nodes), total in zip(one.sums(), one.totals, strict=True):
            own.setdefault(entrant.agency_id, []).append(_Own(part, entrant, total, nodes))
    shares = [
        PartFigure(
            agency, it.part.cycle_block_id, it.part.weight, it.total.points, it.total.maximum,
            it.total.bonus, it.total.penalty, it.total.index, it.total.index_exact,
        )
        for agency, all_of in own.items()
        for it in all_of
    ]  # fmt: skip
    return YearFigures(_totals(year, own), shares, figures)


def _totals(year: YearInputs, own: Mapping[int, Sequence[_Own]]) -> list[Total]:
    settings, clamp = year.settings, year.parts[0].inputs.clamp
    in_ranking = ranked_in_year(year.parts)

    def chosen(exact: Decimal | None) -> Decimal | None:
        if exact is None or settings.rank_on == "exact":
            return exact
        return printed(exact, settings.digits, settings.rounding)

    exact = {agency: combine([it.share() for it in all_of], clamp=clamp) for agency, all_of in own.items()}
    values = {agency: chosen(index) for agency, index in exact.items()}
    chains = {
        agency: tuple(_tie_value(name, all_of) for name in settings.tie_breakers)
        for agency, all_of in own.items()
    }
    ranked = [agency for agency in own if in_ranking[agency]]
    places = rank({agency: (values[agency], *chains[agency]) for agency in ranked}, ties=settings.ties)
    graded = assign_grades(
        {
            agency: Candidate(
                values[agency],
                chains[agency],
                areas={code: chosen(index) for code, index in _areas(own[agency], clamp).items()},
                facts={
                    name: all(it.entrant.facts.get(name, True) for it in own[agency])
                    for other in own[agency]
                    for name in other.entrant.facts
                },
                effects=tuple(effect for it in own[agency] for effect in it.entrant.effects),
                counts_of_parts=tuple(it.entrant.counts for it in own[agency]),
                waived=_waived([it.entrant for it in own[agency]]),
            )
            for agency in ranked
        },
        settings.grades,
    )
    totals = []
    for agency, index in exact.items():
        grade = graded[agency].label if agency in graded else grade_of(values[agency], settings.grades)
        totals.append(
            Total(
                agency_id=agency,
                ranked=in_ranking[agency],
                points=ZERO if index is None else round_points(index),
                maximum=ZERO if index is None else HUNDRED,
                bonus=ZERO,
                penalty=ZERO,
                index=None if index is None else printed(index, settings.digits, settings.rounding),
                index_exact=index,
                rank=places.get(agency),
                grade=grade or "",
            )
        )
    return totals


def _waived(entrants: Sequence[Entrant]) -> frozenset[str]:
    """What the gates ask and no part of the year asks of the agency."""
    told = {name for one in entrants for name in (*one.counts, *one.facts)}
    return frozenset().union(*(one.waived for one in entrants)) - told


def _areas(all_of: Sequence[_Own], clamp: bool) -> dict[str, Decimal | None]:
    """The index of each area by code, over the parts whose set has it: what gates of grades ask."""
    found: dict[str, list[Part]] = {}
    for it in all_of:
        for code, node in it.part.inputs.codes.items():
            if it.part.inputs.tree.parent[node] is None:
                found.setdefault(code, []).append(it.share(it.nodes[node]))
    return {code: combine(shares, clamp=clamp) for code, shares in found.items()}


def _tie_value(name: str, all_of: Sequence[_Own]) -> Decimal | None:
    """What breaks a tie, weighted as the index is: the bonus (of 100), the survey's index, or a node's."""
    shares = []
    for it in all_of:
        inputs = it.part.inputs
        if name == "bonus":
            shares.append(it.share((it.total.bonus, HUNDRED)))
        elif name == "survey":
            pairs = [it.nodes[leaf] for leaf in inputs.surveys]
            summed = (sum((pair[0] for pair in pairs), ZERO), sum((pair[1] for pair in pairs), ZERO))
            shares.append(it.share(summed))
        elif name in inputs.codes:
            shares.append(it.share(it.nodes[inputs.codes[name]]))
    return combine(shares)
