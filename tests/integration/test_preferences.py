"""What users prefer, and what that does to their calls: defaults for tasks, hidden and favourite models, priority, cost
ceiling; from the memory of the process, and for whoever acts for a user, too."""
import grpc
import pytest
from helpers import ask, complete, fails

CODE = grpc.StatusCode


def priced(price_in, price_out, **fields):
    return {"model_id": "test", "prices": {"input": price_in, "output": price_out}, **fields}


MODELS = {"big": priced(3, 15, aliases=["large"], speed_tokens_per_second=50),
          "mid": priced(2, 8, speed_tokens_per_second=90),
          "small": priced(0.1, 0.4, speed_tokens_per_second=70)}


class World:
    """Users that the administrator made, and what they prefer."""

    def __init__(self, served, stubs):
        self.served, self.access, self.reg = served, stubs.access, stubs.registry
        self.admin = served.api(served.admin_key)

    def user(self, name, **fields):
        made = self.admin.access.CreateUser(self.access.CreateUserRequest(
            user=self.access.User(name=name, **fields), with_key=True))
        return self.served.api(made.key)

    def prefer(self, api, user="", **fields):
        mask = ",".join(fields)
        return api.access.UpdatePreferences(self.access.UpdatePreferencesRequest(
            user=user, preferences=self.access.Preferences(**fields), update_mask=mask))

    def resolve(self, api, name="", **fields):
        r = api.registry.ResolveModel(self.reg.ResolveModelRequest(model=name, **fields)).candidates[0]
        return r.model.name[len("models/"):], r.reason

    def listed(self, api, **fields):
        names, token = [], ""
        while True:
            page = api.registry.ListModels(self.reg.ListModelsRequest(page_token=token, **fields))
            names += [m.name[len("models/"):] for m in page.models]
            token = page.next_page_token
            if not token:
                return names


@pytest.fixture
def world(start_sluice, stubs):
    served = start_sluice(models=MODELS, config={
        "access": {"anonymous": False}, "default_model": "mid", "upstream": {"allowed_addresses": ["127.0.0.0/8"]}})
    return World(served, stubs)


@pytest.fixture
def free_world(start_sluice, stubs):
    """Without a default that somebody chose."""
    return World(start_sluice(models=MODELS, config={"access": {"anonymous": False}, "default_model": ""}), stubs)


# ---- tasks ----

def test_default_of_a_task(world):
    ann, bob = world.user("ann"), world.user("bob")
    world.prefer(ann, task_models={"coding": "models/big", "chat": "small"})
    answer = complete(ann, ask(model="", task="coding"))
    assert (answer.report.model, answer.report.reason, answer.report.task) == ("big", "default of the user for coding", "coding")
    assert world.resolve(ann, task="coding") == ("big", "default of the user for coding")
    assert world.resolve(ann, task="chat") == ("small", "default of the user for chat")
    assert world.resolve(ann, task="poetry")[0] == world.resolve(ann)[0] == "mid"
    assert complete(ann, ask(model="small", task="coding")).report.reason == "asked by name"
    assert complete(bob, ask(model="", task="coding")).report.model == "mid"


def test_order_of_the_rule(world):
    ann, reg = world.user("ann"), world.reg
    world.prefer(ann, task_models={"coding": "big"})
    ann.registry.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_USER, model="small"))
    ann.registry.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_CONVERSATION, subject="c", model="mid"))
    assert world.resolve(ann, task="coding") == ("big", "default of the user for coding")
    assert world.resolve(ann) == ("small", "default of the user")
    assert world.resolve(ann, task="coding", conversation_id="c") == ("mid", "pinned to the conversation")
    assert complete(ann, ask(model="", task="coding", conversation_id="c")).report.model == "mid"


def test_a_task_is_checked(world):
    ann = world.user("ann")
    assert fails(lambda: complete(ann, ask(task="a b")), CODE.INVALID_ARGUMENT, "INVALID_REQUEST").fields == ["task"]
    assert fails(lambda: world.resolve(ann, task="x" * 65), CODE.INVALID_ARGUMENT, "INVALID_REQUEST").fields == ["task"]


def test_tasks_of_a_tier(world):
    world.admin.access.CreateTier(world.access.CreateTierRequest(tier=world.access.Tier(name="narrow", tasks=["chat"])))
    ann = world.user("ann", tier="narrow")
    assert complete(ann, ask(model="big", task="chat")).report.model == "big"
    failure = fails(lambda: complete(ann, ask(model="big", task="coding")), CODE.PERMISSION_DENIED, "TASK_FORBIDDEN")
    assert "the tier 'narrow'" in failure.message


# ---- hidden ones ----

def test_hidden_models(world):
    ann = world.user("ann")
    world.prefer(ann, hidden_models=["mid", "large"])
    assert world.listed(ann) == ["small"]
    assert world.listed(ann, order_by="name") == ["small"]
    assert world.listed(ann, show_hidden=True) == ["big", "mid", "small"]
    page = ann.registry.ListModels(world.reg.ListModelsRequest(show_hidden=True))
    assert [m.hidden for m in page.models] == [True, True, False]
    answer = complete(ann, ask(model=""))
    assert answer.report.model == "small" and [w.reason for w in answer.warnings] == ["DEFAULT_SKIPPED"]
    assert complete(ann, ask(model="mid")).report.reason == "asked by name"
    assert ann.registry.GetModel(world.reg.GetModelRequest(name="big")).hidden
    assert world.listed(world.user("bob")) == ["big", "mid", "small"]


