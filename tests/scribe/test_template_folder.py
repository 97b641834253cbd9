"""Templates of one's own: put, edited by hand, replaced, deleted, and still there for the notes made with them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from scribe.errors import BadRequest, NotFound, StoreFailed, WrongState
from scribe.template_folder import TemplateFolder
from summarizer.errors import UnknownTemplate, UnreadableTemplate
from summarizer.templates import template_names

BODY = {"title": "Mine", "sections": [{"code": "STORY", "title": "Story", "instruction": "Symptoms."}]}
TOML = 'title = "Mine"\n[[sections]]\ncode = "STORY"\ntitle = "Story"\ninstruction = "Symptoms."\n'


@pytest.fixture
def folder(tmp_path: Path) -> TemplateFolder:
    return TemplateFolder(tmp_path / "templates")


def test_a_folder_that_is_not_there_holds_what_ships(folder: TemplateFolder, tmp_path: Path) -> None:
    assert tuple(template.name for template in folder.templates()) == template_names()
    assert folder.faults() == ()
    folder.keep(folder.current("soap"))
    assert not (tmp_path / "templates").exists()


@pytest.mark.parametrize("given", [BODY, TOML])
def test_each_put_raises_the_version_and_every_version_stays(
    folder: TemplateFolder, given: dict[str, object] | str
) -> None:
    assert [folder.put("mine", given).version for _ in range(3)] == [1, 2, 3]
    assert folder.current("Mine").version == 3
    assert folder.version("mine", 1).sections == folder.version("mine", 3).sections
    with pytest.raises(UnknownTemplate, match="version 4"):
        folder.version("mine", 4)


def test_a_file_that_was_edited_by_hand_gets_the_next_version(folder: TemplateFolder, tmp_path: Path) -> None:
    folder.put("mine", BODY)
    file = tmp_path / "templates" / "mine.toml"
    file.write_text(file.read_text().replace("Story", "Tale"))
    edited = folder.current("mine")
    assert (edited.version, edited.sections[0].title) == (2, "Tale")
    folder.keep(edited)
    folder.keep(edited)
    assert folder.current("mine").version == 2
    assert folder.version("mine", 1).sections[0].title == "Story"
    file.write_text(file.read_text().replace("version = 1", "version = 9"))
    assert folder.current("mine").version == 9


def test_a_deleted_template_is_gone_for_new_notes_and_there_for_old_ones(folder: TemplateFolder) -> None:
    folder.put("mine", BODY)
    folder.delete("mine")
    with pytest.raises(UnknownTemplate):
        folder.current("mine")
    assert folder.version("mine", 1).title == "Mine"
    with pytest.raises(NotFound):
        folder.delete("mine")
    assert folder.put("mine", BODY).version == 2


def test_what_ships_is_neither_replaced_nor_deleted(folder: TemplateFolder) -> None:
    with pytest.raises(WrongState, match="ships"):
        folder.put("SOAP", BODY)
    with pytest.raises(WrongState, match="ships"):
        folder.delete("soap")


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("../up", BODY, "small letters"),
        ("mine", {**BODY, "name": "other"}, "names itself 'other'"),
        ("mine", {**BODY, "sections": []}, "1 to 20"),
        ("mine", {**BODY, "sections": BODY["sections"] * 21}, "21"),
        ("mine", {**BODY, "colour": "red"}, "'colour' is not known"),
        ("mine", "title = ", "not TOML"),
        ("mine", TOML.replace("STORY", "story"), "capital letters"),
    ],
)
def test_a_template_with_a_fault_is_refused_in_one_sentence(
    folder: TemplateFolder, name: str, given: dict[str, object] | str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(BadRequest, match=says) as refused:
        folder.put(name, given)
    assert refused.value.detail.endswith(".")
    assert not (tmp_path / "templates").exists()


def test_files_that_hold_no_template_are_told_and_left_out(folder: TemplateFolder, tmp_path: Path) -> None:
    folder.put("mine", BODY)
    place = tmp_path / "templates"
    (place / "broken.toml").write_text("title = ")
    (place / "soap.toml").write_text((place / "mine.toml").read_text())
    (place / "renamed.toml").write_text((place / "mine.toml").read_text())
    assert [template.name for template in folder.templates()][-1] == "mine"
    assert [fault.split()[0].rstrip(":") for fault in folder.faults()] == [
        "broken.toml",
        "renamed.toml",
        "soap.toml",
    ]
    assert folder.current("soap").title == "SOAP progress note"
    with pytest.raises(UnreadableTemplate, match="name must be 'renamed'"):
        folder.current("renamed")


def test_two_who_put_at_once_get_two_versions(folder: TemplateFolder) -> None:
    got: list[int] = []
    threads = [
        threading.Thread(target=lambda: got.append(folder.put("mine", BODY).version)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(1, 9))
    assert folder.current("mine").version == 8, "the last one stands"


def test_a_folder_that_cannot_be_written_is_said_and_nothing_half_written_stays(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreFailed, match="SCRIBE_TEMPLATES_DIR"):
        TemplateFolder(tmp_path / "file").put("mine", BODY)
    fine = TemplateFolder(tmp_path / "fine")
    fine.put("mine", BODY)
    names = {path.name for path in (tmp_path / "fine").rglob("*")}
    assert names == {"mine.toml", "versions", "mine.1.toml"}
