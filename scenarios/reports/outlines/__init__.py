"""Outlines: what a report says, in which order, and under which conditions; YAML that a bank writes without code."""
