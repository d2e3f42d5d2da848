"""The door for agents (Model Context Protocol): over HTTP within the server, or over standard input and output."""

from fastapi import APIRouter

from vitruvian.serve.mcp.deciding import router as _deciding
from vitruvian.serve.mcp.http import router as _http
from vitruvian.serve.mcp.http import running as running

router = APIRouter()
router.include_router(_http)
router.include_router(_deciding)
