"""Mistral's FIM completions: the request of completions on another path; the answer has the form of chat completions."""
from formats.completions import Completions


class FimCompletions(Completions):
    apis = ("fim_completions",)
    api = "fim_completions"
    suffix = "/fim/completions"
