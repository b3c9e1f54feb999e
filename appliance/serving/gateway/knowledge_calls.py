"""Calls of the knowledge service in the name of a request's caller."""

from typing import Any

from fastapi import Request

from appliance.serving.gateway.context import context_of, principal_of


async def ask_knowledge(request: Request, method: str, *arguments: object) -> Any:  # noqa: ANN401 - the method's result
    """Call a method of the knowledge service; it checks what the caller may do."""
    return await context_of(request).models.knowledge(method, principal_of(request), *arguments)
