"""Each thing that an import says for people is explained in service/docs/migration.md.

    check_import_page.py SOURCE

What an import says: the texts of service/registry/import/ that hold at least two words; the reasons in why.c are their own
explanation. What a format puts in ("%s") stands as "..." in the page."""
import pathlib
import re
import sys

WORDS = re.compile(r"[a-z']+ [a-z']+")
TOKEN = re.compile(r"""/\*.*?\*/ | '(?:[^'\\]|\\.)*' | "((?:[^"\\]|\\.)*)" | [^\s"'/]+ | /""", re.DOTALL | re.VERBOSE)
FORMAT = re.compile(r"%[-+ #0-9.]*(?:l|ll|z)?[a-z]")
# parts and names, no messages
NO_MESSAGES = {"%s key %zu", "s have"}


def literals(text):
    """C's string literals, neighbours joined."""
    parts = []
    for token in TOKEN.finditer(text):
        if token[0].startswith("/*"):
            continue
        if token[1] is not None:
            parts.append(token[1])
        elif parts:
            yield "".join(parts)
            parts = []
    if parts:
        yield "".join(parts)


def fragments(literal):
    """What of a message does not depend on the case."""
    plain = re.sub(r"\\(.)", r"\1", literal)
    return [part.strip(" '.:;,()") for part in FORMAT.split(plain) if WORDS.search(part)]


def missing(source):
    page = " ".join((source / "service/docs/migration.md").read_text().split())
    for path in sorted((source / "service/registry/import").glob("*.c")):
        if path.name == "why.c":
            continue
        for literal in literals(path.read_text()):
            if literal in NO_MESSAGES or not WORDS.search(literal):
                continue
            for fragment in fragments(literal):
                if fragment not in page:
                    yield "%s: service/docs/migration.md does not explain: %s" % (path.name, fragment)


def main():
    problems = list(missing(pathlib.Path(sys.argv[1])))
    print("\n".join(problems) or "each message of an import is explained")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
