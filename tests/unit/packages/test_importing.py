"""Models from elsewhere become packages, or are refused with the reason and leave nothing."""

import json
import shutil
import zipfile

import numpy
import pytest
from safetensors.numpy import save_file

from appliance.core.errors import PackageError
from appliance.packages.card import chat_template_of
from appliance.packages.checksums import verify_package
from appliance.packages.importing import ImportWish, import_model
from tests.unit.packages.conftest import parameters, write_tiny_gguf

CONFIG = {"architectures": ["LlamaForCausalLM"], "max_position_embeddings": 512, "dtype": "bfloat16"}
WISH = ImportWish("bought", licence="Apache-2.0", languages=("zh", "en"))


@pytest.fixture
def folder(tmp_path):
    """Give a folder as a hub has it: two shards, the template in the tokenizer's configuration, a readme."""
    folder = tmp_path / "Bought-7B"
    folder.mkdir()
    for number in (1, 2):
        save_file({f"w{number}": numpy.zeros((3, 4), numpy.float16)}, folder / f"model-{number}.safetensors")
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ messages }}"}))
    (folder / "README.md").write_text("# A model")
    (folder / "figures.png").write_bytes(b"x")
    return folder


@pytest.fixture
def bring(tmp_path):
    """Give a function that imports into a folder of models and returns the card."""

    def run(source, wish=WISH):
        for _news in import_model(source, wish, tmp_path / "models", tmp_path / "logs"):
            pass
        return verify_package(tmp_path / "models" / wish.name)

    yield run
    left = [path.name for path in (tmp_path / "models").glob(".*")] if (tmp_path / "models").exists() else []
    assert left == []


def test_a_folder_becomes_a_package(bring, folder, tmp_path):
    card = bring(folder)
    assert (card.parameters, card.context_length, card.dtype) == (24, 512, "bfloat16")
    assert (card.languages, card.licence, card.origin["form"]) == (["zh", "en"], "Apache-2.0", "folder")
    assert "figures.png" not in card.files
    assert (tmp_path / "models/bought/chat_template.jinja").read_text() == "{{ messages }}"


def test_a_gguf_becomes_a_package(bring, tmp_path):
    path = tmp_path / "tiny.gguf"
    write_tiny_gguf(path)
    template = tmp_path / "own.jinja"
    template.write_text("{{ messages }}")
    card = bring(path, ImportWish("tiny", licence="MIT", chat_template=template))
    assert card.parameters == parameters()
    assert (card.title, card.context_length, card.origin["name"]) == ("tiny", 128, "tiny.gguf")


def test_a_wheel_with_a_folder_in_it_becomes_a_package_and_its_code_stays_out(bring, folder, tmp_path):
    path = tmp_path / "bought-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("bought/__init__.py", "raise SystemExit")
        for file in folder.iterdir():
            wheel.write(file, f"bought/weights/{file.name}")
    card = bring(path)
    assert card.origin["form"] == "wheel"
    assert not any(name.endswith(".py") for name in card.files)


MODULES = {
    "modules.json": [
        {"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ],
    "1_Pooling/config.json": {"word_embedding_dimension": 1024, "pooling_mode_cls_token": True,
                              "pooling_mode_mean_tokens": False},
    "sentence_bert_config.json": {"max_seq_length": 8192, "do_lower_case": False},
    "config.json": {"architectures": ["XLMRobertaModel"], "max_position_embeddings": 8194, "torch_dtype": "float32"},
}  # fmt: skip


def _make_embedder(folder, **changes):
    """Let the folder be as sentence-transformers saves BGE-M3; None leaves a file out."""
    (folder / "tokenizer_config.json").write_text("{}")
    for name, content in {**MODULES, **changes}.items():
        if content is not None:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(json.dumps(content))


def test_an_embedder_becomes_a_package_that_says_how_it_pools(bring, folder):
    _make_embedder(folder)
    card = bring(folder)
    assert (card.kind, card.chat_template, card.context_length, card.dtype) == ("embedder", None, 8192, "float32")
    assert (card.embedding.dimensions, card.embedding.pooling, card.embedding.normalised) == (1024, "cls", True)


def test_an_embedder_made_of_a_chat_model_is_an_embedder(bring, folder):
    """Qwen3-Embedding says Qwen3ForCausalLM and has a chat template."""
    pooling = {"word_embedding_dimension": 1024, "pooling_mode_lasttoken": True}
    config = {"architectures": ["Qwen3ForCausalLM"], "max_position_embeddings": 32768, "torch_dtype": "bfloat16"}
    _make_embedder(
        folder, **{"1_Pooling/config.json": pooling, "config.json": config, "sentence_bert_config.json": None}
    )
    card = bring(folder)
    assert (card.kind, card.embedding.pooling, card.context_length) == ("embedder", "last", 32768)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"1_Pooling/config.json": None}, "1_Pooling/config.json is missing"),
        (
            {"1_Pooling/config.json": {"word_embedding_dimension": 8, "pooling_mode_max_tokens": True}},
            "it pools in a way",
        ),
        ({"1_Pooling/config.json": {"pooling_mode_cls_token": True}}, "it pools in a way"),
        (
            {"modules.json": [*MODULES["modules.json"], {"path": "3_Dense", "type": "x.Dense"}]},
            "does not know: 'Dense'",
        ),
        ({"modules.json": {}}, "is not a list of modules"),
        ({"config.json": {"architectures": ["T5EncoderModel"]}}, "an embedder of another architecture"),
    ],
)
def test_an_embedder_that_could_not_be_described_is_refused(bring, folder, changes, told):
    _make_embedder(folder, **changes)
    with pytest.raises(PackageError, match=told):
        bring(folder)


