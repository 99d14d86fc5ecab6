"""sluiced migrate, sluiced bootstrap: on the embedded store (on PostgreSQL: test_postgres.py)."""
import os
import subprocess

import pytest
from env import binary


@pytest.fixture
def sluiced(build, tmp_path):
    def run(*args):
        env = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
        return subprocess.run([str(binary("sluiced")), *args, "--data-dir", str(tmp_path / "data")], env=env,
                              cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    return run


def test_migrate(sluiced, tmp_path):
    first, second = sluiced("migrate"), sluiced("migrate")
    assert first.returncode == second.returncode == 0
    assert first.stdout.startswith("sqlite: schema ") and "was 0" in first.stdout
    assert "nothing to do" in second.stdout
    assert (tmp_path / "data" / "sluice.db").exists()
    assert not (tmp_path / "data" / "admin.key").exists()


def test_bootstrap_says_where_the_key_is(sluiced, tmp_path):
    path = tmp_path / "data" / "admin.key"
    done = sluiced("bootstrap")
    assert done.returncode == 0 and str(path) in done.stdout
    key = path.read_text()
    assert key.strip() not in done.stdout + done.stderr
    assert sluiced("bootstrap").returncode == 0 and path.read_text() == key
    path.unlink()
    assert "taken away" in sluiced("bootstrap").stdout


def test_commands_take_settings_and_nothing_else(sluiced):
    for command in ("migrate", "bootstrap"):
        assert "Usage: sluiced " + command in sluiced(command, "--help").stdout
        refused = sluiced(command, "--no-such-flag")
        assert refused.returncode == 78 and "--no-such-flag" in refused.stderr
    refused = sluiced("migrat")
    assert refused.returncode == 78 and "migrat" in refused.stderr
    assert all(command in sluiced("--help").stdout for command in ("migrate", "bootstrap"))


def test_a_url_of_another_database(sluiced):
    refused = sluiced("migrate", "--store-url", "mysql://u:planted@localhost/db")
    assert refused.returncode == 78 and "postgresql://" in refused.stderr and "planted" not in refused.stderr
    away = sluiced("migrate", "--store-url", "postgresql://u:planted@127.0.0.1:1/db")
    assert away.returncode == 1 and "away" in away.stderr and "planted" not in away.stderr
