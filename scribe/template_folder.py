"""Templates of the owner's own, beside those that ship: a folder of TOML files in, templates by name out.

Files and not the encrypted store: a template holds nothing about anybody, and a clinician may want to edit it,
copy it or put it under version control. `<name>.toml` is the template as it stands; `versions/<name>.<n>.toml`
keeps every version that was put or drafted with, so that a note can be redrafted as it was whatever became of
its template. Stateless: the folder is read at each call, and whatever is written appears whole or not at all.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from scribe.errors import BadRequest, NotFound, StoreFailed, WrongState
from summarizer.errors import SummarizerError, UnknownTemplate, UnreadableTemplate
from summarizer.templates import (
    Template,
    earlier_template,
    load_template,
    parse_template,
    read_template,
    template_key,
    template_names,
    template_of,
    template_toml,
)

_VERSIONS = "versions"
_KEPT = re.compile(r"(?P<name>[a-z][a-z0-9_]*)\.(?P<version>[1-9]\d{0,9})\.toml")


class TemplateFolder:
    """The templates of one server or one command; the folder need not exist before something is put in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def own_names(self) -> tuple[str, ...]:
        """Names of the files that hold a template of the owner's own, in alphabetical order."""
        try:
            found = [path.name.removesuffix(".toml") for path in self._folder.glob("*.toml")]
        except OSError:
            return ()
        return tuple(sorted(name for name in found if name not in template_names()))

    def templates(self) -> tuple[Template, ...]:
        """Those that ship, then the owner's own; files that hold none are left out (see `faults`)."""
        own = []
        for name in self.own_names():
            try:
                own.append(self.current(name))
            except SummarizerError:
                continue
        return (*map(load_template, template_names()), *own)

    def faults(self) -> tuple[str, ...]:
        """One sentence for each file of the folder that cannot be used."""
        told = []
        for path in sorted(self._folder.glob("*.toml")):
            if path.name.removesuffix(".toml") in template_names():
                told.append(f"{path.name} has the name of a template that ships and is not used; rename it.")
                continue
            try:
                self.current(path.name.removesuffix(".toml"))
            except SummarizerError as error:
                told.append(f"{str(error).rstrip('.')}.")
        return tuple(told)

    def current(self, name: str) -> Template:
        """The template of that name as it stands now.

        A file that was edited by hand without raising its version gets the next one. Raises `UnknownTemplate`
        with the names there are, `UnreadableTemplate` where the file holds no template.
        """
        key = template_key(name)
        if key in template_names():
            return load_template(key)
        path = self._folder / f"{key}.toml"
        if not key or not path.is_file():
            raise UnknownTemplate(
                f"no template is named {name[:64]!r}; there are {', '.join((*template_names(), *self.own_names()))}"
            )
        template = read_template(path)
        if template.name != key:
            raise UnreadableTemplate(
                f"{path.name}: name must be {key!r}, as the file's is, not {template.name!r}"
            )
        return self._numbered(template)

    def version(self, name: str, version: int) -> Template:
        """One version of a template, deleted and replaced ones too. Raises as `current` does."""
        key = template_key(name)
        if key in template_names():
            return earlier_template(key, version)
        kept = self._folder / _VERSIONS / f"{key}.{version}.toml"
        if key and kept.is_file():
            return read_template(kept)
        template = self.current(name)
        if template.version != version:
            raise UnknownTemplate(
                f"version {version} of the template {key} is not kept; it now has version {template.version}"
            )
        return template

    def keep(self, template: Template) -> None:
        """Keep this version for as long as notes may be redrafted with it. Raises StoreFailed.

        Those that ship are kept by the software itself.
        """
        if template.name in template_names() or self._kept_path(template).is_file():
            return
        with suppress(FileExistsError):
            self._write(self._kept_path(template), template, exclusive=True)

    def put(self, name: str, given: dict[str, Any] | str) -> Template:
        """Add a template of the owner's own or replace it; the version is the next one, whatever is given.

        `given` is a table or TOML text. Raises BadRequest with the fault, WrongState for a name that ships,
        StoreFailed where the folder cannot be written.
        """
        key = template_key(name)
        if key in template_names():
            raise WrongState(
                f"The template {key} ships with the software and is not replaced; choose another name."
            )
        if not key:
            raise BadRequest(
                "Expected a template name of up to 40 small letters, digits and _, beginning with a letter."
            )
        try:
            if isinstance(given, str):
                # Only its form is looked at here; the version it gives, if any, does not count.
                template = parse_template(_with_head(given, key), source=key)
            else:
                template = template_of({"name": key, **given, "version": 1}, source=key)
        except SummarizerError as error:
            raise BadRequest(f"{str(error).rstrip('.')}.") from None
        if template.name != key:
            raise BadRequest(
                f"The template is put as {key!r} but names itself {template.name!r}; leave its name out."
            )
        with self._alone():
            while True:
                template = replace(template, version=max(self._versions(key), default=0) + 1)
                try:
                    self._write(self._kept_path(template), template, exclusive=True)
                except FileExistsError:
                    continue  # a draft kept that number just now
                self._write(self._folder / f"{key}.toml", template)
                return template

    def delete(self, name: str) -> None:
        """Remove a template of the owner's own; its versions stay for the notes that were drafted with them."""
        key = template_key(name)
        if key in template_names():
            raise WrongState(f"The template {key} ships with the software and is not deleted.")
        try:
            if not key:
                raise FileNotFoundError
            current = self.current(key)
            self.keep(current)
        except UnreadableTemplate:
            pass  # what nothing can be drafted with needs no copy
        except (UnknownTemplate, FileNotFoundError):
            raise NotFound(
                f"There is no template {key or 'of that name'} of your own; GET /v1/templates lists them."
            ) from None
        try:
            (self._folder / f"{key}.toml").unlink(missing_ok=True)
        except OSError as error:
            raise self._failed(error) from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Of two that put at once the later number is the one that stands, in this process or another."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise self._failed(error) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _numbered(self, template: Template) -> Template:
        """The template with the version that tells it from all kept ones that differ from it."""
        kept = self._versions(template.name)
        if not kept or template.version > kept[-1]:
            return template
        for version in (template.version, kept[-1]):
            numbered = replace(template, version=version)
            if version in kept and self._is_kept(numbered):
                return numbered
        return replace(template, version=kept[-1] + 1)

    def _is_kept(self, template: Template) -> bool:
        try:
            return read_template(self._kept_path(template)) == template
        except UnreadableTemplate:
            return False

    def _versions(self, key: str) -> tuple[int, ...]:
        found = [_KEPT.fullmatch(path.name) for path in (self._folder / _VERSIONS).glob(f"{key}.*.toml")]
        return tuple(sorted(int(match["version"]) for match in found if match and match["name"] == key))

    def _kept_path(self, template: Template) -> Path:
        return self._folder / _VERSIONS / f"{template.name}.{template.version}.toml"

    def _write(self, path: Path, template: Template, *, exclusive: bool = False) -> None:
        """The file whole or not at all; `exclusive` raises FileExistsError where there is one already."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            try:
                with partial.open("x", encoding="utf-8") as file:
                    file.write(template_toml(template))
                    file.flush()
                    os.fsync(file.fileno())
                if exclusive:
                    os.link(partial, path)
                else:
                    partial.replace(path)
            finally:
                partial.unlink(missing_ok=True)
        except FileExistsError:
            if exclusive and path.is_file():
                raise
            raise self._failed(None) from None
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError | None) -> StoreFailed:
        why = f" ({os.strerror(error.errno)})" if error and error.errno else ""
        return StoreFailed(
            f"The folder of templates cannot be written{why}; mend it, or choose another with SCRIBE_TEMPLATES_DIR."
        )


def _with_head(text: str, key: str) -> str:
    """TOML text with the name and a version, where it says none itself."""
    top = text.split("[[", 1)[0]
    lines = [] if re.search(r"^\s*name\s*=", top, re.M) else [f'name = "{key}"']
    lines += [] if re.search(r"^\s*version\s*=", top, re.M) else ["version = 1"]
    return "\n".join([*lines, text])
