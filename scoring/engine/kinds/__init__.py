"""The closed list of rule kinds, one module a family. Importing it registers them all."""

from . import block, checks, compose, counting, formula, manual, percent, ratio, tiers

__all__ = ["block", "checks", "compose", "counting", "formula", "manual", "percent", "ratio", "tiers"]
