"""No word of a draft reaches the public, a foreign agency, a file or a picture."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.core.files.base import ContentFile
from django.db import models
from django.test import Client

from agencies.models import Role
from evidence.models import Document, DocumentVersion
from parindex.clock import db_now
from scoring.assessment.models import (
    Answer,
    Citation,
    Explanation,
    ExplanationRequest,
    ImportBatch,
    ImportedPoints,
    Mark,
    NotApplicableRequest,
    Scoresheet,
    Transition,
)
from scoring.publication import services
from scoring.ranking.models import RankingRun
from tests.factories import UserFactory, actor, person
from tests.factories_scoring import make_agency, make_block
from tests.publication.years import change, mark, propose, publish, run_of, scored, three

pytestmark = pytest.mark.django_db
CANARY = "CHIMHOANGYEN"
#: Points that stand in drafts alone; no published figure has these digits.
SECRET = ("13.571113", "17.191923")
SECRET_DIGITS = ("13.57", "13,57", "17.19", "17,19", "30.76", "30,76")


@pytest.fixture
def published():
    agencies = three()
    block = scored(
        dict(zip(agencies, [("55", "35"), ("50", "30"), ("40", "20")], strict=True)),
        block=agencies[0].block,
        settings={"digits": 2, "depth": "leaf"},
    )
    publish(block)
    return agencies, block


@pytest.fixture
def drafts(published):
    """Everything that a year leaves behind in texts, and the next year and another block in the making."""
    agencies, block = published
    next_year = scored({agencies[0]: SECRET}, block=block.block, year=2026)
    other = make_block("Phường", slug="phuong")
    ward = make_agency("Phường Kín", block=other)
    hidden = scored({ward: SECRET}, block=other)
    propose(run_of(hidden), number=f"{CANARY}-QD", notice=f"{CANARY} notice")
    back = propose(run_of(next_year), number=f"{CANARY}-TL")
    services.send_back(actor=actor(Role.APPROVER), publication=back, reason=f"{CANARY} sent back")
    by, now = UserFactory(full_name=f"{CANARY} người chấm"), db_now()
    for answer in Answer.objects.select_related("criterion", "scoresheet__participation__agency"):
        Answer.objects.filter(pk=answer.pk).update(note=f"{CANARY} note", inputs={"x": f"{CANARY} inputs"})
        request = ExplanationRequest.objects.create(
            answer=answer, question=f"{CANARY} question", asked_by=by, asked_at=now
        )
        Explanation.objects.create(request=request, text=f"{CANARY} explanation", by=by, at=now)
        NotApplicableRequest.objects.create(
            answer=answer,
            reason=f"{CANARY} na",
            requested_by=by,
            requested_at=now,
            decision_reason=f"{CANARY} no",
        )
        Mark.objects.create(
            answer=answer,
            round=Mark.Round.ROUND_1,
            by=by,
            points=SECRET[0] if answer.criterion.max_points > 13 else "0",
            applicable_max=answer.criterion.max_points,
            trace={"steps": [], "kind": "manual", "points": "0", "max": "0", "note": CANARY},
            reason=f"{CANARY} reason",
            at=now,
        )
        document = _document(answer.scoresheet.participation.agency, by)
        Citation.objects.create(
            answer=answer,
            document_version=document,
            page="1",
            clause=f"{CANARY} clause",
            added_by=by,
            added_at=now,
        )
    for sheet in Scoresheet.objects.all():
        Transition.objects.create(
            scoresheet=sheet, name="reopen", target="reviewing", by=by, at=now, reason=f"{CANARY} transition"
        )
        batch = ImportBatch.objects.create(
            cycle_block=sheet.participation.cycle_block,
            source="survey",
            file_name=f"{CANARY}.csv",
            sha256="0" * 64,
            rows=1,
            by=by,
            at=now,
        )
        leaf = sheet.criteria_set.criteria.filter(rule__isnull=False).first()
        ImportedPoints.objects.create(
            batch=batch,
            scoresheet=sheet,
            criterion=leaf,
            points="0",
            applicable_max="1",
            trace={},
            note=f"{CANARY} imported",
        )
    # a newer run of the published block, not public
    change(block, agencies[0], "1.1.1", SECRET[0])
    run_of(block)
    RankingRun.objects.update(error=f"{CANARY} error", requested_by=by)
    return agencies, block


def _document(agency, by) -> DocumentVersion:
    """A document of the agency, whatever columns it has: every text of it carries the token."""
    document = Document.objects.create(**_filled(Document, agency=agency, created_by=by))
    return DocumentVersion.objects.create(**_filled(DocumentVersion, document=document, uploaded_by=by))


def _filled(model, **given):
    values = {}
    for field in model._meta.concrete_fields:
        if field.name in given:
            values[field.name] = given[field.name]
        elif field.primary_key or field.has_default() or field.null:
            continue
        elif field.choices:
            values[field.name] = field.choices[0][0]
        elif isinstance(field, models.FileField):
            values[field.name] = ContentFile(CANARY.encode(), name=f"{CANARY}.pdf")
        elif isinstance(field, models.CharField | models.TextField):
            values[field.name] = f"{CANARY} {field.name}"[: field.max_length or 200]
        elif isinstance(field, models.DateTimeField):
            values[field.name] = db_now()
        elif isinstance(field, models.DateField):
            values[field.name] = db_now().date()
        elif isinstance(field, models.IntegerField):
            values[field.name] = 1
    return values


STARTS = ["/", "/rankings/", "/method/", "/data/", "/rankings/2025/"]
GUESSES = [
    "/rankings/2026/",
    "/rankings/2026/so-ban-nganh/",
    "/rankings/2026/so-ban-nganh.csv",
    "/rankings/2026/so-ban-nganh.json",
    "/rankings/2026/so-ban-nganh/v1/",
    "/rankings/2026/so-ban-nganh/so-y-te/",
    "/rankings/2026/so-ban-nganh/v1/charts/distribution.svg",
    "/rankings/2025/phuong/",
    "/rankings/2025/phuong.csv",
    "/rankings/2025/phuong.json",
    "/rankings/2025/phuong/phuong-kin/",
    "/rankings/2025/phuong/v1/charts/phuong-kin.areas.svg",
    "/rankings/2025/so-ban-nganh/v2/",
    "/rankings/2025/so-ban-nganh/v2.json",
    "/rankings/2025/so-ban-nganh/v2/charts/areas.svg",
    "/method/2025/phuong/",
    "/method/2026/so-ban-nganh/",
]


def crawl(client: Client) -> dict[str, str]:
    """Every page and file that links, forms and pictures of the public lead to, and what one might guess."""
    waiting, seen = [*STARTS, *GUESSES], {}
    while waiting:
        url = waiting.pop()
        if url in seen:
            continue
        answer = client.get(url)
        body = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode(
            errors="replace"
        )
        headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
        seen[url] = f"{headers}\n{body}"
        for link in re.findall(r'(?:href|src)="(/[^"#]*)', body):
            link = unescape(link)
            if link.startswith(("/rankings", "/method", "/data")) and link not in seen:
                waiting.append(link)
    return seen


@pytest.mark.parametrize("who", ["anonymous", "foreign agency", "no role"])
def test_no_token_of_a_draft_is_public(drafts, client, who):
    agencies, _block = drafts
    if who == "foreign agency":
        client.force_login(person(Role.HEAD, agencies[2]))
    elif who == "no role":
        client.force_login(UserFactory())
    seen = crawl(client)
    for wanted in (
        "/rankings/2025/so-ban-nganh.csv",
        "/rankings/2025/so-ban-nganh/so-y-te/",
        "/method/2025/so-ban-nganh/",
    ):
        assert wanted in seen
    assert sum(url.partition("?")[0].endswith(".svg") for url in seen) >= 8
    for url, text in seen.items():
        assert CANARY not in text, url
        assert "Phường Kín" not in text, url
        if url.startswith(("/rankings/2025/so-ban-nganh/v1/charts/",)):
            text = re.sub(r"base64,[^)]*", "", text)
        for digits in SECRET_DIGITS:
            assert digits not in _words(text), (url, digits)


def _words(text: str) -> str:
    """Without tags: positions inside drawings are no figures."""
    return re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<style>.*?</style>", "", text))


def test_the_crawl_would_see_a_leak(drafts, client):
    """The same crawl finds what is published: the check can fail."""
    seen = crawl(client)
    assert any("Thực hiện kế hoạch" in text for text in seen.values())
    assert sum("90,00" in text for text in seen.values()) >= 3
    services.approve(
        actor=actor(Role.APPROVER),
        publication=(waiting := _waiting()),
        content=waiting.content_sha256,
    )
    assert any(CANARY in text for text in crawl(client).values())


def _waiting():
    from scoring.publication.models import Publication

    return Publication.objects.get(state="proposed")


def test_nothing_of_a_draft_stands_in_a_404(drafts, client):
    for url in GUESSES:
        answer = client.get(url)
        assert answer.status_code == 404, url
        assert CANARY not in answer.content.decode()


def test_mark_reasons_do_not_enter_traces(published):
    """What the public reads of a leaf is the frozen trace: points and arithmetic, never a person's words."""
    _agencies, block = published
    answer = Answer.objects.select_related("criterion").first()
    assert "reason" not in mark(answer, "5", reason=CANARY).trace
