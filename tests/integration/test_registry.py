"""ListModels, GetModel, ResolveModel, and names of models in calls."""
import grpc
import pytest
from helpers import ask, complete, fails

from conftest import entry

NOT_FOUND = grpc.StatusCode.NOT_FOUND
MODELS = {"beta": {"model_id": "b-1", "aliases": ["second", "b"], "description": "the second", "context_tokens": 128000,
                   "prices": {"input": 2.5, "output": 10}, "capabilities": {"tools": True, "vision": False},
                   "labels": {"team": "x"}},
          "alpha": {"model_id": "a-1"}}


@pytest.fixture
def service(start_sluice):
    return start_sluice(models=MODELS)


def names(models):
    return [m.name for m in models]


def test_list_by_name(service, stubs):
    got = service.api().registry.ListModels(stubs.registry.ListModelsRequest(), timeout=10)
    assert names(got.models) == ["models/alpha", "models/beta"] and got.next_page_token == ""


def test_pages(start_sluice, stubs):
    sluice = start_sluice(models={"m%02d" % i: "id-%d" % i for i in range(25)})
    api, token, got = sluice.api(), "", []
    for _ in range(10):
        page = api.registry.ListModels(stubs.registry.ListModelsRequest(page_size=10, page_token=token), timeout=10)
        got += names(page.models)
        token = page.next_page_token
        if not token:
            break
    assert got == ["models/m%02d" % i for i in range(25)]


@pytest.mark.parametrize("request_fields", [{"page_size": -1}, {"page_size": 1001}])
def test_bad_pages(service, stubs, request_fields):
    fails(lambda: service.api().registry.ListModels(stubs.registry.ListModelsRequest(**request_fields), timeout=10),
          grpc.StatusCode.INVALID_ARGUMENT)


@pytest.mark.parametrize("name", ["models/beta", "beta", "second", "models/second"])
def test_get(service, stubs, name):
    model = service.api().registry.GetModel(stubs.registry.GetModelRequest(name=name), timeout=10)
    assert (model.name, model.model_id, model.provider, model.provider_kind) == ("models/beta", "b-1", "scripted", "openai")
    assert list(model.aliases) == ["second", "b"] and model.description == "the second" and model.context_tokens == 128000
    assert model.prices.input_price_micros_per_mtok == 2_500_000 and model.prices.output_price_micros_per_mtok == 10_000_000
    assert model.capabilities.tools and not model.capabilities.vision and model.capabilities.HasField("vision")
    assert model.labels == {"team": "x"} and model.source == "config" and model.key_present
    assert model.base_url.startswith("http://127.0.0.1:")


def test_get_unknown(service, stubs):
    failure = fails(lambda: service.api().registry.GetModel(stubs.registry.GetModelRequest(name="models/betta"), timeout=10),
                    NOT_FOUND, "MODEL_NOT_FOUND")
    assert "beta" in failure.message


@pytest.mark.parametrize("asked,model,reason", [("beta", "models/beta", "name"), ("b", "models/beta", "alias"), ("", "models/beta", "default")])
def test_resolve(service, stubs, asked, model, reason):
    got = service.api().registry.ResolveModel(stubs.registry.ResolveModelRequest(model=asked), timeout=10)
    assert got.candidates[0].model.name == model and reason in got.candidates[0].reason


def test_resolve_unknown_is_the_error_of_a_call(service, stubs):
    api = service.api()
    one = fails(lambda: api.registry.ResolveModel(stubs.registry.ResolveModelRequest(model="nope"), timeout=10), NOT_FOUND, "MODEL_NOT_FOUND")
    two = fails(lambda: complete(api, ask(model="nope")), NOT_FOUND, "MODEL_NOT_FOUND")
    assert one.message == two.message


@pytest.mark.parametrize("asked", ["beta", "models/beta", "second"])
def test_names_in_calls(service, provider, asked):
    reply = complete(service.api(), ask(model=asked))
    assert provider.requests[0].model == "b-1"
    assert reply.report.model_asked == asked and reply.report.model in ("beta", "models/beta")


def test_cost(service):
    reply = complete(service.api(), ask(model="beta"))
    usage = reply.usage
    assert reply.report.cost_nanos == usage.input_tokens * 2500 + (usage.output_tokens + usage.reasoning_tokens) * 10000
    assert not complete(service.api(), ask(model="alpha")).report.HasField("cost_nanos")


def test_key_present_tells_without_showing(start_sluice, provider, stubs):
    sluice = start_sluice(config={"providers": [entry(provider, key="env:NOT_SET_ANYWHERE")]})
    model = sluice.api().registry.GetModel(stubs.registry.GetModelRequest(name="test"), timeout=10)
    assert not model.key_present
