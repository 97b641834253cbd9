"""Spoken wording made plain: a stretch of speech in, the same words without the stumbling out.

Fillers, false starts and repeats go, split and colloquial contractions are written out (`gon na`, `'cause`,
`don't`), so that the rewriting above works on plain words. Never applied inside a quotation. It adds no word
that carries content and turns no sentence round.
"""

from __future__ import annotations

import re
from functools import lru_cache

from summarizer.lexicon import word_set
from summarizer.verbs import is_participle

_NOISE = re.compile(
    r"\[[^\]]*\]|\((?:laughs?|laughter|sighs?|crying|pause"
    r"|inaudible|crosstalk)[^)]*\)|\*\w+\*",
    re.I,
)
UNCLEAR = re.compile(r"\[(?:unintelligible|inaudible|crosstalk|unclear|\?)[^\]]*\]|\(inaudible\)", re.I)
"""Marks that a transcriber leaves where words are missing: what holds one is neither rewritten nor quoted."""

_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), put)
    for pattern, put in (
        (r"[’‘`]", "'"),
        (r"\b(\w+) n't\b", r"\1n't"),
        (r"\b(i|you|he|she|it|we|they|that|there|what|who) '(m|re|ve|s|d|ll)\b", r"\1'\2"),
        # Recognised speech and hasty typing leave the apostrophe out.
        (r"\b(do|did|does|is|was|are|were|could|would|should|have|has|had)nt\b", r"\1n't"),
        (r"\bcant\b", "can't"),
        (r"\bi(m|ve)\b", r"i'\1"),
        (r"\b(that|there)s\b", r"\1's"),
        (r"\b(you|they)re\b", r"\1're"),
        (r"\bgon ?na\b", "going to"),
        (r"\bwan ?na\b", "want to"),
        (r"\b(?:have |had |'ve )?got ?(?:ta|to)\b", " have to"),
        (r"\b(?:lemme)\b", "let me"),
        (r"\bdunno\b", "don't know"),
        (r"(?<!\w)'(?:cause|cuz|cos)\b|\bcuz\b|\bcause(?= (?:i|it|he|she|they|we|my)\b)", "because"),
        (r"(?<!\w)'em\b", "them"),
        (r"\b(?:kinda|sorta)\b", "kind of"),
        (r"\boutta\b", "out of"),
        (r"\b(?:a lotta)\b", "a lot of"),
        (r"\btryna\b", "trying to"),
        (r"\bwoulda\b", "would have"),
        (r"\bcoulda\b", "could have"),
        (r"\bshoulda\b", "should have"),
        (r"(\d) %", r"\1%"),
    )
)
_PARTIAL = re.compile(r"\b(\w{1,5})-+\s*,?\s*(?=\1\w)", re.I)
_ECHO = re.compile(r"\b((?:\w+(?:'\w+)?[ ]){0,4}\w+(?:'\w+)?)(?:[\s,]+|\s*-+\s*)\1\b(?!['-])", re.I)
_MEANT_TWICE = word_set("had that very so really blah bye never")
_FILLERS = (
    r"(?:um+|uh+|erm|(?<!the )er(?=,)|ah+|hmm+|mm+|mm-hmm|uh-huh|mhm|hm|huh"
    r"|you know(?: what i mean)?(?! (?:how|that|what|if|why|when|where|who)\b)"
    r"|i mean|kind of(?! (?:person|thing|like a))|sort of(?! (?:person|thing))|basically"
    r"|literally|or whatever"
    r"|and stuff(?: like that)?|or something(?: like that)?|and (?:all )?that stuff|to be honest"
    r"|honestly|i guess"
    r"|if that makes sense|if you will)"
)
_FILLER = re.compile(rf"(?<![\w'-])(?:{_FILLERS})(?![\w'-])", re.I)
_LIKE = re.compile(
    r",\s*like\s*,|(?<=\bwas),? like,|^like\s*,\s*|\b(?P<before>[\w']+)(?P<comma>,?) like\b,?(?= "
    r"(?P<after>[\w']+))",
    re.I,
)
_LIKES = word_set(
    """
    feel feels felt feeling look looks looked looking sound sounds sounded seem seems seemed would i'd
    you'd he'd she'd they'd we'd do does did not don't doesn't didn't really i you we they to things
    thing something nothing anything everything stuff people is was am are were be been more much act
    acts acting acted taste smell symptoms exactly also always never never might also kind way places
    foods stuff activities problems issues looking treat treated walk talk eat drink dress
    """
)
_ENCLOSED = re.compile(rf",\s*(?:{_FILLERS}|yeah|well|again|like i said|i think|i don't know)\s*,", re.I)
_LEAD = re.compile(
    r"^(?:(?:well|so|yeah|yes|yep|yup|okay|ok|oh|right|alright|all right|sure|and|but|or|plus|now"
    r"|then|also|anyway|no|nope|like|just"
    r"|because|cause|gosh|god|man|boy|hey|doc|doctor|sir|ma'am|see|look|honestly|actually|though"
    r"|absolutely|definitely"
    r"|exactly|obviously|unfortunately|fortunately|thankfully|hopefully|i would say|i have to say"
    r"|i must say|let's see|let me see|let me think"
    r"|i don't know|i do not know|i'm not sure|not really|you know)\b(?!['-])[\s,.;:!-]*)+",
    re.I,
)
_KEPT_LEADS = re.compile(
    r"^(?:no|right|like|just|then|now|see|look|well|sure) (?!so\b|yeah\b|and\b|but\b|then\b|i\b"
    r"|i'|my\b|it\b|it's\b|he\b|she\b"
    r"|they\b|the\b)",
    re.I,
)
_TAIL = re.compile(
    r"[\s,]*\b(?:you know|i guess|i think|i suppose|i don't know|i do not know|or something"
    r"|(?:and )?(?:stuff|things) like that|and stuff|and everything|and so on"
    r"|yeah|right|so|and|but|or|because|though|actually|okay|(?<!looks )(?<!look )(?<!feels )(?<!feel )(?<!sounds )like"
    r"|anyway|you see|like that"
    r"|if that makes sense"
    r"|i mean|um|uh|then|too much of that|sir|doctor|doc)[\s,.;:!-]*$",
    re.I,
)
_CONTRACTIONS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), put)
    for pattern, put in (
        (r"\bcan't\b", "cannot"),
        (r"\blet's\b", "let us"),
        (r"\bcan not\b", "cannot"),
        (r"\bwon't\b", "will not"),
        (r"\bshan't\b", "shall not"),
        (r"(\w)n't\b", r"\1 not"),
        (r"\b(i)'m\b", r"\1 am"),
        (r"\b(\w+)'re\b", r"\1 are"),
        (r"\b(\w+)'ve\b", r"\1 have"),
        (r"\b(\w+)'ll\b", r"\1 will"),
    )
)
_D = re.compile(r"\b(i|you|he|she|it|we|they|that|there|who)'d\b((?: \w+){0,2})", re.I)
_S = re.compile(
    r"\b(he|she|it|that|there|what|who|everything|nothing|everyone|how|where|here"
    r"|this)'s\b((?: \w+){0,2})",
    re.I,
)
_ADVERB_SKIP = word_set(
    """
    not never always just already really only also still even probably ever
    """
)


