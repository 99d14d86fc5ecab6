"""Ways around access, each tried through the running service: where a personal model may lead, whose keys go where, what a
name, an id, an option or a token may reach. What has a test of its own elsewhere is not repeated: test_models_api.py,
test_test_model.py, test_import.py, test_access_api.py, test_jwt.py, test_faults.py, unit/upstream/test_guard.c."""
import base64
import socket
import uuid

import grpc
import preload
import pytest
from conftest import PROVIDER_KEY
from helpers import Answer, Background, ask, complete, fails, failure_of, stream, text_of
from scripted_provider import ScriptedProvider

CODE = grpc.StatusCode
KEY = "sk-test-planted-0123456789abcdefWXYZ"
KEYS = {"ANN_KEY": "sk-test-caller-ann-0123456789", "BOB_KEY": "sk-test-caller-bob-0123456789",
        "OPS_KEY": "sk-test-caller-ops-0123456789"}
ANN, BOB, OPS = KEYS["ANN_KEY"], KEYS["BOB_KEY"], KEYS["OPS_KEY"]
OUTSIDE = "93.184.216.34"  # an address of the internet, which the preloaded connect() leads to this machine
NAME = "models.rebind.test"


def callers(**more):
    return {"access": {"anonymous": False, "keys": [
        {"name": "ann", "key": "env:ANN_KEY", "tier": "free"}, {"name": "bob", "key": "env:BOB_KEY", "tier": "pro"},
        {"name": "ops", "key": "env:OPS_KEY", "roles": ["operator"]}]}, **more}


MODELS = {"test": "test", "dear": {"model_id": "dear-1", "tiers": ["pro"], "aliases": ["luxury"]}}
HERE = {"upstream": {"allowed_addresses": ["127.0.0.0/8"]}}


@pytest.fixture
def served(start_sluice):
    return start_sluice(models=MODELS, env=KEYS, config=callers(**HERE))


@pytest.fixture
def shut(start_sluice):
    """Without a list of allowed addresses."""
    return start_sluice(models=MODELS, env=KEYS, config=callers())


@pytest.fixture
def reg(stubs):
    return stubs.registry


@pytest.fixture
def other():
    """A second provider."""
    made = ScriptedProvider()
    yield made
    made.close()


def admin_of(served):
    return served.api(served.admin_key)


def add_user(served, stubs, name, tier):
    """A stored user with a key; the key."""
    access, admin = stubs.access, admin_of(served).access
    known = {t.name for t in admin.ListTiers(access.ListTiersRequest()).tiers}
    for wanted in {tier, "free"} - known:
        admin.CreateTier(access.CreateTierRequest(tier=access.Tier(name=wanted)))
    return admin.CreateUser(access.CreateUserRequest(user=access.User(name=name, tier=tier), with_key=True)).key


def create(api, reg, name, personal=True, **fields):
    fields = {"provider": "custom", "model_id": "test", "key": KEY, **fields}
    return api.registry.CreateModel(reg.CreateModelRequest(model=reg.Model(name=name, **fields), personal=personal))


# ---- calls that go out to a model ----

def picture(stubs, model, **fields):
    return stubs.completion.GenerateImageRequest(model=model, prompt="A hat", **fields)


def moderation(stubs, model, **fields):
    c = stubs.completion
    return c.ModerateRequest(model=model, inputs=[c.ModerateInput(parts=[stubs.chat.Part(text="x")])], **fields)


# What is called: the kind of provider that has it, and the call.
CALLS = {
    "Complete": ("custom", lambda api, m, stubs, **f: complete(api, ask(model=m, **f))),
    "StreamComplete": ("custom", lambda api, m, stubs, **f: stream(api, ask(model=m, **f))),
    "Embed": ("custom", lambda api, m, stubs, **f: api.completion.Embed(
        stubs.completion.EmbedRequest(model=m, inputs=[stubs.completion.EmbedInput(text="x")], **f))),
    "GenerateImage": ("custom", lambda api, m, stubs, **f: list(api.completion.GenerateImage(picture(stubs, m, **f)))),
    "Rerank": ("custom", lambda api, m, stubs, **f: api.completion.Rerank(
        stubs.completion.RerankRequest(model=m, query="q", documents=["a"], **f))),
    "Moderate": ("custom", lambda api, m, stubs, **f: api.completion.Moderate(moderation(stubs, m, **f))),
    "CountTokens": ("anthropic", lambda api, m, stubs, **f: api.completion.CountTokens(ask(model=m, **f))),
}


def steps(api, reg, **request):
    return {s.step: s for s in api.registry.TestModel(reg.TestModelRequest(**request), timeout=60)}


# ---- where a personal model may lead ----

def expect_forbidden(call):
    failure = fails(call, CODE.PERMISSION_DENIED, "ADDRESS_FORBIDDEN")
    assert "upstream.allowed_addresses" in failure.message
    return failure


@pytest.mark.parametrize("rpc", CALLS)
def test_no_call_leads_a_personal_model_inside(shut, reg, stubs, provider, rpc):
    kind, call = CALLS[rpc]
    ann = shut.api(ANN)
    create(ann, reg, "inside", provider=kind, base_url="http://[::ffff:127.0.0.1]:%d/v1" % provider.port)
    expect_forbidden(lambda: call(ann, "inside", stubs))
    assert not provider.connections


