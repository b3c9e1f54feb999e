import pytest
import yaml
from gateway import parse_arguments, targets
from servers import EngineSettings, ServerFailed, appliance_server, read_settings, vllm_command

from appliance.config.site import EngineSettings as SiteEngine
from appliance.config.site import ModelSettings


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "models" / "base"
    folder.mkdir(parents=True)
    card = {"context_length": 8192, "dtype": "bfloat16", "chat_template": "chat_template.jinja"}
    (folder / "card.yaml").write_text(yaml.safe_dump(card))
    return tmp_path


def test_the_defaults_are_those_of_the_site_file():
    ours, theirs = EngineSettings(), SiteEngine()
    for name in EngineSettings.__dataclass_fields__:
        expected = "base" if name == "package" else getattr(theirs, name)
        assert getattr(ours, name) == expected, name
    assert "package" in ModelSettings.model_fields


def test_the_site_files_settings_reach_vllm(home):
    engine = {"max_model_len": 2048, "max_num_seqs": 16, "compile": True, "tool_call_parser": None, "kv_cache_gib": 2}
    (home / "site.yaml").write_text(yaml.safe_dump({"models": {"general": {"package": "base", "engine": engine}}}))
    settings = read_settings(home)
    assert settings.kv_cache_gib == 2
    command = vllm_command(home, settings, 9000)
    assert command[command.index("--max-model-len") + 1] == "2048"
    assert command[command.index("--max-num-seqs") + 1] == "16"
    assert "--enforce-eager" not in command
    assert "--tool-call-parser" not in command


def test_vllm_knows_every_option(home):
    """The option names are checked against the installed vLLM's own list, read as text: importing it takes long."""
    from importlib.util import find_spec
    from pathlib import Path

    package = Path(find_spec("vllm").origin).parent
    known = (package / "engine" / "arg_utils.py").read_text() + (
        package / "entrypoints/launchers/cli_args.py"
    ).read_text()
    for part in vllm_command(home, EngineSettings(), 9000):
        if part.startswith("--"):
            name = part[2:].replace("-", "_")
            assert part in known or f"    {name}:" in known, part


def test_an_appliance_that_runs_already_is_left_alone(home):
    (home / "run").mkdir()
    (home / "run" / "instance.json").write_text("{}")
    with pytest.raises(ServerFailed, match="appliance down"), appliance_server(home):
        pass
    assert (home / "run" / "instance.json").exists()


def test_targets_are_judged_where_they_were_measured():
    memory = {"appliance": {"pss_bytes": 8 * 1024**3}}
    rows = [{"streams": 1, "ttft_p50_ratio": 1.05}, {"streams": 32, "throughput_ratio": 0.9}]
    assert [met for _text, met in targets({"rows": rows, "memory": memory})] == [True, False, False]
    assert len(targets({"rows": [], "memory": memory})) == 1


def test_streams_are_a_list_of_numbers(capsys):
    assert parse_arguments(["--streams", "1,4"]).streams == [1, 4]
    with pytest.raises(SystemExit):
        parse_arguments(["--streams", "0"])
    assert "--streams" in capsys.readouterr().err
