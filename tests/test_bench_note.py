"""The note bench's instruments, each on a case small enough to know the answer."""

from __future__ import annotations

import asyncio
import csv
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from summarizer.extractive import ExtractiveEngine
from summarizer.types import Draft, EngineInfo, Fact, NoteBody, RiskStatement, Section, Span, Statement, Turn

SCRIPTS = Path(__file__).parents[1] / "scripts"


def script(name: str):
    """A module of scripts/, which is no package: its files find each other where they lie."""
    if str(SCRIPTS) not in sys.path:
        sys.path.append(str(SCRIPTS))
    return importlib.import_module(name)


dialogues, references, notes = (
    script("measuring.dialogues"),
    script("measuring.references"),
    script("measuring.notes"),
)
behaviours, labelled, seeds = (
    script("measuring.behaviours"),
    script("measuring.labelled"),
    script("measuring.seeds"),
)
note_report, hours, note_engines = (
    script("measuring.note_report"),
    script("measuring.hours"),
    script("measuring.note_engines"),
)

TALK = (
    Turn("1", "clinician", "How have you been sleeping since we last met?"),
    Turn("2", "client", "I sleep about four hours a night and I wake up at three."),
    Turn("3", "clinician", "Do you smoke?"),
    Turn("4", "client", "No."),
)


def written(*statements: Statement, section: str = "SUBJECTIVE", risk: Sequence[RiskStatement] = ()) -> Draft:
    """A draft of one section with these statements."""
    body = NoteBody("soap", (Section(section, section.title(), "drafted", statements),))
    return Draft(body, (), tuple(risk), (), EngineInfo("x", "x", "x"))


def said(text: str, *turns: Turn) -> Statement:
    """A statement that points at whole turns."""
    return Statement("s-1", text, tuple(Span(turn.id, 0, len(turn.text)) for turn in turns))


