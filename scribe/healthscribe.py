"""Transcript and note in the JSON shapes of AWS HealthScribe, for platforms that read those already.

Pure: lines and a note in, plain JSON values out. The shapes are those of the two files that a HealthScribe job writes
(docs.aws.amazon.com/transcribe/latest/dg/health-scribe-transcript.html and health-scribe-insights.html). What has no
place there is left out (findings, consents, signature); no clinical entities are looked for. Roles that HealthScribe
does not know keep their own name: nobody's words are put into the patient's mouth.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from scribe.note import Addendum, DraftNote, Evidence, Note, SignedNote
from scribe.session import Role
from scribe.wire import TranscriptLine
from summarizer.lexicon import word_set

_ROLES: Mapping[Role, str] = {
    "clinician": "CLINICIAN",
    "client": "PATIENT",
    "family": "FAMILY",
    "interpreter": "INTERPRETER",
    "other": "OTHER",
}
_LANGUAGES = {"en": "en-US"}
"""HealthScribe says language and country; other languages are named as we know them."""

_SECTIONS = {
    "HPI": "HISTORY_OF_PRESENT_ILLNESS",
    "ROS": "REVIEW_OF_SYSTEMS",
    "PMH": "PAST_MEDICAL_HISTORY",
    "FAMILY_HISTORY": "PAST_FAMILY_HISTORY",
    "SOCIAL_HISTORY": "PAST_SOCIAL_HISTORY",
}
"""Sections that HealthScribe calls otherwise; all others have our code."""

_OBJECTIVE = word_set(
    """
    OBJECTIVE BEHAVIOR INTERVENTION INTERVENTIONS PHYSICAL_EXAMINATION DIAGNOSTIC_TESTING MENTAL_STATUS MEASURES
    EVALUATION
    """
)
_PLAN = word_set(
    """
    ASSESSMENT PLAN PROGRESS IMPRESSION FORMULATION RECOMMENDATIONS GOAL GOALS OBJECTIVES FREQUENCY STATUS SUPPORTS
    AFTERCARE
    """
)
"""Codes of sections whose evidence HealthScribe files under OBJECTIVE and ASSESSMENT_AND_PLAN; the rest, those of
templates of somebody's own too, are SUBJECTIVE."""

_MARK = re.compile(r"^(?P<word>.*?)(?P<mark>[.,;:?!…]*)$", re.S)

RISK_SECTION = "RISK_STATEMENTS"
ADDENDA_SECTION = "ADDENDA"
"""Sections that HealthScribe does not have: what was said of risk, word for word, stands first as everywhere, and what
was added after the signature last."""


def conversation(
    session_id: str, lines: Sequence[TranscriptLine], note: Note | None, language: str | None
) -> dict[str, Any]:
    """The transcript file. `lines` have their roles; `note` tells which section a line is evidence for.

    A line that is evidence for nothing is SUBJECTIVE, and VISIT_FLOW_MANAGEMENT where the clinician says it: readers
    hide small talk, and what a client says is not to be hidden.
    """
    names = _participants(lines)
    cited = _cited(note)
    return {
        "Conversation": {
            "ConversationId": session_id,
            "SessionId": session_id,
            "LanguageCode": _LANGUAGES.get(language or "en", language),
            "ClinicalInsights": [],
            "TranscriptItems": [item for line in lines for item in _items(line)],
            "TranscriptSegments": [
                {
                    "BeginAudioTime": line.start,
                    "EndAudioTime": line.end,
                    "Content": line.text,
                    "ParticipantDetails": {"ParticipantRole": names[line.role, line.speaker]},
                    "SectionDetails": {
                        "SectionName": cited.get(
                            line.id,
                            "VISIT_FLOW_MANAGEMENT" if line.role == "clinician" else "SUBJECTIVE",
                        )
                    },
                    "SegmentId": line.id,
                }
                for line in lines
            ],
        }
    }


def clinical_documentation(session_id: str, note: Note) -> dict[str, Any]:
    """The clinical documentation file: each statement with the segments that it rests on.

    A section that nobody spoke of is there without a summary.
    """
    draft = _draft(note)
    sections = [
        {
            "SectionName": _SECTIONS.get(section.code.upper(), section.code.upper()),
            "Summary": [_summary(one.text, one.evidence) for one in section.statements],
        }
        for section in draft.sections
    ]
    if draft.risk:
        said = [
            _summary(f"{_ROLES[risk.role].capitalize()}: “{risk.quote}”", risk.evidence)
            for risk in draft.risk
        ]
        sections.insert(0, {"SectionName": RISK_SECTION, "Summary": said})
    if isinstance(note, SignedNote) and note.addenda:
        added = [_summary(_added(one), ()) for one in note.addenda]
        sections.append({"SectionName": ADDENDA_SECTION, "Summary": added})
    return {"ClinicalDocumentation": {"SessionId": session_id, "Sections": sections}}


def _added(one: Addendum) -> str:
    kind = one.kind.replace("_", " ").capitalize()
    return f"{kind} by {one.author}, {one.credentials}, {one.at:%Y-%m-%d %H:%M} UTC: {one.text}"


def _draft(note: Note) -> DraftNote:
    return note.note if isinstance(note, SignedNote) else note


def _summary(text: str, evidence: Iterable[Evidence]) -> dict[str, Any]:
    segments = dict.fromkeys(span.utterance for span in evidence)
    return {
        "SummarizedSegment": text,
        "EvidenceLinks": [{"SegmentId": segment} for segment in segments],
    }


def _participants(lines: Sequence[TranscriptLine]) -> dict[tuple[Role, str], str]:
    """The name of each voice: its role, numbered from 0 where several have it."""
    voices = list(dict.fromkeys((line.role, line.speaker) for line in lines))
    several = Counter(role for role, _ in voices)
    seen: Counter[Role] = Counter()
    names = {}
    for role, speaker in voices:
        names[role, speaker] = f"{_ROLES[role]}_{seen[role]}" if several[role] > 1 else _ROLES[role]
        seen[role] += 1
    return names


def _cited(note: Note | None) -> dict[str, str]:
    """The section of HealthScribe's four that each cited line belongs to, by the first that cites it."""
    found: dict[str, str] = {}
    for section in _draft(note).sections if note is not None else ():
        code = section.code.upper()
        name = "OBJECTIVE" if code in _OBJECTIVE else "ASSESSMENT_AND_PLAN" if code in _PLAN else "SUBJECTIVE"
        for statement in section.statements:
            for span in statement.evidence:
                found.setdefault(span.utterance, name)
    return found


def _items(line: TranscriptLine) -> Iterator[dict[str, Any]]:
    """Words and the marks behind them. A line that a person put right has no times but its own."""
    said: list[tuple[str, float, float, float | None]] = [
        (word.text, word.start, word.end, word.probability) for word in line.words
    ]
    for text, start, end, sure in said or [(text, line.start, line.end, None) for text in line.text.split()]:
        match = _MARK.match(text)
        assert match is not None
        if match["word"]:
            yield _item(match["word"], start, end, sure, "pronunciation")
        for mark in match["mark"]:
            yield _item(mark, end, end, None, "punctuation")


def _item(text: str, start: float, end: float, sure: float | None, kind: str) -> dict[str, Any]:
    return {
        "Alternatives": [{"Confidence": sure, "Content": text}],
        "BeginAudioTime": start,
        "EndAudioTime": end,
        "Type": kind,
    }
