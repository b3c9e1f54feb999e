from pathlib import Path

import pytest
import yaml

from scenarios.advisor.conversation.promises import no_promise, promises_in
from scenarios.advisor.conversation.questions import FOLDER

SENTENCES = yaml.safe_load((FOLDER / "promises.yaml").read_text(encoding="utf-8"))
PACK = Path(__file__).resolve().parents[5] / "scenarios" / "advisor"


def texts_in(value):
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts_in(one)


def test_promises_are_found_and_denials_leave():
    missed = [text for text in SENTENCES["promises"] if not promises_in(text)]
    wrong = [text for text in SENTENCES["harmless"] if promises_in(text)]
    assert min(len(SENTENCES["promises"]), len(SENTENCES["harmless"])) >= 60
    assert (missed, wrong) == ([], [])


@pytest.mark.parametrize(
    "text", ["保 本 保 息", "稳\u200b赚不赔", "穩賺不賠", "ＧＵＡＲＡＮＴＥＥＤ returns", "**保证**收益5%"]
)
def test_spacing_width_and_characters_do_not_hide_a_promise(text):
    assert promises_in(text)


@pytest.mark.parametrize(
    "name", ["funds/texts", "accounts/texts", "accounts/stress", "suitability/texts", "suitability/rules",
             "allocation/limits", "allocation/formulas", "figures/formulas", "conversation/texts", "conversation/tools"]
)  # fmt: skip
def test_the_pack_itself_promises_nothing(name):
    read = yaml.safe_load((PACK / f"{name}.yaml").read_text(encoding="utf-8"))
    assert [text[a:b] for text in texts_in(read) for a, b in promises_in(text)] == []


def test_findings_span_the_sentence_and_block():
    text = "过往业绩不代表未来。这只基金稳赚不赔！"
    (finding,) = no_promise().find(text, None)
    assert text[finding.start : finding.end] == "这只基金稳赚不赔！"
    assert (finding.rule, finding.action) == ("no_promise:promise", "block")
