"""From an uploaded file to the passages that are indexed."""
