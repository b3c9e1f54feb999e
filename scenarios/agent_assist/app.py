"""Agent assist: what the customer wants and feels, what to answer and what must be said, while they are speaking."""

from collections.abc import Sequence

from appliance.scenario.pack import Action, ScenarioContext, Socket

from .calls import actions as calls
from .calls.book import CallBook
from .calls.books import Shelf
from .calls.store import CallStore
from .supervising import actions as supervising


def create(context: ScenarioContext) -> Sequence[Action | Socket]:
    """Return the actions of this pack."""
    shelf = Shelf(context.own_files, lambda: context.embedder)
    book = CallBook(context, shelf)
    watched = supervising.Supervising(context, CallStore(book), shelf)
    return [*calls.actions(book), *supervising.actions(watched)]
