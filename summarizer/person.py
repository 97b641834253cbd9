"""First person to third: a clause somebody said in, the sentence a note would hold out, or None.

`reported("I've been sleeping badly since March", …)` is `Client reports sleeping badly since March`. Where the
rewriting is not surely grammatical the answer is None, and the caller quotes or leaves out. It changes who
speaks, never what is said: no word that carries content is added. It does not read meaning.
"""

from __future__ import annotations

import re
from itertools import pairwise

from summarizer.language import sentences
from summarizer.lexicon import word_set
from summarizer.subject import Pronouns, Subject
from summarizer.verbs import (
    AUXILIARIES,
    MODALS,
    base_of,
    forms,
    gerund,
    is_gerund,
    is_participle,
    is_past,
    third,
)
from summarizer.wording import core, expanded

ADVERBS = word_set(
    """
    just really also still always never usually often sometimes actually probably definitely only even
    mostly mainly currently recently finally almost barely hardly already ever certainly totally
    completely generally typically normally constantly occasionally rarely simply now frequently mainly
    lately gradually kinda suddenly immediately eventually basically then
    """
)
_EMPTY_ADVERBS = word_set("just actually definitely basically simply totally certainly then")
_ADDRESSED = re.compile(r"\b(?:you|your|yours|yourself|we|us|our|ours|ourselves|let's|y'all|ain't)\b", re.I)
_SPOKEN_SPEECH = re.compile(
    r"\b(?:am|was|were|is|are) like\b(?! (?:that|this|a|an|the|my|when|it)\b)|\b(?:said|says|say"
    r"|saying|told me|asked|goes|thought)\s*,"
    r"|\b(?:said|told|asked|tell|tells|says) (?:\w+ )?(?:why|you|what are|do not|oh|hey|okay|no"
    r"|yes|well)\b|[\"“”?!]|\bno (?:i|not)\b|\bnot,? i\b|\bno$|\bthink so\b|\b(?:can|could|should|would|will"
    r"|do|did|am|was) i\b| - |--|\w-i\b|\bi-\w|\bkilling me\b|\bdying to\b|\bto death\b|\b(?:oh"
    r"|hey|wow|please"
    r"|god|gosh|hello|hi|bye|thank|thanks"
    r"|sorry)\b",
    re.I,
)
_UNFINISHED = word_set(
    """
    a an the my his her their our your and or but nor if because that which who when where while to of
    in on at for from with by about into than as is was were am are be been being do does did have has
    had not can could would will should i he she we they so very really just like every some any this
    these those it's gets cannot kind into until since during through such most more also even only make
    put let give apparently basically actually probably
    """
)
_UNFINISHED_FINE = word_set("it that this so her more most about on in do did not")
_BEFORE_THAT = word_set(
    """
    like about of do doing does did done with for at after before on than by all just through over to
    """
)
"""Words after which a closing `that` points back and ends a clause properly."""
_NOT_VERBS = word_set(
    """
    a an the my his her their our your and or but nor if because that which who when where while to of
    in on at for from with by about into than as it i he she we they you me him them us this these those
    what how why no yes okay well um uh so like there here one two three four five six seven eight nine
    ten every some any
    """
)
_NOUN_TOO = word_set(
    """
    work sleep stress drink walk exercise talk rest diet change help need care love worry fear hope pain
    hurt ache cough sneeze smoke fall play nap shower call visit start stop end act answer battle bend
    bite blow break build burn cause cover cut dance date deal dress drop escape experience face feed
    fight find fish fix focus garden heart itch jog journal judge knock last laundry light like limit
    live lock look lower match matter mind miss monitor move notice offer open order pack panic pass
    pause phone pick place plan point practice process program pull push quiet question quit race rash
    record reflex report reply respect return ride ring rise run rush scratch scream sense set shake
    share shop shot show sign skip slip smell snack sound split spot spread stand step stick store
    stretch strike study support sweat swell swim switch taste test text thought throw tire touch track
    train travel treat tremble trigger trip trust try turn twist upset use vape vomit wait wake wash
    waste watch weight water attack clear clean calm slow cool better close hit put read left felt found
    set upset lost tired stressed scared depressed worried bored stuck overwhelmed hurt broken confused
    frustrated exhausted embarrassed
    """
)
_TOKEN = re.compile(
    r"\.?\d+(?:[.,:/]\d+)*(?:%|(?:-?[A-Za-z]+)+)?|[A-Za-z]+[A-Za-z0-9]*(?:['’-][A-Za-z0-9]+)*"
    r"|[^\w\s]"
)
_TOO_LONG_WORDS = 42
"""A clause of more words than this is a run of speech that no one sentence of a note should carry."""


