"""Transcripts in the forms people have them: text in, turns with roles out.

Read are: JSON turns, WebVTT and SRT with or without voice tags, `Speaker: text` lines, `[doctor] text` lines, and
lines of a speaker and a time with what was said below. Text without any speaker is the clinician's own dictated
summary, one turn a line. Roles come from the labels; where the labels say nothing (`SPEAKER_00`, names), from how
the speakers talk (`roles`). It mends no wording.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from summarizer.errors import UnreadableTranscript
from summarizer.roles import guess_roles
from summarizer.types import Role, Turn
from summarizer.wording import tidied

__all__ = ["guess_roles", "read_transcript", "role_of_label"]

_ROLES: frozenset[str] = frozenset(get_args(Role))
_LABEL_ROLES: tuple[tuple[re.Pattern[str], Role], ...] = (
    (re.compile(r"\b(?:interpreter|translator)\b"), "interpreter"),
    (
        re.compile(
            r"\b(?:mother|mom|mum|father|dad|parent|partner|spouse|husband|wife|guardian|family|son"
            r"|daughter|brother|sister"
            r"|grandmother|grandfather|grandparent|aunt|uncle|caregiver|carer|relative|girlfriend"
            r"|boyfriend)\b"
        ),
        "family",
    ),
    (
        re.compile(
            r"\b(?:doctor|dr|therapist|clinician|counsell?or|provider|psychologist|psychiatrist|physician"
            r"|nurse|social worker"
            r"|practitioner|interviewer|md|lcsw|lmft|th)\b"
        ),
        "clinician",
    ),
    (re.compile(r"\b(?:patient|client|me|pt|cl|member|resident)\b"), "client"),
)
_LETTER_ROLES: dict[str, Role] = {"t": "clinician", "d": "clinician", "c": "client", "p": "client"}
_HEADINGS = re.compile(
    r"^(?:subjective|objective|assessment|plan|data|behavior|behaviour|intervention|interventions"
    r"|response|goal|goals|progress|situation|problem"
    r"|evaluation|risk|safety|mood|affect|sleep|appetite|note|notes|summary|history|medications?"
    r"|diagnosis|date|time|name|dob|session|chief complaint"
    r"|hpi|ros|pmh|homework|follow[- ]?up|next (?:session|appointment)|mental status|mse"
    r"|presenting problem|orientation|energy|s|o|a|i|r|b)$"
)
_STAMP = r"(?:[\[(]?(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,2}):(?P<s>\d{2}(?:[.,]\d+)?)[\])]?\s*[-–]?\s*)?"
_NOISES = re.compile(
    r"^(?:laugh\w*|chuckl\w*|sigh\w*|cr(?:y|ies|ying)|sob\w*|sniff\w*|cough\w*|pauses?|silen\w*|inaudible"
    r"|unintelligible|indistinct|crosstalk|overlap\w*|noise|music|applause|background\b.*|clears throat"
    r"|long pause|phone rings|door\b.*|unclear)$"
)
"""What a transcriber puts in brackets that is no speaker."""
_LINE = re.compile(
    rf"^\s*{_STAMP}\*{{0,2}}(?P<label>[A-Za-z][\w.'’ -]{{0,38}}?)\s*(?:\([^)]*\)\s*)?"
    r"(?:\*\*)?(?:(?<!\d):|:(?!\d\d))(?:\*\*)?\s*(?P<text>.*)$"
)
_HEADED = re.compile(
    r"^\s*(?P<label>[A-Za-z][\w.'’-]{0,38}(?: [\w.'’-]{1,20}){0,2}?)\s+[\[(]?"
    r"(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,2}):(?P<s>\d{2})[\])]?"
    r"\s*(?P<text>)$"
)
_TAGGED = re.compile(rf"^\s*{_STAMP}\[(?P<label>[A-Za-z][\w.' -]{{0,38}})\]\s*:?\s*(?P<text>.*)$")
_CUE_TIME = re.compile(
    r"^\s*(?:(\d+):)?(\d{1,2}):(\d{2}[.,]\d{1,3})\s+-->\s+(?:(\d+):)?(\d{1,2}):(\d{2}[.,]\d{1,3})"
)
_VOICE = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]+)>(.*?)(?=<v[ .]|$)", re.S)
_MARKUP = re.compile(r"</?[a-zA-Z0-9.:_ -]*>")


@dataclass(frozen=True, slots=True)
class _Line:
    label: str
    text: str
    start: float = 0.0
    end: float = 0.0
    id: str = ""


def read_transcript(text: str) -> tuple[Turn, ...]:
    """The turns of a transcript in any of the forms above, in order, ids unique.

    Raises `UnreadableTranscript` where there is nothing to read or the JSON is not made of turns.
    """
    return tuple(replace(turn, text=tidied(turn.text)) for turn in _turns(tidied(text)))


def _turns(text: str) -> tuple[Turn, ...]:
    stripped = text.lstrip("\ufeff \t\r\n")
    if not stripped.strip():
        raise UnreadableTranscript(
            "the transcript is empty; give turns, captions, labelled lines or a dictated summary"
        )
    if stripped[0] in "[{" and (lines := _from_json(stripped)) is not None:
        return _with_roles(lines)
    if stripped.startswith("WEBVTT") or _has_cues(stripped):
        return _with_roles(_from_cues(stripped))
    for pattern in (_HEADED, _TAGGED, _LINE):
        labelled = _from_lines(stripped, pattern)
        if labelled:
            return _with_roles(labelled)
    paragraphs = [line.strip() for line in stripped.splitlines() if line.strip()]
    return tuple(Turn(f"t{i}", "clinician", line) for i, line in enumerate(paragraphs, 1))


def role_of_label(label: str) -> Role | None:
    """The role that a speaker's label names (`Therapist` → clinician); None where it names none."""
    low = re.sub(r"[_.\d]+", " ", label.lower()).strip()
    if low in _ROLES:
        return low  # type: ignore[return-value]
    for pattern, role in _LABEL_ROLES:
        if pattern.search(low):
            return role
    return None


