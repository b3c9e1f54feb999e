"""Prompt injection and forbidden topics: written rules, and small classifiers over the embedder."""
