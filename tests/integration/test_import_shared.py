"""Every file of ../shared/imports, and those of tests/data/import, through the real client: each entry of a model_list, each
parameter of it, each setting and each variable has to show in the diff or be named in a note. What a file says is read here
by PyYAML, and how each key shows is said below, so that nothing of the importer's own is asked."""
import json
import os
import pathlib
import re

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data" / "import"
SHARED = pathlib.Path(os.environ.get("SLUICE_SHARED", ROOT.parent / "shared")) / "imports"
NOT_FOR_IMPORT = {"README.md", "SOURCES.tsv"}
FILES = sorted(p for folder in (SHARED, DATA) if folder.is_dir() for p in folder.iterdir()
               if p.is_file() and p.name not in NOT_FOR_IMPORT)
if (SHARED / "04-include" / "config.yaml").is_file():
    FILES.append(SHARED / "04-include" / "config.yaml")
TEMPLATES = {"20-helm-template-configmap.yaml"}

# how a parameter shows: the column of the diff
COLUMNS = {
    "litellm_params.model": "model_id", "litellm_params.custom_llm_provider": "provider",
    "litellm_params.api_base": "base_url", "litellm_params.base_url": "base_url",
    "litellm_params.api_version": "api_version", "litellm_params.aws_region_name": "region",
    "litellm_params.vertex_location": "region", "litellm_params.max_tokens": "default_max_output_tokens",
    "litellm_params.temperature": "temperature", "litellm_params.top_p": "top_p",
    "litellm_params.extra_headers": "headers", "litellm_params.extra_body": "options",
    "litellm_params.input_cost_per_token": "prices", "litellm_params.output_cost_per_token": "prices",
    "model_info.base_model": "base_model", "model_info.id": "labels", "model_info.tags": "labels",
    "model_info.max_input_tokens": "context_tokens", "model_info.max_output_tokens": "max_output_tokens",
    "model_info.input_cost_per_token": "prices", "model_info.output_cost_per_token": "prices",
    "model_info.cache_read_input_token_cost": "prices", "model_info.supports_vision": "capabilities",
    "model_info.supports_function_calling": "capabilities", "model_info.description": "description",
}
# what every model does anyway
PLAIN_MODES = {"chat", "completion", "rerank", "moderation"}


class Leaf:
    def __init__(self, path, line, value, entry=None, key=None):
        self.path, self.line, self.value, self.entry, self.key = path, line, value, entry, key


def member(path, key):
    plain = key and not re.search(r"[.\[\]: ]", key)
    return path + ("" if not path or path.endswith(" ") else ".") + (key if plain else "'%s'" % key)


def walk(node, path, base=0, entry=None, below=None):
    """The leaves; entry: of which model_list; below: the path inside it. Texts that hold a configuration are walked, too."""
    line = node.start_mark.line + 1 + base
    if isinstance(node, yaml.MappingNode) and node.value:
        for key, value in node.value:
            inside = member(path, key.value)
            yield from walk(value, inside, base, entry, member(below, key.value) if entry else None)
    elif isinstance(node, yaml.SequenceNode) and node.value:
        is_list = not entry and path.endswith("model_list")
        for i, value in enumerate(node.value):
            inside = "%s[%d]" % (path, i)
            one = (inside, value.start_mark.line + 1 + base) if is_list else entry
            yield from walk(value, inside, base, one, "" if is_list else "%s[%d]" % (below, i) if entry else None)
    elif isinstance(node, yaml.ScalarNode) and "model_list:" in node.value:
        yield from walk(compose(node.value)[0], path + ": ", base + node.start_mark.line + 1)
    else:
        yield Leaf(path, line, getattr(node, "value", ""), entry, below)


def compose(text):
    """Documents as nodes, with merges ("<<") written out."""
    loader = yaml.SafeLoader(text)
    out = []
    while loader.check_node():
        node = loader.get_node()
        flatten(loader, node)
        out.append(node)
    return out


