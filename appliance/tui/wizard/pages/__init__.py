"""The pages, in the order in which they come."""
