"""Credentials of Google, Entra and AWS that are stored, of a model, a provider or a user: tokens are minted from them as from
configured ones, a change or a deletion drops them, and a user's own go to the cloud's token endpoint and nowhere else."""
import json
import pathlib

import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from env import slack
from helpers import Background, ask, complete, fails

from test_cloud_credentials import NOTHING, STS, Tokens, converse, say, shown

PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
ANN = "sk-test-caller-ann-0123456789"
SECRET = "sk-test-client-secret-PLANTED-0123"


@pytest.fixture
def tokens():
    made = Tokens()
    yield made
    made.server.close()


@pytest.fixture
def other():
    made = Tokens()
    yield made
    made.server.close()


@pytest.fixture
def reg(stubs):
    return stubs.registry


@pytest.fixture(scope="module")
def pem():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def account(pem, token_uri):
    return json.dumps({"type": "service_account", "project_id": "project-1", "private_key_id": "key-1", "private_key": pem,
                       "client_email": "sluice@project-1.iam.gserviceaccount.com", "token_uri": token_uri}, indent=2)


def application(secret=SECRET):
    return json.dumps({"tenant": "tenant-1", "appId": "app-1", "password": secret})


class Served:
    def __init__(self, start_sluice, reg, tokens, **more):
        env = {**NOTHING, "ANN_KEY": ANN, "AZURE_AUTHORITY_HOST": tokens.url, "AWS_ENDPOINT_URL_STS": tokens.url}
        self.sluice = start_sluice(models={}, env=env, config={
            "access": {"anonymous": False, "keys": [{"name": "ann", "key": "env:ANN_KEY"}]},
            "upstream": {"allowed_addresses": ["127.0.0.0/8"]}}, **more)
        self.reg = reg
        self.admin = self.sluice.api(self.sluice.admin_key)
        self.ann = self.sluice.api(ANN)

    def provider(self, name, **fields):
        return self.admin.registry.CreateProvider(self.reg.CreateProviderRequest(provider=self.reg.Provider(
            name="providers/" + name, **fields)))

    def model(self, api, name, personal=False, **fields):
        return api.registry.CreateModel(self.reg.CreateModelRequest(
            personal=personal, model=self.reg.Model(name=name, **fields)))


@pytest.fixture
def served(start_sluice, reg, tokens):
    return Served(start_sluice, reg, tokens)


def azure(provider, **fields):
    return {"provider": "azure", "base_url": provider.url + "/openai/v1", "auth": "entra", "model_id": "test", **fields}


# ---- Entra ----

def test_an_application_of_a_model(served, provider, tokens):
    served.model(served.admin, "m", **azure(provider, key=application()))
    gate = tokens.server.gate("go")

    def slowly(x):
        x.wait(gate=gate)
        tokens.bearer(x)
    tokens.answer(slowly)
    calls = [Background(complete, served.admin, ask(model="m")) for _ in range(10)]
    tokens.server.wait_requests(1)
    assert not provider.requests
    gate.open()
    for call in calls:
        call.result()
    complete(served.admin, ask(model="m"))
    assert len(tokens.requests) == 1  # one minting for all who wait
    assert {shown(seen) for seen in provider.requests} == {"Bearer tok-1"}
    assert tokens.requests[0].path == "/tenant-1/oauth2/v2.0/token"
    assert tokens.form() == {"grant_type": "client_credentials", "client_id": "app-1", "client_secret": SECRET,
                             "scope": "https://cognitiveservices.azure.com/.default"}
    served.sluice.stop()
    for path in pathlib.Path(served.sluice.data_dir).rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
    assert SECRET not in served.sluice.stderr() and "tok-1" not in served.sluice.stderr()


def test_renewed_ahead_of_its_expiry(served, provider, tokens):
    tokens.lifetime = 4
    served.model(served.admin, "m", **azure(provider, key=application()))
    complete(served.admin, ask(model="m"))
    complete(served.admin, ask(model="m"))  # what is not used is not renewed
    tokens.server.wait_requests(2, timeout=slack(10, 60))
    assert tokens.form(1) == tokens.form(0)


