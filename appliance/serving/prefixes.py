"""Which replica has read the beginning of a prompt before, so that its engine has that in its prefix cache."""

import json
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

_BLOCK_CHARS: Final = 128
_MOST_BLOCKS: Final = 512  # of one prompt: 64k characters; what lies behind them changes no choice
_MOST_KEPT: Final = 200_000
_HASH_BYTES: Final = 12


def prompt_blocks(body: Mapping[str, Any]) -> list[bytes]:
    """Return a hash for each whole block of a request's prompt, each made over all before it.

    `model` and `cache_salt`, which belongs to one tenant, go into the first: engines share no cache beyond them either.
    """
    before = blake2b(
        f"{body.get('model')}\0{body.get('cache_salt')}".encode(errors="surrogatepass"), digest_size=_HASH_BYTES
    ).digest()
    blocks = []
    text = _prompt(body)
    for start in range(0, min(len(text), _MOST_BLOCKS * _BLOCK_CHARS) - _BLOCK_CHARS + 1, _BLOCK_CHARS):
        piece = text[start : start + _BLOCK_CHARS].encode(errors="surrogatepass")
        before = blake2b(piece, key=before, digest_size=_HASH_BYTES).digest()
        blocks.append(before)
    return blocks


def _prompt(body: Mapping[str, Any]) -> str:
    """Return the text that a prompt begins with, in the order of chat templates: tools, then messages."""
    if "messages" not in body:
        prompt = body.get("prompt", "")
        return prompt if isinstance(prompt, str) else json.dumps(prompt, ensure_ascii=False)
    pieces = [json.dumps(body["tools"], ensure_ascii=False)] if body.get("tools") else []
    for message in body["messages"]:
        content = message.get("content")
        pieces.append(f"\0{message.get('role')}\0")
        pieces.append(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False))
        if calls := message.get("tool_calls"):
            pieces.append(json.dumps(calls, ensure_ascii=False))
    return "".join(pieces)


class PrefixIndex:
    """The replicas that each block was sent to; the blocks that were asked for longest ago are forgotten first."""

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._seen: OrderedDict[bytes, set[str]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many blocks are known."""
        return len(self._seen)

    def add(self, blocks: Iterable[bytes], replica: str) -> None:
        """Keep that `replica` has read these blocks."""
        for block in blocks:
            self._seen.setdefault(block, set()).add(replica)
            self._seen.move_to_end(block)
        while len(self._seen) > self._most:
            self._seen.popitem(last=False)

    def holders(self, blocks: Sequence[bytes], replicas: Collection[str]) -> tuple[int, frozenset[str]]:
        """Return how many blocks from the beginning the best of `replicas` have read, and which these are."""
        best: tuple[int, frozenset[str]] = (0, frozenset())
        left = set(replicas)
        for count, block in enumerate(blocks, 1):
            left &= self._seen.get(block, set())
            if not left:
                break
            best = (count, frozenset(left))
        return best

    def forget(self, replicas: Collection[str]) -> None:
        """Forget replicas that are gone."""
        gone = set(replicas)
        for block in [block for block, holders in self._seen.items() if holders & gone]:
            self._seen[block] -= gone
            if not self._seen[block]:
                del self._seen[block]


def close_enough(queues: Mapping[str, int], holders: Collection[str], spread: int) -> list[str]:
    """Return the holders with at most `spread` requests more than the replica with the fewest.

    Beyond that the prefix is not worth the wait. `queues` has the requests of each replica that tells them.
    """
    fewest = min(queues.values(), default=0)
    return sorted(replica for replica in holders if replica in queues and queues[replica] - fewest <= spread)