def tokens_of(text: str) -> list[str]:
    """Words, numbers and marks of a text, each by itself."""
    return _TOKEN.findall(text)


def joined(tokens: list[str]) -> str:
    """Tokens as running text again, marks where they belong, loose ends cut off."""
    text = " ".join(tokens)
    text = re.sub(r"\s+([,.;:%)])", r"\1", text)
    text = re.sub(r"\(\s+", "(", text)
    return re.sub(r"(\w) / (\w)", r"\1/\2", text).strip(" ,;:-")


def skip_adverbs(tokens: list[str], at: int) -> int:
    """The first place from `at` on where no adverb stands."""
    while at < len(tokens) and tokens[at].lower() in ADVERBS:
        at += 1
    return at


def _inflected(verb: str, pronouns: Pronouns) -> str | None:
    """The verb that followed `I`, as it stands after the pronoun; None where its form is not certain."""
    if verb == "am":
        return "is" if pronouns.singular else "are"
    if verb == "was":
        return "was" if pronouns.singular else "were"
    if verb in MODALS or verb in ("had", "did"):
        return verb
    if not pronouns.singular:
        return verb
    if verb in ("have", "do"):
        return third(verb)
    found = forms(verb)
    if "base" in found and "past" not in found:
        return third(verb)
    return verb if is_past(verb) else None


def _third_person(tokens: list[str], pronouns: Pronouns) -> list[str] | None:
    """All first-person words exchanged, verbs after `I` inflected; None where one verb cannot be."""
    out: list[str] = []
    after_i = False
    governed = False
    for position, token in enumerate(tokens):
        low = token.lower().replace("’", "'")
        if low == "i":
            out.append(pronouns.subject)
            after_i = governed = True
            continue
        if after_i and (low in ADVERBS or low == ","):
            out.append(low)
            continue
        if after_i:
            verb = _inflected(low, pronouns)
            if verb is None:
                return None
            out.append(verb)
            after_i = False
            continue
        if (
            pronouns.singular
            and governed
            and position
            and tokens[position - 1].lower() in ("and", "or", "but", "then")
        ):
            # "she had to leave and walk out": after an infinitive the base stands; else it would need its -s.
            infinitive = any(word.lower() == "to" or word.lower() in MODALS for word in tokens[:position])
            found = forms(low)
            if not infinitive and "base" in found and "past" not in found:
                return None
        exchanged = {
            "me": pronouns.object,
            "my": pronouns.possessive,
            "mine": pronouns.possessive_alone,
            "myself": pronouns.reflexive,
        }.get(low)
        out.append(exchanged or token)
    return None if after_i else out


def _finite_follows(tokens: list[str], start: int, reach: int = 7) -> int | None:
    """Where, at most `reach` words on, a verb stands that can be this clause's; None where none does."""
    for at in range(start, min(len(tokens), start + reach)):
        low = tokens[at].lower()
        if low in AUXILIARIES:
            return at
        found = forms(low)
        # "the panic attacks": at the end, with nothing after it, a noun is the likelier reading.
        noun = at + 1 == len(tokens) and (base_of(low) or low) in _NOUN_TOO
        if (
            at > start
            and low not in _NOT_VERBS
            and not noun
            and ("s" in found or (is_past(low) and "participle" not in found))
        ):
            return at
        if (
            at > start
            and low not in _NOT_VERBS
            and is_past(low)
            and at + 1 < len(tokens)
            and low not in _NOUN_TOO
        ):
            return at
    return None


