"""What payers look for in a note, as a table: twenty elements, each with the parts that make it complete.

A part is satisfied by a fact of the session's record, by its name, or by a statement of the note, by what it says.
The table judges no note: that is `checklist`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from summarizer.cpt import REASON_FROM
from summarizer.risk import topics_in
from summarizer.techniques import TECHNIQUES
from summarizer.types import Statement


@dataclass(frozen=True, slots=True)
class Line:
    """A statement and the kinds of fact that its section takes; none where the section is the clinician's."""

    statement: Statement
    kinds: frozenset[str]

    @property
    def text(self) -> str:
        return self.statement.text


Says: TypeAlias = Callable[[Line], bool]


@dataclass(frozen=True, slots=True)
class Part:
    """Satisfied by a fact of the name `given` or by a statement that `written` holds for.

    With `each`, every statement that `written` holds for must also satisfy `each`, given all statements.
    A part counts only where the fact `only_if` is there. `needs` completes the sentence "To complete it, …".
    """

    needs: str
    given: str = ""
    written: Says | None = None
    each: Callable[[Line, Sequence[Line]], bool] | None = None
    only_if: str = ""


@dataclass(frozen=True, slots=True)
class Element:
    """A row of the table; `otherwise` says why it does not apply where none of its parts does."""

    number: int
    code: str
    title: str
    parts: tuple[Part, ...]
    otherwise: str = ""


# ── what statements say ──────────────────────────────────────────────────────────────────────────────────


def _matches(pattern: str, *, support: str = "") -> Says:
    compiled = re.compile(pattern, re.I)
    return lambda line: (
        bool(compiled.search(line.text)) and (not support or line.statement.support == support)
    )


def _in_section_of(*kinds: str) -> Says:
    """Any statement of a section that takes one of these kinds (`homework.assigned` or the whole `homework`)."""
    return lambda line: any(kind in line.kinds for kind in kinds)


def _in_section_for(*kinds: str, says: str) -> Says:
    at, matches = _in_section_of(*kinds), _matches(says)
    return lambda line: at(line) and matches(line)


def _names_risk(line: Line) -> bool:
    return bool(topics_in(line.text)) or bool(_RISK_WORDS.search(line.text))


_RISK_WORDS = re.compile(
    r"\b(?:SI|HI|SI/HI)\b|\bsafety (?:concerns?|risk)|\brisk (?:to|of) (?:self|others)\b|\bself[- ]harm"
)
_SPECIFIC = tuple(technique for technique in TECHNIQUES if not technique.broad)
_TECHNIQUE = re.compile(
    "|".join(
        # The fixed wording of the note up to the client, and the bare name as a clinician would type it.
        rf"\b{re.escape(words)}\b"
        for technique in _SPECIFIC
        for words in (technique.wording.split(" client")[0].split(" with client")[0], technique.name)
        if len(words) > len("exposure") or words == technique.name
    ),
    re.I,
)
_RESPONDED = re.compile(
    r"\b(?:responded|in response|response to|(?:was|were) (?:able|unable|willing)|engaged (?:well|with|in)"
    r"|tolerated|practi[cs]ed|identified|rated|declined|reported (?:feeling|relief|that))\b",
    re.I,
)


def _names_technique(line: Line) -> bool:
    """Whether a clinician's statement names a specific technique; what is planned for later does not count."""
    return (
        line.statement.support == "clinician"
        and not (line.kinds and line.kinds <= _PLAN_KINDS)
        and bool(_TECHNIQUE.search(_QUOTED.sub(" ", line.text)))
    )


_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»")
_PLAN_KINDS = frozenset({"plan", "homework", "homework.assigned", "next_appointment", "agreement"})


def _has_response(line: Line, lines: Sequence[Line]) -> bool:
    """Whether the statement tells the response itself, or another one tells the response to its technique."""
    if _RESPONDED.search(_TECHNIQUE.sub(" ", line.text)):
        return True
    names = [t.name for t in _SPECIFIC if t.name in line.text.lower() or _wording_of(t.name) in line.text]
    return any(
        re.search(rf"\bresponse to (?:the )?{re.escape(n)}\b", o.text, re.I) for n in names for o in lines
    )


def _wording_of(name: str) -> str:
    return next(t.wording.split(" client")[0] for t in _SPECIFIC if t.name == name)


