"""The tour block: three agencies whose year can be walked in one sitting. Everything here goes through the services."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from agencies.models import Agency, Role
from evidence.models import DocumentVersion
from evidence.services import store_document
from parindex.clock import db_now
from scoring import engine
from scoring.assessment.models import Answer, CycleBlock, Mark, Scoresheet, Stage
from scoring.assessment.queries.rounds import plan_closing
from scoring.assessment.services.answers import save_answer
from scoring.assessment.services.citations import cite
from scoring.assessment.services.council import finalise
from scoring.assessment.services.explanation_replies import open_requests, save_explanation, send_explanation
from scoring.assessment.services.imports import import_points
from scoring.assessment.services.marks import record_mark
from scoring.assessment.services.opening import add_participations, open_block
from scoring.assessment.services.rounds import close_round
from scoring.assessment.services.submission import approve, submit_for_approval
from scoring.demo import names
from scoring.demo.documents import PLAN, REPORT, RULES, Paper, draw
from scoring.demo.judging import ACCEPTED, ANSWERS, LOWER, QUESTIONS
from scoring.demo.people import Province
from scoring.demo.spread import corrected, dice, inputs_for

#: Files for a visitor to upload, in the data folder: name and kind.
FILES = (("ke-hoach-cchc.pdf", PLAN), ("bao-cao-cchc.pdf", REPORT), ("quy-che-chi-tieu.pdf", RULES))
CITED = {"1": (PLAN, "2", "Mục II"), "2": (REPORT, "2", "Mục III"), "3": (RULES, "2", "Điều 3")}


@dataclass(slots=True)
class File:
    """A file as an upload brings it."""

    name: str | None
    data: bytes

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield self.data


def make_tour(province: Province, block: CycleBlock) -> None:
    """Open the block, import its survey, take two of its agencies through the whole year."""
    secretary = province.actor("thu-ky")
    agencies = province.block_agencies(names.TOUR)
    add_participations(actor=secretary, cycle_block=block, agencies=agencies)
    block = open_block(actor=secretary, cycle_block=block)
    import_points(
        cycle_block=block, actor=secretary, data=survey_file(agencies), file_name="dieu-tra-xhh.csv"
    )
    drafting, *others = (province.agencies[slug] for slug, _name, _short in names.TOUR_NAMES)
    papers = _papers(province, [drafting, *others])
    files = draw(papers)
    write_files(files[: len(FILES)])
    sheets = []
    for at, agency in enumerate(others, start=1):
        part = slice(at * len(FILES), (at + 1) * len(FILES))
        sheets.append(_declare(province, block, agency, papers[part], files[part]))
    _appraise(province, block, sheets)


def survey_file(agencies: Sequence[Agency]) -> bytes:
    """How many chose each option, as the survey's institute would send it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["agency", "criterion", "A", "B", "C", "D"])
    for agency in agencies:
        rule = {"kind": "survey", "option_weights_pct": {"A": "100", "B": "60", "C": "20", "D": "0"}}
        counts = inputs_for(rule, names.TOUR_WORTH[agency.slug], dice("tour", agency.slug, "survey"))[
            "counts"
        ]
        writer.writerow([agency.slug, "2.2.1", *counts.values()])
    return out.getvalue().encode()


def write_files(files: Sequence[bytes]) -> Path:
    """Put the visitor's files into the data folder."""
    folder = files_folder()
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    for (name, _kind), data in zip(FILES, files, strict=True):
        (folder / name).write_bytes(data)
    return folder


def files_folder() -> Path:
    """Where the visitor's files lie."""
    return Path(settings.DATA_DIR) / "tour"


def _papers(province: Province, agencies: Sequence[Agency]) -> list[Paper]:
    year = province.year
    days = {
        PLAN: date(year - 1, 12, 28),
        REPORT: province.today - timedelta(days=20),
        RULES: date(year, 3, 12),
    }
    return [
        Paper(agency, kind, year, days[kind], province.now) for agency in agencies for _name, kind in FILES
    ]


