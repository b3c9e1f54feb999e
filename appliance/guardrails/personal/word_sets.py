"""Word lists as they stand in the source."""


def words(text: str) -> frozenset[str]:
    """Return the words of `text`, which stand between blanks."""
    return frozenset(text.split())


def phrases(text: str) -> frozenset[str]:
    """Return the phrases of `text`, which stand between semicolons."""
    return frozenset(part.strip() for part in text.split(";"))
