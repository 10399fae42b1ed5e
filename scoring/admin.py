"""The rooms' rows in the administration: Django discovers only this module."""

from scoring.assessment.admin import appraisal  # noqa: F401