def _declare(
    province: Province, block: CycleBlock, agency: Agency, papers: Sequence[Paper], files: Sequence[bytes]
) -> Scoresheet:
    """An agency uploads, declares, cites; its head approves."""
    editor = province.actor(names.staff_name(Role.EDITOR, agency.slug))
    head = province.actor(names.staff_name(Role.HEAD, agency.slug))
    versions: dict[str, DocumentVersion] = {}
    for paper, data in zip(papers, files, strict=True):
        stored = store_document(
            actor=editor,
            agency=agency,
            upload=File(paper.file_name, data),
            description=paper.description,
            upload_key=uuid.uuid4(),
            read_text=False,
        )
        versions[paper.kind] = stored.version
    sheet = Scoresheet.objects.get(participation__cycle_block=block, participation__agency=agency)
    for answer in _answers(sheet):
        rule = answer.criterion.rule or {}
        raw = inputs_for(
            rule, names.TOUR_WORTH[agency.slug], dice("tour", agency.slug, answer.criterion.code)
        )
        if rule["kind"] == "manual":
            raw = {"points": "2.5"}
        save_answer(answer=answer, actor=editor, inputs_raw=raw, note="", expected_version=0)
        kind, page, clause = CITED[answer.criterion.code[0]]
        cite(answer=answer, actor=editor, version=versions[kind], page=page, clause=clause)
    submit_for_approval(sheet=sheet, actor=editor)
    return approve(sheet=sheet, actor=head)


def _appraise(province: Province, block: CycleBlock, sheets: Sequence[Scoresheet]) -> None:
    """Round 1 with one question to the first sheet, its explanation, round 2, and the council."""
    assessor, secretary = province.actor("tham-dinh"), province.actor("thu-ky")
    asked = "2.1.1"
    for sheet in sheets:
        for answer in _answers(sheet):
            ask = sheet is sheets[0] and answer.criterion.code == asked
            _mark(answer, assessor, Mark.Round.ROUND_1, lower=ask)
    _close(block, Stage.ROUND_1, secretary)
    first = sheets[0]
    agency = first.participation.agency
    editor = province.actor(names.staff_name(Role.EDITOR, agency.slug))
    for request in open_requests(first):
        save_explanation(request=request, actor=editor, text=ANSWERS[0], expected_version=0)
    send_explanation(sheet=first, actor=province.actor(names.staff_name(Role.HEAD, agency.slug)))
    answer = _answers(first).get(criterion__code=asked)
    record_mark(
        answer=answer,
        actor=assessor,
        round=Mark.Round.ROUND_2,
        reason=ACCEPTED,
        expected_version=answer.version,
        inputs_raw=answer.inputs,
    )
    _close(block, Stage.ROUND_2, secretary)
    versions = Scoresheet.objects.filter(pk__in=[sheet.pk for sheet in sheets]).values_list("pk", "version")
    finalise(sheets=dict(versions), actor=province.actor("hoi-dong"))


def _mark(answer: Answer, assessor: Any, round: int, *, lower: bool) -> None:
    """What was declared, or less with a reason and a question."""
    inputs, reason = dict(answer.inputs or {}), ""
    if lower:
        inputs = corrected(answer.criterion.rule or {}, inputs, dice("tour", "lower"))
        rule = engine.parse_rule(answer.criterion.rule or {}, max_points=answer.criterion.max_points)
        inputs, reason = engine.clean_inputs(rule, inputs), LOWER[1]
    record_mark(
        answer=answer,
        actor=assessor,
        round=round,
        reason=reason,
        expected_version=answer.version,
        inputs_raw=inputs,
        ask_explanation=True if lower else None,
        question=QUESTIONS[1] if lower else "",
    )


def _close(block: CycleBlock, stage: Stage, secretary: Any) -> None:
    plan = plan_closing(block, stage, now=db_now())
    close_round(cycle_block=block, stage=stage, actor=secretary, expected_key=plan.key)


def _answers(sheet: Scoresheet) -> Any:
    rows = Answer.objects.filter(scoresheet=sheet).select_related("criterion")
    return rows.order_by("criterion__order")
