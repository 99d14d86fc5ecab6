"""MiniMax's API before the OpenAI-shaped one: chat completions at another address. README.md lists the rules."""
from formats.chat_completions import ChatCompletions


class ChatCompletionV2(ChatCompletions):
    apis = ("chatcompletion_v2",)
    api = "chatcompletion_v2"
    suffix = "/text/chatcompletion_v2"
