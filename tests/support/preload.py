"""Small libraries that tests put before the C library of a sluiced."""
import os
import shutil
import subprocess

import pytest
from env import REPO, SANITIZED


def build(name, folder):
    """Compiles tests/support/NAME.c; its path."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler")
    path = folder / (name + ".so")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(path), str(REPO / "tests/support" / (name + ".c")), "-ldl"],
                   check=True)
    return path


def environment(library, **values):
    """What a process has to be started with."""
    env = {"LD_PRELOAD": str(library), **{k: str(v) for k, v in values.items()}}
    if SANITIZED:
        env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return env
