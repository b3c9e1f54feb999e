"""A bank's own authority, which issues what a test asks it for."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def pem(*certificates):
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def key_pem(key, password=None):
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def general_name(text):
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)


class Bank:
    """A root and an issuing authority below it."""

    def __init__(self, name="Bank"):
        self.root_key, self.issuing_key = new_key(), new_key()
        self.root = signed(f"{name} root", self.root_key, None, self.root_key, authority=True)
        self.issuing = signed(f"{name} issuing", self.issuing_key, self.root, self.root_key, authority=True)

    def issue(self, *names, key=None, starts=NOW - DAY, ends=NOW + 90 * DAY, usage=ExtendedKeyUsageOID.SERVER_AUTH):
        """Return a certificate of the issuing authority and its key."""
        key = key or new_key()
        return signed("gateway", key, self.issuing, self.issuing_key, names, starts, ends, usage), key

    def write(self, folder, *names, **options):
        """Write chain and key as a bank would; return both paths."""
        certificate, key = self.issue(*(names or ("ai.bank.example",)), **options)
        return put(folder, pem(certificate, self.issuing), key_pem(key))


def put(folder, chain, key, mode=0o600):
    """Write both files anew, each by a rename; return their paths."""
    folder.mkdir(exist_ok=True)
    for name, content in (("gateway.crt", chain), ("gateway.key", key)):
        part = folder / f"{name}.part"
        part.write_bytes(content)
        part.chmod(mode)
        part.replace(folder / name)
    return folder / "gateway.crt", folder / "gateway.key"


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def weak_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


def signed(
    name, key, issuer, issuer_key, names=(), starts=NOW - DAY, ends=NOW + 900 * DAY, usage=None, *, authority=False
):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(starts).not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )  # fmt: skip
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([*map(general_name, names)]), critical=False)
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
