"""The queue of live samples for Prometheus: how many wait and for how long, and that none is dropped."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from vitruvian.serve.live import room_of
from vitruvian.serve.live.room import PART
from vitruvian.serve.server import Server

Family = GaugeMetricFamily | CounterMetricFamily


class Queue(Collector):
    """Of one process, read when asked; nothing before the room of live samples runs."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def describe(self) -> Iterable[Family]:
        """None: what there is depends on what runs."""
        return []

    def collect(self) -> Iterable[Family]:
        """Samples in the queue, samples since the start by what became of them, alerts on their way."""
        if PART not in self.server.parts:
            return
        inlet, follower = room_of(self.server).inlet, room_of(self.server).follower
        yield _gauge("waiting_samples", "Samples that wait for the disk.", inlet.waiting)
        yield _gauge("waiting_oldest_seconds", "How long the oldest of them has waited.", inlet.oldest_s)
        yield _gauge("waiting_samples_most", "Samples that may wait before senders are told to.", inlet.room)
        yield _gauge("untold_alerts", "Alerts that wait for the store or the record.", follower.untold)
        yield _count("samples_taken", "Samples taken into the queue.", inlet.taken)
        yield _count("samples_kept", "Samples kept, and acknowledged.", inlet.samples)
        yield _count("samples_refused", "Samples without room; their senders were told to come again.", inlet.refused)
        yield _count("samples_failed", "Samples that could not be kept; their senders were told why.", inlet.failed)
        yield _count("samples_dropped", "Samples taken of which nobody was told.", inlet.dropped)
        yield _count("samples_watched", "Samples that went through a watch.", follower.taken)


def _gauge(name: str, about: str, value: float) -> Family:
    return GaugeMetricFamily(f"vitruvian_live_{name}", about, value=value)


def _count(name: str, about: str, value: float) -> Family:
    return CounterMetricFamily(f"vitruvian_live_{name}", about, value=value)
