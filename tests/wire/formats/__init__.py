"""The wire formats that the runner knows: a new one is one line here."""
from formats.api_chat import ApiChat
from formats.api_generate import ApiGenerate
from formats.chat_completions import ChatCompletions
from formats.chatcompletion_v2 import ChatCompletionV2
from formats.completions import Completions
from formats.converse import Converse
from formats.converse_stream import ConverseStream
from formats.fim_completions import FimCompletions
from formats.generate_content import GenerateContent
from formats.invoke import Invoke
from formats.invoke_stream import InvokeStream
from formats.messages import Messages
from formats.responses import Responses
from formats.text_generation import TextGeneration
from formats.v1_chat import V1Chat
from formats.v2_chat import V2Chat

FORMATS = [ApiChat(), ApiGenerate(), ChatCompletions(), ChatCompletionV2(), Completions(), Converse(), ConverseStream(), FimCompletions(),
           GenerateContent(), Invoke(), InvokeStream(), Messages(), Responses(), TextGeneration(), V1Chat(),
           V2Chat()]
BY_API = {api: form for form in FORMATS for api in form.apis}
