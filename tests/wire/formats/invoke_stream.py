"""Bedrock's InvokeModelWithResponseStream: InvokeModel's requests, answered by an AWS event stream."""
from formats.invoke import Invoke


class InvokeStream(Invoke):
    apis = ("invoke_stream",)
