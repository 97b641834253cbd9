"""Evidence read word by word: what was said in, stems out, each with whether it was affirmed, negated or asked.

A question's words take the polarity of the answer that follows, so that `Any fever?` `No.` denies the fever.
The same reading serves the statement of a note (`denies fever or chills`). It judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from summarizer.content import content_stems, stem
from summarizer.cues import DRUGS
from summarizer.discourse import CLIENT_SIDE
from summarizer.language import is_question, sentences
from summarizer.lexicon import word_set
from summarizer.polarity import answer_polarity
from summarizer.quantities import Quantity, is_number_word, quantities, readings
from summarizer.types import Role

AFFIRMED, NEGATED, ASKED = 1, 2, 4
"""How a word was said; flags, because one line may affirm it and deny it."""

DRUG = re.compile(rf"\b(?:{DRUGS})\b", re.I)


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence: its stems in order with the flags of each, and what else of it must agree.

    `role` is None where the speaker is not known.
    """

    role: Role | None
    text: str
    stems: tuple[str, ...]
    flags: tuple[int, ...]
    values: frozenset[str]
    quantities: tuple[Quantity, ...]
    drugs: frozenset[str]
    hedged: bool
    certain: bool
    asks: bool


_NOT = re.compile(r"n['’]t\b")
_TOKEN = re.compile(r"n['’]t\b|[a-z]+|\d+(?:[.,:/]\d+)*%?|[.,;:?!]")
_NEGATORS = word_set(
    """
    no not never none nothing nobody neither nor without cannot n't n’t ca wo deny denies denied denying
    unable hardly barely nope nah lacks lacking lack absence non ain
    """
)
_PLAIN_NOT = word_set("not n't never")
_BROKEN_OFF = word_set("i he she they we")
_UNDONE = word_set("unable without denied deny denies denying lacking none")
"""Words of negation that a `not` before them turns round: `is not unable to`."""
_SCOPE_ENDS = word_set(
    """
    . ; : ? ! but except although however though because so until unless which
    """
)
_NEW_SUBJECT = word_set(
    """
    i he she it they we you my there that this patient client reports reported endorses states stated
    admits notes complains acknowledges clinician
    """
)
_FILLERS = word_set("um uh er hm hmm mm like know mean you kind sort of really just")
_AFTER_ANSWER = _NEW_SUBJECT | word_set(", . and but so actually just well not")
_SPEECH_WORDS, _NOTE_WORDS = 9, 24
"""How far a negation reaches, in words: speech drifts, a note's list (`denies a, b, c or d`) does not."""
_OPENS_LIST = word_set("no denies denied deny denying without")
_DENIED_AFTER = re.compile(
    r"\b(?:is|are|was|were|been|:)?\s*(?:negative(?! for)|absent|denied|ruled out|none)\W*$", re.I
)
_NOT_A_NEGATION = re.compile(
    r"\bno (?:doubt|wonder|matter|problem)\b|\bnot (?:only|just|to mention|sure (?:if|whether))\b"
    r"|\bi (?:do n.t|don.t|do not) know\b(?! (?:any|anyone|how to|anything)\b)|\bwhy (?:do n.t|don.t"
    r"|not)\b|\b(?:do n.t|don.t) (?:you )?(?:worry|forget|you)\b",
    re.I,
)
_CERTAIN = re.compile(
    r"\b(?:definite(?:ly)?|certain(?:ly)?|clear(?:ly)?(?= \w)|confirm\w*|exactly|always|undoubtedly"
    r"|surely|proven"
    r"|without (?:a )?doubt|every (?:time|single))\b",
    re.I,
)
_HEDGED = re.compile(
    r"\b(?:may(?! \d)|might|maybe|could(?! ?n.t| not| you)|possibl[ey]|probabl[ey]|perhaps|likely"
    r"|suspect\w*"
    r"|suspicious|i (?:do n.t |don.t )?(?:think|believe|guess|suppose)|not (?:sure|certain)|unsure"
    r"|uncertain"
    r"|questionable|seems?|appears?|looks like|sounds like|potential(?:ly)?|presum\w+|concern(?:ed"
    r"|ing)? (?:for|about|that)"
    r"|suggest(?:s|ive|ing)|(?:believes?|thinks?|feels?) (?:that|it|this|like)|worr(?:y|ied) (?:that|about)"
    r"|hopefully|almost|kind of|sort of|sometimes|occasional\w*|approximately|roughly"
    r"|around (?=\w+ (?:\w+ )?(?:day|week|month|year|hour))"
    r"|about (?=(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|\d+)\b))",
    re.I,
)


