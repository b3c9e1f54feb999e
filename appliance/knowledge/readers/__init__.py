"""One module a format, each with `read(content, name, limits) -> Extracted`; they run in the reading process only."""
