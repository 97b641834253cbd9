"""The language of a physical visit: a clinician's clause in, what sort of clinical statement it is out.

Spoken medicine is told by its terms: parts of the body, findings, diseases (mostly known by their endings), tests,
procedures and drugs. A clause that holds some, and neither asks nor teaches, is worth a line of the note. Nothing
here knows what a term means, and talk therapy has its own cues (`cues`, `techniques`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from summarizer.cues import DRUGS
from summarizer.language import Slice, word_list
from summarizer.types import Turn

_BODY = (
    r"lungs?|heart|abdom\w+|belly|stomach|neck|throat|ears?|nose|eyes?|pupils?|skin|knees?|hips?|shoulders?|elbows?"
    r"|wrists?|hands?|(?:index |middle |ring )?fingers?|foot|feet|ankles?|legs?|arms?|back|spines?|chest|breasts?"
    r"|lymph(?:atic)?|thyroid|extremit\w+|tonsils?|sinus\w*|mouth|tongue|nails?|toes?|thumbs?|calf|calves|thighs?"
    r"|scalp|face|forehead|jaw|teeth|gums?|ribs?|pelvi\w+|groin|bladder|kidneys?|liver|gall ?bladder|appendix"
    r"|pancreas|spleen|bowels?|colon|rectum"
    r"|uterus|ovar\w+|cervix|testic\w+|prostate|arter\w+|veins?|valves?|ventric\w+|tendons?|ligaments?|muscles?"
    r"|joints?"
    r"|bones?|nerves?|discs?|vertebra\w*|meniscus|rotator cuff|quadrants?|cervical|lumbar|thoracic|cranial"
)
_SIGN = (
    r"tender\w*|swell\w*|swollen|edema|erythema\w*|murmurs?|gallops?|rubs?|effusions?|crepitus|crackles|rales|rhonchi"
    r"|wheez\w+|rash\w*|bruis\w+|ecchymos\w+|lesions?|mass(?:es)?|nodules?|lumps?|guarding|rebound|distress|jaundice"
    r"|drainage|redness|warmth|numb\w*|tingling|weakness|sensation|reflex\w*|range of motion|flexion|extension"
    r"|rotation"
    r"|gait|strength|pulses?|capillary|bruits?|hepatomegaly|splenomegaly|palpa\w+|auscultat\w+|percuss\w+"
    r"|bilateral\w*"
    r"|symmetric\w*|intact|unremarkable|non-?tender|non-?distended|supple|afebrile|grip|plaques?|papules?|scal(?:y"
    r"|ing)"
    r"|stiffness|spasms?|laceration|abrasion|deformity|incision\w*|scars?|maneuver|(?:positive|negative) \w+"
    r"|clear to|regular r\w+|murphy|mcmurray|lachman|romberg|straight leg"
)
_TEST = (
    r"x-?rays?|radiograph\w*|ct(?: scan)?|mri|ultrasounds?|echo(?:cardiogram)?|ekg|ecg|labs?|lab ?work|blood ?work"
    r"|a1c|h(?:a)?emoglobin|hematocrit|cholesterol|lipids?|metabolic|biops\w+|cultures?|urinalysis|pfts?"
    r"|pulmonary function|white (?:blood )?(?:cell )?count|platelets?|creatinine|mammogram\w*|colonoscop\w*"
    r"|endoscop\w*"
    r"|\w+(?:oscopy|ography|ogram|ometry)|tsh|psa|bmp|cbc|egd|emg|stress test|catheterization|panel|antibod\w+"
    r"|glucose|blood sugars?|potassium|sodium|vitamin [a-z]\b|ferritin|troponin\w*|ejection fraction|vitals?"
    r"|vital signs"
    r"|blood pressure|heart rate|temperature|oxygen|saturation|bmi|patholog\w+|cytology|margins?|mutation\w*"
    r"|western blot"
)
_DISEASE = (
    r"\w{2,}(?:itis|osis|emia|aemia|opathy|pathies|algia|oma|omas|penia|plegia|stenosis|trophy|ectasia|rrhea|rrhagia)"
    r"|diabet\w+|hypertensi\w+|hypotensi\w+|hyperlipidemia|cholesterol|asthma|copd|emphysema|pneumonia|bronch\w+"
    r"|reflux"
    r"|gerd|cancer\w*|carcinoma|tumou?rs?|fractur\w+|sprain\w*|strain\w*|torn|tears?|ruptur\w+|herniat\w+|hernias?"
    r"|infection\w*|ulcers?|stones?|seizures?|epilep\w+|stroke|infarct\w*|heart (?:failure|attack|disease)|chf|afib"
    r"|atrial|coronary|vascular|regurgitation|aneurysm\w*|clots?|migraines?|headaches?|concussion|gout|lupus|eczema"
    r"|acne|allerg\w+|anaphyla\w+|hypothyroid\w*|hyperthyroid\w*|thyroid|obes\w+|apnea"
    r"|pain|syndrome|disease|disorder|acute|chronic|recurrent|exacerbation|dysfunction|insufficiency|failure"
    r"|defici\w+"
    r"|past medical history|history of|status post|diagnos\w+|metasta\w+|malignan\w+|benign|stage \w+|hepatitis|hiv"
)
_PROCEDURE = (
    r"\w+(?:ectomy|otomy|ostomy|plasty|scopic|desis)|surg\w+|operat\w+|excision\w*|resection|repair\w*|replacement"
    r"|bypass"
    r"|graft\w*|stents?|catheter\w*|injection\w*|epidurals?|radiation|chemotherap\w*|transplant\w*|transfusion\w*"
    r"|dialysis"
    r"|physical therapy|occupational therapy|brace|splint\w*|cast|sling|crutches|inhaler\w*|antibiotics?|vaccin\w+"
    r"|screening|referral|referr\w+|consult\w*|dissection|sutur\w+|stitches|nebulizer|oxygen therapy"
)
_STATE = (
    r"mild(?:ly)?|moderate(?:ly)?|severe(?:ly)?|normal(?: limits)?|abnormal\w*|elevated|decreased|increased"
    r"|diminished|low|high"
    r"|positive|negative|stable|well[- ]controlled|uncontrolled|levels?|rate|rhythm|sounds"
)
"""What a finding is like; by itself it makes no clinical term of a clause that has none."""
_DOSE = (
    r"\d+(?:\.\d+)? ?(?:mg|milligrams?|mcg|micrograms?|units?|ml|cc)\b|\w+ milligrams?"
    r"|(?:once|twice|\w+ times) (?:a day|daily)"
)

_SIGNS = re.compile(rf"\b(?:{_SIGN})\b", re.I)
_BODIES = re.compile(rf"\b(?:{_BODY})\b", re.I)
_TESTS = re.compile(rf"\b(?:{_TEST})\b", re.I)
_DISEASES = re.compile(rf"\b(?:{_DISEASE})\b", re.I)
_PROCEDURES = re.compile(rf"\b(?:{_PROCEDURE})\b", re.I)
_DRUG = re.compile(rf"\b(?:{DRUGS}|medications?|tablets?|dosage|dose|{_DOSE})\b", re.I)
_STATES = re.compile(rf"\b(?:{_STATE})\b", re.I)
_TERMS = (_SIGNS, _BODIES, _TESTS, _DISEASES, _PROCEDURES, _DRUG)

_LECTURE = re.compile(
    r"\b(?:what (?:that|this|it) means|(?:which|that|this) means|(?:is|are) (?:basically|kind of"
    r"|sort of)? ?(?:like a|where"
    r"|when)|can (?:cause|lead|happen|help|sometimes)|(?:could|may|might) (?:cause|lead|happen)|some(?:times| people)"
    r"|most people|a lot of (?:people|patients|times)|for example|as you (?:get|age)|we (?:all|do not|don't) (?:have"
    r"|know)"
    r"|you (?:want|do not want|don't want|may notice|might notice|would)|people who|tends? to|usually|in general)\b",
    re.I,
)
"""How a clinician teaches: true of people at large, no finding of this one."""
_NOW = re.compile(
    r"\b(?:(?:my|the) assessment and (?:my |the )?plan|show me|let me (?:see|know|just|take|go|pull|look|check)"
    r"|let us (?:see|take|look|go|talk|do)|can you"
    r"|(?:take|do) (?:a|some) (?:\w+ )?(?:deep )?breaths?|i am (?:just )?(?:going to|gonna) (?:listen|look|take|check"
    r"|press|push|examine|feel|lift|have you)|(?:lie|lay|sit|stand|lean|turn|push|pull|bend|lift|squeeze|follow|open"
    r"|close"
    r"|hold|relax|raise|touch) (?:down|up|back|your|my|over|on|against|here|it|that|this)\b|tell me|does (?:it|that"
    r"|this)"
    r"|how (?:about|is|are|do|did|does|long)|what (?:about|is|are|kind))\b",
    re.I,
)
"""What is done or asked in the room and is gone when it is said."""
_MANAGES = re.compile(
    r"\b(?:recommend\w*|encourag\w+|prescrib\w+|refill\w*|refer\w*|order\w*|continue\w*|start\w*|increase\w*"
    r"|decrease\w*"
    r"|switch\w*|discontinu\w+|taper\w*|follow[- ]?up|return in|come back|schedul\w+|repeat\w*|re-?evaluat\w+"
    r"|re-?check\w*"
    r"|monitor\w*|candidate for|treatment (?:for|of|is|will|plan)|treated with|plan (?:is|for|will)|under the plan"
    r"|as needed|every (?:\w+ )?hours|(?:we|i)(?:'ll| will| would| am going to| are going to| plan to))\b",
    re.I,
)
_HISTORY = re.compile(
    r"\b(?:history|status post|underwent|years? ago|months? ago|weeks? ago|last (?:year|month|week|time|visit)"
    r"|previous\w*"
    r"|since|was (?:seen|diagnosed|started|scheduled|admitted|treated|notified|referred)|had (?:an?|the|his|her)\b"
    r"|in (?:january|february|march|april|may|june|july|august|september|october|november|december)"
    r"|(?:19|20)\d\d|past (?:medical|surgical)|chief complaint|currently|presents?|reports?|denies|complain\w*"
    r"|asymptomatic|you (?:are|were) here|the patient (?:is|has|was|had|underwent))\b",
    re.I,
)
_OF_THE_CLIENT = re.compile(
    r"^(?:(?:and|so|uh|um|then|now|okay|of note)\W+)*(?:he|she|(?:the |this )?patient)\b", re.I
)
"""How a clinician opens who dictates in the client's hearing."""
_RECOUNTED = re.compile(
    r"^(?:(?:and|so|uh|um|then|now|okay|but|again)\W+)*(?:you|your (?:\w+ ){1,3}|we)(?: also| still)? ?(?:had"
    r"|have had|were|was|underwent"
    r"|have been|had been|came in|presented|are taking|take|are on|are here|declined|developed|tried)\b",
    re.I,
)
"""How a clinician goes through the chart aloud."""
_BARE_NEGATIVE = re.compile(
    rf"^(?:(?:and|so|uh|um|there is|there are|there was)\W+)*no\b.*\b(?:{_SIGN}|{_DISEASE}|noted|seen|evidence)\b",
    re.I,
)
_SHOWN = re.compile(
    r"\b(?:there (?:is|are|was|were)|you (?:do |still |also )*have|located|noted|seen|normal|looks?|shows?"
    r"|appears?)\b",
    re.I,
)
_FEWEST = 2
"""Terms without which a clause of a physical visit is taken for talk."""


