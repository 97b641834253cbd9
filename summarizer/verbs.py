"""Forms of English verbs: a word in, its verb and form out, and back.

Knows the few hundred verbs that people use of themselves in a clinic, with the regular endings made by rule
and the irregular ones by table. It does not tag words in a sentence: a form that is also a noun
(`work`, `sleep`) is reported as the verb form it could be, and the caller decides.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from summarizer.lexicon import word_set

Form: TypeAlias = Literal["base", "s", "past", "participle", "ing"]

# base, past, participle; one word where all three are alike, two where past and participle are.
_IRREGULAR = """
arise arose arisen/awake awoke awoken/bear bore borne/beat beat beaten/become became become/begin began begun
bend bent/bet/bite bit bitten/bleed bled/blow blew blown/break broke broken/bring brought/build built
buy bought/catch caught/choose chose chosen/come came come/cost/cut/deal dealt/dig dug/do did done
draw drew drawn/drink drank drunk/drive drove driven/eat ate eaten/fall fell fallen/feed fed/feel felt
fight fought/find found/fly flew flown/forget forgot forgotten/forgive forgave forgiven/freeze froze frozen
get got gotten/give gave given/go went gone/grow grew grown/hang hung/have had/hear heard/hide hid hidden
hit/hold held/hurt/keep kept/know knew known/lay laid/lead led/leave left/lend lent/let/lie lay lain
lose lost/make made/mean meant/meet met/oversleep overslept/overthink overthought/pay paid/put/quit/read
ride rode ridden/ring rang rung/rise rose risen/run ran run/say said/see saw seen/seek sought/sell sold
send sent/set/shake shook shaken/shoot shot/show showed shown/shut/sing sang sung/sit sat/sleep slept
speak spoke spoken/spend spent/split/spread/stand stood/steal stole stolen/stick stuck/strike struck
swear swore sworn/swell swelled swollen/swim swam swum/take took taken/teach taught/tear tore torn
tell told/think thought/throw threw thrown/understand understood/undergo underwent undergone/wake woke woken
wear wore worn/weep wept/win won/withdraw withdrew withdrawn/write wrote written/overeat overate overeaten
"""

_REGULAR = """
accept ache act add adjust admit agree allow answer apologize appear apply argue arrange arrive ask assume
attend avoid bathe beg behave believe belong blame book bother breathe bring brush burn call calm cancel care
carry cause challenge change chat check choke clean clear climb close collapse commute complain complete
concentrate confront connect consider contact continue control cook cope cough count cover crash crave cry
dance date decide decrease depend describe deserve develop diet die disagree disappear discuss dislike divorce
doubt drag dread dress drop end enjoy enter escape exercise expect experience explain explode express face fail
faint fear fidget fill finish fix focus follow function gain garden graduate grieve guess hallucinate handle
happen hate heal help hike hope hug ignore imagine improve include increase insist isolate itch jog join joke
journal judge jump kick kill kiss knock last laugh learn lift like limit listen live lock look love lower
manage marry mention miss monitor move nap need notice obsess offer open order overreact owe pack panic pass
pause pee perform phone pick plan play poop practice practise pray prefer prepare pretend procrastinate promise
pull punch push raise reach react realize realise recall receive recommend record recover reduce refer refill
refuse regret relapse relate relax rely remember remind remove repeat replace reply report require rest retire
resent resist respond return ruminate rush scare schedule scratch scream seem separate share shiver shop shout
skip slap slip slow smell smoke snack snap sneeze snore socialize sound spit stare start stay step stop
stress stretch struggle study stumble suffer suggest suppose suspect sweat switch talk taste tend test text
thank threaten throb tolerate toss touch track train travel treat trip trust try turn twist urinate use vape
visit volunteer vomit wait walk want wash waste watch weigh wheeze wish wonder work worry worsen yell zone
attack bloat cramp drift drain dwell email end experiment faint freak hyperventilate journal lash loosen meditate
mourn overspend pace point pound process pop question quiet reflect review self-medicate shut snap soothe spiral
store stutter tense tremble trigger vent wander whine write
bend bleed bruise burp climb concern deliver diagnose discharge double examine flare indicate inject irritate
itch lean limp measure numb operate order palpate prescribe radiate resolve restrict reveal rotate scan soak
spike sprain squat strain subside suture taper tingle twinge undergo vaccinate
"""

_DOUBLED = word_set(
    """
    admit beg begin bet chat control cut dig drag drop forget get grab hit hug jog let nap overspend pop
    plan put quit refer regret run set shop shut sit skip slap slip snap spit split step stop swim trip
    win zip cram
    """
)
_BE: dict[str, Form] = {
    "am": "base",
    "is": "s",
    "are": "base",
    "was": "past",
    "were": "past",
    "been": "participle",
    "being": "ing",
}

AUXILIARIES = word_set(
    """
    am is are was were have has had do does did can could will would shall should may might must cannot
    """
)
MODALS = word_set("can could will would shall should may might must cannot")


def gerund(base: str) -> str:
    """`sleep` → `sleeping`, `lie` → `lying`, `stop` → `stopping`."""
    if base == "be":
        return "being"
    if base == "panic":
        return "panicking"
    if base.endswith("ie"):
        return base[:-2] + "ying"
    if base.endswith("e") and not base.endswith(("ee", "oe", "ye")):
        return base[:-1] + "ing"
    return base + (base[-1] if base in _DOUBLED else "") + "ing"


def third(base: str) -> str:
    """The form after he or she: `have` → `has`, `worry` → `worries`."""
    special = {"have": "has", "do": "does", "go": "goes", "be": "is", "am": "is", "are": "is"}
    if base in special:
        return special[base]
    if base.endswith("y") and base[-2:-1] not in "aeiou":
        return base[:-1] + "ies"
    if base.endswith(("s", "x", "z", "ch", "sh")):
        return base + "es"
    return base + "s"


def _ed(base: str) -> str:
    if base == "panic":
        return "panicked"
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and base[-2:-1] not in "aeiou":
        return base[:-1] + "ied"
    return base + (base[-1] if base in _DOUBLED else "") + "ed"


def _tables() -> tuple[dict[str, frozenset[Form]], dict[str, str], dict[str, tuple[str, str]]]:
    forms: dict[str, set[Form]] = {}
    bases: dict[str, str] = {}
    principal: dict[str, tuple[str, str]] = {}
    for entry in _IRREGULAR.replace("\n", "/").split("/"):
        parts = entry.split()
        if parts:
            past = parts[1] if len(parts) > 1 else parts[0]
            principal[parts[0]] = (past, parts[2] if len(parts) > 2 else past)
    for base in _REGULAR.split():
        principal.setdefault(base, (_ed(base), _ed(base)))
    for base, (past, participle) in principal.items():
        for word, form in (
            (base, "base"),
            (third(base), "s"),
            (past, "past"),
            (participle, "participle"),
            (gerund(base), "ing"),
        ):
            forms.setdefault(word, set()).add(form)  # type: ignore[arg-type]
            bases.setdefault(word, base)
    for word, be_form in _BE.items():
        forms[word] = {be_form}
        bases[word] = "be"
    return {word: frozenset(found) for word, found in forms.items()}, bases, principal


_FORMS, _BASES, _PRINCIPAL = _tables()
_NONE: frozenset[Form] = frozenset()


def forms(word: str) -> frozenset[Form]:
    """The verb forms that `word` (lower case) can be; empty where it is no verb known here."""
    return _FORMS.get(word, _NONE)


def base_of(word: str) -> str | None:
    """The verb that `word` is a form of: `slept` → `sleep`; None where it is none."""
    return _BASES.get(word)


def past(base: str) -> str:
    """The simple past: `hear` → `heard`, `deny` → `denied`; by rule for a verb that is not known."""
    return _PRINCIPAL[base][0] if base in _PRINCIPAL else _ed(base)


def participle(base: str) -> str | None:
    """`eat` → `eaten`; None for a verb that is not known."""
    return _PRINCIPAL[base][1] if base in _PRINCIPAL else None


def is_past(word: str) -> bool:
    """Whether `word` can stand as a simple past (`went`, `walked`); unknown words count by their ending."""
    return "past" in forms(word) or (word.endswith("ed") and len(word) > 4 and not word.endswith("eed"))


def is_participle(word: str) -> bool:
    """Whether `word` can stand after have (`gone`, `walked`, `been`)."""
    return "participle" in forms(word) or (word.endswith("ed") and len(word) > 4 and not word.endswith("eed"))


def is_gerund(word: str) -> bool:
    """Whether `word` is the -ing form of a verb; `nothing`, `morning` and the like are not."""
    if word in _NOT_GERUNDS:
        return False
    return "ing" in forms(word) or (word.endswith("ing") and len(word) > 5)


_NOT_GERUNDS = word_set(
    """
    nothing something anything everything morning evening during spring string king thing ceiling
    sibling darling interesting wedding building amazing boring annoying exciting surprising willing
    """
)
