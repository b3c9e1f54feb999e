import pytest

from appliance.core.errors import ConfigError
from scenarios.reports.fields.loading import Fields
from scenarios.reports.fields.reading import read_facts
from tests.unit.scenario.reports.fields.folders import licence, paper

OWN = """
fields:
  insured_amount:
    title: {en: insured amount, zh: 保险金额}
    type: money
    where: [licence]
    labels: [保险金额]
"""


def test_the_bank_adds_a_field_without_code(tmp_path):
    (tmp_path / "fields.yaml").write_text(OWN, encoding="utf-8")
    reading = paper("营业执照.pdf", ["营业执照", "名称：甲乙有限公司", "保险金额：300万元", "登记机关：局"])
    facts = {fact.name: fact for fact in read_facts([reading], "", "zh_CN", tmp_path).facts}
    assert facts["insured_amount"].shown == "300.00万元"
    assert "registered_capital" in {fact.name for fact in read_facts([licence()], "", "zh_CN", tmp_path).facts}


def test_a_changed_file_is_read_again(tmp_path):
    own = tmp_path / "fields.yaml"
    own.write_text(OWN, encoding="utf-8")
    reading = paper("营业执照.pdf", ["营业执照", "名称：甲乙有限公司", "承保金额：300万元", "登记机关：局"])
    assert "insured_amount" not in {one.name for one in read_facts([reading], "", "zh_CN", tmp_path).facts}
    own.write_text(OWN.replace("labels: [保险金额]", "labels: [承保金额, 保险金额]"), encoding="utf-8")
    assert "insured_amount" in {one.name for one in read_facts([reading], "", "zh_CN", tmp_path).facts}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (OWN.replace("type: money", "type: mony"), "fields.insured_amount.type"),
        (OWN.replace("labels: [保险金额]", "clauses: [金额为]"), "fields.insured_amount"),
        (OWN.replace("insured_amount:", "manager_name:"), "manager_name"),
        ("lists:\n  x: {title: {en: a, zh: b}, where: [licence], key: no, columns: {}}\n", "lists.x"),
    ],
)
def test_a_fault_in_the_banks_fields_is_named(tmp_path, text, word):
    own = tmp_path / "fields.yaml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Fields.load(own=own)
    assert word in str(caught.value)
    assert str(own) in str(caught.value)
