"""Guessing at keys gets slow, and good keys do not."""
import grpc
import pytest
from helpers import ask, complete, fails

CHOSEN = "a text that somebody chose"


@pytest.fixture
def guessed(start_sluice):
    """A service that was guessed at from this machine until it had enough of it."""
    sluice = start_sluice(env={"CHOSEN_KEY": CHOSEN, "OTHER_KEY": "another one, never used"}, config={"access": {
        "anonymous": False, "keys": [{"name": "chosen", "key": "env:CHOSEN_KEY"}, {"name": "other", "key": "env:OTHER_KEY"}]}})
    complete(sluice.api(CHOSEN), ask())
    for i in range(40):
        failure = refusal(sluice, "guess number %d" % i)
        if failure.code == grpc.StatusCode.RESOURCE_EXHAUSTED:
            return sluice
    raise AssertionError("nobody minds being guessed at")


def refusal(sluice, key):
    return fails(lambda: complete(sluice.api(key), ask()), {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.RESOURCE_EXHAUSTED},
                 {"CREDENTIALS_INVALID", "TOO_MANY_FAILURES"})


def test_guesses_are_not_looked_at_any_more(guessed, provider):
    before = len(provider.requests)
    failure = fails(lambda: complete(guessed.api("one more guess"), ask()), grpc.StatusCode.RESOURCE_EXHAUSTED,
                    "TOO_MANY_FAILURES")
    assert failure.retry and 0 <= failure.retry.retry_delay.seconds <= 60
    assert len(provider.requests) == before
    assert any("many wrong credentials" in line["msg"] for line in guessed.log)
    assert "guess number" not in guessed.stderr()


def test_good_keys_do_not_wait(guessed):
    complete(guessed.api(guessed.admin_key), ask())
    complete(guessed.api(CHOSEN), ask())


def test_a_random_key_is_told_the_truth(guessed):
    key = guessed.admin_key
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    fails(lambda: complete(guessed.api(wrong), ask()), grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")


def test_a_few_mistakes_cost_nothing(start_sluice):
    sluice = start_sluice(env={"CHOSEN_KEY": CHOSEN}, config={"access": {
        "anonymous": False, "keys": [{"name": "chosen", "key": "env:CHOSEN_KEY"}]}})
    for _ in range(10):
        fails(lambda: complete(sluice.api("not the right one"), ask()), grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")
    complete(sluice.api(CHOSEN), ask())
