"""The closed list of rule kinds, one module a family. Importing it registers them all."""

from . import checks, counting, manual, percent, ratio, tiers

__all__ = ["checks", "counting", "manual", "percent", "ratio", "tiers"]
