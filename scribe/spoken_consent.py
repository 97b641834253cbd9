"""Consent as it is spoken: the lines of a session's first minutes in, who agreed and who may have refused out.

A rule that looks for a clinician's question about recording, transcribing or a computer's note, and for each
participant's answer to it. It is careful in one direction: what is not plainly a yes is never taken for one, and
what may be a no is told. It is a guess that somebody confirms; nothing is stored here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scribe.session import SpeakerAssignment, SpokenWords
from scribe.wire import TranscriptLine
from summarizer.language import is_question, sentences
from summarizer.polarity import answer_polarity, has_negation, takes_back

FIRST_SECONDS = 300.0
"""Consent is asked for when a session begins; what is said of recordings later is about something else."""
ANSWER_SECONDS = 30.0
"""How long after its question an answer may begin."""

_TOPIC = re.compile(
    r"\b(?:record(?:s|ed|ing)?|transcri\w+|tape|taped|taping|(?:ai|a\.i\.|digital|ambient) (?:scribe|note\w*|tool\w*"
    r"|assistant|software)|scribe|artificial intelligence"
    r"|(?:computer|software|program|app)\b[^.?!]{0,30}\b(?:note|write|listen)\w*)\b",
    re.I,
)
_PERMISSION = re.compile(
    r"\b(?:ok|okay|alright|all right|fine|comfortable|consent|agree|permission|may i|can i|could i|can we|could we"
    r"|may we|do i have your|are you good|(?:do|would|does|if) you mind|would you be|are you still)\b",
    re.I,
)
_MIND = re.compile(r"\b(?:do|would|does) (?:you|anyone|anybody) (?:guys )?mind\b", re.I)
_NEXT = re.compile(r"\b(?:and (?:you|for you|how about you)|(?:what|how) about you)\b", re.I)
_NO = r"(?:do|would|did|am|are|could|ca)\s?n['’]?t|do not|would not|not|never"
_REFUSAL = re.compile(
    rf"\b(?:{_NO})\b[^.?!]{{0,40}}\b(?:want|like|agree|consent|comfortable|okay|ok|alright|all right|fine|record\w*"
    r"|transcri\w+|tap(?:e|ed|ing)|allow|sure)\b"
    r"|\b(?:rather|prefer)\b[^.?!]{0,30}\b(?:not|no|without|did ?n['’]?t)\b"
    r"|\b(?:i|we) (?:do )?mind\b|\bi refuse\b|\bplease (?:do ?n['’]?t|stop)\b|\b(?:turn|switch) (?:it|that) off\b"
    r"|\bwithout (?:the |a |any )?(?:record\w*|computer|ai|tape)\b",
    re.I,
)
_NOT_A_REFUSAL = re.compile(
    r"\b(?:(?:i )?(?:do ?n['’]?t|do not|wo ?n['’]?t|would ?n['’]?t) mind|no (?:problem|worries|objections?|issues?)"
    r"|not a problem|why not|not at all)\b",
    re.I,
)
_AGREES = re.compile(
    r"\b(?:that(?:['’]s| is| would be| sounds)? (?:is )?(?:fine|okay|ok|good|great|all right|alright)"
    r"|fine (?:with|by) (?:me|us)"
    r"|(?:i['’]m|i am|we['’]re|we are) (?:okay|ok|fine|good|comfortable)|go ahead|sounds good|of course"
    r"|i agree|i consent"
    r"|i do(?:n['’]?t| not) mind|no (?:problem|worries|objections?)|it['’]s (?:fine|okay|ok|good)|you (?:can|may)"
    r"|sure|absolutely|definitely|certainly)\b",
    re.I,
)
_RESERVE = re.compile(
    r"\b(?:but|except|unless|only|if|until|i guess|maybe|perhaps|suppose|not sure|i think|kind of|sort of|depends"
    r"|what do you mean|why)\b",
    re.I,
)

Answer = Literal["agreed", "refused", "open"]


@dataclass(frozen=True, slots=True)
class SpokenConsent:
    """What one participant was heard to answer, with the question."""

    participant_id: str
    agreed: bool
    words: SpokenWords


def words_of(lines: Sequence[TranscriptLine]) -> SpokenWords:
    """The words of these lines as they are copied into a consent, each with who said it."""
    return SpokenWords(
        utterance_ids=tuple(line.id for line in lines),
        text="\n".join(f"{line.role}: {line.text}" for line in lines),
        start=min(line.start for line in lines),
        end=max(line.end for line in lines),
    )


def spoken_consents(
    lines: Iterable[TranscriptLine], speakers: Mapping[str, SpeakerAssignment]
) -> tuple[SpokenConsent, ...]:
    """Each participant's answer, the last where they were asked twice; `lines` have their speakers' roles.

    An answer that is neither a plain yes nor a no is left out.
    """
    early = [line for line in lines if line.start < FIRST_SECONDS and line.text.strip()]
    turns = _turns(sorted(early, key=lambda line: (line.start, line.end)))
    found: dict[str, SpokenConsent] = {}
    for number, turn in enumerate(turns):
        if turn[0].role != "clinician" or not (asked := asks_consent(_text(turn))):
            continue
        answered: set[str] = set()
        for answer in turns[number + 1 :]:
            if answer[0].start - turn[-1].end > ANSWER_SECONDS:
                break
            if answer[0].role == "clinician":
                if not _goes_on(_text(answer)):
                    break
                continue
            who = speakers.get(answer[0].speaker)
            if who is None or who.participant_id in answered:
                continue
            answered.add(who.participant_id)
            meant = meaning(_text(answer), minds=asked == "minds")
            if meant != "open":
                words = words_of((*turn, *answer))
                found[who.participant_id] = SpokenConsent(who.participant_id, meant == "agreed", words)
    return tuple(found.values())


def asks_consent(text: str) -> Literal["may", "minds", ""]:
    """Whether the last question of a clinician's turn asks for consent, and in which sense; "" where not."""
    said = [text[piece.start : piece.end] for piece in sentences(text)]
    questions = [number for number, sentence in enumerate(said) if is_question(sentence)]
    if not questions:
        # Recognised speech may have no question mark: then the whole turn must ask in its words.
        question, before = text, ""
    else:
        question, before = said[questions[-1]], " ".join(said[max(0, questions[-1] - 3) : questions[-1]])
    if not _PERMISSION.search(question) or not (_TOPIC.search(question) or _TOPIC.search(before)):
        return ""
    return "minds" if _MIND.search(question) else "may"


