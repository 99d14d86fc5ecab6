"""sluiced migrate, killed in the middle: the store is as it was before, or as it is after, and the next run makes it whole."""
import resource
import signal
import sqlite3
import time

import postgres_store
import pytest
from env import slack
from stored import Store

KIB = 1024


@pytest.fixture
def store(start_sluice, tmp_path):
    return Store(start_sluice, tmp_path)


def version(path):
    """The schema's number in a SQLite file; 0 where there is none yet."""
    if not path.exists():
        return 0
    with sqlite3.connect("file:%s?mode=rw" % path, uri=True, timeout=30) as db:
        found = db.execute("PRAGMA user_version").fetchone()[0]
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    db.close()
    assert bool(tables) == bool(found), "%d tables in schema %d" % (tables, found)
    return found


@pytest.mark.embedded
def test_killed_at_any_write(store):
    """The kernel kills it (SIGXFSZ) at the write that would make a file longer than so much: at one after the other."""
    def limit(size):
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    deaths, versions = 0, set()
    for size in range(40 * KIB, 4000 * KIB, 24 * KIB):
        process = store.open("migrate", preexec_fn=limit(size))
        _, err = process.communicate(timeout=slack(60, 240))
        versions.add(version(store.data / "sluice.db"))
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGXFSZ, err
        deaths += 1
    assert process.returncode == 0 and deaths >= 3
    assert len(versions - {0}) == 1  # nothing between before and after
    assert "nothing to do" in store.run("migrate", check=0).stdout
    store.start("k1")


@pytest.mark.skipif(not postgres_store.wanted(), reason="of PostgreSQL")
def test_killed_while_a_table_is_made(start_sluice, tmp_path):
    store = Store(start_sluice, tmp_path)
    store.sql("DROP SCHEMA sluice CASCADE")
    store.sql("CREATE FUNCTION public.hold() RETURNS event_trigger LANGUAGE plpgsql AS "
              "$$ BEGIN IF current_query() LIKE '%CREATE TABLE audit_log%' THEN PERFORM pg_sleep(3600); END IF; END $$")
    store.sql("CREATE EVENT TRIGGER hold ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.hold()")
    process = store.open("migrate")
    deadline = time.monotonic() + slack(60, 240)
    while store.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") != "1":
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
    process.kill()
    process.communicate()
    store.sql("DROP EVENT TRIGGER hold")
    assert store.sql("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'sluice'") == "0"
    done = store.run("migrate", keys=("k1",), check=0)
    assert "was 0" in done.stdout
    assert store.run("bootstrap", keys=("k1",), check=0).stdout.startswith("sl_")
