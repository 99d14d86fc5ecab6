"""A PostgreSQL server for one test module, which may stop and start it: tests/support/postgres.sh from Python."""
import os
import pathlib
import subprocess
import tempfile
import urllib.parse

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
