"""Arrows between modules point down only: what a module may include is listed here, and an include of anything else
fails. Only rpc/ may include gRPC, only upstream/ curl.

    check_layers.py SOURCE
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

# Module -> the modules it may include, besides itself and the generated messages. Lowest first.
MAY_INCLUDE = {
    "base": "",
    "config": "base adapters",  # the kinds that a configuration may name
    "store": "base",
    "upstream": "base",
    "telemetry": "base",
    "adapters": "base",
    "access": "base config store upstream telemetry",
    "registry": "base config store upstream telemetry adapters access",
    "routing": "base config upstream telemetry access registry",
    "limits": "base config upstream telemetry access registry",
    "ledger": "base config store upstream telemetry access registry",
    "exchange": "base config upstream telemetry adapters access registry routing limits ledger",
    "api": "base config store upstream telemetry access registry routing limits ledger exchange",
    "rpc": "base config telemetry access api",
    "cli": "base",
}
# main.c wires everything together
EVERYTHING = "main"
# Library header folder -> the only modules that may include it.
ONLY = {"grpc": {"rpc", "cli", "bench"}, "curl": {"upstream", "bench"}}
# First folders of generated headers.
GENERATED = {"sluice", "google", "grpc"}


def module_of(source, path):
    parts = path.relative_to(source).parts
    if parts[0] == "service":
        return EVERYTHING if len(parts) == 2 else parts[1]
    if parts[0] == "clients":
        return "cli"
    return "bench" if parts[:2] == ("tests", "bench") else parts[0]


def problem(module, path, bracket, included):
    """Why this include is wrong, "" if it is not."""
    first = included.split("/")[0] if "/" in included else ""
    if bracket == "<":
        allowed = ONLY.get(first)
        return "" if not allowed or module in allowed else "only %s may include <%s/...>" % (", ".join(sorted(allowed)), first)
    if not first or first == module or module in (EVERYTHING, "bench") or included.endswith(".pb-c.h"):
        return ""
    if included.startswith("clients/cli/") and module == "cli":
        return ""
    if module not in MAY_INCLUDE:
        return "module %s is not in the table of layers" % module
    return "" if first in MAY_INCLUDE[module].split() else "%s may not include %s" % (module, first)


def check(source):
    files, problems = 0, []
    for folder in ("service", "adapters", "clients/cli", "tests/bench"):
        for path in sorted(p for p in (source / folder).rglob("*") if p.suffix in (".c", ".h")):
            files += 1
            text = path.read_text()
            for match in INCLUDE.finditer(text):
                why = problem(module_of(source, path), path, *match.groups())
                if why:
                    line = text.count("\n", 0, match.start(2)) + 1
                    problems.append("%s:%d: %s: %s" % (path.relative_to(source), line, match.group(2), why))
    return files, problems


def main():
    files, problems = check(pathlib.Path(sys.argv[1]))
    print("\n".join(problems) or "%d files keep to the layers" % files)
    return bool(problems) or not files


if __name__ == "__main__":
    sys.exit(main())
