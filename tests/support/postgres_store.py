"""Any integration test on PostgreSQL: SLUICE_TEST_STORE=postgres gives each service a new database of its own on the
server of SLUICE_TEST_POSTGRES, with the administrator's key where the embedded store would have put it."""
import base64
import os
import pathlib
import subprocess
import urllib.parse
import uuid

from env import binary


def wanted():
    return os.environ.get("SLUICE_TEST_STORE") == "postgres"


def prepare(config):
    """Sets store.url; the environment that goes with it."""
    server = os.environ["SLUICE_TEST_POSTGRES"]
    name = "sluice_" + uuid.uuid4().hex[:16]
    subprocess.run(["psql", "-Xq", server, "-c", "CREATE DATABASE " + name], check=True, timeout=60)
    url = urllib.parse.urlsplit(server)._replace(path="/" + name).geturl()
    env = {"SLUICE_ENCRYPTION_KEYS": "k1:" + base64.b64encode(os.urandom(32)).decode()}
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
    made = subprocess.run([str(binary("sluiced")), "bootstrap", "--store-url", url], check=True, capture_output=True,
                          text=True, env={**clean, **env}, timeout=60)
    data = pathlib.Path(config["data_dir"])
    data.mkdir(parents=True, mode=0o700, exist_ok=True)
    (data / "admin.key").touch(mode=0o600)
    (data / "admin.key").write_text(made.stdout)
    config["store"] = {"url": url}
    return env