def _coordinates(tokens: list[str]) -> bool:
    """Whether, somewhere, a conjunction is followed by what may be a finite verb."""
    for before, token in pairwise(tokens):
        low = token.lower()
        if before.lower() in ("and", "or", "but", "then", ",") and (
            low in AUXILIARIES or ({"base", "past", "s"} & forms(low) and low not in _NOUN_TOO)
        ):
            return True
        if before.lower() in ("and", "but", "or") and low in ADVERBS:
            return True
    return False


_TIME_LEAD = re.compile(
    r"^(?:last|this|yesterday|today|tonight|since|for|over|in the|in my|at (?:work|home|night"
    r"|school|first|times|least)|on (?:monday|tuesday"
    r"|wednesday|thursday|friday|saturday|sunday|the|my"
    r"|(?:\w+ ){1,4}(?:days?|nights?|mornings?|evenings?|weekends?))|every|most|some|lately|recently"
    r"|sometimes|usually|when|whenever"
    r"|if|because|after|before|once|while|now|during|right now|a (?:few|couple|week|month|year)"
    r"|about|until|as soon as|at that"
    r"|these days|one|two|three|four|five|six|occasionally|normally|currently|maybe|the (?:first"
    r"|other|last|past))\b",
    re.I,
)
_OTHER_SUBJECT = re.compile(
    r"^(?:he|she|they|him|her|them|it|this|that|these|those|what"
    r"|who|which|me|us)\b",
    re.I,
)
_EXPLETIVE = re.compile(
    r"^(?:it (?:is|was|has been|gets|got|became|feels|felt|takes|took) (?:\w+ ){0,3}(?:hard"
    r"|difficult|easier|easy|better|worse|tough|important"
    r"|helpful|scary|strange|stressful|exhausting|frustrating|hours?|minutes?|weeks?|months?"
    r"|years?|long|time|a while|like)\b.*\b(?:to|that|when|since|for|before|if|like)\b"
    r"|there (?:is|are|was|were|has|have)\b)",
    re.I,
)
_PERSON_NOUN = re.compile(r"^(?:he|she)\b", re.I)
_GENERAL_SUBJECT = re.compile(
    r"^(?:the|a|an|work|school|sleep|life|nothing|everything|everyone|everybody|nobody|no one"
    r"|something|someone|things|people|some|most|all"
    r"|sleeping|working|driving|being|having|going|eating|walking|running|talking|getting|living"
    r"|home|anxiety|depression|money|family|appetite|energy|mood|pain|concentration|drinking|smoking)\b",
    re.I,
)


_HALTING = re.compile(
    r"(?<=\b(?:to|am|is|my)), (?=\w)|(?<=\b(?:was|are|the|not)), (?=\w)|(?<=\bwere), (?=\w)"
)
"""A comma where a speaker halted before going on: `I would like to, go back`."""


def reported(clause: str, subject: Subject, *, antecedent: str = "") -> str | None:
    """The clause as indirect speech of `subject`, without a full stop, or None where that is not certain.

    `antecedent` is the noun (`my husband`) that a leading he or she stands for, where that is known.
    """
    text = re.sub(r"\b(noticed?|noticing) (?=when|if)", r"\1 that ", core(clause)).rstrip(". ")
    text = _HALTING.sub(" ", re.sub(r", like, ", " ", text))
    if antecedent and _PERSON_NOUN.match(text):
        text = re.sub(_PERSON_NOUN, antecedent, text, count=1)
    tokens = tokens_of(text)
    words = [token.lower() for token in tokens]
    if not 3 <= len(tokens) <= _TOO_LONG_WORDS or _unfit(text, words):
        return None
    opinion = _opinion(tokens, words, subject)
    if opinion is not None:
        return opinion or None
    if words[0] == "i":
        return _first_person(tokens, words, subject)
    if not _is_clause(text, tokens, words):
        return None
    rest = _third_person(_lower_first(tokens), subject.pronouns)
    return f"{subject.term} {subject.does('report')} that {joined(rest)}" if rest else None


def _unfit(text: str, words: list[str]) -> bool:
    if _ADDRESSED.search(text) or _SPOKEN_SPEECH.search(text):
        return True
    last = words[-1]
    if last in ("last", "past", "next") and words[-2] in ("the", "my", "this"):
        return True
    if last in _UNFINISHED and last not in _UNFINISHED_FINE:
        return True
    return last in ("that", "this") and words[-2] not in _BEFORE_THAT


