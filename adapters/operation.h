/* For those who write the calls of an adapter beside chat: embeddings, pictures, ranking, moderation, token counts, and
 * the listing of models. As pure as adapter.h: a request in, HTTP requests out; bodies in, results out. Everything runs on
 * one loop thread.
 *
 * Life of one HTTP request: build -> on_body once (or on_frame many times and on_eof once), or the adapter's on_failure.
 * After an error return nothing more is called. An operation may take several HTTP requests: one for each batch of
 * inputs, or for each page of a listing. */
#ifndef SL_ADAPTERS_OPERATION_H
#define SL_ADAPTERS_OPERATION_H

#include "adapters/adapter.h"
#include "sluice/v1/model_registry.pb-c.h"

enum sl_operation {
    SL_EMBED,
    SL_GENERATE_IMAGE,
    SL_RERANK,
    SL_MODERATE,
    SL_COUNT_TOKENS,
    SL_LIST_MODELS,
};

struct sl_op_api;

/* One HTTP request that is to be made. */
struct sl_op_in {
    /* For the helpers that chat has. Its request is the whole CompleteRequest of SL_COUNT_TOKENS; for other operations it
     * only holds what all requests have: on_unsupported, provider_options_json, end_user. stream: with on_frame, whether
     * unfinished pictures are wanted. */
    struct sl_build_in build;
    const struct sl_adapter *adapter;
    const struct sl_op_api *api;
    union {
        const ProtobufCMessage *request; /* NULL: SL_LIST_MODELS */
        const Sluice__V1__EmbedRequest *embed;
        const Sluice__V1__GenerateImageRequest *image;
        const Sluice__V1__RerankRequest *rerank;
        const Sluice__V1__ModerateRequest *moderate;
    };
    size_t first, n;        /* SL_EMBED, SL_MODERATE: the inputs of this HTTP request */
    const char *page_token; /* SL_LIST_MODELS: next_page of the page before; NULL: the first page */
};

/* A picture, finished or not. data or url. All borrowed during the call. */
struct sl_op_image {
    int32_t index;         /* of the finished picture, from 0 */
    int32_t partial_index; /* -1: finished; from 0: the unfinished ones of that index */
    const void *data;
    size_t n;
    const char *url;
    const char *media_type, *revised_prompt; /* NULL: not said */
};

struct sl_op_images {
    void (*on_image)(void *owner, const struct sl_op_image *image);
    void (*on_text)(void *owner, char *text); /* said beside the pictures */
    void *owner;
};

enum {
    SL_OP_MAX_BYTES = 3 * 1024 * 1024 - 65536, /* of all results of one operation, in a reply */
    SL_OP_MAX_MODELS = 10000,                  /* of a listing */
};

/* What an answer gives. Lists are in the arena, filled by the functions below. */
struct sl_op_out {
    Sluice__V1__Embedding **embeddings; /* index: of the input within the HTTP request */
    Sluice__V1__RerankResult **ranks;
    Sluice__V1__ModerateResult **verdicts;
    Sluice__V1__ProviderModel **models;
    size_t n, cap;   /* of the operation's list */
    size_t bytes;    /* of it, when packed, about */
    int64_t tokens;  /* SL_COUNT_TOKENS; -1: not said */
    int64_t cached;  /* of them, from a cache; 0: not said */
    char *next_page; /* SL_LIST_MODELS: NULL: this was the last page */
};

/* What an adapter works with while an answer arrives. */
struct sl_op_answer {
    struct sl_answer a; /* its sink is not used; end takes usage, model and response_id */
    const struct sl_op_in *in;
    struct sl_op_out out;
    struct sl_op_images images; /* SL_GENERATE_IMAGE */
    int32_t n_images;           /* for the adapter: finished ones so far */
};

