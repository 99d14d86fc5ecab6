"""Tokens of Google, Entra and AWS: minted once for all who wait, shown to the provider, renewed, refused, never logged."""
import base64
import json
from urllib.parse import parse_qs

import grpc
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from env import slack
from helpers import Background, ask, complete, fails, stream

from conftest import model_list
from scripted_provider import ScriptedProvider

PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
# what the surroundings of a developer's machine may hold
NOTHING = {name: "" for name in (
    "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GCE_METADATA_HOST", "K_SERVICE",
    "CLOUDSDK_CONFIG", "HOME", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE",
    "IDENTITY_ENDPOINT", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_BEARER_TOKEN_BEDROCK", "AWS_REGION")}
NOTHING.update(NO_GCE_CHECK="true", AWS_EC2_METADATA_DISABLED="true")


class Tokens:
    """A token endpoint: numbers its tokens tok-1, tok-2, ..."""

    def __init__(self):
        self.server = ScriptedProvider()
        self.lifetime = 3600
        self.answer(self.bearer)

    @property
    def url(self):
        return self.server.url

    @property
    def requests(self):
        return self.server.requests

    def answer(self, behaviour):
        self.server.default(behaviour)

    def bearer(self, x):
        x.json({"access_token": "tok-%d" % (x.seen.number + 1), "expires_in": self.lifetime, "token_type": "Bearer"})

    def form(self, number=0):
        return {k: v[0] for k, v in parse_qs(self.requests[number].body.decode()).items()}


@pytest.fixture
def tokens():
    made = Tokens()
    yield made
    made.server.close()


def entra(provider, **more):
    return {"id": "scripted", "kind": "azure", "base_url": provider.url + "/openai/v1", "auth": "entra", "tenant": "tenant-1",
            "client_id": "app-1", "key": "env:ENTRA_SECRET", **more}


def start_entra(start_sluice, provider, tokens, **more):
    return start_sluice(config={"providers": [entra(provider)], **more},
                        env={**NOTHING, "ENTRA_SECRET": "sk-test-client-secret", "AZURE_AUTHORITY_HOST": tokens.url})


def shown(seen):
    return seen.headers.get("authorization")


def test_one_minting_for_all_who_wait(start_sluice, provider, tokens):
    gate = tokens.server.gate("go")

    def slowly(x):
        x.wait(gate=gate)
        tokens.bearer(x)

    tokens.answer(slowly)
    sluice = start_entra(start_sluice, provider, tokens)
    api = sluice.api()
    calls = [Background(complete if n % 2 else stream, api, ask()) for n in range(40)]
    tokens.server.wait_requests(1)
    assert not provider.requests
    gate.open()
    for call in calls:
        call.result()
    complete(api, ask())
    assert len(tokens.requests) == 1
    assert {shown(seen) for seen in provider.requests} == {"Bearer tok-1"}
    assert tokens.requests[0].path == "/tenant-1/oauth2/v2.0/token"
    assert tokens.form() == {"grant_type": "client_credentials", "client_id": "app-1", "client_secret": "sk-test-client-secret",
                             "scope": "https://cognitiveservices.azure.com/.default"}
    sluice.reload()  # the same credential: its token stays
    complete(api, ask())
    assert len(tokens.requests) == 1
    assert "tok-1" not in sluice.stderr() and "client-secret" not in sluice.stderr()


def test_renewed_ahead_of_its_expiry(start_sluice, provider, tokens):
    tokens.lifetime = 4
    sluice = start_entra(start_sluice, provider, tokens)
    api = sluice.api()
    complete(api, ask())
    complete(api, ask())  # what is not used is not renewed
    tokens.server.wait_requests(2, timeout=slack(10, 60))
    tokens.requests[1].wait_done()
    for _ in range(200):  # each loop takes the new one up in its own time
        complete(api, ask())
        if shown(provider.requests[-1]) != "Bearer tok-1":
            break
    used = [shown(seen) for seen in provider.requests]
    assert used == sorted(used) and used[:2] == ["Bearer tok-1", "Bearer tok-1"] and used[-1] != "Bearer tok-1"


def test_a_refusal_is_the_callers_to_read(start_sluice, provider, tokens):
    tokens.answer(lambda x: x.json({"error": "invalid_client", "error_description":
                                    "AADSTS7000215: Invalid client secret sk-test-client-secret provided."}, status=401))
    sluice = start_entra(start_sluice, provider, tokens)
    api = sluice.api()
    failure = fails(lambda: complete(api, ask()), PRECONDITION, "PROVIDER_AUTH")
    assert "AADSTS7000215" in failure.message
    assert "client-secret" not in failure.message and "client-secret" not in sluice.stderr()
    fails(lambda: list(stream(api, ask()).events), PRECONDITION, "PROVIDER_AUTH")
    assert len(tokens.requests) == 1  # the failure stands for a while
    assert not provider.requests
    assert failure.failure.report.attempts == 0


def test_an_endpoint_that_is_away(start_sluice, provider, tokens):
    tokens.answer(lambda x: x.body(503, "text/html", b"<html>busy</html>"))
    api = start_entra(start_sluice, provider, tokens).api()
    failure = fails(lambda: complete(api, ask()), grpc.StatusCode.UNAVAILABLE, "PROVIDER_ERROR")
    assert failure.failure.retryable


def test_a_cancel_and_a_deadline_end_the_wait(start_sluice, provider, tokens):
    tokens.answer(lambda x: x.hold())
    sluice = start_entra(start_sluice, provider, tokens)
    api = sluice.api()
    call = api.completion.Complete.future(ask(), timeout=60)
    tokens.server.wait_requests(1)
    call.cancel()
    with pytest.raises(grpc.RpcError) as late:
        api.completion.Complete(ask(), timeout=0.3)
    assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    waiting = Background(complete, api, ask())
    sluice.stop()  # the minting is cut, and so is the call that waits
    with pytest.raises(grpc.RpcError):
        waiting.result()
    assert not provider.requests


def test_the_models_clocks_hold_while_it_waits(start_sluice, provider, tokens):
    tokens.answer(lambda x: x.hold())
    sluice = start_sluice(config={"providers": [entra(provider, timeouts={"total": "200ms"})]},
                          env={**NOTHING, "ENTRA_SECRET": "s", "AZURE_AUTHORITY_HOST": tokens.url})
    failure = fails(lambda: complete(sluice.api(), ask()), grpc.StatusCode.DEADLINE_EXCEEDED, "FIRST_BYTE_TIMEOUT")
    assert "Entra" in failure.message


# ---- Google ----

@pytest.fixture
def account(tmp_path, tokens):
    """A service account: its key, and the file of its credential."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "account.json"
    path.write_text(json.dumps({
        "type": "service_account", "project_id": "project-1", "private_key_id": "key-1", "private_key": pem.decode(),
        "client_email": "sluice@project-1.iam.gserviceaccount.com", "token_uri": tokens.url + "/token"}, indent=2))
    return key, path


def say(x):
    x.json({"candidates": [{"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}})


def vertex(provider, **more):
    return {"id": "vertex", "base_url": provider.url + "/v1", "auth": "google", "region": "europe-west4", **more}


def test_a_google_service_account(start_sluice, provider, tokens, account):
    key, path = account
    provider.default(say)
    sluice = start_sluice(config={"providers": [vertex(provider)], "models": model_list({"test": "gemini-2.5-flash"}, "vertex")},
                          env={**NOTHING, "GOOGLE_APPLICATION_CREDENTIALS": str(path)})
    complete(sluice.api(), ask())
    header, claims, signature = tokens.form()["assertion"].split(".")
    key.public_key().verify(base64.urlsafe_b64decode(signature + "=="), (header + "." + claims).encode(),
                            padding.PKCS1v15(), hashes.SHA256())
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert said["iss"] == "sluice@project-1.iam.gserviceaccount.com" and said["aud"] == tokens.url + "/token"
    seen = provider.requests[0]
    assert shown(seen) == "Bearer tok-1"
    assert seen.path == "/v1/projects/project-1/locations/europe-west4/publishers/google/models/gemini-2.5-flash:generateContent"
    assert "PRIVATE KEY" not in sluice.stderr()


def test_googles_metadata_server(start_sluice, provider, tokens):
    provider.default(say)
    sluice = start_sluice(config={"providers": [vertex(provider, project="mine")],
                                  "models": model_list({"test": "gemini-2.5-flash"}, "vertex")},
                          env={**NOTHING, "GCE_METADATA_HOST": tokens.url.replace("http://", "")})
    complete(sluice.api(), ask())
    seen = tokens.requests[0]
    assert seen.headers["metadata-flavor"] == "Google"
    assert seen.path == "/computeMetadata/v1/instance/service-accounts/default/token"
    assert shown(provider.requests[0]) == "Bearer tok-1"


def test_no_credential_at_all(start_sluice, provider):
    sluice = start_sluice(config={"providers": [vertex(provider, project="mine")],
                                  "models": model_list({"test": "gemini-2.5-flash"}, "vertex")}, env=NOTHING)
    failure = fails(lambda: complete(sluice.api(), ask()), PRECONDITION, "PROVIDER_KEY_MISSING")
    assert "GOOGLE_APPLICATION_CREDENTIALS" in failure.message


def test_a_credential_file_that_is_none(start_sluice, provider, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text('{"type": "service_account", "client_email": "x", "private_key": "sk-test-no-pem"}')
    sluice = start_sluice(config={"providers": [vertex(provider, key="file:" + str(path))],
                                  "models": model_list({"test": "gemini-2.5-flash"}, "vertex")}, env=NOTHING, wait=False)
    sluice.expect_exit = (78,)
    sluice.process.wait(slack(20, 80))
    assert "private_key that is no RSA key" in sluice.stderr() and "sk-test-no-pem" not in sluice.stderr()


# ---- AWS ----

def converse(x):
    x.json({"output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}}, "stopReason": "end_turn",
            "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}})


def bedrock(provider, **more):
    return {"id": "bedrock", "base_url": provider.url, "auth": "aws", "region": "eu-west-1", **more}


def start_bedrock(start_sluice, provider, env, **more):
    provider.default(converse)
    return start_sluice(config={"providers": [bedrock(provider, **more)], "models": model_list({"test": "model-1"}, "bedrock")},
                        env={**NOTHING, **env})


def test_access_keys_of_the_environment_sign(start_sluice, provider):
    sluice = start_bedrock(start_sluice, provider, {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLEAKIDEXAMPLE",
                                                    "AWS_SECRET_ACCESS_KEY": "sk-test-secret", "AWS_SESSION_TOKEN": "session-1"})
    complete(sluice.api(), ask())
    seen = provider.requests[0]
    assert "Credential=AKIDEXAMPLEAKIDEXAMPLE/" in shown(seen) and "/eu-west-1/bedrock/aws4_request" in shown(seen)
    assert seen.headers["x-amz-security-token"] == "session-1"


def test_the_credentials_endpoint_of_a_container(start_sluice, provider, tokens, tmp_path):
    (tmp_path / "token").write_text("pod-token")
    tokens.answer(lambda x: x.json({"AccessKeyId": "ASIAEXAMPLEEXAMPLE12", "SecretAccessKey": "sk-test-secret", "Token": "session-2",
                                    "Expiration": "2099-01-01T00:00:00Z"}))
    sluice = start_bedrock(start_sluice, provider, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": tokens.url + "/v1/credentials",
                                                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token")})
    complete(sluice.api(), ask())
    assert shown(tokens.requests[0]) == "pod-token"
    assert "Credential=ASIAEXAMPLEEXAMPLE12/" in shown(provider.requests[0])
    assert provider.requests[0].headers["x-amz-security-token"] == "session-2"


STS = """<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE34</AccessKeyId>
<SecretAccessKey>sk-test-secret</SecretAccessKey><SessionToken>session-3</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


@pytest.mark.parametrize("with_key", [True, False])
def test_roles(start_sluice, provider, tokens, tmp_path, with_key):
    tokens.answer(lambda x: x.body(200, "text/xml", STS.encode()))
    (tmp_path / "token").write_text("web-identity\n")
    role = "arn:aws:iam::1:role/r"
    env = {"AWS_ENDPOINT_URL_STS": tokens.url}
    if with_key:
        env.update(AWS_ACCESS_KEY_ID="AKIDEXAMPLEAKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="sk-test-secret")
    else:
        env.update(AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "token"), AWS_ROLE_ARN=role)
    sluice = start_bedrock(start_sluice, provider, env, **({"role": role} if with_key else {}))
    complete(sluice.api(), ask())
    form = tokens.form()
    assert form["RoleArn"] == role and form["RoleSessionName"] == "sluice"
    if with_key:
        assert form["Action"] == "AssumeRole" and "/eu-west-1/sts/aws4_request" in shown(tokens.requests[0])
    else:
        assert form["Action"] == "AssumeRoleWithWebIdentity" and form["WebIdentityToken"] == "web-identity"
    assert "Credential=ASIAEXAMPLEEXAMPLE34/" in shown(provider.requests[0])
