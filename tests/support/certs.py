"""Certificates made for one test run: a CA, servers, a client, and a second CA that nobody trusts."""
import datetime
import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = (self._builder(self.name, self.key)
                            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                            .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
                            .sign(self.key, hashes.SHA256()))
        self.path = self._write(name + ".ca.pem", self.certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject, key):
        now = datetime.datetime.now(datetime.timezone.utc)
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
                .not_valid_after(now + datetime.timedelta(days=2)))

    def _write(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        path.chmod(0o600)
        return path

    def issue(self, name, client=False, file=None):
        """A certificate for localhost (a server's) or for a client called name; the paths of certificate and key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = [x509.DNSName(name)] if client else [x509.DNSName("localhost"), x509.DNSName(name),
                                                     x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        certificate = (self._builder(subject, key).add_extension(x509.SubjectAlternativeName(names), critical=False)
                       .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
                       .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                       .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
                       .sign(self.key, hashes.SHA256()))
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file = file or name
        return (self._write(file + ".pem", certificate.public_bytes(serialization.Encoding.PEM)),
                self._write(file + ".key", pem))


class Certificates:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.authority = Authority(self.folder, "test-ca")
        self.stranger = Authority(self.folder / "stranger", "stranger-ca")
        self.ca = self.authority.path
        self.server_cert, self.server_key = self.authority.issue("server.test")
        self.client_name = "client.test"
        self.client_cert, self.client_key = self.authority.issue(self.client_name, client=True)
        self.stranger_cert, self.stranger_key = self.stranger.issue("intruder.test", client=True)
