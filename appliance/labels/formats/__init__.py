"""One module a format, each with `read(content) -> Carried` and `write(content, label) -> bytes`; writing replaces."""
