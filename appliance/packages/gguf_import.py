"""Any GGUF to safetensors, in a process of its own: `python -m appliance.packages.gguf_import GGUF OUTPUT DTYPE`.

What only the GGUF knows goes to `OUTPUT/.gguf.json`: `context_length`, `licence`, `title`.
"""

import json
import sys
from pathlib import Path
from typing import Any

from appliance.packages.importing import CHAT_TEMPLATE, NOTES


def convert(gguf: Path, output: Path, dtype: str) -> None:
    """Write weights, configuration, tokenizer and chat template. Raises what transformers raises, and ValueError."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    output.mkdir(exist_ok=True)
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        dtype=getattr(torch, dtype),
        quantization_config=GgufConfig(dequantize=True),
        local_files_only=True,
    )
    model.config._model_name_or_path = output.name
    model.save_pretrained(output, safe_serialization=True)
    tokenizer: Any = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, local_files_only=True)
    if tokenizer.chat_template:
        (output / CHAT_TEMPLATE).write_text(tokenizer.chat_template, encoding="utf-8")
    tokenizer.chat_template = None  # it stands in a file of its own
    for leftover in ("chat_template", "is_local", "local_files_only"):
        tokenizer.init_kwargs.pop(leftover, None)
    tokenizer.save_pretrained(output)
    (output / NOTES).write_text(json.dumps(_notes(gguf)), encoding="utf-8")


def _notes(gguf: Path) -> dict[str, Any]:
    from gguf import GGUFReader

    fields = GGUFReader(gguf).fields
    found = {name: field.contents() for name, field in fields.items() if name.startswith("general.")}
    return {"licence": found.get("general.license"), "title": found.get("general.name")}


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
