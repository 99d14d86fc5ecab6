"""sluice.v1.Access: users, tiers, keys, preferences, the audit log, and who may what."""
import json
import sqlite3
import time

import grpc
import postgres as postgres_server
import pytest
from helpers import ask, complete, fails, text_of

CODE = grpc.StatusCode
MINUTE = 60 * 1000


def now_ms():
    return int(time.time() * 1000)


POSTGRES = pytest.param("postgres", marks=pytest.mark.skipif(not postgres_server.wanted(),
                                                             reason="SLUICE_TEST_POSTGRES names no server"))
MODELS = {"test": "test", "other": "other"}


@pytest.fixture(params=["sqlite", POSTGRES])
def served(request, start_sluice, tmp_path):
    """The service on each store, with the first administrator's key in its data directory."""
    if request.param == "sqlite":
        return start_sluice(models=MODELS, config={"access": {"anonymous": False}})
    cluster = postgres_server.Cluster(request.getfixturevalue("server"), start_sluice, tmp_path)
    key = cluster.bootstrap()
    made = cluster.replica(models=MODELS)
    made.data_dir.mkdir(exist_ok=True)
    (made.data_dir / "admin.key").write_text(key + "\n")
    return made


@pytest.fixture
def access(stubs):
    return stubs.access


@pytest.fixture
def admin(served):
    return served.api(served.admin_key)


class World:
    """Users of each role, made by the administrator; api(name) calls as one of them."""

    def __init__(self, served, access):
        self.served, self.access, self.keys = served, access, {}
        self.admin = served.api(served.admin_key)
        self.apis = {"admin": self.admin}

    def user(self, name, roles=(), tier="", key=True, **fields):
        made = self.admin.access.CreateUser(self.access.CreateUserRequest(
            user=self.access.User(name=name, roles=roles, tier=tier, **fields), with_key=key))
        if key:
            self.keys[name] = made.key
            self.apis[name] = self.served.api(made.key)
        return made

    def key(self, user="", **fields):
        return self.admin.access.CreateApiKey(self.access.CreateApiKeyRequest(
            api_key=self.access.ApiKey(user=user, **fields)))

    def api(self, name):
        return self.apis[name]


@pytest.fixture
def world(served, access):
    return World(served, access)


# ---- who ----

def test_who_am_i(world, access):
    me = world.admin.access.WhoAmI(access.WhoAmIRequest())
    assert (me.name, me.proof, me.acting, me.tier) == ("admin", "api_key", "", "")
    assert list(me.roles) == ["user", "admin"] and list(me.scopes) == ["complete", "models", "admin"]
    assert me.default_model == "models/test"
    made = world.user("ann")
    me = world.api("ann").access.WhoAmI(access.WhoAmIRequest())
    assert (me.id, me.name, list(me.roles)) == (made.user.id, "ann", ["user"])


def test_anonymous(start_sluice, access):
    me = start_sluice().api().access.WhoAmI(access.WhoAmIRequest())
    assert (me.id, me.proof, list(me.roles)) == ("anonymous", "anonymous", ["user"])


# ---- users ----

def test_users_from_birth_to_death(world, access):
    api = world.admin.access
    made = world.user("ann", roles=["operator"], title="Ann", subject="sub-ann")
    assert made.user.name == "users/ann" and made.user.id and made.user.created_ms > 0
    assert list(made.user.roles) == ["user", "operator"]
    assert made.key.startswith("sl_") and made.api_key.name == "apiKeys/" + made.key.split("_")[1]
    assert made.api_key.user == "ann"
    got = api.GetUser(access.GetUserRequest(name="users/ann"))
    assert got == made.user
    changed = api.UpdateUser(access.UpdateUserRequest(
        user=access.User(name="users/ann", title="Anna", etag=got.etag), update_mask="title,subject"))
    assert (changed.title, changed.subject, list(changed.roles)) == ("Anna", "", ["user", "operator"])
    assert changed.etag != got.etag
    fails(lambda: api.UpdateUser(access.UpdateUserRequest(
        user=access.User(name="users/ann", title="Nana", etag=got.etag))), CODE.ABORTED, "ETAG_STALE")
    api.DeleteUser(access.DeleteUserRequest(name="users/ann"))
    fails(lambda: api.GetUser(access.GetUserRequest(name="users/ann")), CODE.NOT_FOUND, "NOT_FOUND")
    fails(lambda: complete(world.api("ann"), ask()), CODE.UNAUTHENTICATED, "CREDENTIALS_INVALID")
    assert world.user("ann").user.id != made.user.id


