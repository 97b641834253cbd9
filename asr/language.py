"""What was heard in which language in, the language of one voice channel out, once there is no doubt.

Deterministic in the finals of one channel, in their order, so that a resumed session learns the same at the same
place. A language that was asked for is not doubted.
"""

from __future__ import annotations

from collections.abc import Mapping

CERTAIN_SECONDS = 4.0
"""Seconds of speech, each counted with the probability of its language, after which one language is settled.

One sure utterance of an ordinary sentence is enough; single words, where Whisper's guesses are poor, are not.
"""


class LanguageChoice:
    """The language of one channel; `given` ends the question before it begins."""

    def __init__(self, given: str | None = None, heard: Mapping[str, float] | None = None) -> None:
        self._given = given
        self._heard = dict(heard or {})

    @property
    def settled(self) -> str | None:
        """The language to decode in, or None while it is to be found out."""
        if self._given is not None:
            return self._given
        best = max(self._heard, key=self._heard.__getitem__, default=None)
        return best if best is not None and self._heard[best] >= CERTAIN_SECONDS else None

    @property
    def heard(self) -> Mapping[str, float]:
        """Certain seconds by language so far; what a checkpoint keeps."""
        return self._heard

    def learn(self, language: str, probability: float, seconds: float) -> None:
        """An utterance of `seconds` was taken to be in `language`."""
        if self.settled is None:
            self._heard[language] = self._heard.get(language, 0.0) + probability * seconds
