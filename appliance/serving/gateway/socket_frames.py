"""The frames of one WebSocket that wait: bounded by their number and by their size."""

import asyncio


class Frames(asyncio.Queue[str]):
    """A queue of texts that is full with `most` of them, or once they have `most_characters` together.

    A single text of any size finds room in an empty one.
    """

    def __init__(self, most: int, most_characters: int) -> None:
        super().__init__(most)
        self._most_characters = most_characters
        self._characters = 0

    def full(self) -> bool:
        """Tell whether the next text has to wait."""
        return super().full() or self._characters >= self._most_characters

    def _put(self, item: str) -> None:
        super()._put(item)
        self._characters += len(item)

    def _get(self) -> str:
        item = super()._get()
        self._characters -= len(item)
        return item