def terms_in(text: str) -> int:
    """How many clinical terms stand in `text`, each stretch of it counted once for each sort of term."""
    return sum(len(pattern.findall(text)) for pattern in _TERMS)


def _weight(text: str) -> int:
    """Its terms, and what they are said to be like."""
    return terms_in(text) + len(_STATES.findall(text))


class Counted(NamedTuple):
    """What one turn tells of the kind of visit: signs of an exam room, clinical terms, words; zeros for a client's."""

    exams: int = 0
    terms: int = 0
    words: int = 0


@dataclass(frozen=True, slots=True)
class Visit:
    """What a conversation is as a whole.

    `medical`: a body is looked after, so a finding is worth a line. `exam_room`: it is examined, so `take a deep
    breath` is no breathing exercise.
    """

    exam_room: bool
    medical: bool


def counted(turn: Turn) -> Counted:
    """What a turn adds to the visit that it belongs to."""
    if turn.role != "clinician":
        return Counted()
    return Counted(len(_EXAM_ROOM.findall(turn.text)), terms_in(turn.text), len(word_list(turn.text)))


def visit_of(counts: Iterable[Counted]) -> Visit:
    """The visit of all these turns: two signs of an exam room, or one word or more in thirty a clinical term."""
    exams = terms = words = 0
    for count in counts:
        exams, terms, words = exams + count.exams, terms + count.terms, words + count.words
    exam_room = exams >= _FEWEST
    return Visit(exam_room, exam_room or terms >= max(_FEWEST, words / _WORDS_A_TERM))