def flatten(loader, node):
    if isinstance(node, yaml.MappingNode):
        loader.flatten_mapping(node)
        node.value = list({k.value: (k, v) for k, v in node.value}.values())  # the last one counts
        for _, value in node.value:
            flatten(loader, value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            flatten(loader, value)


class Report:
    """The client's --json lines of a dry run."""

    def __init__(self, text):
        pages = [json.loads(line) for line in text.splitlines()]
        self.changes = [c for p in pages for c in p.get("changes", [])]
        self.notes = [n for p in pages for n in p.get("notes", [])]
        self.subjects = {n["subject"] for n in self.notes}
        self.by_line = {c["place"].split(":")[-1]: c for c in self.changes if c["kind"] == "model"}

    def noted(self, path):
        document = re.match("document [0-9]+: ", path)
        if document and document[0] in self.subjects:  # all of it
            return True
        while path:
            if path in self.subjects:
                return True
            path = path[:max(path.rfind("."), path.rfind("["), 0)]
        return False

    def said(self, text):
        return any(text in n["message"] for n in self.notes)

    def shown(self, change, column):
        return [d.split(": ", 1)[1] for d in change.get("differences", []) if d.startswith(column + ": ")]

    def anywhere(self, text):
        return any(text in d for c in self.changes for d in c.get("differences", []))


def is_shown(report, leaf, change):
    """Whether the parameter of a model shows in its diff."""
    key = leaf.key
    section = re.sub(r"^(litellm_params|model_info)\.([^.\[]+).*", r"\1.\2", key)
    if key == "model_name":
        return change["name"] == leaf.value
    if section == "model_info.mode" and leaf.value in PLAIN_MODES:
        return True
    if section == "model_info.mode":
        return report.shown(change, "capabilities") or report.shown(change, "api")
    if section == "litellm_params.vertex_project":
        return any(report.shown(c, "project") == [leaf.value] for c in report.changes if c["kind"] == "provider")
    if section == "litellm_params.api_key":
        variable = leaf.value.removeprefix("os.environ/")
        by_name = any(n["subject"] == change["name"] and "the key is not stored" in n["message"] for n in report.notes)
        provider = report.shown(change, "provider")[0]
        return report.shown(change, "key") or by_name or (variable != leaf.value and (
            report.said("there is no key of %s yet" % provider)))
    values = report.shown(change, COLUMNS.get(section, "-"))
    if section == "litellm_params.model":
        return values and leaf.value.endswith(values[0])
    if section in ("litellm_params.api_base", "litellm_params.base_url") and not values:
        return leaf.value.rstrip("/") in OWN_ADDRESSES
    return bool(values)


# of providers; nothing is stored for them
OWN_ADDRESSES = {"http://localhost:11434", "https://openrouter.ai/api/v1", "https://api.mistral.ai/v1"}


def unaccounted(report, leaf, text):
    """Why the leaf is lost, or None."""
    if report.noted(leaf.path):
        return None
    if leaf.entry:
        change = report.by_line.get(str(leaf.entry[1]))
        if not change and report.noted(leaf.entry[0] + ".model_name"):  # became a pattern
            return None if leaf.key in ("litellm_params.model", "litellm_params.api_key",
                                        "litellm_params.custom_llm_provider") else "not with the wildcard"
        if not change:
            return "the entry is neither a model nor noted"
        return None if is_shown(report, leaf, change) else "not in the diff of %s" % change["name"]
    last = re.findall(r"'[^']*'|[^.\[\]']+", leaf.path)
    if "fallbacks" in leaf.path or "alias" in leaf.path:
        columns = [v for c in report.changes for column in ("fallbacks", "aliases") for v in report.shown(c, column)]
        name = leaf.value if "fallbacks" in leaf.path else last[-1].strip("'")
        if last[-1] == "model":
            name = last[-2].strip("'")
        return None if any('"%s' % name in v for v in columns) else "neither fallback nor alias"
    if last[0] == "environment_variables":
        return None if "os.environ/" + last[1] in text else "no reference to it"
    if last[0] == "include":
        return None if any(c["place"].startswith(leaf.value) for c in report.changes) else "not included"
    return "neither carried nor noted"


def yaml_losses(report, text):
    for number, node in enumerate(compose(text)):
        for leaf in walk(node, "document %d: " % (number + 1) if number else ""):
            why = unaccounted(report, leaf, text)
            if why:
                yield "%s (line %d): %s" % (leaf.path, leaf.line, why)


def json_losses(report, text):
    """Names of members: each shows as a note, or its value in the diff."""
    texts = [text] if text.lstrip().startswith("{\n") else text.splitlines()
    for number, one in enumerate(texts):
        for leaf in walk(compose(one)[0], "document %d: " % (number + 1) if number else ""):
            name = leaf.path.split(".")[-1].split(": ")[-1]
            shown = report.anywhere(leaf.value) or any(c["name"] == leaf.value for c in report.changes)
            carried = shown or ("key" in name and report.anywhere(leaf.value[-4:])) or (
                "key" in name and leaf.value.startswith("${")) or leaf.value in OWN_ADDRESSES
            counted = leaf.path.endswith((".model", "model_name")) and report.anywhere(leaf.value.split("/")[-1])
            switch = leaf.value in ("true", "false") and (report.anywhere("enabled") or report.said("default"))
            default = name == "is_default" and any(c["kind"] == "default" for c in report.changes)
            if not (report.noted(leaf.path) or carried or counted or switch or default):
                yield "%s: %s" % (leaf.path, leaf.value if "key" not in name else "...")


def env_losses(report, text):
    for line in text.splitlines():
        found = re.match(r"\s*(?:export\s+)?(\w+)\s*=\s*(.*)", line)
        if not found or line.lstrip().startswith("#"):
            continue
        name, value = found[1], re.sub(r"\s+#.*", "", found[2]).strip("'\" ")
        if name in report.subjects or not value:
            if name not in report.subjects:
                yield "%s: empty and not noted" % name
            continue
        if name.endswith("PROVIDER") and any(c["kind"] == "default" for c in report.changes):
            continue
        host = re.match(r"https?://[^/]+", value)
        if not (report.anywhere(value) or report.anywhere("..." + value[-4:]) or (host and report.anywhere(host[0])) or
                any(c["name"] == value for c in report.changes) or value.rstrip("/") in OWN_ADDRESSES or
                re.search(r"://(api\.openai\.com|openrouter\.ai|api\.moonshot\.ai)/", value)):
            yield "%s: neither in the diff nor noted" % name


@pytest.fixture
def run(cli, sluice):
    def as_admin(*args, codes=(0,)):
        done = cli(*[str(a) for a in args], env={"SLUICE_API_KEY": sluice.admin_key})
        assert done.returncode in codes, done.stdout + done.stderr
        return done
    return as_admin


@pytest.mark.parametrize("path", FILES, ids=lambda p: "/".join(p.parts[-2:]))
def test_nothing_of_a_real_file_is_lost(run, path):
    text = path.read_text()
    along = [p for p in path.parent.iterdir() if p != path] if path.parent.name == "04-include" else []
    before = run("models", "list", "--json").stdout
    done = run("import", path, *along, "--json", codes=(0, 1))
    if path.name in TEMPLATES:
        assert "render it first" in done.stdout and done.returncode == 1
        return
    report = Report("".join(line + "\n" for line in done.stdout.splitlines() if not line.startswith('{"error"')))
    assert (done.returncode == 1) == (not report.changes)
    losses = {".env": env_losses, ".json": json_losses}.get(path.suffix, yaml_losses)
    lost = list(losses(report, text))
    assert not lost, "\n".join(lost)
    assert all(n["message"] and n["place"] for n in report.notes)
    if not report.changes:
        assert any(n["level"] == "LEVEL_ERROR" for n in report.notes)
        return
    stored = json.loads(run("import", path, *along, "--json", "--apply").stdout)
    assert [(c["kind"], c["name"]) for c in stored["changes"]] == [(c["kind"], c["name"]) for c in report.changes]
    run("import", "undo", stored["runId"])
    assert run("models", "list", "--json").stdout == before


def test_the_shared_files_are_there():
    if not SHARED.is_dir():
        pytest.skip("the shared folder is not beside the checkout")
    assert len(FILES) > 15
