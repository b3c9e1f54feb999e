import json

import numpy
import pytest
from safetensors.numpy import save_file

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import InvalidRequest, PackageError
from appliance.core.progress import Progress
from appliance.operations.model_import import bring_in
from appliance.packages.checksums import verify_package
from appliance.packages.importing import ImportWish


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def folder(tmp_path):
    """Give a folder as a hub has it."""
    folder = tmp_path / "Bought-7B"
    folder.mkdir()
    save_file({"w": numpy.zeros((3, 4), numpy.float16)}, folder / "model.safetensors")
    config = {"architectures": ["LlamaForCausalLM"], "max_position_embeddings": 512, "dtype": "bfloat16"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ messages }}"}))
    return folder


def run(home, source, **wish):
    return list(bring_in(home, SiteConfig(), source, ImportWish(**{"name": "bought", "licence": "MIT", **wish})))


def test_a_folder_becomes_a_package_of_the_home(home, folder, tmp_path):
    template = tmp_path / "own.jinja"
    template.write_text("own {{ messages }}")
    *news, card = run(home, folder, chat_template=template, languages=("zh", "en"), context_length=256)
    assert [event.state for event in news if isinstance(event, Progress)] == ["running", "done", "running", "done"]
    assert verify_package(home.models / "bought") == card
    assert (card.licence, card.languages, card.context_length) == ("MIT", ["zh", "en"], 256)
    assert (home.models / "bought" / card.chat_template).read_text() == "own {{ messages }}"
    with pytest.raises(PackageError, match="there is a model bought already"):
        run(home, folder)


@pytest.mark.parametrize("name", ["../outside", "", "Upper", ".hidden", "a/b", "名", "x" * 64])
def test_a_name_that_is_none_is_refused_before_anything_is_made(home, folder, name):
    with pytest.raises(InvalidRequest, match="cannot be the name") as caught:
        run(home, folder, name=name)
    assert caught.value.param == "name"
    assert not home.root.exists()


def test_a_template_that_is_not_there_is_refused(home, folder, tmp_path):
    with pytest.raises(InvalidRequest, match=r"no file .*none\.jinja"):
        run(home, folder, chat_template=tmp_path / "none.jinja")
    assert not home.root.exists()


def test_a_model_that_is_refused_leaves_nothing(home, folder):
    (folder / "modeling_bought.py").write_text("print()")
    with pytest.raises(PackageError, match="is code"):
        run(home, folder)
    assert list(home.models.iterdir()) == []