def test_discovery_does_not_lead_inside(shut, reg, provider):
    """Discovery is for administrators; their personal models are guarded like anybody's."""
    admin = admin_of(shut)
    create(admin, reg, "inside", base_url=provider.url + "/v1")
    expect_forbidden(lambda: admin.registry.DiscoverModels(reg.DiscoverModelsRequest(model="inside")))
    assert not provider.connections


SPELLINGS = ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001",
             "localhost", "0", "0.0.0.0", "[::]", "[::1]", "[::127.0.0.1]", "[::ffff:127.0.0.1]",
             "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::1]", "169.254.169.254", "[::ffff:a9fe:a9fe]",
             "2852039166", "[fd00:ec2::254]", "10.0.0.1", "[fe80::1]"]


def test_no_spelling_of_an_address_leads_inside(shut, reg, provider):
    ann = shut.api(ANN)
    for number, host in enumerate(SPELLINGS):
        create(ann, reg, "m%d" % number, base_url="http://%s:%d/v1" % (host, provider.port))
        expect_forbidden(lambda: complete(ann, ask(model="m%d" % number)))
    for number, host in enumerate(("127.0.0.1.", "LOCALHOST.", "x.localhost")):  # names: not every resolver knows them
        create(ann, reg, "n%d" % number, base_url="http://%s:%d/v1" % (host, provider.port))
        failure = fails(lambda: complete(ann, ask(model="n%d" % number)), {CODE.PERMISSION_DENIED, CODE.UNAVAILABLE})
        assert failure.reason in ("ADDRESS_FORBIDDEN", "PROVIDER_UNREACHABLE")
    assert not provider.connections


HIDDEN = ["http://example.com@127.0.0.1:%d/v1", "http://127.0.0.1:%d#@example.com/v1", "http://a b@127.0.0.1:%d",
          "http://example.com\\@127.0.0.1:%d/v1", "file:///etc/passwd?%d", "gopher://127.0.0.1:%d/", "http://127.0.0.1:%d/v1?x="]


def test_urls_that_hide_their_host_are_refused(served, reg, provider):
    ann = served.api(ANN)
    for url in HIDDEN:
        model = reg.Model(provider="custom", model_id="x", key=KEY, base_url=url % provider.port)
        for call in (lambda: create(ann, reg, "hidden", base_url=model.base_url),
                     lambda: steps(ann, reg, personal=True, model=model)):
            assert fails(call, CODE.INVALID_ARGUMENT, "INVALID_REQUEST").fields == ["model.base_url"]
    assert not provider.connections


@pytest.fixture(scope="module")
def resolver(tmp_path_factory):
    return preload.build("scripted_resolver", tmp_path_factory.mktemp("resolver"))


@pytest.fixture
def rebinding(start_sluice, resolver):
    """rebinding(script, ...) -> the service whose resolver answers so for NAME, without any address inside allowed. One
    loop: curl remembers what a host and port was resolved to, each loop for itself."""
    def start(script, **upstream):
        return start_sluice(models=MODELS, config=callers(server={"loops": 1}, upstream=upstream), env={
            **KEYS, **preload.environment(resolver, RESOLVER_NAME=NAME, RESOLVER_SCRIPT=script, RESOLVER_OUTSIDE=OUTSIDE)})
    return start


def test_a_name_that_changes_its_address(rebinding, reg, provider, other):
    """Good at the first look-up, which the call proves, and inside at the next one: DNS rebinding."""
    ann = rebinding("%s/127.0.0.1" % OUTSIDE).api(ANN)
    for name, port in (("first", provider.port), ("second", other.port)):
        create(ann, reg, name, base_url="http://%s:%d/v1" % (NAME, port))
    assert text_of(complete(ann, ask(model="first")).message)
    assert len(provider.requests) == 1
    expect_forbidden(lambda: complete(ann, ask(model="second")))
    assert not other.connections


def test_a_test_of_a_name_does_not_vouch_for_it(rebinding, reg, provider, other):
    """TestModel looks at the name; the call after it is looked at again."""
    ann = rebinding("%s/127.0.0.1" % OUTSIDE).api(ANN)
    model = reg.Model(provider="custom", model_id="test", key=KEY, base_url="http://%s:%d/v1" % (NAME, provider.port))
    tried = steps(ann, reg, model=model, personal=True, steps=["completion"])
    assert tried["summary"].result == reg.TestModelStep.RESULT_PASSED, tried
    create(ann, reg, "tested", base_url="http://%s:%d/v1" % (NAME, other.port))
    expect_forbidden(lambda: stream(ann, ask(model="tested")))
    again = steps(ann, reg, name="tested")
    assert again["address"].reason == "ADDRESS_FORBIDDEN" and not other.connections, again


