/* What every operation's adapter needs: results with their ceilings, vectors, usage, and the head of a request. */
#include "adapters/operation.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/base64.h"

enum {
    MAX_STRING = 4096,      /* a copied fact */
    MAX_DIMENSIONS = 65536, /* of a vector */
    ELEMENT_OVERHEAD = 16,  /* a result's tags and lengths in a message, about */
    MAX_CAPABILITIES = 64,  /* of a listed model */
    MAX_USAGE_JSON = 16384, /* a larger object is not kept */
};

/* ---- lists ---- */

/* A slot more in the list. */
static void **grow(struct sl_op_answer *o, void **list)
{
    if (o->out.n < o->out.cap)
        return list;
    size_t cap = o->out.cap ? o->out.cap * 2 : 16;
    void **more = sl_arena_alloc(o->a.arena, cap * sizeof(*more));
    if (o->out.n)
        memcpy(more, list, o->out.n * sizeof(*more));
    o->out.cap = cap;
    return more;
}

static enum sl_code too_many_vectors(const struct sl_op_answer *o, size_t each, struct sl_err *err)
{
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_MESSAGE_TOO_LARGE, "inputs",
                        "the vectors of %zu inputs do not fit into one reply (3 MiB): at most %zu "
                        "inputs do, at %zu bytes a vector",
                        o->in->embed->n_inputs, SL_OP_MAX_BYTES / (each + ELEMENT_OVERHEAD), each);
}

static Sluice__V1__Embedding *add_embedding(struct sl_op_answer *o, int64_t index, size_t bytes,
                                            struct sl_err *err)
{
    if (index < 0 || (uint64_t)index >= o->in->n) {
        (void)!sl_op_garbage(o, err, "a vector for an input that was not sent");
        return NULL;
    }
    if (o->out.bytes + bytes + ELEMENT_OVERHEAD > SL_OP_MAX_BYTES) {
        (void)!too_many_vectors(o, bytes, err);
        return NULL;
    }
    Sluice__V1__Embedding *e = SL_ARENA_NEW(o->a.arena, Sluice__V1__Embedding);
    sluice__v1__embedding__init(e);
    e->index = (int32_t)index;
    o->out.embeddings = (Sluice__V1__Embedding **)grow(o, (void **)o->out.embeddings);
    o->out.embeddings[o->out.n++] = e;
    o->out.bytes += bytes + ELEMENT_OVERHEAD;
    return e;
}

float *sl_op_add_floats(struct sl_op_answer *o, int64_t index, size_t dimensions,
                        struct sl_err *err)
{
    if (dimensions > MAX_DIMENSIONS) {
        (void)!sl_op_garbage(o, err, "a vector of too many dimensions");
        return NULL;
    }
    Sluice__V1__Embedding *e = add_embedding(o, index, dimensions * sizeof(float), err);
    if (!e)
        return NULL;
    e->encoding = SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_FLOAT;
    e->values = sl_arena_alloc(o->a.arena, dimensions * sizeof(float) + 1);
    e->n_values = dimensions;
    return e->values;
}

uint8_t *sl_op_add_bytes(struct sl_op_answer *o, int64_t index,
                         Sluice__V1__EmbeddingEncoding encoding, size_t n, struct sl_err *err)
{
    if (n > MAX_DIMENSIONS) {
        (void)!sl_op_garbage(o, err, "a vector of too many dimensions");
        return NULL;
    }
    Sluice__V1__Embedding *e = add_embedding(o, index, n, err);
    if (!e)
        return NULL;
    e->encoding = encoding;
    e->data.data = sl_arena_alloc(o->a.arena, n + 1);
    e->data.len = n;
    return e->data.data;
}

enum sl_code sl_op_add_rank(struct sl_op_answer *o, int64_t index, double score, struct sl_err *err)
{
    const Sluice__V1__RerankRequest *r = o->in->rerank;
    if (index < 0 || (uint64_t)index >= r->n_documents)
        return sl_op_garbage(o, err, "the place of a document that was not sent");
    Sluice__V1__RerankResult *result = SL_ARENA_NEW(o->a.arena, Sluice__V1__RerankResult);
    sluice__v1__rerank_result__init(result);
    result->index = (int32_t)index;
    result->relevance_score = score;
    if (r->return_documents)
        result->document = r->documents[index];
    o->out.ranks = (Sluice__V1__RerankResult **)grow(o, (void **)o->out.ranks);
    o->out.ranks[o->out.n++] = result;
    return SL_OK;
}

Sluice__V1__ModerateResult *sl_op_add_verdict(struct sl_op_answer *o)
{
    Sluice__V1__ModerateResult *v = SL_ARENA_NEW(o->a.arena, Sluice__V1__ModerateResult);
    sluice__v1__moderate_result__init(v);
    o->out.verdicts = (Sluice__V1__ModerateResult **)grow(o, (void **)o->out.verdicts);
    o->out.verdicts[o->out.n++] = v;
    return v;
}

