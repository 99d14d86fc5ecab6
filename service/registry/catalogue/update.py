#!/usr/bin/env python3
"""Makes catalogue.jsonl, the listing that is built into the program, from a folder with a listing of providers and models.

    update.py DIR [OUTPUT]

DIR holds providers.json and models.json in the form that service/docs/catalogue.md describes: one JSON object a line, as
taken from the public models.dev data (MIT licence). OUTPUT is catalogue.jsonl beside this script, unless told otherwise.
What people add by hand is in the files of facts/ and is not touched: it is laid over the listing when the program starts.

A line of it is a JSON object: the day of the listing first, then {"provider": {...}} with the lines of its models below.
Short keys keep the file small; they are the field `brief` of the tables in tables.c. What equals the reader's own rule is
left out: the name that equals the id, sights from input, streaming from output.
"""
import datetime
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
MEDIA = {"text": "t", "image": "i", "pdf": "p", "audio": "a", "video": "v"}
PRICES = {"input": "i", "output": "o", "cache_read": "r", "cache_write": "w", "reasoning": "g",
          "input_audio": "ia", "output_audio": "oa"}
FLAGS = {"tools": "t", "structured_output": "j", "reasoning": "g", "temperature": "tp", "attachments": "a",
         "open_weights": "w"}
EMBEDDING = re.compile(r"embed|(^|/)bge-|titan-embed", re.IGNORECASE)
RERANK = re.compile(r"rerank", re.IGNORECASE)
KEY = re.compile(r"KEY|TOKEN|SECRET")


def number(value):
    """The shortest JSON number: 2 instead of 2.0."""
    return int(value) if value == int(value) else round(value, 6)


def day(given, owner):
    """A date as given; "" with a word about it where the calendar has no such day."""
    try:
        datetime.date.fromisoformat(given if len(given) != 7 else given + "-01")
        return given
    except ValueError:
        if given:
            print("%s: no such date: %s" % (owner, given), file=sys.stderr)
        return ""


def prices(given):
    out = {brief: number(given[name]) for name, brief in PRICES.items() if given.get(name) is not None}
    # "0" for a cache that costs nothing beside an input that does: the listing's way of saying there is none
    for name in ("r", "w"):
        if out.get(name) == 0 and out.get("i", 0) > 0:
            del out[name]
    return out


def tiers(given):
    out = []
    for tier in given:
        if not tier["tier"].get("size"):
            raise SystemExit("a tier without a size: %r" % tier)
        out.append({"n": tier["tier"]["size"], **prices(tier)})
    return sorted(out, key=lambda tier: tier["n"])


def reasoning(options, row):
    for option in options:
        kind = option.get("type")
        if kind == "toggle":
            row["rt"] = 1
        elif kind == "effort":
            row["rl"] = [level for level in option.get("values", []) if level]
        elif kind == "budget_tokens":
            row["rn"], row["rx"] = max(option.get("min") or 1, 1), max(option.get("max") or 0, 0)
        else:
            raise SystemExit("an unknown way to ask for reasoning: %r" % option)


def limits(given, row, embeds):
    """Tokens; for embeddings the listing's longest output is the number of dimensions."""
    row["c"] = given.get("context_tokens", 0)
    row["mi"] = given.get("max_input_tokens", 0)
    longest = given.get("max_output_tokens", 0)
    row["d" if embeds else "mo"] = longest if not embeds or longest >= 64 else 0


def model(given):
    name = given["id"]
    embeds = bool(EMBEDDING.search(name) or EMBEDDING.search(given.get("family", "")))
    ranks = bool(RERANK.search(name))
    row = {"i": name, "n": "" if given["name"] == name else given["name"], "f": given.get("family", ""),
           "r": day(given.get("released", ""), name), "s": given.get("status", ""),
           "k": day(given.get("knowledge", ""), name)}
    row["p"] = prices(given.get("usd_per_million_tokens", {}))
    row["pt"] = tiers(given.get("price_tiers", []))
    limits(given, row, embeds and not ranks)
    row["in"] = "".join(MEDIA[m] for m in given["input"])
    row["out"] = "".join(MEDIA[m] for m in given["output"])
    row["e"] = 1 if embeds and not ranks else 0
    row["rr"] = 1 if ranks else 0
    row["rf"] = given.get("reasoning_field", "")
    reasoning(given.get("reasoning_options") or [], row)
    row = {key: value for key, value in row.items() if value not in ("", 0, {}, [])}
    for flag, brief in FLAGS.items():
        if given.get(flag) is not None:
            row[brief] = int(given[flag])
    return row


def provider(given):
    row = {"i": given["id"], "n": given["name"], "d": given["doc"]}
    row["u" if "${" not in (given["api"] or "") else "ut"] = (given["api"] or "").rstrip("/")
    row["kv"] = [name for name in given["env"] if KEY.search(name)]
    row["sv"] = [name for name in given["env"] if not KEY.search(name)]
    return {key: value for key, value in row.items() if value not in ("", [])}


def line(row):
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def taken(folder):
    """The day on which the listing was taken, as its README says."""
    found = re.search(r"\d{4}-\d\d-\d\d", (folder / "README.md").read_text())
    return found.group(0) if found else ""


def main():
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    providers = json.loads((folder / "providers.json").read_text())
    models = json.loads((folder / "models.json").read_text())
    unknown = {m["provider"] for m in models} - {p["id"] for p in providers}
    if unknown:
        raise SystemExit("models of providers that are not listed: %s" % ", ".join(sorted(unknown)))
    out = [{"taken": taken(folder)}]
    for given in providers:
        out.append({"provider": provider(given)})
        out += [model(m) for m in sorted(models, key=lambda m: m["id"]) if m["provider"] == given["id"]]
    target = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else HERE / "catalogue.jsonl"
    target.write_text("".join(line(row) + "\n" for row in out))
    print("%d providers, %d models, %d bytes" % (len(providers), len(models), target.stat().st_size))


if __name__ == "__main__":
    main()
