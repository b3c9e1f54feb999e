"""Typed, frozen settings: the site file and the home folder's layout. Reading them does no I/O beyond the one file."""