def _lower_first(tokens: list[str]) -> list[str]:
    first = tokens[0]
    if first != "I" and not first.isupper() and first[1:].islower():
        return [first.lower(), *tokens[1:]]
    return tokens


def _is_clause(text: str, tokens: list[str], words: list[str]) -> bool:
    """Whether a clause that does not open with `I` has a subject that can stand alone, and a verb."""
    if words[0] == "my":
        if re.match(r"^my (?:\w+ )?\w+,? (?:he|she|they|it)\b", text, re.I):
            return False  # "my dog, he …": named and then spoken of
        verb_at = _finite_follows(tokens, 1)
        return words[1] not in _NOT_VERBS and verb_at is not None and "," not in words[:verb_at]
    if _EXPLETIVE.match(text):
        return True
    if _OTHER_SUBJECT.match(text):
        return False
    if _TIME_LEAD.match(text):
        if "i" in words:
            at = words.index("i")
            led = words[0] in (
                "when",
                "whenever",
                "if",
                "because",
                "after",
                "before",
                "once",
                "while",
                "until",
            )
            if (
                led
                and words.count("i") < 2
                and not ("," in words and _finite_follows(tokens, words.index(",") + 2))
            ):
                return False
            after = skip_adverbs(tokens, at + 1)
            return at <= 8 and after < len(words) and _can_be_finite(words[after])
        return "my" in words[:8] and _finite_follows(tokens, words.index("my") + 1) is not None
    if words[0] in ("me", "both", "not", "to", "with"):
        return False
    start = 1 if words[0] in ("the", "a", "an", "some", "most", "all") else 0
    return (
        bool(_GENERAL_SUBJECT.match(text))
        and _finite_follows(tokens, start, 6) is not None
        and "i" not in words[:3]
    )


def _can_be_finite(word: str) -> bool:
    return word in AUXILIARIES or bool({"base", "past"} & forms(word)) or is_past(word)


_WISHES = word_set("want hope wish plan prefer intend expect")
_BELIEFS = frozenset(["think", "believe", "suppose", "figure"])


def _opinion(tokens: list[str], words: list[str], subject: Subject) -> str | None:
    """`I think …` as `Client believes that …`; None where it is no opinion, empty where it cannot be said."""
    at = skip_adverbs(tokens, 1)
    if words[0] != "i" or at >= len(words):
        return None
    negated = words[at : at + 2] == ["do", "not"]
    verb_at = at + 2 if negated else at
    if verb_at >= len(words) or words[verb_at] not in _BELIEFS:
        return None
    rest = tokens[verb_at + 1 :]
    if rest and rest[0].lower() in ("that", "maybe", "probably"):
        rest = rest[1:]
    low = [token.lower() for token in rest]
    if len(rest) < 3 or low[0] in ("about", "of", "so", "it", "this", "he", "she", "they", "i'm"):
        return ""
    if low[0] == "i" and (len(low) < 3 or not _can_be_finite(low[skip_adverbs(rest, 1)])):
        return ""
    if low[0] != "i" and not _is_clause(" ".join(rest), rest, low):
        return ""
    moved = _third_person(_lower_first(rest), subject.pronouns)
    if moved is None:
        return ""
    believes = subject.does_not("believe") if negated else subject.does("believe")
    return f"{subject.term} {believes} that {joined(moved)}"


def _first_person(tokens: list[str], words: list[str], subject: Subject) -> str | None:
    """A clause that opens with `I`: the short form with a gerund where it is safe, else a that-clause."""
    at = skip_adverbs(tokens, 1)
    if (
        at >= len(words)
        or words[at] in _NOT_VERBS
        or words[at : at + 2] in (["did", "that"], ["did", "it"], ["did", "this"])
    ):
        return None
    adverbs = [word for word in words[1:at] if word not in _EMPTY_ADVERBS]
    short = _short_form(tokens, words, at, adverbs, subject)
    if short is not None:
        return short
    if not _can_be_finite(words[at]):
        return None
    moved = _third_person(["I", *adverbs, *tokens[at:]], subject.pronouns)
    return f"{subject.term} {subject.does('report')} that {joined(moved)}" if moved else None