@pytest.mark.parametrize("answer", ["%s,127.0.0.1", "127.0.0.1,%s", "%s,::1"])
def test_a_name_with_an_address_inside_among_others(rebinding, reg, provider, answer):
    """The one outside is tried, and answers or not; the other one never is."""
    sluice = rebinding(answer % OUTSIDE)
    ann = sluice.api(ANN)
    create(ann, reg, "both", base_url="http://%s:%d/v1" % (NAME, provider.port))
    assert text_of(complete(ann, ask(model="both")).message)
    port = unused_port()
    create(ann, reg, "dead", base_url="http://%s:%d/v1" % (NAME, port))
    failure = fails(lambda: complete(ann, ask(model="dead")), {CODE.PERMISSION_DENIED, CODE.UNAVAILABLE})
    assert failure.reason in ("ADDRESS_FORBIDDEN", "PROVIDER_UNREACHABLE")


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.mark.parametrize("answer", ["::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::1",
                                    "0.0.0.0", "::", "10.1.2.3", "169.254.169.254", "fd00:ec2::254", "100.64.0.1"])
def test_a_name_that_leads_inside(rebinding, reg, provider, answer):
    ann = rebinding(answer).api(ANN)
    create(ann, reg, "inside", base_url="http://%s:%d/v1" % (NAME, provider.port))
    for call in (complete, stream):
        expect_forbidden(lambda: call(ann, ask(model="inside")))
    assert not provider.connections


def test_an_allowed_address_is_no_allowed_name(rebinding, reg, provider, other):
    """What an administrator opened is reached under any name, and nothing beside it."""
    ann = rebinding("127.0.0.1/127.0.0.2", allowed_addresses=["127.0.0.1"]).api(ANN)
    for name, port in (("first", provider.port), ("second", other.port)):
        create(ann, reg, name, base_url="http://%s:%d/v1" % (NAME, port))
    complete(ann, ask(model="first"))
    expect_forbidden(lambda: complete(ann, ask(model="second")))


@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY"])
def test_no_proxy_of_the_environment_leads_inside(start_sluice, resolver, reg, provider, other, variable):
    """A proxy would look the name up itself, where nobody sees the address."""
    ann = start_sluice(models=MODELS, config=callers(), env={
        **KEYS, variable: other.url,
        **preload.environment(resolver, RESOLVER_NAME=NAME, RESOLVER_SCRIPT="127.0.0.1")}).api(ANN)
    create(ann, reg, "proxied", base_url="http://%s:%d/v1" % (NAME, provider.port))
    expect_forbidden(lambda: complete(ann, ask(model="proxied")))
    assert not other.connections and not provider.connections


@pytest.mark.parametrize("rpc", CALLS)
def test_no_redirect_is_followed(served, reg, stubs, provider, other, rpc):
    """Neither inside nor with the key to another host."""
    kind, call = CALLS[rpc]
    ann = served.api(ANN)
    create(ann, reg, "elsewhere", provider=kind, base_url=provider.url + "/v1")
    statuses = (301, 302, 303, 307, 308)
    for status in statuses:
        provider.default("redirect", status=status, to=other.url + "/v1/chat/completions")
        fails(lambda: call(ann, "elsewhere", stubs), CODE.UNAVAILABLE, "PROVIDER_REDIRECT")
    assert len(provider.requests) == len(statuses) and not other.connections


def test_discovery_and_tests_follow_no_redirect(served, reg, provider, other):
    admin = admin_of(served)
    provider.lists_models = False
    provider.default("redirect", status=307, to=other.url + "/v1/models")
    create(admin, reg, "elsewhere", base_url=provider.url + "/v1")
    fails(lambda: admin.registry.DiscoverModels(reg.DiscoverModelsRequest(model="elsewhere")), CODE.UNAVAILABLE,
          "PROVIDER_REDIRECT")
    steps(admin, reg, name="elsewhere")
    assert provider.requests and not other.connections


class BothProtocols(ScriptedProvider):
    """Offers HTTP/2 before HTTP/1.1, speaks the latter, and notes what clients agree to."""

    def __init__(self, certificate):
        self.agreed = []
        super().__init__(certificate=certificate)
        self.context.set_alpn_protocols(["h2", "http/1.1"])

    def record(self, method, target, headers, connection, nth):
        with self.lock:
            self.agreed += [link.sock.selected_alpn_protocol() for link in self.links if link.number == connection]
        return super().record(method, target, headers, connection, nth)


@pytest.fixture
def both_protocols(certs):
    made = BothProtocols((certs.server_cert, certs.server_key))
    yield made
    made.close()


def test_personal_models_use_http_1_over_tls(start_sluice, reg, both_protocols, certs):
    """A paused stream of HTTP/2 would be kept in memory: curl reads on (design: the reader's own provider may be hostile)."""
    ann = start_sluice(provider=both_protocols, env=KEYS, config=callers(**HERE, providers=[
        {"id": "scripted", "kind": "openai", "base_url": both_protocols.url + "/v1", "key": "env:SCRIPTED_KEY",
         "ca_file": str(certs.ca)}])).api(ANN)
    fails(lambda: complete(ann, ask(model="test")), CODE.UNAVAILABLE)
    assert set(both_protocols.agreed) == {"h2"}, "the organisation's models take it"
    both_protocols.agreed.clear()
    create(ann, reg, "own", provider="scripted")
    assert text_of(complete(ann, ask(model="own")).message) and stream(ann, ask(model="own")).text
    assert set(both_protocols.agreed) == {"http/1.1"}


