/* Shared by the fuzz targets of OpenAI's decoders: an answer whose sink checks what every event promises. */
#ifndef SL_TESTS_FUZZ_OPENAI_H
#define SL_TESTS_FUZZ_OPENAI_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapters.h"
#include "base/alloc.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_ARENA = 16 * 1024 * 1024, FUZZ_MAX_EVENT = 3 * 1024 * 1024 };

struct fuzz_answer {
    const struct sl_adapter *adapter;
    struct sl_arena arena;
    struct sl_json_parser parser;
    struct sl_warnings warnings;
    struct sl_target target;
    Sluice__V1__CompleteRequest request;
    struct sl_answer answer;
    struct sl_err err;
    int parts;
};

static inline void fuzz_require(bool ok)
{
    if (!ok)
        abort();
}

/* Parts begin in order and without a gap. */
static inline void fuzz_part(struct fuzz_answer *f, int part)
{
    fuzz_require(part >= 0 && part <= f->parts);
    if (part == f->parts)
        f->parts++;
}

/* Packed and unpacked again, it is the same: every string is there, and is text. */
static inline void fuzz_round_trip(const ProtobufCMessage *message)
{
    size_t n = protobuf_c_message_get_packed_size(message);
    fuzz_require(n <= FUZZ_MAX_EVENT);
    uint8_t *bytes = sl_malloc(n + 1);
    fuzz_require(protobuf_c_message_pack(message, bytes) == n);
    ProtobufCMessage *again = protobuf_c_message_unpack(message->descriptor, NULL, n, bytes);
    fuzz_require(again != NULL);
    fuzz_require(protobuf_c_message_get_packed_size(again) == n);
    protobuf_c_message_free_unpacked(again, NULL);
    sl_free(bytes);
}

static inline void fuzz_text(const char *s)
{
    fuzz_require(s != NULL && sl_utf8_valid(s, strlen(s)));
}

static inline void fuzz_call(struct fuzz_answer *f, const Sluice__V1__ToolCallDelta *d)
{
    fuzz_part(f, d->part);
    fuzz_require(d->index >= 0);
    fuzz_text(d->id);
    fuzz_text(d->name);
    fuzz_text(d->_custom_input_fragment_case ? d->custom_input_fragment : d->arguments_fragment);
}

static inline void fuzz_on_event(void *owner, Sluice__V1__StreamEvent *e)
{
    struct fuzz_answer *f = owner;

    fuzz_require(!f->answer.end.done);
    switch (e->event_case) {
    case SLUICE__V1__STREAM_EVENT__EVENT_TEXT_DELTA:
        fuzz_part(f, e->text_delta->part);
        fuzz_text(e->text_delta->text);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_REASONING_DELTA:
        fuzz_part(f, e->reasoning_delta->part);
        fuzz_text(e->reasoning_delta->text);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_TOOL_CALL_DELTA:
        fuzz_call(f, e->tool_call_delta);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_PART_DELTA:
        fuzz_part(f, e->part_delta->part);
        if (e->part_delta->delta_case == SLUICE__V1__PART_DELTA__DELTA_REFUSAL)
            fuzz_text(e->part_delta->refusal);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_CITATION:
        fuzz_require(e->citation->part >= 0 && e->citation->part < f->parts);
        fuzz_text(e->citation->url);
        fuzz_text(e->citation->title);
        fuzz_text(e->citation->provider_json);
        break;
    case SLUICE__V1__STREAM_EVENT__EVENT_PART_DONE:
        fuzz_require(e->part_done->part >= 0 && e->part_done->part < f->parts);
        break;
    default:
        abort();
    }
    fuzz_round_trip(&e->base);
}

static inline void fuzz_init(struct fuzz_answer *f)
{
    *f = (struct fuzz_answer){.adapter = sl_adapter_find("openai")};
    sl_arena_init(&f->arena, FUZZ_ARENA);
    sl_json_parser_init(&f->parser);
    sluice__v1__complete_request__init(&f->request);
    f->target = (struct sl_target){.base_url = "https://api.test/v1",
                                   .model_id = "m",
                                   .provider_options_json = "{\"audio\":{\"format\":\"wav\"}}"};
    f->warnings.arena = &f->arena;
    f->answer = (struct sl_answer){
        .target = &f->target,
        .request = &f->request,
        .arena = &f->arena,
        .parser = &f->parser,
        .warnings = &f->warnings,
        .sink = {fuzz_on_event, f},
        .state = sl_arena_zalloc(&f->arena, f->adapter->state_size),
        .stream = true,
    };
}

static inline void fuzz_error(const struct fuzz_answer *f)
{
    fuzz_require(f->err.code != SL_OK && f->err.reason != SL_REASON_NONE);
    fuzz_require(f->err.text[0] != '\0');
    fuzz_text(f->err.text);
    fuzz_text(f->err.provider_code);
    fuzz_text(f->err.provider_type);
    fuzz_text(f->err.provider_param);
    fuzz_text(f->err.provider_request_id);
}

/* The facts of the end, whether it came or not. */
static inline void fuzz_end(const struct fuzz_answer *f)
{
    const struct sl_answer_end *end = &f->answer.end;
    const char *const facts[] = {end->raw_finish_reason,  end->model,        end->response_id,
                                 end->system_fingerprint, end->service_tier, end->stop_sequence};

    for (size_t i = 0; i < SL_ARRAY_LEN(facts); i++)
        if (facts[i])
            fuzz_text(facts[i]);
    if (end->has_usage) {
        fuzz_text(end->usage.provider_json);
        fuzz_require(end->usage.input_tokens >= 0 && end->usage.cache_read_tokens >= 0 &&
                     end->usage.cache_write_tokens >= 0 && end->usage.output_tokens >= 0 &&
                     end->usage.reasoning_tokens >= 0);
    }
    fuzz_require(end->has_finish_reason == (end->raw_finish_reason != NULL));
}

static inline void fuzz_fini(struct fuzz_answer *f)
{
    fuzz_end(f);
    if (f->adapter->release)
        f->adapter->release(&f->answer);
    sl_json_parser_fini(&f->parser);
    sl_arena_fini(&f->arena);
}

/* A copy that ends where its allocation ends, but for the NUL. */
static inline char *fuzz_copy(const uint8_t *data, size_t n)
{
    char *copy = sl_malloc(n + 1);
    memcpy(copy, data, n);
    copy[n] = '\0';
    return copy;
}

#endif
