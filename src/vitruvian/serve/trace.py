"""A trace id for each request, on every log line and in every error; headers that keep a page to this host."""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
from contextvars import ContextVar
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vitruvian.serve.every_route import template_of

_TRACE: ContextVar[str] = ContextVar("trace", default="")
_PARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_LOG = logging.getLogger("vitruvian.serve")
_POLICY = (
    "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)


def page_policy(form_action: str) -> str:
    """The policy of a page whose form may also lead to one other origin."""
    return _POLICY.replace("form-action 'self'", f"form-action 'self' {form_action}")


def trace_id() -> str:
    """The id of the request that is being answered."""
    return _TRACE.get()


class Traced:
    """Middleware: trace id in, headers out, one log line for each request without any query or body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        given = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
        match = _PARENT.fullmatch(given)
        token = _TRACE.set(match[1] if match else secrets.token_hex(16))
        started, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] += [one for one in _HEADERS if one[0] not in there]
                if b"x-trace-id" not in there:
                    message["headers"].append((b"x-trace-id", trace_id().encode()))
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            self._log(scope, status, time.perf_counter() - started)
            _TRACE.reset(token)

    @staticmethod
    def _log(scope: Scope, status: int, seconds: float) -> None:
        fields = {"method": scope.get("method", scope["type"]), "route": template_of(scope), "status": status}
        _LOG.info("request", extra={"fields": fields | {"ms": round(1000 * seconds, 1)}})


class JsonLines(logging.Formatter):
    """Log records as lines of JSON with the trace id."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": moment, "level": record.levelname.lower(), "logger": record.name, "trace": trace_id()}
        line |= {"message": record.getMessage(), **getattr(record, "fields", {})}
        if record.exc_info:
            line["error"] = record.exc_info[0].__name__ if record.exc_info[0] else ""
            line["where"] = _where(record)
        return json.dumps(line, ensure_ascii=False)


def _where(record: logging.LogRecord) -> str:
    """File and line of an error; its text may hold what a person's record says, and stays out."""
    trace = record.exc_info[2] if record.exc_info else None
    places = []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " ".join(places[-6:])


def log_lines() -> None:
    """Structured logs of the server to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.getLogger("mcp").addHandler(logging.NullHandler())  # its messages quote what was sent
    logging.getLogger("mcp").propagate = False
    for name in ("vitruvian", "uvicorn", "uvicorn.error"):
        log = logging.getLogger(name)
        log.handlers, log.propagate = [handler], False
        log.setLevel(logging.INFO if name == "vitruvian" else logging.WARNING)
