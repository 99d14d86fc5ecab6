"""The service's own TLS: certificates, client certificates, and both read again without a restart."""
import shutil
import socket
import ssl

import grpc
import pytest
from cryptography import x509
from helpers import Background, ask, complete, fails, stream, text_of


def credentials(certs, client=None):
    if client:
        return grpc.ssl_channel_credentials(certs.ca.read_bytes(), client[1].read_bytes(), client[0].read_bytes())
    return grpc.ssl_channel_credentials(certs.ca.read_bytes())


@pytest.fixture
def files(certs, tmp_path):
    """A copy of the server's certificate and key that a test may replace."""
    folder = tmp_path / "tls"
    folder.mkdir()
    pair = folder / "cert.pem", folder / "key.pem"
    install(pair, (certs.server_cert, certs.server_key))
    return pair


def install(pair, source):
    for target, origin in zip(pair, source):
        new = target.with_suffix(".new")
        shutil.copy(origin, new)
        new.replace(target)


def tls_config(files, **more):
    return {"server": {"tls": {"certificate": str(files[0]), "key": str(files[1]), **more}}}


def serial(address):
    """The serial number of the certificate that a new connection is shown."""
    host, port = address.rsplit(":", 1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with socket.create_connection((host, int(port)), timeout=10) as raw, context.wrap_socket(raw, server_hostname=host) as tls:
        assert tls.selected_alpn_protocol() == "h2"
        assert tls.version() in ("TLSv1.2", "TLSv1.3")
        return x509.load_der_x509_certificate(tls.getpeercert(True)).serial_number


def broken(call):
    """The connection does not come about."""
    with pytest.raises(grpc.RpcError) as error:
        call()
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE


def test_tls(start_sluice, certs, files):
    sluice = start_sluice(config=tls_config(files))
    api = sluice.api(credentials=credentials(certs))
    assert text_of(complete(api, ask()).message) and stream(api, ask()).text


def test_plaintext_is_refused(start_sluice, files):
    sluice = start_sluice(config=tls_config(files))
    broken(lambda: complete(sluice.api(), ask(), timeout=5))


def test_old_tls_is_refused(start_sluice, files):
    sluice = start_sluice(config=tls_config(files))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    host, port = sluice.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as raw, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(raw, server_hostname=host)


@pytest.fixture
def mutual(start_sluice, certs, files):
    config = tls_config(files, client_ca=str(certs.ca), require_client_certificate=True)
    config["access"] = {"anonymous": False, "keys": [{"name": "batch", "certificate": certs.client_name}]}
    return start_sluice(config=config)


def test_mtls_names_the_caller(mutual, certs):
    api = mutual.api(credentials=credentials(certs, (certs.client_cert, certs.client_key)))
    complete(api, ask())
    mutual.wait_log(lambda line: line.get("principal") == "batch" or line.get("principal", {}) == {"name": "batch"})


def test_mtls_without_a_certificate(mutual, certs):
    broken(lambda: complete(mutual.api(credentials=credentials(certs)), ask(), timeout=5))


def test_mtls_with_a_strangers_certificate(mutual, certs):
    broken(lambda: complete(mutual.api(credentials=credentials(certs, (certs.stranger_cert, certs.stranger_key))), ask(), timeout=5))


def test_mtls_certificate_that_is_nobodys(mutual, certs, provider):
    """Signed by the CA, but no key of the configuration names it."""
    other = certs.authority.issue("somebody.test", client=True)
    fails(lambda: complete(mutual.api(credentials=credentials(certs, other)), ask()), grpc.StatusCode.UNAUTHENTICATED)
    assert provider.requests == []


def test_mtls_optional_takes_a_key_too(start_sluice, certs, files):
    config = tls_config(files, client_ca=str(certs.ca))
    config["access"] = {"anonymous": False, "keys": [{"name": "batch", "certificate": certs.client_name}]}
    sluice = start_sluice(config=config)
    fails(lambda: complete(sluice.api(credentials=credentials(certs)), ask()), grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_MISSING")
    complete(sluice.api(sluice.admin_key, credentials=credentials(certs)), ask())
    complete(sluice.api(credentials=credentials(certs, (certs.client_cert, certs.client_key))), ask())


def test_certificate_is_read_again_on_sighup(start_sluice, certs, files, provider):
    """New connections see the new certificate; a stream that runs is not touched."""
    sluice = start_sluice(config=tls_config(files))
    provider.default("text", text="before after", gate="go")
    api = sluice.api(credentials=credentials(certs))
    running = Background(stream, api, ask())
    provider.wait_requests(1)
    first = serial(sluice.address)
    install(files, certs.authority.issue("server.test", file="renewed"))
    sluice.reload()
    second = serial(sluice.address)
    assert second != first
    provider.gate("go").open()
    assert running.result().text == "before after"
    complete(sluice.api(credentials=credentials(certs)), ask())


def test_a_bad_certificate_on_sighup_changes_nothing(start_sluice, certs, files):
    sluice = start_sluice(config=tls_config(files))
    first = serial(sluice.address)
    files[0].write_text("no certificate at all\n")
    sluice.reload()
    assert serial(sluice.address) == first
    install(files, (certs.server_cert, certs.client_key))  # a key of another certificate
    sluice.reload()
    assert serial(sluice.address) == first
    complete(sluice.api(credentials=credentials(certs)), ask())


@pytest.mark.parametrize("broken_file", ["missing", "garbage", "mismatch"])
def test_bad_files_at_the_start_are_an_error(start_sluice, certs, files, broken_file):
    if broken_file == "missing":
        files[0].unlink()
    elif broken_file == "garbage":
        files[1].write_text("garbage")
    else:
        install(files, (certs.server_cert, certs.client_key))
    sluice = start_sluice(config=tls_config(files), wait=False)
    sluice.expect_exit = tuple(range(1, 128))
    assert sluice.wait(20) != 0
    assert str(files[0].parent) in sluice.stderr()