_BLANKS = re.compile(r"[^\S\n]{2,}")
_LINES = re.compile(r"\n{3,}")
_AGAIN = re.compile(r"([?.!,;:*_=~–—-])\1{3,}")


def tidied(text: str, *, blanks: int = 1) -> str:
    """Text from outside with runs of blanks, empty lines and marks cut short, and half characters replaced.

    At most `blanks` stand together; a form's columns are told by more than one.

    Patterns that look for blanks and marks take the square of a run's length; nobody says anything by one.
    """
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return _AGAIN.sub(
        r"\1\1\1", _LINES.sub("\n\n", _BLANKS.sub(lambda run: " " * min(len(run.group()), blanks), whole))
    )


def without_noise(text: str) -> str:
    """`text` without transcriber's marks such as `[laughs]`."""
    return re.sub(r"\s{2,}", " ", _NOISE.sub(" ", text)).strip()


def _without_stutter(text: str) -> str:
    for _ in range(3):
        shorter = _ECHO.sub(_once, _PARTIAL.sub("", text))
        if shorter == text:
            break
        text = shorter
    return text


def _without_like(match: re.Match[str]) -> str:
    """`like` taken out where it only fills: not after a verb or noun that takes it, not before a pronoun."""
    before = match.group("before")
    if before is None:
        return " "
    if before.lower() in ("is", "was", "were", "are") and match.group().endswith(","):
        return f"{before}{match.group('comma')}"
    if before.lower() in _LIKES or (match.group("after") or "").lower() in ("to", "it", "him", "her", "them"):
        return match.group()
    return f"{before}{match.group('comma')}"


def _once(match: re.Match[str]) -> str:
    repeated = match.group(1)
    return match.group() if repeated.lower() in _MEANT_TWICE or repeated.isdigit() else repeated


