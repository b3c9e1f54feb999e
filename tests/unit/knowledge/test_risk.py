from appliance.knowledge.evaluation.risk import risk_coverage


def test_risk_falls_with_coverage_when_confidence_tells():
    curve = risk_coverage([(0.9, True), (0.8, True), (0.5, False), (0.6, True)])
    assert curve == [(0.25, 0.0, 0.9), (0.5, 0.0, 0.8), (0.75, 0.0, 0.6), (1.0, 0.25, 0.5)]


def test_equal_confidences_make_one_point():
    assert risk_coverage([(0.7, True), (0.7, False)]) == [(1.0, 0.5, 0.7)]
    assert risk_coverage([]) == []
