"""The server put together: settings in, an ASGI application and a listening socket out."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from scribe import (
    api,
    checklist,
    consents,
    drafts,
    facts,
    intake,
    me,
    notes,
    oidc,
    page,
    participants,
    probes,
    process_notes,
    records,
    templates,
    transcripts,
    upload,
    webhooks,
    websocket,
)
from scribe.accounts import Accounts
from scribe.admission import Admission, problem
from scribe.attempts import Attempts
from scribe.audit import Audit
from scribe.auth import Auth, load_token
from scribe.config import Settings
from scribe.contract import show_contract
from scribe.database import Database
from scribe.deliveries import Deliveries
from scribe.delivering import Deliverer
from scribe.engines import Engines, load_engines
from scribe.errors import BadRequest, CannotStart, DraftFailed, ScribeError, StoreFailed
from scribe.hardening import harden, overwrite_freed_memory
from scribe.identity import Identity
from scribe.jurisdictions import load_rules
from scribe.keys import load_keys
from scribe.listening import guarded, listen, require_safe_address, tls_context, url_of, uvicorn_server
from scribe.live import Live
from scribe.local import ANNOUNCEMENT, LOCK, publish
from scribe.logs import log_lost_errors
from scribe.measured import Measured
from scribe.metrics import Metrics
from scribe.openapi import describe
from scribe.process_note import ProcessNotes
from scribe.provider import Provider
from scribe.purge import Purge, call_off, purge_hourly, retention_of
from scribe.server import Server
from scribe.sign_ins import SignIns
from scribe.statements import Statements
from scribe.store import Store
from scribe.surroundings import Surroundings
from scribe.throttle import CallLimit
from scribe.tombstones import tombstone_file
from scribe.traces import Traces
from scribe.vault import Vault
from scribe.webhook import load_endpoints
from scribe.wire import Problem
from scribe.witness import Strangers, Witness, settle
from summarizer.errors import EngineFailed

log = logging.getLogger("scribe")


def utc_now() -> datetime:
    """The server's clock."""
    return datetime.now(UTC)


def build_app(settings: Settings, engines: Engines, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The application of one server; raises CannotStart where the data folder or the store cannot be used."""
    folder = open_data_dir(settings.data_dir)
    keys = load_keys(settings, folder)
    token = load_token(settings.token.get_secret_value() if settings.token else None, folder)
    database = open_database(settings, folder)
    rules = load_rules(settings.consent_rules)
    endpoints = load_endpoints(settings.webhooks)
    deliveries = Deliveries(database, endpoints)
    store = Store(database, keys, tombstone_file(folder), deliveries.keep_step)
    statements = Statements(database)
    try:
        database.hold()
        store.migrate()
        root = Vault(database, keys).open()
        statements.keep_shipped(clock())
        interrupted = store.recover()
    except StoreFailed as error:
        raise CannotStart(error.detail) from None
    if interrupted:
        log.info("%d sessions were cut off when the server last ended; they can be resumed", interrupted)
    audit = Audit(database, clock, store.signing_key)
    strangers = Strangers()
    auth = Auth(token, root, timedelta(minutes=settings.stream_token_minutes))
    organised = settings.access == "organisation"
    idle = timedelta(minutes=settings.sign_in_idle_minutes) if organised else None
    identity = Identity(settings.access, auth, Accounts(database, root), SignIns(database, idle), clock)
    provider = Provider(settings) if organised and settings.oidc_issuer else None
    metrics, traces = Metrics(), Traces(settings.otlp_endpoint)
    live = Live(Surroundings(settings, engines, store, clock, rules, audit, metrics, traces))
    notes_apart = ProcessNotes(database, keys)
    server = Server(
        *(settings, engines, store, audit, identity, provider, Attempts(), live, clock),
        *(notes_apart, rules, statements, deliveries, metrics, traces),
    )
    purge = Purge(store, audit, retention_of(settings), clock)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        purging = asyncio.create_task(purge_hourly(purge))
        delivering = asyncio.create_task(Deliverer(deliveries, endpoints, clock, metrics=metrics).run())
        yield
        await call_off(purging)
        await server.drain()
        await server.finish_kept()
        await call_off(delivering)
        await settle(audit, strangers)
        await engines.recognition.close()
        await asyncio.to_thread(traces.close)
        database.close()

    app = FastAPI(
        title="Ambient scribe",
        version=version("ambient-scribe"),
        summary="From a consented session's sound to a signed note.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    app.state.server = server
    for part in (
        api,
        consents,
        participants,
        transcripts,
        records,
        facts,
        notes,
        process_notes,
        templates,
        drafts,
        checklist,
        intake,
        upload,
        webhooks,
        websocket,
        page,
        me,
        oidc,
        probes,
    ):
        app.include_router(part.router)
    probes.tell_figures(server, database)
    _add_problems(app)
    describe(app)
    show_contract(app)

    # The last that is added stands first: who calls is known before calls are counted.
    app.add_middleware(CallLimit, calls_per_second=settings.calls_per_second)
    app.add_middleware(Admission, identity=identity, metrics_token=settings.metrics_token)
    app.add_middleware(Witness, audit=audit, strangers=strangers, problem=problem)
    return app


def open_data_dir(folder: Path) -> Path:
    """The data folder, made if need be; raises CannotStart where it cannot be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"The data folder {folder} cannot be written ({os.strerror(error.errno or 0)}); "
            "choose another with --data-dir, or mend its permissions."
        ) from None
    return folder


