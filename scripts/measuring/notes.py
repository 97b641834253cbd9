"""Drafts against reference notes, and what every draft must hold: dialogues in, figures out.

A draft is read as the product shows it: sections' titles and statements where the reference is a whole note,
statements alone where it is one section. Counts are summed over a set before they are divided (micro); ROUGE is
the mean over notes. Statements are held against the words they point at, whatever engine wrote them.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from measuring.dialogues import Dialogue, training_references
from measuring.note_report import NoteBench, percent, share
from measuring.references import ROUGE, missing_rouge, recalls, rouge
from summarizer.grounding import check
from summarizer.metrics import Grounding, claims, grounding_of, idf, recalled, statements_of
from summarizer.templates import load_template
from summarizer.types import Draft, Statement, Turn
from summarizer.verifier import UNSUPPORTED_BELOW, Verifier

SETS = {"aci-bench": "history_and_physical", "mts-dialog": "history_and_physical"}
"""The template of each set with references.

The notes of ACI-Bench are headed as a history and physical (chief complaint, history, review of systems, examination,
results, assessment and plan), and every section of MTS-Dialog (family and social history, allergies, …) has its
place in the same template; `physical_soap` would only put the same statements under fewer headings.
"""


def rendered(draft: Draft, *, titled: bool) -> str:
    """A draft as text: each statement on a line, under its section's title where `titled`."""
    lines = []
    for section in draft.body.sections:
        if section.statements and titled:
            lines.append(section.title.upper())
        lines += [statement.text for statement in section.statements]
    return "\n".join(lines)


def references(bench: NoteBench) -> None:
    """Each set with reference notes: ROUGE, claim recall beside its yardsticks, grounding, faithfulness."""
    if reason := missing_rouge():
        bench.say(reason)
    for name, template in SETS.items():
        dialogues = bench.dialogues(name)
        if not dialogues:
            continue
        trained_on = training_references(name, bench.data)
        if not trained_on:
            bench.say(f"{name}: no training references; every word weighs the same in claim recall")
        bench.say(f"references: {len(dialogues)} dialogues of {name}")
        figures = _against_references(bench, name, dialogues, template, idf(trained_on))
        bench.tell(
            "references",
            name,
            figures,
            *ROUGE.values(),
            "claim_recall",
            "claim_recall_of_transcript",
            "claim_recall_of_cut_from_start",
            "claim_recall_of_cut_evenly",
            "claim_recall_of_another_note",
            "claim_recall_over_cut_from_start",
            "claim_recall_over_cut_evenly",
            "numbers_grounded_percent",
            "content_grounded_percent",
            "unfaithful_percent",
            "seconds_a_note",
        )


def _against_references(
    bench: NoteBench,
    name: str,
    dialogues: Sequence[Dialogue],
    template: str,
    weights: Mapping[str, float],
) -> dict[str, Any]:
    with_rouge = missing_rouge() is None
    sums: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    scores: Counter[str] = Counter()
    seconds = []
    for i, dialogue in enumerate(dialogues):
        began = time.perf_counter()
        draft = bench.draft(dialogue.turns, template, client_term=load_template(template).client_term)
        seconds.append(time.perf_counter() - began)
        another = dialogues[(i + 1) % len(dialogues)].reference if len(dialogues) > 1 else ""
        written = statements_of(draft.body)
        found = recalls(dialogue.reference, written, dialogue.turns, another, weights)
        for of, (held, wanted) in found.items():
            sums[of] += held
            counts["claims"] += wanted if of == "draft" else 0
        if with_rouge:
            scores.update(rouge(rendered(draft, titled=name == "aci-bench"), dialogue.reference))
        counts.update(
            notes=1,
            insufficient=draft.insufficient,
            draft_words=sum(len(text.split()) for text in written),
            reference_words=len(dialogue.reference.split()),
            unfaithful=unfaithful(draft, dialogue.turns),
        )
        counts.update(asdict(grounding_of(draft, dialogue.turns)))
        if bench.misses:
            _tell_misses(bench, dialogue, written, weights)
    recall = {of: share(held, counts["claims"]) for of, held in sums.items()}
    return (
        {score: scores[score] / len(dialogues) for score in ROUGE.values() if with_rouge}
        | {"claim_recall": recall["draft"]}
        | {f"claim_recall_of_{of}": value for of, value in recall.items() if of != "draft"}
        | {
            f"claim_recall_over_{of}": share(sums["draft"], sums[of])
            for of in ("cut_from_start", "cut_evenly")
        }
        | grounding_figures(counts)
        | {
            "unfaithful_percent": percent(counts["unfaithful"], counts["statements"]),
            "claims": counts["claims"],
            "notes": len(dialogues),
            "insufficient": counts["insufficient"],
            "draft_words": counts["draft_words"] / len(dialogues),
            "reference_words": counts["reference_words"] / len(dialogues),
            "seconds_a_note": sum(seconds) / len(seconds),
            "seconds_a_note_longest": max(seconds),
            "template": template,
            "client_term": load_template(template).client_term,
        }
    )


def _tell_misses(
    bench: NoteBench, dialogue: Dialogue, written: Sequence[str], weights: Mapping[str, float]
) -> None:
    """The missed claims of a training dialogue, for the developer's eye; of other parts none is shown."""
    if bench.part != "train":
        return
    wanted = claims(dialogue.reference)
    for claim, held in zip(wanted, recalled(wanted, written, weights), strict=True):
        if not held:
            bench.say(f"  missed in {dialogue.name}: {claim}")