Sluice__V1__ProviderModel *sl_op_add_model(struct sl_op_answer *o)
{
    if (o->out.n >= SL_OP_MAX_MODELS)
        return NULL;
    Sluice__V1__ProviderModel *m = SL_ARENA_NEW(o->a.arena, Sluice__V1__ProviderModel);
    sluice__v1__provider_model__init(m);
    o->out.models = (Sluice__V1__ProviderModel **)grow(o, (void **)o->out.models);
    o->out.models[o->out.n++] = m;
    return m;
}

void sl_op_add_capability(struct sl_op_answer *o, Sluice__V1__ProviderModel *m, const char *name)
{
    if (m->n_capabilities == MAX_CAPABILITIES)
        return;
    if (!m->capabilities)
        m->capabilities = sl_arena_alloc(o->a.arena, MAX_CAPABILITIES * sizeof(*m->capabilities));
    m->capabilities[m->n_capabilities++] = sl_arena_strdup(o->a.arena, name);
}

/* ---- vectors ---- */

Sluice__V1__EmbeddingEncoding sl_op_encoding(const Sluice__V1__EmbedRequest *request, size_t i)
{
    Sluice__V1__EmbeddingEncoding e =
        i < request->n_encodings ? request->encodings[i]
                                 : SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_FLOAT;

    return e == SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_UNSPECIFIED ||
                   e == SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_BASE64
               ? SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_FLOAT
               : e;
}

static bool is_float(Sluice__V1__EmbeddingEncoding encoding)
{
    return encoding == SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_FLOAT;
}

static enum sl_code read_floats(struct sl_op_answer *o, struct sl_json *j, int array, int64_t index,
                                struct sl_err *err)
{
    float *at = sl_op_add_floats(o, index, (size_t)sl_json_size(j, array), err);

    for (int k = sl_json_first(j, array); at && k >= 0; k = sl_json_next(j, array, k)) {
        double v;
        if (!sl_json_double(j, k, &v))
            return sl_op_garbage(o, err, "a vector that holds something else than numbers");
        *at++ = (float)v;
    }
    return err->code;
}

static enum sl_code read_integers(struct sl_op_answer *o, struct sl_json *j, int array,
                                  int64_t index, Sluice__V1__EmbeddingEncoding encoding,
                                  struct sl_err *err)
{
    uint8_t *at = sl_op_add_bytes(o, index, encoding, (size_t)sl_json_size(j, array), err);

    for (int k = sl_json_first(j, array); at && k >= 0; k = sl_json_next(j, array, k)) {
        int64_t v;
        if (!sl_json_int(j, k, &v) || v < INT8_MIN || v > UINT8_MAX)
            return sl_op_garbage(o, err, "a vector that holds something else than bytes");
        *at++ = (uint8_t)v;
    }
    return err->code;
}

/* IEEE 754 singles, little-endian (OpenAI, "Create embeddings", encoding_format). */
static enum sl_code take_floats(struct sl_op_answer *o, const char *bytes, size_t n, int64_t index,
                                struct sl_err *err)
{
    if (n % 4)
        return sl_op_garbage(o, err, "a base64 vector that is cut off");
    float *at = sl_op_add_floats(o, index, n / 4, err);
    for (size_t i = 0; at && i < n; i += 4) {
        const unsigned char *b = (const unsigned char *)bytes + i;
        uint32_t bits =
            (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        memcpy(at++, &bits, sizeof(bits));
    }
    return err->code;
}

static enum sl_code read_base64(struct sl_op_answer *o, struct sl_json *j, int value, int64_t index,
                                Sluice__V1__EmbeddingEncoding encoding, struct sl_err *err)
{
    size_t n = 0;
    char *text = sl_json_string(j, value, &n, NULL);

    if (!sl_base64_decode_in_place(text, &n))
        return sl_op_garbage(o, err, "a vector that is no base64");
    if (is_float(encoding))
        return take_floats(o, text, n, index, err);
    uint8_t *at = sl_op_add_bytes(o, index, encoding, n, err);
    if (at)
        memcpy(at, text, n);
    return err->code;
}

enum sl_code sl_op_read_vector(struct sl_op_answer *o, struct sl_json *j, int value, int64_t index,
                               Sluice__V1__EmbeddingEncoding encoding, struct sl_err *err)
{
    switch (sl_json_type(j, value)) {
    case SL_JSON_ARRAY:
        return is_float(encoding) ? read_floats(o, j, value, index, err)
                                  : read_integers(o, j, value, index, encoding, err);
    case SL_JSON_STRING:
        return read_base64(o, j, value, index, encoding, err);
    default:
        return sl_op_garbage(o, err, "an answer without a vector");
    }
}

/* ---- reading ---- */

enum sl_code sl_op_garbage(const struct sl_op_answer *o, struct sl_err *err, const char *what)
{
    return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE, "%s sent %s",
                      o->in->adapter->title, what);
}

