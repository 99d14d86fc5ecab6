"""What the pages for users say, held against the source and the programs."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for folder in (".", "adapters", "clients", "helm", "proto", "service", "tests")
               for path in (ROOT.glob("*.md") if folder == "." else (ROOT / folder).rglob("*.md")))


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
