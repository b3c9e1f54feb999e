"""What the seat is offered after a customer's turn: a knowledge card, the next steps of a playbook, replies."""

from .cards import CardFinder
from .playbooks import PlayBook, PlayMarks
from .replies import ReplyBook

__all__ = ["CardFinder", "PlayBook", "PlayMarks", "ReplyBook"]