def test_an_embedder_is_no_chat_model(bring, folder, tmp_path):
    _make_embedder(folder)
    card = bring(folder)
    with pytest.raises(PackageError, match="is an embedder, not a chat model") as caught:
        chat_template_of(card, tmp_path / "models/bought")
    assert caught.value.code == "not_a_chat_model"


def test_what_the_operator_says_goes_before_what_the_model_says(bring, folder):
    card = bring(folder, ImportWish("mine", "2026.1", "Our own", "LicenseRef-Bank", ("zh",), None, 256))
    assert (card.title, card.version, card.licence, card.context_length) == (
        "Our own",
        "2026.1",
        "LicenseRef-Bank",
        256,
    )


def _config(**changes):
    return lambda folder: (folder / "config.json").write_text(json.dumps({**CONFIG, **changes}))


def _file(name, content=b"x"):
    return lambda folder: (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_file("pytorch_model.bin"), "pytorch_model.bin can be pickled weights"),
        (_file("model.PT"), "pickled"),
        (_file("modeling_bought.py"), "modeling_bought.py is code"),
        (_file("lib.so"), "is code"),
        (_config(auto_map={"AutoModel": "modeling.Own"}), "auto_map"),
        (_config(architectures=["BertModel"]), "modules.json is missing"),
        (_config(architectures=["XLMRobertaForSequenceClassification"]), "it is a reranker or a classifier"),
        (_config(architectures=["WhisperFeatures"]), "no chat model"),
        (_config(architectures=None), "no chat model"),
        (_config(dtype="int4"), "type 'int4'"),
        (_config(max_position_embeddings=None), "context length is not known"),
        (_file("config.json", b"[1"), "config.json cannot be read"),
        (_file("config.json", b"[1]"), "not a JSON object"),
        (_file("model-1.safetensors", b"\xff" * 40), "not a safetensors file"),
        (_file("model-1.safetensors", b""), "not a safetensors file"),
        (_file("tokenizer_config.json", b"{}"), "no chat template"),
        (lambda folder: (folder / "config.json").unlink(), "missing"),
        (lambda folder: [path.unlink() for path in folder.glob("*.safetensors")], "missing"),
        (shutil.rmtree, "no folder, no .gguf file and no wheel"),
    ],
)
def test_what_cannot_be_taken_is_refused_and_leaves_nothing(bring, folder, tmp_path, spoil, told):
    spoil(folder)
    with pytest.raises(PackageError, match=told):
        bring(folder)
    assert not (tmp_path / "models/bought").exists()


def test_a_licence_must_be_known(bring, folder):
    with pytest.raises(PackageError, match="licence is not known"):
        bring(folder, ImportWish("bought"))


def test_a_name_that_is_taken_is_not_given_away(bring, folder, tmp_path):
    bring(folder)
    with pytest.raises(PackageError, match="there is a model bought already"):
        bring(folder, ImportWish("bought", "2", licence="MIT"))
    assert verify_package(tmp_path / "models/bought").version == "1"


def test_a_wheel_without_one_model_is_refused(bring, tmp_path):
    path = tmp_path / "empty-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("empty/__init__.py", "")
    with pytest.raises(PackageError, match="0 models, not one"):
        bring(path)