# ── forms ────────────────────────────────────────────────────────────────────────────────────────────────


def _from_json(text: str) -> list[_Line] | None:
    """Lines from JSON; None where the text only looks like JSON (`[doctor] hello`)."""
    try:
        value: Any = json.loads(text)
    except RecursionError:
        raise UnreadableTranscript(
            "expected JSON turns, and the JSON is nested too deeply to be any"
        ) from None
    except json.JSONDecodeError as error:
        first = text.splitlines()[0]
        if text[0] == "[" and (_TAGGED.match(first) or _LINE.match(first)):
            return None
        raise UnreadableTranscript(
            f"the JSON breaks off or is malformed at line {error.lineno}; give a list of turns"
        ) from error
    except ValueError:
        raise UnreadableTranscript(
            "the JSON holds a number of thousands of digits; give a list of turns"
        ) from None
    if isinstance(value, dict):
        value = next(
            (value[key] for key in ("turns", "utterances", "segments", "transcript") if key in value), None
        )
    if not isinstance(value, list) or not value:
        raise UnreadableTranscript(
            'the JSON holds no turns; give a list of objects with "speaker" (or "role") and "text"'
        )
    # A speaker whose role one entry gives has that role in all of them.
    given = {
        entry["speaker"]: entry["role"]
        for entry in value
        if isinstance(entry, dict)
        and isinstance(entry.get("speaker"), str)
        and isinstance(entry.get("role"), str)
    }
    lines = []
    for i, entry in enumerate(value, 1):
        if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
            raise UnreadableTranscript(
                f'entry {i} of the JSON has no "text"; each needs "speaker" (or "role") and "text"'
            )
        label = entry.get("role") or entry.get("speaker")
        label = given.get(label, label) if isinstance(label, str) else None
        if label is None:
            raise UnreadableTranscript(
                f'entry {i} of the JSON has no "speaker" and no "role"; each needs one of them'
            )
        times = [0.0 if entry.get(key) is None else entry[key] for key in ("start", "end")]
        if any(
            isinstance(t, bool) or not isinstance(t, int | float) or not 0.0 <= t < _LATEST for t in times
        ):
            raise UnreadableTranscript(
                f'entry {i} of the JSON has a "start" or "end" that is no number of seconds'
            )
        identity = entry.get("id", "")
        # Half a character (a lone surrogate) can come in JSON but be written nowhere.
        said = entry["text"].encode("utf-8", "replace").decode("utf-8").strip()
        lines.append(_Line(label, said, float(times[0]), float(times[1]), str(identity)))
    return lines


_LATEST = 7 * 24 * 3600.0
"""Seconds from the start beyond which a time is none: no session lasts a week."""


def _has_cues(text: str) -> bool:
    return any(_CUE_TIME.match(line) for line in text.splitlines()[:6])


_NO_CUE = re.compile(r"\s*(?:NOTE|STYLE|REGION)(?:\s|$)")
_DASH = re.compile(r"^\s*(?:\{\\\w+\}\s*)?(?:[-–]\s+(?=\S))?")
"""Captions mark a change of voice by a dash, and SRT a place on the screen by `{\\an8}`."""


def _seconds(hours: str | None, minutes: str, seconds: str) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))


