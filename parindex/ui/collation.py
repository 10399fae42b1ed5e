"""Vietnamese order and search, the same on every database.

`sort_key` and `code_sort_key` give plain ASCII text that sorts rightly byte by byte (COLLATE "C",
SQLite's default). `fold` gives the text that searches compare. All three are stored in columns.
"""

from __future__ import annotations

import re
import unicodedata

ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"

# ngang, huyền, hỏi, ngã, sắc, nặng: the order of tones in dictionaries
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_SHAPES = {"\u0306", "\u0302", "\u031b"}
_LETTER_CODES = {letter: chr(ord("A") + place) for place, letter in enumerate(ALPHABET)}

_WORD_BREAK = "-"  # sorts before digits and letters
_LEVEL_BREAK = " "  # sorts before everything else, so a shorter name comes first
_NUMBER_WIDTH = 8
_CODE_WIDTH = 4
_NOT_WORD = re.compile(r"[\W_]+")
_ROMAN = re.compile(r"(x{0,3})(ix|iv|v?i{0,3})")
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10}


def fold(text: str) -> str:
    """Text for searching: no case, no accents, đ as d, runs of spaces and punctuation as one space.

    "Điện Biên" → "dien bien", "Sở, ban, ngành" → "so ban nganh" (and so does "so-ban-nganh").
    """
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFC", text).casefold())
    bare = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    return _NOT_WORD.sub(" ", _plain_d(bare)).strip()


def sort_key(text: str) -> str:
    """Key of Vietnamese dictionary order: letters first (a ă â b … d đ …), tones to break ties.

    Numbers inside a name count as numbers: "Phường 2" before "Phường 10".
    """
    letters: list[str] = []
    tones: list[str] = []
    for word in _NOT_WORD.sub(" ", _eth_to_d(unicodedata.normalize("NFC", text).casefold())).split():
        if letters:
            letters.append(_WORD_BREAK)
        for run in re.findall(r"\d+|\D+", word):
            if run[0].isdigit():
                letters.append(str(int(run)).zfill(_NUMBER_WIDTH))
                continue
            for character in run:
                letter, tone = _letter_and_tone(character)
                letters.append(letter)
                tones.append(tone)
    ties = "".join(tones).rstrip("0")
    return f"{''.join(letters)}{_LEVEL_BREAK}{ties}" if ties else "".join(letters)


def code_sort_key(code: str) -> str:
    """Key of a criterion's code: "1.10.2" → "0001.0010.0002"; Roman and lettered parts work too."""
    parts = [part for part in re.split(r"[.\-/\s]+", code.strip().casefold()) if part]
    return ".".join(_code_part(part) for part in parts)


def _code_part(part: str) -> str:
    roman = _ROMAN.fullmatch(part)
    if roman and part:
        return str(_from_roman(part)).zfill(_CODE_WIDTH)
    return re.sub(r"\d+", lambda digits: digits.group().lstrip("0").zfill(_CODE_WIDTH), fold(part))


def _from_roman(text: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in text]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))


def _letter_and_tone(character: str) -> tuple[str, str]:
    decomposed = unicodedata.normalize("NFD", character)
    base, marks = decomposed[0], decomposed[1:]
    shaped = unicodedata.normalize("NFC", base + "".join(mark for mark in marks if mark in _SHAPES))
    tone = next((_TONES[mark] for mark in marks if mark in _TONES), "0")
    code = _LETTER_CODES.get(shaped) or _LETTER_CODES.get(base)
    if code is None:  # a letter of another alphabet: after z, in the order of its code point
        code = f"~{ord(base):06x}"
    return code, tone


def _eth_to_d(text: str) -> str:
    return text.replace("\u00f0", "đ")  # Icelandic eth, often typed for đ


def _plain_d(text: str) -> str:
    return _eth_to_d(text).replace("đ", "d")
