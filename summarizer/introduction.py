"""How a clinician introduces the client (`a 44-year-old woman who …`): turns in, the pronouns that go with it out.

Taken from the clinician's own words only, and only where all introductions agree; nothing is read off a name or
a voice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from summarizer.types import Turn

_INTRODUCED = re.compile(
    r"\b(?:\d+|[a-z]+(?:[- ][a-z]+)?)[- ]years?[- ]old,? (?:[\w-]+ ){0,4}?"
    r"(?:(?P<she>female|woman|lady|girl)|(?P<he>male|man|gentleman|boy))\b",
    re.I,
)


def spoken_pronouns(turns: Sequence[Turn]) -> str:
    """`she/her`, `he/him`, or nothing where no introduction tells or two differ."""
    told = {
        "she/her" if match["she"] else "he/him"
        for turn in turns
        if turn.role == "clinician"
        for match in _INTRODUCED.finditer(turn.text)
    }
    return told.pop() if len(told) == 1 else ""
