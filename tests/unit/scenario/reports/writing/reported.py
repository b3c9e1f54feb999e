"""Sections and whole reports of a folder, as lists of what they say."""

from scenarios.reports.writing.reporting import assemble
from scenarios.reports.writing.sections import section_ids, write_section


def written(outline, folder):
    """Return the blocks of section `one`."""
    return write_section(outline, "one", folder.dossier(), folder.analysis()).blocks


def sentences(blocks):
    return [one for block in blocks if block.type == "paragraph" for one in block.sentences]


def texts(blocks):
    return [one.text for one in sentences(blocks)]


def whole_report(outline, folder):
    """Return the report of a folder, every section written."""
    dossier, analysis = folder.dossier(), folder.analysis()
    sections = [write_section(outline, one, dossier, analysis) for one in section_ids(outline)]
    return assemble(
        outline, dossier, analysis, sections, report_id="rep_1", author="key_1", made_at="2026-03-31T08:00:00Z"
    )
