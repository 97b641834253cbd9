"""Every setting of the server, read once and passed down.

Each is an environment variable `SCRIBE_<NAME>`, an option of `scribe serve` of the same name, or a file `scribe_<name>`
in the folder that CREDENTIALS_DIRECTORY names, as systemd's LoadCredential= and containers' secrets are given.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from scribe.errors import CannotStart
from scribe.wire import Term


def default_data_dir() -> Path:
    """The folder of the user's own data that the platform names (XDG Base Directory; Apple; Windows)."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "ambient-scribe"
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "ambient-scribe"
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "ambient-scribe"


class Settings(BaseSettings):
    """All settings; documented in docs/settings.md, which a test holds against this class."""

    model_config = SettingsConfigDict(env_prefix="SCRIBE_", extra="forbid", frozen=True)

    host: str = Field(
        "127.0.0.1",
        description="Address to listen on; one that other machines reach needs SCRIBE_ACCESS=organisation and TLS or "
        "SCRIBE_TRUSTED_PROXY.",
    )
    port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        8080, description="Port to listen on; 0 picks a free one and prints it."
    )
    tls_cert: Path | None = Field(
        None, description="Certificate for TLS, PEM, followed by those of its issuers; needs SCRIBE_TLS_KEY."
    )
    tls_key: Path | None = Field(
        None,
        description="Private key of that certificate, PEM without a password, readable by its owner alone.",
    )
    tls_client_ca: Path | None = Field(
        None,
        description="Certificates, PEM, one of which must have signed a caller's own; unset asks for none.",
    )
    trusted_proxy: str = Field(
        "",
        description="IP addresses, with commas between them, of proxies with TLS whose word on who calls is taken; "
        "they must say X-Forwarded-Proto: https.",
    )
    allowed_hosts: str = Field(
        "",
        description="Names, with commas between them, under which callers know this server beside its own address; "
        "a call to another name is refused (421).",
    )
    sign_in_failures_per_minute: Annotated[int, Field(ge=1, le=10_000)] = Field(
        10, description="Failed sign-ins from one address after which it must wait (429)."
    )
    calls_per_second: Annotated[float, Field(gt=0, le=1_000_000)] = Field(
        50.0, description="REST calls of one caller, over ten seconds; more are refused (429)."
    )
    streams_per_second: Annotated[float, Field(gt=0, le=1_000_000)] = Field(
        20.0, description="Streams opened from one address, over ten seconds; more are refused (429)."
    )
    max_connections: Annotated[int, Field(ge=1, le=100_000)] = Field(
        500, description="Connections at once, streams among them; one more is refused (503)."
    )
    body_seconds: Annotated[float, Field(gt=0)] = Field(
        30.0,
        description="Seconds within which a request's body must have come; recordings are not bound by it.",
    )
    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = Field(
        None,
        description="Token that opens `/metrics` and nothing else, for Prometheus, at least 16 characters; without it "
        "the local person and administrators read it.",
    )
    otlp_endpoint: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = Field(
        "",
        description="URL that OpenTelemetry traces are sent to, OTLP over HTTP with its path (`…:4318/v1/traces`): "
        "ids, figures and times, no words; empty sends none. Needs the extra `telemetry`.",
    )
    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Folder for the encrypted store, the keys and the token.",
    )
    database_url: str = Field(
        "", description="SQLAlchemy URL of the store; empty is SQLite in the data folder. May be PostgreSQL."
    )
    token: SecretStr | None = Field(
        None, description="Access token; made at the first start and kept in the data folder if not given."
    )
    key: SecretStr | None = Field(
        None, description="Key-encryption key, 32 bytes in base64; made at the first start if not given."
    )
    new_key: SecretStr | None = Field(
        None, description="The key to rotate to where SCRIBE_KEY holds the present one; unset it afterwards."
    )
    key_provider: Literal["auto", "file", "environment", "keyring"] = Field(
        "auto",
        description="What keeps the key-encryption key: `file` in the data folder, `environment` (SCRIBE_KEY) or the "
        "operating system's `keyring` (an extra); `auto` is the environment where SCRIBE_KEY is set, the keyring "
        "where it was used before, else the file.",
    )
    retention_transcript_days: Annotated[float, Field(gt=0, le=36_500)] = Field(
        7.0,
        description="Days after signing until a session's transcript is destroyed; a part of a day is 0.5.",
    )
    retention_note_days: Annotated[float, Field(ge=0, le=36_500)] = Field(
        0.0,
        description="Days after signing until a note, and with it the whole session, is destroyed; 0 keeps it.",
    )
    retention_unsigned_days: Annotated[float, Field(ge=0, le=36_500)] = Field(
        0.0, description="Days after its end until a session that was never signed is destroyed; 0 keeps it."
    )
    access: Literal["local", "organisation"] = Field(
        "local",
        description="Who gets in: `local` is one person with this machine's token, `organisation` is clinicians "
        "signed in by an OpenID Connect provider and platforms with API keys.",
    )
    oidc_issuer: str = Field(
        "",
        description="Issuer of the organisation's OpenID Connect provider, as its discovery document names it.",
    )
    oidc_client_id: str = Field("", description="What the provider calls this server.")
    oidc_client_secret: SecretStr | None = Field(
        None,
        description="The client's secret, where the provider gave one; without it PKCE alone stands for it.",
    )
    oidc_scopes: str = Field(
        "openid", description="Scopes to ask the provider for, with `openid` among them."
    )
    oidc_role_claim: str = Field(
        "roles",
        description="Claim of the ID token that holds the roles; dots lead into it, as in `realm_access.roles`.",
    )
    oidc_roles: dict[str, Literal["clinician", "supervisor", "administrator"]] = Field(
        {},
        description="JSON object from values of that claim to `clinician`, `supervisor`, `administrator`; empty "
        "takes these names as they are.",
    )
    sign_in_idle_minutes: Annotated[float, Field(gt=0, le=720)] = Field(
        30.0, description="Minutes without a call after which a sign-in ends, in organisation mode."
    )
    asr: Literal["auto", "whisper", "pocketsphinx"] = Field(
        "auto",
        description="Recogniser: `auto` takes Whisper and falls back, with a warning, to pocketsphinx.",
    )
    model: str | None = Field(None, description="Whisper model: a catalogue name or a folder.")
    models_dir: Path = Field(
        default_factory=lambda: default_data_dir() / "models", description="Folder that holds model folders."
    )
    embedder: str | None = Field(
        None,
        description="Speaker embedder that tells voices apart: a catalogue name or a model folder; unset is the small "
        "one in the package.",
    )
    download: bool = Field(
        False, description="Whether a model that is not here may be downloaded from the hub at start."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where Whisper and a `transformers` model run."
    )
    compute_type: str = Field("auto", description="CTranslate2 compute type; `auto` is int8 on a CPU.")
    threads: Annotated[int, Field(ge=0, le=256)] = Field(
        0, description="Threads that one recognition uses; 0 is what suits the size of the model."
    )
    prompt_vocabulary: bool = Field(
        False,
        description="Whether Whisper is given the session's vocabulary as a prompt. Small models do worse with it; "
        "measure yours with scripts/bench_vocabulary.py.",
    )
    max_streams: Annotated[int, Field(ge=0, le=10_000)] = Field(
        0,
        description="Live streams at once, one more is refused with close code 1013; 0 is what is measured at "
        "start. More are also refused while final words come late.",
    )
    streams_per_account: Annotated[int, Field(ge=0, le=10_000)] = Field(
        0,
        description="Live streams at once of the sessions that one account began, a platform's with all its keys; one "
        "more is refused with close code 1013; 0 sets no limit.",
    )
    ring_seconds: Annotated[float, Field(ge=40, le=600)] = Field(
        60.0, description="Seconds of audio that may wait in memory for their words, per stream."
    )
    idle_seconds: Annotated[float, Field(gt=0)] = Field(
        60.0, description="Seconds without a frame, on the record, after which a stream is closed (4408)."
    )
    linger_seconds: Annotated[float, Field(ge=0)] = Field(
        60.0, description="Seconds that a cut stream's un-committed audio stays in memory for a reconnect."
    )
    store_seconds: Annotated[float, Field(ge=0)] = Field(
        300.0,
        description="Seconds that a stream waits for a store that fails (a full disk, a lock) before it is closed "
        "(1011).",
    )
    recognizer_seconds: Annotated[float, Field(gt=0)] = Field(
        60.0,
        description="Seconds that one recognition may take beyond twenty times the length of its audio; then it "
        "counts as stuck.",
    )
    drain_seconds: Annotated[float, Field(ge=0)] = Field(
        15.0,
        description="Seconds that drafts and ends of sessions still have when the server is told to end; the session "
        "of a draft that was not done then can be drafted afterwards.",
    )
    start_seconds: Annotated[float, Field(gt=0)] = Field(
        10.0,
        description="Seconds within which a request's headers must come, and `start` after a stream is connected.",
    )
    send_seconds: Annotated[float, Field(gt=0)] = Field(
        10.0, description="Seconds that a client may take to accept one message before it is cut."
    )
    stream_token_minutes: Annotated[float, Field(gt=0)] = Field(
        240.0, description="Minutes that a stream token is good for."
    )
    templates_dir: Path | None = Field(
        None, description="Folder of your own note templates; `templates` in the data folder if not given."
    )
    consent_rules: Path | None = Field(
        None,
        description="TOML file of your own of what jurisdictions ask of consent; its entries replace those that ship.",
    )
    consent_known_statements: bool = Field(
        False,
        description="Whether a consent is refused whose `statement_version` this server does not keep.",
    )
    note_engine: Literal["extractive", "transformers", "openai"] = Field(
        "extractive",
        description="What writes notes: `extractive` is rules and needs no model, `transformers` a model in a "
        "folder, `openai` a local OpenAI-compatible server.",
    )
    note_model: str = Field(
        "",
        description="The note's model: a Hugging Face folder for `transformers`, the server's name for `openai`.",
    )
    note_url: str = Field(
        "http://127.0.0.1:11434/v1",
        description="Address of the server for `openai`; the default is Ollama's.",
    )
    note_api_key: SecretStr | None = Field(None, description="Key for that server, where it asks for one.")
    note_allow_remote: bool = Field(
        False,
        description="Whether that server may be another machine, by https; clinical words leave this one then.",
    )
    note_context_tokens: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        0,
        description="Tokens that the note's model reads and writes at once; 0 is what a folder's model takes, at "
        "most 16384, and 4096 for a server.",
    )
    note_timeout_seconds: Annotated[float, Field(gt=0)] = Field(
        300.0, description="Seconds that the server may take for one reply; a section is one reply or a few."
    )
    note_client_term: Term | None = Field(
        None,
        description="What a note calls the client: Client, Patient, a name; unset, as its template has it.",
    )
    note_clinician_term: Term = Field(
        "Clinician", description="What a note calls the clinician in the third person."
    )
    note_person: Literal["third", "first"] = Field(
        "third", description="Whether a note says `Clinician used` or `I used`."
    )
    note_tense: Literal["present", "past"] = Field(
        "present", description="Whether a note says `Client reports` or `Client reported`."
    )
    note_detail: Literal["brief", "standard", "detailed"] = Field(
        "standard", description="How much a note tells."
    )
    note_layout: Literal["bullets", "sentences"] = Field(
        "bullets", description="How a section is set: one statement a line, or as running text."
    )
    webhooks: Path | None = Field(
        None,
        description="TOML file of the endpoints that are told when a session ended, a note was drafted or signed and "
        "a consent revoked; readable by its owner alone (docs/webhooks.md).",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged.")
    log_format: Literal["text", "json"] = Field(
        "text", description="Lines for persons, or one JSON object a line for programs (docs/operations.md)."
    )


def read_settings(**options: object) -> Settings:
    """Settings from options (None is not given) over the environment over files of secrets.

    Raises CannotStart with the first fault.
    """
    given = {name: value for name, value in options.items() if value is not None}
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    secrets = folder if folder and Path(folder).is_dir() else None
    try:
        # pydantic checks what comes from outside.
        return Settings(_secrets_dir=secrets, **given)  # type: ignore[arg-type, call-arg]
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        name = "_".join(str(part) for part in fault["loc"])
        raise CannotStart(f"The setting SCRIBE_{name.upper()} does not hold: {fault['msg']}.") from None
