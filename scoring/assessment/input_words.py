"""Declared inputs as people read them; told by the criteria's room, which traces and public pages ask too."""

from scoring.criteria.input_words import inputs_in_words

__all__ = ["inputs_in_words"]