def _short_form(
    tokens: list[str], words: list[str], at: int, adverbs: list[str], subject: Subject
) -> str | None:
    verb, rest, low = words[at], tokens[at + 1 :], words[at + 1 :]
    if not rest or low[0] in ("and", "or", "but") or _coordinates(rest):
        return None
    head, skip = _gerund_head(verb, low)
    if head is None:
        return _wish(verb, rest, low, adverbs, subject)
    moved = _third_person(rest[skip:], subject.pronouns)
    if moved is None:
        return None
    lead = " ".join(adverbs)
    return (
        f"{subject.term} {subject.does('report')} {joined([part for part in (lead, head) if part] + moved)}"
    )


def _gerund_head(verb: str, low: list[str]) -> tuple[str | None, int]:
    """What stands after `reports` for this verb, and how many of the following words it swallows."""
    first = low[0]
    skip = 1 if first in ADVERBS and len(low) > 1 else 0
    second = low[skip] if skip < len(low) else ""
    adverb = f"{first} " if skip and first not in _EMPTY_ADVERBS else ""
    none: tuple[str | None, int] = (None, 0)
    if verb == "am":
        if second == "going" and low[skip + 1 : skip + 2] == ["to"]:
            return none
        if "not" in (first, second):
            return none
        return (adverb + second, skip + 1) if is_gerund(second) else (adverb + "being", skip)
    if verb == "have":
        if second == "been" and len(low) > skip + 1:
            third_at = skip + 1
            inner = low[third_at]
            keep = ""
            if inner in ADVERBS and len(low) > third_at + 1:
                keep = "" if inner in _EMPTY_ADVERBS else f"{inner} "
                third_at += 1
                inner = low[third_at]
            if is_gerund(inner):
                return adverb + keep + inner, third_at + 1
            return none
        if first in ("not", "to") or second in ("not", "never"):
            return ("having", 0) if first == "to" else none
        if is_participle(second) and second not in ("left",):
            return adverb + "having", skip
        return ("having", 0) if not skip else none
    if verb == "can" and "base" in forms(first):
        return "being able to", 0
    if verb == "cannot":
        following = low[skip:]
        if following[:1] in (["seem"], ["stand"], ["help"]):
            return ("being unable to", skip + 2) if following[:2] == ["seem", "to"] else none
        return (
            ("being unable to", skip)
            if "base" in forms(second) and first not in ("really", "always")
            else none
        )
    if verb == "do" and first == "not" and len(low) > 1:
        extra = 1 if low[1] in ADVERBS and len(low) > 2 else 0
        target = low[1 + extra]
        note = f"{low[1]} " if extra and low[1] not in _EMPTY_ADVERBS else ""
        if "base" in forms(target) and target not in ("think", "know", "believe"):
            return f"not {note}{gerund(base_of(target) or target)}", 2 + extra
        return none
    found = forms(verb)
    if verb in ("keep", "start", "stop", "end") and is_gerund(second):
        return none
    if verb in ("feel", "need", "get") or (
        "base" in found
        and "past" not in found
        and verb not in _WISHES | _BELIEFS | {"would", "do", "know", "mean", "guess"}
    ):
        return gerund(verb), 0
    return none


def _wish(verb: str, rest: list[str], low: list[str], adverbs: list[str], subject: Subject) -> str | None:
    """`I want to …` as `Client wants to …`; `I'd like to …` as `Client would like to …`.

    In the past tense `Client reported wanting to …`: `Client wanted to …` would say that it is over.
    """
    lead = " ".join(adverbs)
    is_past_note = subject.tense == "past"
    if verb in _WISHES and low[0] in ("to", "for", "that", "it", "my", "a", "the", "i"):
        moved = _third_person(rest, subject.pronouns)
        wishes = (
            f"{subject.does('report')} {lead} {gerund(verb)}" if is_past_note else f"{lead} {third(verb)}"
        )
        return f"{subject.term} {joined([*wishes.split(), *moved])}" if moved else None
    if verb == "would" and low[0] in ("like", "love", "prefer") and low[1:2] == ["to"]:
        moved = _third_person(rest, subject.pronouns)
        reports = f"{subject.does('report')} that {subject.pronouns.subject} " if is_past_note else ""
        return f"{subject.term} {reports}would {joined(moved)}" if moved else None
    return None


