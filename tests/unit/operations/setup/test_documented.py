"""The file of answers that docs/install.md shows goes through, on other addresses and with small packages."""

import re
from pathlib import Path

from appliance.config.site import load_site
from appliance.operations import packages
from appliance.operations.accounts import list_users
from appliance.operations.setup import running
from appliance.operations.setup.answers import read_answers
from appliance.operations.setup.journal import unfinished
from tests.unit.operations.setup.starts import PASSWORD, write_secret
from tests.unit.serving.ports import free_ports

DOCUMENT = Path(__file__).parents[4] / "docs/install.md"


def test_the_example_is_one_that_works(home, started, built, monkeypatch):
    monkeypatch.setattr(running, "check_machine", lambda _home, _site: iter(()))
    (text,) = re.findall(r"```yaml\n(answers: 1\n.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    package = built("qinglan-7b")
    (package.parent / "vendor.pub").rename(package.parent / "maker.pub")
    write_secret(package.parent / "password", PASSWORD)
    first = free_ports(13)
    text = text.replace("cluster: {address: 10.0.0.11}", f"cluster: {{address: 127.0.0.1, port: {first}}}")
    text = text.replace("host: 10.0.0.11,", f"host: 127.0.0.1, port: {first + 12},")
    file = package.parent / "answers.yaml"
    file.write_text(text, encoding="utf-8")
    answers = read_answers(file)
    assert (answers.users, answers.level.ttft_ms) == (50, 3000)
    list(running.set_up(home, answers))
    site = load_site(home.site_file)
    assert (site.gateway.port, site.gateway.tls.names, site.models["general"].package) == (
        first + 12, ("ai.bank.example",), "qinglan-7b",
    )  # fmt: skip
    assert [one.manifest.name for one in packages.installed(home)] == ["qinglan-7b"]
    assert [(user.name, user.display_name) for user in list_users(home, site)] == [("lin", "林一")]
    assert len(started[0]) == 1
    assert not unfinished(home)