def _from_cues(text: str) -> list[_Line]:
    """Cues of WebVTT or SRT; neighbouring cues of one voice become one turn."""
    found: list[_Line] = []
    voice = "speaker"
    is_webvtt = text.startswith("WEBVTT")
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        if is_webvtt and _NO_CUE.match(block):
            continue
        lines = block.splitlines()
        at = next((i for i, line in enumerate(lines) if _CUE_TIME.match(line)), None)
        if at is None:
            continue
        parts = _CUE_TIME.match(lines[at])
        assert parts is not None
        h1, m1, s1, h2, m2, s2 = parts.groups()
        start, end = _seconds(h1, m1, s1), _seconds(h2, m2, s2)
        payload = "\n".join(_DASH.sub("", line) for line in lines[at + 1 :])
        spoken = [(html.unescape(v).strip(), _MARKUP.sub("", t)) for v, t in _VOICE.findall(payload)]
        if not spoken:
            labelled = _LINE.match(payload.replace("\n", " "))
            if labelled and not _HEADINGS.match(labelled["label"].lower()):
                spoken = [(labelled["label"].strip(), labelled["text"])]
            else:
                spoken = [(voice, _MARKUP.sub("", payload))]
        for voice, said in spoken:
            said = " ".join(html.unescape(said).split())
            if found and found[-1].label == voice:
                found[-1] = _Line(voice, f"{found[-1].text} {said}".strip(), found[-1].start, end)
            elif said:
                found.append(_Line(voice, said, start, end))
    if not found:
        raise UnreadableTranscript(
            "the captions hold no words; each cue needs a line of text under its times"
        )
    return found


def _from_lines(text: str, pattern: re.Pattern[str]) -> list[_Line]:
    """Labelled lines, unlabelled ones continuing the turn before; empty where the labels are no speakers."""
    matches = [(line, pattern.match(line)) for line in text.splitlines() if line.strip()]
    labels = [m["label"].strip().lower() for _, m in matches if m and not _is_no_speaker(m["label"])]
    if not _are_speakers(labels) or (pattern is _HEADED and len(set(labels)) < 2):
        return []
    speakers = frozenset(label for label in labels if _is_speaker(label, labels))
    found: list[_Line] = []
    for line, match in matches:
        if match and match["label"].strip().lower() in speakers:
            start = _seconds(match["h"], match["m"], match["s"]) if match["s"] else 0.0
            found.append(_Line(match["label"].strip(), match["text"].strip(), start))
        elif found:
            last = found[-1]
            found[-1] = _Line(last.label, f"{last.text} {line.strip()}".strip(), last.start)
    return [line for line in found if line.text]


def _is_no_speaker(label: str) -> bool:
    low = label.strip().lower()
    return bool(_HEADINGS.match(low) or _NOISES.match(low))


def _is_speaker(label: str, labels: Sequence[str]) -> bool:
    return (
        role_of_label(label) is not None
        or bool(re.fullmatch(r"speaker[ _-]?\w{1,3}|[a-z]|spk[_-]?\d+", label))
        or labels.count(label) > 1
        or len(label.split()) <= 3
    )


def _are_speakers(labels: Sequence[str]) -> bool:
    if not labels:
        return False
    if any(
        role_of_label(label) or re.fullmatch(r"speaker[ _-]?\w{1,3}|spk[_-]?\d+", label) for label in labels
    ):
        return True
    if {_LETTER_ROLES.get(label) for label in labels} == {"clinician", "client"}:
        return True
    repeated = {label for label in labels if labels.count(label) > 1}
    return len(repeated) >= 2 or (len(set(labels)) == 2 and len(labels) >= 3)


# ── roles ────────────────────────────────────────────────────────────────────────────────────────────────


def _with_roles(lines: Sequence[_Line]) -> tuple[Turn, ...]:
    roles = _roles([(line.label, line.text) for line in lines])
    given = [line.id for line in lines if line.id]
    repeated = (
        next((identity for identity in given if given.count(identity) > 1), None)
        if len(set(given)) < len(given)
        else None
    )
    if repeated is not None:
        raise UnreadableTranscript(
            f"the id {repeated!r} is used by two turns; ids must be unique or be left out"
        )
    taken = set(given)
    turns = []
    for i, line in enumerate(lines, 1):
        identity = line.id or f"t{i}"
        while not line.id and identity in taken:
            identity += "x"
        taken.add(identity)
        turns.append(Turn(identity, roles[line.label], line.text, line.start, max(line.end, line.start)))
    return tuple(turns)


def _roles(said: Sequence[tuple[str, str]]) -> dict[str, Role]:
    """A role for each label: by its name, by a lone letter (`T:`, `C:`), else by how the speaker talks."""
    labels = list(dict.fromkeys(label for label, _ in said))
    known: dict[str, Role] = {}
    for label in labels:
        role = role_of_label(label)
        if role is not None:
            known[label] = role
    if len(labels) == 2 and {_LETTER_ROLES.get(label.lower()) for label in labels} == {"clinician", "client"}:
        known = {label: _LETTER_ROLES[label.lower()] for label in labels}
    unknown = [label for label in labels if label not in known]
    if not unknown:
        return known
    guessed = guess_roles([(label, text) for label, text in said if label in unknown or label not in known])
    if not known:
        return {label: guessed[label][0] for label in labels}
    missing: list[Role] = [role for role in ("clinician", "client") if role not in known.values()]
    for label in unknown:
        role = guessed[label][0]
        if len(unknown) == 1:
            known[label] = missing[0] if len(missing) == 1 else "other"
        elif role in missing:
            known[label] = role
            missing.remove(role)
        else:
            known[label] = "family" if role == "family" else "other"
    return known