# ---- whose key goes where ----

def test_a_region_is_no_way_to_another_host(served, reg):
    """It is a part of the host's name, and a stored key goes to that host."""
    ops = served.api(OPS)
    r, model = ops.registry, {"provider": "bedrock", "model_id": "anthropic.claude-3-haiku-20240307-v1:0"}
    create(ops, reg, "keyed", personal=False, region="us-east-1", **model)
    for region in ("evil.test/", "evil.test#", "evil.test?", "evil.test:443", "a@evil.test", "a\\b", "a b"):
        changed = reg.Model(name="keyed", region=region)
        of_provider = reg.Provider(name="providers/bedrock", kind="bedrock", region=region)
        for field, call in (("model", lambda: create(ops, reg, "new", personal=False, region=region, **model)),
                            ("model", lambda: r.UpdateModel(reg.UpdateModelRequest(model=changed))),
                            ("model", lambda: steps(ops, reg, model=changed)),
                            ("provider", lambda: r.CreateProvider(reg.CreateProviderRequest(provider=of_provider))),
                            ("provider", lambda: r.UpdateProvider(reg.UpdateProviderRequest(provider=of_provider)))):
            assert fails(call, CODE.INVALID_ARGUMENT).fields == [field + ".region"]


@pytest.mark.parametrize("fields", [{"provider": "scripted"}, {"provider": "vllm"}, {"provider": "scripted", "auth": "none"}])
def test_no_key_of_the_organisation_goes_to_a_personal_model(start_sluice, reg, provider, other, fields):
    """Nor a header of its provider's."""
    served = start_sluice(env=KEYS, config=callers(**HERE, providers=[
        {"id": name, "kind": kind, "base_url": provider.url + "/v1", "key": "env:SCRIPTED_KEY", "headers": {"x-secret": KEY}}
        for name, kind in (("scripted", "openai"), ("vllm", "vllm"))]))
    ann = served.api(ANN)
    for base_url in (other.url + "/v1", ""):
        try:
            made = create(ann, reg, "m", base_url=base_url, **{**fields, "key": ""})
        except grpc.RpcError as error:
            assert failure_of(error).code == CODE.INVALID_ARGUMENT  # it needs a key of its own
            continue
        complete(ann, ask(model="m"))
        steps(ann, reg, name="m", steps=["completion"])
        ann.registry.DeleteModel(reg.DeleteModelRequest(name=made.id))
    for seen in provider.requests + other.requests:
        assert PROVIDER_KEY not in str(seen.raw_headers) and KEY not in str(seen.raw_headers)


def test_a_credential_of_another_is_not_there(served, reg, provider, other):
    bob, ann = served.api(BOB), served.api(ANN)
    create(bob, reg, "bobs", base_url=provider.url + "/v1")
    foreign = bob.registry.GetModel(reg.GetModelRequest(name="bobs")).credential
    assert foreign
    for credential in (foreign, "credentials/" + foreign):
        for base_url in (provider.url, other.url):
            fails(lambda: create(ann, reg, "mine", key="", credential=credential, base_url=base_url + "/v1"),
                  CODE.NOT_FOUND, "NOT_FOUND")
    same_as_absent(foreign, lambda i: ann.registry.UpdateCredential(
        reg.UpdateCredentialRequest(credential=reg.Credential(name="credentials/" + i, title="x"))))
    same_as_absent(foreign, lambda i: ann.registry.DeleteCredential(reg.DeleteCredentialRequest(name="credentials/" + i)))
    assert not ann.registry.ListCredentials(reg.ListCredentialsRequest()).credentials


# ---- options ----

OTHER_MODELS = ['{"model":"dear-1"}', '{"m\\u006fdel":"dear-1"}', '{"x":1,"model":"dear-1"}', '{"models":["dear-1"]}',
                '{"fallbacks":["dear-1"]}', '{"route":"fallback"}', '{"preset":"dear"}']


@pytest.mark.parametrize("rpc", [name for name in CALLS if name != "CountTokens"])
def test_options_choose_no_other_model(start_sluice, stubs, provider, rpc):
    ann = start_sluice(models=MODELS, env=KEYS, config=callers(providers=[
        {"id": "scripted", "kind": "custom", "base_url": provider.url + "/v1", "key": "env:SCRIPTED_KEY"}])).api(ANN)
    for options in OTHER_MODELS:
        failure = fails(lambda: CALLS[rpc][1](ann, "test", stubs, provider_options_json=options),
                        CODE.INVALID_ARGUMENT, "INVALID_REQUEST")
        assert "provider_options_json" in failure.fields, failure
    assert not provider.requests


def test_the_form_of_an_edit_has_one_model(served, stubs, provider):
    image = stubs.chat.Image(data=b"\x89PNG", media_type="image/png")
    fails(lambda: list(served.api(ANN).completion.GenerateImage(
        picture(stubs, "test", images=[image], provider_options_json='{"model":"dear-1"}'))), CODE.INVALID_ARGUMENT)
    assert not provider.requests


