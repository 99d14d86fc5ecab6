"""Replicas on one PostgreSQL: made once, in agreement within a second, and at work while the database is away."""
import os
import subprocess
import sys
import time

import grpc
import postgres as postgres_server
import pytest
from env import binary, slack
from helpers import ask, complete, fails

CODE = grpc.StatusCode
ROUNDS = 20

pytestmark = pytest.mark.skipif(not postgres_server.wanted(), reason="SLUICE_TEST_POSTGRES names no server")


@pytest.fixture
def cluster(server, start_sluice, tmp_path):
    return postgres_server.Cluster(server, start_sluice, tmp_path)


def seconds_until(check, limit=30):
    """How long until check() is true; fails the test where it is not in time."""
    started = time.monotonic()
    while not check():
        assert time.monotonic() - started < limit, "not within %d s" % limit
        time.sleep(0.005)
    return time.monotonic() - started


def is_known(api, access):
    try:
        api.access.WhoAmI(access.WhoAmIRequest())
        return True
    except grpc.RpcError as error:
        assert error.code() == CODE.UNAUTHENTICATED
        return False


def test_migrate_says_what_it_did(cluster):
    first, second = cluster.command("migrate"), cluster.command("migrate")
    assert first.returncode == second.returncode == 0, first.stderr
    assert "was 0" in first.stdout and "nothing to do" in second.stdout
    assert "sluiced migrate" in cluster.command("migrate", "--help").stdout
    cluster.sql("UPDATE schema_version SET version = 999")
    refused = cluster.command("migrate")
    assert refused.returncode == 1 and "newer Sluice" in refused.stderr


def test_the_first_key_is_made_once(cluster, stubs):
    """Also where two ask for it at the same time."""
    assert cluster.command("migrate").returncode == 0
    asked = [subprocess.Popen([str(binary("sluiced")), "bootstrap", "--store-url", cluster.url],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env={**os.environ, **cluster.env}) for _ in range(2)]
    answers = [each.communicate(timeout=60) for each in asked]
    keys = [out.strip() for out, _ in answers if out]
    assert len(keys) == 1 and keys[0].startswith("sl_")
    assert sorted(each.returncode for each in asked) == [0, 1]
    assert any("already" in err for _, err in answers)
    me = cluster.replica().api(keys[0]).access.WhoAmI(stubs.access.WhoAmIRequest())
    assert me.name == "admin" and "admin" in me.roles
    assert not list(cluster.folder.rglob("admin.key"))


def test_replicas_that_start_together(cluster):
    for each in [cluster.replica(wait=False) for _ in range(3)]:
        each.wait_listening(60)
    assert cluster.sql("SELECT count(*) FROM schema_version") == "1"


def test_replicas_agree_within_a_second(cluster, stubs):
    access = stubs.access
    admin = cluster.bootstrap()
    one, two = cluster.replica(), cluster.replica()
    api, times = one.api(admin), []
    for i in range(ROUNDS):
        made = api.access.CreateUser(access.CreateUserRequest(user=access.User(name="user-%d" % i), with_key=True))
        other = two.api(made.key)
        times.append(seconds_until(lambda api=other: is_known(api, access)))
        api.access.RevokeApiKey(access.RevokeApiKeyRequest(name=made.api_key.name))
        times.append(seconds_until(lambda api=other: not is_known(api, access)))
    print("seconds from a write at one replica to its force at the other: median %.3f, longest %.3f"
          % (sorted(times)[len(times) // 2], max(times)), file=sys.stderr)
    assert max(times) < slack(1.0, 5.0)


def test_uses_of_one_replica_are_known_to_the_next(cluster, stubs):
    reg, admin = stubs.registry, cluster.bootstrap()
    one = cluster.replica(models={"test": "test", "other": "other"})
    api = one.api(admin)
    api.registry.CreateModel(reg.CreateModelRequest(model=reg.Model(name="m", provider="scripted", model_id="test")))
    for name in ("m", "test"):
        complete(api, ask(model=name))
    one.stop()
    api = cluster.replica(models={"test": "test", "other": "other"}).api(admin)
    used = {m.name: m.last_used_ms > 0 for m in api.registry.ListModels(reg.ListModelsRequest()).models}
    assert used == {"models/m": True, "models/test": True, "models/other": False}


@pytest.mark.parametrize("how", ["not told", "nobody listens"])
def test_a_notice_that_is_lost(cluster, stubs, how):
    """The look once a second finds what no notice told."""
    access = stubs.access
    admin = cluster.bootstrap()
    one, two = cluster.replica(), cluster.replica()
    api = one.api(admin)
    made = api.access.CreateUser(access.CreateUserRequest(user=access.User(name="ann"), with_key=True))
    other = two.api(made.key)
    seconds_until(lambda: is_known(other, access))
    if how == "not told":
        cluster.sql("ALTER TABLE registry_revision DISABLE TRIGGER registry_revision_told")
    for i in range(3):
        if how == "nobody listens":
            cluster.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' "
                        "AND datname = current_database()")
        key = api.access.CreateApiKey(access.CreateApiKeyRequest(api_key=access.ApiKey(user="ann"))).key
        assert seconds_until(lambda: is_known(two.api(key), access)) < slack(3.0, 12.0)
    api.access.DeleteUser(access.DeleteUserRequest(name="ann"))
    assert seconds_until(lambda: not is_known(other, access)) < slack(3.0, 12.0)


def test_the_database_goes_away(cluster, stubs, server):
    """Completions go on, from what is in memory; writes are refused; then all is well again."""
    access = stubs.access
    sluice = cluster.start_sluice(
        config={"access": {"anonymous": False}, "store": {"url": cluster.url, "connect_timeout": "2s"}},
        env={**cluster.env})
    api = sluice.api(cluster.bootstrap())
    seconds_until(lambda: is_known(api, access))
    server.stop()
    try:
        sluice.wait_log(lambda line: line.get("msg", "").startswith("the database is away"), 30)
        complete(api, ask("hello"))
        request = access.CreateUserRequest(user=access.User(name="ann"))
        fails(lambda: api.access.CreateUser(request), CODE.UNAVAILABLE, "STORE")
    finally:
        server.start()

    def is_written():
        try:
            api.access.CreateUser(access.CreateUserRequest(user=access.User(name="ann")))
            return True
        except grpc.RpcError as error:
            return error.code() == CODE.ALREADY_EXISTS
    seconds_until(is_written)
    complete(api, ask("hello"))


def test_no_password_is_shown(cluster, tmp_path):
    cluster.server.sql("ALTER ROLE sluice_login PASSWORD 'planted-password'")
    shown = cluster.command("--print-config", env={"SLUICE_STORE_PASSWORD": "planted-password"})
    assert shown.returncode == 0 and "planted" not in shown.stdout + shown.stderr
    url = cluster.url.replace("sluice_login@", "sluice_login:planted-password@")
    cluster.url = url
    shown = cluster.command("--print-config")
    assert shown.returncode == 0 and "planted" not in shown.stdout + shown.stderr
    sluice = cluster.replica()
    assert "planted" not in sluice.stderr()
    cluster.url = url + "&password=planted"
    refused = cluster.command("migrate")
    assert refused.returncode == 78 and "store.password" in refused.stderr and "planted" not in refused.stderr
