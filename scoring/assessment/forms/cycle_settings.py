"""The settings of a cycle as fields: grades, gates and tie-breakers are rows; nobody types JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Agency, Block
from parindex.ui.formats import format_decimal
from parindex.ui.forms import PortalForm
from scoring.assessment.cycle_settings import DEPTHS, RANK_ON, ROUNDINGS, TIES, CycleSettings
from scoring.assessment.forms.grade_rows import GradeForm, TieForm, chain_of, grade_list, grades_of
from scoring.assessment.forms.row_lists import RowList
from scoring.assessment.models import Cycle
from scoring.assessment.queries.set_nodes import SPECIAL, BlockNodes, titles_of
from scoring.criteria.settings_words import grade_in_words, ties_in_words
from scoring.engine import Problem, RankingSettings

_PLACE = re.compile(
    r"(?:(?P<kind>grades_by_block|ranking_by_block)\.(?P<slug>[^.\[]+)\.?)?"
    r"(?P<what>\w*)(?:\[(?P<row>\d+)\])?(?:\.(?P<rest>.+))?"
)
_GATE = re.compile(r"gates\[(?P<row>\d+)\](?:\.(?P<key>\w+))?")
_FIELD = {"ge": "low", "gt": "low", "lt": "high", "le": "high", "area": "what", "is": "wanted"}


class RankingForm(PortalForm):
    """How an index is printed, and how it ranks."""

    digits = forms.TypedChoiceField(
        label=gettext_lazy("Digits of the printed index"), coerce=int, choices=[(n, n) for n in range(7)]
    )
    rounding = forms.ChoiceField(label=gettext_lazy("Rounding"), choices=list(ROUNDINGS.items()))
    rank_on = forms.ChoiceField(label=gettext_lazy("Rank and grade by"), choices=list(RANK_ON.items()))
    ties = forms.ChoiceField(label=gettext_lazy("Equal places are counted"), choices=list(TIES.items()))


class GeneralForm(RankingForm):
    """Everything of the cycle but grades and tie-breakers."""

    clamp = forms.BooleanField(
        label=gettext_lazy("Keep the index within 0 and 100 (a bonus cannot lift it above 100)"),
        required=False,
    )
    depth = forms.ChoiceField(label=gettext_lazy("What the public sees"), choices=list(DEPTHS.items()))
    default_substitute = forms.ChoiceField(
        label=gettext_lazy("Substitute for every other appraiser"), required=False
    )


@dataclass
class Table:
    """The grades of the cycle or of one block, with the chain that breaks ties.

    ``own``: the tick of a block with grades of its own; ``whole``: the tick of a block with all ranking settings of
    its own, which are then those of ``ranking`` with these grades and this chain.
    """

    title: str
    grades: RowList[GradeForm]
    chain: RowList[TieForm]
    block: Block | None = None
    own: Any = None
    whole: Any = None
    ranking: RankingForm | None = None
    chain_words: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether the block has all settings of its own."""
        return self.whole is not None and bool(self.whole.value())

    def parts(self) -> list[Any]:
        """What has to be valid. The settings of a block that has none of its own are not asked."""
        own = [self.ranking] if self.is_whole else []
        return [self.grades, self.chain, *own]

    def rules(self) -> dict[str, Any]:
        """The ranking settings of a block of its own."""
        assert self.ranking is not None
        chain = chain_of(self.chain)
        data = self.ranking.cleaned_data | {"grades": grades_of(self.grades)}
        return data | {"tie_breakers": chain} if chain else data


