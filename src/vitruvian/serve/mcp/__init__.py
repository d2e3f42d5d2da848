"""The door for agents (Model Context Protocol): over HTTP within the server, or over standard input and output."""

from vitruvian.serve.mcp.http import router as router
from vitruvian.serve.mcp.http import running as running
