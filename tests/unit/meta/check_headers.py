"""Every header compiles alone, and twice in a row.

    check_headers.py SOURCE COMPILER GENERATED [compiler flags]
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

FOLDERS = ("service", "adapters", "clients/cli", "tests/bench")


def headers(source):
    return sorted(path for folder in FOLDERS for path in (source / folder).rglob("*.h"))


def compile_alone(source, header, command):
    """The compiler's complaints, "" for none."""
    include = '#include "%s"\n' % header
    done = subprocess.run(command, input=include * 2, text=True, capture_output=True)
    return "" if done.returncode == 0 else "%s does not compile alone:\n%s" % (header.relative_to(source), done.stderr)


def check(source, compiler, generated, flags):
    command = [compiler, "-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I", str(source),
               "-I", str(source / "service"), "-isystem", generated, *flags, "-x", "c", "-"]
    found = headers(source)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [p for p in pool.map(lambda h: compile_alone(source, h, command), found) if p]
    return found, problems


def main():
    source, compiler, generated, *flags = sys.argv[1:]
    found, problems = check(pathlib.Path(source), compiler, generated, flags)
    print("\n".join(problems) or "%d headers compile alone" % len(found))
    return bool(problems) or not found


if __name__ == "__main__":
    sys.exit(main())
