"""Who may call."""
import grpc
import pytest
from helpers import ask, complete, fails, stream, text_of

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED


@pytest.fixture
def locked(start_sluice):
    return start_sluice(config={"access": {"anonymous": False}})


@pytest.mark.parametrize("call", [complete, stream])
def test_no_key(locked, provider, call):
    failure = fails(lambda: call(locked.api(), ask()), UNAUTHENTICATED, "CREDENTIALS_MISSING")
    assert failure.failure is None and provider.requests == []


@pytest.mark.parametrize("value", ["Bearer sl_0000_wrong", "Bearer ", "Bearer", "Basic dXNlcjpwYXNz", "sl_only", "Bearer " + "x" * 4000])
def test_wrong_key(locked, provider, value):
    fails(lambda: complete(locked.api(), ask(), metadata=[("authorization", value)]), UNAUTHENTICATED,
          ("CREDENTIALS_INVALID", "CREDENTIALS_MISSING"))
    assert provider.requests == []


@pytest.mark.embedded
def test_bootstrap_key(locked):
    key = locked.admin_key
    assert key.startswith("sl_")
    assert (locked.data_dir / "admin.key").stat().st_mode & 0o077 == 0
    assert text_of(complete(locked.api(key), ask()).message)
    assert stream(locked.api(key), ask()).text
    assert key not in locked.stderr()


def test_a_key_that_is_almost_right(locked):
    key = locked.admin_key
    other = key[:-1] + ("0" if key[-1] != "0" else "1")
    for wrong in (other, key[:-1], key + "0", key.upper()):
        fails(lambda: complete(locked.api(wrong), ask()), UNAUTHENTICATED, "CREDENTIALS_INVALID")


def test_scheme_is_case_insensitive(locked):
    complete(locked.api(), ask(), metadata=[("authorization", "bearer " + locked.admin_key)])


@pytest.mark.embedded
def test_bootstrap_key_survives_a_restart(start_sluice, tmp_path):
    data = {"data_dir": str(tmp_path / "data"), "access": {"anonymous": False}}
    first = start_sluice(config=data)
    key = first.admin_key
    first.stop()
    second = start_sluice(config=data)
    assert second.admin_key == key
    complete(second.api(key), ask())


def test_key_from_the_configuration(start_sluice):
    key = "sl_test_from_environment_0123456789abcdef"
    sluice = start_sluice(env={"TEAM_KEY": key}, config={"access": {
        "anonymous": False, "keys": [{"name": "team", "key": "env:TEAM_KEY"}]}})
    complete(sluice.api(key), ask())
    assert key not in sluice.stderr()


def test_tier_decides_which_models(start_sluice):
    keys = {"FREE_KEY": "sl_test_free_0123456789abcdef00", "PRO_KEY": "sl_test_pro_0123456789abcdef000"}
    sluice = start_sluice(models={"open": "open", "dear": {"model_id": "dear", "tiers": ["pro"]}}, env=keys, config={"access": {
        "anonymous": False, "keys": [{"name": "free", "key": "env:FREE_KEY", "tier": "free"},
                                     {"name": "pro", "key": "env:PRO_KEY", "tier": "pro"}]}})
    free, pro = sluice.api(keys["FREE_KEY"]), sluice.api(keys["PRO_KEY"])
    complete(free, ask(model="open"))
    fails(lambda: complete(free, ask(model="dear")), grpc.StatusCode.PERMISSION_DENIED, "MODEL_FORBIDDEN")
    complete(pro, ask(model="dear"))


def test_every_method_but_health_and_reflection_wants_a_key(locked, stubs):
    from grpc_health.v1 import health_pb2
    api = locked.api()
    registry = stubs.registry
    for call in (lambda: api.registry.ListModels(registry.ListModelsRequest(), timeout=10),
                 lambda: api.registry.GetModel(registry.GetModelRequest(name="test"), timeout=10),
                 lambda: api.registry.ResolveModel(registry.ResolveModelRequest(model="test"), timeout=10)):
        fails(call, UNAUTHENTICATED, "CREDENTIALS_MISSING")
    assert api.health.Check(health_pb2.HealthCheckRequest(), timeout=10).status == 1


def test_anonymous_is_refused_on_public_addresses(start_sluice):
    """A configuration that lets the world in is an error at the start."""
    sluice = start_sluice(config={"server": {"listen": ["0.0.0.0:0"]}}, wait=False)
    sluice.expect_exit = tuple(range(1, 128))
    assert sluice.wait(20) != 0
    assert "anonymous" in sluice.stderr()
