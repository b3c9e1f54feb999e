"""What may be sold to whom: rules over the bank's data, outside any model. Nothing said in a chat goes into it."""

from .deciding import decide
from .decision import Alternative, Decision, Fact, Row
from .loading import OWN_NAME, SHIPPED, RuleBook
from .notifying import Notice, notify_changes
from .questionnaire import QUESTIONS, QUESTIONS_OWN, Assessment, Questionnaire
from .refusing import Refusals, refusal_holds, refused

__all__ = [
    "OWN_NAME", "QUESTIONS", "QUESTIONS_OWN", "SHIPPED", "Alternative", "Assessment", "Decision", "Fact", "Notice",
    "Questionnaire", "Refusals", "Row", "RuleBook", "decide", "notify_changes", "refusal_holds", "refused",
]  # fmt: skip
