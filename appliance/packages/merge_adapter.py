"""Add an adapter to its base model: `python -m appliance.packages.merge_adapter BASE ADAPTER OUTPUT NAME`.

A process of its own, so the memory goes back to the machine. No PEFT: W' = W + B·A·(alpha / rank), summed in float32
and rounded once to the type of W.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.packages.card import CARD_FILE
from appliance.packages.tuned_recipe import WEIGHTS_FILE, AdapterConfig, read_adapter_config

if TYPE_CHECKING:
    from torch import Tensor

_PREFIX = "base_model.model."
_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"


def changes_of(adapter: dict[str, "Tensor"], config: AdapterConfig) -> dict[str, tuple["Tensor", "Tensor"]]:
    """Return the two matrices of each weight that the adapter changes, by the weight's name in the base model.

    Raises ValueError for a tensor that is no half of a pair or not of the rank that the configuration names.
    """
    pairs: dict[str, tuple[Tensor, Tensor]] = {}
    for name, down in adapter.items():
        if name.endswith(_UP) and name.removesuffix(_UP) + _DOWN in adapter:
            continue
        layer = name.removeprefix(_PREFIX).removesuffix(_DOWN)
        up = adapter.get(name.removesuffix(_DOWN) + _UP)
        if not name.startswith(_PREFIX) or not name.endswith(_DOWN) or up is None:
            raise ValueError(f"the adapter's tensor {name} has no meaning here")
        if layer.rpartition(".")[2] not in config.modules or down.shape[0] != config.rank != up.shape[1]:
            raise ValueError(f"the adapter's tensor {name} is not what its configuration says")
        pairs[f"{layer}.weight"] = (down, up)
    return pairs


def merged(weight: "Tensor", down: "Tensor", up: "Tensor", scale: float) -> "Tensor":
    """Return the changed weight, of the type and shape of `weight`. Raises ValueError where shapes do not fit."""
    if (up.shape[0], down.shape[1]) != tuple(weight.shape) or down.shape[0] != up.shape[1]:
        raise ValueError(f"an adapter of {tuple(up.shape)} × {tuple(down.shape)} does not fit {tuple(weight.shape)}")
    return (weight.float() + (up.float() @ down.float()) * scale).to(weight.dtype)


def merge(base: Path, adapter: Path, output: Path, name: str) -> None:
    """Write the merged model's files but the card into `output`. Raises `PackageError`, ValueError, OSError."""
    import torch
    from safetensors.torch import load_file, save_file

    torch.set_num_threads(1)  # one order of sums, the same bytes everywhere
    config = read_adapter_config(adapter)
    pairs = changes_of(load_file(adapter / WEIGHTS_FILE), config)
    output.mkdir(exist_ok=True)
    for path in sorted(base.iterdir()):
        if path.name.startswith(".") or path.name == CARD_FILE:
            continue
        if path.suffix != ".safetensors":
            shutil.copyfile(path, output / path.name)
            continue
        tensors = load_file(path)
        for key in sorted(pairs.keys() & tensors.keys()):
            tensors[key] = merged(tensors[key], *pairs.pop(key), config.scale)
        save_file(tensors, output / path.name, metadata={"format": "pt"})
    if pairs:
        raise ValueError(f"the base model has no {sorted(pairs)[0]}")
    settings = json.loads((base / "config.json").read_bytes())
    settings["_model_name_or_path"] = name
    (output / "config.json").write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    merge(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
