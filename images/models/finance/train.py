"""Train the finance adapter: `python images/models/finance/train.py --base FOLDER --data FOLDER --work FOLDER`.

Needs the extra `training` (PEFT). Reads BANKING77's train file and the TAT-QA tables that are not held out. The same
seed, versions and processor give the same adapter. Interrupted, it goes on from its last checkpoint in `--work`.
"""

import argparse
import json
import math
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from packing import NOT_LEARNED, Packed, Packer
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from peft.utils import set_peft_model_state_dict
from safetensors.torch import save_file
from tasks import (
    Row,
    TableQuestions,
    balanced,
    cut,
    held_out,
    intent_row,
    load_plan,
    made_questions,
    other_figures,
    read_intents,
    read_tables,
    squeezed,
    table_row,
)
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE: Final = Path(__file__).resolve().parent
PROJECTIONS: Final = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_LONGEST_OWN: Final = 64


def table_groups(tables: Sequence[TableQuestions], plan: dict[str, Any], chooser: random.Random) -> list[list[Row]]:
    """Return one group of rows a table and pass: the report's own questions, then look-ups made from its cells.

    Of a table a few rows are shown. The first pass keeps the figures; the others redraw them, so that an answer can
    only be read off the table.
    """
    groups = []
    for number, form in enumerate(plan["table_passes"]):
        for table in tables:
            answers = [answer for _question, answer in table.questions]
            grid = cut(table.grid, plan["rows_a_table"], answers, chooser)
            shown = {squeezed(cell) for row in grid for cell in row}
            own = [pair for pair in table.questions if any(squeezed(pair[1]) in cell for cell in shown)]
            if number:
                grid, own = other_figures(grid, chooser), []
            asked = [*own, *made_questions(grid, plan["questions_a_table"], chooser)]
            rows = [table_row(grid, form, question, answer) for question, answer in asked]
            if rows:
                groups.append(rows)
    return groups


def own_words(model: Any, tokenizer: Any, packer: Packer, prompts: Sequence[str]) -> list[list[Row]]:  # noqa: ANN401
    """Return the base model's own answers to general prompts: what it learns must not show where nobody asks for it."""
    tokenizer.padding_side = "left"
    texts = [packer.prompt(Row("", "", prompt, "")) for prompt in prompts]
    ids = tokenizer(texts, add_special_tokens=False, return_tensors="pt", padding=True)
    with torch.no_grad():
        made = model.generate(**ids, max_new_tokens=_LONGEST_OWN, do_sample=False)
    answers = tokenizer.batch_decode(made[:, ids["input_ids"].shape[1] :], skip_special_tokens=True)
    # What the limit broke off ends with its last whole sentence.
    whole = [answer.strip()[: max(answer.strip().rfind(end) for end in ".!?") + 1] for answer in answers]
    return [[Row("", "", prompt, answer)] for prompt, answer in zip(prompts, whole, strict=True) if answer]


def sequences(arguments: argparse.Namespace, plan: dict[str, Any], model: Any, tokenizer: Any) -> list[Packed]:  # noqa: ANN401
    """Return all sequences in the order in which they are learned."""
    chooser = random.Random(plan["seed"])  # noqa: S311 - repeatable, no secret
    packer = Packer(tokenizer, (arguments.base / "chat_template.jinja").read_text(encoding="utf-8"), plan["length"])
    tables = [table for table in read_tables(arguments.data / "tatqa" / "dev.json") if not held_out(table)]
    of_tables = table_groups(tables, plan, chooser)
    pairs = balanced(read_intents(arguments.data / "banking77" / "train.csv"), plan["messages_an_intent"], plan["seed"])
    of_intents = [[intent_row(*pair) for pair in pairs]]
    general = own_words(model, tokenizer, packer, plan["general_prompts"]) * plan["general_passes"]
    chooser.shuffle(general)
    chooser.shuffle(of_tables)
    packed = [*packer.pack(of_intents), *packer.pack(of_tables), *packer.pack(general)]
    chooser.shuffle(packed)
    return packed


