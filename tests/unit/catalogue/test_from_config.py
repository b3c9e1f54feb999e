import pytest

from appliance.catalogue.architecture import count_parameters
from appliance.catalogue.from_config import entry_from_config
from appliance.core.errors import PackageError

QWEN3_8B = {
    "model_type": "qwen3", "num_hidden_layers": 36, "hidden_size": 4096, "intermediate_size": 12288,
    "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936,
    "max_position_embeddings": 40960, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
}  # fmt: skip
QWEN25_7B = {
    "model_type": "qwen2", "num_hidden_layers": 28, "hidden_size": 3584, "intermediate_size": 18944,
    "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152064, "max_position_embeddings": 32768,
    "tie_word_embeddings": False, "dtype": "bfloat16",
}  # fmt: skip
DEEPSEEK_V3 = {
    "model_type": "deepseek_v3", "num_hidden_layers": 61, "hidden_size": 7168, "intermediate_size": 18432,
    "num_attention_heads": 128, "num_key_value_heads": 128, "vocab_size": 129280, "max_position_embeddings": 163840,
    "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8, "moe_intermediate_size": 2048,
    "first_k_dense_replace": 3, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64, "v_head_dim": 128, "quantization_config": {"quant_method": "fp8"},
}  # fmt: skip
GEMMA3_TEXT = {
    "text_config": {
        "model_type": "gemma3_text", "num_hidden_layers": 62, "hidden_size": 5376, "intermediate_size": 21504,
        "num_attention_heads": 32, "num_key_value_heads": 16, "head_dim": 128, "vocab_size": 262208,
        "max_position_embeddings": 131072, "sliding_window": 1024, "torch_dtype": "bfloat16",
    }
}  # fmt: skip


@pytest.mark.parametrize(
    ("config", "model", "extra"),
    [(QWEN3_8B, "qwen3-8b", 0), (QWEN25_7B, "qwen2.5-7b", 0), (DEEPSEEK_V3, "deepseek-v3", 0),
     (GEMMA3_TEXT, "gemma-3-27b", 423_060_336)],
)  # fmt: skip
def test_a_configuration_gives_what_the_catalogue_says(catalogue, config, model, extra):
    made = entry_from_config("own", "Own", config)
    known = catalogue[model]
    assert made.precisions[0] == known.precisions[0]
    assert made.context == known.context
    assert made.architecture.attention == known.architecture.attention
    assert made.architecture.experts == known.architecture.experts
    assert count_parameters(made.architecture).total == count_parameters(known.architecture).total - extra


@pytest.mark.parametrize(
    ("quantised", "precision"),
    [({"quant_method": "awq"}, "int4"), ({"quant_method": "gptq", "bits": 4}, "int4"),
     ({"quant_method": "gptq", "bits": 8}, "int8"), ({"quant_method": "fp8"}, "fp8"), (None, "bf16")],
)  # fmt: skip
def test_quantised_packages_are_sized_as_such(quantised, precision):
    config = QWEN3_8B | ({"quantization_config": quantised} if quantised else {})
    assert entry_from_config("own", "Own", config).precisions == (precision,)


@pytest.mark.parametrize(
    ("config", "told"),
    [({}, "None, is unknown"), (QWEN3_8B | {"model_type": "mamba"}, "mamba, is unknown"),
     ({k: v for k, v in QWEN3_8B.items() if k != "vocab_size"}, "vocab_size"),
     (QWEN3_8B | {"num_key_value_heads": 5}, "multiple of kv_heads")],
)  # fmt: skip
def test_what_cannot_be_sized_is_refused(config, told):
    with pytest.raises(PackageError, match=told):
        entry_from_config("own", "Own", config)
