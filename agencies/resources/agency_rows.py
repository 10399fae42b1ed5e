"""Agencies as rows of a file: one row an agency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies import services
from agencies.actors import NOBODY, Actor
from agencies.models import Agency, Block
from agencies.resources.rows import LineResource, Lookup, Ref, Text, YesNo, column
from parindex.ui.collation import fold


@dataclass
class AgencyLine:
    slug: str = ""
    name: str = ""
    short_name: str = ""
    block: Ref | None = None
    is_home_affairs: bool = False
    active: bool = True
    pk: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return self.name


class AgencyResource(LineResource):
    """One row an agency; found by its slug, else by its name."""

    headings = {
        "slug": gettext_lazy("Code"),
        "name": gettext_lazy("Name"),
        "short_name": gettext_lazy("Short name"),
        "block": gettext_lazy("Block"),
        "is_home_affairs": gettext_lazy("Is Home Affairs"),
        "active": gettext_lazy("Active"),
    }
    needed = ("name",)

    class Meta(LineResource.Meta):
        fields = ("slug", "name", "short_name", "block", "is_home_affairs", "active")

    def __init__(self, actor: Actor = NOBODY) -> None:
        super().__init__(actor)
        for name, widget in {
            "slug": Text(),
            "name": Text(),
            "short_name": Text(),
            "block": Lookup(gettext_lazy("There is no block “%(name)s”.")),
            "is_home_affairs": YesNo(False),
            "active": YesNo(True),
        }.items():
            self.fields[name] = column(name, widget)

    def lines(self, agencies: Iterable[Agency]) -> list[AgencyLine]:
        """Rows for a file."""
        return [self._line(agency) for agency in agencies]

    def _line(self, agency: Agency) -> AgencyLine:
        return AgencyLine(
            slug=agency.slug,
            name=agency.name,
            short_name=agency.short_name,
            block=Ref(agency.block.pk, agency.block.name) if agency.block else None,
            is_home_affairs=agency.is_home_affairs,
            active=agency.active,
            pk=agency.pk,
        )

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        self.agencies = {agency.pk: agency for agency in Agency.objects.select_related("block")}
        self.blocks = {block.pk: block for block in Block.objects.all()}
        for block in self.blocks.values():
            self.fields["block"].widget.learn(Ref(block.pk, block.name), block.name, block.slug)
        self.by_slug = {agency.slug: self._line(agency) for agency in self.agencies.values()}
        self.by_name: dict[str, list[AgencyLine]] = {}
        for line in self.by_slug.values():
            self.by_name.setdefault(fold(line.name), []).append(line)
        self.seen: dict[Any, int] = {}

    def find(self, row: Any) -> AgencyLine | None:
        slug = Text().clean(row.get("slug"))
        if slug:
            return self.by_slug.get(slug)
        same = self.by_name.get(fold(Text().clean(row.get("name"))), [])
        if len(same) > 1:
            raise ValidationError({"name": _("Several agencies have this name: give the code.")})
        return same[0] if same else None

    def blank(self, row: Any) -> AgencyLine:
        return AgencyLine()

    def import_instance(self, instance: AgencyLine, row: Any, **kwargs: Any) -> None:
        kept = instance.slug
        super().import_instance(instance, row, **kwargs)
        instance.slug = kept or instance.slug

    def after_init_instance(self, instance: Any, new: bool, row: Any, **kwargs: Any) -> None:
        key = instance.pk or fold(Text().clean(row.get("name")))
        if key in self.seen:
            raise ValidationError(
                {"name": _("The same agency stands in row %(row)s already.") % {"row": self.seen[key]}}
            )
        self.seen[key] = row["_row"]

    def write(self, line: AgencyLine, is_new: bool) -> None:
        services.save_agency(
            actor=self.actor,
            agency=self.agencies[line.pk] if line.pk else None,
            slug=line.slug,
            name=line.name,
            short_name=line.short_name,
            block=self.blocks[line.block.pk] if line.block else None,
            is_home_affairs=line.is_home_affairs,
            active=line.active,
        )
