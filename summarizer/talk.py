"""How somebody talks: turns in, sentences with their cues and counts over all of a speaker's out.

A cue is how a sentence is made (it asks, manages the session, mirrors, tells of oneself or of kin, passes on what
another said), not what it means. No feeling and no voice is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from summarizer.language import is_question, sentences, word_list
from summarizer.lexicon import word_set

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


_REPORTED = re.compile(
    r"^(?:(?:so|and|okay|yes|no|well|um|uh)\b[\s,]*)*(?:he|she|they|the (?:doctor|therapist|patient|client|lady"
    r"|gentleman)|(?:mr|mrs|ms|dr)\.? \w+)(?:['’]s| is| was| are)? (?:also )?(?:says?|said|saying|asks?|asking|asked"
    r"|tells? (?:you|him|her|them)|telling|(?:wants?|would like|['’]d like) to (?:know|ask|say)|wondering|wonders"
    r"|answers?|replies|means?|thanks? you)\b",
    re.I,
)
"""What somebody says who passes on another's words: `she says`, `the doctor wants to know`."""

_FIRST = word_set("i i'm i've i'd i'll me my mine myself")
_SECOND = word_set("you you're you've you'd you'll your yours yourself")
_ENGLISH = word_set(
    """
    a about after all am an and any are as at be because been but by can could did do does don't down for from get
    go good had has have he her here him his how i i'm if in is it it's just know like me mm my no not now of oh
    okay on one or our out really right she so some that that's the them then there they think this time to uh um
    up was we well were what when which who will with would yeah yes you your
    """
)
_FOREIGN_WORDS = 4
"""A sentence of at least so many words and no common English one is in another language."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: its words in lower case, contractions joined, and the names of its cues."""

    words: tuple[str, ...]
    cues: frozenset[str]

    @property
    def asks(self) -> bool:
        return "asks" in self.cues


def read_turn(
    text: str, *, follows_question: bool = False, follows: frozenset[str] = frozenset()
) -> list[Sentence]:
    """The sentences of what somebody said.

    `follows_question` says that another speaker has just asked, `follows` which words that speaker used.
    """
    found = []
    for number, piece in enumerate(sentences(text)):
        said = text[piece.start : piece.end]
        words = _joined(word_list(said))
        asks = is_question(said)
        own = bool(_OWN_STATE.search(said)) and not asks
        cues = {
            "asks": asks,
            "manages": bool(_SESSION.search(said)),
            "reflects": bool(_REFLECTION.search(said)),
            "own_state": own,
            "kin_talk": bool(_KIN_TALK.search(said)),
            "reports": bool(_REPORTED.search(said)),
            "echoes": number == 0 and _echoes(words, follows),
            "foreign": len(said.split()) >= _FOREIGN_WORDS and not _ENGLISH.intersection(words),
            "answers": number == 0 and follows_question and not asks,
            "short": len(words) <= 3,
            "long": len(words) >= 20,
        }
        found.append(Sentence(words, frozenset(name for name, there in cues.items() if there)))
    return found


def _joined(words: Iterable[str]) -> tuple[str, ...]:
    """Words with the halves of contractions put together: transcripts write `do n't`, `don’t` and `gon na`."""
    found: list[str] = []
    for word in words:
        plain = word.replace("’", "'")
        if found and (plain == "n't" or f"{found[-1]} {plain}" in ("gon na", "wan na", "got ta")):
            found[-1] += plain
        else:
            found.append(plain)
    return tuple(found)


def _echoes(words: Sequence[str], before: frozenset[str]) -> bool:
    """Whether most of what carries meaning in a sentence was just said by another speaker."""
    telling = {word for word in words if word not in _ENGLISH and len(word) > 3}
    return len(telling) >= 3 and 2 * len(telling & before) >= len(telling)


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


def talk_of(said: Iterable[Sentence]) -> Talk:
    """Counts over everything that one speaker said."""
    heard = list(said)

    def count(cue: str) -> int:
        return sum(cue in sentence.cues for sentence in heard)

    return Talk(
        words=sum(len(sentence.words) for sentence in heard),
        sentences=len(heard),
        questions=count("asks"),
        management=count("manages"),
        reflections=count("reflects"),
        own_state=count("own_state"),
        kin_talk=count("kin_talk"),
        first_person=sum(word in _FIRST for sentence in heard for word in sentence.words),
        second_person=sum(word in _SECOND for sentence in heard for word in sentence.words),
    )


def read_conversation(turns: Iterable[tuple[str, str]]) -> dict[str, list[Sentence]]:
    """The sentences of each speaker, speakers in the order of their first words; `turns` are (speaker, text)."""
    found: dict[str, list[Sentence]] = {}
    before, asked, spoken = "", False, frozenset[str]()
    for speaker, text in turns:
        changed = speaker != before
        read = read_turn(text, follows_question=changed and asked, follows=spoken if changed else frozenset())
        found.setdefault(speaker, []).extend(read)
        if read:
            before, asked = speaker, any(sentence.asks for sentence in read)
            spoken = frozenset(word for sentence in read for word in sentence.words)
    return found
