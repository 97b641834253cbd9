"""The REST call that tells which webhook messages went, wait or were given up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from scribe.access import Right, require
from scribe.calls import On, Who
from scribe.wire import WebhookDelivery

router = APIRouter(prefix="/v1")


@router.get("/webhooks/deliveries")
def read_deliveries(
    who: Who, on: On, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[WebhookDelivery]:
    """The newest messages first; of their endpoints the names alone."""
    require(who, Right.AUDIT)
    on.audit.record(who.actor, "webhook deliveries read")
    return list(on.deliveries.log(limit))