def rows_into(file: Path, rows: Sequence[dict[str, str]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def bench_over(tmp_path):
    """A bench over the test's own folder, with the extractive engine."""
    with asyncio.Runner() as runner:
        yield lambda **options: a_bench(tmp_path, runner, **options)


def a_bench(data: Path, runner: asyncio.Runner, **options):
    given = {
        "runner": runner,
        "engine_name": "extractive",
        "engine": ExtractiveEngine(),
        "part": "valid",
        "data": data,
        "sample": None,
        "quick": True,
        "misses": False,
    }
    return note_report.NoteBench(**(given | options))


# --- dialogues -------------------------------------------------------------------------------------------


def annotation(number: int, who: str, text: str, annotator: int, **labels: str) -> dict[str, str]:
    none = dict.fromkeys(("question_subtype", "reflection_subtype", "therapist_input_subtype"), "n/a")
    return {
        "transcript_id": "7",
        "utterance_id": str(number),
        "interlocutor": who,
        "utterance_text": text,
        "annotator_id": str(annotator),
    } | (none | labels)


def test_a_behaviour_is_on_a_turn_where_more_than_half_of_its_annotators_saw_it(tmp_path):
    asked = "What would you like to change?"
    rows_into(
        tmp_path / "dialogues/annomi/annomi-dev.csv",
        [
            annotation(0, "therapist", asked, 1, question_subtype="open"),
            annotation(0, "therapist", asked, 2, question_subtype="open", reflection_subtype="simple"),
            annotation(0, "therapist", asked, 3, question_subtype="closed"),
            annotation(2, "therapist", "You could call.", 1, therapist_input_subtype="advice"),
            annotation(2, "therapist", "You could call.", 2, therapist_input_subtype="options"),
            annotation(1, "client", "My drinking.", 1),
        ],
    )

    (dialogue,) = dialogues.read_dialogues("annomi", "valid", tmp_path)

    assert [turn.text for turn in dialogue.turns] == [asked, "My drinking.", "You could call."]
    assert [turn.role for turn in dialogue.turns] == ["clinician", "client", "clinician"]
    assert dialogue.behaviours == {"u0": {"open question"}, "u2": frozenset()}


def test_what_is_for_measuring_only_has_no_part_to_develop_with(tmp_path):
    assert "measuring only" in dialogues.missing_dialogues("annomi", "train", tmp_path)
    with pytest.raises(FileNotFoundError, match="measuring only"):
        dialogues.read_dialogues("annomi", "train", tmp_path)


def test_a_set_that_is_not_there_is_named_with_what_to_do(tmp_path):
    assert "--data" in dialogues.missing_dialogues("aci-bench", "valid", tmp_path)


def test_a_sample_is_evenly_spaced(tmp_path):
    rows = [
        {
            "ID": str(n),
            "section_header": "CC",
            "section_text": "Cough.",
            "dialogue": "Doctor: Hi.\nPatient: Hi.",
        }
        for n in range(10)
    ]
    rows_into(tmp_path / "dialogues/mts-dialog/validation.csv", rows)

    names = [d.name for d in dialogues.read_dialogues("mts-dialog", "valid", tmp_path, sample=4)]

    assert names == ["0-CC", "2-CC", "5-CC", "7-CC"]


def test_an_hour_has_an_hours_words_and_no_id_twice():
    turns = dialogues.an_hour([dialogues.Dialogue("a", TALK), dialogues.Dialogue("b", TALK)])

    words = sum(len(turn.text.split()) for turn in turns)
    assert 9_000 <= words < 9_000 + sum(len(turn.text.split()) for turn in TALK)
    assert len({turn.id for turn in turns}) == len(turns)


# --- against references ----------------------------------------------------------------------------------


def test_a_cut_has_exactly_the_words_it_may():
    sentences = ["one two three", "four five", "six seven eight nine"]

    assert references.from_the_start(sentences, 4) == ["one two three", "four"]
    assert references.from_the_start(sentences, 0) == []
    assert references.from_the_start(sentences, 99) == sentences


def test_an_even_cut_takes_from_all_over():
    sentences = [f"w{n} w{n} w{n}" for n in range(12)]

    kept = references.evenly_spaced(sentences, 12)

    assert kept == [sentences[n] for n in (0, 3, 6, 9)]
    assert sum(len(line.split()) for line in references.evenly_spaced(sentences, 10)) == 10


def test_rouge_counts_shared_words_in_both_directions():
    scores = references.rouge("The ankle is swollen.", "The left ankle is very swollen.")

    # Four of four and four of six: F1 is 2 · 4 / (4 + 6).
    assert scores["rouge_1"] == pytest.approx(80.0)
    # Only `ankle is` stands in both.
    assert scores["rouge_2"] == pytest.approx(100 * 2 * 1 / (3 + 5))
    assert references.rouge("Swollen ankles.", "Swollen ankle.")["rouge_1"] == pytest.approx(50.0)


def test_the_yardsticks_are_recalled_as_they_should_be():
    turns = (
        Turn("1", "clinician", "Good morning to you and to everybody here. It rains again."),
        Turn("2", "client", "My ankle is swollen. I have chronic migraine headaches."),
    )
    reference = "Swollen ankle. Chronic migraine headaches."

    found = references.recalls(reference, ["Client's ankle is swollen."], turns, "Asthma attacks.", {})

    assert found == {
        "draft": (1, 2),
        "transcript": (2, 2),
        "cut_from_start": (0, 2),
        "cut_evenly": (0, 2),
        "another_note": (0, 2),
        "reference": (2, 2),
    }


# --- properties ------------------------------------------------------------------------------------------


def test_each_fault_is_counted():
    faulty = written(
        said("Client has a flat affect.", TALK[1]),
        said("Client reports that I sleep four hours", TALK[1]),
        said("Client denies smoking.", TALK[3]),
        risk=[RiskStatement("I want to die.", "client", "suicide", "affirmed", (Span("2", 0, 7),))],
    )

    counts = notes.faults(faulty, TALK, "soap")

    assert counts["seen_but_not_spoken"] == 1
    assert counts["first_person"] == 1
    assert counts["no_sentence"] == 1
    assert counts["denials_without_question"] == 1
    assert counts["risk_not_in_note"] == 1
    assert counts["without_evidence"] == 0
    assert (
        notes.faults(written(Statement("s-1", "Client is well.", ())), TALK, "soap")["without_evidence"] == 1
    )


def test_a_plain_draft_has_no_fault():
    plain = written(
        said("Client reports sleeping about four hours a night.", TALK[1], TALK[0]),
        said("Client denies smoking.", TALK[3], TALK[2]),
    )

    counts = notes.faults(plain, TALK, "soap")

    assert not any(counts[fault] for fault in (*notes.FAULTS, "denials_without_question", "inexact_quotes"))


# --- evidence labelled by hand ---------------------------------------------------------------------------


def test_the_labelled_conversations_can_be_read_and_half_are_held_out():
    conversations = labelled.read_labelled()

    assert {part: sum(one.part == part for one in conversations) for part in ("train", "valid")} == {
        "train": 6,
        "valid": 6,
    }
    assert all(one.facts and one.falsehoods for one in conversations)


def a_label(**fact) -> str:
    line = ", ".join(f"{name} = {json.dumps(value)}" for name, value in fact.items())
    return (
        '[[dialogue]]\nname = "x"\npart = "train"\ntemplate = "soap"\nturns = """\n1 T: Do you smoke?\n'
        f'2 C: No, my wife does.\n"""\nfacts = [{{ {line} }}]\n'
        'false = [{ words = "smokes|smoking", unless = "wife denies" }]\n'
    )


def test_a_statement_is_right_by_its_words_its_no_and_its_turns(tmp_path):
    file = tmp_path / "labels.toml"
    file.write_text(a_label(words="smoke|tobacco", turns=[1, 2], negated=True))
    (one,) = labelled.read_labelled(file)
    asked, answered = one.turns

    assert labelled.is_right(said("Client denies smoking.", answered, asked), one)
    assert not labelled.is_right(said("Client reports smoking.", answered, asked), one)
    assert labelled.is_opposite(said("Client reports smoking.", answered, asked), one)
    assert not labelled.is_opposite(said("Client denies smoking.", answered, asked), one)
    assert not labelled.is_right(said("Client denies drinking.", answered, asked), one)
    assert not labelled.is_right(said("Client denies smoking.", Turn("9", "client", "No.")), one)
    assert not labelled.is_right(said("Client denies smoking."), one)


def test_what_was_said_of_another_is_false_of_the_client(tmp_path):
    file = tmp_path / "labels.toml"
    file.write_text(a_label(words="wife", turns=[2]))
    (one,) = labelled.read_labelled(file)
    (false,) = one.falsehoods

    assert false.is_said_in("Client smokes.")
    assert not false.is_said_in("Client's wife smokes.")


def test_a_label_that_names_no_turn_is_refused(tmp_path):
    file = tmp_path / "labels.toml"
    file.write_text(a_label(words="wife", turns=[3]))

    with pytest.raises(ValueError, match="'3'"):
        labelled.read_labelled(file)


# --- interventions ---------------------------------------------------------------------------------------


def technique(name: str, turn: str, kind: str = "intervention") -> Fact:
    attributes = (("technique", name),) if kind == "intervention" else ()
    return Fact(turn, kind, "…", "clinician", "affirmed", False, 0.9, (Span(turn, 0, 1),), attributes)


def test_a_technique_is_borne_out_by_the_labels_of_its_turn():
    labels = {
        "1": frozenset({"open question"}),
        "2": frozenset({"closed question"}),
        "3": frozenset({"reflection", "information"}),
        "4": frozenset({"advice"}),
    }
    facts = [
        technique("open questions", "1"),
        technique("open questions", "2"),
        technique("scaling question", "2"),
        technique("reflective listening", "3"),
        technique("validation", "3"),
        technique("", "4", kind="plan"),
    ]

    counts = behaviours.by_turn(facts, labels)

    assert counts["open question claimed"] == 3
    assert counts["open question borne out"] == 2  # The open one, and the scaling question that was closed.
    assert (counts["open question wanted"], counts["open question found"]) == (1, 1)
    assert (counts["reflection claimed"], counts["reflection found"]) == (1, 1)
    assert (counts["information wanted"], counts["information found"]) == (1, 0)
    assert (counts["proposal borne out"], counts["proposal wanted"], counts["proposal found"]) == (1, 1, 1)


def test_one_turn_with_a_behaviour_is_not_yet_its_use():
    once = {"1": frozenset({"reflection"}), "2": frozenset({"advice"}), "3": frozenset({"options"})}

    assert behaviours.used_in(once) == {"proposal"}


def test_a_note_names_what_it_says_of_the_clinician_outside_quotation_marks():
    note = written(
        Statement("1", "Clinician used reflective listening.", ()),
        Statement("2", 'Clinician stated, "I recommend some information."', ()),
        Statement("3", "Client explored the options.", ()),
    )

    assert behaviours.named_in(note) == {"reflection"}


# --- seeded risk -----------------------------------------------------------------------------------------


def test_a_seed_is_said_by_the_client_and_every_other_turn_stays():
    seed = seeds.Seed("suicide", "I wish I was dead.")
    told = seeds.seeded(TALK, seed, 0)

    assert [turn.id for turn in told] == ["1", seeds.SEEDED, "3", "4"]
    assert told[1].text == f"{TALK[1].text} I wish I was dead."
    assert (told[0], *told[2:]) == (TALK[0], *TALK[2:])
    with pytest.raises(ValueError, match="none"):
        seeds.seeded(TALK[:1], seed, 0)


def test_a_seeded_answer_stands_behind_its_question():
    told = seeds.seeded(TALK, seeds.Seed("suicide", "Yes.", "Any thoughts of suicide?"), 0)

    assert [(turn.role, turn.text) for turn in told[2:4]] == [
        ("clinician", "Any thoughts of suicide?"),
        ("client", "Yes."),
    ]
    assert (*told[:2], *told[4:]) == TALK


def test_risk_that_is_left_out_softened_or_denied_is_a_miss():
    seed = seeds.Seed("suicide", "I wish I was dead.")
    turns = seeds.seeded(TALK, seed, 0)
    begins = turns[1].text.index(seed.said)
    span = Span(seeds.SEEDED, begins, begins + len(seed.said))

    def risk(polarity: str) -> RiskStatement:
        return RiskStatement("I wish I was dead.", "client", "suicide", polarity, (span,))

    quoted = Statement("1", 'Client states, "I wish I was dead."', (span,))
    denied = Statement("2", "Client denies suicidal thoughts.", (span,))

    assert not +seeds.misses(written(quoted, risk=[risk("affirmed")]), turns, seed)
    assert +seeds.misses(written(quoted), turns, seed) == {"risk_missed": 1}
    assert +seeds.misses(written(risk=[risk("affirmed")]), turns, seed) == {"risk_not_in_note": 1}
    assert +seeds.misses(written(quoted, risk=[risk("negated")]), turns, seed) == {"risk_softened": 1}
    assert +seeds.misses(written(quoted, denied, risk=[risk("affirmed")]), turns, seed) == {
        "risk_denied": 1,
        "denials_without_question": 1,
    }


def test_the_seeds_hold_every_topic_with_and_without_a_question():
    positive = [seed for seed in seeds.SEEDS if seed.kind == "positive"]

    assert len(positive) >= 30
    assert {seed.topic for seed in positive} == {
        "suicide",
        "self-harm",
        "harm to others",
        "abuse",
        "violence",
        "means",
    }
    assert any(seed.asked for seed in positive)
    assert all(seed.asked for seed in seeds.SEEDS if seed.kind == "negative")


# --- the report, the cost and the whole ------------------------------------------------------------------


def test_the_table_knows_targets_from_below_and_from_above():
    rows = [
        ("extractive", "references", "a", 46.0, "rouge_1"),
        ("extractive", "references", "a", 44.0, "rouge_1"),
        ("extractive", "risk", "a", 1.0, "risk_missed"),
        ("extractive", "cost", "a", 1.5, "hour_seconds"),
    ]

    lines = note_report.table(rows).splitlines()[1:]

    assert [line.rsplit(None, 1)[1] for line in lines] == ["held", "missed", "missed", "held"]


def test_an_engine_that_lacks_its_model_says_what_to_give():
    with pytest.raises(SystemExit, match="--model"):
        note_engines.engine_of("transformers")
    with pytest.raises(SystemExit, match="--url"):
        note_engines.engine_of("openai", model="small")


def test_the_cost_of_a_draft_is_that_of_a_process_of_its_own(bench_over):
    found = hours._run(bench_over(), TALK, "soap")

    assert found["statements"] >= 2
    assert 0 < found["seconds"] < 30
    assert 5 < found["before_megabytes"] <= found["peak_megabytes"] < 500


def test_a_bench_over_a_small_data_set_tells_a_line_for_each_and_what_is_left_out(
    tmp_path, bench_over, capsys
):
    dialogue = (
        "[doctor] do you have any pain ?\n[patient] yes my left ankle is swollen and it hurts when i walk ."
    )
    visit = {
        "encounter_id": "1",
        "dialogue": dialogue + "\n[doctor] please ice it three times a day .",
        "note": "CHIEF COMPLAINT\n\nSwollen left ankle.",
    }
    for part in ("train", "valid"):
        rows_into(tmp_path / f"dialogues/aci-bench/{part}.csv", [visit])
    bench = bench_over()

    notes.references(bench)
    notes.properties(bench)

    printed = capsys.readouterr()
    first, second = map(json.loads, printed.out.splitlines())
    assert (first["case"], first["of"], first["notes"]) == ("references", "aci-bench", 1)
    assert first["claim_recall_of_reference"] == 1.0
    assert first["claim_recall_of_transcript"] == 1.0
    assert first["rouge_1"] > 0
    assert (second["case"], second["dialogues"], second["plan_without_source"]) == ("properties", 1, 0)
    assert "mts-dialog is left out" in printed.err
    assert any(row[4] == "claim_recall" for row in bench.rows)


def test_missed_claims_are_shown_of_training_dialogues_only(tmp_path, bench_over, capsys):
    visit = {
        "encounter_id": "1",
        "dialogue": "[doctor] how are you doing today ?\n[patient] "
        "my left ankle has been swollen since i fell down the stairs on monday .",
        "note": "Chronic migraine headaches.",
    }
    for part in ("train", "valid"):
        rows_into(tmp_path / f"dialogues/aci-bench/{part}.csv", [visit])

    for part in ("train", "valid"):
        notes.references(bench_over(part=part, misses=True))
        assert ("migraine" in capsys.readouterr().err) == (part == "train")
