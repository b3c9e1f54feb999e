"""Changes made on the command line are in the audit, once there is one."""

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.operations.accounts import add_tenant, add_user, disable_user
from appliance.operations.audit import open_audit
from appliance.operations.keys import KeyWish, create_key, revoke_key, rotate_key
from appliance.state.audit.search import Filters, search
from appliance.state.database import Database, sqlite_url


def test_keys_people_and_tenants(tmp_path):
    home, site = Home(tmp_path / "home"), SiteConfig()
    create_key(home, site, "before there is a log", KeyWish())
    with open_audit(home, site, begin=True):
        pass
    add_tenant(home, site, "retail")
    record, key = create_key(home, site, "branch", KeyWish(tenant="retail"))
    successor, _key = rotate_key(home, site, record.id)
    revoke_key(home, site, successor.id)
    user = add_user(home, site, "li", "a long enough pass phrase", tenant="retail", role="auditor")
    disable_user(home, site, "li")
    database = Database.open(sqlite_url(home.database))
    noted = [one for one in reversed(search(database, Filters()).records) if one.kind == "admin.command"]
    database.close()
    assert [(one.action, one.target, one.tenant) for one in noted] == [
        ("tenant.add", "retail", "default"),
        ("key.create caller", record.id, "retail"),
        (f"key.rotate {record.id}", successor.id, "retail"),
        ("key.revoke", successor.id, "retail"),
        ("user.add auditor", user.id, "retail"),
        ("user.disable", user.id, "retail"),
    ]
    assert all(one.actor.startswith("os:") for one in noted)
    assert key not in str(noted)
