from appliance.knowledge.intake.signature import signature, similarity

RULES = "".join(f"第{number}条 客户办理第{number}类业务，应当出示证件并填写{number}号表。" for number in range(1, 60))


def test_a_document_with_one_clause_changed_is_nearly_the_same():
    changed = signature(RULES.replace("填写30号表", "免填表格"))
    assert 0.85 < similarity(signature(RULES), changed) < 1
    assert len(changed) == 256


def test_other_documents_and_empty_ones_are_not_alike():
    assert similarity(signature(RULES), signature("Staff book train travel through the travel desk.")) < 0.1
    assert similarity(signature(""), signature("")) == 0
