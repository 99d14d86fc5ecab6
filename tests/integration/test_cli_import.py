"""sluice import and sluice models seed: the real client against the real service."""
import json
import pathlib
import time

import pytest

import env as environment

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "import"


@pytest.fixture
def run(cli, sluice):
    def as_admin(*args, code=0, **more):
        env = {"SLUICE_API_KEY": sluice.admin_key, **more.pop("env", {})}
        done = cli(*[str(a) for a in args], env=env, **more)
        assert done.returncode == code, done.stdout + done.stderr
        return done
    return as_admin


def models(run):
    return {m["name"]: {k: v for k, v in m.items() if k != "etag"} for m in map(json.loads, run(
        "models", "list", "--json").stdout.splitlines())}


def test_import_from_diff_to_undo(run, sluice):
    before = models(run)
    dry = run("import", DATA / "litellm.yaml")
    assert "+ model gpt-4o  (litellm.yaml:3)\n    " in dry.stdout
    assert "key: ...0001" in dry.stdout
    assert "not carried: litellm.yaml:9: model_list[0].litellm_params.rpm: rates are limits of tiers" in dry.stdout
    assert "error: litellm.yaml:47: model_list[6].litellm_params.api_base: is the value of NOWHERE_BASE" in dry.stdout
    assert "this was a dry run" in dry.stderr and "--apply stores it" in dry.stderr
    assert models(run) == before and run("import", "list").stdout.count("\n") == 1
    done = run("import", DATA / "litellm.yaml", "--apply")
    assert done.stdout == dry.stdout
    name = done.stderr.split("stored as run ")[1].split(";")[0]
    assert set(models(run)) > set(before) and "gpt-4o" in run("models", "list", "--names").stdout.split()
    again = run("import", DATA / "litellm.yaml", "--apply")
    assert "nothing was to be done" in again.stderr and "0 to create, 0 to change" in again.stderr
    assert "+ " not in again.stdout
    row = run("import", "list").stdout.splitlines()[1].split()
    assert row[:3] == [name, "import", "litellm.yaml"]
    would = run("import", "undo", name, "--dry-run")
    assert "- model gpt-4o\n" in would.stdout and "this was a dry run" in would.stderr
    assert set(models(run)) > set(before)
    assert "taken back" in run("import", "undo", name).stderr
    assert models(run) == before
    assert "undone already" in run("import", "undo", name, code=1).stderr
    assert "sk-test" not in dry.stdout + done.stdout + again.stdout + sluice.stderr()


def test_undo_names_what_was_changed_since(run):
    done = run("import", DATA / "model_config.json", "--apply")
    name = done.stderr.split("stored as run ")[1].split(";")[0]
    run("models", "update", "gpt-4o", "--set", "description=mine")
    refused = run("import", "undo", name, code=1)
    assert "rows were changed since: models/gpt-4o; --force restores them, too" in refused.stderr
    assert "changed since: models/gpt-4o" in run("import", "undo", name, "--dry-run").stdout
    run("import", "undo", name, "--force")
    assert "gpt-4o" not in run("models", "list", "--names").stdout.split()


def test_json_is_for_programs(run):
    dry = json.loads(run("import", DATA / "llm_models.json", "--json").stdout)
    assert {c["kind"] for c in dry["changes"]} >= {"model", "provider", "tier", "default"}
    assert dry["format"] == "FORMAT_LLM_MODELS" and "runId" not in dry
    done = json.loads(run("import", DATA / "llm_models.json", "--json", "--apply").stdout)
    listed = json.loads(run("import", "list", "--json").stdout)
    assert [r["runId"] for r in listed["runs"]] == [done["runId"]]
    undone = json.loads(run("import", "undo", done["runId"], "--json").stdout)
    assert {c["action"] for c in undone["changes"]} == {"ACTION_DELETE"}


