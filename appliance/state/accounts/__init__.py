"""Accounts: tenants, users, their passwords and sessions, and what keys and sessions have in common."""
