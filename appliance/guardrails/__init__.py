"""What may be said: red-line words, personal data, injection, topics; one chain for every path."""
