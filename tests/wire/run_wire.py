#!/usr/bin/env python3
"""Replays recorded provider exchanges through the running service and compares what comes out.

    run_wire.py --cases DIR [--cut 1,7,64,0] [--only GLOB] [--kind PROVIDER=KIND] [--build DIR] [--list] [--verbose]

A replay server serves each case's response, whole (0) and cut into pieces of so many bytes; sluiced has one model for
each case and cut. The recorded request becomes a CompleteRequest (README.md beside this file has the rules), the reply is
compared with the case's `expected`, and the HTTP request that the provider received with the recorded one.

Prints a line for each failure and what differs, the reasons for skips with their counts, and as the last line
"N passed, N failed, N skipped". A run of all cases of a folder writes BUILD/wire/report.md: tables of provider and
situation, and the RPC and `api` of each case; --verbose prints the latter. Exit code 1 where something failed or nothing was found, 2 where it cannot run.
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

import yaml  # noqa: E402

import env as environment  # noqa: E402
import report  # noqa: E402
import stubs as stub_modules  # noqa: E402
from chat_answer import Comparison, run_stream, run_whole  # noqa: E402
from formats import BY_API  # noqa: E402
from formats.format import Untranslatable, differences  # noqa: E402
from operation_answer import OperationComparison, run_operation  # noqa: E402
from replay_server import ReplayServer  # noqa: E402
from sluiced import Sluiced, base_config  # noqa: E402

KEY = "sk-test-wire-0123456789abcdef"
KEY_VARIABLE = "WIRE_TEST_KEY"
OPERATOR_VARIABLE = "WIRE_TEST_OPERATOR"
OPERATOR = "sl_" + "w" * 40  # who may ask providers what they offer
CALL_TIMEOUT = 60
# headers that HTTP and the client library decide, not the request's author
TRANSPORT_HEADERS = {"accept", "content-type", "user-agent", "host", "content-length", "accept-encoding", "connection"}
KINDS = {"openai-compatible": "custom"}  # providers whose adapter has another name
SERVERS = {("gemini", "vertex"): "vertex"}  # and those that a case's server says
AUTH = {"vertex": "bearer"}  # kinds whose key is no token by itself
REFUSALS = (400, 422)         # a provider's answers to requests that are wrong


class Case:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.data = json.load(file)
        self.path = path
        for key in ("id", "provider", "api", "response", "expected"):
            if key not in self.data:
                raise ValueError("no member %r" % key)
        self.id = self.data["id"]
        self.provider = self.data["provider"]
        self.api = self.data["api"]
        self.stream = bool(self.data.get("stream"))
        self.form = BY_API.get(self.api)
        self.kind = self.request = self.entry = None
        self.simplified = False

    @property
    def recorded(self):
        return self.data.get("request")

    @property
    def body(self):
        if self.recorded is None:
            return {**(self.form.simple_body or {}), "model": (self.data["expected"].get("model") or "recorded"), "stream": self.stream}
        body = self.recorded.get("body")
        if isinstance(body, dict) and set(body) == {"type", "content"} and body["type"] == "json":
            return body["content"]  # a recorder's own wrapping, not the wire's
        return body


def find_cases(folder, only):
    """(cases, [(name, problem)]); everything that is .json below the folder but the index."""
    cases, broken = [], []
    for path in sorted(pathlib.Path(folder).rglob("*.json")):
        if path.name == "index.json":
            continue
        try:
            case = Case(path)
        except (ValueError, AttributeError, TypeError) as problem:
            broken.append((path.stem, "is no case: %s" % problem))
            continue
        if not only or any(fnmatch.fnmatch(case.id, pattern) for pattern in only):
            cases.append(case)
    return cases, broken


class Binary:
    """Asks sluiced which kinds of providers and which of their APIs it knows."""

    def __init__(self, folder):
        self.program = environment.binary("sluiced")
        self.folder = folder
        self.known = {}

    def accepts(self, kind, api):
        if (kind, api) not in self.known:
            config = base_config(self.folder / "data")
            config["providers"] = [{"id": "p", "kind": kind, "base_url": "http://127.0.0.1:1/v1", "key": "env:" + KEY_VARIABLE}]
            config["models"] = [{"name": "m", "provider": "p", "model_id": "m", **({"api": api} if api else {})}]
            path = self.folder / "ask.yaml"
            path.write_text(yaml.safe_dump(config))
            self.known[kind, api] = subprocess.run(
                [str(self.program), "--config", str(path), "--check-config"], env={**os.environ, KEY_VARIABLE: KEY},
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
        return self.known[kind, api].returncode == 0

    def complaint(self, kind, api):
        return self.known[kind, api].stderr.decode(errors="replace").strip()[-500:]


def reason_to_skip(case, binary):
    """Why a case is out of reach today, or None. Only what the binary itself does not know is skipped."""
    if not binary.accepts(case.kind, None):
        return "provider %s: no adapter yet" % case.provider
    if case.form is None:
        return "provider %s, api %s: no API of Sluice's asks for it yet" % (case.provider, case.api)
    if not binary.accepts(case.kind, case.form.api):
        return "provider %s, api %s: the adapter does not speak it yet" % (case.provider, case.api)
    return None


# Members by which a gateway asks other models: callers may not send them, entries of the registry may hold them.
OF_THE_ENTRY = ("models", "route", "preset", "fallbacks")


def split_options(request, entry):
    """The request without what only the registry's entry may say, and the entry with it."""
    options = json.loads(getattr(request, "provider_options_json", "") or "{}")
    moved = {key: options.pop(key) for key in OF_THE_ENTRY if key in options}
    if moved:
        request.provider_options_json = json.dumps(options, ensure_ascii=False) if options else ""
        entry = {**entry, "provider_options": {**entry.get("provider_options", {}), **moved}}
    return request, entry


