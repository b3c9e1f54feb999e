"""A report as files: Word, PDF, Markdown, HTML, and the evidence from each sentence to its sources."""
