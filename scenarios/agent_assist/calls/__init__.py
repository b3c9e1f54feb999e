"""Calls: begun, told turn by turn, followed, ended, kept."""
