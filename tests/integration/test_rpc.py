"""What generic gRPC tools rely on: unknown methods, reflection, health."""
import threading
import time

import grpc
import pytest
import stubs
from env import slack
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from helpers import Background, ask, complete, stream



def of_the_protos(*modules):
    """{service: its methods} as the protos have them: all of them are served."""
    return {service.full_name: {method.name for method in service.methods}
            for module in modules for service in module.DESCRIPTOR.services_by_name.values()}


SERVICES = {**of_the_protos(*stubs.load().served),
            "grpc.health.v1.Health": {"Check", "Watch"},
            "grpc.reflection.v1.ServerReflection": {"ServerReflectionInfo"},
            "grpc.reflection.v1alpha.ServerReflection": {"ServerReflectionInfo"}}


def identity(data):
    return data


@pytest.mark.parametrize("path", ["/sluice.v1.Completion/Nope", "/no.such.Service/Method", "/x", "/sluice.v1.Completion/complete"])
@pytest.mark.parametrize("kind", ["unary", "server stream", "bidirectional"])
def test_unknown_method_is_answered_promptly(sluice, path, kind):
    channel = sluice.channel()
    grpc.channel_ready_future(channel).result(10)
    start = time.monotonic()
    with pytest.raises(grpc.RpcError) as error:
        if kind == "unary":
            channel.unary_unary(path, identity, identity)(b"", timeout=10)
        elif kind == "server stream":
            list(channel.unary_stream(path, identity, identity)(b"", timeout=10))
        else:
            list(channel.stream_stream(path, identity, identity)(iter([b"", b""]), timeout=10))
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert time.monotonic() - start < slack(0.5, 2.0)


def test_many_unknown_methods_beside_real_calls(sluice):
    channel = sluice.channel()
    nope = channel.unary_unary("/sluice.v1.Completion/Nope", identity, identity)
    calls = [nope.future(b"", timeout=20) for _ in range(300)]
    api = sluice.api()
    for _ in range(20):
        complete(api, ask())
    assert {c.code() for c in calls} == {grpc.StatusCode.UNIMPLEMENTED}


def test_reflection_v1alpha(sluice):
    """With Python's own reflection client, as grpcurl does it."""
    database = ProtoReflectionDescriptorDatabase(sluice.channel())
    assert set(database.get_services()) == set(SERVICES)
    pool = descriptor_pool.DescriptorPool(database)
    for service, methods in SERVICES.items():
        found = pool.FindServiceByName(service)
        assert {m.name for m in found.methods} == methods
        for method in found.methods:
            assert method.input_type.full_name and method.output_type.full_name
    request = pool.FindMessageTypeByName("sluice.v1.CompleteRequest")
    assert request.fields_by_name["temperature"].has_presence
    assert pool.FindMethodByName("sluice.v1.Completion.StreamComplete").server_streaming
    assert pool.FindMessageTypeByName("sluice.v1.FailureInfo")


class ReflectionV1:
    def __init__(self, channel, stubs):
        self.kind = stubs.reflection.ServerReflectionRequest
        self.stub = stubs.reflection_grpc.ServerReflectionStub(channel)
        # generated from a copy below another folder: the path is the same
        self.call = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                                          self.kind.SerializeToString, stubs.reflection.ServerReflectionResponse.FromString)

    def ask(self, **fields):
        return self.ask_all([self.kind(**fields)])[0]

    def ask_all(self, requests):
        return list(self.call(iter(requests), timeout=10))


def test_reflection_v1(sluice, stubs):
    client = ReflectionV1(sluice.channel(), stubs)
    listed = client.ask(list_services="*").list_services_response.service
    assert {s.name for s in listed} == set(SERVICES)
    pool = descriptor_pool.DescriptorPool()
    added = set()

    def add(files):
        for data in files:
            file = descriptor_pb2.FileDescriptorProto.FromString(data)
            if file.name in added:
                continue
            added.add(file.name)
            for dependency in file.dependency:
                add(client.ask(file_by_filename=dependency).file_descriptor_response.file_descriptor_proto)
            pool.Add(file)

    for service, methods in SERVICES.items():
        answer = client.ask(file_containing_symbol=service)
        assert answer.original_request.file_containing_symbol == service
        add(answer.file_descriptor_response.file_descriptor_proto)
        assert {m.name for m in pool.FindServiceByName(service).methods} == methods
    for symbol in ("sluice.v1.CompleteRequest", "sluice.v1.Completion.Complete", "sluice.v1.Role", "google.rpc.Status",
                   "sluice.v1.FailureInfo", "google.rpc.ErrorInfo"):
        assert client.ask(file_containing_symbol=symbol).HasField("file_descriptor_response"), symbol