_WORDS_A_TERM = 30
_EXAM_ROOM = re.compile(
    r"\b(?:listen to your|stethoscope|physical exam|examine you|(?:look|looking) (?:in"
    r"|at) your (?:ears?|throat|knee|back)|does (?:it|that) hurt when i|milligrams|blood pressure"
    r"|x-?ray)\b",
    re.I,
)


def aspect_of(text: str) -> str:
    """`examination`, `result`, `impression`, `identifying` (course and history) or `plan`; empty for none of them.

    `text` is plain wording (`wording.plain`), no question.
    """
    if _NOW.search(text) or _LECTURE.search(text) or is_header(text):
        return ""
    narrated = bool(_OF_THE_CLIENT.match(text))
    recounted = bool(_RECOUNTED.match(text))
    if _weight(text) < _FEWEST - (narrated or recounted or bool(_BARE_NEGATIVE.match(text))):
        return ""
    if _MANAGES.search(text):
        return "plan"
    if _TESTS.search(text) and not _EXAMINED.search(text):
        return "result"
    if _SIGNS.search(text) or _BARE_NEGATIVE.match(text):
        return "examination"
    if narrated or recounted or _HISTORY.search(text):
        return "identifying"
    if _DISEASES.search(text):
        return "impression"
    if _BODIES.search(text) and _SHOWN.search(text):
        return "examination"
    return "plan" if re.search(_DOSE, text, re.I) else ""


