"""A Whisper model that computes in full and whose tokens are given: real cost without real weights.

Random weights decode junk, and junk is dear in ways that speech is not: it runs to the length limit, it loops, its
probability is low, and each of these has the window decoded again. So the cost of a decode is fixed to what the
words that are really said would cost. Features, encoder, prompt, beam search and word alignment run as they
are; only the search cannot end early, is stopped after as many steps as the true words have tokens, and its result
is replaced by them. What falls back on doubt never doubts here: costs are those of a decode that went well, for
whoever uses the model.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from faster_whisper import WhisperModel

from asr.types import Word

LOGPROB = -0.2
"""What a decode that went well says of itself."""

WINDOW_TIMES = 1500
"""The number of the last timestamp, 30 s in steps of 20 ms."""

_said = threading.local()
"""The words of the request that this thread decodes."""


def say_next(words: Sequence[Word]) -> None:
    """The words that decodes of this thread find from now on."""
    _said.text = " ".join(word.text for word in words)


class ScriptedWhisper(WhisperModel):  # type: ignore[misc]  # faster-whisper says nothing of its types
    """A WhisperModel whose searches find what `say_next` gave, at the cost of searching for it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.model: Any = _Scripted(self.model, self.hf_tokenizer)


class _Scripted:
    """CTranslate2's Whisper with another `generate`; all else is the model's own."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._end = tokenizer.token_to_id("<|endoftext|>")
        self._first_time = tokenizer.token_to_id("<|notimestamps|>") + 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def generate(self, encoded: Any, prompts: Sequence[Sequence[int]], **options: Any) -> list[Any]:
        text = getattr(_said, "text", "")
        tokens = self._tokenizer.encode(f" {text}", add_special_tokens=False).ids if text else []
        # From the start of the window to its end: whoever finds it has heard all of it, and does not decode a rest.
        tokens = [self._first_time, *tokens, self._first_time + WINDOW_TIMES] if tokens else []
        steps = len(tokens) + 1
        longest = max(len(prompt) for prompt in prompts)
        options["max_length"] = min(options.get("max_length", 448), longest + steps)
        options["suppress_tokens"] = [*(options.get("suppress_tokens") or ()), self._end]
        results = self._model.generate(encoded, prompts, **options)
        return [
            SimpleNamespace(
                sequences_ids=[list(tokens)], scores=[LOGPROB], no_speech_prob=0.0 if tokens else 1.0
            )
            for _ in results
        ]
