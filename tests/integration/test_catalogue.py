"""The operator's catalogue file."""
import json
import subprocess

import grpc
from env import binary
from helpers import ask, complete, fails


def check(tmp_path, facts):
    (tmp_path / "facts.yaml").write_text(facts)
    (tmp_path / "sluice.yaml").write_text("catalogue: {file: %s}\ndata_dir: %s\n" % (tmp_path / "facts.yaml", tmp_path))
    return subprocess.run([binary("sluiced"), "--config", tmp_path / "sluice.yaml", "--check-config"], capture_output=True, text=True)


def test_a_good_file_is_good(tmp_path):
    run = check(tmp_path, "models: [{provider: openai, id: gpt-4o, prices: {input: 1.25}}]\n")
    assert run.returncode == 0 and "the configuration is good" in run.stdout


def test_a_bad_row_is_named_with_its_line(tmp_path):
    run = check(tmp_path, "models:\n  - provider: openai\n    id: gpt-4o\n    prise: 1\n")
    assert run.returncode == 78 and "facts.yaml:4: models[0]: prise is not known" in run.stderr


def test_a_key_of_the_other_site_is_named(start_sluice, provider, tmp_path):
    (tmp_path / "facts.yaml").write_text(json.dumps({"providers": [
        {"id": "moonshotai", "base_url": provider.url + "/v1"},
        {"id": "moonshotai-cn", "base_url": "http://127.0.0.1:9/v1"}]}))
    sluice = start_sluice(config={"catalogue": {"file": str(tmp_path / "facts.yaml")}},
                          env={"MOONSHOT_API_KEY": "sk-test-of-china", "MOONSHOT_BASE_URL": provider.url + "/v1"})
    provider.script("kimi-k2.6", "error", status=401, type="invalid_authentication_error",
                    message="Invalid Authentication")
    said = fails(lambda: complete(sluice.api(), ask(model="moonshot/kimi-k2.6")), grpc.StatusCode.FAILED_PRECONDITION,
                 "PROVIDER_AUTH").message
    assert provider.requests[-1].headers["authorization"] == "Bearer sk-test-of-china"
    assert "this is the international site" in said and "MOONSHOT_BASE_URL=http://127.0.0.1:9/v1" in said
    assert "sk-test-of-china" not in said