class Run:
    def __init__(self, cases, cuts, folder):
        self.cases, self.cuts, self.folder = cases, cuts, folder
        self.stubs = stub_modules.load()
        self.replay = ReplayServer({case.id: case.data for case in cases})
        self.service = None
        self.lock = threading.Lock()
        self.failures = collections.defaultdict(list)  # id -> lines
        self.notes = {}  # id -> what was not compared, and why

    def prepare(self):
        """Translates every request. One that cannot be said is a failure, except where the provider itself refused it:
        there its answer is still checked, with the simplest request, and a note says so."""
        ready = []
        for case in self.cases:
            try:
                case.base = case.form.base_path(case) + case.form.base_query(case)
                case.request, case.entry = split_options(*case.form.request(self.stubs, case, case.body))
            except Untranslatable as problem:
                if case.data["response"]["status"] < 400:
                    self.failures[case.id].append("not understood: %s" % problem)
                    continue
                self.simplify(case, problem)
            ready.append(case)
        return ready

    def simplify(self, case, problem):
        self.notes[case.id] = "the request, which its provider refused, was not compared: %s" % problem
        case.request, case.entry = case.form.request(self.stubs, case, case.form.simple_body)
        case.simplified = True

    def config(self, cases):
        out = base_config(self.folder / "data")
        out["providers"] = [{"id": "kind-" + kind, "kind": kind, "base_url": self.replay.provider.url, "key": "env:" + KEY_VARIABLE,
                             **({"auth": AUTH[kind]} if kind in AUTH else {})} for kind in sorted({c.kind for c in cases})]
        out["models"] = [self.model(case, cut) for case in cases for cut in self.cuts]
        out["log"]["level"] = "info"
        out["access"] = {"keys": [{"name": "wire", "key": "env:" + OPERATOR_VARIABLE, "roles": ["operator"]}]}
        return out

    def model(self, case, cut):
        out = {"name": name_of(case, cut), "provider": "kind-" + case.kind, "model_id": case.form.model_id(case),
               "api": case.form.api, "base_url": self.replay.base(cut, case.id) + case.base}
        headers = own_headers(case)
        if headers:
            out["headers"] = headers
        out.update(case.entry)
        return out

    def one(self, api, case, cut):
        """What is wrong with one case at one cut, as lines."""
        outcome = self.call(api, case, cut)
        if self.refused_by_sluice(case, outcome) and not self.replay.received(cut, case.id):
            with self.lock:
                if not case.simplified:
                    self.simplify(case, "Sluice refused it, too: %s" % outcome.failure.message)
            outcome = self.call(api, case, cut)
        comparison = OperationComparison if case.form.operation else Comparison
        lines = comparison(case.data, outcome, self.stubs, case.form).run()
        return lines + self.compare_request(case, cut)

    def call(self, api, case, cut):
        request = type(case.request)()
        request.CopyFrom(case.request)
        request.model = name_of(case, cut)
        timeout = environment.slack(CALL_TIMEOUT, CALL_TIMEOUT * 4)
        if case.form.operation:
            return run_operation(api, case.form, request, timeout)
        request.include_message = case.stream
        return (run_stream if case.stream else run_whole)(api, request, timeout)

    @staticmethod
    def refused_by_sluice(case, outcome):
        return (case.data["response"]["status"] in REFUSALS and outcome.failure is not None
                and outcome.failure.code.name == "INVALID_ARGUMENT" and outcome.failure.failure is None)

    def compare_request(self, case, cut):
        seen = self.replay.received(cut, case.id)
        if len(seen) != 1:
            return ["the provider received %d requests, awaited 1" % len(seen)]
        seen = seen[0]
        if case.recorded is None or case.simplified:
            return []
        lines = []
        wanted = case.form.path(case)
        own = "/%d/%s" % (cut, case.id)
        lines += differences(case.recorded.get("method") or "POST", seen.method, "request method")
        if wanted:
            lines += differences(wanted, seen.path[len(own):], "request path")
            lines += differences(case.form.query(case), seen.query, "request query")
        name, value = case.form.key_header(case, KEY)
        lines += differences(value, seen.headers.get(name), "request header " + name)
        kind = (seen.headers.get("content-type") or "").split(";")[0].strip()
        lines += differences(case.form.content_type, kind, "request header content-type")
        for name, value in own_headers(case).items():
            lines += differences(value, seen.headers.get(name), "request header " + name)
        if case.body is None and not seen.body:
            return lines
        if seen.json is None:
            return lines + ["request body: is no JSON"]
        return lines + differences(case.form.canonical(case.body, case), case.form.canonical(seen.json, case), "request")

    def execute(self):
        ready = self.prepare()
        if not ready:
            return
        self.service = Sluiced(self.folder, self.config(ready), env={KEY_VARIABLE: KEY, OPERATOR_VARIABLE: OPERATOR}).wait_listening()
        api = self.service.api(OPERATOR)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            work = {pool.submit(self.one, api, case, cut): (case, cut) for case in ready for cut in self.cuts}
            for future in concurrent.futures.as_completed(work):
                case, cut = work[future]
                try:
                    lines = future.result()
                except Exception as problem:  # a fault of the runner's is a failure of the case, not of the run
                    lines = ["the runner failed: %s: %s" % (type(problem).__name__, problem)]
                if lines:
                    self.failures[case.id].append((cut, lines))

    def close(self):
        try:
            if self.service:
                self.service.stop()
        except AssertionError as problem:
            self.failures["sluiced"].append(str(problem))
        finally:
            self.replay.close()