enum sl_code sl_op_parse(struct sl_op_answer *o, char *body, size_t n, enum sl_json_type type,
                         struct sl_json *j, struct sl_err *err)
{
    enum sl_code code = sl_json_parse(o->a.parser, body, n, j, err);

    if (code == SL_OK && sl_json_type(j, SL_JSON_ROOT) != type)
        code = sl_op_garbage(o, err, "an answer of another form than its documentation says");
    return code;
}

char *sl_op_string(struct sl_op_answer *o, struct sl_json *j, int object, const char *key)
{
    size_t n = 0;
    int value =
        sl_json_type(j, object) == SL_JSON_OBJECT ? sl_json_member(j, object, key) : SL_JSON_ABSENT;
    const char *s = sl_json_string(j, value, &n, NULL);

    if (!s || !n)
        return NULL;
    char *copy = sl_arena_alloc(o->a.arena, (n < MAX_STRING ? n : MAX_STRING) + 1);
    sl_copy_n(copy, (n < MAX_STRING ? n : MAX_STRING) + 1, s, n);
    return copy;
}

int64_t sl_op_count(const struct sl_json *j, int object, const char *key)
{
    double v;
    int value =
        sl_json_type(j, object) == SL_JSON_OBJECT ? sl_json_member(j, object, key) : SL_JSON_ABSENT;

    if (!sl_json_double(j, value, &v) || !(v >= 0))
        return -1;
    return v > INT32_MAX ? INT32_MAX : (int64_t)v;
}

static void keep_usage_json(struct sl_op_answer *o, struct sl_str json)
{
    if (!json.n || json.n > MAX_USAGE_JSON)
        return;
    struct sl_err ignored = {0};
    if (sl_json_check(json.p, json.n, SL_JSON_NONE, &ignored))
        o->a.end.usage.provider_json = sl_arena_strndup(o->a.arena, json.p, json.n);
}

void sl_op_set_usage(struct sl_op_answer *o, int64_t input, int64_t output, struct sl_str json)
{
    if (input < 0 && output < 0 && !json.n)
        return;
    o->a.end.has_usage = true;
    sluice__v1__token_usage__init(&o->a.end.usage);
    o->a.end.usage.input_tokens = input > 0 ? (int32_t)input : 0;
    o->a.end.usage.output_tokens = output > 0 ? (int32_t)output : 0;
    keep_usage_json(o, json);
}

/* ---- requests ---- */

void sl_op_begin(const struct sl_op_in *in, struct sl_http_request *out, const char *method,
                 const char *path)
{
    const struct sl_target *t = in->build.target;
    struct sl_arena *arena = in->build.arena;

    *out = (struct sl_http_request){0};
    out->method = method;
    out->url = sl_arena_printf(arena, "%s%s", t->base_url, path);
    if (strcmp(method, "GET") != 0)
        sl_http_header(out, arena, "content-type", "application/json", false);
    sl_http_header(out, arena, "accept",
                   in->build.stream ? "text/event-stream" : "application/json", false);
    sl_http_auth(out, arena, t, in->adapter->auth);
    if (t->auth == SL_AUTH_JWT)
        (void)sl_http_key_token(out, arena, t, in->build.now_ms);
}

bool sl_op_base_ends(const struct sl_target *target, const char *end)
{
    size_t n = strlen(target->base_url), m = strlen(end);

    return n >= m && !strcmp(target->base_url + n - m, end);
}

/* plain: what stays beside letters and digits. */
static char *escape(struct sl_arena *arena, const char *id, const char *plain)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = sl_arena_alloc(arena, strlen(id) * 3 + 1), *at = out;

    for (; *id; id++) {
        unsigned char c = (unsigned char)*id;
        if (isalnum(c) || strchr(plain, c)) {
            *at++ = (char)c;
        } else {
            *at++ = '%';
            *at++ = digits[c >> 4];
            *at++ = digits[c & 15];
        }
    }
    *at = '\0';
    return out;
}

char *sl_op_segment(struct sl_arena *arena, const char *id)
{
    return escape(arena, id, "-._~");
}

char *sl_op_path(struct sl_arena *arena, const char *id)
{
    return escape(arena, id, "-._~/");
}

const char *sl_op_text(const Sluice__V1__EmbedInput *input)
{
    const Sluice__V1__EmbedParts *parts = input->parts;

    if (input->content_case == SLUICE__V1__EMBED_INPUT__CONTENT_TEXT)
        return input->text;
    if (input->content_case == SLUICE__V1__EMBED_INPUT__CONTENT_PARTS && parts->n_parts == 1 &&
        parts->parts[0]->content_case == SLUICE__V1__PART__CONTENT_TEXT)
        return parts->parts[0]->text;
    return NULL;
}
