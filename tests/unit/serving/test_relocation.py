from pathlib import Path

import pytest

from appliance.cluster.environment import NODE_HOME
from appliance.config.site import ModelSettings
from appliance.serving.engine import ADAPTERS, HOME_OF_PATHS, Adapter, ChatModel, llm_config
from appliance.serving.relocation import moved, on_this_node

HEAD, HERE = "/srv/appliance", "/data/node"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{HEAD}/models/base", f"{HERE}/models/base"),
        ("/usr/share/template.jinja", "/usr/share/template.jinja"),
        ("/srv/appliance-2/models/base", "/srv/appliance-2/models/base"),
    ],
)
def test_paths_below_the_home_move(path, expected):
    assert moved(path, HEAD, HERE) == expected


def config_of_a_model():
    folder = Path(HEAD) / "models" / "base"
    model = ChatModel(
        "general", "base", folder, 2048, ("en",), 135_000_000, folder / "chat_template.jinja", "bfloat16",
        ModelSettings(package="base"), (Adapter("finance", Path(HEAD) / "models" / "adapter", 16),),
    )  # fmt: skip
    config = llm_config(model, "cpu", 2, 60.0)
    config.experimental_configs[HOME_OF_PATHS] = HEAD
    return config


def test_a_replica_reads_the_files_of_its_own_node():
    config = config_of_a_model()
    assert config.get_engine_config().hf_model_id == f"{HEAD}/models/base"  # worked out where it was deployed
    here = on_this_node(config, {NODE_HOME: HERE})
    assert here.model_loading_config.model_source == f"{HERE}/models/base"
    assert here.engine_kwargs["chat_template"] == f"{HERE}/models/base/chat_template.jinja"
    assert here.experimental_configs[ADAPTERS] == {"finance": f"{HERE}/models/adapter"}
    assert here.get_engine_config().hf_model_id == f"{HERE}/models/base"
    assert here.model_id == config.model_id
    assert here.engine_kwargs["max_num_seqs"] == config.engine_kwargs["max_num_seqs"]
    assert here.server_cls == config.server_cls


@pytest.mark.parametrize("environment", [{}, {NODE_HOME: HEAD}])
def test_on_the_head_nothing_moves(environment):
    config = config_of_a_model()
    assert on_this_node(config, environment) is config