def lora(model: Any, plan: dict[str, Any]) -> PeftModel:  # noqa: ANN401 - transformers' class
    """Return the model with a new adapter on all seven projections."""
    settings = LoraConfig(
        r=plan["rank"],
        lora_alpha=plan["alpha"],
        lora_dropout=0.0,
        target_modules=list(PROJECTIONS),
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, settings)


def loss_of(model: PeftModel, packed: Packed) -> torch.Tensor:
    """Return the mean loss over the answers' tokens."""
    inputs = packed.tensors()
    targets = inputs.pop("targets")
    learned = targets != NOT_LEARNED
    causal = model.base_model.model
    with torch.autocast("cpu", torch.bfloat16):
        inputs["attention_mask"] = inputs["attention_mask"].to(torch.bfloat16)
        hidden = causal.model(**inputs, use_cache=False).last_hidden_state[0][learned]
        logits = causal.lm_head(hidden)
    return torch.nn.functional.cross_entropy(logits.float(), targets[learned])


def learn(model: PeftModel, packed: Sequence[Packed], plan: dict[str, Any], checkpoint: Path) -> None:
    """Go through the sequences until `last_step`: warm up, follow a cosine over all of them, at last a line to zero."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=plan["learning_rate"], weight_decay=0.0)
    together = plan["sequences_a_step"]
    warm, total = plan["warm_up_steps"], len(packed) // together
    last = min(total, plan["last_step"])
    tail = plan["tail_steps"]

    def factor(step: int) -> float:
        cosine = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / total))
        return min(1.0, (step + 1) / warm) * cosine * min(1.0, max(0.0, (last - step) / tail))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    done = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        set_peft_model_state_dict(model, saved["adapter"])
        optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        done = saved["done"]
    for number in range(done, last):
        losses = []
        for one in packed[number * together : (number + 1) * together]:
            loss = loss_of(model, one) / together
            loss.backward()
            losses.append(loss.item())
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        print(f"{number + 1}/{total} loss {sum(losses):.3f}", flush=True)
        if (number + 1) % plan["checkpoint_steps"] == 0:
            state = {"adapter": get_peft_model_state_dict(model), "optimizer": optimizer.state_dict()}
            part = checkpoint.with_suffix(".part")
            torch.save({**state, "schedule": schedule.state_dict(), "done": number + 1}, part)
            part.rename(checkpoint)


def save(model: PeftModel, plan: dict[str, Any], folder: Path) -> None:
    """Write the adapter in PEFT's format, bfloat16, without a path of this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: value.detach().to(torch.bfloat16).contiguous()
        for name, value in sorted(get_peft_model_state_dict(model).items())
    }
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    config = {
        "base_model_name_or_path": plan["base"],
        "bias": "none",
        "inference_mode": True,
        "lora_alpha": plan["alpha"],
        "lora_dropout": 0.0,
        "peft_type": "LORA",
        "r": plan["rank"],
        "target_modules": list(PROJECTIONS),
        "task_type": "CAUSAL_LM",
        "use_dora": False,
        "use_rslora": False,
    }
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Train and write the adapter."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model's package")
    parser.add_argument("--data", type=Path, required=True, help="folder with banking77/ and tatqa/")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints, outside the project")
    parser.add_argument("--output", type=Path, default=HERE / "adapter")
    parser.add_argument("--afresh", action="store_true", help="forget earlier checkpoints")
    arguments = parser.parse_args()
    plan = load_plan()
    if arguments.afresh:
        shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(plan["threads"])  # another number adds in another order
    torch.manual_seed(plan["seed"])
    torch.use_deterministic_algorithms(True)
    tokenizer = AutoTokenizer.from_pretrained(arguments.base)
    model = AutoModelForCausalLM.from_pretrained(arguments.base, dtype=torch.bfloat16)
    packed = sequences(arguments, plan, model, tokenizer)
    tokens, learned = (
        sum(len(one.tokens) for one in packed),
        sum(sum(t != NOT_LEARNED for t in one.target) for one in packed),
    )
    print(f"{len(packed)} sequences, {tokens} tokens, {learned} of them answers", flush=True)
    torch.manual_seed(plan["seed"])
    adapted = lora(model, plan)
    learn(adapted, packed, plan, arguments.work / "checkpoint.pt")
    save(adapted, plan, arguments.output)


if __name__ == "__main__":
    main()