class SettingsForms:
    """The whole page: one general form, grades for the cycle and for each block, a substitute a row."""

    def __init__(
        self,
        cycle: Cycle,
        *,
        settings: CycleSettings,
        sets: Sequence[BlockNodes],
        appraisers: list[Agency],
        candidates: list[Agency],
        data: Any = None,
    ) -> None:
        self.cycle = cycle
        self.blocks = list({one.block.pk: one.block for one in sets}.values())
        self.sets = sets
        self.kept = settings
        self.general = GeneralForm(
            data,
            initial=_ranking_fields(settings.ranking)
            | {
                "clamp": settings.clamp,
                "depth": settings.depth,
                "default_substitute": settings.default_substitute,
            },
        )
        people = [("", "—"), *((one.slug, one.name) for one in candidates)]
        self.general.fields["default_substitute"].choices = people  # type: ignore[attr-defined]
        self.substitutes = _substitutes(appraisers, people, settings, data)
        self.ticks = forms.Form(data)
        self.cycle_table = self._table(None, settings.ranking, data)
        self.block_tables = {block.slug: self._block_table(block, data) for block in self.blocks}

    def _table(self, block: Block | None, ranking: RankingSettings, data: Any) -> Table:
        end = "" if block is None else f"_{block.pk}"
        sets = [one for one in self.sets if block is None or one.block.pk == block.pk]
        titles = titles_of(sets)
        gates = {gate.area for grade in ranking.grades for gate in grade.gates if gate.area}
        areas = dict.fromkeys(code for one in sets for code in one.areas)
        return Table(
            title=_("Grades") if block is None else block.name,
            grades=grade_list(
                data, prefix=f"grades{end}", grades=ranking.grades, areas=_choices(areas, gates, titles)
            ),
            chain=RowList(
                TieForm,
                data,
                prefix=f"chain{end}",
                rows=[{"code": name} for name in ranking.tie_breakers],
                nodes=_choices(titles, set(ranking.tie_breakers) - set(SPECIAL), titles),
            ),
            block=block,
        )

    def _block_table(self, block: Block, data: Any) -> Table:
        whole = self.kept.ranking_by_block.get(block.slug)
        own = self.kept.grades_by_block.get(block.slug, ())
        ticks = {
            f"own_{block.pk}": (
                _("This block has grades of its own"),
                block.slug in self.kept.grades_by_block,
            ),
            f"whole_{block.pk}": (
                _("This block has rounding, places and tie-breakers of its own too"),
                whole is not None,
            ),
        }
        for name, (label, ticked) in ticks.items():
            self.ticks.fields[name] = forms.BooleanField(label=label, required=False, initial=ticked)
        shown = whole or RankingSettings(grades=own)
        table = self._table(block, shown, data)
        table.own, table.whole = (self.ticks[name] for name in ticks)
        table.ranking = RankingForm(
            data, prefix=f"ranking_{block.pk}", initial=_ranking_fields(whole or self.kept.ranking)
        )
        return table

    @property
    def tables(self) -> list[Table]:
        """The cycle's grades first, then each block's."""
        return [self.cycle_table, *self.block_tables.values()]

    @property
    def parts(self) -> list[Any]:
        inner = [part for table in self.tables for part in table.parts()]
        return [self.general, self.substitutes, self.ticks, *inner]

    def is_valid(self) -> bool:
        return not sum(not part.is_valid() for part in self.parts)  # every part is asked

    def tell(self, *, quietly: bool = False) -> None:
        """Write each grade and chain in words; ``quietly``: what was sent is shown again without its faults."""
        titles = titles_of(self.sets)
        for table in self.tables:
            if not self.general.is_bound:
                stored = self._stored(table)
                told = [dict(grade.data) for grade in stored.grades]
                names = list(stored.tie_breakers)
            else:
                told = [{} for _form in table.grades]
                if table.grades.is_valid():
                    labels = [str(form.cleaned_data.get("label") or "").strip() for form in table.grades]
                    told = [form.grade(labels) or {} for form in table.grades]
                names = chain_of(table.chain) if table.chain.is_valid() else []
            for form, grade in zip(table.grades, told, strict=False):
                form.words = f"{grade['label']}: {grade_in_words(grade, titles)}" if grade else ""
            table.chain_words = " → ".join(ties_in_words(names, titles))
        if quietly:
            for form in self._forms():
                form._errors = forms.utils.ErrorDict()
            for rows in self._lists():
                rows.faults = []

    def _stored(self, table: Table) -> RankingSettings:
        if table.block is None:
            return self.kept.ranking
        slug = table.block.slug
        own = self.kept.grades_by_block.get(slug, ())
        return self.kept.ranking_by_block.get(slug) or RankingSettings(grades=own)

    def _lists(self) -> Iterator[RowList[Any]]:
        for table in self.tables:
            yield table.grades
            yield table.chain
            for form in table.grades:
                yield form.gates

    def _forms(self) -> Iterator[Any]:
        yield from (self.general, self.substitutes, self.ticks)
        yield from (table.ranking for table in self.tables if table.ranking is not None)
        for rows in self._lists():
            yield from rows.forms

    @property
    def errors(self) -> list[str]:
        """Every fault as a sentence, for the summary on top."""
        found: list[str] = []
        for form in (self.general, self.substitutes):
            found += _told(form)
        for table in self.tables:
            name = _("Grades") if table.block is None else table.block.name
            if table.is_whole and table.ranking is not None:
                found += [f"{name}: {text}" for text in _told(table.ranking)]
            found += [f"{name}: {text}" for text in (*table.grades.faults, *table.chain.faults)]
            for rows in (table.grades, table.chain):
                for number, row in enumerate(rows, start=1):
                    inner = [text for gate in getattr(row, "gates", ()) for text in _texts(gate)]
                    title = name if rows is table.grades else _("Tie-breakers")
                    found += [
                        _("%(table)s, row %(row)s: %(text)s") % {"table": title, "row": number, "text": text}
                        for text in [*_texts(row), *inner]
                    ]
        return found

    @property
    def settings(self) -> dict[str, Any]:
        """The settings as plain JSON, of valid forms. What the page does not ask for is kept as it was."""
        substitutes = {
            slug: by for slug, by in self.kept.substitutes.items() if slug not in self.substitutes.fields
        } | {slug: by for slug, by in self.substitutes.cleaned_data.items() if by}
        own: dict[str, Any] = {
            slug: [dict(grade.data) for grade in grades]
            for slug, grades in self.kept.grades_by_block.items()
            if slug not in self.block_tables
        }
        whole: dict[str, Any] = {
            slug: kept.as_dict()
            for slug, kept in self.kept.ranking_by_block.items()
            if slug not in self.block_tables
        }
        for slug, table in self.block_tables.items():
            assert table.block is not None
            has_own = self.ticks.cleaned_data[f"own_{table.block.pk}"]
            if table.is_whole:
                whole[slug] = table.rules()
                if has_own and slug in self.kept.grades_by_block:  # without effect now, and not to be lost
                    own[slug] = [dict(grade.data) for grade in self.kept.grades_by_block[slug]]
            elif has_own:
                own[slug] = grades_of(table.grades)
        chain = chain_of(self.cycle_table.chain)
        return (
            self.general.cleaned_data
            | {
                "grades": grades_of(self.cycle_table.grades),
                "grades_by_block": own,
                "ranking_by_block": whole,
                "substitutes": substitutes,
            }
            | ({"tie_breakers": chain} if chain else {})
        )

    @property
    def warnings(self) -> list[str]:
        """Gaps between the grades that are stored: allowed, to be looked at."""
        return [problem.text(translate=_, number=format_decimal) for problem in self.kept.warnings]

    def add_problems(self, problems: tuple[Problem, ...]) -> None:
        """Show each fault of the settings beside its field."""
        for problem in problems:
            text = problem.text(translate=_, number=format_decimal)
            if problem.path.startswith("substitutes."):
                name = problem.path.removeprefix("substitutes.")
                self.substitutes.add_error(name if name in self.substitutes.fields else None, text)
                continue
            place = _PLACE.fullmatch(problem.path)
            if place is None or not self._add_to_table(place, text):
                known = problem.path in self.general.fields
                self.general.add_error(problem.path if known else None, text)

    def _add_to_table(self, place: re.Match[str], text: str) -> bool:
        """Put a fault at its row of a table; False where it belongs to none."""
        slug, what, rest = place["slug"], place["what"], place["rest"] or ""
        table = self.cycle_table if slug is None else self.block_tables.get(slug)
        if table is None:
            return False
        if place["kind"] == "ranking_by_block" and table.ranking is not None and what in table.ranking.fields:
            table.ranking.add_error(what, text)
            return True
        if place["row"] is None:
            return False
        row = int(place["row"])
        if what == "tie_breakers":
            ties = [form for form in table.chain if form.cleaned_data.get("code")]
            ties[row].add_error("code", text)
            return True
        if what not in ("grades", ""):
            return False
        grade = [form for form in table.grades if str(form.cleaned_data.get("label") or "").strip()][row]
        if gate := _GATE.fullmatch(rest):
            filled = [form for form in grade.gates if form.gate is not None]
            filled[int(gate["row"])].add_error(_FIELD.get(gate["key"] or "", gate["key"] or "what"), text)
            return True
        key = rest.removeprefix("quota.")
        field = _FIELD.get(key, key)
        grade.add_error(field if field in grade.fields else "label", text)
        return True


