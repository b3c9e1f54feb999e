"""Personal data: recognisers, a check over them, masking that can be undone within one request, a gate for streams."""
