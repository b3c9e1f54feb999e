"""The actions on calls, and the socket that follows one."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from pydantic import Field

from appliance.core.authority import Permission
from appliance.scenario.actions import DONE
from appliance.scenario.pack import Action, Caller, Event, Socket

from ..models import CallFacts, Part
from .book import CallBook
from .books import FileState
from .replaying import Replayed, Replaying, ReplayRequest
from .samples import Samples, samples
from .shapes import (
    AfterCall,
    Assists,
    BeginRequest,
    Deleted,
    EndRequest,
    Followed,
    Nothing,
    OneCall,
    StreamRequest,
    TurnsRequest,
    WholeCall,
)


class Fault(Part):
    """Why a file is not in force as it is."""

    code: str
    message: str
    hint: str | None


class ShownFile(Part):
    """One YAML file."""

    name: str
    version: str = Field(description="Changes with what is in force.")
    shipped_entries: int
    own_entries: int | None = Field(description="Entries of the bank's own file; null where it has none.")
    loaded_at: str = Field(description="When what is in force was loaded, RFC 3339.")
    warnings: tuple[str, ...] = ()
    fault: Fault | None = Field(description="What is wrong with the bank's own file, which is not in force then.")


class ShownFiles(Part):
    """The YAML files as they are in force."""

    folder: str = Field(description="Where the bank's own files are, by the appliance's home folder.")
    data: list[ShownFile]


class CallActions:
    """What the actions do."""

    def __init__(self, book: CallBook) -> None:
        self._book = book

    async def begin(self, request: BeginRequest, caller: Caller) -> CallFacts:
        """Begin a call."""
        return await self._book.begin(request, caller)

    async def turns(self, request: TurnsRequest, caller: Caller) -> Assists:
        """Take turns."""
        return Assists(data=await self._book.turns(request.call_id, request.turns, caller))

    async def end(self, request: EndRequest, caller: Caller) -> AfterCall:
        """End a call."""
        return await self._book.end(request.call_id, caller, request.phrase)

    async def show(self, request: OneCall, caller: Caller) -> WholeCall:
        """Show a call."""
        return await self._book.show(caller.principal, request.call_id)

    async def delete(self, request: OneCall, caller: Caller) -> Deleted:
        """Delete a call."""
        return Deleted(id=await self._book.delete(caller.principal, request.call_id))

    async def follow(self, request: StreamRequest, caller: Caller) -> AsyncGenerator[Event, None]:
        """Follow a call; `done` is where its stream ends."""
        last = request.after
        async with aclosing(self._book.follow(caller.principal, request.call_id, last)) as events:
            async for name, data in events:
                last = getattr(data, "number", last)
                yield name, data
        yield DONE, Followed(after=last)

    async def samples(self, _request: Nothing, caller: Caller) -> Samples:
        """List the samples."""
        return samples(caller.language)

    async def settings(self, _request: Nothing, caller: Caller) -> ShownFiles:
        """Show the files, having looked at them anew."""
        await self._book.shelf.now()
        await self._book.shelf.refresh()
        return ShownFiles(
            folder=self._book.shelf.folder, data=[_shown(state, caller.language) for state in self._book.shelf.files()]
        )


def actions(book: CallBook) -> Sequence[Action | Socket]:
    """Return the actions on calls."""
    does = CallActions(book)
    replaying = Replaying(book)
    turns = Action(
        "tell-turns", "Tell what was said in a call; answers what the seat is shown.", TurnsRequest, Assists,
        does.turns,
        path="calls/{call_id}/turns", spoken=True, generated=_never,
    )  # fmt: skip
    return [
        Action(
            "begin-call", "Begin a call.", BeginRequest, CallFacts, does.begin,
            path="calls", status=201, generated=_never,
        ),
        turns,
        Action(
            "end-call", "End a call: summary, score sheet, forms, tags.", EndRequest, AfterCall, does.end,
            path="calls/{call_id}/end", generated=lambda after: after.summary.generated,
        ),
        Action(
            "show-call", "Show a call with everything that is known of it.", OneCall, WholeCall, does.show,
            method="GET", path="calls/{call_id}",
            generated=lambda whole: whole.after is not None and whole.after.summary.generated,
        ),
        Action(
            "delete-call", "Delete a call with its turns.", OneCall, Deleted, does.delete,
            method="DELETE", path="calls/{call_id}", generated=_never,
        ),
        Socket(
            "follow-call", "Follow a call as it goes on; turns may be told on the same connection.",
            "calls/{call_id}/stream", StreamRequest, does.follow, message=turns,
        ),
        Action(
            "replay", "Replay a recorded call: cards, alerts, summary.", ReplayRequest, Replayed, replaying.run,
            stream=replaying.stream, spoken=True, generated=_never,
        ),
        Action(
            "list-samples", "List the recorded calls to try with.", Nothing, Samples, does.samples,
            method="GET", path="samples", generated=_never,
        ),
        Action(
            "show-settings", "Show the YAML files as they are in force.", Nothing, ShownFiles, does.settings,
            method="GET", path="settings", permission=Permission.SCENARIO_SUPERVISE, generated=_never,
        ),
    ]  # fmt: skip


def _never(_answer: object) -> bool:
    """Tell that no chat model has written anything of an answer."""
    return False


def _shown(state: FileState, language: str) -> ShownFile:
    fault = state.fault
    return ShownFile(
        name=state.name,
        version=state.version,
        shipped_entries=state.shipped,
        own_entries=state.own,
        loaded_at=state.loaded_at,
        warnings=state.warnings,
        fault=None if fault is None else Fault(
            code=fault.code, message=fault.message.render(language),
            hint=None if fault.hint is None else fault.hint.render(language),
        ),
    )  # fmt: skip
