"""Rows packed into one sequence: what rows share stands once, and every row sees that and itself alone.

A table is read once for all its questions, a system message once for all its rows: the same sums as one row at a time
in a fraction of the tokens.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from tasks import Row

NOT_LEARNED = -100
_SHORT = 4  # a shared part below a quarter of the length may stand in several sequences


@dataclass
class Packed:
    """One sequence. `owner` is 0 for shared tokens of `group` and the row's number else; `target` the next token."""

    tokens: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    group: list[int] = field(default_factory=list)
    owner: list[int] = field(default_factory=list)
    target: list[int] = field(default_factory=list)

    def add(self, tokens: Sequence[int], start: int, group: int, owner: int, learned: int) -> None:
        """Append a run of tokens that begins at position `start`; its last `learned` tokens are to be predicted."""
        self.tokens += tokens
        self.positions += range(start, start + len(tokens))
        self.group += [group] * len(tokens)
        self.owner += [owner] * len(tokens)
        silent = len(tokens) - learned
        self.target += [
            tokens[place + 1] if silent - 1 <= place < len(tokens) - 1 else NOT_LEARNED for place in range(len(tokens))
        ]

    def tensors(self) -> dict[str, Any]:
        """Return the model's inputs and the targets, a batch of one."""
        group, owner = torch.tensor(self.group), torch.tensor(self.owner)
        size = len(self.tokens)
        seen = torch.ones(size, size, dtype=torch.bool).tril()
        seen &= group[:, None] == group[None, :]
        seen &= (owner[None, :] == 0) | (owner[:, None] == owner[None, :])
        mask = torch.zeros(size, size).masked_fill(~seen, torch.finfo(torch.float32).min)
        return {
            "input_ids": torch.tensor([self.tokens]),
            "position_ids": torch.tensor([self.positions]),
            "attention_mask": mask[None, None],
            "targets": torch.tensor(self.target),
        }


class Packer:
    """Turns groups of rows into sequences of about `length` tokens, in the order given."""

    def __init__(self, tokenizer: Any, chat_template: str, length: int) -> None:  # noqa: ANN401 - transformers' class
        self._tokenizer, self._template, self._length = tokenizer, chat_template, length

    def prompt(self, row: Row) -> str:
        """Return a row's whole prompt as the engine makes it from the chat template."""
        messages = [
            {"role": "system", "content": row.system},
            {"role": "user", "content": f"{row.shared}{row.asked}"},
        ]
        if not row.system:
            del messages[0]
        return str(
            self._tokenizer.apply_chat_template(
                messages, chat_template=self._template, tokenize=False, add_generation_prompt=True
            )
        )

    def ids(self, text: str) -> list[int]:
        """Return the tokens of a text in which special tokens are written out."""
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def pack(self, groups: Sequence[Sequence[Row]]) -> Iterator[Packed]:
        """Yield sequences. The rows of one group share `system` and `shared`. Raises ValueError where they do not."""
        packed = Packed()
        for group, rows in enumerate(groups, 1):
            head = self.prompt(rows[0])
            head = head[: head.rindex(rows[0].asked)]
            if any(not self.prompt(row).startswith(head) for row in rows):
                raise ValueError("rows of one group must share the beginning of their prompts")
            shared = self.ids(head)
            packed.add(shared, 0, group, 0, 0)
            for number, row in enumerate(rows, 1):
                asked = self.ids(self.prompt(row)[len(head) :])
                answer = self.ids(f"{row.answer}<|im_end|>")
                packed.add([*asked, *answer], len(shared), group, number, len(answer))
                splits = len(shared) * _SHORT < self._length  # else it would be read again and again
                if len(packed.tokens) >= self._length and (splits or number == len(rows)):
                    yield packed
                    packed = Packed()
                    if number < len(rows):
                        packed.add(shared, 0, group, 0, 0)
        if any(target != NOT_LEARNED for target in packed.target):
            yield packed