def is_header(text: str) -> bool:
    """Whether a clause only names what comes next: `on your heart exam`, `for your second problem`."""
    return bool(_HEADER.match(text))


_HEADER = re.compile(
    r"^(?:(?:and|so|then|now|okay|alright|all right|um|uh|well|excuse me)\W+)*(?:on|in|for|at|with|regarding|as for"
    r"|from|let me"
    r"|as far as|in terms of|under)\b(?!.*\b(?:is|are|was|were|has|have|had|shows?|looks?|sounds?|no|some|mild"
    r"|any)\b).*$",
    re.I,
)
_EXAMINED = re.compile(r"\bexam\b", re.I)


_OPENS_FINDING = (
    rf"(?:on|in|with|for) (?:your|the) (?:[\w-]+ ){{0,3}}(?:exam\w*|side|{_BODY})\b"
    rf"|your (?:[\w-]+ ){{0,3}}(?:{_BODY}|{_TEST}|exam)\b"
    rf"|there(?:'s| is| are| was)\b|you (?:do |also |still )*have\b|no (?:[\w-]+ ){{0,2}}(?:{_SIGN})\b|(?:{_BODY}"
    rf"|{_TEST}) (?:is|are)\b"
)
_BETWEEN_FINDINGS = re.compile(
    rf"(?:\s*[,;:]\s*|\s+)(?:(?:and|but|so|then|also|uh|um|okay)\s*,?\s+)*(?={_OPENS_FINDING})", re.I
)
_LONG = 14


def findings_in(text: str, piece: Slice) -> tuple[Slice, ...]:
    """A long clause cut where a next finding begins (`your lungs are clear your heart is regular`).

    A short one stays whole.
    """
    if len(text[piece.start : piece.end].split()) <= _LONG:
        return (piece,)
    cuts: list[Slice] = []
    start = piece.start
    for match in _BETWEEN_FINDINGS.finditer(text, piece.start, piece.end):
        if _BOUND.search(text, start, match.start()) or _HEADER.match(text[start : match.start()]):
            continue
        if (
            len(text[start : match.start()].split()) >= _SHORTEST
            and len(text[match.end() : piece.end].split()) >= _SHORTEST
        ):
            cuts.append(Slice(start, match.start()))
            start = match.end()
    return (*cuts, Slice(start, piece.end))


_SHORTEST = 3
_BOUND = re.compile(
    r"\b(?:to|of|on|in|at|with|for|from|about|over|under|near|by|into|against|around|down|up|than|like|that|which"
    r"|who|when"
    r"|where|if|because|as|is|are|was|were|has|have|had|does|do|the|a|an|and|or|that's|says?|think|know|believe|see"
    r"|feel"
    r"|hear|notice|appreciate|sure|reviewed|listen|look|check|check out)\W*$",
    re.I,
)
"""Words that bind what follows to what stands before: no finding ends with one."""
