"""Batches: the one process that runs their rows, through the gateway's own application."""