def test_create_user_with_default_model(world, access):
    made = world.admin.access.CreateUser(access.CreateUserRequest(
        user=access.User(name="ann"), with_key=True, default_model="models/other"))
    assert made.user.default_model == "models/other"
    got = world.admin.access.GetUser(access.GetUserRequest(name="ann"))
    assert got.default_model == "models/other"


def test_create_user_is_all_or_nothing(world, access):
    world.user("ann", subject="s")
    fails(lambda: world.user("bob", subject="s"), CODE.ALREADY_EXISTS, "NAME_TAKEN")
    fails(lambda: world.user("ann"), CODE.ALREADY_EXISTS, "NAME_TAKEN")
    names = [u.name for u in world.admin.access.ListUsers(access.ListUsersRequest()).users]
    assert names == ["users/admin", "users/ann"]


@pytest.mark.parametrize("fields,wrong", [
    ({"name": ""}, "user.name"), ({"name": "a b"}, "user.name"), ({"name": "x" * 129}, "user.name"),
    ({"name": "a", "roles": ["root"]}, "user.roles"), ({"name": "a", "title": "x" * 257}, "user.title"),
    ({"name": "a", "tier": "none"}, "user.tier"), ({"name": "a", "subject": "x" * 300}, "user.subject"),
])
def test_create_user_names_the_bad_field(admin, access, fields, wrong):
    failure = fails(lambda: admin.access.CreateUser(access.CreateUserRequest(user=access.User(**fields))),
                    CODE.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert failure.fields == [wrong]


def test_every_bad_field_is_named(admin, access):
    failure = fails(lambda: admin.access.CreateUser(access.CreateUserRequest(
        user=access.User(name="a b", roles=["x"]), default_model="nothing")), CODE.INVALID_ARGUMENT)
    assert failure.fields == ["user.name", "user.roles", "default_model"]


def test_pages_of_users(world, access):
    for i in range(7):
        world.user("u%d" % i, key=False)
    seen, token = [], ""
    while True:
        page = world.admin.access.ListUsers(access.ListUsersRequest(page_size=3, page_token=token))
        assert len(page.users) <= 3
        seen += [u.name for u in page.users]
        token = page.next_page_token
        if not token:
            break
    assert seen == ["users/admin"] + ["users/u%d" % i for i in range(7)]
    for bad in ({"page_size": -1}, {"page_size": 1001}, {"page_token": "x"}):
        fails(lambda: world.admin.access.ListUsers(access.ListUsersRequest(**bad)), CODE.INVALID_ARGUMENT)


def test_disabled_user(world, access):
    world.user("ann")
    complete(world.api("ann"), ask())
    api = world.admin.access
    api.UpdateUser(access.UpdateUserRequest(user=access.User(name="ann", disabled=True)))
    fails(lambda: complete(world.api("ann"), ask()), CODE.UNAUTHENTICATED, "CREDENTIALS_INVALID")
    api.UpdateUser(access.UpdateUserRequest(user=access.User(name="ann"), update_mask="disabled"))
    complete(world.api("ann"), ask())


def test_the_last_administrator_stays(world, access):
    api = world.admin.access
    fails(lambda: api.DeleteUser(access.DeleteUserRequest(name="admin")), CODE.FAILED_PRECONDITION, "LAST_ADMIN")
    for fields in ({"roles": ["user"]}, {"disabled": True}):
        fails(lambda: api.UpdateUser(access.UpdateUserRequest(user=access.User(name="admin", **fields))),
              CODE.FAILED_PRECONDITION, "LAST_ADMIN")
    own = "apiKeys/" + world.served.admin_key.split("_")[1]
    fails(lambda: api.RevokeApiKey(access.RevokeApiKeyRequest(name=own)), CODE.FAILED_PRECONDITION, "LAST_ADMIN")
    world.user("second", roles=["admin"])
    api.DeleteUser(access.DeleteUserRequest(name="admin"))
    fails(lambda: api.WhoAmI(access.WhoAmIRequest()), CODE.UNAUTHENTICATED)
    world.api("second").access.ListUsers(access.ListUsersRequest())


def test_request_ids(admin, access):
    request = access.CreateUserRequest(user=access.User(name="ann"), request_id="r-1")
    admin.access.CreateUser(request)
    fails(lambda: admin.access.CreateUser(request), CODE.ALREADY_EXISTS, "REQUEST_ID_USED")


# ---- tiers ----

def test_tiers_from_birth_to_death(world, access):
    api = world.admin.access
    made = api.CreateTier(access.CreateTierRequest(tier=access.Tier(
        name="tiers/pro", title="Pro", models=["test"], rpcs=["Completion/*"], rank=2,
        limits=access.TierLimits(requests_per_minute=60))))
    assert made.name == "tiers/pro" and made.etag and made.limits.requests_per_minute == 60
    api.CreateTier(access.CreateTierRequest(tier=access.Tier(name="free", rank=1)))
    assert [t.name for t in api.ListTiers(access.ListTiersRequest()).tiers] == ["tiers/free", "tiers/pro"]
    changed = api.UpdateTier(access.UpdateTierRequest(
        tier=access.Tier(name="pro", tasks=["code"], etag=made.etag), update_mask="tasks,models"))
    assert list(changed.tasks) == ["code"] and not changed.models and list(changed.rpcs) == ["Completion/*"]
    fails(lambda: api.UpdateTier(access.UpdateTierRequest(tier=access.Tier(name="pro", rank=5, etag=made.etag))),
          CODE.ABORTED, "ETAG_STALE")
    world.user("ann", tier="pro")
    fails(lambda: api.DeleteTier(access.DeleteTierRequest(name="pro")), CODE.FAILED_PRECONDITION, "TIER_IN_USE")
    api.DeleteUser(access.DeleteUserRequest(name="ann"))
    api.DeleteTier(access.DeleteTierRequest(name="pro"))
    fails(lambda: api.GetTier(access.GetTierRequest(name="pro")), CODE.NOT_FOUND, "NOT_FOUND")


@pytest.mark.parametrize("fields,wrong", [
    ({"name": ""}, "tier.name"), ({"name": "a", "rpcs": ["Completion/Compleet"]}, "tier.rpcs"),
    ({"name": "a", "models": [""]}, "tier.models"), ({"name": "a", "limits": {"tokens_per_minute": -1}},
                                                     "tier.limits.tokens_per_minute"),
])
def test_create_tier_names_the_bad_field(admin, access, fields, wrong):
    failure = fails(lambda: admin.access.CreateTier(access.CreateTierRequest(tier=access.Tier(**fields))),
                    CODE.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert failure.fields == [wrong]


def test_tier_says_which_rpcs(world, access, stubs):
    world.admin.access.CreateTier(access.CreateTierRequest(tier=access.Tier(name="chat", rpcs=["Completion/*"])))
    world.user("ann", tier="chat")
    api = world.api("ann")
    assert text_of(complete(api, ask()).message)
    failure = fails(lambda: api.registry.ListModels(stubs.registry.ListModelsRequest()), CODE.PERMISSION_DENIED,
                    "RPC_FORBIDDEN")
    assert "chat" in failure.message and "ModelRegistry/ListModels" in failure.message
    assert api.access.WhoAmI(access.WhoAmIRequest()).tier == "chat"
    world.admin.access.UpdateTier(access.UpdateTierRequest(tier=access.Tier(name="chat"), update_mask="rpcs"))
    api.registry.ListModels(stubs.registry.ListModelsRequest())


# ---- keys ----

def test_keys_are_shown_once_and_revoked(world, access):
    world.user("ann")
    api = world.api("ann")
    made = api.access.CreateApiKey(access.CreateApiKeyRequest(api_key=access.ApiKey(title="laptop", scopes=["complete"])))
    assert made.api_key.user == "ann" and list(made.api_key.scopes) == ["complete"] and made.api_key.source == "api"
    second = world.served.api(made.key)
    complete(second, ask())
    listed = api.access.ListApiKeys(access.ListApiKeysRequest()).api_keys
    assert sorted(k.title for k in listed) == ["", "laptop"] and made.key not in str(listed)
    revoked = api.access.RevokeApiKey(access.RevokeApiKeyRequest(name=made.api_key.name))
    assert revoked.revoked_ms > 0
    fails(lambda: complete(second, ask()), CODE.UNAUTHENTICATED, "CREDENTIALS_INVALID")
    again = api.access.RevokeApiKey(access.RevokeApiKeyRequest(name=made.api_key.name))
    assert again.revoked_ms == revoked.revoked_ms
    complete(api, ask())


@pytest.mark.embedded  # each start has a database of its own on PostgreSQL
def test_last_use_survives_a_restart(start_sluice, access):
    config = {"access": {"anonymous": False}}
    first = start_sluice(config=config, name="kept")
    began = now_ms()
    complete(first.api(first.admin_key), ask())
    first.stop()
    second = start_sluice(config=config, name="kept")
    key, = second.api(second.admin_key).access.ListApiKeys(access.ListApiKeysRequest()).api_keys
    assert began <= key.last_used_ms <= now_ms() and key.revoked_ms == 0


def test_keys_of_all(world, access):
    for name in ("ann", "bob", "cat"):
        world.user(name)
    seen, token = {}, ""
    while True:
        page = world.admin.access.ListApiKeys(access.ListApiKeysRequest(user="*", page_size=2, page_token=token))
        seen.update({k.user: k.source for k in page.api_keys})
        token = page.next_page_token
        if not token:
            break
    assert seen == {"admin": "bootstrap", "ann": "api", "bob": "api", "cat": "api"}
    bobs = world.admin.access.ListApiKeys(access.ListApiKeysRequest(user="bob")).api_keys
    assert [k.user for k in bobs] == ["bob"]


def test_expired_key(world, access):
    world.user("ann")
    for bad in (now_ms() - 1, 1):
        fails(lambda: world.key("ann", expires_ms=bad), CODE.INVALID_ARGUMENT)
    made = world.key("ann", expires_ms=now_ms() + 60 * MINUTE)
    complete(world.served.api(made.key), ask())
    short = world.key("ann", expires_ms=now_ms() + 1100)
    api = world.served.api(short.key)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:  # its end is the event awaited
        try:
            complete(api, ask())
        except grpc.RpcError as error:
            assert error.code() == CODE.UNAUTHENTICATED and "expired" in error.details()
            return
    raise AssertionError("the key did not expire")


def test_scopes(world, access, stubs):
    world.user("ann")
    only = {scope: world.served.api(world.key("ann", scopes=[scope]).key) for scope in ("complete", "models", "admin")}
    complete(only["complete"], ask())
    fails(lambda: complete(only["models"], ask()), CODE.PERMISSION_DENIED, "SCOPE_MISSING")
    for api in only.values():
        api.registry.ListModels(stubs.registry.ListModelsRequest())
    create = access.CreateApiKeyRequest()
    fails(lambda: only["complete"].access.CreateApiKey(create), CODE.PERMISSION_DENIED, "SCOPE_MISSING")
    boss = world.served.api(world.key("admin", scopes=["complete"]).key)
    failure = fails(lambda: boss.access.ListUsers(access.ListUsersRequest()), CODE.PERMISSION_DENIED, "ROLE_MISSING")
    assert "admin" in failure.message


def test_no_escalation(world, access):
    world.user("ann")
    world.user("bob")
    ann = world.api("ann").access

    def key(api, **fields):
        return lambda: api.CreateApiKey(access.CreateApiKeyRequest(api_key=access.ApiKey(**fields)))
    fails(key(ann, scopes=["act_as"]), CODE.PERMISSION_DENIED, "SCOPE_MISSING")
    fails(key(ann, user="bob"), CODE.PERMISSION_DENIED, "ROLE_MISSING")
    fails(key(ann, user="admin"), CODE.PERMISSION_DENIED, "ROLE_MISSING")
    narrow = world.served.api(world.key("ann", scopes=["admin", "models"]).key).access
    fails(key(narrow, scopes=["complete"]), CODE.PERMISSION_DENIED, "SCOPE_MISSING")
    fails(key(narrow), CODE.PERMISSION_DENIED, "SCOPE_MISSING")
    ends = now_ms() + 60 * MINUTE
    mortal = world.served.api(world.key("ann", expires_ms=ends).key).access
    fails(key(mortal), CODE.PERMISSION_DENIED, "SCOPE_MISSING")
    fails(key(mortal, expires_ms=ends + MINUTE), CODE.PERMISSION_DENIED, "SCOPE_MISSING")
    key(mortal, expires_ms=ends - MINUTE)()
    bobs = world.admin.access.ListApiKeys(access.ListApiKeysRequest(user="bob")).api_keys[0]
    fails(lambda: ann.RevokeApiKey(access.RevokeApiKeyRequest(name=bobs.name)), CODE.NOT_FOUND, "NOT_FOUND")
    fails(lambda: ann.ListApiKeys(access.ListApiKeysRequest(user="*")), CODE.PERMISSION_DENIED, "ROLE_MISSING")
    complete(world.api("bob"), ask())


# ---- roles ----

MATRIX = {
    # RPC: (request, the roles that may)
    "WhoAmI": ({}, "admin operator auditor user"),
    "ListUsers": ({}, "admin auditor"),
    "GetUser": ({"name": "SELF"}, "admin operator auditor user"),
    "GetUser ": ({"name": "someone"}, "admin auditor"),
    "CreateUser": ({"user": {"name": "new-ROLE"}}, "admin"),
    "UpdateUser": ({"user": {"name": "someone", "title": "x"}}, "admin"),
    "DeleteUser": ({"name": "victim"}, "admin"),
    "ListTiers": ({}, "admin operator auditor"),
    "GetTier": ({"name": "gold"}, "admin operator auditor user"),
    "GetTier ": ({"name": "silver"}, "admin operator auditor"),
    "CreateTier": ({"tier": {"name": "tier-ROLE"}}, "admin"),
    "UpdateTier": ({"tier": {"name": "gold", "title": "x"}}, "admin"),
    "DeleteTier": ({"name": "spare"}, "admin"),
    "ListApiKeys": ({}, "admin operator auditor user"),
    "ListApiKeys ": ({"user": "someone"}, "admin auditor"),
    "CreateApiKey": ({}, "admin operator auditor user"),
    "CreateApiKey ": ({"api_key": {"user": "someone"}}, "admin"),
    "RevokeApiKey": ({"name": "KEY"}, "admin"),
    "GetPreferences": ({}, "admin operator auditor user"),
    "GetPreferences ": ({"user": "someone"}, "admin"),
    "UpdatePreferences": ({"preferences": {"priority": "cost"}}, "admin operator auditor user"),
    "UpdatePreferences ": ({"user": "someone", "preferences": {"priority": "cost"}}, "admin"),
    "ListAuditEvents": ({}, "admin auditor"),
    "VerifyAudit": ({}, "admin auditor"),
}
ROLES = ("admin", "operator", "auditor", "user")


@pytest.fixture
def staff(world, access):
    for name in ("gold", "silver", "spare"):
        world.admin.access.CreateTier(access.CreateTierRequest(tier=access.Tier(name=name)))
    for role in ROLES:
        world.user("the-" + role, roles=[role], tier="gold")
    world.someone = world.user("someone")
    world.user("victim", key=False)
    return world


def filled(value, role, key):
    if isinstance(value, dict):
        return {k: filled(v, role, key) for k, v in value.items()}
    return value.replace("SELF", "the-" + role).replace("ROLE", role).replace("KEY", key)


def test_roles(staff, access):
    for rpc, (fields, may) in MATRIX.items():
        name = rpc.strip()
        for role in reversed(ROLES):
            request = getattr(access, name + "Request")(**filled(fields, role, staff.someone.api_key.name))
            api = staff.api("the-" + role).access

            def call(api=api, name=name, request=request):
                return getattr(api, name)(request)
            if role in may.split():
                call()
            else:
                failure = fails(call, (CODE.PERMISSION_DENIED, CODE.NOT_FOUND))
                assert failure.reason in ("ROLE_MISSING", "NOT_FOUND"), (rpc, role, str(failure))


def test_without_a_key_nothing_works(served, access):
    api = served.api().access
    for rpc in {name.strip() for name in MATRIX}:
        fails(lambda: getattr(api, rpc)(getattr(access, rpc + "Request")()), CODE.UNAUTHENTICATED, "CREDENTIALS_MISSING")


# ---- acting for end users ----

def as_user(name, tier=None):
    return [("sluice-user", name)] + ([("sluice-tier", tier)] if tier else [])


@pytest.fixture
def backend(world, access):
    api = world.admin.access
    for rank, name in enumerate(("free", "pro", "max")):
        api.CreateTier(access.CreateTierRequest(tier=access.Tier(name=name, rank=rank)))
    world.user("backend", tier="pro")
    world.user("rich", tier="max", roles=["admin"])
    world.backend = world.served.api(world.key("backend", scopes=["complete", "models", "admin", "act_as"]).key)
    return world


def test_acting(backend, access):
    me = backend.backend.access.WhoAmI(access.WhoAmIRequest(), metadata=as_user("end-user", "free"))
    assert (me.name, me.tier, me.acting, list(me.roles)) == ("end-user", "free", "backend", ["user"])
    assert "act_as" not in me.scopes
    me = backend.backend.access.WhoAmI(access.WhoAmIRequest(), metadata=as_user("rich"))
    assert (me.name, me.tier, me.acting, list(me.roles)) == ("rich", "max", "backend", ["user"])
    complete(backend.backend, ask(), metadata=as_user("end-user"))
    line = backend.served.wait_log(lambda line: line.get("method") == "/sluice.v1.Completion/Complete")
    assert line["principal"].endswith("#end-user") and line["acting"]


def test_acting_beyond_its_rights(backend, access):
    api = backend.backend
    who = access.WhoAmIRequest()

    def acting(metadata, code, reason, api=api):
        return fails(lambda: api.access.WhoAmI(who, metadata=metadata), code, reason)
    acting(as_user("end-user", "max"), CODE.PERMISSION_DENIED, "ACT_AS_FORBIDDEN")
    acting(as_user("end user"), CODE.INVALID_ARGUMENT, "INVALID_REQUEST")
    acting(as_user("rich", "free"), CODE.INVALID_ARGUMENT, "INVALID_REQUEST")
    acting([("sluice-tier", "free")], CODE.INVALID_ARGUMENT, "INVALID_REQUEST")
    acting(as_user("end-user"), CODE.PERMISSION_DENIED, "ACT_AS_FORBIDDEN", backend.api("rich"))
    # the user is an administrator, the key's is not
    fails(lambda: api.access.ListUsers(access.ListUsersRequest(), metadata=as_user("rich")), CODE.PERMISSION_DENIED,
          "ROLE_MISSING")
    fails(lambda: api.access.CreateApiKey(access.CreateApiKeyRequest(), metadata=as_user("rich")),
          CODE.PERMISSION_DENIED, "ACT_AS_FORBIDDEN")
    backend.admin.access.UpdateUser(access.UpdateUserRequest(user=access.User(name="rich", disabled=True)))
    acting(as_user("rich"), CODE.PERMISSION_DENIED, "ACT_AS_FORBIDDEN")


def test_acting_by_a_key_of_the_configuration(start_sluice, access, monkeypatch):
    served = start_sluice(config={"access": {"anonymous": False, "keys": [
        {"name": "backend", "key": "env:BACKEND_TEST_KEY", "scopes": ["complete", "act_as"], "tier": "pro"}]}},
        env={"BACKEND_TEST_KEY": "sl-test-backend-0123456789"})
    api = served.api("sl-test-backend-0123456789")
    keys = served.api(served.admin_key).access
    keys.CreateTier(access.CreateTierRequest(tier=access.Tier(name="pro")))
    fails(lambda: keys.DeleteTier(access.DeleteTierRequest(name="pro")), CODE.FAILED_PRECONDITION, "TIER_IN_USE")
    listed = keys.ListApiKeys(access.ListApiKeysRequest(user="*")).api_keys
    assert [(k.user, k.source) for k in listed] == [("admin", "bootstrap"), ("backend", "config")]
    fails(lambda: keys.RevokeApiKey(access.RevokeApiKeyRequest(name=listed[1].name)), CODE.FAILED_PRECONDITION,
          "NOT_PERMITTED")
    me = api.access.WhoAmI(access.WhoAmIRequest(), metadata=as_user("ann"))
    assert (me.id, me.acting) == ("backend#ann", "backend")


# ---- preferences ----

def test_preferences(world, access):
    world.user("ann")
    api = world.api("ann").access
    assert api.GetPreferences(access.GetPreferencesRequest()) == access.Preferences()
    one = api.UpdatePreferences(access.UpdatePreferencesRequest(preferences=access.Preferences(
        task_models={"code": "models/other"}, favourite_models=["test"], priority="speed", cost_ceiling_nanos=5)))
    assert one.task_models == {"code": "models/other"} and one.etag
    two = api.UpdatePreferences(access.UpdatePreferencesRequest(
        preferences=access.Preferences(hidden_models=["other"], etag=one.etag), update_mask="hidden_models,priority"))
    assert list(two.hidden_models) == ["other"] and two.priority == "" and two.cost_ceiling_nanos == 5
    assert api.GetPreferences(access.GetPreferencesRequest()) == two
    assert world.admin.access.GetPreferences(access.GetPreferencesRequest(user="ann")) == two
    fails(lambda: api.UpdatePreferences(access.UpdatePreferencesRequest(
        preferences=access.Preferences(priority="cost", etag=one.etag))), CODE.ABORTED, "ETAG_STALE")


@pytest.mark.parametrize("fields,wrong", [
    ({"priority": "beauty"}, "preferences.priority"), ({"cost_ceiling_nanos": -1}, "preferences.cost_ceiling_nanos"),
    ({"hidden_models": ["nothing"]}, "preferences.hidden_models"), ({"task_models": {"a b": "test"}}, "preferences.task_models"),
])
def test_preferences_name_the_bad_field(admin, access, fields, wrong):
    failure = fails(lambda: admin.access.UpdatePreferences(access.UpdatePreferencesRequest(
        preferences=access.Preferences(**fields))), CODE.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert failure.fields == [wrong]
    failure = fails(lambda: admin.access.UpdatePreferences(access.UpdatePreferencesRequest(update_mask="colour")),
                    CODE.INVALID_ARGUMENT)
    assert failure.fields == ["update_mask"]


# ---- the audit log ----

def events(api, access, filter="", **kw):
    return list(api.access.ListAuditEvents(access.ListAuditEventsRequest(filter=filter, **kw)).events)


def test_audit(world, access):
    world.user("ann", title="Ann")
    world.admin.access.UpdateUser(access.UpdateUserRequest(user=access.User(name="ann", title="Anna")))
    found = events(world.admin, access, 'resource = users AND resource_name = "ann"')
    assert [e.action for e in found] == ["update", "insert"]
    update = found[0]
    assert update.actor == "admin" and update.peer and update.resource == "users" and update.hash
    assert json.loads(update.before_json)["display_name"] == "Ann"
    assert json.loads(update.after_json)["display_name"] == "Anna"
    assert [e.sequence for e in events(world.admin, access)] == sorted((e.sequence for e in events(world.admin, access)),
                                                                       reverse=True)
    assert world.keys["ann"] not in str(events(world.admin, access))
    assert events(world.admin, access, "actor = nobody") == []
    assert events(world.admin, access, "action != insert AND actor = admin")[0].action == "update"
    assert len(events(world.admin, access, "time > 2020-01-01")) == len(events(world.admin, access))
    assert events(world.admin, access, "time < 2020-01-01") == []
    page = world.admin.access.ListAuditEvents(access.ListAuditEventsRequest(page_size=1))
    rest = world.admin.access.ListAuditEvents(access.ListAuditEventsRequest(page_token=page.next_page_token))
    assert rest.events[0].sequence == page.events[0].sequence - 1


@pytest.mark.parametrize("text", ["colour = red", "actor", "actor =", "actor = a OR actor = b", 'actor = "a', "time = 5", "time > x"])
def test_audit_filter_says_what_is_wrong(admin, access, text):
    failure = fails(lambda: events(admin, access, text), CODE.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert failure.fields == ["filter"] and "at character" in failure.message


def test_audit_is_verified(world, access):
    world.user("ann")
    world.user("bob")
    report = world.admin.access.VerifyAudit(access.VerifyAuditRequest())
    newest = events(world.admin, access, page_size=1)[0]
    assert report.intact and report.events == newest.sequence and report.last_hash == newest.hash
    assert report.first_broken == 0


@pytest.mark.embedded
def test_audit_tells_of_tampering(start_sluice, access, tmp_path):
    config = {"data_dir": str(tmp_path / "data"), "access": {"anonymous": False}}
    first = start_sluice(config=config)
    world = World(first, access)
    world.user("ann")
    sequence = events(world.admin, access, "resource = users AND resource_name = ann")[0].sequence
    first.stop()
    database = sqlite3.connect(str(tmp_path / "data" / "sluice.db"))
    for trigger, in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_log'").fetchall():
        database.execute("DROP TRIGGER " + trigger)
    assert database.execute("UPDATE audit_log SET actor = 'somebody' WHERE seq = ?", (sequence,)).rowcount == 1
    database.commit()
    database.close()
    second = start_sluice(config=config)
    report = second.api(second.admin_key).access.VerifyAudit(access.VerifyAuditRequest())
    assert not report.intact and report.first_broken == sequence
