"""Labels of AI-generated content (GB 45438-2025): fields, their place in each format, and the notice."""
