"""Notes on securities and markets as an action."""

from appliance.scenario.pack import Action, Caller

from ..conversation.promises import promises_in
from ..conversation.results import Noted
from ..notes.noting import Noting
from ..notes.shapes import NotesAnswer, NotesRequest
from .desk import Desk, never
from .saying import CHECKS, Facts
from .shapes import UNCHECKED

_TOOL = (
    "Quotes what the bank's research reports, announcements and market notes say about a listed security or a market, "
    "with date, author and place. Call it for questions about a company, a stock or the market. It recommends nothing."
)


class Notes:
    """What the action does."""

    def __init__(self, desk: Desk, facts: Facts) -> None:
        self._desk = desk
        self._facts = facts
        self._noting = Noting(desk.context, withheld=lambda text: bool(promises_in(text)))

    async def notes(self, request: NotesRequest, caller: Caller) -> NotesAnswer:
        """Answer from the files."""
        settings = await self._desk.compute(lambda: self._desk.settings)
        answer = await self._noting.notes(request, request.knowledge_base or settings.notes_base, caller)
        self._facts.nothing()
        return answer

    async def noted(self, query: str, security: str | None, caller: Caller) -> Noted:
        """Return what the files say, as a conversation quotes it."""
        found = await self.notes(NotesRequest(query=query or None, security=security), caller)
        quotes = [quote for section in found.sections for quote in section.quotes]
        return Noted(
            sentences=tuple(quote.text for quote in quotes),
            citations=tuple(found.citations[quote.citation].model_dump(mode="json") for quote in quotes),
        )


def actions(notes: Notes) -> list[Action]:
    """Return the action."""
    return [
        Action(
            "notes", "Quote what the bank's files say about a security or a market.", NotesRequest, NotesAnswer,
            notes.notes, generated=never, checks=CHECKS, unchecked=UNCHECKED | {"citations"}, tool=_TOOL,
        )
    ]  # fmt: skip
