"""Programs of the drugs that people take are made ready in the background, so that the first question is soon answered.

A process of lowest priority compiles them to disk; then one thread of the server loads one of each drug. What is asked
meanwhile is answered as ever, by programs that the asker waits for.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from starlette.concurrency import run_in_threadpool

from vitruvian.core import VitruvianError
from vitruvian.serve.science import needed
from vitruvian.serve.server import Server

_PART = "preparing"
_PATIENCE_S = 10.0
"""After a start: the first pages come first."""
_LOG = logging.getLogger("vitruvian.serve")


@dataclass
class Preparing:
    """What stands ready: drugs by name, and whether all that people take do."""

    server: Server
    ended: Event = field(default_factory=Event)
    drugs: tuple[str, ...] = ()
    whole: bool = False
    _process: subprocess.Popen[str] | None = None

    def run(self) -> None:
        """Compile beside this process, then load here."""
        if self.ended.wait(_PATIENCE_S):
            return
        needed(self.server)
        try:
            for person, drug in {drug: (person, drug) for person, drug in reversed([*self._compiled()])}.values():
                if self.ended.is_set():
                    return
                self._load(person, drug)
            self.whole = not self.ended.is_set()
        except Exception:  # nothing but time is lost
            _LOG.exception("programs could not be prepared")

    def stop(self) -> None:
        """End it; what was compiled stays on disk."""
        self.ended.set()
        if self._process is not None:
            self._process.kill()

    def _compiled(self) -> Iterator[tuple[str, str]]:
        """(person, drug) as their programs come to lie on disk."""
        command = [sys.executable, "-m", "vitruvian.serve.preparing_process", self.server.settings.record]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            self._process = process
            if self.ended.is_set():
                process.kill()
            assert process.stdout is not None
            for line in process.stdout:
                person, drug = json.loads(line)
                yield person, drug

    def _load(self, person: str, drug: str) -> None:
        from vitruvian.twin.doors.preparing import prepare

        try:
            prepare(self.server.record.patient(person), drug)
        except VitruvianError:  # the person is no longer there
            return
        self.drugs = (*self.drugs, drug)


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[None]:
    """The preparing thread, where the settings want it."""
    if not server.settings.prepare:
        yield
        return
    work = server.parts[_PART] = Preparing(server)
    thread = Thread(target=work.run, name="preparing")
    thread.start()
    try:
        yield
    finally:
        work.stop()
        await run_in_threadpool(thread.join)


def told(server: Server) -> dict[str, object]:
    """How far it is, for who watches the server: it answers in any case."""
    work = server.parts.get(_PART)
    if not isinstance(work, Preparing):
        return {"state": "compiled when asked for"}
    return {"state": "ready" if work.whole else "being prepared", "drugs": list(work.drugs)}
