"""Facts that papers state: what the fields are, where they stand, and what holds when papers differ."""
