"""Labelled sentences for the verifier: dialogues with their reference notes in, true and falsified statements out.

A reference note's sentence counts as true, although notes also hold what the dialogue never said: that noise is left
in. Every falsified one is made from a true one by one change that is named (`kind`), or is taken from elsewhere.
Nothing here has seen what a verifier reads.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from measuring.dialogues import Part, read_dialogues
from summarizer.content import content_stems
from summarizer.cues import DRUGS
from summarizer.language import sentences
from summarizer.types import Turn

KINDS = (
    *("negated", "number_swapped", "drug_swapped", "role_swapped"),
    *("hedged_to_certain", "other_note", "never_discussed"),
)
"""The ways in which a statement is made false."""

_HEADING = re.compile(r"^[A-Z][A-Z /&-]{3,}:?$")
_BULLET = re.compile(r"^[•*-]\s*(?:[A-Z][A-Za-z, ]{2,40}:\s*)?")
_FEWEST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Case:
    """One dialogue with the sentences of its note, as (section, sentence) pairs."""

    id: str
    turns: tuple[Turn, ...]
    note: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A statement about the dialogue `case`; `kind` is `true` or one of `KINDS`, `origin` what it was made from."""

    case: str
    section: str
    kind: str
    text: str
    origin: str = ""


def cases(data: Path, part: Part) -> list[Case]:
    """The dialogues of one part. Raises `FileNotFoundError` where the sets are not there."""
    found = []
    for dialogue in read_dialogues("aci-bench", part, data):
        found.append(Case(f"aci-{dialogue.name}", dialogue.turns, _sections(dialogue.reference)))
    for dialogue in read_dialogues("mts-dialog", part, data):
        section = f"mts-{dialogue.name.split('-', 1)[1]}"
        told = tuple((section, sentence) for sentence in _told(dialogue.reference))
        found.append(Case(f"mts-{dialogue.name}", dialogue.turns, told))
    return found


