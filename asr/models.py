"""The name of a model in, a folder that holds it out; the package's only way to the network.

A model is looked for on this machine first, and each place is said aloud. A download happens only where the
caller allows it, from the Hugging Face hub, one repository and one commit at a time.

What the checksums are worth: for the models of the catalogue the commit and the SHA-256 of the weights are
pinned here, so that a changed or tampered download is refused. The small files beside the weights
(configuration, tokenizer) are checked against what the hub itself says of that commit, and every file's SHA-256
is written to `scribe-model.json` at the first pull: trust on first use. From then on `verify` compares with
that record. A folder that somebody put there by hand has no record, and `verify` says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from asr.catalogue import CATALOGUE, DESCRIPTION, EMBEDDERS, CatalogueModel, catalogued, pullable
from asr.errors import ModelNotFound, ModelUnusable

__all__ = [
    "CATALOGUE",
    "EMBEDDERS",
    "CatalogueModel",
    "ResolvedModel",
    "catalogued",
    "embedder_folder",
    "embedders",
    "fetch",
    "installed",
    "pull",
    "resolve",
    "usable",
    "verify",
]

RECORD = "scribe-model.json"
"""Where a pull writes repository, commit and the SHA-256 of every file."""

WANTED = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json")
"""Files of a repository that are fetched, and any `vocabulary.*`."""

NEEDED = ("model.bin", "config.json", "tokenizer.json")
"""Without tokenizer.json the library would fetch one from the network while it loads."""

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with a file's name, its bytes so far and in all."""

Say: TypeAlias = Callable[[str], None]
Source: TypeAlias = Literal["path", "models folder", "hugging face cache", "download"]


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A usable folder, the name it goes by, and where it was found."""

    name: str
    path: Path
    source: Source


def usable(path: Path) -> bool:
    """Whether a folder holds what a recogniser needs to load."""
    return all((path / name).is_file() for name in NEEDED)


def installed(models_dir: Path) -> list[ResolvedModel]:
    """The usable folders, in order of preference: the catalogue's order, then by name."""
    if not models_dir.is_dir():
        return []
    order = {model.name: index for index, model in enumerate(CATALOGUE)}
    folders = [path for path in models_dir.iterdir() if not path.name.startswith(".") and usable(path)]
    folders.sort(key=lambda path: (order.get(path.name, len(order)), path.name))
    return [ResolvedModel(path.name, path, "models folder") for path in folders]


def resolve(
    name: str | None,
    models_dir: Path,
    *,
    allow_download: bool = False,
    progress: Progress | None = None,
    say: Say = lambda _: None,
) -> ResolvedModel:
    """The model called `name` (or in the folder `name`), or the best there is where no name is given.

    Looked for in this order, each step said aloud: a path; `models_dir`; the Hugging Face cache; the hub.
    A path is what begins with a dot or a tilde or holds a slash. Without a name, any usable folder of
    `models_dir` comes before the cache. Raises ModelNotFound with the places searched, ModelUnusable where a
    path was given that holds no model or a download does not verify.
    """
    searched: list[str] = []
    if name is not None and _is_path(name):
        path = Path(name).expanduser()
        say(f"Whisper model: {path} was asked for.")
        if not path.is_dir():
            raise ModelNotFound(
                f"Expected the folder of a Whisper model at {path}, but there is none; "
                "check the path, or give a model's name."
            )
        if not usable(path):
            raise ModelUnusable(
                f"Expected {', '.join(NEEDED)} in {path}, but not all of them are there; "
                "give the folder of a CTranslate2 Whisper model."
            )
        return ResolvedModel(path.name, path, "path")
    for found in installed(models_dir):
        if name in (None, found.name):
            say(f"Whisper model: {found.name} in {models_dir}.")
            return found
    searched.append(str(models_dir))
    say(f"Whisper model: none{'' if name is None else f' called {name}'} in {models_dir}.")

    candidates = CATALOGUE if name is None else tuple(filter(None, (catalogued(name),)))
    cache = _cache_folder()
    for model in candidates:
        path = cache / f"models--{model.repository.replace('/', '--')}" / "snapshots" / model.revision
        if usable(path):
            say(f"Whisper model: {model.name} in the Hugging Face cache.")
            return ResolvedModel(model.name, path, "hugging face cache")
    if candidates:
        searched.append(str(cache))
        say(f"Whisper model: none in the Hugging Face cache {cache}.")

    if allow_download and candidates:
        model = candidates[0]
        say(f"Whisper model: downloading {model.name} ({model.bytes / 1e6:.0f} MB) from {model.repository}.")
        path = pull(model.name, models_dir, progress)
        return ResolvedModel(model.name, path, "download")
    wanted = "a Whisper model" if name is None else f"the Whisper model {name}"
    known = ", ".join(model.name for model in CATALOGUE)
    raise ModelNotFound(
        f"Expected {wanted} in {' or '.join(searched)}, but there is none; "
        f"run `scribe models pull {name if candidates and name else CATALOGUE[0].name}` or copy a CTranslate2 "
        f"model folder to {models_dir}. Known by name: {known}."
    )


