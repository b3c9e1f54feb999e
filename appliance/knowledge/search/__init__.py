"""The index of a base and the ranking of what is found in it."""
