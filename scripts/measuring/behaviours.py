"""Which techniques were used, by annotators and by us: labelled therapist turns and a draft in, counts out.

What counts is four behaviours that a note can name: `open question`, `reflection`, `information` and `proposal`
(the labels advice, options and negotiation, which a note cannot tell apart). A label is on a turn where more than
half of its annotators saw it. Closed questions are wanted of nobody.

    by turn      A fact claims the behaviours that its technique is a form of, on the turn it rests on. Wanted is every
                 behaviour labelled there. A claim is right where a label of that turn bears it out; techniques without
                 any label (validation, affirmation, asking permission, …) are neither right nor wrong.
    by dialogue  A behaviour is wanted where at least two turns carry it, and claimed where a statement of the note
                 names it outside quotation marks, in whatever section, by the words below. It asks any system's text.

Nearly every dialogue holds questions and reflections, so the figure of naming all four everywhere is told beside ours.
The table of forms was written from what the techniques are, not from the labelled dialogues.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from measuring.dialogues import Dialogue
from measuring.note_report import NoteBench
from summarizer.types import Draft, Fact

QUESTION, REFLECTION, INFORMATION, PROPOSAL = "open question", "reflection", "information", "proposal"
BEHAVIOURS = (QUESTION, REFLECTION, INFORMATION, PROPOSAL)
FEWEST_TURNS = 2
"""Turns with a behaviour from which a dialogue used it; one may be a slip of the tongue or of the annotator."""

_LABELS = {
    QUESTION: frozenset({"open question"}),
    REFLECTION: frozenset({"reflection"}),
    INFORMATION: frozenset({"information"}),
    PROPOSAL: frozenset({"advice", "options", "negotiation"}),
}
_ANY_QUESTION = frozenset({"open question", "closed question"})
_FORMS: dict[str, tuple[str, frozenset[str]]] = {
    # Technique: the behaviour it is a form of, and the labels of which one bears it out.
    "open questions": (QUESTION, _LABELS[QUESTION]),
    "scaling question": (QUESTION, _ANY_QUESTION),
    "eliciting change talk": (QUESTION, _ANY_QUESTION),
    "decisional balance": (QUESTION, _ANY_QUESTION | _LABELS[REFLECTION]),
    "values clarification": (QUESTION, _ANY_QUESTION | _LABELS[REFLECTION]),
    "chain analysis": (QUESTION, _ANY_QUESTION),
    "coping review": (QUESTION, _ANY_QUESTION | _LABELS[REFLECTION]),
    "homework review": (QUESTION, _ANY_QUESTION),
    "reflective listening": (REFLECTION, _LABELS[REFLECTION]),
    "summary": (REFLECTION, _LABELS[REFLECTION]),
    "information": (INFORMATION, _LABELS[INFORMATION]),
    "psychoeducation": (INFORMATION, _LABELS[INFORMATION]),
    "sleep hygiene": (INFORMATION, _LABELS[INFORMATION] | _LABELS[PROPOSAL]),
    "goal setting": (PROPOSAL, _LABELS[PROPOSAL] | _ANY_QUESTION),
    "problem solving": (PROPOSAL, _LABELS[PROPOSAL] | _ANY_QUESTION),
    "behavioural activation": (PROPOSAL, _LABELS[PROPOSAL] | _ANY_QUESTION),
    "safety planning": (PROPOSAL, _LABELS[PROPOSAL] | _ANY_QUESTION),
}
_PROPOSING_KINDS = frozenset({"plan", "homework"})
_NAMED = {
    QUESTION: r"\bquestions?\b|\belicit\w*|\bexplor(?:ed|es|ing)\b|\bevo(?:ked|king|cative)\b|\b(?:inquired|asked)"
    r" (?:about|what|how|client|patient)\b|\bchain analysis\b|\bdecisional balance\b|\bpros and cons\b",
    REFLECTION: r"\breflect(?:ed|s|ing|ions?|ive)\b|\bsummari[sz]\w*|\bparaphras\w*|\bempath\w*",
    INFORMATION: r"\bpsycho-?education\b|\beducat\w*|\binformation\b|\binformed\b|\bexplained\b|\bnormali[sz]\w*",
    PROPOSAL: r"\badvi[sc]e[sd]?\b|\brecommend\w*|\bsuggest\w*|\bpropos\w*|\boptions?\b|\bgoals?[- ]setting\b"
    r"|\bset (?:a )?goals?\b|\bproblem[- ]solving\b|\bsafety planning\b|\bactivation\b|\bnegotiat\w*|\bencourag\w*"
    r"|\bagreed (?:to|on|that|upon)\b|\bplans? to\b|\brefer(?:red|ral)?\b",
}
_NAMES = {behaviour: re.compile(pattern, re.I) for behaviour, pattern in _NAMED.items()}
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»")


def claims_on_turns(facts: Sequence[Fact]) -> dict[str, set[tuple[str, frozenset[str]]]]:
    """By turn id, the (behaviour, labels that bear it out) that facts claim of the clinician there."""
    found: dict[str, set[tuple[str, frozenset[str]]]] = {}
    for fact in facts:
        form = None
        if fact.kind == "intervention":
            form = _FORMS.get(dict(fact.attributes).get("technique", ""))
        elif fact.kind in _PROPOSING_KINDS and fact.role == "clinician":
            form = (PROPOSAL, _LABELS[PROPOSAL])
        if form is not None:
            found.setdefault(fact.evidence[0].turn, set()).add(form)
    return found


def by_turn(facts: Sequence[Fact], behaviours: Mapping[str, frozenset[str]]) -> Counter[str]:
    """Counts `<behaviour> claimed / borne out / wanted / found` over the labelled turns of one dialogue."""
    counts: Counter[str] = Counter()
    claimed = claims_on_turns(facts)
    for turn, labels in behaviours.items():
        here = claimed.get(turn, set())
        for behaviour, bearing in here:
            counts[f"{behaviour} claimed"] += 1
            counts[f"{behaviour} borne out"] += bool(labels & bearing)
        for behaviour in BEHAVIOURS:
            wanted = bool(labels & _LABELS[behaviour])
            counts[f"{behaviour} wanted"] += wanted
            counts[f"{behaviour} found"] += wanted and any(behaviour == name for name, _ in here)
        counts["turns"] += 1
    return counts


def used_in(behaviours: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The behaviours that a dialogue used, by its labels."""
    return frozenset(
        behaviour
        for behaviour in BEHAVIOURS
        if sum(bool(labels & _LABELS[behaviour]) for labels in behaviours.values()) >= FEWEST_TURNS
    )


