"""Who is who in a recording whose speakers have no names: (speaker, text) pairs in, a role for each out.

Counts how each speaker talks (asks, manages the session, mirrors, speaks of themself) and compares. It reads
no meaning, feeling or voice; a person confirms what it says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from summarizer.language import is_question, sentences, word_list
from summarizer.lexicon import word_set
from summarizer.types import Role

_SESSION = re.compile(
    r"\b(?:what brings you|how (?:have you been|has your|are you doing with|was your week)"
    r"|let['’]?s (?:talk|start|begin|go ahead|take a look|look at|try|"
    r"schedule|pick)|tell me (?:more|about|a bit|a little)|i(?:['’]d| would) (?:like|want) you to"
    r"|i want you to|i(?:['’]m| am) going to (?:ask|have you|"
    r"prescribe|order|refer|check|examine|listen|start you)|next (?:session|appointment|visit)"
    r"|our (?:time|session)|(?:any|do you have any) questions|follow up|we(?:['’]ll| will) "
    r"(?:see|meet|work|continue|schedule|get)|on a scale|before we (?:start|finish|end)"
    r"|confidential|your (?:chart|results|labs?|insurance|treatment)"
    r"|is it (?:okay|ok|alright) if|go ahead and|homework|physical exam|i(?:['’]m| am) (?:doctor"
    r"|dr|your)|my name is (?:doctor|dr)|nice to meet you)\b",
    re.I,
)
_REFLECTION = re.compile(
    r"^(?:so |and |okay,? |yeah,? )*(?:it |that )?(?:sounds? like|seems like|must (?:be"
    r"|have been))|\bwhat i(?:['’]m| am) hearing\b|^(?:so |and )+you(?:['’]re|['’]ve| are| feel"
    r"| want|"
    r" have| were)?\b|\bi hear you\b|\bmakes sense\b|\byou(?:['’]ve| have) (?:worked|done)\b|\bpart of you\b",
    re.I,
)
_OWN_STATE = re.compile(
    r"\bi(?:['’]m|['’]ve been| am| have been| feel| felt| can['’]?t| could ?n['’]t| have| had"
    r"| get| got| was| keep| hurt| do ?n['’]t| take| started| went| used to"
    r"| drink| smoke| sleep| worry| need| want)\b|\bmy (?:husband|wife|mom|mother|dad|father|son"
    r"|daughter|boss|job|work|kids|partner|girlfriend|boyfriend|back|head|knee|"
    r"chest|stomach|leg|arm|family|life|anxiety|depression|medication|pain|sister|brother|friends?)\b",
    re.I,
)
_KIN_TALK = re.compile(
    r"\b(?:my (?:son|daughter|husband|wife|mother|father|mom|dad|child|brother|sister)|he"
    r"|she)\b(?: \w+)? (?:is|was|has|does|did|gets|won['’]t|can['’]?t|"
    r"has been|says|said|keeps|never|takes|goes)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Talk:
    """How one speaker talks: counts over all that they said."""

    words: int
    sentences: int
    questions: int
    management: int
    reflections: int
    own_state: int
    kin_talk: int
    first_person: int
    second_person: int

    @property
    def leaning(self) -> float:
        """Above zero toward the clinician, below toward the client; each cue a rate per sentence or word."""
        per_sentence = max(self.sentences, 1)
        per_word = max(self.words, 1)
        return (
            3.0 * self.questions / per_sentence
            + 4.0 * min(self.management / per_sentence, 0.5)
            + 2.0 * self.reflections / per_sentence
            - 2.5 * self.own_state / per_sentence
            + 12.0 * (self.second_person - self.first_person) / per_word
        )


_FIRST = word_set("i i'm i've i'd i'll me my mine myself")
_SECOND = word_set("you you're you've you'd you'll your yours yourself")


def talk_of(texts: Sequence[str]) -> Talk:
    """Counts over everything that one speaker said."""
    said = [text[piece.start : piece.end] for text in texts for piece in sentences(text)]
    found = [word.replace("’", "'") for text in texts for word in word_list(text)]
    return Talk(
        words=len(found),
        sentences=len(said),
        questions=sum(is_question(s) for s in said),
        management=sum(bool(_SESSION.search(s)) for s in said),
        reflections=sum(bool(_REFLECTION.search(s)) for s in said),
        own_state=sum(bool(_OWN_STATE.search(s)) and not is_question(s) for s in said),
        kin_talk=sum(bool(_KIN_TALK.search(s)) for s in said),
        first_person=sum(word in _FIRST for word in found),
        second_person=sum(word in _SECOND for word in found),
    )


_FULL_TRUST_WORDS = 150.0
"""Words heard in all from which the leaning is trusted in full; with fewer the confidence shrinks to a half."""


def guess_roles(turns: Sequence[tuple[str, str]]) -> dict[str, tuple[Role, float]]:
    """A role for every speaker and how sure it is, in [0, 1]; 0.5 is a coin toss.

    The speaker who leans most to asking and leading is the clinician. Of the others the one who speaks most of
    themself is the client; a third who speaks mostly of somebody else is family, any further one `other`.
    """
    texts: dict[str, list[str]] = {}
    for speaker, text in turns:
        texts.setdefault(speaker, []).append(text)
    if not texts:
        return {}
    talks = {speaker: talk_of(said) for speaker, said in texts.items()}
    heard = sum(talk.words for talk in talks.values())
    trust = min(1.0, heard / _FULL_TRUST_WORDS)
    # Ties go to the speaker who began: the order of `texts` is the order of first words.
    ranked = sorted(talks, key=lambda speaker: -talks[speaker].leaning)
    if len(ranked) == 1:
        leaning = talks[ranked[0]].leaning
        return {ranked[0]: ("clinician" if leaning > 0 else "client", _confidence(abs(leaning), trust))}
    # Where several speak, a speaker of a few words is not the one who leads, whatever the rates say.
    leads = next((s for s in ranked if talks[s].words >= 0.08 * heard), ranked[0])
    rest = [speaker for speaker in ranked if speaker != leads]
    client = max(rest, key=lambda s: (talks[s].own_state - 0.5 * talks[s].kin_talk, talks[s].words))
    gap = talks[leads].leaning - talks[client].leaning
    found: dict[str, tuple[Role, float]] = {
        leads: ("clinician", _confidence(gap, trust)),
        client: ("client", _confidence(gap, trust)),
    }
    for speaker in rest:
        if speaker != client:
            is_family = talks[speaker].kin_talk > 0
            found[speaker] = ("family" if is_family else "other", 0.6 * trust if is_family else 0.4 * trust)
    return {speaker: found[speaker] for speaker in texts}


def _confidence(gap: float, trust: float) -> float:
    return round(0.5 + trust * (1.0 / (1.0 + math.exp(-1.6 * gap)) - 0.5), 3)
