"""A PostgreSQL server for one test module, which may stop and start it: tests/support/postgres.sh from Python."""
import base64
import os
import pathlib
import subprocess
import tempfile
import urllib.parse

from env import binary

SCRIPT = pathlib.Path(__file__).with_name("postgres.sh")


def wanted():
    """Whether tests/run found a PostgreSQL; without it these tests are skipped."""
    return bool(os.environ.get("SLUICE_TEST_POSTGRES"))


class Postgres:
    def __init__(self):
        # in /tmp: a socket's path is short, and the server's user has to reach it
        self.parent = pathlib.Path(tempfile.mkdtemp(prefix="sluice-postgres-", dir="/tmp"))
        self.parent.chmod(0o755)
        self.folder = self.parent / "server"
        self.databases = 0
        self.start()

    def _run(self, command):
        return subprocess.run([str(SCRIPT), command, str(self.folder)], check=True, capture_output=True, text=True,
                              timeout=120).stdout.strip()

    def start(self):
        self.url = self._run("start")

    def stop(self):
        """At once, as in a crash."""
        self._run("stop")

    def close(self):
        self._run("remove")
        self.parent.rmdir()

    def sql(self, text, database="postgres"):
        return subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.url_of(database), "-c", text], check=True,
                              capture_output=True, text=True, timeout=60).stdout.strip()

    def url_of(self, database, user="postgres"):
        parts = urllib.parse.urlsplit(self.url)
        return "postgresql://%s@/%s?%s" % (user, database, parts.query)

    def database(self):
        """A new one, and its URL for a user who owns it and may make roles, and no more."""
        self.databases += 1
        name = "test_%d" % self.databases
        self.sql("DO $$ BEGIN CREATE ROLE sluice_login LOGIN CREATEROLE; "
                 "EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        self.sql("CREATE DATABASE %s OWNER sluice_login" % name)
        return name, self.url_of(name, "sluice_login")


class Cluster:
    """Replicas of one configuration on one new database."""

    def __init__(self, server, start_sluice, tmp_path):
        self.server, self.start_sluice, self.folder = server, start_sluice, tmp_path
        self.database, self.url = server.database()
        self.env = {"SLUICE_ENCRYPTION_KEYS": "k1:" + base64.b64encode(os.urandom(32)).decode()}

    def command(self, *args, env=None):
        full = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
        full.update(self.env, **(env or {}))
        return subprocess.run([str(binary("sluiced")), *args, "--store-url", self.url, "--data-dir", str(self.folder)],
                              capture_output=True, text=True, env=full, timeout=60, check=False)

    def bootstrap(self):
        done = self.command("bootstrap")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def replica(self, wait=True, models=None, **config):
        return self.start_sluice(models=models, config={"access": {"anonymous": False}, "store": {"url": self.url}, **config},
                                 env=self.env, wait=wait)

    def sql(self, text):
        return self.server.sql("SET search_path = sluice; " + text, self.database)
