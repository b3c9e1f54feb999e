"""What the customer wants: a classifier on embeddings and words, to which a bank adds intents by examples."""

from .book import SHIPPED, IntentBook

__all__ = ["SHIPPED", "IntentBook"]
