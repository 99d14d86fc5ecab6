"""The wire formats that the runner knows: a new one is one line here."""
from formats.api_chat import ApiChat
from formats.api_embed import ApiEmbed
from formats.api_generate import ApiGenerate
from formats.chat_completions import ChatCompletions
from formats.chatcompletion_v2 import ChatCompletionV2
from formats.cohere_embed import CohereEmbed
from formats.completions import Completions
from formats.converse import Converse
from formats.converse_stream import ConverseStream
from formats.count_tokens import CountTokens, CountTokensGemini
from formats.embed_content import EmbedContent
from formats.embeddings import Embeddings
from formats.feature_extraction import FeatureExtraction
from formats.fim_completions import FimCompletions
from formats.generate_content import GenerateContent
from formats.images_generations import ImagesGenerations
from formats.invoke import Invoke
from formats.invoke_stream import InvokeStream
from formats.messages import Messages
from formats.models import Models
from formats.moderations import Moderations
from formats.rerank import Rerank
from formats.responses import Responses
from formats.text_generation import TextGeneration
from formats.v1_chat import V1Chat
from formats.v2_chat import V2Chat

FORMATS = [ApiChat(), ApiEmbed("api_embed"), ApiEmbed("api_embeddings"), ApiGenerate(), ChatCompletionV2(),
           ChatCompletions(), CohereEmbed("v1_embed"), CohereEmbed("v2_embed"), Completions(), Converse(),
           ConverseStream(), CountTokens(), CountTokensGemini(), EmbedContent("batchEmbedContents"),
           EmbedContent("embedContent"), Embeddings(), FeatureExtraction(), FimCompletions(), GenerateContent(),
           ImagesGenerations(), Invoke(), InvokeStream(), Messages(), Models(), Moderations(), Rerank("rerank"),
           Rerank("v1_rerank"), Rerank("v2_rerank"), Responses(), TextGeneration(), V1Chat(), V2Chat()]
BY_API = {api: form for form in FORMATS for api in form.apis}