def test_other_changes_leave_the_token(served, provider, tokens):
    served.model(served.admin, "m", **azure(provider, key=application()))
    complete(served.admin, ask(model="m"))
    served.provider("house", kind="custom", base_url=provider.url + "/v1")  # providers are listed anew
    complete(served.admin, ask(model="m"))
    served.sluice.reload()
    complete(served.admin, ask(model="m"))
    assert len(tokens.requests) == 1


def test_a_change_drops_the_token(served, provider, tokens):
    served.model(served.admin, "m", **azure(provider, key=application()))
    complete(served.admin, ask(model="m"))
    served.admin.registry.UpdateModel(served.reg.UpdateModelRequest(model=served.reg.Model(name="m", key=application("second"))))
    complete(served.admin, ask(model="m"))
    assert [tokens.form(i)["client_secret"] for i in range(2)] == [SECRET, "second"]
    assert [shown(seen) for seen in provider.requests] == ["Bearer tok-1", "Bearer tok-2"]


def test_a_deletion_drops_the_token(served, provider, tokens, reg):
    """A credential of a provider: gone with its token, and another one stands in."""
    served.provider("house", kind="azure", base_url=provider.url + "/openai/v1", auth="entra")

    def credential(secret, priority):
        return served.admin.registry.CreateCredential(reg.CreateCredentialRequest(credential=reg.Credential(
            provider="house", key=application(secret), priority=priority)))
    first, _ = credential("first", 1), credential("second", 2)
    served.model(served.admin, "m", provider="house", model_id="test")
    complete(served.admin, ask(model="m"))
    served.admin.registry.DeleteCredential(reg.DeleteCredentialRequest(name=first.name))
    complete(served.admin, ask(model="m"))
    assert [tokens.form(i)["client_secret"] for i in range(2)] == ["first", "second"]
    assert shown(provider.requests[-1]) == "Bearer tok-2"


@pytest.mark.parametrize("key,says", [
    ("sk-test-just-a-secret-0123456789", "a tenant"),
    (json.dumps({"tenant": "a/b", "client_id": "x", "client_secret": "y"}), "a tenant that is an id or a domain"),
    (json.dumps({"tenant": "t", "client_id": "x"}), "a member is missing"),
    ("{not json", "no JSON object"),
])
def test_keys_that_are_none(served, provider, tokens, key, says):
    served.model(served.admin, "m", **azure(provider, key=key))
    failure = fails(lambda: complete(served.admin, ask(model="m")), PRECONDITION, "MODEL_UNUSABLE")
    assert says in failure.message and not tokens.requests and not provider.requests
    assert "just-a-secret" not in failure.message


def test_a_refusal_is_the_callers_to_read(served, provider, tokens):
    tokens.answer(lambda x: x.json({"error": "invalid_client", "error_description": "AADSTS7000215: wrong secret " + SECRET},
                                   status=401))
    served.model(served.admin, "m", **azure(provider, key=application()))
    failure = fails(lambda: complete(served.admin, ask(model="m")), PRECONDITION, "PROVIDER_AUTH")
    assert "AADSTS7000215" in failure.message and SECRET not in failure.message


# ---- Google ----

def vertex(provider, **fields):
    return {"provider": "vertex", "base_url": provider.url + "/v1", "region": "europe-west4", "model_id": "gemini-2.5-flash", **fields}


@pytest.mark.parametrize("auth", ["google", ""])
def test_a_service_account(served, provider, tokens, pem, auth):
    provider.default(say)
    served.model(served.admin, "m", **vertex(provider, key=account(pem, tokens.url + "/token"), auth=auth))
    complete(served.admin, ask(model="m"))
    assert "assertion" in tokens.form()
    seen = provider.requests[0]
    assert shown(seen) == "Bearer tok-1"
    assert seen.path == "/v1/projects/project-1/locations/europe-west4/publishers/google/models/gemini-2.5-flash:generateContent"