def test_options_replace_nothing_that_has_a_field(served, provider):
    for options in ('{"messages":[]}', '{"tools":[]}', '{"max_completion_tokens":9}', '{"stream":true}', "[]",
                    '{"a":1}{"model":"dear-1"}'):
        fails(lambda: complete(served.api(ANN), ask(provider_options_json=options)), CODE.INVALID_ARGUMENT)
    assert not provider.requests


# ---- names of models that are not for the caller ----

FORBIDDEN = ["dear", "models/dear", "global/dear", "luxury", "scripted/dear-1"]


@pytest.mark.parametrize("rpc", CALLS)
def test_no_call_reaches_a_forbidden_model(served, stubs, provider, rpc):
    for name in FORBIDDEN:
        failure = fails(lambda: CALLS[rpc][1](served.api(ANN), name, stubs), CODE.PERMISSION_DENIED, "MODEL_FORBIDDEN")
        assert "pro" in failure.message
    assert not provider.requests


# The kind of a provider, the id of a forbidden model at it, and other spellings by which it serves the same model.
SPELLED = [
    ("gemini", "gemini-2.5-pro", ["models/gemini-2.5-pro", "models/../models/gemini-2.5-pro", "x/../models/gemini-2.5-pro",
                                  "/models/gemini-2.5-pro", "./models/gemini-2.5-pro", "Gemini-2.5-Pro"]),
    ("gemini", "models/tuned-9", ["tuned-9"]),
    ("openrouter", "openai/o1-pro", ["openai/o1-pro:nitro", "openai/O1-Pro", "openai/o1-pro:free:online"]),
    ("huggingface", "org/model", ["org/model:groq", "org/./model"]),
    ("ollama", "llama3", ["llama3:latest"]),
    ("ollama", "qwen3:latest", ["qwen3"]),
    ("bedrock", "own.model-v1:0", ["us.own.model-v1:0"]),
    ("bedrock", "eu.other.model-v1:0", ["us.other.model-v1:0", "other.model-v1:0"]),
    ("azure", "deployed", ["Deployed"]),
    ("custom", "dear-1", ["DEAR-1", "./dear-1", " dear-1", "dear-1 "]),
]


def test_no_spelling_of_an_id_reaches_a_forbidden_model(start_sluice, provider):
    kinds = {kind for kind, _, _ in SPELLED}
    served = start_sluice(env=KEYS, config=callers(
        providers=[{"id": kind, "kind": kind, "base_url": provider.url + "/v1", "key": "env:SCRIPTED_KEY"} for kind in kinds],
        models=[{"name": "test", "provider": "custom", "model_id": "test"}] + [
            {"name": "dear-%d" % i, "provider": kind, "model_id": model, "tiers": ["pro"]}
            for i, (kind, model, _) in enumerate(SPELLED)]))
    ann = served.api(ANN)
    for kind, model, spelled in SPELLED:
        for name in [model, *spelled]:
            fails(lambda: complete(ann, ask(model=kind + "/" + name)), {CODE.PERMISSION_DENIED, CODE.NOT_FOUND},
                  {"MODEL_FORBIDDEN", "MODEL_NOT_FOUND"})
    assert not provider.requests
    complete(ann, ask(model="custom/other"))
    complete(ann, ask(model="ollama/llama3:70b"))
    assert [r.model for r in provider.requests] == ["other", "llama3:70b"]


def test_nor_does_anything_else(served, reg, provider):
    ann = served.api(ANN).registry
    for name in FORBIDDEN:
        for call in (lambda: ann.ResolveModel(reg.ResolveModelRequest(model=name)),
                     lambda: list(ann.TestModel(reg.TestModelRequest(name=name))),
                     lambda: ann.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_USER, model=name)),
                     lambda: ann.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_CONVERSATION, subject="c",
                                                                            model=name))):
            # a name without an entry is none of a default's
            fails(call, {CODE.PERMISSION_DENIED, CODE.NOT_FOUND}, {"MODEL_FORBIDDEN", "MODEL_NOT_FOUND"})
        assert not ann.CheckAccess(reg.CheckAccessRequest(model=name)).allowed
    assert not provider.requests


def test_no_fallback_leads_to_a_forbidden_model(served, reg, provider):
    admin = admin_of(served)
    create(admin, reg, "open", personal=False, provider="scripted", key="", model_id="open-1", fallback_models=["dear"])
    provider.script("open-1", "error", status=500)
    fails(lambda: complete(served.api(ANN), ask(model="open")), CODE.UNAVAILABLE)
    assert {r.model for r in provider.requests} == {"open-1"}


def test_no_successor_leads_to_a_forbidden_model(start_sluice, reg, provider):
    served = start_sluice(models={**MODELS, "old": {"model_id": "old-1", "retirement_date": "2020-01-01", "successor": "dear"}},
                          env=KEYS, config=callers(registry={"retired_models": "redirect"}))
    fails(lambda: complete(served.api(ANN), ask(model="old")), CODE.FAILED_PRECONDITION, "MODEL_RETIRED")
    assert not provider.requests
    complete(served.api(BOB), ask(model="old"))
    assert provider.requests[-1].model == "dear-1"


