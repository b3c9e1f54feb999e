"""The gateway of a worker node: passes every request to the head's inner port, in a process without Ray."""
