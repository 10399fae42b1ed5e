"""The field that points are kept in."""

from __future__ import annotations

from typing import Any

from django.db import models


def points_field(verbose_name: Any = None, **options: Any) -> models.DecimalField:
    """Points: six places, rounded once by the engine when saved."""
    return models.DecimalField(verbose_name, max_digits=12, decimal_places=6, **options)