def test_a_default_that_became_forbidden_is_passed_over(served, reg, provider):
    admin, ann = admin_of(served), served.api(ANN)
    fields = {"personal": False, "provider": "scripted", "key": "", "model_id": "once-1"}
    create(admin, reg, "once", **fields)
    for scope, subject in ((reg.DEFAULT_SCOPE_USER, ""), (reg.DEFAULT_SCOPE_CONVERSATION, "c")):
        ann.registry.SetDefaultModel(reg.SetDefaultModelRequest(scope=scope, subject=subject, model="once"))
    complete(ann, ask(model=""))
    assert provider.requests[-1].model == "once-1"
    admin.registry.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="once", allowed_tiers=["pro"])))
    for fields in ({}, {"conversation_id": "c"}):
        complete(ann, ask(model="", **fields))
        assert provider.requests[-1].model == "test"


def test_a_default_of_the_tier_gives_no_right(served, reg, provider):
    admin = admin_of(served)
    fails(lambda: admin.registry.SetDefaultModel(reg.SetDefaultModelRequest(
        scope=reg.DEFAULT_SCOPE_TIER, subject="free", model="dear")), CODE.PERMISSION_DENIED, "MODEL_FORBIDDEN")
    create(admin, reg, "once", personal=False, provider="scripted", key="", model_id="once-1")
    admin.registry.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_TIER, subject="free", model="once"))
    admin.registry.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="once", allowed_tiers=["pro"])))
    complete(served.api(ANN), ask(model=""))
    assert provider.requests[-1].model == "test"


def test_a_name_that_a_personal_model_takes_is_its_owners_alone(served, reg, provider, other):
    bob, ann = served.api(BOB), served.api(ANN)
    create(bob, reg, "test", aliases=["luxury"], base_url=other.url + "/v1", model_id="bobs-1")
    for api, name, where in ((ann, "test", provider), (bob, "test", other), (bob, "luxury", other),
                             (bob, "global/test", provider)):
        before = len(where.requests)
        complete(api, ask(model=name))
        assert len(where.requests) == before + 1, name
    fails(lambda: complete(ann, ask(model="luxury")), CODE.PERMISSION_DENIED, "MODEL_FORBIDDEN")
    create(ann, reg, "luxury", base_url=other.url + "/v1", model_id="anns-1")
    complete(ann, ask(model="luxury"))
    assert other.requests[-1].model == "anns-1" and other.requests[-1].headers["authorization"] == "Bearer " + KEY


# ---- what belongs to others ----

def same_as_absent(foreign, call):
    """The error of a foreign id is that of one that is nobody's, but for the id itself."""
    told = []
    for name in (foreign, str(uuid.uuid4())):
        failure = fails(lambda: call(name), CODE.NOT_FOUND)
        told.append((failure.reason, failure.fields, failure.message.replace(name, "ID")))
    assert told[0] == told[1]


@pytest.fixture
def foreign(served, reg, provider):
    """A model of Bob's."""
    return create(served.api(BOB), reg, "secret-plan", base_url=provider.url + "/v1", description="for Bob's eyes")


def test_foreign_ids_are_as_absent_ones(served, reg, foreign):
    for api in (served.api(ANN), served.api(OPS), admin_of(served)):
        r = api.registry
        for call in (lambda i: r.GetModel(reg.GetModelRequest(name=i)),
                     lambda i: r.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name=i, description="x"))),
                     lambda i: r.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="models/" + i, etag=foreign.etag))),
                     lambda i: r.DeleteModel(reg.DeleteModelRequest(name=i, force=True, etag=foreign.etag)),
                     lambda i: r.UndeleteModel(reg.UndeleteModelRequest(name=i))):
            same_as_absent(foreign.id, call)
        for call in (lambda: r.ResolveModel(reg.ResolveModelRequest(model=foreign.id)),
                     lambda: r.CheckAccess(reg.CheckAccessRequest(model=foreign.id)),
                     lambda: complete(api, ask(model=foreign.id)),
                     lambda: list(r.TestModel(reg.TestModelRequest(name=foreign.id))),
                     lambda: r.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_USER, model=foreign.id))):
            failure = fails(call, CODE.NOT_FOUND, "MODEL_NOT_FOUND")
            assert "secret-plan" not in str(failure)


def test_a_name_near_a_foreign_one_is_no_hint(served, reg, foreign):
    """Errors that suggest a name never suggest another's."""
    for api in (served.api(ANN), admin_of(served)):
        for call in (lambda: complete(api, ask(model="secret-plam")),
                     lambda: api.registry.GetModel(reg.GetModelRequest(name="secret-plam")),
                     lambda: api.registry.CheckAccess(reg.CheckAccessRequest(model="secret-plan"))):
            assert "secret-plan'?" not in str(fails(call, CODE.NOT_FOUND))


