"""Where things are, and how patient a test is."""
import os
import pathlib

REPO = pathlib.Path(__file__).resolve().parents[2]
PROTO = REPO / "proto"
SANITIZED = os.environ.get("SLUICE_SANITIZED", "") not in ("", "0")


def build():
    return pathlib.Path(os.environ.get("SLUICE_BUILD") or REPO / "build").resolve()


def binary(name):
    """A built program, or None."""
    path = build() / "bin" / name
    return path if os.access(path, os.X_OK) else None


def slack(release, sanitized):
    """A bound that a sanitizer build may overstep."""
    return sanitized if SANITIZED else release
