"""SIGHUP takes up a changed configuration; a bad one changes nothing."""
import grpc
from helpers import Background, ask, complete, fails, stream

from conftest import entry, model_list
from sluiced import merge

NOT_FOUND = grpc.StatusCode.NOT_FOUND


def test_models_added_and_removed(start_sluice, provider):
    sluice = start_sluice(models={"old": "old-id", "kept": "kept-id"})
    api = sluice.api()
    fails(lambda: complete(api, ask(model="new")), NOT_FOUND, "MODEL_NOT_FOUND")
    provider.script("old-id", "text", text="still here", gate="go")
    running = Background(stream, api, ask(model="old"))
    provider.wait_requests(1)
    sluice.reload(merge(sluice.config, {"models": model_list({"kept": "kept-id", "new": "new-id"}), "default_model": "kept"}))
    complete(api, ask(model="new"))
    complete(api, ask(model="kept"))
    fails(lambda: complete(api, ask(model="old")), NOT_FOUND, "MODEL_NOT_FOUND")
    provider.gate("go").open()
    assert running.result().text == "still here"  # the call that ran goes on with what it began with


def test_provider_moves(start_sluice, provider):
    from scripted_provider import ScriptedProvider
    sluice = start_sluice()
    api = sluice.api()
    complete(api, ask())
    other = ScriptedProvider()
    try:
        sluice.reload(merge(sluice.config, {"providers": [entry(other)]}))
        complete(api, ask())
        assert (len(provider.requests), len(other.requests)) == (1, 1)
    finally:
        other.close()


def test_a_bad_configuration_changes_nothing(start_sluice):
    sluice = start_sluice()
    api = sluice.api()
    good = sluice.config
    for change in ({"nonsense": 1}, {"log": {"level": "loud"}}, {"models": [{"name": "x", "provider": "nobody"}]}):
        line = sluice.reload(merge(good, change))
        assert line["level"] == "error", line
        complete(api, ask())
    sluice.config_path.write_text("server: [unclosed")
    assert sluice.reload()["level"] == "error"
    complete(api, ask())
    sluice.reload(merge(good, {"models": model_list({"test": "test", "more": "more"})}))
    complete(api, ask(model="more"))


def test_keys_are_taken_up(start_sluice):
    key = "sl_test_reload_0123456789abcdef0"
    sluice = start_sluice(env={"LATER_KEY": key}, config={"access": {"anonymous": False}})
    api = sluice.api(key)
    fails(lambda: complete(api, ask()), grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")
    sluice.reload(merge(sluice.config, {"access": {"keys": [{"name": "later", "key": "env:LATER_KEY"}]}}))
    complete(api, ask())
    sluice.reload(merge(sluice.config, {"access": {"keys": []}}))
    fails(lambda: complete(api, ask()), grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")


def test_many_reloads_under_load(start_sluice):
    sluice = start_sluice()
    api = sluice.api()
    stop = []

    def load():
        count = 0
        while not stop:
            stream(api, ask())
            count += 1
        return count

    workers = [Background(load) for _ in range(4)]
    for number in range(20):
        sluice.reload(merge(sluice.config, {"models": model_list({"test": "test", "extra-%d" % number: "x"})}))
    stop.append(True)
    assert all(w.result(30) > 0 for w in workers)
    middle = sluice.descriptors()
    for number in range(20):
        sluice.reload(merge(sluice.config, {"models": model_list({"test": "test", "other-%d" % number: "x"})}))
        complete(api, ask())
    assert sluice.descriptors() <= middle + 4


def test_a_call_outlives_the_key_it_came_with(start_sluice, provider):
    """The principal of a running call stays what it was, whatever a reload does to the keys."""
    key = "sl_test_outlives_0123456789abcdef"
    sluice = start_sluice(env={"GONE_KEY": key}, config={"access": {"anonymous": False, "keys": [{"name": "gone", "key": "env:GONE_KEY"}]}})
    provider.script("test", "text", text="still here", gate="go")
    running = Background(stream, sluice.api(key), ask())
    provider.wait_requests(1)
    sluice.reload(merge(sluice.config, {"access": {"anonymous": True, "keys": []}}))
    fails(lambda: complete(sluice.api(key), ask()), grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")
    provider.gate("go").open()
    assert running.result().text == "still here"
    assert sluice.wait_log(lambda line: line.get("principal") == "gone" and line.get("status") == "OK")


def test_a_setting_that_needs_a_restart_is_named(start_sluice):
    sluice = start_sluice()
    sluice.reload(merge(sluice.config, {"server": {"max_concurrent_streams": 77}}))
    assert sluice.wait_log(lambda line: line.get("setting") == "server.max_concurrent_streams")["level"] == "warn"
