"""One store that several services and commands come to, one after the other or at once: a folder, or a database of
PostgreSQL where SLUICE_TEST_STORE says so. For tests that start again on what is there."""
import base64
import os
import sqlite3
import subprocess

import postgres_store
from env import binary, slack

RINGS = {"k%d" % i: "k%d:%s" % (i, base64.b64encode(bytes([64 + i]) * 32).decode()) for i in range(6)}


def ring(*ids):
    """SLUICE_ENCRYPTION_KEYS with the keys of these ids; the first is the current one."""
    return ",".join(RINGS[each] for each in ids)


class Store:
    """keys: ids of the encryption keys, or () for the file beside the embedded store."""

    def __init__(self, start_sluice, tmp_path, config=None):
        self.start_sluice, self.folder, self.data = start_sluice, tmp_path, tmp_path / "data"
        self.config = {"data_dir": str(self.data), "access": {"anonymous": False}, **(config or {})}
        self.embedded = not postgres_store.wanted()
        self.services = 0
        self.config_path = None  # of the last service: commands have the same one
        if not self.embedded:
            postgres_store.prepare(self.config)

    def env(self, keys):
        return {"SLUICE_ENCRYPTION_KEYS": ring(*keys)} if keys else {}

    def start(self, *keys, wait=True, env=None, **more):
        self.services += 1
        service = self.start_sluice(config={**self.config, **more}, env={**self.env(keys), **(env or {})}, wait=wait,
                                    name="service-%d" % self.services)
        self.config_path = service.config_path
        return service

    def admin_key(self):
        return (self.data / "admin.key").read_text().strip()

    def arguments(self, *args):
        where = ["--data-dir", str(self.data)] if self.embedded else ["--store-url", self.config["store"]["url"]]
        config = ["--config", str(self.config_path)] if self.config_path else []
        return [str(binary("sluiced")), *args, *config, *where]

    def environment(self, keys, env=None):
        clean = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_") and not k.endswith("_API_KEY")}
        return {**clean, **self.env(keys), **(env or {})}

    def run(self, *args, keys=(), check=None, env=None):
        """A command of sluiced, to its end; check: the exit code that it has to have."""
        done = subprocess.run(self.arguments(*args), env=self.environment(keys, env), cwd=self.folder, text=True,
                              capture_output=True, timeout=slack(60, 240), check=False)
        assert check is None or done.returncode == check, (done.returncode, done.stdout[-2000:], done.stderr[-2000:])
        return done

    def open(self, *args, keys=(), **more):
        """The same, running; its output is the caller's to read."""
        return subprocess.Popen(self.arguments(*args), env=self.environment(keys), cwd=self.folder,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def sql(self, text):
        """Beside Sluice, as the database's superuser; a number or a text that it gives, "" without one."""
        if self.embedded:
            with sqlite3.connect(self.data / "sluice.db", timeout=30) as db:
                row = db.execute(text).fetchone()
            db.close()
            return "" if row is None else str(row[0])
        return subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.config["store"]["url"], "-c",
                               "SET search_path = sluice", "-c", text], check=True, capture_output=True, text=True,
                              timeout=60).stdout.strip()
