"""Base against tuned on held-out rows: `evaluate.py --model base=FOLDER --model finance=FOLDER --data FOLDER`.

All models get the same prompts and answer greedily. Beside them the base model's fairer chances: the intents' names and
worked examples in the prompt, and a choice among the 77 names by likelihood, where no form of words can be wrong.
Folders are those of model packages. Prints one line a measurement; `--json FILE` keeps the figures.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import scoring
import torch
from packing import NOT_LEARNED, Packed, Packer
from tasks import (
    INTENT_SYSTEM,
    Row,
    balanced,
    cut,
    held_out,
    intent_row,
    load_plan,
    read_intents,
    read_tables,
    table_row,
)
from transformers import AutoModelForCausalLM, AutoTokenizer

_BATCH = 16
_EXAMPLES = 2
_INTENT_TOKENS, _TABLE_TOKENS = 20, 48  # a sentence with the figure in it has room

GENERAL = (
    "What is a savings account?",
    "Write one sentence that thanks a customer.",
    "What is the capital of Italy?",
    "Why do banks ask for a proof of identity?",
    "Name a fruit that is yellow.",
)
"""Asked without the tasks' system messages: an adapter must not name intents there."""


@dataclass(frozen=True)
class Measured:
    """One line of the table: shares from 0 to 1 by name, over `count` rows."""

    task: str
    prompt: str
    model: str
    count: int
    shares: dict[str, float]