_PROGRESS = (
    r"\b(?:progress\w*|improv\w+|better|worse\w*|less|fewer|more (?:often|able|easily)|decreas\w+|increas\w+"
    r"|reduc\w+|able to|unable to|barriers?|obstacles?|setbacks?|no change|unchanged|relaps\w+|remain\w*"
    r"|met (?:the|her|his|their) goal)\b"
)
_ROLE = (
    r"(?:work\w*|job|school|class(?:es)?|college|grades?|chores|household|parent\w*|relationships?|marriage"
    r"|friends?|social\w*|hygiene|bills|daily (?:life|activities|tasks))"
)
_LOSS = (
    r"(?:miss(?:es|ed|ing)?|late|unable|cannot|could not|difficult\w*|trouble|struggl\w+|avoid\w*|stopp?\w*"
    r"|call(?:ed|ing) out|argu\w+|conflict\w*|behind|fail\w*|withdr[ae]w\w*|neglect\w*|lost|quit|interfer\w+"
    r"|affect\w+|suffer\w*|declin\w+)"
)
_IMPAIRMENT = (
    rf"\b(?:{_LOSS}\b.{{0,60}}\b{_ROLE}|{_ROLE}\b.{{0,60}}\b{_LOSS})\b"
    r"|\b(?:impair\w*|isolat\w+|functional\w*|medical(?:ly)? necess\w+|not leav\w+ the house|get(?:ting)? out of bed)\b"
)
MEASURE = r"\b(?:PHQ|GAD|C-?SSRS|PCL|AUDIT|DAST|BDI|BAI|HAM-?[AD]|OQ-?45|ORS|SRS|MDQ|ASRS|Y-?BOCS)\b"
_SCORE = rf"{MEASURE}(?:-\d+)?\b.*\d"
_MENTAL_STATUS = (
    r"\b(?:observed aloud|affect|mood|eye contact|appear\w*|groom\w*|speech|thought (?:process|content)|orient\w+"
    r"|insight|judge?ment|psychomotor|alert|cooperative|tearful|attention|memory)\b"
)
_LONGER = (
    r"\b(?:90837|extended (?:session|time)|longer (?:session|than|because|due)|additional time|full hour"
    r"|(?:5[3-9]|[6-9]\d|1\d\d)[- ]minutes?)\b"
)


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────

_SUBJECTIVE = ("observation.reason", "symptom", "event", "functioning")

