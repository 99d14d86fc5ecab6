"""Where names lead: models of the environment, names without an entry, defaults, the end of models, filters and access."""
import grpc
import pytest
from helpers import ask, complete, fails

CODE = grpc.StatusCode
OPENAI = {"OPENAI_API_KEY": "sk-test-openai"}


@pytest.fixture
def at_openai(start_sluice, provider):
    """A service whose OpenAI is the scripted provider."""
    def start(models=None, config=None, env=None):
        return start_sluice(models=models or {}, config=config,
                            env={**OPENAI, "OPENAI_BASE_URL": provider.url + "/v1", **(env or {})})
    return start


def resolve(api, stubs, name):
    return api.registry.ResolveModel(stubs.registry.ResolveModelRequest(model=name), timeout=10).candidates[0]


def listed(api, stubs, **fields):
    page = api.registry.ListModels(stubs.registry.ListModelsRequest(**fields), timeout=10)
    return [m.name[len("models/"):] for m in page.models], page.next_page_token


def test_environment_models(at_openai, stubs):
    api = at_openai().api()
    names, _ = listed(api, stubs)
    assert "gpt-4o" in names and "gpt-5.2" in names and not [n for n in names if n.startswith("kimi")]
    model = api.registry.GetModel(stubs.registry.GetModelRequest(name="gpt-4o"), timeout=10)
    assert model.source == "environment" and model.key_present and model.context_tokens == 128000
    assert model.prices.input_price_micros_per_mtok == 2_500_000
    answer = complete(api, ask(model=""))
    assert answer.report.model == "gpt-4o" and answer.report.reason == "gpt-4o, whose key is there"


def test_default_of_the_environment(at_openai, stubs):
    api = at_openai(env={"DEFAULT_LLM_MODEL": "my-model", "DEFAULT_LLM_PROVIDER": "openai"}).api()
    answer = complete(api, ask(model=""))
    assert (answer.report.model, answer.report.reason) == ("my-model", "DEFAULT_LLM_MODEL")
    got = api.registry.GetDefaultModel(stubs.registry.GetDefaultModelRequest(), timeout=10)
    assert (got.model, got.reason) == ("models/my-model", "DEFAULT_LLM_MODEL")


def test_names_without_an_entry(at_openai, stubs, provider):
    api = at_openai().api()
    for name, sent, warned in (("gpt-4.1-nano", "gpt-4.1-nano", False), ("openai/anything", "anything", False),
                               ("ft:gpt-4o-mini:org::id", "ft:gpt-4o-mini:org::id", False), ("anything", "anything", True)):
        answer = complete(api, ask(model=name))
        assert answer.report.provider == "openai" and resolve(api, stubs, name).model.model_id == sent
        assert ("MODEL_UNKNOWN" in [w.reason for w in answer.warnings]) == warned
    fails(lambda: complete(api, ask(model="nobody/anything")), CODE.NOT_FOUND, "MODEL_NOT_FOUND")


def test_unknown_names_may_be_refused(at_openai):
    api = at_openai(config={"registry": {"unknown_models": "refuse"}}).api()
    fails(lambda: complete(api, ask(model="anything")), CODE.NOT_FOUND, "MODEL_NOT_FOUND")


def test_a_missing_key_is_named(start_sluice):
    api = start_sluice(models={}).api()
    failure = fails(lambda: complete(api, ask(model="anthropic/some-model")), CODE.FAILED_PRECONDITION, "PROVIDER_KEY_MISSING")
    assert "ANTHROPIC_API_KEY" in str(failure) and "https://" in str(failure)


def test_retired(start_sluice, stubs):
    models = {"old": {"model_id": "a", "retirement_date": "2024-01-31", "successor": "new"},
              "ending": {"model_id": "b", "retirement_date": "2999-01-31", "successor": "new"}, "new": "c"}
    api = start_sluice(models=models, name="refuse").api()
    failure = fails(lambda: complete(api, ask(model="old")), CODE.FAILED_PRECONDITION, "MODEL_RETIRED")
    assert "'new'" in str(failure)
    answer = complete(api, ask(model="ending"))
    warning = next(w for w in answer.warnings if w.reason == "MODEL_DEPRECATED")
    assert "2999-01-31" in warning.message and "'new'" in warning.message
    assert any("2999-01-31" in n for n in resolve(api, stubs, "ending").notes)
    api = start_sluice(models=models, config={"registry": {"retired_models": "redirect"}}, name="redirect").api()
    answer = complete(api, ask(model="old"))
    assert answer.report.model == "new" and answer.report.model_asked == "old"
    assert "MODEL_REDIRECTED" in [w.reason for w in answer.warnings]


def test_filter_and_order(start_sluice, stubs):
    models = {"m%02d" % i: {"model_id": "id-%d" % i, "labels": {"half": "one" if i % 2 else "two"},
                            "enabled": i != 3} for i in range(12)}
    api = start_sluice(models=models).api()
    assert listed(api, stubs, filter="label.half=one AND name:m0")[0] == ["m01", "m03", "m05", "m07", "m09"]
    assert listed(api, stubs, filter="enabled=false")[0] == ["m03"]
    assert listed(api, stubs, filter="state=disabled")[0] == ["m03"]
    got, token = [], ""
    for _ in range(10):
        names, token = listed(api, stubs, order_by="name desc", page_size=5, page_token=token)
        got += names
        if not token:
            break
    assert got == ["m%02d" % i for i in reversed(range(12))]
    _, token = listed(api, stubs, page_size=5)
    for fields in ({"page_token": "zzz"}, {"page_token": token, "filter": "name:m"}, {"filter": "colour=red"},
                   {"order_by": "colour"}, {"page_token": token, "order_by": "created"}):
        failure = fails(lambda: listed(api, stubs, **fields), CODE.INVALID_ARGUMENT, "INVALID_REQUEST")
        assert failure.info is not None


def test_check_access(start_sluice, stubs):
    api = start_sluice(models={"open": "a", "closed": {"model_id": "b", "tiers": ["pro", "max"]}}).api()
    got = api.registry.CheckAccess(stubs.registry.CheckAccessRequest(model="open"), timeout=10)
    assert got.allowed and got.model.name == "models/open" and got.reason == "asked by name"
    fails(lambda: api.registry.CheckAccess(stubs.registry.CheckAccessRequest(model="no/such"), timeout=10), CODE.NOT_FOUND,
          "MODEL_NOT_FOUND")
    got = api.registry.GetDefaultModel(stubs.registry.GetDefaultModelRequest(scope=1), timeout=10)
    assert got.model == "models/open"
