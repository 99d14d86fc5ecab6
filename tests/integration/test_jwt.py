"""Callers with a token of an identity provider instead of a key."""
import base64
import hmac
import http.server
import json
import threading
import time

import grpc
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from helpers import ask, complete, fails, stream

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED


def b64(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).rstrip(b"=").decode()


class Key:
    def __init__(self, kid):
        self.kid, self.private = kid, ec.generate_private_key(ec.SECP256R1())

    def jwk(self):
        numbers = self.private.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig", "alg": "ES256",
                "x": b64(numbers.x.to_bytes(32, "big")), "y": b64(numbers.y.to_bytes(32, "big"))}

    def sign(self, claims, header=None):
        text = b64(header or {"alg": "ES256", "kid": self.kid, "typ": "JWT"}) + "." + b64(claims)
        r, s = utils.decode_dss_signature(self.private.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return text + "." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def signed_with_a_public_key(issuer, encode):
    """HS256, its secret what everybody knows: the issuer's key as encode writes it."""
    now = int(time.time())
    text = b64({"alg": "HS256", "kid": "one", "typ": "JWT"}) + "." + b64(
        {"iss": issuer.url, "aud": "sluice", "sub": "alice", "iat": now, "exp": now + 300})
    return text + "." + b64(hmac.new(encode(issuer.keys[0]), text.encode(), "sha256").digest())


def as_pem(key):
    return key.private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class Issuer:
    """An OpenID provider: discovery and keys."""

    def __init__(self):
        issuer = self
        self.keys, self.fetches, self.away = [Key("one")], 0, False

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.fetches += self.path == "/keys"
                answers = {"/.well-known/openid-configuration": {"issuer": issuer.url, "jwks_uri": issuer.url + "/keys"},
                           "/keys": {"keys": [key.jwk() for key in issuer.keys]}}
                body = json.dumps(answers.get(self.path, {})).encode()
                self.send_response(503 if issuer.away else 200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self, key=None, header=None, **claims):
        now = int(time.time())
        all_claims = {"iss": self.url, "aud": "sluice", "sub": "alice", "iat": now, "exp": now + 300, **claims}
        return (key or self.keys[0]).sign({k: v for k, v in all_claims.items() if v is not None}, header)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def issuer():
    made = Issuer()
    yield made
    made.close()


@pytest.fixture
def guarded(start_sluice, issuer):
    entry = {"issuer": issuer.url, "audience": ["sluice"], "tier_claim": "plan", "roles_claim": "realm.roles",
             "roles": {"root": "admin", "watch": "auditor"}}
    sluice = start_sluice(models={"open": "open", "dear": {"model_id": "dear", "tiers": ["pro"]}},
                          config={"access": {"anonymous": False, "jwt": [entry]}})
    until_taken(lambda: complete(sluice.api(issuer.token()), ask(model="open")))
    return sluice


def until_taken(call, tries=200):
    """Comes again as long as the service says so: its issuer's keys are on their way."""
    for _ in range(tries):
        try:
            return call()
        except grpc.RpcError as failure:
            if failure.code() != grpc.StatusCode.UNAVAILABLE:
                raise
            threading.Event().wait(0.02)
    raise AssertionError("the keys never came")


def test_a_token_opens_the_door(guarded, issuer):
    fetches = issuer.fetches
    token = issuer.token()
    for _ in range(5):
        complete(guarded.api(token), ask(model="open"))
        assert stream(guarded.api(token), ask(model="open")).text
    assert issuer.fetches == fetches == 1
    assert token not in guarded.stderr() and token.split(".")[2] not in guarded.stderr()


def test_a_key_still_does(guarded):
    complete(guarded.api(guarded.admin_key), ask(model="open"))


def test_the_tier_comes_from_the_token(guarded, issuer):
    fails(lambda: complete(guarded.api(issuer.token()), ask(model="dear")), grpc.StatusCode.PERMISSION_DENIED, "MODEL_FORBIDDEN")
    complete(guarded.api(issuer.token(plan="pro")), ask(model="dear"))


FORGERIES = {
    "another key of that id": lambda i: i.token(key=Key("one")),
    "expired": lambda i: i.token(exp=int(time.time()) - 3600),
    "not yet": lambda i: i.token(nbf=int(time.time()) + 3600),
    "no end": lambda i: i.token(exp=None),
    "another audience": lambda i: i.token(aud="others"),
    "no audience": lambda i: i.token(aud=None),
    "another issuer": lambda i: i.token(iss="https://evil.example"),
    "nobody": lambda i: i.token(sub=""),
    "none": lambda i: i.token(header={"alg": "none"}),
    "none, unsigned": lambda i: i.token(header={"alg": "none"}).rsplit(".", 1)[0] + ".",
    "HS256": lambda i: i.token(header={"alg": "HS256", "kid": "one"}),
    "HS256 with the public key": lambda i: signed_with_a_public_key(i, as_pem),
    "HS256 with the JWK": lambda i: signed_with_a_public_key(i, lambda key: json.dumps(key.jwk()).encode()),
    "a key in the header": lambda i: i.token(key=Key("one"), header={"alg": "ES256", "jwk": Key("one").jwk()}),
    "critical": lambda i: i.token(header={"alg": "ES256", "kid": "one", "crit": ["exp"]}),
    "another type": lambda i: i.token(header={"alg": "ES256", "kid": "one", "typ": "logout+jwt"}),
    "four parts": lambda i: i.token() + ".x",
    "too long": lambda i: i.token(padding="x" * 20000),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries(guarded, issuer, provider, name):
    before = len(provider.requests)
    token = FORGERIES[name](issuer)
    fails(lambda: complete(guarded.api(token), ask(model="open")), UNAUTHENTICATED, "CREDENTIALS_INVALID")
    assert len(provider.requests) == before
    assert token not in guarded.stderr()


def test_a_new_key_costs_one_more_try(guarded, issuer):
    old = issuer.token()
    issuer.keys.append(Key("two"))
    token = issuer.token(key=issuer.keys[1])
    failure = fails(lambda: complete(guarded.api(token), ask(model="open")), grpc.StatusCode.UNAVAILABLE, "CREDENTIALS_UNVERIFIED")
    assert failure is not None
    until_taken(lambda: complete(guarded.api(token), ask(model="open")))
    complete(guarded.api(old), ask(model="open"))
    assert issuer.fetches == 2
    for _ in range(5):  # keys that nobody has do not make it ask again
        made_up = issuer.token(key=Key("three"))
        fails(lambda: complete(guarded.api(made_up), ask(model="open")), UNAUTHENTICATED, "CREDENTIALS_INVALID")
    assert issuer.fetches == 2


def test_the_issuer_may_be_away(guarded, issuer):
    issuer.away = True
    complete(guarded.api(issuer.token(sub="bob")), ask(model="open"))


def test_who_it_is(guarded, issuer, stubs):
    api = guarded.api(issuer.token(sub="bob", plan="pro", realm={"roles": ["watch", "other"]}))
    if not hasattr(api, "access"):
        pytest.skip("this service does not say who calls")
    me = api.access.WhoAmI(stubs.access.WhoAmIRequest(), timeout=10)
    assert "bob" in str(me) and "jwt" in str(me)


def test_an_issuers_key_is_good_for_its_own_tokens_alone(start_sluice, issuer):
    """Two issuers; each signs in the other's name, with its own id of a key and with the other's."""
    second = Issuer()
    try:
        second.keys = [Key("two")]
        sluice = start_sluice(models={"open": "open"}, config={"access": {"anonymous": False, "jwt": [
            {"issuer": i.url, "audience": ["sluice"], "user_prefix": prefix}
            for i, prefix in ((issuer, ""), (second, "second-"))]}})
        for each in (issuer, second):
            until_taken(lambda: complete(sluice.api(each.token()), ask(model="open")))
        for name, signer in ((issuer, second), (second, issuer)):
            for kid in ("one", "two"):
                token = name.token(key=signer.keys[0], header={"alg": "ES256", "kid": kid, "typ": "JWT"})
                until_refused(lambda: complete(sluice.api(token), ask(model="open")))
    finally:
        second.close()


def until_refused(call):
    """While an unknown key may be on its way, the answer is UNAVAILABLE; it never is an answer."""
    with pytest.raises(grpc.RpcError) as refused:
        until_taken(call)
    assert refused.value.code() == UNAUTHENTICATED
