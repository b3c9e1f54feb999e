"""Settings put into the text of a site file: everything else stays, and what cannot be put in safely is refused."""

import pytest

from appliance.config.site_text import with_settings
from appliance.core.errors import ConfigError

REPLICAS = ("models", "general", "replicas")
CARDS = ("models", "general", "engine", "tensor_parallel_size")


def changed(text, settings):
    found, site = with_settings(text, settings, "site.yaml")
    return found, site.models["general"]


def test_comments_order_and_quotes_stay():
    text = """# ours
gateway: {port: 8081}   # the door
models:
  # the large one
  general:
    package: "qwen3-32b"  # agreed in May
    replicas: 1   # grows
    engine:
      max_num_seqs: 32
      # cards

  finance: {package: 'fin-r1', engine: {compile: true}}

language: zh_CN
"""
    found, model = changed(text, {REPLICAS: 2, CARDS: 8, ("models", "finance", "engine", "max_num_seqs"): 96})
    assert found == text.replace("replicas: 1 ", "replicas: 2 ").replace(
        "max_num_seqs: 32\n", "max_num_seqs: 32\n      tensor_parallel_size: 8\n"
    ).replace("compile: true}", "compile: true, max_num_seqs: 96}")
    assert (model.replicas, model.engine.tensor_parallel_size, model.engine.max_num_seqs) == (2, 8, 32)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("models:\n  general:\n    package: base",
         "models:\n  general:\n    package: base\n    engine:\n      tensor_parallel_size: 2\n"),
        ("models: {general: {package: base}}\n",
         "models: {general: {package: base, engine: {tensor_parallel_size: 2}}}\n"),
        ("models: {general: {package: base, engine: {}}}\n",
         "models: {general: {package: base, engine: {tensor_parallel_size: 2}}}\n"),
        ("models:\n  general: {\n    package: base, # ours\n  }\nlanguage: en\n",
         "models:\n  general: {\n    package: base, engine: {tensor_parallel_size: 2}, # ours\n  }\nlanguage: en\n"),
        ("models:\n  general:\n    package: base\n    placement: {labels: {rack: '7'}}\n# end\n",
         "models:\n  general:\n    package: base\n    placement: {labels: {rack: '7'}}\n"
         "    engine:\n      tensor_parallel_size: 2\n# end\n"),
        ("models:\n  general: {package: base}\n...\n",
         "models:\n  general: {package: base, engine: {tensor_parallel_size: 2}}\n...\n"),
        ("models:\r\n  general:\r\n    package: base\r\n",
         "models:\r\n  general:\r\n    package: base\r\n    engine:\r\n      tensor_parallel_size: 2\r\n"),
    ],
)  # fmt: skip
def test_a_section_that_is_not_there_is_made_in_the_style_of_the_file(before, after):
    assert changed(before, {CARDS: 2})[0] == after


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "# nothing yet"])
def test_an_empty_file_gets_them_at_its_end(text):
    found, model = changed(text, {("models", "general", "package"): "base", REPLICAS: 3})
    assert found.startswith(text)
    assert found.endswith("models:\n  general:\n    package: base\n    replicas: 3\n")
    assert model.replicas == 3


@pytest.mark.parametrize(
    "text",
    [
        "models:\n  general: &one {package: base, replicas: 1}\n  finance: *one\n",  # both would change
        "models:\n  general: {package: base}\n  general: {package: base, replicas: 1}\n",  # the last one counts
    ],
)
def test_what_cannot_be_changed_safely_is_refused_with_what_to_write(text):
    with pytest.raises(ConfigError, match=r"Write into it: .*models\.general\.replicas: 2"):
        with_settings(text, {("models", "general", "package"): "base", REPLICAS: 2}, "site.yaml")


def test_a_value_that_the_site_file_refuses_is_refused():
    with pytest.raises(ConfigError, match=r"models\.general\.replicas"):
        with_settings("models: {general: {package: base}}\n", {REPLICAS: 0}, "site.yaml")
