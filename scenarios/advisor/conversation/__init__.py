"""The conversation of the advisor assistant: which tool with which arguments, and the answer from its result."""
