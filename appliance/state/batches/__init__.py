"""Files that callers upload, and batches of requests that run when nobody waits."""