def _had_or_would(match: re.Match[str]) -> str:
    following = [word for word in match.group(2).lower().split() if word not in _ADVERB_SKIP]
    had = (
        bool(following)
        and (is_participle(following[0]) or following[0] == "better")
        and following[0] not in _BASES_TOO
    )
    return f"{match.group(1)} {'had' if had else 'would'}{match.group(2)}"


_BASES_TOO = word_set("come become run put let hit cut hurt read quit set beat need")


def _is_or_has(match: re.Match[str]) -> str:
    following = [word for word in match.group(2).lower().split() if word not in _ADVERB_SKIP]
    has = bool(following) and following[0] in _AFTER_HAS
    return f"{match.group(1)} {'has' if has else 'is'}{match.group(2)}"


_HAVE_GOT = re.compile(
    r"\b(have|has|had) got(?= (?:a|an|the|some|no|any|my|this|that|two|three|four|lots|so much"
    r"|really|terrible|bad|pain|problems)\b)",
    re.I,
)
_AFTER_HAS = word_set(
    """
    been got gotten had become gone happened started stopped helped come taken made
    """
)


def expanded(text: str) -> str:
    """Contractions written out: `I don't` → `I do not`, `it's been` → `it has been`, `she'd gone` → `she had gone`."""
    for pattern, put in _CONTRACTIONS:
        text = pattern.sub(put, text)
    text = _S.sub(_is_or_has, _D.sub(_had_or_would, text))
    return _HAVE_GOT.sub(r"\1", text)


@lru_cache(maxsize=16384)
def plain(text: str) -> str:
    """A stretch of speech without fillers, stutters and contractions; leading and trailing chaff stays."""
    text = _NOISE.sub(" ", text)
    for pattern, put in _SPELLINGS:
        text = pattern.sub(put, text)
    text = _without_stutter(text)
    text = _LIKE.sub(_without_like, text)
    text = _ENCLOSED.sub(" ", text)
    text = _FILLER.sub(" ", text)
    text = re.sub(r"\s+([,.;:!?%])", r"\1", text)
    text = re.sub(r"\s{2,}", " ", text)
    text = re.sub(r"(?:,\s*)+,", ",", text)
    text = expanded(_without_stutter(text))
    text = re.sub(r"\s+([,.;:!?])", r"\1", text)
    text = re.sub(r",+(?=[.;:?!])", "", text)
    text = re.sub(r"^[\s,.;:!-]+", "", text)
    return re.sub(r"\s{2,}", " ", text).strip()


@lru_cache(maxsize=16384)
def core(text: str) -> str:
    """`plain` without the words that only open or close an utterance (`well, so …`, `… you know`)."""
    text = plain(text)
    while True:
        shorter = text if _KEPT_LEADS.match(text) else _LEAD.sub("", text)
        shorter = _TAIL.sub("", shorter).rstrip(" ,;:.-")
        if shorter == text:
            return text
        text = shorter


_MONTH = re.compile(
    r"\b(january|february|april|june|july|august|september|october|november|december"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|christmas|thanksgiving|english"
    r"|spanish)(s?)\b",
    re.I,
)
_MONTH_OR_WORD = re.compile(r"\b(since|in|until|last|next|of|by|from|this) (march|may)\b(?! (?:be|have|not))")
_ACRONYMS = re.compile(
    r"\b(phq|gad|ptsd|adhd|ocd|cbt|dbt|emdr|mri|ct|ekg|ecg|er|icu|tv|ssri|iud|uti|copd|hiv|std|aa"
    r"|na|cpap|bmi|a1c)(-?\d+)?\b"
)


def sentence_case(text: str) -> str:
    """First letter, weekdays, months and usual abbreviations in capitals; the rest as it is."""
    text = _MONTH.sub(lambda m: m.group(1).capitalize() + m.group(2), text)
    text = _MONTH_OR_WORD.sub(lambda m: f"{m.group(1)} {m.group(2).capitalize()}", text)
    text = _ACRONYMS.sub(lambda m: m.group().upper(), text)
    return text[:1].upper() + text[1:]


def is_dangling(text: str) -> bool:
    """Whether a text ends in a word that something must follow (`and their`)."""
    return text.split()[-1].lower() in (
        "the",
        "a",
        "an",
        "and",
        "or",
        "but",
        "of",
        "to",
        "is",
        "are",
        "was",
        "with",
        "that",
        "in",
        "on",
        "for",
        "their",
        "which",
        "so",
        "because",
        "have",
        "they",
        "if",
        "when",
        "client's",
        "his",
        "her",
        "just",
        "it's",
    )
