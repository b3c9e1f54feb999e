"""Answers made by code, each sentence with its citation, and what a model may write."""
