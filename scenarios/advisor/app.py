"""Advisor assistant: suitability first, figures by code with formula and source, words that are held against them."""

from collections.abc import Sequence

from appliance.scenario.pack import Action, ScenarioContext

from .api import accounts, allocating, batches, chatting, conversations, deciding, funds, lists, noting, supplying
from .api.desk import Desk
from .api.saying import Facts


def create(context: ScenarioContext) -> Sequence[Action]:
    """Return the actions of this pack."""
    desk = Desk(context)
    facts = Facts(context)
    kept = conversations.Conversations(context)
    notes = noting.Notes(desk, facts)
    return [
        *deciding.actions(deciding.Deciding(desk, facts)),
        *funds.actions(funds.Funds(desk, facts)),
        *accounts.actions(accounts.Accounts(desk, facts)),
        *allocating.actions(allocating.Allocating(desk, facts)),
        *noting.actions(notes),
        *chatting.actions(chatting.Chatting(desk, facts, kept, notes)),
        *conversations.actions(kept),
        *lists.actions(lists.Lists(desk)),
        *supplying.actions(supplying.Supplying(desk)),
        *batches.actions(batches.Batches(desk)),
    ]