def read(said: Sequence[tuple[Role | None, str]]) -> tuple[Line, ...]:
    """The sentences of (role, text) pairs in order, the words of each question flagged by its answer."""
    lines = [line for role, text in said for line in _lines(role, text)]
    for i, line in enumerate(lines):
        if line.asks:
            lines[i] = _answered(line, _answer_to(lines, i))
        elif line.role == "clinician" and i + 1 < len(lines) and lines[i + 1].role != "clinician":
            # `any chest pain, nausea` or `okay, coughing, headache`, asked by the voice alone.
            by_voice = _ASKED_BY_VOICE.match(line.text) or not _VERB.search(line.text)
            if by_voice and _SAYS_NO.match(lines[i + 1].text):
                lines[i] = replace(line, flags=tuple(NEGATED for _ in line.flags))
    return tuple(lines)


_ASKED_BY_VOICE = re.compile(
    r"^\W*(?:(?:and|okay|so|or|alright|um|uh)\W+)*(?:any|no|how about|what about"
    r"|you(?:['’](?:re|ve)| have| had| do| are| were| ever| feel)(?! to))\b",
    re.I,
)
_SAYS_NO = re.compile(
    r"^\W*(?:(?:um+|uh+|oh|well|hmm?)\W+)*(?:no|nope|nah|none|never|not (?:that|really|at all))\b", re.I
)
_VERB = re.compile(
    r"\b(?:i|you|we|he|she|it|they|is|are|was|were|has|have|had|do|does|did|will|can|let|there|that|i'm"
    r"|it's)\b",
    re.I,
)
_LEFT_OPEN = re.compile(r"(?:\b(?:not|no|without|denies|denied)|n['’]t)\s*$", re.I)


@lru_cache(maxsize=4096)
def _lines(role: Role | None, text: str) -> tuple[Line, ...]:
    found = []
    is_open = False
    for piece in sentences(text):
        said = text[piece.start : piece.end]
        # Recognised speech without punctuation may be cut behind its "not".
        found.append(_line(role, said, _SPEECH_WORDS, is_open))
        is_open = bool(_LEFT_OPEN.search(said))
    return tuple(found)


@lru_cache(maxsize=4096)
def read_statement(text: str) -> Line:
    """A statement of a note as one line; its negations reach to the end of their lists."""
    return _line(None, text, _NOTE_WORDS)


def _line(role: Role | None, text: str, reach: int, is_open: bool = False) -> Line:
    marked = _marked(text, reach, is_open)
    return Line(
        role,
        text,
        tuple(word for word, _ in marked),
        tuple(flag for _, flag in marked),
        readings(text),
        quantities(text),
        frozenset(match.group().lower() for match in DRUG.finditer(text)),
        bool(_HEDGED.search(text)),
        bool(_CERTAIN.search(text)),
        is_question(text),
    )


