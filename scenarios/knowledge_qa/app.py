"""Knowledge Q&A: a question in Chinese or English, an answer quoted from the bank's documents, or a plain refusal."""

from collections.abc import Sequence

from appliance.scenario.pack import Action, ScenarioContext

from . import asking, conversations, feedback, golden


def create(context: ScenarioContext) -> Sequence[Action]:
    """Return the actions of this pack."""
    kept = conversations.ConversationStore(context)
    return [
        *asking.actions(asking.Asking(context, kept)),
        *conversations.actions(kept),
        *feedback.actions(feedback.FeedbackStore(context, kept)),
        *golden.actions(golden.GoldenStore(context)),
    ]