_WRITER_ACTS = re.compile(
    r"\bI(?P<adverbs>(?: (?:also|then|again|briefly|just|still|first|next))*) (?P<verb>[a-z]+)\b"
)
_WRITERS_OWN = {"me": "object", "my": "possessive", "mine": "possessive_alone", "myself": "reflexive"}
_QUOTED = re.compile(r"(\"[^\"]*\"|“[^”]*”|«[^»]*»)")


def narrated(text: str, clinician: Subject, client: Subject) -> str | None:
    """A sentence that the clinician wrote of their own work, told in the third person; quotations stay.

    `I taught her box breathing` is `Clinician taught her box breathing`, `We practised it` is `Clinician and
    client practised it`. None where a verb cannot surely be turned. A text without a first person is unchanged.
    """
    parts = _QUOTED.split(text)
    named = False
    for i in range(0, len(parts), 2):
        if not _WRITES_OF_SELF.search(parts[i]):
            continue
        part = re.sub(r"^We\b", f"{clinician.term} and {client.inside}", expanded(parts[i]))
        while match := _WRITER_ACTS.search(part):
            pronouns = Pronouns() if named else Pronouns(singular=True)
            verb = _inflected(match["verb"], pronouns)
            changed = verb != match["verb"] and match["verb"] not in AUXILIARIES
            if verb is None or (changed and _coordinates(tokens_of(part[match.end() :]))):
                return None
            opens = i == 0 and not part[: match.start()].strip()
            term = pronouns.subject if named else clinician.term if opens else clinician.inside
            part = f"{part[: match.start()]}{term}{match['adverbs']} {verb}{part[match.end() :]}"
            named = True
        for word, form in _WRITERS_OWN.items():
            own = getattr(Pronouns(), form)
            put = clinician.inside if word == "me" and not named else own
            part = re.sub(rf"\b{word}\b", put, part)
        if _WRITES_OF_SELF.search(part):
            return None
        parts[i] = part
    return "".join(parts)


_WRITES_OF_SELF = re.compile(r"\bI\b|\b(?:me|my|mine|myself|we|us|our|ours|ourselves)\b|^(?:We|My|Our)\b")

_MANNER = re.compile(
    r"^(?P<manner>(?:(?:not|really|very|pretty|so|a lot|a bit|a little|much|quite|still|too) )*"
    r"(?:well|badly|poorly|terribly|horribly|fine|okay|better|worse))$",
    re.I,
)
_DOING = re.compile(r"\bhow (?:have|are|were) you (?:been )?(?P<doing>\w+ing)\b", re.I)
_IT = re.compile(
    r"^it\b(?= (?:is|was|has|got|gets|feels|went|goes|keeps|seems|varies|depends|comes)\b)", re.I
)


def on_topic(answer: str, question: str, noun: str, subject: Subject) -> str | None:
    """An answer's sentences that lean on the question's topic, resolved; None where one of them cannot be.

    `Not well. It has been bad since March.` to `How have you been sleeping?` is `Client reports not sleeping well
    and that sleep has been bad since March`.
    """
    said: list[str] = []
    for piece in sentences(answer):
        body = core(answer[piece.start : piece.end]).rstrip(". ")
        doing = _DOING.search(core(question))
        manner = _MANNER.match(body)
        if manner and doing and is_gerund(doing["doing"]):
            how = manner["manner"].lower()
            verb = doing["doing"].lower()
            said.append(
                f"not {verb} {how.removeprefix('not ')}" if how.startswith("not ") else f"{verb} {how}"
            )
        elif _IT.match(body):
            clause = reported(_IT.sub(noun, body, count=1), subject)
            if clause is None:
                return None
            said.append(clause.removeprefix(f"{subject.term} {subject.does('report')} "))
        else:
            return None
    return f"{subject.term} {subject.does('report')} {' and '.join(said)}" if 0 < len(said) <= 2 else None
