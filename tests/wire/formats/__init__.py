"""The wire formats that the runner knows: a new one is one line here."""
from formats.chat_completions import ChatCompletions
from formats.generate_content import GenerateContent
from formats.messages import Messages

FORMATS = [ChatCompletions(), GenerateContent(), Messages()]
BY_API = {api: form for form in FORMATS for api in form.apis}