def name_of(case, cut):
    return "%s.%d" % (case.id, cut)


def own_headers(case):
    """The recorded headers that the request's author chose."""
    return {k: v for k, v in case.form.expected_headers(case).items() if k not in TRANSPORT_HEADERS}


def cut_name(cut):
    return "whole" if cut == 0 else "cut at %d byte%s" % (cut, "" if cut == 1 else "s")


def tell(failures):
    """One line for a case that failed, its differences below; cuts that failed in the same way are told together."""
    for name in sorted(failures):
        print("FAIL %s" % name)
        by_lines = collections.defaultdict(list)
        for entry in failures[name]:
            cut, lines = entry if isinstance(entry, tuple) else (None, [entry])
            by_lines[tuple(lines)].append(cut)
        for lines, cuts in by_lines.items():
            where = ", ".join(cut_name(c) for c in sorted(c for c in cuts if c is not None))
            if where:
                print("  [%s]" % where)
            for line in lines:
                print("    " + line.replace("\n", "\n    "))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", action="append", required=True, metavar="DIR", help="folder of cases, searched recursively; may be repeated")
    parser.add_argument("--cut", default="1,7,64,0", help="sizes of the pieces; 0: whole")
    parser.add_argument("--only", action="append", metavar="GLOB", help="only cases whose id matches; may be repeated")
    parser.add_argument("--kind", action="append", default=[], metavar="PROVIDER=KIND", help="adapter to use for a provider's cases instead of its own")
    parser.add_argument("--build", help="build folder, instead of SLUICE_BUILD or <repository>/build")
    parser.add_argument("--verbose", action="store_true", help="print the RPC and the model's api of every case")
    parser.add_argument("--list", action="store_true", help="print every case that passed, too")
    out = parser.parse_args()
    out.kind = dict(pair.split("=", 1) for pair in out.kind)
    out.cut = [int(c) for c in out.cut.split(",")]
    return out


