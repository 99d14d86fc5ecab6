"""What the pages for users say, held against the source and the programs."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for folder in (".", "adapters", "clients", "helm", "proto", "service", "tests")
               for path in (ROOT.glob("*.md") if folder == "." else (ROOT / folder).rglob("*.md")))
EXAMPLE = re.compile(r"(?:^ {4}|^`{0,3}\$ |`|^\| `|=\$\()sluice ([a-z-]+)((?: [a-z][a-z-]*\b)?)", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]*)(?:#[^)]*)?\)", text)
    assert [t for t in targets if t and not re.match(r"[a-z]+:", t) and not (page.parent / t).exists()] == []


def test_each_reason_is_explained():
    source = (ROOT / "service" / "base" / "err.h").read_text(encoding="utf-8")
    known = set(re.findall(r"X\((\w+)\)", source[source.index("define SL_REASONS"):source.index("enum sl_reason")]))
    rows = [line for line in (ROOT / "service" / "docs" / "errors.md").read_text(encoding="utf-8").splitlines()
            if line.startswith("| `")]
    explained = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])}
    assert explained == known - {"NONE"}


def test_commands_in_the_pages_exist(build):
    commands = {}
    for page in PAGES:
        for command, verb in EXAMPLE.findall(page.read_text(encoding="utf-8")):
            commands.setdefault(command, set()).add(verb.strip())
    assert {"chat", "models", "users"} <= set(commands)
    wrong = []
    for command, verbs in sorted(commands.items()):
        told = subprocess.run([build / "bin" / "sluice", "help", command], capture_output=True, text=True, check=False)
        if told.returncode != 0:
            wrong.append(command)
            continue
        verbs_told = told.stdout.partition("\nVerbs:\n")[2].partition("\n\n")[0]
        known = re.findall(r"^  ([a-z-]+)", verbs_told, re.MULTILINE)
        if known and command != "import":  # its first argument may be a file
            wrong += [f"{command} {verb}" for verb in verbs if verb and verb not in known]
    assert wrong == []
