"""Models from elsewhere: `appliance model import`. On the home folder, whether the appliance runs or not."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.accounts import open_accounts
from appliance.packages.card import ModelCard, read_card
from appliance.packages.importing import ImportWish, import_model
from appliance.packages.recipe import PackageName

_NAME: TypeAdapter[str] = TypeAdapter(PackageName)


def bring_in(home: Home, site: SiteConfig, source: Path, wish: ImportWish) -> Iterator[Progress | ModelCard]:
    """Make a model package of a folder, a GGUF file or a wheel; yield each step's news, then its card.

    Raises `InvalidRequest` for a name or a template that cannot be used, `PackageError` for a model that is refused,
    `DiskFull`.
    """
    try:
        _NAME.validate_python(wish.name)
    except ValidationError as error:
        raise InvalidRequest(
            _("{name} cannot be the name of a package.", name=ascii(wish.name[:100])),
            _("Use small letters, digits, dots, dashes and underscores."),
            param="name",
        ) from error
    if wish.chat_template is not None and not wish.chat_template.is_file():
        raise InvalidRequest(
            _("There is no file {path}.", path=wish.chat_template), _("Check the path."), param="chat_template"
        )
    home.create()
    yield from import_model(source, wish, home.models, home.logs)
    card = read_card(home.models / wish.name)
    with open_accounts(home, site) as accounts:
        accounts.note("model.import", f"{card.name} {card.version}", None)
    yield card