/* One API of a provider for one operation. */
struct sl_op_api {
    enum sl_operation operation;
    const char *name;    /* that a model's `api` says, for example "embeddings" or "v2_rerank" */
    const void *dialect; /* the adapter's own constants; NULL: none */
    /* Whether it is meant where a model says no api. NULL: yes. */
    bool (*fits)(const struct sl_target *target);
    /* How many inputs, from in->first on, one HTTP request takes, at most in->n. NULL: all. */
    size_t (*batch)(const struct sl_op_in *in);
    /* Fills out. Errors: SL_INVALID_ARGUMENT with the field, SL_FAILED_PRECONDITION. */
    enum sl_code (*build)(const struct sl_op_in *in, struct sl_http_request *out,
                          struct sl_err *err) SL_MUST_CHECK;
    /* The whole body of a 2xx answer: writable, NUL-terminated, valid during the call. */
    enum sl_code (*on_body)(struct sl_op_answer *o, char *body, size_t n,
                            struct sl_err *err) SL_MUST_CHECK;
    /* SL_GENERATE_IMAGE, where the provider streams. NULL: it does not. */
    enum sl_code (*on_frame)(struct sl_op_answer *o, const struct sl_frame *frame,
                             struct sl_err *err) SL_MUST_CHECK;
    enum sl_code (*on_eof)(struct sl_op_answer *o, struct sl_err *err) SL_MUST_CHECK;
};

/* ---- results ---- */

/* Room for a vector of so many floats. NULL, with SL_INVALID_ARGUMENT, where the vectors of all inputs would not fit
 * into a reply; index: of the input within the HTTP request. */
float *sl_op_add_floats(struct sl_op_answer *o, int64_t index, size_t dimensions,
                        struct sl_err *err) SL_MUST_CHECK;
/* The same for bytes of another form. */
uint8_t *sl_op_add_bytes(struct sl_op_answer *o, int64_t index,
                         Sluice__V1__EmbeddingEncoding encoding, size_t n,
                         struct sl_err *err) SL_MUST_CHECK;
/* A vector from a JSON array of numbers, or from a base64 string of little-endian floats (of bytes, for the other
 * forms). SL_UNAVAILABLE, PROVIDER_GARBAGE, where it is neither. */
enum sl_code sl_op_read_vector(struct sl_op_answer *o, struct sl_json *j, int value, int64_t index,
                               Sluice__V1__EmbeddingEncoding encoding,
                               struct sl_err *err) SL_MUST_CHECK;
/* The form that vectors have by what the request asks for: the i-th, floats for base64. */
Sluice__V1__EmbeddingEncoding sl_op_encoding(const Sluice__V1__EmbedRequest *request, size_t i);
/* document is copied; NULL: none. */
enum sl_code sl_op_add_rank(struct sl_op_answer *o, int64_t index, double score,
                            struct sl_err *err) SL_MUST_CHECK;
Sluice__V1__ModerateResult *sl_op_add_verdict(struct sl_op_answer *o);
/* NULL: the list is full, the model is left out. */
Sluice__V1__ProviderModel *sl_op_add_model(struct sl_op_answer *o);
void sl_op_add_capability(struct sl_op_answer *o, Sluice__V1__ProviderModel *m, const char *name);

/* ---- reading ---- */

/* Parses; the root has to be of that type, else PROVIDER_GARBAGE. */
enum sl_code sl_op_parse(struct sl_op_answer *o, char *body, size_t n, enum sl_json_type type,
                         struct sl_json *j, struct sl_err *err) SL_MUST_CHECK;
/* SL_UNAVAILABLE, PROVIDER_GARBAGE: "TITLE sent WHAT". */
enum sl_code sl_op_garbage(const struct sl_op_answer *o, struct sl_err *err,
                           const char *what) SL_MUST_CHECK;
/* A member's string, copied; NULL where there is none, or an empty one. */
char *sl_op_string(struct sl_op_answer *o, struct sl_json *j, int object, const char *key);
/* A member's count; -1 where there is none. At most INT32_MAX. */
int64_t sl_op_count(const struct sl_json *j, int object, const char *key);
/* Input and output tokens (-1: not said), and the provider's own object, copied (n 0: none). Does nothing where neither
 * is there. */
void sl_op_set_usage(struct sl_op_answer *o, int64_t input, int64_t output, struct sl_str json);

/* ---- requests ---- */

/* Method, base_url + path, headers and authentication. */
void sl_op_begin(const struct sl_op_in *in, struct sl_http_request *out, const char *method,
                 const char *path);
/* Whether a base URL ends so. */
bool sl_op_base_ends(const struct sl_target *target, const char *end);
/* An id as one segment of a path (RFC 3986): what is not unreserved is escaped. */
char *sl_op_segment(struct sl_arena *arena, const char *id);
/* An id as several segments: '/' stays. */
char *sl_op_path(struct sl_arena *arena, const char *id);
/* The one text of an input; NULL: it is something else. */
const char *sl_op_text(const Sluice__V1__EmbedInput *input);

#endif
