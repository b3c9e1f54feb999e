import re

import pytest
from pydantic import BaseModel, ValidationError

from appliance.config.site import SiteConfig, load_site, parse_site
from appliance.core.errors import ConfigError
from appliance.core.messages import speaking


def refusal(text):
    with pytest.raises(ConfigError) as caught:
        parse_site(text, "site.yaml")
    return str(caught.value)


def test_an_absent_and_an_empty_file_mean_the_defaults(tmp_path):
    assert load_site(tmp_path / "site.yaml") == SiteConfig()
    assert parse_site("# nothing\n", "site.yaml") == SiteConfig()
    assert SiteConfig().gateway.host == "127.0.0.1"
    assert SiteConfig().gateway.port == 8080
    assert list(SiteConfig().models) == ["general", "finance"]


def test_what_the_file_says_counts(tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text(
        "language: zh_CN\ngateway:\n  port: 9000\nmodels:\n  general:\n    package: 通义\n", encoding="utf-8"
    )
    site = load_site(path)
    assert (site.language, site.gateway.port, site.models["general"].package) == ("zh_CN", 9000, "通义")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "models: {general: {package: base, scaling: {min_replicas: 3, max_replicas: 2}}}",
            "models.general.scaling: max_replicas must not be less than min_replicas",
        ),
        ("models: {a: {package: b, scaling: {max_replica: 2}}}", "models.a.scaling.max_replica: unknown (did you mean"),
        ("models: {a: {package: b, placement: {labels: {vendor: '!x'}}}}", "models.a.placement.labels.vendor: "),
        ("gatway: {}", "gatway: unknown (did you mean gateway?)"),
        ("gateway: {prot: 1}", "gateway.prot: unknown (did you mean port?)"),
        ("models: {general: {package: base, replica: 1}}", "models.general.replica: unknown (did you mean replicas?)"),
        (
            "models: {general: {package: base, engine: {max_num_seq: 1}}}",
            "models.general.engine.max_num_seq: unknown (did you mean max_num_seqs?)",
        ),
        ("zzz: 1", "zzz: unknown"),
        ("gateway: {port: 0}", "gateway.port: it must be at least 1"),
        ("reviews: {keep_days: 0}", "reviews.keep_days: it must be at least 1"),
        ("reviews: {keep_days: 3651}", "reviews.keep_days: it must be at most 3650"),
        ("gateway: {port: eighty}", "gateway.port: "),
        ("models: {general: {}}", "models.general.package: must be given"),
        ("language: fr", "language: "),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(text, told):
    assert told in refusal(text)


def test_every_fault_is_told_at_once():
    told = refusal("gateway: {port: 0}\ncluster: {port: 70000}\nnonsense: 1")
    assert all(name in told for name in ("gateway.port", "cluster.port", "nonsense"))


@pytest.mark.parametrize("text", ["a: [", "- 1\n- 2", "just words", "3", "a: b: c", "!!python/object:os.system {}"])
def test_text_that_is_no_settings_file_is_refused_in_one_line(text):
    told = refusal(text)
    assert "site.yaml" in told
    assert "\n" not in told


def test_a_file_that_cannot_be_read_is_told_as_such(tmp_path):
    (tmp_path / "gbk.yaml").write_bytes("language: 中文".encode("gbk"))
    (tmp_path / "folder.yaml").mkdir()
    for name in ("gbk.yaml", "folder.yaml"):
        with pytest.raises(ConfigError, match=name):
            load_site(tmp_path / name)


def test_the_refusal_speaks_chinese():
    with speaking("zh_CN"):
        told = refusal("gatway: {}\ngateway: {port: 0, max_body_bytes: x}\nmodels: {general: {}}")
    assert not re.search(r"unknown|mean|must|given|number|; ", told)


@pytest.mark.parametrize("port", [6380, 6391])
def test_the_gateway_takes_none_of_the_nodes_ports(port):
    with pytest.raises(ConfigError) as refused:
        parse_site(f"gateway: {{port: {port}}}", "site.yaml")
    assert f"gateway.port {port} is one of the twelve ports from cluster.port 6380 on" in refused.value.render("en")
    assert f"gateway.port {port} 属于" in refused.value.render("zh_CN")
    assert parse_site("gateway: {port: 6392}", "site.yaml").gateway.port == 6392


def test_settings_are_frozen():
    site = SiteConfig()
    with pytest.raises(ValidationError):
        site.gateway.port = 1


def sections(model=SiteConfig):
    yield model
    for field in model.model_fields.values():
        for kind in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from sections(kind)


def test_every_setting_is_documented():
    assert len(list(sections())) >= 7
    missing = [
        f"{model.__name__}.{name}"
        for model in sections()
        for name, field in model.model_fields.items()
        if not field.description
    ]
    assert missing == []
