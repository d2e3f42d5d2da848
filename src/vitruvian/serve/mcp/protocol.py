"""The protocol: what the official SDK asks of a server, answered from tools, resources and prompts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server as McpServer
from mcp.shared.exceptions import MCPError

from vitruvian import __version__
from vitruvian.core import VitruvianError
from vitruvian.serve.mcp import prompts, resources
from vitruvian.serve.mcp.calling import answer_schema, called
from vitruvian.serve.mcp.limits import bounded
from vitruvian.serve.mcp.marked import NOTICE, cleaned, fenced
from vitruvian.serve.mcp.session import AgentSession
from vitruvian.serve.mcp.tool import Tool
from vitruvian.serve.mcp.tools import tools_of

_LOG = logging.getLogger("vitruvian.serve.mcp")
T = TypeVar("T")
Context = ServerRequestContext[Any, Any]
SessionOf = Callable[[Context], AgentSession]
INSTRUCTIONS = (
    "Computational twins of patients over their medical record. Start with list_twins and patient_summary (find people "
    "with search_patients). Twins answer questions (twin_questions, ask_twin, compare_options, explain); an answer may "
    f"be a refusal, with its reason. {NOTICE} Nothing is written here; what is proposed waits for a person."
)


def protocol_server(session_of: SessionOf) -> McpServer[Any]:
    """A server of the SDK; `session_of` says, at every request anew, in which session it is."""

    async def list_tools(context: Context, _: Any) -> types.ListToolsResult:
        found = await _work(lambda: tools_of(session_of(context)))
        return types.ListToolsResult(tools=[_shown(one) for one in found.values()])

    async def call_tool(context: Context, asked: types.CallToolRequestParams) -> types.CallToolResult:
        return await called(lambda: session_of(context), asked.name, asked.arguments or {})

    async def list_resources(context: Context, _: Any) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=await _work(lambda: resources.listed(session_of(context))))

    async def list_templates(_: Context, __: Any) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=resources.templates())

    async def read_resource(context: Context, asked: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        uri = str(asked.uri)
        found = await _work(lambda: resources.read(session_of(context), uri))
        text = fenced({"data": cleaned(found)})
        content = types.TextResourceContents(uri=uri, mime_type="text/plain", text=text)
        return types.ReadResourceResult(contents=[content])

    async def list_prompts(_: Context, __: Any) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=prompts.listed())

    async def get_prompt(_: Context, asked: types.GetPromptRequestParams) -> types.GetPromptResult:
        return await _work(lambda: prompts.prompt(asked.name, asked.arguments or {}))

    return McpServer(
        "vitruvian",
        title="Vitruvian",
        version=__version__,
        instructions=INSTRUCTIONS,
        get_tool_input_schema=lambda _: None,  # else every call would list all tools first
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )


async def _work(work: Callable[[], T]) -> T:
    """Work in a thread; what goes wrong is an error of the protocol that says what to do."""
    try:
        return await bounded(work)
    except VitruvianError as error:
        raise MCPError(code=types.INVALID_PARAMS, message=str(error)) from None
    except Exception as error:
        _LOG.error("agent", exc_info=error)
        raise MCPError(code=types.INTERNAL_ERROR, message="the server failed") from None


def _shown(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.about,
        input_schema=dict(tool.schema),
        output_schema=answer_schema(tool.gives),
        annotations=types.ToolAnnotations(
            read_only_hint=not tool.writes, destructive_hint=False, idempotent_hint=not tool.writes,
            open_world_hint=False,
        ),
    )  # fmt: skip
