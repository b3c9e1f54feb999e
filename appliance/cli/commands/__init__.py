"""One module for each group of commands; each has `register(app)`, called while the reader's language is set."""
