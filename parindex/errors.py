"""What a service says when it refuses: one family of errors, each with a message for the person who asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Refusal(Exception):
    """An act that was not carried out. Nothing has been written.

    ``messages`` maps a form field to its messages; the key ``""`` holds those that belong to no field.
    All messages are already translated and name what to do next.
    """

    status = 400

    def __init__(self, message: str = "", *, fields: Mapping[str, Sequence[str]] | None = None) -> None:
        self.fields: dict[str, list[str]] = {name: list(texts) for name, texts in (fields or {}).items()}
        if message:
            self.fields.setdefault("", []).insert(0, message)
        super().__init__("; ".join(text for texts in self.fields.values() for text in texts))

    @property
    def messages(self) -> list[str]:
        return [text for texts in self.fields.values() for text in texts]


class Invalid(Refusal):
    """The input is wrong; ``fields`` says where."""


class NotPermitted(Refusal):
    """The person may see the object but may not do this to it."""

    status = 403


class NotVisible(Refusal):
    """To this person the object does not exist. Views answer exactly as for an absent object."""

    status = 404


class WrongState(Refusal):
    """The object is in a state that does not allow the act (often: somebody was quicker)."""

    status = 409


class WindowClosed(Refusal):
    """The database clock stands outside the window of the act."""

    status = 409


class StaleVersion(Refusal):
    """Somebody saved in between. ``current`` is what stands now, ``offered`` what this person typed."""

    status = 409

    def __init__(
        self, message: str, *, current: Mapping[str, object], offered: Mapping[str, object], version: int
    ) -> None:
        super().__init__(message)
        self.current = dict(current)
        self.offered = dict(offered)
        self.version = version
