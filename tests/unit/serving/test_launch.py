"""What a start agrees on before anything is deployed."""

import pytest

from appliance.cluster.instance import Instance, digest_of, write_instance
from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.errors import StartFailed
from appliance.serving.launch import agreed_site


def test_settings_that_were_put_in_after_the_check_start_nothing(tmp_path):
    home = Home(tmp_path)
    home.create()
    home.site_file.write_text("language: en\n", encoding="utf-8")
    checked = digest_of(load_site(home.site_file))
    write_instance(home.instance_file, Instance("i", "a", "u", "t", "2026-11-26T00:00:00.000Z", "1", checked))
    assert agreed_site(home).language == "en"
    home.site_file.write_text("guardrails: {enabled: false}\n", encoding="utf-8")
    with pytest.raises(StartFailed, match="changed while the appliance was starting"):
        agreed_site(home)
