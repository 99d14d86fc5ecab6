/* micro_adapters [SECONDS]: what one event of a provider's stream costs before anything is sent: framing, parsing,
 * translation and packing, for every adapter that has a sample stream here. Prints CPU time in microseconds per event. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/adapters.h"
#include "base/alloc.h"
#include "upstream/framing.h"

enum { PIECES = 1000, CAP = 1 << 20 };

/* A stream as the provider writes it: first, PIECES times piece, last. Shapes:
 * https://platform.openai.com/docs/api-reference/chat-streaming */
struct sample {
    const char *const *adapters; /* NULL-terminated */
    enum sl_framer_kind framing;
    const char *first, *piece, *last;
};

#define CC_HEAD                                                                                    \
    "data: "                                                                                       \
    "{\"id\":\"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG\",\"object\":\"chat.completion.chunk\","     \
    "\"created\":"                                                                                 \
    "1760000000,\"model\":\"gpt-4.1-nano-2025-04-14\",\"service_tier\":\"default\",\"system_"      \
    "fingerprint\":"                                                                               \
    "\"fp_f12167b370\","

static const struct sample samples[] = {
    {
        .adapters = (const char *const[]){"azure",       "cerebras",    "custom",    "dashscope",
                                          "deepinfra",   "deepseek",    "fireworks", "groq",
                                          "huggingface", "lmstudio",    "minimax",   "mistral",
                                          "moonshot",    "nvidia",      "openai",    "openrouter",
                                          "perplexity",  "siliconflow", "together",  "vllm",
                                          "xai",         "zhipu",       NULL},
        .framing = SL_FRAMER_SSE,
        .first = CC_HEAD
        "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":"
        "null},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n",
        .piece = CC_HEAD
        "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" water\"},\"logprobs\":null,"
        "\"finish_reason\":null}],\"usage\":null,\"obfuscation\":\"kH1Jb3\"}\n\n",
        .last = CC_HEAD "\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_"
                        "reason\":\"stop\"}],\"usage\":"
                        "null}\n\n" CC_HEAD
                        "\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":1000,"
                        "\"total_tokens\":1012}}\n\ndata: [DONE]\n\n",
    },
    {
        /* https://docs.anthropic.com/en/docs/build-with-claude/streaming */
        .adapters = (const char *const[]){"anthropic", NULL},
        .framing = SL_FRAMER_SSE,
        .first =
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\","
            "\"type\":\"message\",\"role\":\"assistant\",\"content\":[],\"model\":\"m\","
            "\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":12,"
            "\"output_tokens\":1}}}\n\n"
            "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
            "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        .piece = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                 "\"delta\":{\"type\":\"text_delta\",\"text\":\" water\"}}\n\n",
        .last =
            "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
            "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
            "\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":1000}}\n\n"
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    },
    {
        /* https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent */
        .adapters = (const char *const[]){"gemini", "vertex", NULL},
        .framing = SL_FRAMER_SSE,
        .first = "",
        .piece = "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \" water\"}],"
                 "\"role\": \"model\"},\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 12,"
                 "\"candidatesTokenCount\": 3,\"totalTokenCount\": 15},\"modelVersion\": \"m\","
                 "\"responseId\": \"r1\"}\r\n\r\n",
        .last = "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \".\"}],\"role\": "
                "\"model\"},"
                "\"finishReason\": \"STOP\",\"index\": 0}],\"usageMetadata\": "
                "{\"promptTokenCount\": 12,"
                "\"candidatesTokenCount\": 1000,\"totalTokenCount\": 1012}}\r\n\r\n",
    },
    {
        /* https://docs.cohere.com/v2/docs/streaming */
        .adapters = (const char *const[]){"cohere", NULL},
        .framing = SL_FRAMER_SSE,
        .first = "event: message-start\ndata: {\"type\":\"message-start\",\"id\":\"c1\",\"delta\":"
                 "{\"message\":{\"role\":\"assistant\",\"content\":[]}}}\n\n"
                 "event: content-start\ndata: {\"type\":\"content-start\",\"index\":0,\"delta\":"
                 "{\"message\":{\"content\":{\"type\":\"text\",\"text\":\"\"}}}}\n\n",
        .piece = "event: content-delta\ndata: {\"type\":\"content-delta\",\"index\":0,\"delta\":"
                 "{\"message\":{\"content\":{\"text\":\" water\"}}}}\n\n",
        .last = "event: content-end\ndata: {\"type\":\"content-end\",\"index\":0}\n\n"
                "event: message-end\ndata: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":"
                "\"COMPLETE\",\"usage\":{\"tokens\":{\"input_tokens\":12,\"output_tokens\":1000}}}}"
                "\n\n",
    },
    {
        /* https://github.com/ollama/ollama/blob/main/docs/api.md */
        .adapters = (const char *const[]){"ollama", NULL},
        .framing = SL_FRAMER_NDJSON,
        .first = "",
        .piece = "{\"model\":\"m\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":"
                 "\"assistant\",\"content\":\" water\"},\"done\":false}\n",
        .last = "{\"model\":\"m\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":"
                "\"assistant\",\"content\":\"\"},\"done_reason\":\"stop\",\"done\":true,"
                "\"prompt_eval_count\":12,\"eval_count\":1000}\n",
    },
};

