"""After the call: summary, forms, tags and the result of an outbound call; none of it needs a model."""