class Speaker:
    """A model that answers rows greedily."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()
        template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
        self.packer = Packer(self.tokenizer, template, 1)
        self.end = self.tokenizer.convert_tokens_to_ids("<|im_end|>")

    @torch.no_grad()
    def answers(self, rows: Sequence[Row], longest: int) -> list[str]:
        """Return one answer a row; rows of like length go together."""
        texts = [self.packer.prompt(row) for row in rows]
        order = sorted(range(len(rows)), key=lambda place: len(texts[place]))
        found = [""] * len(rows)
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            inputs = self.tokenizer(
                [texts[place] for place in places], add_special_tokens=False, return_tensors="pt", padding=True
            )
            made = self.model.generate(
                **inputs, max_new_tokens=longest, do_sample=False, eos_token_id=self.end, pad_token_id=self.end
            )
            said = self.tokenizer.batch_decode(made[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
            for place, answer in zip(places, said, strict=True):
                found[place] = answer.strip()
        return found

    @torch.no_grad()
    def choice(self, message: str, names: Sequence[str]) -> str:
        """Return the name whose tokens are likeliest on average after the message: a choice, not a free answer."""
        prompt = self.packer.ids(self.packer.prompt(intent_row(message, "")))
        packed = Packed()
        packed.add(prompt[:-1], 0, 1, 0, 0)
        for number, name in enumerate(names, 1):
            label = self.packer.ids(f"{name}<|im_end|>")
            packed.add([prompt[-1], *label], len(prompt) - 1, 1, number, len(label))
        inputs = packed.tensors()
        targets, owner = inputs.pop("targets"), torch.tensor(packed.owner)
        inputs["attention_mask"] = inputs["attention_mask"].to(torch.bfloat16)
        learned = targets != NOT_LEARNED
        hidden = self.model.model(**inputs, use_cache=False).last_hidden_state[0][learned]
        scores = torch.log_softmax(self.model.lm_head(hidden).float(), -1)
        scores = scores.gather(1, targets[learned][:, None])[:, 0]
        owners = owner[learned]
        means = [scores[owners == number].mean().item() for number in range(1, len(names) + 1)]
        return names[max(range(len(names)), key=means.__getitem__)]


def with_names(names: Sequence[str], examples: Sequence[tuple[str, str]], message: str) -> Row:
    """Return a prompt that lists the intents and shows worked examples."""
    shown = "\n".join(f"Message: {text}\nIntent: {name}" for text, name in examples)
    shared = f"Answer with one of these intents: {', '.join(names)}.\n\n{shown}\nMessage: "
    return Row(INTENT_SYSTEM, shared, f"{message}\nIntent:", "")


def with_examples(row: Row, examples: Sequence[Row]) -> Row:
    """Return a table question behind worked examples with tables of their own."""
    shown = "\n\n".join(f"{one.shared}{one.asked}\nAnswer: {one.answer}" for one in examples)
    return Row(row.system, f"{shown}\n\n{row.shared}", f"{row.asked}\nAnswer:", row.answer)


def intent_lines(speaker: Speaker, data: Path, each: int, hard: int, plain: bool) -> Iterator[Measured]:
    """Measure intents: names given freely, names given with the list in sight, and the likeliest of all names."""
    pairs = balanced(read_intents(data / "banking77" / "test.csv"), each, 1)
    few = pairs[:hard]
    known = read_intents(data / "banking77" / "train.csv")
    names = sorted({name for _text, name in known})
    examples = balanced(known, 1, 2)[:5]

    def line(prompt: str, asked: Sequence[tuple[str, str]], answers: Sequence[str]) -> Measured:
        both = [(answer, name) for answer, (_text, name) in zip(answers, asked, strict=True)]
        right = {
            "exact": sum(scoring.same_intent(*one) for one in both) / len(both),
            "holds": sum(scoring.holds_intent(*one) for one in both) / len(both),
        }
        return Measured("intent", prompt, speaker.name, len(both), right)

    free = speaker.answers([intent_row(*pair) for pair in pairs], _INTENT_TOKENS)
    yield line("message alone", pairs, free)
    yield line("likeliest of the 77 names", few, [speaker.choice(text, names) for text, _name in few])
    if not plain:
        listed = speaker.answers([with_names(names, examples, text) for text, _name in few], _INTENT_TOKENS)
        yield line(f"77 names and {len(examples)} examples in the prompt", few, listed)


def table_lines(speaker: Speaker, data: Path, every: int, plain: bool) -> Iterator[Measured]:
    """Measure table questions of held-out tables in both forms, and with worked examples before them."""
    tables = read_tables(data / "tatqa" / "dev.json")
    asked = [(table.grid, *pair) for table in tables if held_out(table) for pair in table.questions][::every]
    shown = [table for table in tables if not held_out(table) and table.questions][:_EXAMPLES]
    examples = [
        table_row(cut(one.grid, 3, [one.questions[0][1]], random.Random(1)), "rows", *one.questions[0])  # noqa: S311
        for one in shown
    ]

    def line(prompt: str, rows: Sequence[Row]) -> Measured:
        answers = speaker.answers(rows, _TABLE_TOKENS)
        both = [(answer, row.answer) for answer, row in zip(answers, rows, strict=True)]
        shares = {
            name: sum(float(score(*one)) for one in both) / len(both)
            for name, score in (("exact", scoring.exact), ("f1", scoring.f1), ("holds", scoring.holds))
        }
        return Measured("table", prompt, speaker.name, len(both), shares)

    by_rows = [table_row(grid, "rows", question, answer) for grid, question, answer in asked]
    as_grid = [table_row(grid, "grid", question, answer) for grid, question, answer in asked]
    yield line("rows with column names", by_rows)
    yield line("table as it stands", as_grid[::2])
    if not plain:
        helped = [with_examples(row, examples) for row in by_rows[::2]]
        yield line(f"{_EXAMPLES} examples, rows with column names", helped)


def general_answers(speaker: Speaker) -> list[str]:
    """Return answers to general questions, to be read by a person."""
    return speaker.answers([Row("", "", question, "") for question in GENERAL], 40)


def main() -> None:
    """Measure each model and print one line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", action="append", required=True, help="NAME=FOLDER of a model package")
    parser.add_argument("--data", type=Path, required=True, help="folder with banking77/ and tatqa/")
    parser.add_argument("--every", type=int, default=1, help="1: all table questions, 2: every second one, …")
    parser.add_argument("--messages", type=int, default=10, help="held-out messages of every intent")
    parser.add_argument("--long", type=int, default=154, help="messages for the long prompt and the choice")
    parser.add_argument(
        "--plain", action="store_true", help="only the prompts that the adapter learned, and the choice"
    )
    parser.add_argument("--task", choices=("intent", "table", "both"), default="both")
    parser.add_argument("--json", type=Path, default=None)
    arguments = parser.parse_args()
    torch.set_num_threads(load_plan()["threads"])
    lines: list[Measured] = []
    for name, _equals, folder in (text.partition("=") for text in arguments.model):
        speaker = Speaker(Path(folder), name)
        for measured in _measure(speaker, arguments):
            lines.append(measured)
            print(shown(measured), flush=True)
        for question, answer in zip(GENERAL, general_answers(speaker), strict=True):
            print(f"{name} | {question} | {' '.join(answer.split())}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(one) for one in lines], indent=1) + "\n", encoding="utf-8")


def _measure(speaker: Speaker, arguments: argparse.Namespace) -> Iterator[Measured]:
    if arguments.task != "intent":
        yield from table_lines(speaker, arguments.data, arguments.every, arguments.plain)
    if arguments.task != "table":
        yield from intent_lines(speaker, arguments.data, arguments.messages, arguments.long, arguments.plain)


def shown(measured: Measured) -> str:
    """Return one line of the table."""
    shares = " ".join(f"{name} {100 * share:.1f}%" for name, share in measured.shares.items())
    return f"{measured.task} | {measured.prompt} | {measured.model} | {measured.count} | {shares}"


if __name__ == "__main__":
    main()
