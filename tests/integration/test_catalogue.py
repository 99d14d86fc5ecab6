"""The operator's catalogue file, as far as the command line looks at it."""
import subprocess

from env import binary


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
