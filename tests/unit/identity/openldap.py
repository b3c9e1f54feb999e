"""OpenLDAP's own server (slapd) with a certificate of a self-made authority, for what goes over to TLS by StartTLS."""

import ipaddress
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEOPLE = "ou=people,dc=bank"
SERVICE, SERVICE_PASSWORD = "cn=appliance,dc=bank", "service-password"
ENTRIES = f"""dn: dc=bank
objectClass: dcObject
objectClass: organization
dc: bank
o: bank

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: {SERVICE}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: appliance
userPassword: {SERVICE_PASSWORD}

dn: uid=wang,{PEOPLE}
objectClass: inetOrgPerson
uid: wang
cn: Wang Xiaoming
sn: Wang
userPassword: {{password}}
memberOf: cn=staff,dc=bank
memberOf: cn=editors,dc=bank
"""
_SCHEMAS = Path("/etc/ldap/schema"), Path("/etc/openldap/schema")
_MODULES = Path("/usr/lib/ldap"), Path("/usr/lib64/openldap"), Path("/usr/lib/openldap")


def program(name):
    """Return the path of one of OpenLDAP's programs, or None."""
    return shutil.which(name, path="/usr/sbin:/usr/libexec:/usr/lib/openldap:/usr/local/sbin")


def missing():
    """Return why slapd cannot run here; empty where it can."""
    if program("slapd") is None or program("slapadd") is None:
        return "OpenLDAP's server (slapd, slapadd) is not installed"
    if not any((folder / "inetorgperson.schema").exists() for folder in _SCHEMAS):
        return "OpenLDAP's schemas are not where this test looks"
    return ""


class Authority:
    """A certificate authority of its own."""

    def __init__(self, folder, name):
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = _certificate(self._name, self._name, self._key, self._key, ca=True)
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def issue(self, address):
        """Write a certificate for an address and its key; return both paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
        made = _certificate(name, self._name, key, self._key, address=address)
        files = self._folder / f"server-{address}.pem", self._folder / f"server-{address}.key"
        files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
        form = serialization.PrivateFormat.PKCS8
        files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
        return files


def _certificate(subject, issuer, key, signer, *, ca=False, address=None):
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )  # fmt: skip
    if address is not None:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        made = made.add_extension(names, critical=False)
    return made.sign(signer, hashes.SHA256())


@dataclass
class Server:
    """A running slapd; its log names every operation."""

    url: str
    log: Path

    def operations(self):
        """Return the operations that reached it, such as STARTTLS and BIND."""
        lines = [line.split() for line in self.log.read_text(errors="replace").splitlines()]
        return [word for line in lines for word in line if word in ("STARTTLS", "BIND", "SRCH", "method=128")]


def _settings(folder, tls):
    schemas = next(found for found in _SCHEMAS if (found / "inetorgperson.schema").exists())
    modules = next((found for found in _MODULES if list(found.glob("back_mdb*"))), None)
    lines = [f"include {schemas}/{name}.schema" for name in ("core", "cosine", "inetorgperson")]
    if modules is not None:
        lines += [f"modulepath {modules}", "moduleload back_mdb", "moduleload memberof"]
    if tls is not None:
        lines += [f"TLSCertificateFile {tls[0]}", f"TLSCertificateKeyFile {tls[1]}", "TLSVerifyClient never"]
        lines += ["security simple_bind=112"]  # a password that comes in clear is refused by the server itself
    lines += [
        f"pidfile {folder}/pid",
        "database mdb",
        'suffix "dc=bank"',
        f"directory {folder}/data",
        "maxsize 10485760",
    ]
    lines += ["overlay memberof", "access to attrs=userPassword by anonymous auth by * none"]
    return "\n".join([*lines, "access to * by users read by * none", ""])


@contextmanager
def running(folder, password, tls):
    """Start slapd on a free port, with a certificate and its key in `tls` or, for None, without TLS."""
    (folder / "data").mkdir(parents=True)
    settings, log = folder / "slapd.conf", folder / "log"
    settings.write_text(_settings(folder, tls))
    entries = ENTRIES.format(password=password)
    subprocess.run(
        [program("slapadd"), "-f", settings], input=entries, text=True, check=True, capture_output=True, timeout=60
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"ldap://127.0.0.1:{port}"
    with log.open("wb") as told:
        process = subprocess.Popen([program("slapd"), "-d", "256", "-f", settings, "-h", url], stdout=told, stderr=told)
    try:
        _await(port, process, log)
        yield Server(url, log)
    finally:
        process.terminate()
        process.wait(30)


def _await(port, process, log):
    for _try in range(600):
        if process.poll() is not None:
            raise AssertionError(f"slapd ended: {log.read_text(errors='replace')}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("slapd does not listen")