def test_no_filter_lists_foreign_models(served, reg, foreign):
    for text in ("owner = bob", "owner != ann", "owner : b", "name = secret-plan", "deleted = true",
                 "model_id = test AND owner = bob"):
        for api in (served.api(ANN), served.api(OPS), admin_of(served)):
            listed = api.registry.ListModels(reg.ListModelsRequest(filter=text, show_hidden=True)).models
            assert foreign.id not in {m.id for m in listed} and "bob" not in {m.owner for m in listed}
    assert served.api(BOB).registry.ListModels(reg.ListModelsRequest(filter="owner = bob")).models


def test_page_tokens_of_others(served, reg, foreign, provider):
    ann, bob = served.api(ANN), served.api(BOB)
    for api in (ann, bob):
        for name in ("a-one", "b-two"):
            create(api, reg, name, base_url=provider.url + "/v1")
    token = bob.registry.ListModels(reg.ListModelsRequest(page_size=1)).next_page_token
    assert token
    failure = fails(lambda: ann.registry.ListModels(reg.ListModelsRequest(page_size=1, page_token=token)), CODE.INVALID_ARGUMENT)
    assert failure.fields == ["page_token"]


def test_page_tokens_that_were_changed(served, reg, foreign, provider):
    """A token says where to go on, and nothing else: whatever it holds, one's own models and the global ones are listed."""
    ann = served.api(ANN).registry
    create(served.api(ANN), reg, "a-one", base_url=provider.url + "/v1")
    token = ann.ListModels(reg.ListModelsRequest(page_size=1)).next_page_token
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    visible = {m.id for m in ann.ListModels(reg.ListModelsRequest()).models}
    listed = 0
    for at in range(len(raw)):
        for flip in (1, 0x80, 0xff):
            changed = bytes(raw[:at]) + bytes([raw[at] ^ flip]) + bytes(raw[at + 1:])
            text = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
            try:
                got = ann.ListModels(reg.ListModelsRequest(page_token=text)).models
            except grpc.RpcError as error:
                assert error.code() == CODE.INVALID_ARGUMENT
                continue
            listed += 1
            assert {m.id for m in got} <= visible
    assert listed, "every change was refused: the places were not looked at"


def test_nobody_writes_what_the_service_writes(served, reg, provider):
    """Owner, id, source and times of a model are the service's, whatever the message or the mask says."""
    ann = served.api(ANN)
    stolen = {"owner": "bob", "id": str(uuid.uuid4()), "source": "config", "created_ms": 1, "updated_ms": 2, "last_used_ms": 3,
              "deleted_ms": 4, "provider_kind": "openai", "key_last4": "zzzz"}
    made = create(ann, reg, "mine", base_url=provider.url + "/v1", **stolen)
    assert (made.owner, made.source, made.deleted_ms, made.key_last4) == ("ann", "api", 0, KEY[-4:])
    assert made.id != stolen["id"] and made.created_ms > 1
    got = ann.registry.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="mine", **stolen), update_mask=",".join(stolen)))
    for field in ("owner", "id", "source", "created_ms", "deleted_ms", "provider_kind", "key_last4"):
        assert getattr(got, field) == getattr(made, field), field
    assert not served.api(BOB).registry.ListModels(reg.ListModelsRequest(filter="owner = bob")).models


def test_a_personal_model_is_not_made_global(served, reg, provider):
    ann = served.api(ANN)
    create(ann, reg, "mine", base_url=provider.url + "/v1")
    for name in ("global/test", "global/mine"):
        fails(lambda: ann.registry.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name=name, description="x"))),
              {CODE.NOT_FOUND, CODE.FAILED_PRECONDITION, CODE.PERMISSION_DENIED})
    fails(lambda: create(ann, reg, "theirs", personal=False, base_url=provider.url + "/v1"), CODE.PERMISSION_DENIED,
          "ROLE_MISSING")
    fails(lambda: ann.registry.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="mine"), new_name="global/mine",
                                                                  update_mask="new_name")), CODE.INVALID_ARGUMENT)
    fails(lambda: complete(served.api(BOB), ask(model="mine")), CODE.NOT_FOUND, "MODEL_NOT_FOUND")


def test_global_models_are_changed_by_staff_alone(served, reg, provider):
    admin, ann = admin_of(served), served.api(ANN).registry
    made = create(admin, reg, "shared", personal=False, provider="scripted", key="")
    for call in (lambda: ann.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name="shared", allowed_tiers=["free"]))),
                 lambda: ann.UpdateModel(reg.UpdateModelRequest(model=reg.Model(name=made.id, base_url=provider.url))),
                 lambda: ann.DeleteModel(reg.DeleteModelRequest(name="shared", force=True))):
        fails(call, CODE.PERMISSION_DENIED, "ROLE_MISSING")
    admin.registry.DeleteModel(reg.DeleteModelRequest(name="shared"))
    fails(lambda: ann.UndeleteModel(reg.UndeleteModelRequest(name="shared")), {CODE.PERMISSION_DENIED, CODE.NOT_FOUND})


