/* Token probabilities of chat completions, {"token", "logprob", "bytes", "top_logprobs"}, into
 * messages that live as long as one event. */
#include "adapters/chat_completions/internal.h"

#include <string.h>

struct token {
    char *text;
    double logprob;
    ProtobufCBinaryData bytes;
};

/* The token's bytes, kept where they are not the text itself: a token may end inside a
 * character. */
static bool read_bytes(struct cc *c, int array, struct sl_arena *scratch, struct token *t)
{
    int n = sl_json_type(c->j, array) == SL_JSON_ARRAY ? sl_json_size(c->j, array) : 0;
    size_t at = 0;

    if (n < 1)
        return true;
    uint8_t *bytes = sl_arena_try(scratch, (size_t)n);
    if (!bytes)
        return false;
    for (int v = sl_json_first(c->j, array); v >= 0; v = sl_json_next(c->j, array, v)) {
        int64_t byte;
        if (!sl_json_int(c->j, v, &byte) || byte < 0 || byte > 255)
            return true;
        bytes[at++] = (uint8_t)byte;
    }
    if (at != strlen(t->text) || memcmp(bytes, t->text, at) != 0)
        t->bytes = (ProtobufCBinaryData){at, bytes};
    return true;
}

/* False where scratch is full. */
static bool read_token(struct cc *c, int object, struct sl_arena *scratch, struct token *t)
{
    char *text = sl_json_string(c->j, sl_json_member(c->j, object, "token"), NULL, NULL);

    *t = (struct token){.text = text ? text : (char *)(uintptr_t)protobuf_c_empty_string};
    if (!sl_json_double(c->j, sl_json_member(c->j, object, "logprob"), &t->logprob))
        t->logprob = 0;
    return read_bytes(c, sl_json_member(c->j, object, "bytes"), scratch, t);
}

static bool read_top(struct cc *c, int array, struct sl_arena *scratch,
                     Sluice__V1__TokenLogprob *to)
{
    int n = sl_json_type(c->j, array) == SL_JSON_ARRAY ? sl_json_size(c->j, array) : 0;

    if (n < 1)
        return true;
    to->top = sl_arena_try(scratch, (size_t)n * sizeof(to->top[0]));
    Sluice__V1__TopLogprob *items = sl_arena_try(scratch, (size_t)n * sizeof(items[0]));
    if (!to->top || !items)
        return false;
    for (int v = sl_json_first(c->j, array); v >= 0; v = sl_json_next(c->j, array, v)) {
        struct token t;
        if (!read_token(c, v, scratch, &t))
            return false;
        Sluice__V1__TopLogprob *item = &items[to->n_top];
        sluice__v1__top_logprob__init(item);
        item->token = t.text;
        item->logprob = t.logprob;
        item->token_bytes = t.bytes;
        to->top[to->n_top++] = item;
    }
    return true;
}

static bool read_list(struct cc *c, int array, struct sl_arena *scratch,
                      Sluice__V1__TokenLogprob **list)
{
    for (int v = sl_json_first(c->j, array); v >= 0; v = sl_json_next(c->j, array, v), list++) {
        struct token t;
        Sluice__V1__TokenLogprob *item = sl_arena_try(scratch, sizeof(*item));
        if (!item || !read_token(c, v, scratch, &t))
            return false;
        sluice__v1__token_logprob__init(item);
        item->token = t.text;
        item->logprob = t.logprob;
        item->token_bytes = t.bytes;
        if (!read_top(c, sl_json_member(c->j, v, "top_logprobs"), scratch, item))
            return false;
        *list = item;
    }
    return true;
}

enum sl_code cc_read_logprobs(struct cc *c, int array, struct sl_arena *scratch,
                              Sluice__V1__TokenLogprob ***list, size_t *n)
{
    int size = sl_json_type(c->j, array) == SL_JSON_ARRAY ? sl_json_size(c->j, array) : 0;

    *list = NULL;
    *n = 0;
    if (size < 1)
        return SL_OK;
    Sluice__V1__TokenLogprob **items = sl_arena_try(scratch, (size_t)size * sizeof(items[0]));
    if (!items || !read_list(c, array, scratch, items))
        return sl_err_set(c->err, SL_UNAVAILABLE, SL_REASON_PROVIDER_TOO_LARGE,
                          "%s sent more token probabilities than fit", c->d->title);
    *list = items;
    *n = (size_t)size;
    return SL_OK;
}
