"""Sends webhook messages: what waits in `deliveries` goes to its endpoint, again and again until it is taken.

At least once: a message that was taken while the server died comes again, under the same `webhook-id`. One endpoint
that is slow keeps no other waiting. Redirects are not followed and answers are not read.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from importlib.metadata import version

import httpx

from scribe.deliveries import Deliveries, Waiting
from scribe.errors import StoreFailed
from scribe.metrics import Metrics
from scribe.threads import to_the_end
from scribe.webhook import RETRIES, Endpoint, body_of, signed_headers, wait_after

log = logging.getLogger("scribe.webhooks")

TIMEOUT_SECONDS = 15.0
"""For one attempt, as the standard proposes (15 to 30)."""
LOOK_SECONDS = 60.0
"""How long the waiting for the next message lasts at most before the clock is read again."""
STORE_SECONDS = 5.0
GONE = 410
"""The receiver wants no more of this: the message is given up at once."""


class Deliverer:
    """Delivers for one server, in its event loop, until cancelled."""

    def __init__(
        self,
        deliveries: Deliveries,
        endpoints: Sequence[Endpoint],
        clock: Callable[[], datetime],
        *,
        retries: Sequence[timedelta] = RETRIES,
        luck: Callable[[], float] = random.random,
        metrics: Metrics | None = None,
    ) -> None:
        self._deliveries = deliveries
        self._endpoints = endpoints
        self._clock = clock
        self._retries = retries
        self._luck = luck
        self._metrics = metrics or Metrics()
        self._wakes = [asyncio.Event() for _ in endpoints]

    async def run(self) -> None:
        """Deliver what waits and what comes."""
        loop = asyncio.get_running_loop()

        def wake_all() -> None:
            for wake in self._wakes:
                loop.call_soon_threadsafe(wake.set)

        # What the environment says of proxies is not followed: nobody else learns which sessions there are.
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as http:
            with self._deliveries.told(wake_all):
                async with asyncio.TaskGroup() as group:
                    for endpoint, wake in zip(self._endpoints, self._wakes, strict=True):
                        group.create_task(self._serve(http, endpoint, wake))

    async def _serve(self, http: httpx.AsyncClient, endpoint: Endpoint, wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            try:
                due = await to_the_end(self._deliveries.due, endpoint.name, self._clock())
                if isinstance(due, Waiting):
                    await self._attempt(http, endpoint, due)
                    await to_the_end(self._deliveries.forget, self._clock())
                    continue
            except StoreFailed as error:
                log.error("webhook messages for %s wait for the store: %s", endpoint.name, error.detail)
                await _until(wake, STORE_SECONDS)
                continue
            left = LOOK_SECONDS if due is None else (due - self._clock()).total_seconds()
            await _until(wake, min(left, LOOK_SECONDS))

    async def _attempt(self, http: httpx.AsyncClient, endpoint: Endpoint, message: Waiting) -> None:
        status, error = await self._sent(http, endpoint, message)
        now = self._clock()
        if status is not None and not error:
            self._metrics.delivery("taken")
            await to_the_end(self._deliveries.succeeded, message.id, now, status)
            return
        wait = None if status == GONE else wait_after(message.attempts + 1, self._retries, self._luck())
        again = None if wait is None else now + wait
        self._metrics.delivery("given_up" if again is None else "to_be_tried_again")
        log.warning(
            "the webhook message %s to %s was not taken (%s), attempt %d; %s",
            *(message.id, endpoint.name, status or error, message.attempts + 1),
            "it is given up" if again is None else f"again at {again:%Y-%m-%d %H:%M:%S} UTC",
        )
        await to_the_end(self._deliveries.failed, message.id, now, status, error, again)

    async def _sent(
        self, http: httpx.AsyncClient, endpoint: Endpoint, message: Waiting
    ) -> tuple[int | None, str]:
        """The status of the answer, if one came, and why it does not count as taken; "" where it does."""
        body = body_of(message.event, message.session_id, message.occurred_at)
        headers = {
            "content-type": "application/json",
            "user-agent": f"ambient-scribe/{version('ambient-scribe')}",
            **signed_headers(endpoint.keys, message.id, int(self._clock().timestamp()), body),
        }
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                http.stream(
                    "POST", endpoint.url, content=body, headers=headers, follow_redirects=False
                ) as answer,
            ):
                status = answer.status_code
        except (TimeoutError, httpx.TimeoutException):
            return None, "timeout"
        except httpx.TransportError as failed:
            return None, "tls" if _is_tls(failed) else "connection"
        if answer.is_success:
            return status, ""
        return status, "redirect" if answer.is_redirect else "status"


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


async def _until(wake: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(seconds, 0)):
            await wake.wait()
    except TimeoutError:
        pass
