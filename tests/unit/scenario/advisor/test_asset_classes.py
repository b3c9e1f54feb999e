from typing import get_args

import pytest

from appliance.guardrails.classify.folding import fold
from appliance.guardrails.classify.rules import load_rules
from appliance.guardrails.classify.topics import RULES
from scenarios.advisor.asset_classes import CLASSES
from scenarios.advisor.models import AssetClass


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_no_title_beside_a_share_reads_as_a_promise_of_returns(language):
    assert set(CLASSES) == set(get_args(AssetClass))
    for words in CLASSES.values():
        text = f"{words.within(language)}0.00%" if language == "zh_CN" else f"{words.within(language)} 0.00%"
        assert list(load_rules(RULES).find(fold(text), "output")) == []
    assert list(load_rules(RULES).find(fold("固定收益类0.00%"), "output"))
