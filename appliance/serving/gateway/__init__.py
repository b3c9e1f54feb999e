"""The only door: OpenAI-compatible routes, scenarios, knowledge bases, status and metrics."""
