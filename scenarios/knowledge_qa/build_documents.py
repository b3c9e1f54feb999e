"""Makes `documents/` from `sources/` as `documents.yaml` says: `python -m scenarios.knowledge_qa.build_documents`.

Needs reportlab (a development dependency). The output is the same bytes at each run.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

from scenarios.knowledge_qa.building.mail import make_eml
from scenarios.knowledge_qa.building.pages import make_html, make_pdf
from scenarios.knowledge_qa.building.sheets import make_xlsx
from scenarios.knowledge_qa.building.slides import make_pptx
from scenarios.knowledge_qa.building.word import make_docx

HERE = Path(__file__).resolve().parent
MANIFEST = HERE / "documents.yaml"
SOURCES = HERE / "sources"
DOCUMENTS = HERE / "documents"


def entries() -> list[dict[str, Any]]:
    """Return the manifest: one mapping for each document, with at least `file` and `source`."""
    found: list[dict[str, Any]] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return found


def build(folder: Path) -> list[Path]:
    """Write every document of the manifest into `folder` and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for entry in entries():
        source, target = SOURCES / entry["source"], folder / entry["file"]
        if source.suffix == target.suffix:
            shutil.copyfile(source, target)
        else:
            target.write_bytes(_made(source.read_text(encoding="utf-8"), target.suffix))
        made.append(target)
    return made


def _made(text: str, ending: str) -> bytes:
    if ending == ".xlsx":
        return make_xlsx(yaml.safe_load(text))
    if ending == ".eml":
        return make_eml(text, SOURCES)
    return {".html": make_html, ".docx": make_docx, ".pdf": make_pdf, ".pptx": make_pptx}[ending](text)


if __name__ == "__main__":
    for path in build(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENTS):
        sys.stdout.write(f"{path}\n")
