"""Fixtures: the real binary, a scripted provider, stubs, certificates. Everything a test starts is ended after it, and a
process that ends badly, or over which a sanitizer complained, fails the test."""
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

# before grpc is loaded: its own chatter, and fork handlers that the threads of a test would only trip over
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

import env as environment  # noqa: E402
import postgres as postgres_server  # noqa: E402
import postgres_store  # noqa: E402
import stubs as stub_modules  # noqa: E402
from certs import Certificates  # noqa: E402
from scripted_h2 import ScriptedH2Provider  # noqa: E402
from scripted_provider import ScriptedProvider  # noqa: E402
from sluiced import Sluiced, base_config, merge  # noqa: E402

PROVIDER_KEY = "sk-test-provider-key-0123456789"


def pytest_configure(config):
    config.addinivalue_line("markers", "embedded: only on the embedded store; looks into its files or starts twice on them")


def pytest_collection_modifyitems(items):
    for item in items:
        if postgres_store.wanted() and item.get_closest_marker("embedded"):
            item.add_marker(pytest.mark.skip(reason="of the embedded store"))
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(environment.slack(120, 480)))


@pytest.fixture(scope="session")
def build():
    path = environment.build()
    if not environment.binary("sluiced"):
        pytest.fail("no bin/sluiced in %s; build it, or set SLUICE_BUILD" % path, pytrace=False)
    return path


@pytest.fixture(scope="session")
def sanitized():
    return environment.SANITIZED


@pytest.fixture(scope="session")
def stubs():
    return stub_modules.load()


@pytest.fixture(scope="session")
def certs(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certs"))


@pytest.fixture
def provider():
    made = ScriptedProvider()
    yield made
    made.close()


@pytest.fixture
def tls_provider(certs):
    made = ScriptedProvider(certificate=(certs.server_cert, certs.server_key))
    yield made
    made.close()


@pytest.fixture
def h2_provider(certs):
    made = ScriptedH2Provider((certs.server_cert, certs.server_key))
    yield made
    made.close()


def entry(provider, **more):
    """The configuration of a scripted provider."""
    out = {"id": "scripted", "kind": "openai", "base_url": provider.url + "/v1", "key": "env:SCRIPTED_KEY"}
    out.update(more)
    return out


def model_list(models, provider_id="scripted"):
    """{name: model_id} or {name: {keys}} as the configuration's list."""
    out = []
    for name, value in models.items():
        keys = value if isinstance(value, dict) else {"model_id": value}
        out.append({"name": name, "provider": provider_id, **keys})
    return out


@pytest.fixture
def start_sluice(build, request, tmp_path):
    """start_sluice(models=, provider=, config=, env=, args=, wait=, preexec=) -> Sluiced; see base_config for the rest."""
    started = []

    def start(models=None, provider=None, config=None, env=None, args=(), wait=True, preexec=None, name=None):
        provider = provider or request.getfixturevalue("provider")
        models = {"test": "test"} if models is None else models
        folder = tmp_path / (name or "sluice-%d" % len(started))
        own = {"providers": [entry(provider)], "models": model_list(models)}
        if models:
            own["default_model"] = next(iter(models))
        full = merge(merge(base_config(folder / "data"), own), config)
        if postgres_store.wanted() and "store" not in full:
            env = {**postgres_store.prepare(full), **(env or {})}
        made = Sluiced(folder, full, env={"SCRIPTED_KEY": PROVIDER_KEY, **(env or {})}, args=args, preexec=preexec)
        started.append(made)
        if wait:
            made.wait_listening()
        return made

    yield start
    problems = []
    for each in started:
        try:
            each.stop()
        except AssertionError as problem:
            problems.append(str(problem))
    assert not problems, "\n".join(problems)


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL of the module's own."""
    made = postgres_server.Postgres()
    yield made
    made.close()


@pytest.fixture
def sluice(start_sluice):
    return start_sluice()


@pytest.fixture
def api(sluice):
    return sluice.api()


@pytest.fixture
def cli(sluice):
    """cli(*args, input=, env=, timeout=) runs the built `sluice` against the fixture's service."""
    program = environment.binary("sluice")
    if not program:
        pytest.skip("bin/sluice is not built")

    def run(*args, input=None, env=None, timeout=30):
        full = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
        full.update({"SLUICE_ADDRESS": sluice.address}, **(env or {}))
        return subprocess.run([str(program), *args], input=input, env=full, text=True, capture_output=True,
                              timeout=environment.slack(timeout, timeout * 4))

    return run
