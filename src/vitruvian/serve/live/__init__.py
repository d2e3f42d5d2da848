"""Live: samples in as they come, watched, alerts out."""

from fastapi import APIRouter

from vitruvian.serve.live import events, incoming, monitoring, nightscout, socket, uploads
from vitruvian.serve.live.room import room_of as room_of
from vitruvian.serve.live.room import running as running

router = APIRouter()
for part in (incoming, nightscout, uploads, socket, monitoring, events):
    router.include_router(part.router)