def _marked(text: str, reach: int, is_open: bool) -> list[tuple[str, int]]:
    low = _NOT_A_NEGATION.sub(lambda match: re.sub(r"\w", "_", match.group()), text.lower())
    for pattern, put in _PHRASES:
        low = pattern.sub(put, low)
    tokens = _TOKEN.findall(_NOT.sub(" n't", low))
    found: list[tuple[str, int]] = []
    left = reach if is_open else 0
    clause = 0
    for i, spoken in enumerate(tokens):
        following = tokens[i + 1] if i + 1 < len(tokens) else ""
        if spoken in _SCOPE_ENDS or (spoken in (",", "and", "or") and following in _NEW_SUBJECT):
            left, clause = 0, len(found)
            continue
        if spoken == ",":
            continue
        if spoken in _BROKEN_OFF and i and tokens[i - 1] in _PLAIN_NOT:
            left = 0  # "I don't, I want": the speaker began anew.
            continue
        if spoken == "negative" and following == "for":
            left = reach
            continue
        if spoken in ("free", "longer") and (following == "of" or (i and tokens[i - 1] == "no")):
            left = reach
            continue
        if spoken in _NEGATORS and i and tokens[i - 1] in _PLAIN_NOT and spoken in _UNDONE:
            left = 0
            continue
        if spoken in _NEGATORS:
            # "No, I sleep well" answers; it negates nothing of what follows.
            is_answer = spoken in ("no", "nope", "nah") and following in _AFTER_ANSWER
            left = 0 if is_answer else reach if spoken in _OPENS_LIST else _SPEECH_WORDS
            continue
        if (
            spoken in ("negative", "absent", "denied")
            and len(found) > clause
            and _DENIED_AFTER.search(" ".join(tokens[max(i - 2, 0) : i + 1]))
        ):
            how = AFFIRMED if tokens[i - 1] in _PLAIN_NOT else NEGATED
            found[clause:] = [(word, how) for word, _ in found[clause:]]
        else:
            reversed_here = bool(left) != (spoken.startswith("non") and len(spoken) > 6)
            word = spoken.removeprefix("non") if len(spoken) > 6 else spoken
            found.extend((stemmed, NEGATED if reversed_here else AFFIRMED) for stemmed in _stems_of(word))
        left = max(left - (spoken not in _FILLERS), 0)
    return found


@lru_cache(maxsize=16384)
def _stems_of(token: str) -> tuple[str, ...]:
    if token[0].isdigit() or is_number_word(token):
        return ()  # Numbers are compared as numbers.
    return tuple(SYNONYMS.get(word, word) for word in content_stems(token))


_PHRASES = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), put)
    for pattern, put in (
        (r"high blood pressure|htn|hypertensive", "hypertension"),
        (r"high cholesterol|hypercholesterolemia|high lipids", "hyperlipidemia"),
        (r"heart attacks?|mi\b(?! )", "myocardial infarction"),
        (
            r"short(?:ness)? of (?:the )?breath|trouble breathing|(?:difficulty|hard time) breathing"
            r"|sob|winded",
            "dyspnea",
        ),
        (r"acid reflux|heart ?burn|gastroesophageal reflux(?: disease)?|gerd", "reflux"),
        (r"pass(?:ed|ing)? out|black(?:ed)? out|faint(?:ed|ing)?", "syncope"),
        (r"thr(?:ow|ew|owing|own) up|puk\w+", "vomiting"),
        (r"heart failure|chf", "heart failure"),
        (r"pins and needles|tingl\w+", "paresthesia"),
        (r"c-?section", "cesarean"),
        (r"x-?rays?", "radiograph"),
        (r"cat scan|ct scan", "ct"),
        (r"blood sugars?", "glucose"),
        (r"stopped (?=smok|drink)|quit (?=smok|drink)", "quit "),
        (r"run(?:s|ning)? (?:a )?(?:temperature|temp)", "fever"),
        (r"car (?:accident|crash|wreck)|motor vehicle (?:accident|collision)|mva", "car accident"),
        (r"utilizes?|utilized|utilizing|utilization", "using"),
        (
            r"killing (?:myself|himself|herself)|kill (?:myself|himself|herself)|end(?:ing)? (?:my|his"
            r"|her) life",
            "suicide",
        ),
        (r"follow(?:ed|ing)?[- ]?up", "followup"),
        (r"over[- ]the[- ]counter|otc", "otc"),
        (r"range of motion|rom", "range motion"),
        (r"black stools?|melena", "black stool"),
        (r"blood(?:y)? (?:in (?:the |my |your |her |his )?)?stools?|hematochezia", "blood stool"),
        (r"blood in (?:the |my |your )?(?:urine|pee)|hematuria", "blood urine"),
        (
            r"(?:painful|burning|pain (?:with|when)) (?:\w+ )?(?:urination|urinating|peeing|pee)|dysuria",
            "pain urine",
        ),
        (r"sexually active|intercourse", "sex"),
    )
)
"""Phrases for one thing, put into one wording on both sides before words are compared."""

