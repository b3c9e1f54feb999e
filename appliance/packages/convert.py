"""GGUF to safetensors, in a process of its own: `python -m appliance.packages.convert RECIPE GGUF OUTPUT`.

The process ends with its work, so the memory that PyTorch took returns to the machine before the engine starts.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

from appliance.packages.recipe import Recipe, load_recipe


def _save_model(gguf: Path, output: Path, recipe: Recipe) -> int:
    """Write dense weights, config and generation config; return the end-of-turn token's id."""
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        dtype=getattr(torch, recipe.dtype),
        quantization_config=GgufConfig(dequantize=True),
        local_files_only=True,
    )
    count = sum(parameter.numel() for parameter in model.parameters())
    longest = model.config.max_position_embeddings
    if count != recipe.parameters or longest < recipe.context_length:
        raise ValueError(f"the weights hold {count} parameters and {longest} positions: not what the recipe says")
    # The training run's name: of no use to anyone here, and it reads like a path.
    model.config._model_name_or_path = recipe.name
    model.save_pretrained(output, safe_serialization=True)
    return int(model.generation_config.eos_token_id)


def _save_tokenizer(gguf: Path, output: Path, recipe: Recipe, stop_id: int) -> None:
    """Write the tokenizer as the recipe says; the model must stop at the same token that ends a turn."""
    from tokenizers import pre_tokenizers
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, local_files_only=True)
    if recipe.tokenizer.individual_digits:
        backend = tokenizer.backend_tokenizer
        backend.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), backend.pre_tokenizer]
        )
    if tokenizer.eos_token != recipe.tokenizer.eos_token or tokenizer.eos_token_id != stop_id:
        raise ValueError(f"the model stops at token {stop_id}, the tokenizer at {tokenizer.eos_token!r}")
    tokenizer.model_max_length = recipe.context_length
    tokenizer.chat_template = None  # ours is copied in beside it
    for leftover in ("chat_template", "is_local", "local_files_only"):
        tokenizer.init_kwargs.pop(leftover, None)
    tokenizer.save_pretrained(output)


def convert(recipe_path: Path, gguf: Path, output: Path) -> None:
    """Write the package's files but the card into `output`. Raises what transformers raises, and ValueError."""
    recipe = load_recipe(recipe_path)
    output.mkdir(exist_ok=True)
    stop_id = _save_model(gguf, output, recipe)
    _save_tokenizer(gguf, output, recipe, stop_id)
    shutil.copyfile(recipe_path.parent / recipe.chat_template, output / recipe.chat_template)


if __name__ == "__main__":
    convert(*(Path(argument) for argument in sys.argv[1:4]))
