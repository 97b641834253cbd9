"""Forms as files: PDFs and Word documents made in memory, and what is refused."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress

import pytest
from docx import Document
from papers import Word, pdf, pdf_form

from scribe.errors import BadRequest, TooLarge
from scribe.forms import MAX_FORM_BYTES, joined, read_form_file

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def pairs(data: bytes, media_type: str = "") -> list[tuple[str, str, str]]:
    return [(field.heading, field.label, field.value) for field in read_form_file(data, media_type)]


def test_a_printed_pdf_is_read_line_by_line_over_its_pages() -> None:
    data = pdf(
        [
            "SLEEP HISTORY\nHours of sleep: 4\nSurgeries: ________",
            "SAFETY\nThoughts of suicide? [x] Yes [ ] No\nWhat helps you?\nMy sister (and her dog)",
        ]
    )
    assert pairs(data, "application/pdf") == [
        ("SLEEP HISTORY", "Hours of sleep", "4"),
        ("SLEEP HISTORY", "Surgeries", ""),
        ("SAFETY", "Thoughts of suicide?", "Yes"),
        ("SAFETY", "What helps you?", "My sister (and her dog)"),
    ]


def test_the_fields_of_a_pdf_are_its_questions_and_an_empty_box_is_no_answer() -> None:
    data = pdf_form(
        [
            ("client.name", "Name", "Ada King"),
            ("reason_for_visit", "", "Panic at work\nsince May"),
            ("symptoms.sleep", "Trouble sleeping", "☒"),
            ("symptoms.appetite", "Poor appetite", "☐"),
            ("symptoms.worry", "Worry", "☒"),
            ("maritalStatus", "", "/Divorced"),
            ("allergies", "", ""),
        ]
    )
    assert pairs(data) == [
        ("client", "Name", "Ada King"),
        ("", "reason for visit", "Panic at work\nsince May"),
        ("", "symptoms", "Trouble sleeping\nWorry"),
        ("", "marital status", "Divorced"),
        ("", "allergies", ""),
    ]


def test_a_pair_of_boxes_for_yes_and_no_is_one_answer() -> None:
    data = pdf_form([("a", "Thoughts of suicide - Yes", "☐"), ("b", "Thoughts of suicide - No", "☒")])
    assert [pair for pair in pairs(data) if pair[2]] == [("", "Thoughts of suicide", "No")]


def test_a_word_form_is_read_with_headings_tables_and_every_kind_of_box() -> None:
    data = (
        Word()
        .line("Intake", bold=True)
        .line("What brings you here? I cannot sleep.")
        .heading("Health history")
        .table(("Current medications", "Sertraline 50 mg"), ("Allergies", ""), ("Surgeries:", "none"))
        .table(("Medication", "Dose", "Since"), ("Lisinopril", "10 mg", "2019"), ("Zoloft", "50 mg", "May"))
        .boxes("Symptoms:", [("Trouble sleeping", True), ("Panic", False), ("Low mood", True)])
        .boxes("Thoughts of suicide?", [("Yes", False), ("No", True)])
        .old_box("Irritability", ticked=True)
        .old_box("Crying", ticked=False)
        .control("Occupation:", "Click or tap here to enter text.", placeholder=True)
        .control("Education:", "Two years of college", placeholder=False)
        .bytes()
    )
    assert pairs(data, DOCX) == [
        ("Intake", "What brings you here?", "I cannot sleep."),
        ("Health history", "Current medications", "Sertraline 50 mg"),
        ("Health history", "Allergies", ""),
        ("Health history", "Surgeries", "none"),
        ("Health history", "Medication / Dose / Since", "Lisinopril, 10 mg, 2019\nZoloft, 50 mg, May"),
        ("Health history", "Symptoms", "Trouble sleeping\nLow mood"),
        ("Health history", "Thoughts of suicide?", "No"),
        ("Health history", "", "Irritability"),
        ("Health history", "Occupation", ""),
        ("Health history", "Education", "Two years of college"),
    ]


def test_text_and_json_are_read_with_and_without_their_media_type() -> None:
    assert pairs(b"Age: 34", "text/plain; charset=utf-8") == [("", "Age", "34")]
    assert pairs(b"\xef\xbb\xbfAge: 34") == [("", "Age", "34")]
    assert pairs(b'{"age": 34}', "application/json") == [("", "age", "34")]


def test_forms_of_a_client_are_numbered_on() -> None:
    forms = [read_form_file(b"Age: 34\nDrink? Yes\nIf yes, how much? a beer"), read_form_file(b"Job: nurse")]
    together = joined(forms)
    assert [(field.id, field.label, field.follows) for field in together] == [
        ("1", "Age", ""),
        ("2", "Drink?", ""),
        ("3", "If yes, how much?", "2"),
        ("4", "Job", ""),
    ]


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (60 * 1024 * 1024))
    return out.getvalue()


REFUSED: list[tuple[str, bytes, str, str]] = [
    ("empty", b" \n", "", "The form is empty"),
    ("scan", pdf(["", ""]), "", "a scan or a picture"),
    ("encrypted PDF", pdf(["Age: 34"], password="secret"), "", "encrypted"),
    ("damaged PDF", pdf(["Age: 34"])[:300], "", "damaged or no PDF"),
    (
        "blank PDF form",
        pdf_form([("age", "", "34")], filled=False),
        "",
        "No field of the PDF form is filled in",
    ),
    ("damaged Word", b"PK\x03\x04 and nothing", "", "The Word form is damaged"),
    ("encrypted Word", b"\xd0\xcf\x11\xe0" + bytes(600), "", "old or encrypted Word document"),
    ("a picture", b"\x89PNG\r\n\x1a\n\xff\xfe", "", "neither a PDF, a Word document nor UTF-8 text"),
    ("no answers", b"Name:\nAge:\n", "", "no question with an answer"),
    ("broken JSON", b'{"age": ', "", "malformed"),
    ("a lie", b"Age: 34", "application/pdf", "said to be application/pdf, but its bytes are text"),
    ("another type", b"Age: 34", "image/png", "media type cannot be read"),
]


@pytest.mark.parametrize(
    ("data", "media_type", "told"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_cannot_be_read_is_refused_in_one_sentence(data: bytes, media_type: str, told: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_form_file(data, media_type)
    detail = refused.value.detail
    assert told.lower() in detail.lower()
    assert detail.endswith(".")
    assert "\n" not in detail


@pytest.mark.parametrize(
    "data", [b"x" * (MAX_FORM_BYTES + 1), pdf([""] * 61), bomb()], ids=["bytes", "pages", "bomb"]
)
def test_what_is_too_large_is_refused(data: bytes) -> None:
    with pytest.raises(TooLarge):
        read_form_file(data)


def test_cut_and_bent_files_are_refused_and_never_break() -> None:
    for whole in (pdf_form([("age", "", "34")]), Word().line("Age: 34").bytes()):
        for cut in range(8, len(whole), max(1, len(whole) // 40)):
            bent = bytearray(whole)
            bent[cut] ^= 0xFF
            for data in (whole[:cut], bytes(bent)):
                with suppress(BadRequest, TooLarge):  # any other error fails the test
                    assert all(field.id for field in read_form_file(data))


def test_tables_within_tables_are_read_once_however_deep_they_lie() -> None:
    document = Document()
    cell = document.add_table(1, 2).rows[0].cells[0]
    for _ in range(16):
        cell = cell.add_table(1, 2).rows[0].cells[0]
    cell.paragraphs[0].add_run("Hours of sleep: 4")
    data = io.BytesIO()
    document.save(data)
    assert sum("4" in value for _, _, value in pairs(data.getvalue(), DOCX)) == 1
