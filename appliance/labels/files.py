"""Read and write the label of any file."""

from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from types import ModuleType

from appliance.core.errors import InvalidRequest, NotFound
from appliance.core.files import write_durably
from appliance.core.messages import Message, _
from appliance.core.units import MIB, human_bytes
from appliance.labels.carried import Carried, no_place
from appliance.labels.content import ContentLabel, parse_label
from appliance.labels.detect import ENDINGS, ending_fits, format_of
from appliance.labels.formats import jpeg, json_body, markdown, office, pdf, plain, png, sse, webpage
from appliance.labels.integrity import Integrity, check_integrity, integrity_code

_MODULES: dict[str, ModuleType] = {
    "json": json_body,
    "sse": sse,
    "md": markdown,
    "txt": plain,
    "html": webpage,
    "docx": office,
    "xlsx": office,
    "pptx": office,
    "pdf": pdf,
    "png": png,
    "jpeg": jpeg,
}
_MOST_BYTES = 100 * MIB


@dataclass(frozen=True)
class FoundLabel:
    """What a file says about itself."""

    label: ContentLabel | None
    """The implicit label; None where there is none that can be read."""
    format: str
    """What the file is by its content, one of `detect.ENDINGS`."""
    explicit: bool | None
    """Whether the notice for people can be seen in it; None where a program cannot tell."""
    integrity: Integrity
    problems: tuple[Message, ...]
    """Everything that breaks a rule."""

    @property
    def valid(self) -> bool:
        """Tell whether the file is labelled and nothing is wrong with it."""
        return self.label is not None and not self.problems


def read_label(path: Path) -> FoundLabel:
    """Read the label of a file. Raises `NotFound`, `InvalidRequest` for a damaged file, `Unsupported`."""
    return find_label(_content_of(path), path.name)


def find_label(content: bytes, name: str = "") -> FoundLabel:
    """Read the label of a file's content; `name` is what it is called. Raises as `read_label`."""
    kind = format_of(content, name)
    carried = _read(kind, content)
    label, problems = _label_of(carried)
    problems += carried.problems
    integrity = check_integrity(label.reserved_code1, carried.text) if label is not None else "no_code"
    if integrity == "changed":
        problems += (_("the text is not the text that was labelled"),)
    if label is not None and carried.explicit is False:
        problems += (_("the notice for people is missing"),)
    if not ending_fits(kind, name):
        problems += (_("the file is {kind}, not what its ending says", kind=kind),)
    return FoundLabel(label, kind, carried.explicit, integrity, problems)


def label_content(content: bytes, label: ContentLabel, name: str = "") -> bytes:
    """Return a file's content with this label in the place of any other, and an integrity code where it can have one.

    The notice for people is the exporter's: `find_label(…).explicit` tells whether it is there; only plain text gets
    it here. `name` decides whether text without front matter is Markdown. Raises `InvalidRequest`, `Unsupported`.
    """
    kind = format_of(content, name)
    if kind == "txt" and PurePath(name).suffix.lower() not in ("", *ENDINGS["txt"]):
        raise no_place(PurePath(name).suffix.lower(), _("More lines would damage it: export it in another format."))
    label.checked()
    module = _MODULES[kind]
    written: bytes = module.write(content, label)
    carried = _read(kind, written)
    if format_of(written, name) != kind or _label_of(carried) != (label, ()):
        raise no_place(kind, _("Its structure hides what is written into it: export it again."))
    if carried.text is not None and not label.reserved_code1:
        written = module.write(written, replace(label, reserved_code1=integrity_code(carried.text)))
    return written


def write_label(path: Path, label: ContentLabel) -> None:
    """Label a file in its place, or leave it as it was. Raises as `label_content`, and `NotFound`, `DiskFull`."""
    content = label_content(_content_of(path), label, path.name)
    write_durably(path, content, path.stat().st_mode & 0o777)


def _read(kind: str, content: bytes) -> Carried:
    carried: Carried = _MODULES[kind].read(content)
    return carried


def _label_of(carried: Carried) -> tuple[ContentLabel | None, tuple[Message, ...]]:
    if not carried.values:
        return None, ()
    problems: tuple[Message, ...] = ()
    if len(carried.values) > 1:
        problems += (_("the file has {count} labels; one is allowed", count=len(carried.values)),)
    try:
        label, faults = parse_label(carried.values[0])
    except InvalidRequest as error:
        return None, (*problems, error.message)
    return label, problems + faults


def _content_of(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise NotFound(_("There is no file {path}.", path=path), _("Check its name."), param="file")
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise InvalidRequest(
                _("{path} is larger than {limit}.", path=path, limit=human_bytes(_MOST_BYTES)),
                _("Labels are read from files up to this size."),
                param="file",
                code="too_large",
            )
        return path.read_bytes()
    except OSError as error:
        raise InvalidRequest(
            _("{path} cannot be read: {reason}.", path=path, reason=error.strerror or error),
            _("Check that it is a file that this user may read."),
            param="file",
        ) from error