def _sections(note: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    section, body = "aci-NONE", ""
    for line in [*note.splitlines(), "LAST LINE"]:
        if _HEADING.match(line.strip()):
            found.extend((section, sentence) for sentence in _told(body))
            section, body = f"aci-{line.strip().rstrip(':')}", ""
        else:
            body += f"{_BULLET.sub('', line.strip())}\n"
    return tuple(found)


def _told(text: str) -> list[str]:
    found = [text[piece.start : piece.end].strip() for piece in sentences(text)]
    return [s for s in found if len(s.split()) >= _FEWEST_WORDS and content_stems(s)]


# ── one change each ──────────────────────────────────────────────────────────────────────────────────────

Change = Callable[[str, random.Random], str | None]


def _replaced(text: str, pairs: Sequence[tuple[str, str]]) -> str | None:
    for pattern, put in pairs:
        changed = re.sub(pattern, put, text, count=1, flags=re.I)
        if changed != text:
            changed = re.sub(r"\s{2,}", " ", changed).strip(" ,")
            return changed[:1].upper() + changed[1:]
    return None


_SENTENCE = re.compile(r"\b(?:he|she|they|i|we|it|patient|client|who|which|if|no|none)\b|:", re.I)
"""What is a whole sentence and no bare finding, so that `No` cannot be set before it."""


def negated(text: str, rng: random.Random) -> str | None:
    """The opposite: a negation taken out where there is one, else put in."""
    removed = _replaced(
        text,
        [
            (r"\b(?:denies|denied) (?:having |any )*", rng.choice(["reports ", "endorses "])),
            (r"\b(?:does|did|do) not have (?:any )?", "has "),
            (r"\b(?:does|did|do)(?: not|n't) ", ""),
            (r"\b(is|are|was|were|has|have|had|can|could|will|would|should)(?: not|n't)\b(?! only)", r"\1"),
            (r"\bnegative for\b", "positive for"),
            (r"\bwithout (?:any )?", "with "),
            (r"\bno longer\b", "still"),
            (r"\bhas (?:had )?no\b(?: known)?", "has"),
            (r"^no (?:known |evidence of |history of )*", rng.choice(["", "positive for ", "there is "])),
            (r"\bno (?:evidence of )?\b", ""),
            (r"\bnever\b", ""),
            (r"\bcannot\b", "can"),
            (r"\bunable\b", "able"),
            (r"\bnot\b(?! only)", ""),
        ],
    )
    if removed is not None:
        return removed if len(removed.split()) > 1 else None
    added = [
        (
            r"\b(?:reports?|reported|endorses|endorsed|complains of|admits to|notes|has had)\b (?!that)",
            "denies ",
        ),
        (r"\b(is|are|was|were|will|can|could|should|would)\b(?! not)", r"\1 not"),
        (r"\b(has|have|had) (?=\w+(?:ed|en|ne)\b)", r"\1 not "),
        (r"\b(?:has|had) (?:an? |some )?", rng.choice(["does not have ", "has no "])),
        (r"\btakes\b", "does not take"),
        (r"\b(?:states|said|reports) that\b", "denies that"),
        (r"\b(continue|increase|start|order|recommend|refer|follow)\b", r"do not \1"),
    ]
    if rng.random() < 0.3:
        rng.shuffle(added)
    changed = _replaced(text, added)
    if changed is not None:
        return changed
    if len(text.split()) > 8 or _SENTENCE.search(text):
        return None
    first = text[0] if text[:2].isupper() else text[0].lower()
    return f"{rng.choice(['No', 'Denies', 'No evidence of', 'Negative for'])} {first}{text[1:]}"


_SPELLED = (
    *("two", "three", "four", "five", "six", "seven", "eight"),
    *("nine", "ten", "twelve", "twenty", "thirty", "forty"),
)
_UNITS = (
    ("mg", "mcg"),
    ("milligrams", "micrograms"),
    ("days", "weeks"),
    ("weeks", "months"),
    ("months", "years"),
)


def number_swapped(text: str, rng: random.Random) -> str | None:
    """One number changed, or now and then its unit."""
    if rng.random() < 0.15:
        for one, other in rng.sample(_UNITS, len(_UNITS)):
            if re.search(rf"\d ?-?{one}\b", text):
                return re.sub(rf"(?<=[\d -]){one}\b", other, text, count=1)
    found = list(re.finditer(rf"\d+(?:\.\d+)?|\b(?:{'|'.join(_SPELLED)})\b", text, re.I))
    if not found:
        return None
    match = rng.choice(found)
    said = match.group()
    if not said[0].isdigit():
        put = rng.choice([word for word in _SPELLED if word != said.lower()])
    elif "." in said:
        put = str(round(float(said) + rng.choice([0.5, 1.0, 2.0, 1.3]), 1))
    else:
        value = int(said)
        step = rng.choice([1, 2, 3, 5, 10, 20]) if value >= 10 else rng.choice([1, 2, 3, 4])
        other = value * 2 if rng.random() < 0.2 else abs(value + rng.choice([-1, 1]) * step)
        put = str(other if other != value else value + step)
    return text[: match.start()] + put + text[match.end() :]


_DRUG = re.compile(rf"\b(?:{DRUGS})\b", re.I)
_NO_NAME = re.compile(r"inhaler|iron|steroid|antib|birth|vitamin|antidep", re.I)
_DRUGS = (
    *("sertraline", "fluoxetine", "escitalopram", "bupropion", "venlafaxine", "trazodone", "lithium"),
    *("quetiapine", "lisinopril", "metoprolol", "amlodipine", "losartan", "atorvastatin", "metformin"),
    *("glipizide", "insulin", "albuterol", "prednisone", "amoxicillin", "azithromycin", "ibuprofen"),
    *("acetaminophen", "naproxen", "tramadol", "omeprazole", "pantoprazole", "gabapentin", "cetirizine"),
    *(
        "warfarin",
        "clonazepam",
        "aripiprazole",
        "Zoloft",
        "Lexapro",
        "Prozac",
        "Xanax",
        "Wellbutrin",
        "Lasix",
    ),
    *("Tylenol", "Synthroid", "Lipitor", "meloxicam", "furosemide"),
)


def drug_swapped(text: str, rng: random.Random) -> str | None:
    """One drug put for another."""
    found = [match for match in _DRUG.finditer(text) if not _NO_NAME.match(match.group())]
    if not found:
        return None
    match = rng.choice(found)
    put = rng.choice([drug for drug in _DRUGS if drug.lower() not in text.lower()])
    put = put.capitalize() if match.group()[0].isupper() else put
    return text[: match.start()] + put + text[match.end() :]


_ROLE_SWAPS = (
    (
        r"\b(?:the )?(?:patient|client)\b(?! agree)",
        ("the doctor", "the clinician", "the patient's mother", "the provider"),
    ),
    (r"^(?:she|he)\b", ("The doctor", "The clinician", "Her mother", "His wife", "The provider")),
    (r"\b(?:the )?(?:doctor|clinician|provider|physician)\b", ("the patient",)),
    (r"^(?:I|We)\b", ("The patient",)),
    (r"\bmother\b", ("father", "sister")),
    (r"\bfather\b", ("mother", "brother")),
    (r"\bbrothers?\b", ("sister", "uncle")),
    (r"\bsisters?\b", ("brother", "aunt")),
    (r"\bwife\b", ("sister", "mother")),
    (r"\bhusband\b", ("brother", "father")),
    (r"\bsons?\b", ("daughter",)),
    (r"\bdaughters?\b", ("son",)),
)


def role_swapped(text: str, rng: random.Random) -> str | None:
    """What one person said, did or has, given to another."""
    fit = [(pattern, puts) for pattern, puts in _ROLE_SWAPS if re.search(pattern, text, re.I)]
    if not fit:
        return None
    pattern, puts = rng.choice(fit)
    changed = re.sub(pattern, rng.choice(puts), text, count=1, flags=re.I)
    return changed[:1].upper() + changed[1:]


def hedged_to_certain(text: str, rng: random.Random) -> str | None:
    """A doubt taken out."""
    del rng
    return _replaced(
        text,
        [
            (r"\b(?:may|might|could) (?:be|have been)\b", "is"),
            (r"\b(?:may|might|could) have\b", "has"),
            (r"\b(?:may|might|could) (?=[a-z])", "will "),
            (r"\b(?:most )?likely (?=secondary to|due to|from|related to)", ""),
            (
                r"\b(?:possibl[ye]|probabl[ye]|likely|perhaps|maybe|potential(?:ly)?|presumed|questionable),? ?",
                "",
            ),
            (r"\b(?:appears?|seems?) to be\b", "is"),
            (r"\b(?:appears?|seems?) to have\b", "has"),
            (r"\b(?:suspect|think|believe)s? (?:that )?", "confirms "),
            (
                r"\b(?:suspected|suspicion of|concern(?:ing)? for|suggestive of|consistent with)\b",
                "confirmed",
            ),
            (r"\b(?:is )?(?:unsure|not sure|uncertain) (?:if|whether|about)\b", "is certain that"),
            (r"\b(?:approximately|about|around|roughly|almost) (?=\d)", "exactly "),
            (r"\bsometimes\b|\boccasionally\b", "always"),
        ],
    )


_NEVER = (
    ("hallucinations", "The patient reports auditory hallucinations."),
    ("suicide", "The patient reports a suicide attempt last year."),
    ("penicillin", "Allergic to penicillin, which causes a rash."),
    ("marijuana", "The patient smokes marijuana every weekend."),
    ("divorce", "The client is going through a divorce."),
    ("seizure", "She had a seizure two weeks ago."),
    ("affect", "Affect was flat and eye contact poor."),
    ("nightmares", "Client reports nightmares about the accident."),
    ("gambling", "He lost his savings through gambling."),
    ("military", "The patient served in the military."),
    ("colonoscopy", "A colonoscopy was ordered."),
    ("breathing", "Clinician led a paced breathing exercise."),
    ("school", "He is failing two classes at school."),
    ("migraine", "The patient has a history of migraine with aura."),
    ("thyroid", "Thyroid disease runs in her family."),
    ("panic", "Client describes panic attacks in crowded shops."),
    ("journal", "Client agreed to keep a mood journal until next session."),
    ("lonely", "Client reports feeling lonely since moving to the city."),
    ("gun", "The patient has a gun at home."),
    ("vaccine", "Influenza vaccine was given today."),
    ("eviction", "The client fears eviction next month."),
    ("binge", "Client reports binge eating at night."),
    ("stroke", "His grandfather had a stroke."),
    ("referral", "A referral to dermatology was placed."),
    ("pregnant", "The patient is pregnant with her second child."),
    ("cognitive", "Clinician used cognitive restructuring to challenge the belief."),
    ("wound", "The wound is healing without signs of infection."),
    ("glasses", "The patient wears glasses for reading."),
    ("hearing", "She has hearing loss in the right ear."),
    ("insomnia", "Sleep hygiene was reviewed for insomnia."),
)
"""(topic word, statement): statements of what is not discussed where the topic word does not occur."""

CHANGES: dict[str, Change] = {
    "negated": negated,
    "number_swapped": number_swapped,
    "drug_swapped": drug_swapped,
    "role_swapped": role_swapped,
    "hedged_to_certain": hedged_to_certain,
}


def changed_by(kind: str, text: str, rng: random.Random) -> str | None:
    """`text` with one change of that kind; None where it does not lend itself to it."""
    put = CHANGES[kind](text, rng)
    return None if put is None or put.lower().strip(" .") == text.lower().strip(" .") else put


def labelled(found: Sequence[Case], seed: int = 4) -> list[Labelled]:
    """True sentences and those made false, at most one of each kind from one sentence."""
    rng = random.Random(seed)
    by_section: dict[str, list[tuple[str, str]]] = {}
    for case in found:
        for section, sentence in case.note:
            by_section.setdefault(section, []).append((case.id, sentence))
    every = [(case.id, section, sentence) for case in found for section, sentence in case.note]
    out: list[Labelled] = []
    for case in found:
        own = [set(content_stems(sentence)) for _, sentence in case.note]
        talk = {stem for turn in case.turns for stem in content_stems(turn.text)}
        for section, sentence in case.note:
            out.append(Labelled(case.id, section, "true", sentence))
            for kind in CHANGES:
                if (changed := changed_by(kind, sentence, rng)) is not None:
                    out.append(Labelled(case.id, section, kind, changed, sentence))
            other = rng.choice(by_section[section])
            if other[0] != case.id and not _is_told(other[1], own):
                out.append(Labelled(case.id, section, "other_note", other[1]))
            if rng.random() < 0.5:
                topic, text = rng.choice(_NEVER)
                if not set(content_stems(topic)) & talk:
                    out.append(Labelled(case.id, section, "never_discussed", text))
            else:
                there, where, text = rng.choice(every)
                if there != case.id and where != section and not _is_told(text, own):
                    out.append(Labelled(case.id, section, "never_discussed", text))
    return out


def _is_told(sentence: str, own: Sequence[set[str]]) -> bool:
    """Whether a note tells a sentence of another note too, word for word or nearly (`No known allergies.`)."""
    wanted = set(content_stems(sentence))
    return any(len(wanted & told) >= 0.7 * len(wanted) for told in own)
