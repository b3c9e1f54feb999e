"""LLM Appliance: a private large-model platform on one box, later many."""

__version__ = "0.1.0"
