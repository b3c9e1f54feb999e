"""Outlines made in tests."""

import pytest
import yaml

from scenarios.reports.outlines.loading import SHIPPED, load


@pytest.fixture(scope="session")
def due_diligence():
    return load(SHIPPED / "templates" / "due-diligence" / "outline.yaml")


@pytest.fixture
def outline(tmp_path):
    """Return an outline with one section `one` of the parts given, checked as a bank's own is."""

    def build(*parts, **section):
        data = {
            "name": "own",
            "version": "1",
            "title": {"en": "Report on {subject}", "zh": "{subject}报告"},
            "audience": {"en": "Officers", "zh": "客户经理"},
            "tone": {"en": "Sober", "zh": "客观"},
            "sections": [{"id": "one", "title": {"en": "One", "zh": "其一"}, "parts": list(parts), **section}],
        }
        file = tmp_path / "templates" / "own" / "outline.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
        return load(file, tmp_path)

    return build
