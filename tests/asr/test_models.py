"""Finding and fetching models, against a small hub that runs here."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from asr.catalogue import CatalogueModel, catalogued
from asr.errors import ModelNotFound, ModelUnusable
from asr.models import (
    RECORD,
    ResolvedModel,
    embedder_folder,
    embedders,
    fetch,
    installed,
    pull,
    resolve,
    usable,
    verify,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = bytes(range(256)) * 400
FILES = {
    "config.json": b'{"alignment_heads": []}\n',
    "model.bin": WEIGHTS,
    "tokenizer.json": b'{"version": "1.0"}\n',
    "vocabulary.txt": b"a\nb\n",
    "README.md": b"not wanted",
}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


MODEL = CatalogueModel(
    "pocket.en", "someone/pocket-whisper", COMMIT, sha256(WEIGHTS), len(WEIGHTS), "MIT", "for tests"
)

EMBEDDER = CatalogueModel(
    "pocket-voices", MODEL.repository, COMMIT, sha256(WEIGHTS), len(WEIGHTS), "MIT", "for tests",
    "voices.onnx", '{"model": "voices.onnx"}\n',
)  # fmt: skip


@dataclass
class Hub:
    """The few calls of the hub that a download makes; `files` is what it serves, `listed` what it claims."""

    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    listed: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    asked: list[str] = field(default_factory=list)
    endpoint: str = ""
    breaks_off_after: int | None = None

    def info(self) -> dict[str, object]:
        siblings = []
        for name, data in self.listed.items():
            blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            sibling: dict[str, object] = {"rfilename": name, "size": len(data), "blobId": blob}
            if name in ("model.bin", "voices.onnx"):
                sibling["lfs"] = {"sha256": sha256(data), "size": len(data), "pointerSize": 134}
            siblings.append(sibling)
        return {"id": MODEL.repository, "modelId": MODEL.repository, "sha": COMMIT, "siblings": siblings}


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            """Quiet."""

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            path = self.path.split("?")[0]
            hub.asked.append(f"{self.command} {path}")
            if path == f"/api/models/{MODEL.repository}/revision/{COMMIT}":
                data, headers = json.dumps(hub.info()).encode(), {"Content-Type": "application/json"}
            elif (found := re.fullmatch(rf"/{MODEL.repository}/resolve/{COMMIT}/(.+)", path)) and found[
                1
            ] in hub.files:
                data = hub.files[found[1]]
                headers = {"ETag": f'"{sha256(data)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
            else:
                data, headers = b"", {"X-Error-Code": "RepoNotFound"}
                self.send_response(404)
                self._headers(headers, 0)
                return
            self.send_response(200)
            self._headers(headers, len(data))
            if body:
                if hub.breaks_off_after is not None and len(data) > hub.breaks_off_after:
                    self.wfile.write(data[: hub.breaks_off_after])
                    self.close_connection = True
                else:
                    self.wfile.write(data)

        def _headers(self, headers: dict[str, str], length: int) -> None:
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(length))
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    yield hub
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def no_real_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = tmp_path / "hf"
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    return cache


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (path / name).write_bytes(b"x")
    return path


def test_a_folder_is_usable_only_with_weights_configuration_and_tokenizer(tmp_path):
    path = folder(tmp_path / "m")
    assert usable(path)
    (path / "tokenizer.json").unlink()
    assert not usable(path)


def test_an_explicit_path_comes_first_and_is_never_replaced_by_another(tmp_path):
    path = folder(tmp_path / "mine")
    folder(tmp_path / "models" / "mine")

    assert resolve(str(path), tmp_path / "models") == ResolvedModel("mine", path, "path")
    (path / "model.bin").unlink()
    with pytest.raises(ModelUnusable, match=r"model\.bin"):
        resolve(str(path), tmp_path / "models")


def test_a_path_that_is_not_there_is_refused_and_not_looked_for_elsewhere(tmp_path):
    with pytest.raises(ModelNotFound, match="check the path"):
        resolve(str(tmp_path / "none"), tmp_path, allow_download=True)
    with pytest.raises(ModelNotFound, match="check the path"):
        resolve("./none", tmp_path, allow_download=True)


def test_a_name_is_not_taken_for_a_folder_of_the_working_directory(tmp_path, monkeypatch):
    folder(tmp_path / "here" / "small.en")
    monkeypatch.chdir(tmp_path / "here")

    with pytest.raises(ModelNotFound):
        resolve("small.en", tmp_path / "models")


def test_a_name_is_looked_for_in_the_models_folder(tmp_path):
    path = folder(tmp_path / "my-own")
    folder(tmp_path / "small.en")

    assert resolve("my-own", tmp_path) == ResolvedModel("my-own", path, "models folder")


def test_without_a_name_the_catalogues_order_decides_and_then_the_alphabet(tmp_path):
    for name in ("zeta", "alpha", "tiny.en", "base.en", ".hidden"):
        folder(tmp_path / name)

    assert [model.name for model in installed(tmp_path)] == ["base.en", "tiny.en", "alpha", "zeta"]
    assert resolve(None, tmp_path).name == "base.en"


def test_the_hugging_face_cache_is_used_only_at_the_pinned_commit(tmp_path, no_real_cache):
    base = catalogued("base.en")
    assert base is not None
    snapshots = no_real_cache / "models--Systran--faster-whisper-base.en" / "snapshots"
    folder(snapshots / "another-commit")
    with pytest.raises(ModelNotFound):
        resolve("base.en", tmp_path / "models")
    path = folder(snapshots / base.revision)

    assert resolve("base.en", tmp_path / "models") == ResolvedModel("base.en", path, "hugging face cache")
    assert resolve(None, tmp_path / "models").name == "base.en"


def test_a_model_that_is_nowhere_is_refused_with_the_places_and_what_to_do(tmp_path, no_real_cache):
    said: list[str] = []
    with pytest.raises(ModelNotFound) as refused:
        resolve("base.en", tmp_path / "models", say=said.append)

    assert str(tmp_path / "models") in str(refused.value)
    assert str(no_real_cache) in str(refused.value)
    assert "scribe models pull base.en" in str(refused.value)
    assert len(said) == 2


def test_an_unknown_name_is_never_downloaded(tmp_path):
    with pytest.raises(ModelNotFound, match=r"Known by name: small\.en"):
        resolve("someone-elses", tmp_path, allow_download=True)
    with pytest.raises(ModelNotFound, match="someone-elses was asked for"):
        pull("someone-elses", tmp_path)


def test_a_pull_brings_the_wanted_files_a_record_and_progress(tmp_path, hub):
    steps: list[tuple[str, int, int]] = []

    path = fetch(MODEL, tmp_path, lambda *step: steps.append(step), hub.endpoint)

    assert path == tmp_path / "pocket.en"
    assert sorted(entry.name for entry in path.iterdir()) == [
        "config.json", "model.bin", RECORD, "tokenizer.json", "vocabulary.txt",
    ]  # fmt: skip
    assert (path / "model.bin").read_bytes() == WEIGHTS
    record = json.loads((path / RECORD).read_text())
    assert (record["repository"], record["revision"]) == (MODEL.repository, COMMIT)
    assert record["sha256"]["tokenizer.json"] == sha256(FILES["tokenizer.json"])
    assert steps[0] == ("config.json", 0, len(FILES["config.json"]))
    assert ("model.bin", len(WEIGHTS), len(WEIGHTS)) in steps
    assert not any("README" in asked for asked in hub.asked)
    assert verify(path) == []
    assert resolve("pocket.en", tmp_path).path == path


def test_a_pull_that_breaks_off_leaves_nothing_that_resolves_and_can_be_run_again(tmp_path, hub, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)  # the library's waits between its own attempts
    hub.breaks_off_after = 1_000
    with pytest.raises(ModelNotFound, match="run the same command again"):
        fetch(MODEL, tmp_path, None, hub.endpoint)
    assert installed(tmp_path) == []

    hub.breaks_off_after = None
    assert verify(fetch(MODEL, tmp_path, None, hub.endpoint)) == []
    assert [model.name for model in installed(tmp_path)] == ["pocket.en"]


@pytest.mark.parametrize("name", ["model.bin", "tokenizer.json"])
def test_a_file_that_is_not_what_the_hub_lists_is_deleted(tmp_path, hub, name):
    hub.files[name] = bytes(len(FILES[name]))

    with pytest.raises(ModelUnusable, match=rf"{re.escape(name)} .*checksum"):
        fetch(MODEL, tmp_path, None, hub.endpoint)
    assert list(tmp_path.iterdir()) == []


def test_weights_other_than_the_pinned_ones_are_refused_even_if_the_hub_lists_them(tmp_path, hub):
    hub.files["model.bin"] = hub.listed["model.bin"] = bytes(len(WEIGHTS))

    with pytest.raises(ModelUnusable, match=r"model\.bin"):
        fetch(MODEL, tmp_path, None, hub.endpoint)
    assert installed(tmp_path) == []


def test_a_repository_without_a_tokenizer_is_refused(tmp_path, hub):
    del hub.listed["tokenizer.json"]

    with pytest.raises(ModelUnusable, match="does not hold all of them"):
        fetch(MODEL, tmp_path, None, hub.endpoint)
    assert installed(tmp_path) == []


def test_a_hub_that_does_not_know_the_model_is_told_without_a_library_error(tmp_path, hub):
    unknown = CatalogueModel("x", "someone/else", COMMIT, "", 0, "MIT", "")

    with pytest.raises(ModelNotFound, match="the hub did not give it"):
        fetch(unknown, tmp_path, None, hub.endpoint)


def test_verify_finds_a_changed_and_a_missing_file(tmp_path, hub):
    path = fetch(MODEL, tmp_path, None, hub.endpoint)
    (path / "vocabulary.txt").write_bytes(b"a\nc\n")
    assert [problem.split()[0] for problem in verify(path)] == ["vocabulary.txt"]
    (path / "vocabulary.txt").unlink()
    assert [problem.split()[0] for problem in verify(path)] == ["vocabulary.txt"]
    (path / "model.bin").unlink()
    assert "lacks" in verify(path)[0]


def test_verify_says_of_a_folder_copied_by_hand_that_there_is_no_record(tmp_path):
    assert "was not pulled" in verify(folder(tmp_path / "mine"))[0]
    (tmp_path / "mine" / RECORD).write_text("{")
    assert "unreadable" in verify(tmp_path / "mine")[0]


def test_a_forged_record_does_not_hide_that_the_weights_are_not_the_pinned_ones(tmp_path):
    base = catalogued("base.en")
    assert base is not None
    path = folder(tmp_path / "base.en")
    digests = {name: sha256(b"x") for name in ("model.bin", "config.json", "tokenizer.json")}
    record = {"name": "base.en", "repository": base.repository, "revision": base.revision, "sha256": digests}
    (path / RECORD).write_text(json.dumps(record))

    assert [problem.split()[0] for problem in verify(path)] == ["model.bin"]


def test_a_speaker_embedder_is_pulled_with_its_description_and_nothing_else(tmp_path, hub):
    hub.files["voices.onnx"] = hub.listed["voices.onnx"] = WEIGHTS

    path = fetch(EMBEDDER, tmp_path, None, hub.endpoint)

    assert sorted(entry.name for entry in path.iterdir()) == ["embedder.json", RECORD, "voices.onnx"]
    assert (path / "embedder.json").read_text() == EMBEDDER.described
    assert (verify(path), embedders(tmp_path), installed(tmp_path)) == ([], ["pocket-voices"], [])
    assert embedder_folder("pocket-voices", tmp_path) == path
    assert embedder_folder(str(path), tmp_path / "elsewhere") == path
    (path / "embedder.json").write_text("{}")
    assert [problem.split()[0] for problem in verify(path)] == ["embedder.json"]


def test_an_embedder_of_other_weights_than_the_pinned_ones_is_refused(tmp_path, hub):
    hub.files["voices.onnx"] = hub.listed["voices.onnx"] = bytes(len(WEIGHTS))

    with pytest.raises(ModelUnusable, match=r"voices\.onnx of pocket-voices .*checksum"):
        fetch(EMBEDDER, tmp_path, None, hub.endpoint)
    assert list(tmp_path.iterdir()) == []


def test_an_embedder_that_is_nowhere_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(ModelNotFound, match=r"scribe models pull wespeaker-resnet34-lm"):
        embedder_folder("someone-elses", tmp_path)
