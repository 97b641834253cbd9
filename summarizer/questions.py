"""What a form's question is about: its label and heading in, a kind of fact out.

A table of what intake forms ask, the telling before the vague. Questions about contact, insurance and signatures
are `ADMINISTRATIVE`: their answers are no part of a summary. Risk is read by `risk`, before this.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from summarizer.cues import PSYCHIATRIC_DRUG
from summarizer.form import GOES_ON, FormField
from summarizer.types import FactKind


@dataclass(frozen=True, slots=True)
class Topic:
    """The kind and aspect of the facts that an answer gives; `narrative` where the answer tells a story."""

    kind: FactKind
    aspect: str
    pattern: re.Pattern[str]
    narrative: bool = False


def _topic(kind: FactKind, aspect: str, pattern: str, *, narrative: bool = False) -> Topic:
    return Topic(kind, aspect, re.compile(rf"\b(?:{pattern})", re.I), narrative)


ADMINISTRATIVE = re.compile(
    r"\b(?:phone|cell|mobile|fax|e-?mail|address|street|city|state|zip|postal|insur\w*|policy|subscriber"
    r"|group (?:no|num\w*|id)|member (?:id|no|num\w*)|ssn|social security|signatures?|signed|initials"
    r"|guarantor|billing|payment|credit card|emergency contact|pharmacy|relationship to (?:client"
    r"|patient|child)"
    r"|(?:completed|filled out) by|today['’]?s date|date (?:signed|completed)|preferred contact"
    r"|leave a message"
    r"|(?:client|patient|case|chart|record) (?:id|no|num\w*)|i (?:have read|agree|consent|acknowledge"
    r"|understand))\b"
    r"|^(?:date|id|time|office use.*)\W*$",
    re.I,
)

TOPICS: tuple[Topic, ...] = (
    _topic(
        "measure",
        "",
        r"(?:PHQ|GAD|PCL|AUDIT|DAST|BDI|BAI|MDQ|ASRS|C-?SSRS|ACE)(?:[- ]?\w{1,4})?\b|(?:total )?scores?\b",
    ),
    _topic(
        "history",
        "family",
        r"family (?:history|psychiatric|mental|members?|medical)|(?:anyone|any one|any member"
        r"|who) in your family"
        r"|(?:blood )?relatives?\b|runs? in (?:the|your) family",
    ),
    _topic(
        "substance_use",
        "",
        r"alcohol\w*|drink(?:s|ing)?\b|tobacco|smok\w*|vap(?:e|ing)|nicotine|cigarettes?|cannabis|marijuana"
        r"|(?:recreational|street|illegal|illicit|other) (?:drugs?|substances?)|use (?:any )?drugs"
        r"|drug use|substances?\b"
        r"|caffeine|opioids?|cocaine|stimulants?|detox|sobriety|CAGE\b",
    ),
    _topic("history", "allergy", r"allerg\w+"),
    _topic(
        "medication",
        "other",
        r"medications?|medicines?|meds\b|prescri\w+|supplements?|over[- ]the[- ]counter|drugs? (?:you"
        r"|are you) tak",
    ),
    _topic("history", "surgical", r"surger\w+|operations?\b"),
    _topic(
        "history",
        "trauma",
        r"trauma\w*|abus\w+|neglect\w*|assault\w*|violen\w+|witness\w*|accidents?\b|disasters?\b|combat"
        r"|hurt you"
        r"|frightening event",
    ),
    _topic(
        "history",
        "psychiatric",
        r"(?:previous|prior|past|ever|before|current|other|seen|seeing|saw|been (?:in"
        r"|to))\b.*\b(?:therap\w+|counsel\w+|psycholog\w+)"
        r"|psychiatr\w+|mental health|inpatient|in (?:therapy|counseling) before|therapist|counselor"
        r"|(?:previous|prior|past) (?:treatment|diagnos\w+)",
    ),
    _topic(
        "goal",
        "",
        r"goals?\b|(?:hope|want|like|expect|wish)\w* (?:you )?(?:to|from|for|out of|will)\b.*\b(?:change"
        r"|achieve|get|gain|work on|differ\w+|therapy"
        r"|treatment|counseling|accomplish|better|improve)|expectations?|what would (?:be|success)"
        r"|accomplish\w*|to (?:work on|be different)",
    ),
    _topic(
        "protective",
        "",
        r"strengths?|supports?\b|supportive|cop(?:e|es|ing)\b|hobb\w+|interests?\b|enjoy\w*|proud"
        r"|spiritual\w*"
        r"|religio\w+|faith|cultur\w+|reasons? (?:for|to) (?:live|living)|what helps|turn to|friends?\b"
        r"|talents?"
        r"|self[- ]care|good at|keeps you",
    ),
    _topic("sleep", "", r"sleep\w*|insomnia|nightmares?|naps?\b|hours (?:of sleep|a night|per night)"),
    _topic("appetite", "", r"appetite|eating|weight|meals?\b|diet\b"),
    _topic("energy", "", r"energy|fatigue|tired\w*|motivation"),
    _topic(
        "observation",
        "reason",
        r"(?:what )?br(?:ings?|ought) you|reasons? for (?:seeking|visit|coming|referral|therapy|treatment"
        r"|appointment|your|this)"
        r"|presenting (?:problem|concern|complaint|issue)s?|chief complaint|(?:main|primary"
        r"|biggest) (?:concern|problem|reason|issue)s?"
        r"|why (?:are you|did you|now)|what (?:is|has been) (?:troubling|bothering|going on)"
        r"|describe (?:the|your) (?:problem|concern)s?"
        r"|seeking (?:help|therapy|treatment|services)|need help",
        narrative=True,
    ),
    _topic(
        "functioning",
        "",
        r"(?:affect|interfer|impact|impair|disrupt|limit)\w*\b.*\b(?:life|work|school|daily|relation\w*"
        r"|function\w*|activit\w+|you)"
        r"|daily (?:life|activities|functioning)|functioning|get(?:ting)? along|days? (?:missed|of work)",
    ),
    _topic(
        "symptom",
        "",
        r"how long|when did (?:this|these|it|the|your)|onset|since when|how (?:severe|bad|often|intense)"
        r"|severity"
        r"|symptoms?|check (?:all|any)|mark (?:all|any)|(?:in|over) the (?:past|last) (?:two|2|few|month"
        r"|week)|experienc\w+"
        r"|mood|anxi\w+|depress\w+|panic|stress\w*|worr\w+|angry|anger|irritab\w+|concentrat\w+|memory"
        r"|obsess\w+|lonel\w+"
        r"|triggers?\b|what makes it (?:worse|better)|current concerns|areas of concern",
    ),
    _topic(
        "history",
        "medical",
        r"medical|health (?:problems?|conditions?|concerns?|issues?|history)|physical (?:health"
        r"|illness\w*|problems?)|illness\w*"
        r"|chronic|head injur\w+|concussions?|seizures?|pain\b|pregnan\w+|disabilit\w+|diabetes|thyroid"
        r"|heart|asthma"
        r"|conditions?\b|last physical",
    ),
    _topic(
        "history",
        "developmental",
        r"childhood|gr[eo]w(?:ing)? up|raised|born|(?<!of )birth(?:place)?\b(?! ?date)|develop\w+"
        r"|milestones?|parents?\b|siblings?"
        r"|(?:early|family) life",
    ),
    _topic(
        "history",
        "social",
        r"education\w*|school\w*|grade\b|degree|college|work\b|employ\w*|occupation|jobs?\b|profession"
        r"|legal|arrest\w*"
        r"|court|probation|lawsuit|custody|military|veteran|service(?: branch|member)?\b|marital"
        r"|relationships?\b|married"
        r"|partner|spouse|children|kids|living (?:situation|arrangements?|with)|(?:do )?you live"
        r"|lives? (?:with|in)|household|hous(?:ed|ing)|homeless"
        r"|income|financ\w+|sexual\w*|immigra\w+|where (?:do|did) you",
    ),
    _topic(
        "observation",
        "identifying",
        r"name\b|date of birth|dob\b|birth ?date|age\b(?! (?:of|at|when))|gender\w*|sex\b|pronouns?"
        r"|ethnicit\w+|race\b|languages?\b"
        r"|referr\w+|how did you (?:hear|find)|primary care|\bpcp\b|nationality|tribal",
    ),
)
"""In the order in which they are tried."""

_HEADED_ONLY: tuple[Topic, ...] = (
    _topic("history", "medical", r"hospitali[sz]\w+|diagnos\w+|doctor|physician|emergency"),
)
"""Tried last: what the heading decides where it says more."""


def topic_of(field: FormField, parent: FormField | None = None) -> Topic | None:
    """What a question is about: by its label, by the question it goes on from, by its heading; None if neither says.

    A medication is psychiatric where the label or the answer says so.
    """
    found = None if parent is not None and GOES_ON.match(field.label) else _of_text(field.label)
    if found is None and parent is not None:
        found = topic_of(parent)
    if found is None and field.heading:
        found = _of_text(field.heading)
    if found is None:
        found = next((t for t in _HEADED_ONLY if t.pattern.search(field.label)), None)
    if found is not None and found.kind == "medication":
        said = f"{field.label} {field.value}"
        if PSYCHIATRIC_DRUG.search(said) or re.search(r"\bpsychiatr\w+|\bmental health", field.label, re.I):
            return Topic("medication", "psychiatric", found.pattern)
    return found


def _of_text(text: str) -> Topic | None:
    return next((topic for topic in TOPICS if topic.pattern.search(text)), None)