def open_database(settings: Settings, folder: Path) -> Database:
    """The database of the settings; SQLite in the data folder where none is named."""
    return Database(settings.database_url or f"sqlite:///{folder / 'scribe.db'}")


async def serve(settings: Settings, say: Callable[[str], None], announce: Callable[[str], None]) -> None:
    """Run the server until it is told to end (SIGINT, SIGTERM). Raises CannotStart where it cannot begin.

    `say` gets what a person should know; `announce` gets the line with the address, once connections are taken.
    """
    require_safe_address(settings)
    tls = tls_context(settings)
    asyncio.get_running_loop().set_exception_handler(log_lost_errors)
    for missing in harden():
        log.warning("this system keeps audio less close than it should: %s", missing)
    listener = listen(settings.host, settings.port)
    url = url_of(listener, secure=tls is not None)
    try:
        # The folder is ours before anything in it is touched: another server's sessions are not to be "recovered".
        with hold(open_data_dir(settings.data_dir)):
            engines = await asyncio.to_thread(load_engines, settings, say)
            if not overwrite_freed_memory():
                log.warning("this system does not overwrite memory that is freed: audio may linger there")
            app = build_app(settings, engines)
            # What is there by now stays: the sweeps after each stream (see `live`) need not look at it again.
            gc.collect()
            gc.freeze()
            server = uvicorn_server(
                Measured(guarded(app, settings, listener), app.state.server.metrics),
                tls,
                drain=app.state.server.drain,
                head_seconds=settings.start_seconds,
                max_connections=settings.max_connections,
                pong_seconds=settings.store_seconds + 60.0,
            )
            running = publish(settings, url)
            # uvicorn ends in good order on SIGINT and SIGTERM and then raises the signal again; that it came
            # is no failure.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: None)
            serving = asyncio.create_task(server.serve([listener]))
            try:
                listener.listen(128)
                announce(f"{ANNOUNCEMENT}{url}")
                await serving
            finally:
                running.unlink(missing_ok=True)
    finally:
        listener.close()


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keep a second server out of the data folder; raises CannotStart where one is there."""
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(
                f"Another server already uses the data folder {folder}; stop it, or choose another folder "
                "with --data-dir."
            ) from None
        yield


def _add_problems(app: FastAPI) -> None:
    @app.exception_handler(ScribeError)
    async def known(_request: Request, error: ScribeError) -> Response:
        return problem(error)

    @app.exception_handler(EngineFailed)
    async def not_drafted(_request: Request, error: EngineFailed) -> Response:
        return problem(DraftFailed(str(error)))

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        first: dict[str, Any] = next(iter(error.errors()), {})
        where = ".".join(str(part) for part in first.get("loc", ()))
        return problem(BadRequest(f"The request does not fit the contract; at {where}: {first.get('msg')}."))

    @app.exception_handler(HTTPException)
    async def plain(_request: Request, error: HTTPException) -> Response:
        body = Problem(
            title=str(error.detail), status=error.status_code, detail=str(error.detail), code="http_error"
        )
        return JSONResponse(
            body.model_dump(), error.status_code, error.headers, media_type="application/problem+json"
        )

    @app.exception_handler(Exception)
    async def unforeseen(_request: Request, _error: Exception) -> Response:
        # Answered here, inside the framework, which raises it again; `last_resort` logs it.
        return problem(ScribeError("The server failed on this call; nothing that was acknowledged is lost."))
