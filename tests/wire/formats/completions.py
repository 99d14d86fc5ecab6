"""Completions, the API before chat, and Mistral's FIM completions: the prompt is the one text of one user message."""
import copy
import json

from formats.chat_completions import ChatCompletions, Translator as ChatTranslator, canonical_message
from formats.format import Format

NUMBERS = {"max_tokens": "max_output_tokens", "temperature": "temperature", "top_p": "top_p",
           "frequency_penalty": "frequency_penalty", "presence_penalty": "presence_penalty", "seed": "seed"}
TOP_K = {"custom", "vllm"}
END_USER = {"openai", "azure", "custom", "vllm"}
NO_PENALTIES = {"mistral"}
SEED = {"mistral": "random_seed"}


def translate(stubs, kind, body):
    left = dict(body)
    request = stubs.completion.CompleteRequest()
    for key in ("model", "stream"):
        left.pop(key, None)
    messages = left.pop("messages", None)
    if messages is not None:
        for index, message in enumerate(messages):
            request.messages.append(ChatTranslator(stubs, kind).message(message, "messages[%d]" % index))
    else:
        part = request.messages.add(role=stubs.chat.ROLE_USER).parts.add()
        part.text = left.pop("prompt") if isinstance(left.get("prompt"), str) else ""
    numbers(request, left, kind)
    options = left.pop("stream_options", None) or {}
    options.pop("include_usage", None)
    if options:
        left["stream_options"] = options
    if left:
        request.provider_options_json = json.dumps(left, ensure_ascii=False)
    return request


def numbers(request, left, kind):
    names = dict(NUMBERS)
    if kind in TOP_K:
        names["top_k"] = "top_k"
    if kind in NO_PENALTIES:
        del names["frequency_penalty"], names["presence_penalty"]
    if kind in SEED:
        names[SEED[kind]] = names.pop("seed")
    for key, field in names.items():
        value = left.pop(key, None)
        if value is not None:
            setattr(request, field, value)
    logprobs = left.pop("logprobs", None)
    if logprobs is not None:
        request.top_logprobs = logprobs
    stop = left.pop("stop", None)
    if stop is not None:
        request.stop.extend([stop] if isinstance(stop, str) else stop)
    if kind in END_USER and left.get("user"):
        request.end_user = left.pop("user")


def canonical(body, case):
    out = {k: v for k, v in copy.deepcopy(body).items() if v is not None}
    # where an answer was streamed it was asked for, though a recorder may have left that out
    out["stream"] = bool(out.get("stream")) or case.stream
    if isinstance(out.get("stop"), str):
        out["stop"] = [out["stop"]]
    if "messages" in out:
        out["messages"] = [canonical_message(m, "openai") for m in out["messages"]]
    options = out.pop("stream_options", None) or {}
    options.pop("include_usage", None)
    if options:
        out["stream_options"] = options
    return out


class Completions(Format):
    apis = ("completions",)
    api = "completions"
    suffix = "/completions"
    simple_body = {"prompt": "Hello"}
    key_headers = {"azure": "api-key"}

    def request(self, stubs, case, body):
        version = self.query(case).get("api-version") if case.kind == "azure" else None
        return translate(stubs, case.kind, body), {"api_version": version} if version else {}

    def canonical(self, body, case):
        return canonical(body, case)

    def usage(self, wanted):
        return ChatCompletions().usage(wanted)
