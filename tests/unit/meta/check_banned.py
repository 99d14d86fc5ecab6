"""No call of a function that is banned: unbounded or locale-bound string functions, signal(), alloca; and the heap only
through base/alloc.h. And nobody sees all rows of the store but those who load them into memory or encrypt them anew.

    check_banned.py SOURCE
"""
import pathlib
import re
import sys

BANNED = "strcpy strcat sprintf vsprintf strtok atoi atol atof gets strncpy strncat sscanf alloca signal".split()
HEAP = "malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf".split()
# the role that sees all rows, and who may take it: the loaders of both snapshots, key rotation; the store itself, which
# looks whose deleted rows are due
SYNC = "SL_STORE_SYNC"
SYNC_PLACES = ("service/access/refresh.c", "service/registry/stored.c", "service/registry/rotate/", "service/store/", "tests/")
HEAP_FOLDERS = ("service", "adapters", "clients/cli")

# comments, strings and character constants, so that only code is left
NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
# a call, not a member (p->free(...)) and not a name that only ends alike
CALL = r"(?<![\w.>])(%s)\s*\("


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def calls(text, names):
    """(line number, name) of every call."""
    code = NOT_CODE.sub(blank, text)
    return [(code.count("\n", 0, m.start()) + 1, m.group(1)) for m in re.finditer(CALL % "|".join(names), code)]


def uses_raw_heap(relative):
    """Whether the file may call the heap itself."""
    folder = relative.as_posix()
    return folder.startswith("service/base/") or not folder.startswith(HEAP_FOLDERS)


def check(source):
    files, problems = 0, []
    for folder in ("service", "adapters", "clients/cli", "tests"):
        for path in sorted(p for p in (source / folder).rglob("*") if p.suffix in (".c", ".h")):
            files += 1
            relative = path.relative_to(source)
            text = path.read_text()
            for line, name in calls(text, BANNED):
                problems.append("%s:%d: %s is banned" % (relative, line, name))
            for line, name in [] if uses_raw_heap(relative) else calls(text, HEAP):
                problems.append("%s:%d: %s outside base/: use base/alloc.h" % (relative, line, name))
            if SYNC in text and not relative.as_posix().startswith(SYNC_PLACES):
                problems.append("%s: %s is for the loader and key rotation only" % (relative, SYNC))
    return files, problems


def main():
    files, problems = check(pathlib.Path(sys.argv[1]))
    print("\n".join(problems) or "%d files call nothing that is banned" % files)
    return bool(problems) or not files


if __name__ == "__main__":
    sys.exit(main())