ELEMENTS: tuple[Element, ...] = (
    Element(
        1,
        "client_and_date",
        "Client identifier and date of service",
        (
            Part("give the client's name or record number as the label of the participant", given="client"),
            Part("record the session, so that its date is known", given="date"),
        ),
    ),
    Element(
        2,
        "times",
        "Exact start and stop time",
        (
            Part("record the session from its start, so that the clock has it", given="start"),
            Part("end the session, so that the clock has its stop", given="stop"),
        ),
    ),
    Element(
        3,
        "service",
        "Service type and modality",
        (
            Part(
                "name the service in the session's modality, such as individual psychotherapy",
                given="service",
            ),
            Part(
                "say in the session's modality how it was held, such as in person or by video",
                given="delivery",
            ),
        ),
    ),
    Element(
        4,
        "participants",
        "Participants and their relationship",
        (
            Part("name who took part", given="attendees"),
            Part(
                "give each family member's relationship to the client",
                given="relationships",
                only_if="family",
            ),
        ),
    ),
    Element(
        5,
        "place",
        "Place of service",
        (
            Part("give the place where the clinician was", given="place"),
            Part("give the place where the client was", given="client place", only_if="telehealth"),
            Part("name the telehealth platform", given="platform", only_if="telehealth"),
            Part(
                "write that the client consented to telehealth",
                written=_matches(r"\bconsent\w*\b.{0,80}\btele\w*|\btele\w*\b.{0,80}\bconsent"),
                only_if="telehealth",
            ),
        ),
    ),
    Element(
        6,
        "diagnosis",
        "Diagnosis",
        (Part("give the diagnosis with the session; it is never added for you", given="diagnoses"),),
    ),
    Element(
        7,
        "reason",
        "Reason for this session",
        (Part("write what brought the client to this session", written=_in_section_of(*_SUBJECTIVE)),),
    ),
    Element(
        8,
        "goal",
        "Treatment-plan goal addressed",
        (
            Part(
                "write which goal of the treatment plan this session served",
                written=_matches(
                    r"\b(?:treatment|plan)\b.{0,20}\bgoals?\b|\bgoals? (?:addressed|reviewed|\d)"
                ),
            ),
        ),
    ),
    Element(
        9,
        "interventions",
        "Specific interventions",
        (
            Part(
                "name the technique that was used, such as cognitive restructuring; supportive listening alone is "
                "not specific",
                written=_names_technique,
                only_if="takes intervention",
            ),
        ),
        "A note of this kind tells no interventions.",
    ),
    Element(
        10,
        "response",
        "Client's response to each intervention",
        (
            Part(
                "write how the client responded to each technique named",
                written=_names_technique,
                each=_has_response,
                only_if="takes intervention",
            ),
        ),
        "A note of this kind tells no interventions.",
    ),
    Element(
        11,
        "progress",
        "Progress or barriers toward a measurable goal",
        (
            Part(
                "write what moved or stood in the way since the last session",
                written=_in_section_for("progress", says=_PROGRESS),
                only_if="takes progress",
            ),
            Part(
                "give a goal that can be measured, with a number, a frequency or a date",
                given="measurable goal",
                only_if="takes progress",
            ),
        ),
        "A note of this kind tells no progress.",
    ),
    Element(
        12,
        "mental_status",
        "Mental status and observations",
        (
            Part(
                "write what you observed; it cannot be heard from sound",
                written=_matches(_MENTAL_STATUS, support="clinician"),
            ),
        ),
    ),
    Element(
        13,
        "risk",
        "Risk: what was asked and answered",
        (
            Part(
                "write what was asked about risk and what the client answered, word for word",
                written=_names_risk,
            ),
            Part(
                "write whether there is a plan or intent",
                only_if="risk affirmed",
                written=_matches(
                    r"\b(?:plans?|intent\w*|intend\w*)\b(?=.{0,120}\b(?:asked|answered|denie\w+|suicid\w*"
                    r"|harm|die|kill|act|method|means|risk|safety)\b)|\b(?:asked|answered|denie\w+|suicid\w*"
                    r"|harm|die|kill|no|method|means|risk)\b.{0,120}\b(?:plans?|intent\w*)\b"
                ),
            ),
            Part(
                "write whether there is access to means",
                only_if="risk affirmed",
                written=_matches(r"\b(?:means|firearms?|guns?|weapons?|pills|stockpil\w*|lethal)\b"),
            ),
            Part(
                "write what protects the client",
                only_if="risk affirmed",
                written=_matches(
                    r"\b(?:protective|supports?|supportive|reasons? (?:to|for) liv\w+|keeps? \w+ (?:going|safe)"
                    r"|lean\w* on|faith|children|kids|family|friends?)\b"
                ),
            ),
            Part(
                "write what was done about it, such as a safety plan",
                only_if="risk affirmed",
                written=_matches(
                    r"\b(?:safety plan\w*|crisis (?:line|plan)|988|means restriction|hospital\w*|emergency"
                    r"|higher level of care|lock\w*|notified|welfare check)\b"
                ),
            ),
        ),
    ),
    Element(
        14,
        "impairment",
        "Functional impairment and medical necessity",
        (
            Part(
                "write how the problem limits work, school, relationships or daily life",
                written=_matches(_IMPAIRMENT),
            ),
        ),
    ),
    Element(
        15,
        "measures",
        "Measures, as stated",
        (
            Part(
                "give the score of the measure that the note names",
                written=_matches(_SCORE),
                only_if="measure",
            ),
        ),
        "No measure is named; if one was given, write its score.",
    ),
    Element(
        16,
        "plan",
        "Plan",
        (
            Part(
                "write homework, referral, medication or the next appointment",
                written=_in_section_of("plan", "homework.assigned", "next_appointment", "agreement"),
            ),
        ),
    ),
    Element(
        17,
        "longer_session",
        "Reason for more than 52 minutes",
        (
            Part(
                f"write why the session took {REASON_FROM} minutes or more",
                only_if="long",
                written=_matches(_LONGER, support="clinician"),
            ),
        ),
        "The session was not longer than 52 minutes on the record, or is billed with E/M.",
    ),
    Element(
        18,
        "psychotherapy_time",
        "Separate psychotherapy time with E/M",
        (
            Part(
                "give the minutes of psychotherapy beside the E/M service",
                given="psychotherapy time",
                only_if="with E/M",
            ),
        ),
        "The session is not billed with an E/M service.",
    ),
    Element(
        19,
        "signature",
        "Signature, credentials, time of authentication",
        (
            Part("sign the note", given="signature"),
            Part("sign with your credentials", given="credentials"),
            Part("sign, so that the time of authentication is set", given="signed at"),
        ),
    ),
    Element(
        20,
        "recording_consent",
        "Recording and AI consent statement",
        (
            Part(
                "record the consent of every participant to recording, transcription and drafting",
                given="consent",
            ),
        ),
    ),
)
"""The elements of payers' manuals, in their order; each part says what would satisfy it."""
