"""The audit log: append-only, hash-chained and signed, so that no edit goes unnoticed."""
