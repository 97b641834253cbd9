"""A hypothesis and how sure the voice activity was in; whether its words were made up out of noise, out.

A Whisper model that hears no speech writes what was often said where it was taught: thanks for watching, who made
the subtitles, a short answer. No phrase alone proves that, because people thank each other. What is dropped is
either doubted by the recogniser in every word, or such a phrase with weak evidence from both the recogniser and
the voice activity. It changes no words and keeps nothing.

The phrases: Barański et al., Investigation of Whisper ASR Hallucinations Induced by Non-Speech Audio, ICASSP 2025.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

from asr.recognizer import Hypothesis

SPEECH = 0.5
"""Probability from which a window holds speech, as where an utterance begins."""

MAX_NO_SPEECH = 0.6
MAX_COMPRESSION = 2.4
"""Whisper's own thresholds (openai/whisper, transcribe.py)."""

DOUBTFUL = ((-0.5, 0.5), (-0.8, 0.55))
"""(log-probability, confidence): below both, nothing that was said is left in the words.

Measured with a tiny.en: of 121 stretches of babble of 8 and 16 voices 119 lie there. Of 1,001 utterances of speech
(clean, by telephone, in noise 20 to 0 dB below it) 6 do, with 11 right words among 102.
"""

FEW = 2
"""Words up to which the recogniser's doubt alone says little: "hm" spoken well can have a confidence of 0.03."""

_NOTE = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|<[^>]*>|[♪♫♬🎵🎶]+")
"""What is in brackets or between stars describes a sound."""

_CAPTION = re.compile(
    r"(thanks|thank you)( so much| very much)? for (watching|viewing|listening|tuning in)( to (my|our|this|the) \w+)?"
    r"|(please )?(do not forget to |don't forget to )?(like and )?subscribe( to (my|our|the) channel)?"
    r"|(sub)?(titles|titled|captions|captioned|transcribed|transcription|translated|translation)( \w+)? by( \w+){1,6}"
    r"|(i'll |we'll |i will )?see you (in|on) (the|my|our) next (video|episode|one)"
    r"|copyright( \w+){0,5}|all rights reserved|(visit )?www( \w+){1,4}"
)
"""What only a film says; a client hardly ever."""

_COMMON = frozenset(
    (
        "thank you",
        "thank you very much",
        "thank you so much",
        "thanks",
        "you",
        "bye",
        "bye bye",
        "goodbye",
        "okay",
        "ok",
        "so",
        "yeah",
        "yes",
        "no",
        "the",
        "i",
        "and",
        "oh",
        "hello",
        "all right",
        "i'm sorry",
        "see you next time",
        "see you",
        "good night",
        "what",
        "right",
    )
)
"""What people say as well: a phantom only where it is weak on both sides."""

_FILLERS = frozenset(
    ("ah", "eh", "er", "ha", "hm", "hmm", "hmmm", "huh", "mhm", "mm", "mmm", "oh", "uh", "uhh", "um", "umm")
)
"""What a cough or a sung vowel really sounds like: the recogniser is sure of it, and voice activity alone is not.

Measured: sung vowels that became such a word 0.57 to 0.74, spoken ones 0.77 and more: near, and few were measured.
"""


def voice_of(probabilities: Sequence[float]) -> float:
    """How sure the voice activity was, in [0, 1]: the mean over the windows that hold speech; 0.0 without any."""
    speech = [probability for probability in probabilities if probability >= SPEECH]
    return sum(speech) / len(speech) if speech else 0.0


def phantom(hypothesis: Hypothesis, voice: float) -> bool:
    """Whether nobody said these words; False where there are none.

    `voice` is `voice_of` the windows of the stretch that was decoded. A recogniser that gives no figures of its
    own (0.0) is taken at its words' probabilities.
    """
    words = hypothesis.words
    if not words:
        return False
    text = " ".join(word.text for word in words)
    plain = _normal(_NOTE.sub(" ", text))
    if not plain:
        return True
    confidence = sum(word.probability for word in words) / len(words)
    no_speech = hypothesis.no_speech_prob > MAX_NO_SPEECH
    tokens = plain.split()
    if _CAPTION.fullmatch(plain):
        return no_speech or confidence < 0.8 or voice < 0.8
    if all(token in _FILLERS for token in tokens):
        return no_speech or (confidence < 0.95 and voice < 0.75)
    if plain in _COMMON:
        return no_speech or (confidence < 0.6 and voice < 0.8)
    if len(tokens) <= FEW:
        return confidence < 0.5 and voice < 0.8
    if _compression(text) > MAX_COMPRESSION and confidence < 0.8:
        return True
    return any(hypothesis.avg_logprob < logprob and confidence < least for logprob, least in DOUBTFUL)


def _normal(text: str) -> str:
    """Lower case, words apart by one space, no punctuation but apostrophes."""
    return " ".join(re.findall(r"[\w']+", text.casefold().replace("’", "'")))


def _compression(text: str) -> float:
    """Bytes for each byte after compression: high for text that repeats itself."""
    encoded = text.encode()
    return len(encoded) / len(zlib.compress(encoded))