def embedders(models_dir: Path) -> list[str]:
    """The names of the speaker embedders in the models folder."""
    return sorted(path.parent.name for path in models_dir.glob(f"[!.]*/{DESCRIPTION}"))


def embedder_folder(name: str, models_dir: Path) -> Path:
    """The folder of the speaker embedder called `name`, or in the folder `name`; never downloaded here.

    Raises ModelNotFound where there is none.
    """
    path = Path(name).expanduser() if _is_path(name) else models_dir / name
    if (path / DESCRIPTION).is_file():
        return path
    raise ModelNotFound(
        f"Expected a speaker embedder with its {DESCRIPTION} in {path}, but there is none; run "
        f"`scribe models pull {EMBEDDERS[0].name}`, copy a folder there, or leave SCRIBE_EMBEDDER out for the one in "
        "the package."
    )


def verify(path: Path) -> list[str]:
    """What is wrong with a model folder, one sentence each; an empty list means that every file is as recorded.

    Compares with the record of the pull and, for a model of the catalogue, with the pinned weights.
    """
    if not usable(path) and not (path / DESCRIPTION).is_file():
        return [f"{path.name} lacks one of {', '.join(NEEDED)}."]
    try:
        record = json.loads((path / RECORD).read_text(encoding="utf-8"))
        expected: dict[str, str] = dict(record["sha256"])
        name = str(record["name"])
    except FileNotFoundError:
        return [f"{path.name} has no {RECORD}: it was not pulled, so there is nothing to compare it with."]
    except (ValueError, KeyError, TypeError):
        return [f"{path.name} has an unreadable {RECORD}; pull the model again."]
    pinned = pullable(name)
    if pinned is not None and record.get("repository") == pinned.repository:
        expected[pinned.weights] = pinned.weights_sha256
    return [
        f"{file} of {path.name} is missing or differs from its recorded checksum; pull the model again."
        for file, digest in sorted(expected.items())
        if not (path / file).is_file() or _sha256(path / file) != digest
    ]


def pull(name: str, models_dir: Path, progress: Progress | None = None, endpoint: str | None = None) -> Path:
    """Download a model of the catalogue into `models_dir`/`name` and record its checksums; its folder.

    Files arrive in a hidden folder that nothing resolves and that a later pull takes up again; it gets its name
    only when every file is there and verified. `endpoint` is another hub (a mirror); the default is the
    library's, HF_ENDPOINT included. Raises ModelNotFound for a name not in the catalogue or a hub that cannot
    be reached, ModelUnusable where a checksum differs (the download is then deleted).
    """
    model = pullable(name)
    if model is None:
        raise ModelNotFound(
            f"Expected one of {', '.join(known.name for known in CATALOGUE + EMBEDDERS)}, but {name} was asked for; "
            "a model with another name is copied into the models folder by hand."
        )
    return fetch(model, models_dir, progress, endpoint)


