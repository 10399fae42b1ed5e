"""Addresses of a preview: the public's pages of a run or of a proposal, for those who prepare a publication."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from scoring.publication.editions import Edition
from scoring.publication.links import Links

__all__ = ["PreviewLinks"]


class PreviewLinks(Links):
    """``source`` says what is previewed: ``{"run": …}`` or ``{"publication": …, "block": …}``."""

    def __init__(self, edition: Edition, source: dict[str, Any]) -> None:
        super().__init__(edition)
        self.source = source
        self._name = "publication:run_preview" if "run" in source else "publication:preview"

    def block(self) -> str:
        return reverse(self._name, kwargs=self.source)

    def file(self, kind: str) -> str:
        return ""

    def agency(self, slug: str) -> str:
        return reverse(f"{self._name}_agency", kwargs=self.source | {"agency": slug})

    def method(self) -> str:
        return reverse(f"{self._name}_method", kwargs=self.source)

    def chart(self, name: str, digest: str) -> str:
        url = reverse(f"{self._name}_chart", kwargs=self.source | {"name": name})
        return f"{url}?{urlencode({'k': digest})}"
