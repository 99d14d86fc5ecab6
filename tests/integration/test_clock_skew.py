"""Replicas whose clocks are hours apart: they agree all the same, and each thing goes by the clock that service/docs/store.md
says."""
import time

import grpc
import postgres as postgres_server
import preload
import pytest
from env import SANITIZED, slack
from helpers import fails
from test_postgres import is_known, seconds_until

CODE = grpc.StatusCode
HOUR = 3600
MINUTE_MS = 60 * 1000

pytestmark = [pytest.mark.skipif(not postgres_server.wanted(), reason="SLUICE_TEST_POSTGRES names no server"),
              # with the sanitizers' own clock_gettime between, libraries cannot be told from the program
              pytest.mark.skipif(SANITIZED, reason="the clocks of a sanitizer cannot be put wrong")]


@pytest.fixture(scope="module")
def skewed_clock(tmp_path_factory):
    """Path of a library that makes the wall clock SKEW_S seconds wrong."""
    return preload.build("skewed_clock", tmp_path_factory.mktemp("clock"))


@pytest.fixture
def replicas(server, start_sluice, tmp_path, skewed_clock):
    """(ahead, behind): each gives stubs, of an administrator or of who has a key."""
    cluster = postgres_server.Cluster(server, start_sluice, tmp_path)
    key = cluster.bootstrap()
    started = [start_sluice(config={"access": {"anonymous": False}, "store": {"url": cluster.url}},
                            env={**cluster.env, **preload.environment(skewed_clock, SKEW_S=skew)})
               for skew in (2 * HOUR, -2 * HOUR)]
    return [lambda other=None, each=each: each.api(other or key) for each in started]


def now_ms():
    return int(time.time() * 1000)


def test_the_clocks_really_are_apart(start_sluice, skewed_clock):
    """The log has them; without this the other tests would prove nothing."""
    sluice = start_sluice(env=preload.environment(skewed_clock, SKEW_S=-2 * HOUR))
    said = sluice.wait_log(lambda line: line.get("msg") == "listening")["time"]
    expected = time.strftime("%Y-%m-%dT%H", time.gmtime(time.time() - 2 * HOUR))
    assert said.startswith(expected) or said < expected  # a full hour may have passed meanwhile


def test_changes_go_by_revisions(replicas, stubs):
    """Who is ahead in time is not ahead in what counts: the last write is the last one."""
    pb = stubs.access
    ahead, behind = (each().access for each in replicas)
    ahead.CreateUser(pb.CreateUserRequest(user=pb.User(name="ann", title="one")))
    for writer, reader, text in ((behind, ahead, "two"), (ahead, behind, "three"), (behind, ahead, "four")):
        etag = writer.GetUser(pb.GetUserRequest(name="ann")).etag
        writer.UpdateUser(pb.UpdateUserRequest(user=pb.User(name="ann", title=text, etag=etag),
                                               update_mask="title"))
        assert reader.GetUser(pb.GetUserRequest(name="ann")).title == text
        stale = pb.UpdateUserRequest(user=pb.User(name="ann", title="late", etag=etag), update_mask="title")
        fails(lambda: reader.UpdateUser(stale), CODE.ABORTED, "ETAG_STALE")


def test_what_is_stored_has_the_databases_time(replicas, stubs):
    pb = stubs.access
    for i, each in enumerate(replicas):
        made = each().access.CreateUser(pb.CreateUserRequest(user=pb.User(name="user-%d" % i), with_key=True))
        assert abs(made.user.created_ms - now_ms()) < MINUTE_MS
        revoked = each().access.RevokeApiKey(pb.RevokeApiKeyRequest(name=made.api_key.name))
        assert made.user.created_ms <= revoked.revoked_ms < now_ms() + MINUTE_MS
    events = replicas[0]().access.ListAuditEvents(pb.ListAuditEventsRequest(page_size=10)).events
    assert events and all(abs(e.time_ms - now_ms()) < 5 * MINUTE_MS for e in events)


@pytest.mark.parametrize("maker", [0, 1])
def test_a_revocation_asks_no_clock(replicas, stubs, maker):
    pb = stubs.access
    here, there = replicas[maker], replicas[1 - maker]
    made = here().access.CreateUser(pb.CreateUserRequest(user=pb.User(name="ann"), with_key=True))
    theirs = there(made.key)
    seconds_until(lambda: is_known(theirs, pb))
    here().access.RevokeApiKey(pb.RevokeApiKeyRequest(name=made.api_key.name))
    assert seconds_until(lambda: not is_known(theirs, pb)) < slack(2.0, 10.0)


def test_a_key_ends_by_the_clock_of_who_is_asked(replicas, stubs):
    """A replica asks nobody for the time: clocks that are apart make a key end so much earlier or later there."""
    pb = stubs.access
    ahead, behind = replicas
    made = behind().access.CreateUser(pb.CreateUserRequest(user=pb.User(name="ann"), with_key=True))
    key = behind().access.CreateApiKey(pb.CreateApiKeyRequest(
        api_key=pb.ApiKey(user=made.user.name, title="an hour", expires_ms=now_ms() + 60 * MINUTE_MS))).key
    theirs = behind(key)
    seconds_until(lambda: is_known(theirs, pb))
    seconds_until(lambda: is_known(ahead(made.key), pb))  # ahead has seen both, they came in this order
    failure = fails(lambda: ahead(key).access.WhoAmI(pb.WhoAmIRequest()), CODE.UNAUTHENTICATED)
    assert "expired" in failure.message