@pytest.mark.parametrize("path", ["/token", "/latest/meta-data"])
def test_a_users_file_leads_nowhere_else(served, provider, tokens, pem, path):
    """A file that names its own token endpoint would make the service post wherever its owner likes."""
    provider.default(say)
    served.model(served.ann, "mine", personal=True, **vertex(provider, auth="google", key=account(pem, tokens.url + path)))
    failure = fails(lambda: complete(served.ann, ask(model="mine")), PRECONDITION, "MODEL_UNUSABLE")
    assert "token_uri" in failure.message
    for uri in ("https://evil.example/token", "https://oauth2.googleapis.com@127.0.0.1/token", "https://storage.googleapis.com/b/o",
                "https://oauth2.googleapis.com.evil.example/token", "http://oauth2.googleapis.com/token"):
        served.ann.registry.UpdateModel(served.reg.UpdateModelRequest(
            model=served.reg.Model(name="mine", key=account(pem, uri))))
        assert "token_uri" in fails(lambda: complete(served.ann, ask(model="mine")), PRECONDITION, "MODEL_UNUSABLE").message
    assert not tokens.requests and not provider.requests


# ---- AWS ----

def bedrock(provider, **fields):
    return {"provider": "bedrock", "base_url": provider.url, "region": "eu-west-1", "model_id": "model-1", **fields}


AWS_KEY = {"aws_access_key_id": "AKIDEXAMPLEAKIDEXAMPLE", "aws_secret_access_key": "sk-test-secret"}
ROLE = "arn:aws:iam::1:role/r"


@pytest.mark.parametrize("key", ["AKIDEXAMPLEAKIDEXAMPLE:sk-test-secret:session-1",
                                 json.dumps({**AWS_KEY, "aws_session_token": "session-1"})])
def test_access_keys_sign(served, provider, tokens, key):
    provider.default(converse)
    served.model(served.admin, "m", **bedrock(provider, key=key, auth="aws"))
    served.model(served.ann, "mine", personal=True, **bedrock(provider, key=key, auth="aws"))
    for api, name in ((served.admin, "m"), (served.ann, "mine")):
        complete(api, ask(model=name))
        seen = provider.requests[-1]
        assert "Credential=AKIDEXAMPLEAKIDEXAMPLE/" in shown(seen) and "/eu-west-1/bedrock/aws4_request" in shown(seen)
        assert seen.headers["x-amz-security-token"] == "session-1"
    assert not tokens.requests


def test_a_role(served, provider, tokens):
    provider.default(converse)
    tokens.answer(lambda x: x.body(200, "text/xml", STS.encode()))
    served.model(served.admin, "m", **bedrock(provider, auth="aws", key=json.dumps({**AWS_KEY, "role_arn": ROLE})))
    complete(served.admin, ask(model="m"))
    assert tokens.form()["RoleArn"] == ROLE and "/eu-west-1/sts/aws4_request" in shown(tokens.requests[0])
    assert "Credential=ASIAEXAMPLEEXAMPLE34/" in shown(provider.requests[0])
    complete(served.admin, ask(model="m"))
    assert len(tokens.requests) == 1


def test_a_users_region_is_no_address(start_sluice, reg, provider, tokens, other):
    """The usual Security Token Service is the region's host: a region that is none would choose another one."""
    served = Served(start_sluice, reg, other)
    key = json.dumps({**AWS_KEY, "role_arn": ROLE})
    for region in ("evil.example/#", "127.0.0.1:%s/x?" % other.url.rsplit(":")[-1]):
        fails(lambda region=region: served.model(served.ann, "mine", personal=True, **bedrock(
            provider, auth="aws", region=region, key=key)), grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    for i, region in enumerate(["evil.example", "EU"]):
        served.model(served.ann, "mine-%d" % i, personal=True, **bedrock(provider, auth="aws", region=region, key=key))
        failure = fails(lambda i=i: complete(served.ann, ask(model="mine-%d" % i)), PRECONDITION, "MODEL_UNUSABLE")
        assert "a region that is one" in failure.message
    assert not other.requests and not provider.requests


# ---- users ----

def test_a_users_application(served, provider, tokens):
    served.model(served.ann, "mine", personal=True, **azure(provider, key=application()))
    complete(served.ann, ask(model="mine"))
    assert shown(provider.requests[0]) == "Bearer tok-1" and tokens.form()["client_secret"] == SECRET
    fails(lambda: complete(served.admin, ask(model="mine")), grpc.StatusCode.NOT_FOUND)
    served.model(served.ann, "bare", personal=True, **azure(provider, key="sk-test-just-a-secret-0123456789"))
    failure = fails(lambda: complete(served.ann, ask(model="bare")), PRECONDITION, "MODEL_UNUSABLE")
    assert "a tenant" in failure.message and len(tokens.requests) == 1