def meaning(answer: str, *, minds: bool) -> Answer:
    """What an answer to a question for consent means; `minds` where it was asked whether somebody minds."""
    plain = _NOT_A_REFUSAL.sub(" ", answer)
    if _REFUSAL.search(plain):
        return "refused"
    said = [answer[piece.start : piece.end] for piece in sentences(answer)] or [answer]
    if _RESERVE.search(plain) or takes_back(said[0], " ".join(said[1:])):
        return "refused" if answer_polarity(plain) == "no" and not minds else "open"
    if _AGREES.search(answer) or _NOT_A_REFUSAL.search(answer):
        return "agreed" if not has_negation(_AGREES.sub(" ", plain)) or minds else "open"
    polarity = answer_polarity(answer)
    if minds:
        # "Yes" may mean either; it is left to whoever was there.
        return "agreed" if polarity == "no" else "open"
    return {"yes": "agreed", "no": "refused", "open": "open"}[polarity]  # type: ignore[return-value]


class ConsentWatch:
    """Looks for refusals while a session is heard; stateful, one for each capture."""

    def __init__(self) -> None:
        self._lines: dict[str, TranscriptLine] = {}
        self._told: set[str] = set()

    def push(
        self, lines: Iterable[TranscriptLine], speakers: Mapping[str, SpeakerAssignment]
    ) -> tuple[SpokenConsent, ...]:
        """New or changed final lines; the refusals that were not told before, at most one for each participant."""
        early = {line.id: line for line in lines if line.start < FIRST_SECONDS}
        if not early:
            return ()
        self._lines |= early
        refused = [
            found
            for found in spoken_consents(self._lines.values(), speakers)
            if not found.agreed and found.participant_id not in self._told
        ]
        self._told |= {found.participant_id for found in refused}
        return tuple(refused)


def _goes_on(text: str) -> bool:
    """Whether a clinician's turn after the question leaves it open: a nod, or the same question to the next."""
    return bool(_NEXT.search(text)) or not any(
        is_question(text[piece.start : piece.end]) for piece in sentences(text)
    )


def _turns(lines: Sequence[TranscriptLine]) -> list[list[TranscriptLine]]:
    turns: list[list[TranscriptLine]] = []
    for line in lines:
        if turns and turns[-1][-1].speaker == line.speaker:
            turns[-1].append(line)
        else:
            turns.append([line])
    return turns


def _text(turn: Sequence[TranscriptLine]) -> str:
    return " ".join(line.text for line in turn)