def _ranking_fields(ranking: RankingSettings) -> dict[str, Any]:
    return {name: getattr(ranking, name) for name in ("digits", "rounding", "rank_on", "ties")}


def _choices(codes: Any, held: set[str], titles: dict[str, str]) -> list[tuple[str, str]]:
    """Options for codes of nodes; ``held`` are codes in the settings, offered although no set has them."""
    known = [(code, f"{code}. {titles.get(code, '')}"[:120]) for code in codes]
    lost = sorted(held - set(codes))
    return known + [(code, _("%(code)s (in no set of this cycle)") % {"code": code}) for code in lost]


def _texts(form: forms.Form) -> list[str]:
    return [str(text) for texts in form.errors.values() for text in texts]


def _told(form: forms.Form) -> list[str]:
    """The faults of a form, each with the label of its field."""
    found: list[str] = []
    for name, texts in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        found += [f"{label}: {text}" if label else str(text) for text in texts]
    return found


def _substitutes(
    appraisers: list[Agency], people: list[tuple[str, str]], settings: CycleSettings, data: Any
) -> forms.Form:
    """One list a row: who appraises the sheet of this appraiser in its place."""
    form = forms.Form(data, prefix="substitute")
    for agency in appraisers:
        form.fields[agency.slug] = forms.ChoiceField(
            label=agency.name,
            required=False,
            choices=[pair for pair in people if pair[0] != agency.slug],
            initial=settings.substitutes.get(agency.slug, ""),
        )
    return form
