"""Counters and histograms of what was served."""