def test_one_of_ones_own_hides_a_global_one_only_by_its_prefix(world, provider):
    ann = world.user("ann")
    ann.registry.CreateModel(world.reg.CreateModelRequest(personal=True, model=world.reg.Model(
        name="mid", provider="openai", base_url=provider.url + "/v1", key="sk-test-ann", model_id="test")))
    world.prefer(ann, hidden_models=["mid"])
    assert world.listed(ann) == ["big", "global/mid", "small"]
    world.prefer(ann, hidden_models=["global/mid"])
    assert world.listed(ann) == ["big", "mid", "small"]
    # an administrator names the models of the user that is meant
    world.prefer(world.admin, user="ann", hidden_models=["mid"])
    assert world.listed(ann) == ["big", "global/mid", "small"]


# ---- favourites ----

def test_favourites_come_first(world):
    ann = world.user("ann")
    world.prefer(ann, favourite_models=["small", "mid"])
    assert world.listed(ann) == ["mid", "small", "big"]
    for size in (1, 2):
        assert world.listed(ann, page_size=size) == ["mid", "small", "big"]
    assert world.listed(ann, order_by="name") == ["big", "mid", "small"]
    assert world.listed(ann, filter="name:m") == ["mid", "small"]
    assert [m.favourite for m in ann.registry.ListModels(world.reg.ListModelsRequest()).models] == [True, True, False]
    world.prefer(ann, hidden_models=["mid"])
    assert world.listed(ann) == ["small", "big"]


# ---- priority ----

def test_priority(free_world):
    ann = free_world.user("ann")
    for priority, model in (("", "big"), ("cost", "small"), ("speed", "mid"), ("quality", "big")):
        free_world.prefer(ann, priority=priority)
        assert free_world.resolve(ann)[0] == model
        answer = complete(ann, ask(model=""))
        assert answer.report.model == model and ("priority" in answer.report.reason) == bool(priority)


def test_priority_leaves_what_somebody_chose(world):
    ann = world.user("ann")
    world.prefer(ann, priority="cost")
    assert world.resolve(ann) == ("mid", "registry default")


# ---- cost ceiling ----

def test_cost_ceiling(world):
    ann = world.user("ann")
    world.prefer(ann, cost_ceiling_nanos=1_000_000)
    failure = fails(lambda: complete(ann, ask(model="large")), CODE.FAILED_PRECONDITION, "COST_CEILING")
    assert "'big' costs $0.018" in failure.message and "ceiling of $0.001" in failure.message
    assert "you may use 'small', which costs $0.0005" in failure.message and failure.fields == ["model"]
    answer = complete(ann, ask(model=""))
    assert answer.report.model == "small" and [w.reason for w in answer.warnings] == ["DEFAULT_SKIPPED"]
    assert complete(ann, ask(model="small")).report.model == "small"
    assert world.listed(ann) == ["big", "mid", "small"]
    may = world.admin.registry.CheckAccess(world.reg.CheckAccessRequest(model="big", user="ann"))
    assert not may.allowed and "cost ceiling" in may.reason and may.alternative == "models/small"
    world.prefer(ann, cost_ceiling_nanos=0)
    assert complete(ann, ask(model="big")).report.model == "big"


# ---- whose ----

def test_a_backend_follows_the_end_user(world):
    ann = world.user("ann")
    world.user("backend")
    key = world.admin.access.CreateApiKey(world.access.CreateApiKeyRequest(api_key=world.access.ApiKey(
        user="backend", scopes=["complete", "models", "act_as"]))).key
    backend = world.served.api(key)
    world.prefer(backend, hidden_models=["big"], task_models={"coding": "small"})
    world.prefer(ann, task_models={"coding": "big"}, hidden_models=["mid"], cost_ceiling_nanos=18_000_000)

    def resolve(user):
        entries = [("sluice-user", user)] if user else []
        r = backend.registry.ResolveModel(world.reg.ResolveModelRequest(task="coding"), metadata=entries).candidates[0]
        return r.model.name
    assert resolve("ann") == "models/big"
    assert resolve("") == "models/small"
    assert resolve("stranger") == "models/mid"
    answer = backend.completion.Complete(ask(model="", task="coding"), metadata=[("sluice-user", "ann")])
    assert answer.report.model == "big"
    page = backend.registry.ListModels(world.reg.ListModelsRequest(), metadata=[("sluice-user", "ann")])
    assert [m.name for m in page.models] == ["models/big", "models/small"]


@pytest.mark.embedded
def test_preferences_are_read_at_the_start(start_sluice, stubs):
    world = World(start_sluice(models=MODELS, config={"access": {"anonymous": False}}, name="kept"), stubs)
    ann = world.user("ann")
    world.prefer(ann, hidden_models=["big"], task_models={"coding": "small"})
    key = world.admin.access.CreateApiKey(world.access.CreateApiKeyRequest(api_key=world.access.ApiKey(user="ann"))).key
    world.served.stop()
    again = World(start_sluice(models=MODELS, config={"access": {"anonymous": False}}, name="kept"), stubs)
    ann = again.served.api(key)
    assert again.listed(ann) == ["mid", "small"] and again.resolve(ann, task="coding")[0] == "small"
