"""Counts and times for Prometheus: by method, template of the route and status; nothing of people."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vitruvian import __version__
from vitruvian.serve.every_route import template_of
from vitruvian.serve.jobs import count_jobs
from vitruvian.serve.operations.queue import Queue
from vitruvian.serve.server import Server

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The metrics of one process of a server; a part may add its own to `registry`."""

    def __init__(self, server: Server) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        Info("vitruvian", "Version.", registry=self.registry).info({"version": __version__})
        labels = ("method", "route", "status")
        self.requests = Counter("vitruvian_http_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "vitruvian_http_request_seconds", "Time to the end of the answer.", labels[:2], buckets=_SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self.open = Gauge("vitruvian_http_open", "Requests and sockets under way.", ("type",), registry=self.registry)
        self.registry.register(_Jobs(server))
        self.registry.register(Queue(server))

    def text(self) -> bytes:
        """All of them in the text format of Prometheus."""
        return generate_latest(self.registry)


class _Jobs(Collector):
    """Jobs by state, counted when asked."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def describe(self) -> Iterable[Any]:
        return [GaugeMetricFamily("vitruvian_jobs", "Jobs by state.", labels=["state"])]

    def collect(self) -> Iterable[Any]:
        family = GaugeMetricFamily("vitruvian_jobs", "Jobs by state.", labels=["state"])
        for state, count in count_jobs(self.server).items():
            family.add_metric([state], count)
        yield family


class Measured:
    """Middleware: each request is counted and timed under the template of its route."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        started, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "websocket.accept":
                status = 101
            await send(message)

        open_now = self.metrics.open.labels(scope["type"])
        open_now.inc()
        try:
            await self.app(scope, receive, sending)
        finally:
            open_now.dec()
            method = scope.get("method", "WEBSOCKET")
            method = method if method in _METHODS or scope["type"] == "websocket" else "OTHER"
            route = template_of(scope)
            self.metrics.requests.labels(method, route, str(status)).inc()
            if scope["type"] == "http":
                self.metrics.seconds.labels(method, route).observe(time.perf_counter() - started)
