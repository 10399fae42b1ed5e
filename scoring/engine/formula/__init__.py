"""A formula of a criteria set: text → tokens → a checked, bounded tree → a number. Never Python's eval."""

from .evaluate import FormulaValueError, evaluate
from .parser import parse
from .syntax import FormulaError, Node

__all__ = ["FormulaError", "FormulaValueError", "Node", "evaluate", "parse"]
