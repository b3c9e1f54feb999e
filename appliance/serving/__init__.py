"""Serve applications: gateway, models, embeddings, knowledge and scenarios."""
