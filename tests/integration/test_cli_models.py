"""sluice models and sluice providers: what changes the registry, run by an administrator."""
import json

import pytest

KEY = "sk-test-planted-0123456789abcdefWXYZ"


@pytest.fixture
def run(cli, sluice):
    def as_admin(*args, ok=True, **more):
        env = {"SLUICE_API_KEY": sluice.admin_key, **more.pop("env", {})}
        done = cli(*args, env=env, **more)
        assert (done.returncode == 0) == ok, done.stdout + done.stderr
        return done
    return as_admin


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    return str(path)


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_from_template_to_answer(run, provider, key_file):
    made = run("models", "create", "house", "--template", "custom", "--var", "base_url=" + provider.url + "/v1",
               "--model-id", "test", "--provider-key-file", key_file)
    assert "house" in made.stdout and KEY not in made.stdout
    run("models", "default", "house")
    assert run("chat", "hello").stdout.strip()
    assert provider.requests[-1].headers["authorization"] == "Bearer " + KEY
    assert "house" in run("models", "list", "--names").stdout.split()


def test_update_delete_undelete(run, provider):
    run("models", "create", "m", "--provider", "scripted", "--model-id", "test", "--set", "labels.team=red")
    shown = lines(run("models", "show", "m", "--json"))[0]
    assert shown["labels"] == {"team": "red"} and shown["modelId"] == "test"
    run("models", "update", "m", "--set", "description=new", "--set", "prices.input_price_micros_per_mtok=5")
    shown = lines(run("models", "show", "m", "--json"))[0]
    assert shown["description"] == "new" and shown["prices"]["inputPriceMicrosPerMtok"] == "5"
    assert shown["labels"] == {"team": "red"}
    refused = run("models", "update", "m", "--set", "description=x", "--etag", "1", ok=False)
    assert "ETAG_STALE" in refused.stderr
    run("models", "delete", "m")
    assert "m" not in run("models", "list", "--names").stdout.split()
    run("models", "undelete", "m")
    assert "m" in run("models", "list", "--names").stdout.split()


@pytest.mark.parametrize("args, said", [
    (["models", "create", "m", "--set", "nonsense=1"], "there is no field 'nonsense'"),
    (["models", "create", "m", "--set", "context_tokens=many"], "context_tokens is a whole number"),
    (["models", "update", "test"], "nothing to change"),
    (["models", "create", "m", "--provider-key-file", "/nowhere"], "/nowhere"),
    (["models", "create", "unheard-of-name"], "leads to a provider"),
    (["providers", "show", "nobody"], "there is no provider 'nobody'"),
])
def test_what_is_wrong_is_said(run, args, said):
    assert said in run(*args, ok=False).stderr


def test_providers(run, provider, key_file):
    listed = {p["name"]: p for p in lines(run("providers", "list", "--json"))}
    assert listed["providers/scripted"]["kind"] == "openai" and listed["providers/scripted"]["keyPresent"]
    run("providers", "create", "house", "--kind", "custom", "--base-url", provider.url + "/v1", "--provider-key-file", key_file)
    table = run("providers").stdout
    assert "house" in table and "stored" in table and KEY not in table
    run("models", "create", "h", "--provider", "house", "--model-id", "test")
    run("chat", "-m", "h", "hello")
    assert provider.requests[-1].headers["authorization"] == "Bearer " + KEY
    assert "PROVIDER_IN_USE" in run("providers", "delete", "house", ok=False).stderr
    run("providers", "delete", "house", "--force")
    everything = run("providers", "list", "--all", "--names").stdout.split()
    assert {"openai", "anthropic", "gemini", "bedrock", "vertex", "cohere"} <= set(everything)


def test_templates(run):
    names = run("models", "templates", "--names").stdout.split()
    assert {"openai", "azure", "ollama", "custom"} <= set(names)


def test_credentials(run, provider, key_file, tmp_path):
    run("providers", "create", "house", "--kind", "openai", "--base-url", provider.url + "/v1")
    run("models", "create", "h", "--provider", "house", "--model-id", "test")
    second = tmp_path / "second"
    second.write_text("sk-test-second-0123456789abcdefUVWX\n")
    run("credentials", "create", "house", "--provider-key-file", str(second), "--set", "title=later", "--set", "priority=2")
    first = lines(run("credentials", "create", "house", "--provider-key-file", key_file, "--set", "title=first",
                      "--json"))[0]["name"].removeprefix("credentials/")
    table = run("credentials", "list", "house").stdout
    assert "...WXYZ" in table and "...UVWX" in table and KEY not in table
    run("chat", "-m", "h", "hello")
    assert provider.requests[-1].headers["authorization"] == "Bearer " + KEY
    run("credentials", "update", first, "--set", "enabled=false")
    run("chat", "-m", "h", "hello")
    assert provider.requests[-1].headers["authorization"].endswith("UVWX")
    run("credentials", "delete", first)
    assert first not in run("credentials", "--names").stdout
    assert run("credentials", "list", "nobody").stdout.count("\n") <= 1


def test_help_lists_the_verbs(cli):
    told = cli("help", "models").stdout
    assert "\n  create NAME [--template NAME]" in told and "\n  undelete NAME\n" in told


def test_a_provider_whose_models_bring_keys_misses_none(run, provider, key_file):
    run("models", "create", "own", "--provider", "openai", "--base-url", provider.url + "/v1", "--model-id", "test",
        "--provider-key-file", key_file)
    shown = lines(run("providers", "show", "openai", "--json"))[0]
    assert (shown["modelCount"], shown["readyModelCount"], shown.get("keyPresent", False)) == (1, 1, False)
    row = next(line for line in run("providers").stdout.splitlines() if line.startswith("openai "))
    assert "its models'" in row and "missing" not in row
