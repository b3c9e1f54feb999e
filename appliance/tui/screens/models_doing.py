"""How an action of these screens is carried out: in a thread, step by step, or told what to do first."""

import shlex
from collections.abc import Awaitable, Callable, Sequence

from appliance.core.errors import ApprovalNeeded
from appliance.core.messages import Message, _
from appliance.tui.acting import Tell
from appliance.tui.drawing import one_line
from appliance.tui.local import follow, in_thread
from appliance.tui.models_source import ModelsSource, ModelsWork, News

Work = Callable[[Tell], Awaitable[Message]]


def followed(source: ModelsSource, ask: Callable[[ModelsWork], News], said: Message, language: str) -> Work:
    """Return work that tells its steps and says `said` at the end."""

    async def do(tell: Tell) -> Message:
        await followed_news(source, ask, tell, language)
        return said

    return do


async def followed_news(
    source: ModelsSource, ask: Callable[[ModelsWork], News], tell: Tell, language: str
) -> Sequence[object]:
    """Follow an operation; return what came of it. Raises what it raises."""
    try:
        return await follow(lambda: ask(source.work()), tell, language)
    except ApprovalNeeded as error:
        raise _to_be_approved(error) from error


def at_once(source: ModelsSource, ask: Callable[[ModelsWork], object], said: Message, language: str) -> Work:
    """Return work of one step."""

    async def do(_tell: Tell) -> Message:
        await in_thread(lambda: ask(source.work()), language)
        return said

    return do


def _to_be_approved(error: ApprovalNeeded) -> ApprovalNeeded:
    """Say what to do next in this terminal, which finds the approval by itself."""
    request = (error.details or {}).get("approval", "")
    hint = _(
        "Another administrator runs `appliance approval approve {id}`. Then press the same key here again.", id=request
    )
    return ApprovalNeeded(error.message, hint, details=error.details)


def word(text: str) -> str:
    """Return a text as one word of a command line."""
    return shlex.quote(one_line(text))
