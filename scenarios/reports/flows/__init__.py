"""Bank statements: their payments, what flows where, and what stands out."""
