import json

import numpy
import pytest
from safetensors.numpy import save_file


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "Bought-7B"
    folder.mkdir()
    save_file({"w": numpy.zeros((3, 4), numpy.float16)}, folder / "model.safetensors")
    config = {"architectures": ["LlamaForCausalLM"], "max_position_embeddings": 512, "dtype": "bfloat16"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ messages }}"}))
    return folder


def test_a_model_is_imported(run, home, folder):
    options = ("--licence", "MIT", "--languages", "zh, en", "--title", "Bought", "--context", 128, "--version", "2")
    shown = run("model", "import", folder, "--name", "bought", *options, "--json")
    assert shown.code == 0
    assert (shown.json["title"], shown.json["version"], shown.json["languages"]) == ("Bought", "2", ["zh", "en"])
    assert shown.json["context_length"] == 128
    assert (home / "models/bought/card.yaml").is_file()
    told = run("model", "import", folder, "--name", "again", "--licence", "MIT")
    assert "Name the package again in site.yaml" in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--name", "bought"), 10, "Give its SPDX name with --licence"),
        (("--name", "../x", "--licence", "MIT"), 7, "cannot be the name of a package"),
        (("--licence", "MIT"), 2, "--name"),
        (("--name", "b", "--licence", "MIT", "--context", 3), 2, "--context"),
    ],
)
def test_bad_input_is_refused_with_what_to_do(run, home, folder, options, code, told):
    shown = run("model", "import", folder, *options)
    assert shown.code == code
    assert told in shown.err
    assert shown.out == ""
