"""The library page: an agency's documents with their use by answers. The documents themselves are evidence's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from evidence.models import Document, DocumentVersion
from evidence.queries import library
from scoring.assessment.models import Citation

Show = Literal["", "used", "unused", "undescribed"]
SHOWS: tuple[Show, ...] = ("", "used", "unused", "undescribed")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many documents there are under a search, and of what use."""

    all: int
    used: int
    undescribed: int

    @property
    def unused(self) -> int:
        return self.all - self.used


def documents(
    agency_id: int, *, search: str = "", year: int | None = None, show: Show = ""
) -> QuerySet[DocumentVersion]:
    """Current versions, newest first, each with ``uses``: citations of the document in any version."""
    cited = Citation.objects.filter(document_version__document=OuterRef("document"))
    found = library(agency_id, search=search, year=year, described=False if show == "undescribed" else None)
    if show in ("used", "unused"):
        found = found.filter(Exists(cited) if show == "used" else ~Exists(cited))
    number = cited.order_by().values("document_version__document").annotate(n=Count("pk")).values("n")
    return found.annotate(uses=Coalesce(Subquery(number, output_field=IntegerField()), 0))


def counts(agency_id: int, *, search: str = "", year: int | None = None) -> Counts:
    """The counts beside the filters. One query."""
    cited = Citation.objects.filter(document_version__document=OuterRef("document"))
    found = (
        library(agency_id, search=search, year=year)
        .order_by()
        .annotate(is_used=Exists(cited))
        .aggregate(
            all=Count("pk"),
            used=Count("pk", filter=Q(is_used=True)),
            undescribed=Count("pk", filter=Q(number="")),
        )
    )
    return Counts(**found)


def citations_of(document: Document) -> list[Citation]:
    """Where a document is cited, newest year first: with criterion, year and the version cited. One query."""
    return list(
        Citation.objects.filter(document_version__document=document)
        .select_related(
            "answer__criterion", "answer__scoresheet__participation__cycle_block__cycle", "document_version"
        )
        .order_by(
            "-answer__scoresheet__participation__cycle_block__cycle__year", "answer__criterion__order", "pk"
        )
    )
