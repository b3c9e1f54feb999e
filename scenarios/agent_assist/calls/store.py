"""The calls for those who supervise: what is going on, and what is kept, of whichever seat of the tenant."""

from collections.abc import Sequence

from appliance.scenario.pack import Caller

from ..models import CallFacts
from ..supervising.sources import KeptCall
from .book import CallBook
from .shapes import WholeCall


class CallStore:
    """Reads calls of the caller's tenant; the action that asks holds the permission to supervise.

    A record of the kind `call` has the fields of `CallFacts` at the top of its data, and `judgement` and `after` once
    it ended; it belongs to the key that began it. What the records say of an open call lags some seconds behind.
    """

    def __init__(self, book: CallBook) -> None:
        self._book = book

    async def open_now(self, caller: Caller) -> Sequence[CallFacts]:
        """Return the open calls as they are now, the newest first; those that nobody spoke in for long are ended."""
        return await self._book.open_now(caller.principal)

    async def kept(self, caller: Caller, call_id: str) -> KeptCall:
        """Return a call with its turns in order, and the judgement of its end. Raises `NotFound`."""
        whole = await self._book.show(caller.principal, call_id, supervising=True)
        turns = tuple((assist.turn, assist.analysis) for assist in whole.turns)
        return KeptCall(whole.call, turns, whole.judgement if whole.after is not None else None)

    async def show(self, caller: Caller, call_id: str) -> WholeCall:
        """Return everything that is known of a call. Raises `NotFound`."""
        return await self._book.show(caller.principal, call_id, supervising=True)
