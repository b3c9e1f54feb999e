"""Entries for models that the catalogue does not know, from the `config.json` of a package: sizes, not opinions."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from appliance.catalogue.architecture import count_parameters
from appliance.catalogue.model import Architecture, Checkpoint, ModelEntry, Precision, Source, Sources
from appliance.core.errors import PackageError
from appliance.core.messages import _

_KNOWN = {"llama", "mistral", "qwen2", "qwen3", "qwen3_moe", "deepseek_v3", "glm4", "glm4_moe", "gemma3_text"}
DTYPES: Final[Mapping[str, Precision]] = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"}
"""Precisions by the names of torch."""
_QUANTISED: dict[str, Precision] = {"fp8": "fp8", "awq": "int4"}


def entry_from_config(name: str, title: str, config: Mapping[str, Any]) -> ModelEntry:
    """Return an entry for the package `name`. Raises `PackageError` for a shape that is not known here."""
    text = config.get("text_config")
    shape = text if isinstance(text, Mapping) else config
    kind = shape.get("model_type")
    if kind not in _KNOWN:
        raise PackageError(
            _("The package {name} cannot be sized: its kind of model, {kind}, is unknown.", name=name, kind=str(kind)),
            _("Give a model of the catalogue in its place: --model ALIAS=NAME."),
        )
    try:
        architecture = Architecture.model_validate(_architecture(str(kind), shape))
        return _entry(name, title, config, shape, architecture)
    except (KeyError, TypeError, ValidationError) as error:
        raise PackageError(
            _("The package {name} cannot be sized: {reason}", name=name, reason=" ".join(str(error).split())),
            _("Build or copy the package again."),
        ) from error


def _entry(
    name: str, title: str, config: Mapping[str, Any], shape: Mapping[str, Any], architecture: Architecture
) -> ModelEntry:
    counted = count_parameters(architecture)
    source = Source(url="config.json")
    checkpoint = Checkpoint(precision=_precision(config, shape), repository=name, source=source)
    return ModelEntry(
        name=name,
        title=title,
        family=name,
        kind="chat",
        parameters=counted.total,
        active_parameters=counted.active,
        architecture=architecture,
        context=shape["max_position_embeddings"],
        checkpoints=(checkpoint,),
        licence="-",
        languages=("-",),
        sources=Sources(architecture=source, parameters=source, licence=source, parsers=source),
    )


def _precision(config: Mapping[str, Any], shape: Mapping[str, Any]) -> Precision:
    quantised = config.get("quantization_config")
    if isinstance(quantised, Mapping):
        method = str(quantised.get("quant_method"))
        if method == "gptq":
            return "int8" if quantised.get("bits") == 8 else "int4"
        return _QUANTISED.get(method, "int8")
    dtype = config.get("dtype") or config.get("torch_dtype") or shape.get("dtype") or shape.get("torch_dtype")
    return DTYPES.get(str(dtype), "fp32")


def _architecture(kind: str, shape: Mapping[str, Any]) -> dict[str, Any]:
    heads = shape["num_attention_heads"]
    rows: dict[str, Any] = {
        "layers": shape["num_hidden_layers"],
        "hidden_size": shape["hidden_size"],
        "intermediate_size": shape["intermediate_size"],
        "heads": heads,
        "kv_heads": shape.get("num_key_value_heads") or heads,
        "head_size": shape.get("head_dim") or shape["hidden_size"] // heads,
        "vocabulary": shape["vocab_size"],
        "attention": _attention(kind, shape),
        "tied_embeddings": bool(shape.get("tie_word_embeddings", kind == "gemma3_text")),
        "qkv_bias": bool(shape.get("attention_bias", kind == "qwen2")),
        "qk_norm": kind in ("qwen3", "qwen3_moe", "gemma3_text") or bool(shape.get("use_qk_norm")),
        "norms_per_layer": 4 if kind in ("glm4", "gemma3_text") else 2,
    }
    routed = shape.get("n_routed_experts") or shape.get("num_experts")
    if routed:
        rows["experts"] = {
            "routed": routed,
            "per_token": shape["num_experts_per_tok"],
            "shared": shape.get("n_shared_experts") or 0,
            "size": shape["moe_intermediate_size"],
            "dense_layers": shape.get("first_k_dense_replace") or 0,
        }
    return rows


def _attention(kind: str, shape: Mapping[str, Any]) -> dict[str, Any]:
    if kind == "deepseek_v3":
        return {
            "kind": "mla",
            "query_rank": shape["q_lora_rank"],
            "kv_rank": shape["kv_lora_rank"],
            "rope_size": shape["qk_rope_head_dim"],
            "nope_size": shape["qk_nope_head_dim"],
            "value_size": shape["v_head_dim"],
        }
    layers = shape["num_hidden_layers"]
    if kind == "gemma3_text":
        kinds = shape.get("layer_types") or ()
        windowed = sum(1 for name in kinds if name == "sliding_attention") or layers - layers // 6
        return {"kind": "sliding", "window": shape["sliding_window"], "windowed_layers": windowed}
    return {"kind": "gqa"}
