"""Python stubs, generated from proto/ into a temporary folder when the tests start."""
import atexit
import importlib
import shutil
import sys
import tempfile
import types

from env import PROTO

_made = None


def load():
    """The generated modules: chat, completion, completion_grpc, registry (with what maintenance.proto, model.proto and
    provider.proto hold),
    registry_grpc, access, access_grpc, status, errors, reflection, reflection_grpc (v1; v1alpha and health come from
    grpcio's own packages); served: all of sluice.v1."""
    global _made
    if _made:
        return _made
    import grpc_tools
    from grpc_tools import protoc
    folder = tempfile.mkdtemp(prefix="sluice-stubs-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    well_known = grpc_tools.__path__[0] + "/_proto"
    jobs = [
        # (include, files)
        (PROTO, sorted(str(p.relative_to(PROTO)) for p in (PROTO / "sluice").rglob("*.proto"))
         + ["google/rpc/status.proto", "google/rpc/error_details.proto"]),
        # below proto/grpc, so that the module is not called grpc.*, which is grpcio's name
        (PROTO / "grpc", ["reflection/v1/reflection.proto"]),
    ]
    for include, files in jobs:
        code = protoc.main(["protoc", "-I", str(include), "-I", well_known, "--python_out=" + folder,
                            "--grpc_python_out=" + folder, *files])
        if code:
            raise RuntimeError("protoc failed for " + " ".join(files))
    sys.path.insert(0, folder)
    import google
    if folder + "/google" not in list(google.__path__):
        google.__path__.append(folder + "/google")
    modules = {"access": "sluice.v1.access_pb2", "access_grpc": "sluice.v1.access_pb2_grpc",
               "chat": "sluice.v1.chat_pb2", "completion": "sluice.v1.completion_pb2",
               "completion_grpc": "sluice.v1.completion_pb2_grpc",
               "registry_grpc": "sluice.v1.model_registry_pb2_grpc", "status": "google.rpc.status_pb2",
               "errors": "google.rpc.error_details_pb2", "reflection": "reflection.v1.reflection_pb2",
               "reflection_grpc": "reflection.v1.reflection_pb2_grpc"}
    _made = types.SimpleNamespace(**{name: importlib.import_module(path) for name, path in modules.items()})
    registry = [importlib.import_module("sluice.v1.%s_pb2" % name) for name in ("maintenance", "provider", "model", "model_registry")]
    _made.registry = types.SimpleNamespace(**{k: v for module in registry for k, v in vars(module).items()})
    _made.served = [importlib.import_module("sluice.v1.%s_pb2" % path.stem)
                    for path in sorted((PROTO / "sluice" / "v1").glob("*.proto"))]
    return _made
