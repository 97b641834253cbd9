"""Second person to third: words spoken to the client in, the same words spoken of the client out, or None.

It turns `you` and `your` and the verbs that follow them, and nothing else.
"""

from __future__ import annotations

from summarizer.lexicon import word_set
from summarizer.person import ADVERBS, joined, skip_adverbs, tokens_of
from summarizer.subject import Subject
from summarizer.verbs import AUXILIARIES, MODALS, base_of, forms, third
from summarizer.wording import plain

_OBJECT_AFTER = word_set(
    """
    have to for with of on at from about by help give start put keep make let tell see send get want
    """
)


def addressed(text: str, subject: Subject, *, named: bool = False) -> str | None:
    """Words spoken to the client, turned to speak of them: `your lungs` → `client's lungs`.

    The first `you` or `your` becomes the client's term and later ones pronouns; all of them pronouns where the
    sentence has `named` the client already. None where words of the speaker's own remain (`I`, `we`).
    """
    term = subject.inside
    tokens = tokens_of(plain(text))
    p = subject.pronouns
    out: list[str] = []
    for i, token in enumerate(tokens):
        low = token.lower()
        following = tokens[i + 1].lower() if i + 1 < len(tokens) else ""
        if low in ("i", "we", "us", "our", "me", "my", "let's", "ourselves", "?", "!", '"', "i'm"):
            return None
        if low == "you":
            subject_here = (
                following in AUXILIARIES or following in ADVERBS or bool(forms(following) & {"base", "past"})
            )
            preceded = tokens[i - 1].lower() if i else ""
            bound = preceded in _OBJECT_AFTER or (base_of(preceded) or preceded) in _OBJECT_AFTER
            acts = subject_here and not (bound and following not in AUXILIARIES)
            if not named:
                out.append(term)
            else:
                out.append(p.subject if acts else p.object)
            if acts:
                singular = p.singular or not named
                _agree(tokens, i, singular)
            named = True
        elif low in ("your", "yours"):
            out.append(f"{term}'s" if not named else p.possessive)
            named = True
        elif low in ("yourself", "yourselves"):
            out.append(p.reflexive)
        else:
            out.append(token)
    return joined(out) if out else None


def _agree(tokens: list[str], at: int, singular: bool) -> None:
    """Inflects, in place, the verb that follows the `you` at `at`."""
    verb_at = skip_adverbs(tokens, at + 1)
    if verb_at >= len(tokens) or not singular:
        return
    low = tokens[verb_at].lower()
    if low == "are":
        tokens[verb_at] = "is"
    elif low == "were":
        tokens[verb_at] = "was"
    elif low in MODALS or low in ("had", "did", "was"):
        return
    elif "base" in forms(low) and "past" not in forms(low):
        tokens[verb_at] = third(low)