/* One stream on its way through. */
struct passage {
    const struct sl_adapter *adapter;
    struct sl_answer answer;
    uint64_t events; /* that reached the end, packed */
    size_t packed;   /* bytes */
};

static void on_event(void *owner, Sluice__V1__StreamEvent *event)
{
    static uint8_t out[CAP];
    struct passage *p = owner;
    size_t n = sluice__v1__stream_event__get_packed_size(event);
    if (n <= sizeof(out))
        p->packed += sluice__v1__stream_event__pack(event, out);
    p->events++;
}

static enum sl_code on_frame(void *owner, const struct sl_framer_frame *frame, struct sl_err *err)
{
    struct passage *p = owner;
    struct sl_frame f = {frame->event, frame->data, frame->n};
    return p->adapter->on_frame(&p->answer, &f, err);
}

static void feed(struct sl_framer *framer, struct passage *p, const char *text, size_t n)
{
    struct sl_err err = {0};
    if (sl_framer_feed(framer, text, n, on_frame, p, &err) != SL_OK) {
        fprintf(stderr, "micro_adapters: %s: %s\n", p->adapter->name, err.text);
        exit(1);
    }
}

/* Runs one stream; returns the provider's events that were fed. */
static uint64_t run_stream(const struct sl_adapter *adapter, const struct sample *sample,
                           struct sl_json_parser *parser)
{
    struct sl_arena arena;
    sl_arena_init(&arena, CAP);
    struct sl_warnings warnings = {.arena = &arena};
    struct sl_target target = {
        .provider = adapter->name, .base_url = "http://127.0.0.1", .model_id = "m", .api = ""};
    Sluice__V1__CompleteRequest request = SLUICE__V1__COMPLETE_REQUEST__INIT;
    struct passage p = {.adapter = adapter,
                        .answer = {.target = &target,
                                   .request = &request,
                                   .arena = &arena,
                                   .parser = parser,
                                   .warnings = &warnings,
                                   .stream = true}};
    p.answer.sink = (struct sl_event_sink){on_event, &p};
    p.answer.state = adapter->state_size ? sl_calloc(1, adapter->state_size) : NULL;
    struct sl_framer framer;
    sl_framer_init(&framer, sample->framing, (struct sl_framer_caps){CAP, CAP});

    size_t piece = strlen(sample->piece);
    feed(&framer, &p, sample->first, strlen(sample->first));
    for (unsigned i = 0; i < PIECES; i++)
        feed(&framer, &p, sample->piece, piece);
    feed(&framer, &p, sample->last, strlen(sample->last));
    if (p.events < PIECES) {
        fprintf(stderr, "micro_adapters: %s made %llu events of %u\n", adapter->name,
                (unsigned long long)p.events, PIECES);
        exit(1);
    }
    uint64_t frames = framer.frames;
    sl_framer_fini(&framer);
    if (adapter->release)
        adapter->release(&p.answer);
    sl_free(p.answer.state);
    sl_arena_fini(&arena);
    return frames;
}

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static const struct sample *find_sample(const char *adapter)
{
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        for (const char *const *name = samples[i].adapters; *name; name++) {
            if (!strcmp(*name, adapter))
                return &samples[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
    struct sl_json_parser parser;
    sl_json_parser_init(&parser);
    for (const struct sl_adapter *const *a = sl_adapters(); *a; a++) {
        const struct sample *sample = find_sample((*a)->name);
        if (!sample) {
            printf("%-12s no sample stream: its frames are binary\n", (*a)->name);
            continue;
        }
        run_stream(*a, sample, &parser); /* warms caches and pools */
        uint64_t events = 0;
        double begin = cpu_us(), end = begin;
        while (end - begin < seconds * 1e6) {
            events += run_stream(*a, sample, &parser);
            end = cpu_us();
        }
        printf("%-12s %.3f us of CPU per event (%llu events)\n", (*a)->name,
               (end - begin) / (double)events, (unsigned long long)events);
    }
    sl_json_parser_fini(&parser);
    return 0;
}
