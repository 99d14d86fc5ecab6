"""Bedrock's ConverseStream: Converse's requests, answered by an AWS event stream."""
from formats.converse import Converse


class ConverseStream(Converse):
    apis = ("converse_stream",)