def test_reflection_errors_are_answers(sluice, stubs):
    """What is not there is an error_response; the stream goes on."""
    client = ReflectionV1(sluice.channel(), stubs)
    kind = client.kind
    answers = client.ask_all([kind(file_containing_symbol="no.Such"), kind(file_by_filename="no/such.proto"), kind(),
                              kind(file_by_filename="sluice/v1/chat.proto"), kind(list_services="")])
    assert len(answers) == 5
    assert [a.HasField("error_response") for a in answers] == [True, True, True, False, False]
    assert answers[0].error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


@pytest.mark.parametrize("service", ["", *SERVICES])
def test_health_check(sluice, service):
    answer = sluice.api().health.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_health_check_of_an_unknown_service(sluice):
    with pytest.raises(grpc.RpcError) as error:
        sluice.api().health.Check(health_pb2.HealthCheckRequest(service="no.Such"), timeout=10)
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


class Watcher:
    """Collects what a health watch says."""

    def __init__(self, channel, service):
        self.statuses = []
        self.more = threading.Condition()
        self.call = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=service))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        try:
            for answer in self.call:
                with self.more:
                    self.statuses.append(answer.status)
                    self.more.notify_all()
        except grpc.RpcError:
            pass

    def wait(self, statuses, timeout=10):
        with self.more:
            assert self.more.wait_for(lambda: self.statuses == statuses, timeout), self.statuses


SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


def test_health_watch_through_a_drain(start_sluice, provider):
    """Every service goes to NOT_SERVING while calls are still served."""
    sluice = start_sluice(config={"drain": {"announce": "1s", "deadline": "5s"}})
    channel = sluice.channel()
    watchers = [Watcher(channel, service) for service in ("", *SERVICES)]
    unknown = Watcher(channel, "no.Such")
    for watcher in watchers:
        watcher.wait([SERVING])
    unknown.wait([SERVICE_UNKNOWN])
    sluice.terminate()
    for watcher in watchers:
        watcher.wait([SERVING, NOT_SERVING])
    api = sluice.api()
    assert api.health.Check(health_pb2.HealthCheckRequest(), timeout=10).status == NOT_SERVING
    complete(api, ask())
    assert sluice.wait(20) == 0


def test_health_watch_is_cheap_to_leave(sluice):
    channel = sluice.channel()
    for _ in range(100):
        watcher = Watcher(channel, "")
        watcher.wait([SERVING])
        watcher.call.cancel()
    complete(sluice.api(), ask())


# ---- request ids ----

def test_request_id_is_used_once(sluice, provider):
    from helpers import fails
    api = sluice.api()
    complete(api, ask(request_id="order-66"))
    for again in (complete, stream):
        fails(lambda: again(api, ask(request_id="order-66")), grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_USED")
    complete(api, ask(request_id="order-67"))
    complete(api, ask())
    assert len(provider.requests) == 3


def test_request_id_while_the_first_still_runs(sluice, provider):
    from helpers import fails
    provider.default("text", gate="go", gate_after=0)
    api = sluice.api()
    first = Background(stream, api, ask(request_id="once"))
    provider.wait_requests(1)
    fails(lambda: complete(api, ask(request_id="once")), grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_USED")
    provider.gate("go").open()
    first.result()
    assert len(provider.requests) == 1


def test_request_id_belongs_to_its_caller(start_sluice):
    keys = {"ONE_KEY": "sl_test_one_0123456789abcdef000", "TWO_KEY": "sl_test_two_0123456789abcdef000"}
    sluice = start_sluice(env=keys, config={"access": {"anonymous": False, "keys": [
        {"name": "one", "key": "env:ONE_KEY"}, {"name": "two", "key": "env:TWO_KEY"}]}})
    for key in keys.values():
        complete(sluice.api(key), ask(request_id="same"))


def test_a_burst_of_the_same_request_id_runs_once(sluice, provider):
    api = sluice.api()
    calls = [api.completion.Complete.future(ask(request_id="burst"), timeout=20) for _ in range(50)]
    codes = [c.code() for c in calls]
    assert codes.count(grpc.StatusCode.OK) == 1 and codes.count(grpc.StatusCode.ALREADY_EXISTS) == 49
    assert len(provider.requests) == 1