def main():
    args = arguments()
    if args.build:
        os.environ["SLUICE_BUILD"] = args.build
    if not environment.binary("sluiced"):
        print("no bin/sluiced in %s; build it, or set SLUICE_BUILD" % environment.build(), file=sys.stderr)
        return 2
    absent = [folder for folder in args.cases if not os.path.isdir(folder)]
    if absent:
        print("no such folder: " + ", ".join(absent), file=sys.stderr)
        return 2
    cases, broken = [], []
    for folder in args.cases:
        found, bad = find_cases(folder, args.only)
        cases += found
        broken += bad
    skipped, unasked = collections.Counter(), {}
    with tempfile.TemporaryDirectory(prefix="sluice-wire-") as temporary:
        folder = pathlib.Path(temporary)
        binary = Binary(folder)
        if not binary.accepts("openai", None):
            print("sluiced --check-config refuses the simplest configuration:\n" + binary.complaint("openai", None), file=sys.stderr)
            return 2
        chosen = []
        for case in cases:
            server = SERVERS.get((case.provider, case.data.get("server")))
            own = server if server and case.form and binary.accepts(server, case.form.api) else case.provider
            case.kind = {**KINDS, **args.kind}.get(case.provider, own)
            reason = reason_to_skip(case, binary)
            if reason:
                skipped[reason] += 1
                unasked[case.id] = reason
            else:
                chosen.append(case)
        run = Run(chosen, args.cut, folder / "run")
        for name, problem in broken:
            run.failures[name].append(problem)
        try:
            run.execute()
        finally:
            run.close()
    tell(run.failures)
    for name in sorted(run.notes):
        print("note %s: %s" % (name, run.notes[name]))
    if args.list:
        for case in chosen:
            if case.id not in run.failures:
                print("pass " + case.id)
    rows = report.rows_of(cases, unasked, run.failures)
    if args.verbose:
        for row in rows:
            print("%(result)s %(id)s: %(rpc)s, api %(api)s" % row if row["rpc"] else "%(result)s %(id)s" % row)
    if not args.only and not args.kind:
        print("tables: %s" % report.write(report.source_of(args.cases), rows))
    for reason, count in sorted(skipped.items()):
        print("skipped %d: %s" % (count, reason))
    failed = len(run.failures)
    passed = sum(1 for case in chosen if case.id not in run.failures)
    print("%d passed, %d failed, %d skipped" % (passed, failed, sum(skipped.values())))
    return 1 if failed or not (passed or skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