def test_questions_about_others_are_for_administrators(served, stubs, reg, provider):
    add_user(served, stubs, "eve", "free")
    for caller in (ANN, OPS):
        r = served.api(caller).registry
        for user in ("eve", "users/eve", "nobody"):
            for call in (lambda: r.CheckAccess(reg.CheckAccessRequest(model="test", user=user)),
                         lambda: r.GetDefaultModel(reg.GetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_USER, subject=user)),
                         lambda: r.SetDefaultModel(reg.SetDefaultModelRequest(scope=reg.DEFAULT_SCOPE_USER, subject=user,
                                                                              model="test"))):
                fails(call, CODE.PERMISSION_DENIED, "ROLE_MISSING")


def test_what_an_administrator_learns_of_others_models(served, stubs, reg, provider):
    """Whether a user may use a model; not what a personal one is, nor where it leads."""
    admin, eve = admin_of(served), served.api(add_user(served, stubs, "eve", "free"))
    create(eve, reg, "private", base_url=provider.url + "/v1", description="for Eve's eyes")
    got = admin.registry.CheckAccess(reg.CheckAccessRequest(model="test", user="eve"))
    assert got.allowed and got.model.name == "models/test"
    got = admin.registry.CheckAccess(reg.CheckAccessRequest(model="private", user="eve"))
    assert got.allowed and not got.HasField("model"), got
    assert provider.url not in str(got) and "Eve's eyes" not in str(got)
    got = eve.registry.CheckAccess(reg.CheckAccessRequest(model="private"))
    assert got.allowed and got.model.base_url == provider.url + "/v1"


def test_acting_gives_no_right_of_either_alone(start_sluice, stubs, reg, provider):
    """A model of the user's tier that is not for the backend's, and the other way round."""
    access = stubs.access
    served = start_sluice(models={"test": "test", "backends": {"model_id": "b", "tiers": ["machine"]},
                                  "riches": {"model_id": "r", "tiers": ["max"]},
                                  "shared": {"model_id": "s", "tiers": ["machine", "max"]}},
                          config={"access": {"anonymous": False}, **HERE})
    admin = admin_of(served)
    for rank, name in enumerate(("machine", "max")):
        admin.access.CreateTier(access.CreateTierRequest(tier=access.Tier(name=name, rank=rank)))
    for name, tier in (("backend", "machine"), ("rich", "max")):
        made = admin.access.CreateUser(access.CreateUserRequest(user=access.User(name=name, tier=tier), with_key=True))
        if name == "rich":
            create(served.api(made.key), reg, "own", base_url=provider.url + "/v1")
    key = admin.access.CreateApiKey(access.CreateApiKeyRequest(api_key=access.ApiKey(
        user="backend", scopes=["complete", "act_as"]))).key
    api, as_rich = served.api(key), [("sluice-user", "rich")]
    for name in ("riches", "backends"):
        for call in (complete, stream):
            fails(lambda: call(api, ask(model=name), metadata=as_rich), CODE.PERMISSION_DENIED, "MODEL_FORBIDDEN")
    for name in ("test", "shared", "own"):
        complete(api, ask(model=name), metadata=as_rich)
    fails(lambda: complete(api, ask(model="own")), CODE.NOT_FOUND, "MODEL_NOT_FOUND")
    # the user's own scopes are no more than the key's
    for call in (lambda: api.registry.DeleteModel(reg.DeleteModelRequest(name="own"), metadata=as_rich),
                 lambda: api.registry.CreateModel(reg.CreateModelRequest(model=reg.Model(name="x"), personal=True),
                                                  metadata=as_rich)):
        fails(call, CODE.PERMISSION_DENIED, "SCOPE_MISSING")


# ---- rights that end while a stream runs ----

@pytest.mark.parametrize("change", ["deleted", "disabled", "tier", "model"])
def test_a_stream_that_began_goes_on(served, stubs, reg, provider, change):
    """Rights are looked at when a call comes: what runs is finished, and the next call is refused."""
    access, admin = stubs.access, admin_of(served)
    api = served.api(add_user(served, stubs, "eve", "pro"))
    create(admin, reg, "gated", personal=False, provider="scripted", key="", model_id="gated-1", allowed_tiers=["pro"])
    provider.script("gated-1", "text", words=4, gate="on", gate_after=1)
    began = []
    running = Background(lambda: Answer(api.completion.StreamComplete(ask(model="gated"), timeout=60), began.append))
    provider.wait_requests(1)
    if change == "deleted":
        admin.access.DeleteUser(access.DeleteUserRequest(name="eve"))
    elif change == "disabled":
        admin.access.UpdateUser(access.UpdateUserRequest(user=access.User(name="eve", disabled=True)))
    elif change == "tier":
        admin.access.UpdateUser(access.UpdateUserRequest(user=access.User(name="eve", tier="free")))
    else:
        admin.registry.DeleteModel(reg.DeleteModelRequest(name="gated"))
    refused = {"tier": (CODE.PERMISSION_DENIED, "MODEL_FORBIDDEN"), "model": (CODE.NOT_FOUND, "MODEL_NOT_FOUND")}
    fails(lambda: complete(api, ask(model="gated")), *refused.get(change, (CODE.UNAUTHENTICATED, "CREDENTIALS_INVALID")))
    assert running.running()
    provider.gate("on").open()
    assert running.result().finished.complete and len(provider.requests) == 1
