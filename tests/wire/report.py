#!/usr/bin/env python3
"""What a run of the wire cases came to: build/wire/report.md and a JSON file for each folder of cases, with a table
provider x situation, and each case with the RPC and the `api` that asked for it. adapters/README.md has a summary.

    report.py --check    compares the summary with the last full runs; exit code 1 where it is old
    report.py --write    writes it anew
"""
import argparse
import collections
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support")]

import env as environment  # noqa: E402

README = HERE.parent.parent / "adapters" / "README.md"
BEGIN, END = "<!-- wire:begin -->", "<!-- wire:end -->"
OWN, RECORDED, OTHER = "own", "recorded", "other"
TITLES = {OWN: "the repository's own cases", RECORDED: "recordings of real providers", OTHER: "cases of other folders"}
RESULTS = ("passed", "failed", "skipped")


def rows_of(cases, skipped, failures):
    """One row a case: what it is, how it was asked for, and how it went. skipped: id -> reason."""
    out = []
    for case in sorted(cases, key=lambda c: c.id):
        result = "skipped" if case.id in skipped else "failed" if case.id in failures else "passed"
        asked = case.form is not None and result != "skipped"
        out.append({"id": case.id, "provider": case.provider, "wire_api": case.api, "stream": case.stream,
                    "situations": sorted(case.data.get("tags") or []), "result": result, "reason": skipped.get(case.id, ""),
                    "kind": case.kind, "rpc": case.form.rpc(case) if asked else "", "api": case.form.api if asked else ""})
    return out


def source_of(folders):
    """Whose cases they are: recordings have an index beside their folder."""
    folders = [pathlib.Path(name) for name in folders]
    if all((HERE / "cases").samefile(name) for name in folders):
        return OWN
    return RECORDED if all((name.parent / "index.json").exists() for name in folders) else OTHER


def folder():
    return pathlib.Path(environment.build()) / "wire"


def write(source, rows):
    """source: as of source_of(); rows of a full run."""
    folder().mkdir(parents=True, exist_ok=True)
    (folder() / (source + ".json")).write_text(json.dumps({"source": source, "cases": rows}, indent=1) + "\n")
    parts = [markdown(TITLES[name], runs) for name, runs in read().items()]
    (folder() / "report.md").write_text("# Wire cases\n\n" + "\n".join(parts))
    return folder() / "report.md"


def read():
    """source -> rows of its last full run."""
    out = {}
    for source in TITLES:
        path = folder() / (source + ".json")
        if path.exists():
            out[source] = json.loads(path.read_text())["cases"]
    return out


def table(head, rows):
    line = "| %s |\n"
    return (line % " | ".join(head) + line % " | ".join(["---"] * len(head))
            + "".join(line % " | ".join(row) for row in rows))


def cell(counts):
    """"12", "11, 1 failed", "3 skipped"; passed ones need no word."""
    words = [str(counts["passed"])] if counts["passed"] else []
    words += ["%d %s" % (counts[name], name) for name in RESULTS[1:] if counts[name]]
    return ", ".join(words)


def count(rows, key):
    """key(row) -> keys; {key: Counter of results}"""
    out = collections.defaultdict(collections.Counter)
    for row in rows:
        for name in key(row):
            out[name][row["result"]] += 1
    return out


def by_situation(rows):
    counts = count(rows, lambda row: [(s, row["provider"]) for s in row["situations"]])
    providers = sorted({row["provider"] for row in rows})
    situations = sorted({situation for situation, _ in counts})
    return table(["situation"] + providers,
                 [[s] + [cell(counts[s, p]) if (s, p) in counts else "" for p in providers] for s in situations])


def by_api(rows):
    counts = count(rows, lambda row: [(row["provider"], row["wire_api"])])
    asked = collections.defaultdict(lambda: (set(), set()))
    for row in rows:
        for names, name in zip(asked[row["provider"], row["wire_api"]], (row["rpc"], row["api"])):
            names.update([name] if name else [])
    return table(["provider", "recorded api", "RPC", "the model's `api`", "cases"],
                 [list(key) + [", ".join(sorted(names)) for names in asked[key]] + [cell(counts[key])] for key in sorted(counts)])


def markdown(title, rows):
    totals = collections.Counter(row["result"] for row in rows)
    cases = table(["case", "RPC", "`api`", "result"], [[r["id"], r["rpc"], r["api"], r["result"]] for r in rows])
    return "## %s\n\n%s\n\n%s\n%s\n%s" % (
        title.capitalize(), ", ".join("%d %s" % (totals[name], name) for name in RESULTS), by_api(rows), by_situation(rows), cases)


# ---- the summary ----

def summary(runs):
    """One row a provider: its APIs, and cases that passed of those there are, by source."""
    everything = [row for rows in runs.values() for row in rows]
    out = []
    for provider in sorted({row["provider"] for row in everything}):
        mine = {source: [r for r in rows if r["provider"] == provider] for source, rows in runs.items()}
        apis = sorted({"`%s`" % row["wire_api"] for rows in mine.values() for row in rows})
        out.append([provider, ", ".join(apis)] + [share(mine[source]) for source in (OWN, RECORDED)])
    out.append(["**all**", ""] + [share(runs[source]) for source in (OWN, RECORDED)])
    return table(["provider", "APIs", "own cases", "recordings"], out)


def share(rows):
    return "%d of %d" % (sum(row["result"] == "passed" for row in rows), len(rows)) if rows else ""


def replaced(text, section):
    before, found, rest = text.partition(BEGIN + "\n")
    _, found_end, after = rest.partition(END)
    if not found or not found_end:
        raise SystemExit("%s has no section between %s and %s" % (README, BEGIN, END))
    return before + BEGIN + "\n" + section + END + after


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    runs = {source: rows for source, rows in read().items() if source != OTHER}
    absent = [TITLES[source] for source in (OWN, RECORDED) if source not in runs]
    if absent:
        print("not run in full yet (tests/run wire): " + ", ".join(absent))
        return 1
    old = README.read_text()
    new = replaced(old, summary(runs))
    if args.write:
        README.write_text(new)
    elif args.check and new != old:
        print("adapters/README.md is older than the last run: tests/wire/report.py --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
