"""Errors, messages, ids, units, clock and protocols: what every layer may use."""
