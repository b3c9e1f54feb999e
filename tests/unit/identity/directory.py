"""A tiny, real LDAP server over TLS: simple bind, equality and presence searches, BER by ldap3's own grammar."""

import ipaddress
import socketserver
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ldap3.protocol import rfc4511
from pyasn1.codec.ber import decoder, encoder

PEOPLE = "ou=people,dc=bank"
SERVICE, SERVICE_PASSWORD = "cn=appliance,dc=bank", "service-password"


def make_certificate(folder):
    """Make a certificate for 127.0.0.1 that is its own authority; return its path and that of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1)).add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


@dataclass
class Directory:
    """Entries by DN, each with attributes; `binds` and `searched` tell what was asked."""

    url: str
    ca_file: str
    entries: dict = field(default_factory=dict)
    binds: list = field(default_factory=list)
    searched: list = field(default_factory=list)
    bind_code: int | None = None

    def add(self, uid, password, groups, cn="", within=PEOPLE):
        """Add somebody."""
        self.entries[f"uid={uid},{within}"] = {
            "uid": [uid], "cn": [cn or uid], "memberOf": list(groups), "userPassword": [password]
        }  # fmt: skip

    def bind(self, dn, password):
        """Return the result code of a bind, as a common directory would."""
        self.binds.append((dn, password))
        if self.bind_code is not None:
            return self.bind_code
        if not password:
            return 0  # an anonymous bind succeeds: the trap
        known = {SERVICE: SERVICE_PASSWORD, **{name: entry["userPassword"][0] for name, entry in self.entries.items()}}
        return 0 if known.get(dn) == password else 49

    def search(self, base, scope, kind, assertion):
        """Return the entries that fit."""
        self.searched.append((base, kind, assertion))
        for dn, entry in self.entries.items():
            near = dn == base if scope == 0 else dn.endswith(base)
            if near and (kind == "present" or assertion[1] in entry.get(assertion[0], ())):
                yield dn, {name: values for name, values in entry.items() if name != "userPassword"}


def _result(kind, code):
    made = kind()
    for name, value in (("resultCode", code), ("matchedDN", ""), ("diagnosticMessage", "")):
        made[name] = value
    return made


def _entry(dn, attributes):
    made = rfc4511.SearchResultEntry()
    made["object"] = dn
    told = rfc4511.PartialAttributeList()
    for position, (name, values) in enumerate(attributes.items()):
        one = rfc4511.PartialAttribute()
        one["type"] = name
        held = rfc4511.Vals()
        for index, value in enumerate(values):
            held[index] = value.encode()
        one["vals"] = held
        told[position] = one
    made["attributes"] = told
    return made


def _answers(directory, request):
    """Yield the protocol operations that answer one."""
    kind, asked = request.getName(), request.getComponent()
    if kind == "bindRequest":
        code = directory.bind(str(asked["name"]), bytes(asked["authentication"].getComponent()).decode())
        yield "bindResponse", _result(rfc4511.BindResponse, code)
    elif kind == "searchRequest":
        wanted = asked["filter"]
        assertion = None
        if wanted.getName() == "equalityMatch":
            match = wanted.getComponent()
            assertion = (str(match["attributeDesc"]), bytes(match["assertionValue"]).decode())
        found = directory.search(str(asked["baseObject"]), int(asked["scope"]), wanted.getName(), assertion)
        for dn, attributes in found:
            yield "searchResEntry", _entry(dn, attributes)
        yield "searchResDone", _result(rfc4511.SearchResultDone, 0)


@contextmanager
def running(certificates):
    """Start a server; give its directory."""
    certificate, key = certificates
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            try:
                with context.wrap_socket(self.request, server_side=True) as connection:
                    self.converse(connection)
            except OSError:
                pass  # the client went away, or did not trust the certificate

        def converse(self, connection):
            buffer = b""
            while received := connection.recv(65536):
                buffer += received
                while buffer:
                    message, buffer = decoder.decode(buffer, asn1Spec=rfc4511.LDAPMessage())
                    for name, operation in _answers(directory, message["protocolOp"]):
                        answer = rfc4511.LDAPMessage()
                        answer["messageID"] = message["messageID"]
                        choice = rfc4511.ProtocolOp()
                        choice[name] = operation
                        answer["protocolOp"] = choice
                        connection.sendall(encoder.encode(answer))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        directory = Directory(f"ldaps://127.0.0.1:{server.server_address[1]}", str(certificate))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield directory
        finally:
            server.shutdown()
            thread.join()
