"""CDS Hooks 2.x: cards for an EHR while a chart is open or an order is written. https://cds-hooks.hl7.org/2.0/"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vitruvian.serve.cds.cors import Cors as Cors
from vitruvian.serve.cds.ehr import trust_ehr as trust_ehr
from vitruvian.serve.cds.passing import Passing
from vitruvian.serve.cds.routes import router as router
from vitruvian.serve.cds.thinking import Thinking as Thinking
from vitruvian.serve.cds.thinking import known_of as known_of
from vitruvian.serve.server import Server


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[None]:
    """Threads for the work of twins that takes longer than an EHR waits; patients who are not of this record."""
    thinking = server.parts["cds"] = Thinking()
    passing = server.parts["passing"] = Passing()
    try:
        yield
    finally:
        thinking.close()
        passing.close()
