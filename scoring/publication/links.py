"""Addresses of what the public reads; a preview has the same pages under addresses of its own."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from scoring.publication.editions import Edition

__all__ = ["Links", "public_links"]


class Links:
    """The public's addresses of one edition. ``fixed`` keeps to the edition's own version."""

    def __init__(self, edition: Edition, *, fixed: bool = False) -> None:
        self.edition = edition
        self.fixed = fixed
        self._place = {"year": edition.year, "block": edition.block_slug}

    def block(self) -> str:
        if self.fixed:
            return reverse("public:version", kwargs=self._place | {"version": self.edition.version})
        return reverse("public:block", kwargs=self._place)

    def file(self, kind: str) -> str:
        """The same figures as a file: ``csv``, ``json``, or ``criteria`` (a line a criterion, as CSV)."""
        if self.fixed:
            return reverse(f"public:version_{kind}", kwargs=self._place | {"version": self.edition.version})
        return reverse(f"public:block_{kind}", kwargs=self._place)

    def agency(self, slug: str) -> str:
        """An agency's page; versions that were replaced have none."""
        return "" if self.fixed else reverse("public:agency", kwargs=self._place | {"agency": slug})

    def method(self) -> str:
        return reverse("public:method", kwargs=self._place)

    def chart(self, name: str, digest: str) -> str:
        """A chart's file. The digest makes the address change with the picture, so it may be kept for ever."""
        kwargs = self._place | {"version": self.edition.version, "name": name}
        return f"{reverse('public:chart', kwargs=kwargs)}?{urlencode({'k': digest})}"


def public_links(edition: Edition) -> Links:
    """The addresses that people use: those without a version for the current one."""
    return Links(edition, fixed=not edition.current)
