"""The tools that a session has."""

from __future__ import annotations

from vitruvian.core import UnknownNameError
from vitruvian.serve.mcp.session import AgentSession
from vitruvian.serve.mcp.tool import Tool
from vitruvian.serve.mcp.tools.asking import ASKING
from vitruvian.serve.mcp.tools.facts import FACTS_TOOLS
from vitruvian.serve.mcp.tools.models import MODELS
from vitruvian.serve.mcp.tools.monitoring import MONITORING
from vitruvian.serve.mcp.tools.people import PEOPLE
from vitruvian.serve.mcp.tools.proposing import LISTING, PROPOSING
from vitruvian.serve.mcp.tools.questions import question_tools

_READING = {one.name: one for one in (*PEOPLE, *FACTS_TOOLS, *ASKING, *MODELS, *MONITORING, LISTING)}
_WRITING = {one.name: one for one in PROPOSING}


def tools_of(session: AgentSession) -> dict[str, Tool]:
    """By name: those that read; those that propose, if the session may; the questions of its person's twins."""
    return {one.name: one for one in question_tools(session)} | _standing(session)


def tool_of(session: AgentSession, name: str) -> Tool:
    """The tool of a name. Raises `UnknownNameError`."""
    found = _standing(session).get(name) or tools_of(session).get(name)
    if found is None:
        raise UnknownNameError("no such tool", got=repr(name), allowed=", ".join(tools_of(session)))
    return found


def _standing(session: AgentSession) -> dict[str, Tool]:
    return _READING | _WRITING if session.proposes else _READING