def fetch(
    model: CatalogueModel, models_dir: Path, progress: Progress | None = None, endpoint: str | None = None
) -> Path:
    """As `pull`, for any repository and commit; an empty `weights_sha256` trusts the hub at the first pull."""
    staging = models_dir / f".{model.name}.pulling"
    staging.mkdir(parents=True, exist_ok=True)
    commit, digests = _download(
        model.repository,
        model.revision,
        staging,
        wanted=_wanted if not model.described else lambda file: file == model.weights,
        progress=progress,
        endpoint=endpoint,
    )
    if model.weights_sha256 and digests.get(model.weights) not in (None, model.weights_sha256):
        shutil.rmtree(staging)
        raise ModelUnusable(
            f"Expected {model.weights} of {model.name} to have the checksum pinned for it, but the download differs "
            "and was deleted; try again, or from another network."
        )
    if model.described:
        (staging / DESCRIPTION).write_text(model.described, encoding="utf-8")
        digests[DESCRIPTION] = _sha256(staging / DESCRIPTION)
    needed = (model.weights,) if model.described else NEEDED
    if not all((staging / file).is_file() for file in needed):
        raise ModelUnusable(
            f"Expected {', '.join(needed)} in {model.repository}, but the repository does not hold all of them; "
            "choose another model."
        )
    record = {
        "name": model.name,
        "repository": model.repository,
        "revision": commit,
        "licence": model.licence,
        "sha256": digests,
    }
    (staging / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    target = models_dir / model.name
    if target.exists():
        shutil.rmtree(target)
    staging.rename(target)
    return target


def _is_path(name: str) -> bool:
    return name.startswith((".", "~")) or "/" in name or os.sep in name


def _wanted(name: str) -> bool:
    return name in WANTED or (name.startswith("vocabulary.") and "/" not in name)


def _cache_folder() -> Path:
    """Where huggingface_hub keeps its files, by the environment variables that it documents."""
    if "HF_HUB_CACHE" in os.environ:
        return Path(os.environ["HF_HUB_CACHE"]).expanduser()
    home = os.environ.get("HF_HOME", "~/.cache/huggingface")
    return Path(home).expanduser() / "hub"


@dataclass(frozen=True, slots=True)
class _HubFile:
    """A file of a commit; the hub knows large files by SHA-256, small ones by git's own name for them."""

    name: str
    bytes: int
    sha256: str | None
    git_sha1: str | None

    def is_in(self, path: Path, digest: str) -> bool:
        """Whether a download with that SHA-256 is the file."""
        if self.sha256 is not None:
            return digest == self.sha256
        return self.git_sha1 is None or _git_blob_sha1(path) == self.git_sha1


def _download(
    repository: str,
    revision: str,
    folder: Path,
    *,
    wanted: Callable[[str], bool],
    progress: Progress | None = None,
    endpoint: str | None = None,
) -> tuple[str, dict[str, str]]:
    """Fetch the wanted files of a revision into `folder`; (the commit it is, SHA-256 of each file by name).

    What an earlier call left in `folder` is taken up again. Raises ModelNotFound where the hub cannot be
    reached or does not have it; ModelUnusable where a file is not what the hub says of the commit, after
    deleting the folder.
    """
    # Imported here: it costs half a second, and almost no start of the server downloads anything.
    from huggingface_hub import HfApi

    api = HfApi(endpoint=endpoint, token=False)
    digests: dict[str, str] = {}
    try:
        info = api.model_info(repository, revision=revision, files_metadata=True)
        commit = info.sha or revision
        files = [
            _HubFile(file.rfilename, file.size or 0, file.lfs.sha256 if file.lfs else None, file.blob_id)
            for file in info.siblings or ()
            if wanted(file.rfilename)
        ]
        for file in files:
            if progress is not None:
                progress(file.name, 0, file.bytes)
            bar = None if progress is None else _reporting(file, progress)
            path = Path(
                api.hf_hub_download(repository, file.name, revision=commit, local_dir=folder, tqdm_class=bar)
            )
            digests[file.name] = _sha256(path)
            if not file.is_in(path, digests[file.name]):
                shutil.rmtree(folder)
                raise ModelUnusable(
                    f"Expected {file.name} of {repository} to have the checksum that the hub lists, but the "
                    "download differs and was deleted; try again, or from another network."
                )
            if progress is not None:
                progress(file.name, file.bytes, file.bytes)
    except ModelUnusable:
        raise
    except Exception as error:  # the library's errors, and those of its transport, differ between versions
        raise ModelNotFound(
            f"Expected to download {repository}, but the hub did not give it ({type(error).__name__}); check the "
            "network and run the same command again, it goes on where it stopped."
        ) from error
    shutil.rmtree(folder / ".cache", ignore_errors=True)  # the library's notes on what it downloaded
    return commit, digests


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _git_blob_sha1(path: Path) -> str:
    """What git, and so the hub, calls a small file: SHA-1 over its length and bytes."""
    content = path.read_bytes()
    # No choice of hash here: it is git's.
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _reporting(file: _HubFile, progress: Progress) -> Any:
    """A progress bar as the library wants one, that draws nothing and says how far the file is."""
    from tqdm.auto import tqdm  # type: ignore[import-untyped]

    class Reporting(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs["disable"] = True
            super().__init__(*args, **kwargs)
            self._bytes = int(kwargs.get("initial") or 0)

        def update(self, n: float | None = 1) -> None:
            self._bytes += int(n or 0)
            progress(file.name, min(self._bytes, file.bytes), file.bytes)

    return Reporting
