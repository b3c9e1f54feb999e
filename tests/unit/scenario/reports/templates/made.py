"""Reports of the shipped templates on the made-up papers of each, the whole way from the files on."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

from scenarios.reports.analysis.analysing import analyse
from scenarios.reports.datasets.analysing import analyse as analyse_tables
from scenarios.reports.fields.reading import read_facts
from scenarios.reports.flows.analysing import analyse as analyse_flows
from scenarios.reports.flows.payments import read_payments
from scenarios.reports.models import Analysis, Dossier
from scenarios.reports.outlines.loading import catalogue
from scenarios.reports.reading.files import read_file
from scenarios.reports.samples import others
from scenarios.reports.samples.companies import company
from scenarios.reports.samples.folders import write_papers
from scenarios.reports.sorting.kinds import sort_file
from scenarios.reports.statements.extracting import extract
from scenarios.reports.writing.reporting import assemble
from scenarios.reports.writing.sections import section_ids, write_section

PAPERS = (
    "business-licence.pdf", "audit-report-2025.pdf", "articles-of-association.docx", "credit-report.pdf",
    "statements-2025.xlsx", "bank-statement-basic-2025.csv", "loan-application.docx", "statements-2024.xlsx",
    "litigation-search.xlsx", "income-tax-return-2025.pdf", "collateral-appraisal.pdf", "shareholders.xlsx",
    "management.docx", "site-visit.md", "industry-note.pdf", "sales-contract-1.pdf",
)  # fmt: skip
"""One paper of each kind: what the report on a company is written from, and no more."""
OPTIONAL = ("articles-of-association.docx", "management.docx", "industry-note.pdf", "sales-contract-1.pdf")
"""Left out of the English folder, whose report says so: reading takes most of the time of these tests."""


def write_company(folder, language):
    if language == "zh_CN":
        return write_papers(company(3), folder, PAPERS, language=language, lines=150)
    papers = [one for one in PAPERS if one not in OPTIONAL]
    return write_papers(company(18), folder, papers, language=language, lines=150)


SAMPLES = {
    "due-diligence": (write_company, "2026-04-30"),
    "sme-loan": (others.write_sme, "2026-04-30"),
    "aml-case": (others.write_aml, "2026-10-15"),
    "fund-commentary": (others.write_fund, "2026-03-31"),
    "morning-note": (others.write_market, "2026-11-26"),
}
RELATED = ("legal_representative", "shareholder_name", "manager_name", "related_name")


@dataclass
class Folder:
    """A sample's papers as they were read, and what was written into them."""

    template: str
    language: str
    readings: list
    planted: object

    @property
    def as_of(self):
        return SAMPLES[self.template][1]

    def without(self, kinds):
        """Return the folder without papers of the kinds."""
        left = [one for one in self.readings if one.file.kind not in kinds]
        return Folder(self.template, self.language, left, self.planted)


def read_folder(template, language, path):
    planted = SAMPLES[template][0](path, language)
    named = list(enumerate(sorted(planted.files), start=1))
    with ThreadPoolExecutor(2) as pool:
        read = list(pool.map(lambda one: read_file(path / one[1], f"f{one[0]:02}", one[1], language), named))
    sorted_ones = [one.model_copy(update={"file": sort_file(one, None)}) for one in read]
    return Folder(template, language, sorted_ones, planted)


def examined(folder):
    """Return dossier and analysis of a folder."""
    language, as_of = folder.language, folder.as_of
    subject = getattr(folder.planted, "subject", "")
    fields = read_facts(folder.readings, subject, language, None, date.fromisoformat(as_of))
    ours = [one for one in folder.readings if one.file.id not in fields.other_companies]
    statements, payments = extract(ours, language, None), read_payments(ours, language, None)
    dossier = Dossier(
        language=language, subject=subject or fields.subject, as_of=as_of,
        files=tuple(one.file for one in folder.readings), items=statements.items, checks=statements.checks,
        facts=fields.facts, payments=payments.payments, conflicts=(*statements.conflicts, *fields.conflicts),
        gaps=(*statements.gaps, *fields.gaps, *payments.gaps), questions=(*statements.questions, *fields.questions),
    )  # fmt: skip
    related = [one.value for one in dossier.facts if one.name in RELATED]
    ratios = analyse(dossier, None)
    flows = analyse_flows(
        dossier.payments, dossier.subject, language, None, related=related, today=date.fromisoformat(as_of)
    )
    tables = analyse_tables(ours, as_of, language, None, dossier.facts, dossier.payments)
    analysis = Analysis(
        figures=(*ratios.figures, *flows.figures, *tables.analysis.figures),
        findings=(*ratios.findings, *flows.findings), periods=ratios.periods,
    )  # fmt: skip
    return dossier.model_copy(update={"gaps": (*dossier.gaps, *ratios.gaps, *tables.gaps)}), analysis


def report_of(folder):
    """Return a folder's whole report."""
    outline = catalogue()[folder.template]
    dossier, analysis = examined(folder)
    sections = [write_section(outline, one, dossier, analysis) for one in section_ids(outline)]
    return assemble(
        outline, dossier, analysis, sections, report_id="rep_1", author="key_1", made_at="2026-11-27T08:00:00Z"
    )


def sentences(report, section=None):
    return [
        one
        for part in report.sections
        if section in (None, part.id)
        for block in part.blocks
        if block.type == "paragraph"
        for one in block.sentences
    ]


def tables(report, section=None):
    return [
        block.table
        for part in report.sections
        if section in (None, part.id)
        for block in part.blocks
        if block.type == "table"
    ]


def said(report, section=None):
    return " ".join(one.text for one in sentences(report, section))


def figures(report):
    return {one.id.partition("@")[0]: one for one in report.figures}