def named_in(draft: Draft) -> frozenset[str]:
    """The behaviours that a note names as the clinician's."""
    bare = [
        _QUOTED.sub(" ", statement.text)
        for section in draft.body.sections
        for statement in section.statements
    ]
    told = [text for text in bare if not re.match(r"(?:asked,|(?:client|patient)\b)", text, re.I)]
    return frozenset(
        behaviour for behaviour, name in _NAMES.items() if any(name.search(text) for text in told)
    )


def interventions(bench: NoteBench) -> None:
    """Precision, recall and F1 of the techniques named, by turn and by dialogue, micro over the labelled dialogues."""
    dialogues: list[Dialogue] = bench.dialogues("annomi")
    if not dialogues:
        return
    bench.say(f"interventions: {len(dialogues)} dialogues of annomi")
    turns: Counter[str] = Counter()
    talks: Counter[str] = Counter()
    for dialogue in dialogues:
        draft = bench.draft(dialogue.turns, "birp")
        turns += by_turn(draft.facts, dialogue.behaviours)
        used, named = used_in(dialogue.behaviours), named_in(draft)
        for behaviour in BEHAVIOURS:
            talks[f"{behaviour} claimed"] += behaviour in named
            talks[f"{behaviour} found"] += behaviour in used & named
            talks[f"{behaviour} wanted"] += behaviour in used
    for of, counts, places in (
        ("annomi, by dialogue", talks, len(dialogues)),
        ("annomi, by turn", turns, turns["turns"]),
    ):
        wanted = sum(counts[f"{behaviour} wanted"] for behaviour in BEHAVIOURS)
        everything = {"right": wanted, "claimed": len(BEHAVIOURS) * places, "wanted": wanted, "found": wanted}
        bench.tell(
            "interventions",
            of,
            _scores(counts)
            | {"f1_of_naming_all_four": _prf(everything)["f1"], "places": places, "template": "birp"},
            "interventions_precision",
            "interventions_recall",
            "interventions_f1",
            "f1_of_naming_all_four",
        )


def _scores(counts: Mapping[str, int]) -> dict[str, float]:
    """Micro figures over all behaviours, and each behaviour's own.

    By turn, precision counts the claims that a label bears out and recall the labels that a claim finds; a claim may be
    borne out by a label that is not its own behaviour's (a scaling question that is closed).
    """
    figures: dict[str, float] = {}
    sums: Counter[str] = Counter()
    for behaviour in BEHAVIOURS:
        its = {what: counts.get(f"{behaviour} {what}", 0) for what in ("claimed", "wanted", "found")}
        its["right"] = counts.get(f"{behaviour} borne out", its["found"])
        sums.update(its)
        key = behaviour.replace(" ", "_")
        figures |= {f"{key}_{name}": value for name, value in _prf(its).items()}
    return {f"interventions_{name}": value for name, value in _prf(sums).items()} | figures


def _prf(its: Mapping[str, int]) -> dict[str, float]:
    precision = its["right"] / its["claimed"] if its["claimed"] else 0.0
    recall = its["found"] / its["wanted"] if its["wanted"] else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}