_NEGATIVE_ANSWER = re.compile(
    r"^\W*(?:(?:well|um|uh|oh|okay|hmm?)\W+)*(?:no|nothing|never|not (?:really|that i|so far|yet"
    r"|one bit|a bit|anymore|often|much)"
    r"|none|neither|nuh-uh|uh-uh|i (?:have|do|did)(?: ?n.t| not)|haven.t|don.t|didn.t|other than"
    r"|just the|only)\b",
    re.I,
)


def _answer_to(lines: Sequence[Line], at: int) -> Line | None:
    """The first line of another speaker after a question; where nothing follows, the one that stands before it."""
    asker = lines[at].role
    for line in lines[at + 1 : at + 6]:
        if line.role != asker or (line.role is None and not line.asks):
            return line
    if at + 1 == len(lines):
        # A statement's spans may name the answer first.
        return next((line for line in reversed(lines[:at]) if line.role in CLIENT_SIDE), None)
    return None


def _answered(line: Line, answer: Line | None) -> Line:
    if answer is None:
        flags = tuple(ASKED for _ in line.flags)
    else:
        how = answer_polarity(answer.text)
        if how == "open" and _NEGATIVE_ANSWER.match(answer.text):
            how = "no"
        if how == "no":
            flags = tuple(NEGATED for _ in line.flags)
        elif how == "yes":
            flags = line.flags
        else:
            flags = tuple(ASKED for _ in line.flags)
    return replace(line, flags=flags)


_SAME = """
    mom mum mother; dad father; kid child children; grandma grandmother; grandpa grandfather; belly abdomen
    abdominal tummy; doctor physician provider; meds med medication medicine medications; bp pressure;
    shot injection; pee urine urinate urination urinary; poop stool bowel; throw vomit vomiting emesis;
    sugar glucose; heart cardiac; lung lungs pulmonary; kidney renal; dizzy dizziness lightheaded
    lightheadedness; swell swelling swollen edema; tired fatigue fatigued exhausted; itch itchy pruritus;
    breath breathing breathe dyspnea; x-ray xray x-rays radiograph; hurt hurts pain painful ache sore soreness;
    depressed depression depressive; anxious anxiety nervous; sleep sleeping asleep insomnia slept;
    drink drinks drinking drank alcohol; smoke smoking smoker tobacco cigarette cigarettes; marijuana weed pot
    cannabis; surgery surgeries surgical operation; allergy allergies allergic; wife spouse; husband spouse;
    mg mgs milligram milligrams; divorce divorced; marry married; blood bleeding bleed bloody; cough coughing coughs;
    fever fevers febrile;
    headache headaches; job work working works employed; test tests testing lab labs; suicide suicidal;
    homicide homicidal; panic panicky panicked; cry crying tearful; angry anger mad irritable irritability;
    eat eating ate appetite diet; walk walking ambulation ambulating; therapist therapy counseling counselor;
    zoloft sertraline; prozac fluoxetine; lexapro escitalopram; celexa citalopram; paxil paroxetine;
    wellbutrin bupropion; effexor venlafaxine; cymbalta duloxetine; xanax alprazolam; ativan lorazepam;
    klonopin clonazepam; valium diazepam; seroquel quetiapine; abilify aripiprazole; risperdal risperidone;
    lamictal lamotrigine; buspar buspirone; ambien zolpidem; tylenol acetaminophen; advil motrin ibuprofen;
    aleve naproxen; lasix furosemide; norvasc amlodipine; lipitor atorvastatin; zocor simvastatin;
    crestor rosuvastatin; ultram tramadol; flexeril cyclobenzaprine; neurontin gabapentin; lyrica pregabalin;
    coumadin warfarin; synthroid levothyroxine; prilosec omeprazole; claritin loratadine; zyrtec cetirizine;
    benadryl diphenhydramine
"""
"""Words for one thing, as a client says it and as a note writes it; the first of each group stands for all."""
SYNONYMS = {
    stem(word): stem(group.split()[0]) for group in reversed(_SAME.split(";")) for word in group.split()
}