@pytest.mark.parametrize("name, text, said", [
    ("tab.yaml", "model_list:\n\t- x\n", "tab.yaml:2: "),
    ("twice.yaml", "model_list: []\na: 1\na: 2\n", "twice.yaml:3: the key 'a' is already in line 2"),
    ("cut.json", '{"models": {\n"a": {"model": "gpt-4o"', "cut.json:"),
    ("x.env", "A=1\nOPENAI_API_KEY\n", "x.env:2: there is no '=' behind the name"),
    ("chart.yaml", "{{- if .Values.on }}\nmodel_list: []\n", "render it first"),
])
def test_files_that_cannot_be_read(run, tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    refused = run("import", tmp_path / name, code=1)
    assert said in refused.stderr and not refused.stdout


@pytest.mark.parametrize("name, text, said", [
    ("empty.yaml", "general_settings: {}\n", "error: empty.yaml:1: model_list: the file holds no model"),
    ("field.yaml", "model_list:\n- model_name: a\n  litellm_params:\n    model: openai/a\n    temperature: 9\n",
     "error: field.yaml:5: model_list[0].litellm_params.temperature: is not between 0 and 2"),
    ("field.json", '{"models": {"a": {"model": "gpt-4o",\n  "max_tokens": "many"}}}',
     "error: field.json:2: models.a.max_tokens: is no number"),
])
def test_what_is_wrong_in_a_file_has_its_line_and_field(run, tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    shown = run("import", tmp_path / name, code=1 if "no model" in said else 0)
    assert said in shown.stdout


def test_values_of_variables_come_along(run, tmp_path):
    (tmp_path / "c.yaml").write_text(
        "model_list: [{model_name: a, litellm_params: {model: openai/a, api_base: os.environ/BASE, api_key: os.environ/K}}]")
    (tmp_path / ".env").write_text("BASE=https://llm.example.com/v1\nK='sk-test-given-0000001234'\n")
    assert "is the value of BASE, which is not known here" in run("import", tmp_path / "c.yaml", code=1).stdout
    shown = run("import", tmp_path / "c.yaml", "--env", tmp_path / ".env").stdout
    assert "base_url: https://llm.example.com/v1" in shown and "key: ...1234" in shown
    assert "sk-test" not in shown


def test_wrong_use(run, tmp_path):
    assert "sluice import takes" in run("import", code=2).stderr
    assert "/nowhere.yaml" in run("import", "/nowhere.yaml", code=2).stderr
    assert "there is no run 'x'" in run("import", "undo", "x", code=5).stderr


def test_seed(start_sluice, cli):
    sluice = start_sluice(env={"OPENAI_API_KEY": "sk-test-openai-00000000001"})

    def run(*args, code=0):
        done = cli(*args, env={"SLUICE_ADDRESS": sluice.address, "SLUICE_API_KEY": sluice.admin_key})
        assert done.returncode == code, done.stdout + done.stderr
        return done

    before = models(run)
    dry = run("models", "seed", "--dry-run")
    assert "+ model gpt-" in dry.stdout and "not carried: " in dry.stdout and "this was a dry run" in dry.stderr
    assert models(run) == before
    unheard = run("models", "seed", "--lineup", "none-such", code=5).stderr
    assert "there is no line-up 'none-such'; there are: " in unheard
    name = unheard.split("there are: ")[1].split(",")[0].split(" ")[0]
    done = run("models", "seed", "--lineup", name)
    run_id = done.stderr.split("stored as run ")[1].split(";")[0]
    assert {m.get("source") for m in models(run).values()} >= {"seed"}
    assert "nothing was to be done" in run("models", "seed", "--lineup", name).stderr
    run("import", "undo", run_id)
    assert models(run) == before


def huge(path, n):
    """n models of some forty lines of report each, hundreds of bytes: more than one reply may hold."""
    with open(path, "w") as f:
        f.write("model_list:\n")
        for i in range(n):
            f.write("""- model_name: team-%d/model-with-a-name-%d
  litellm_params:
    model: azure/deployment-%d
    api_base: https://resource-%d.openai.azure.com/
    api_version: "2024-10-21"
    api_key: sk-test-azure-%012d
    rpm: 100
    timeout: 30
    max_tokens: 4096
    temperature: 0.5
  model_info:
    base_model: gpt-4o
    input_cost_per_token: 0.0000025
    output_cost_per_token: 0.00001
    supports_vision: true
    max_input_tokens: 128000
    max_output_tokens: 16384
    id: azure-%d
""" % (i % 50, i, i, i % 7, i, i))


@pytest.mark.embedded
def test_a_huge_file(run, tmp_path):
    """The ceiling of a file: stored in one run, and reported to the last line although that is more than one reply."""
    n, path, times = 5000, tmp_path / "huge.yaml", {}

    def timed(what, *args):
        start = time.monotonic()
        done = run(*args, timeout=60)
        times[what] = round(time.monotonic() - start, 1)
        return done

    huge(path, n)
    dry = timed("dry run", "import", path)
    lines = dry.stdout.splitlines()
    assert sum(line.startswith("+ model ") for line in lines) == n and len(dry.stdout) > 3 << 20
    for name in ("rpm", "timeout"):
        assert sum(".%s: " % name in line for line in lines if line.startswith("not carried: ")) == n
    assert "%d to create, 0 to change, 0 as they are" % n in dry.stderr
    done = timed("stored", "import", path, "--apply")
    assert "%d to create" % n in done.stderr and "more entries of the report do not fit into a reply" in done.stderr
    name = done.stderr.split("stored as run ")[1].split(";")[0]
    again = timed("again", "import", path, "--apply")
    assert "0 to create, 0 to change, %d as they are" % n in again.stderr
    timed("taken back", "import", "undo", name)
    assert run("models", "list", "--names").stdout == "test\n"
    print("5,000 models:", ", ".join("%s %s s" % pair for pair in times.items()))
    (tmp_path / "more.yaml").write_text(path.read_text() + "- {model_name: one-more, litellm_params: {model: openai/x}}\n")
    assert "the file holds more than 5000 models" in run("import", tmp_path / "more.yaml", timeout=60).stdout