def unfaithful(draft: Draft, turns: Sequence[Turn]) -> int:
    """Statements that the verifier finds unsupported by the very words they point at."""
    verifier, by_id = Verifier.load(), {turn.id: turn for turn in turns}
    return sum(
        verifier.score(
            statement.text,
            [(by_id[s.turn].role, by_id[s.turn].text[s.start : s.end]) for s in statement.evidence],
            section=section.code,
        )
        < UNSUPPORTED_BELOW
        for section in draft.body.sections
        for statement in section.statements
    )


def grounding_figures(counts: Mapping[str, int]) -> dict[str, Any]:
    """Figures of summed `Grounding` counts."""
    return {
        "statements": counts["statements"],
        "numbers": counts["numbers"],
        "numbers_grounded_percent": percent(counts["numbers_grounded"], counts["numbers"]),
        "content_grounded_percent": percent(counts["content_words_grounded"], counts["content_words"]),
        "quotes": counts["quotes"],
        "inexact_quotes": counts["inexact_quotes"],
        "denials": counts["denials"],
        "denials_without_question": counts["denials_without_question"],
        "plan_without_source": counts["plan_without_source"],
    }


# --- properties ------------------------------------------------------------------------------------------

TEMPLATES_BY_SET = SETS | {"annomi": ""}
THERAPY_TEMPLATES = ("soap", "birp", "dap", "girpp", "pie", "sirp", "intake", "treatment_plan", "discharge")
"""Taken in turn over the therapy dialogues, so that every template meets some."""

_SEEN = re.compile(
    r"\b(?:affect|eye contact|groom\w*|dishevel\w*|psychomotor|posture|tearful\w*|well[- ]kempt|unkempt"
    r"|euthymic|dysphoric|congruent|cooperative|guarded|fidget\w*|(?:alert and )?oriented)\b",
    re.I,
)
"""Words for what is seen, or judged from sight."""
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»")
_FIRST_PERSON = re.compile(r"\b(?:I|I'm|I've|me|my|mine|myself|we|our|us)\b")
_SENTENCE = re.compile(r"[.!?][\"”»)]*$")


def properties(bench: NoteBench) -> None:
    """What must hold for every draft, counted over every dialogue of the data folder."""
    for name, template in TEMPLATES_BY_SET.items():
        dialogues = bench.dialogues(name)
        if not dialogues:
            continue
        bench.say(f"properties: {len(dialogues)} dialogues of {name}")
        counts: Counter[str] = Counter()
        for i, dialogue in enumerate(dialogues):
            its = template or THERAPY_TEMPLATES[i % len(THERAPY_TEMPLATES)]
            draft = bench.draft(dialogue.turns, its)
            counts.update(faults(draft, dialogue.turns, its))
            if i % 5 == 0:
                again = bench.draft(dialogue.turns, its)
                counts.update(drafted_again=1, different_when_drafted_again=again != draft)
        figures = grounding_figures(counts) | {fault: counts[fault] for fault in FAULTS}
        bench.tell(
            "properties",
            name,
            figures | {"dialogues": len(dialogues), "drafted_again": counts["drafted_again"]},
            "numbers_grounded_percent",
            "inexact_quotes",
            "denials_without_question",
            "plan_without_source",
            *FAULTS,
        )


FAULTS = (
    "seen_but_not_spoken",
    "polarity_errors",
    "blocking_findings",
    "without_evidence",
    "risk_not_in_note",
    "first_person",
    "no_sentence",
    "different_when_drafted_again",
)


def faults(draft: Draft, turns: Sequence[Turn], template: str) -> Counter[str]:
    """Counts of what must not be, beside those of `grounding_of`.

    `polarity_errors` and `blocking_findings` are what the drafting's own check still says of the finished note;
    the others are counted from the transcript without it.
    """
    counts: Counter[str] = Counter()
    by_id = {turn.id: turn for turn in turns}
    statements = [statement for section in draft.body.sections for statement in section.statements]
    pointing = [statement for statement in statements if _points(statement, by_id)]
    counts["without_evidence"] = len(statements) - len(pointing)
    for statement in pointing:
        bare = _QUOTED.sub(" ", statement.text)
        said = " ".join(by_id[s.turn].text for s in statement.evidence).lower()
        counts["seen_but_not_spoken"] += any(
            word.group().lower() not in said for word in _SEEN.finditer(bare)
        )
        counts["first_person"] += bool(_FIRST_PERSON.search(bare))
        counts["no_sentence"] += not _SENTENCE.search(statement.text)
    if len(pointing) == len(statements):
        counts.update(_counted(grounding_of(draft, turns)))
    findings = check(draft.body, turns, draft.facts, template=load_template(template))
    counts["polarity_errors"] = sum(f.kind == "polarity" for f in findings)
    counts["blocking_findings"] = sum(f.severity == "blocking" for f in findings) * (not draft.insufficient)
    if not draft.insufficient:
        written = "\n".join(statement.text for statement in statements)
        counts["risk_not_in_note"] = sum(risk.quote not in written for risk in draft.risk)
    return counts


def _counted(grounding: Grounding) -> dict[str, int]:
    return asdict(grounding)


def _points(statement: Statement, turns: Mapping[str, Turn]) -> bool:
    return bool(statement.evidence) and all(
        s.turn in turns and 0 <= s.start < s.end <= len(turns[s.turn].text) for s in statement.evidence
    )
