/* OpenAI's calls beside chat, which most providers speak with differences that fit into a const dialect: embeddings,
 * images, moderations, the list of models; and ranking in Jina's and Cohere's form. A provider that offers some of them
 * has a file here with its dialects, its notes and its list. What a dialect has no word for is warned about, or refused,
 * where a request asks for it. */
#ifndef SL_ADAPTERS_CALLS_H
#define SL_ADAPTERS_CALLS_H

#include "adapters/native/native.h"
#include "adapters/operation.h"

/* ---- shared by all ---- */

/* Begins a request whose path is relative to the base URL. NULL in a dialect: sl_calls_begin. */
typedef void sl_calls_address(const struct sl_op_in *in, struct sl_http_request *out,
                              const char *method, const char *path);

sl_calls_address sl_calls_begin;

/* The writer over out's body, for the helpers of native/. */
void sl_calls_writer(struct nv_build *b, const struct sl_op_in *in, struct sl_http_request *out,
                     struct sl_err *err);
/* Opens the object and writes the member model. */
void sl_calls_open(struct nv_build *b);
/* Adds the provider options and closes the object; owned ends with a NULL key. */
enum sl_code sl_calls_close(struct nv_build *b, const struct nv_owned *owned) SL_MUST_CHECK;
/* For such a list: a key that a dialect may lack. */
#define SL_CALLS_OWNED(key) ((key) ? (key) : "model")
/* The member where the dialect has the key (word NULL: it has none), else sl_unsupported. A string that is "" or a
 * number that is not there (has) asks for nothing. */
enum sl_code sl_calls_put_string(struct nv_build *b, const char *key, const char *field,
                                 const char *word) SL_MUST_CHECK;
enum sl_code sl_calls_put_int(struct nv_build *b, const char *key, const char *field, bool has,
                              int64_t v) SL_MUST_CHECK;
/* A word of a list by an enum's number (0: not asked for); a word that is NULL is not known to the provider. */
enum sl_code sl_calls_put_word(struct nv_build *b, const char *key, const char *field,
                               const char *const *words, int number) SL_MUST_CHECK;
/* An image as a URL, or as a data: URL. Stored files are refused. */
enum sl_code sl_calls_put_image(struct nv_build *b, const Sluice__V1__Image *image,
                                const char *field) SL_MUST_CHECK;
/* An input of Embed as text, where the provider takes neither pictures nor token ids nor titles. */
enum sl_code sl_calls_put_text_input(struct nv_build *b, const struct sl_op_in *in,
                                     size_t i) SL_MUST_CHECK;
/* Where the provider gives floats only, and takes no end user. */
enum sl_code sl_calls_check_floats(struct nv_build *b,
                                   const Sluice__V1__EmbedRequest *r) SL_MUST_CHECK;
/* prompt_tokens or input_tokens, completion_tokens or output_tokens; the object goes into provider_json. */
void sl_calls_usage(struct sl_op_answer *o, struct sl_json *j, int usage);
/* Facts beside the results: model, id, usage. */
void sl_calls_facts(struct sl_op_answer *o, struct sl_json *j);

/* ---- embeddings: https://platform.openai.com/docs/api-reference/embeddings ---- */

struct sl_calls_embeddings {
    const char *path;
    sl_calls_address *address;
    size_t max_inputs;          /* of one request; 0: no limit known */
    const char *dimensions_key; /* as the rest: NULL: the provider has no such thing */
    const char *encoding_key;
    const char *const *encodings; /* words by EmbeddingEncoding */
    const char *type_key;         /* another member that says the form (Mistral's output_dtype) */
    const char *const *types;
    const char *task_key;
    const char *const *tasks; /* words by EmbedTask */
    const char *truncate_key;
    const char *const *truncates; /* words by EmbedTruncate */
    const char *end_user_key;
    Sluice__V1__EmbeddingEncoding
        usual;   /* of a string when nothing was asked for; UNSPECIFIED: floats */
    bool tokens; /* inputs may be token ids */
};

size_t sl_calls_embeddings_batch(const struct sl_op_in *in);
enum sl_code sl_calls_embeddings_build(const struct sl_op_in *in, struct sl_http_request *out,
                                       struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_calls_embeddings_body(struct sl_op_answer *o, char *body, size_t n,
                                      struct sl_err *err) SL_MUST_CHECK;
/* "float" and "base64", the words of OpenAI's encoding_format. */
extern const char *const sl_calls_float_base64[];

/* What OpenAI's own takes, and servers that follow it closely. */
#define SL_CALLS_OPENAI_EMBEDDINGS                                                                 \
    .path = "/embeddings", .dimensions_key = "dimensions", .encoding_key = "encoding_format",      \
    .encodings = sl_calls_float_base64, .end_user_key = "user", .tokens = true

#define SL_CALLS_EMBEDDINGS(d)                                                                     \
    {                                                                                              \
        .operation = SL_EMBED, .name = "embeddings", .dialect = &(d),                              \
        .batch = sl_calls_embeddings_batch, .build = sl_calls_embeddings_build,                    \
        .on_body = sl_calls_embeddings_body                                                        \
    }

/* ---- images: https://platform.openai.com/docs/api-reference/images ---- */

struct sl_calls_images {
    const char *path;
    const char *edits_path; /* NULL: pictures are edited at path */
    sl_calls_address *address;
    const char *n_key, *size_key, *aspect_key, *quality_key, *style_key, *background_key;
    const char *format_key, *compression_key, *negative_key, *seed_key, *end_user_key;
    const char *delivery_key; /* response_format */
    const char *url_word, *bytes_word;
    const char *image_key; /* a picture to go by, as an address or a data: URL */
    bool width_height;     /* size goes as two numbers, width and height */
    bool form_edits;       /* edits are multipart/form-data, with image[] and mask */
    bool object_edits;     /* edits are JSON: image: {"url", "type": "image_url"} */
    bool partial;          /* stream and partial_images */
    bool gpt_image;        /* OpenAI's own models: those called gpt-image always send bytes */
};

enum sl_code sl_calls_images_build(const struct sl_op_in *in, struct sl_http_request *out,
                                   struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_calls_images_body(struct sl_op_answer *o, char *body, size_t n,
                                  struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_calls_images_frame(struct sl_op_answer *o, const struct sl_frame *frame,
                                   struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_calls_images_eof(struct sl_op_answer *o, struct sl_err *err) SL_MUST_CHECK;
/* The body of an edit: multipart/form-data. */
enum sl_code sl_calls_images_form(const struct sl_op_in *in, struct sl_http_request *out,
                                  struct sl_err *err) SL_MUST_CHECK;
/* Whether the model is one of OpenAI's gpt-image. */
bool sl_calls_is_gpt_image(const struct sl_op_in *in);

enum { SL_CALLS_IMAGES_OWNED = 18 };
/* What options may not hold, in JSON and in forms; ends with a NULL key. */
void sl_calls_images_owned(const struct sl_calls_images *d,
                           struct nv_owned out[SL_CALLS_IMAGES_OWNED]);

/* What OpenAI's own takes, and servers that follow it closely. */
#define SL_CALLS_OPENAI_IMAGES                                                                     \
    .path = "/images/generations", .edits_path = "/images/edits", .n_key = "n",                    \
    .size_key = "size", .quality_key = "quality", .style_key = "style",                            \
    .background_key = "background", .format_key = "output_format",                                 \
    .compression_key = "output_compression", .end_user_key = "user",                               \
    .delivery_key = "response_format", .url_word = "url", .bytes_word = "b64_json",                \
    .form_edits = true, .partial = true, .gpt_image = true

#define SL_CALLS_IMAGES(d)                                                                         \
    {                                                                                              \
        .operation = SL_GENERATE_IMAGE, .name = "images_generations", .dialect = &(d),             \
        .build = sl_calls_images_build, .on_body = sl_calls_images_body                            \
    }
#define SL_CALLS_IMAGES_STREAMED(d)                                                                \
    {                                                                                              \
        .operation = SL_GENERATE_IMAGE, .name = "images_generations", .dialect = &(d),             \
        .build = sl_calls_images_build, .on_body = sl_calls_images_body,                           \
        .on_frame = sl_calls_images_frame, .on_eof = sl_calls_images_eof                           \
    }

/* ---- moderations: https://platform.openai.com/docs/api-reference/moderations ---- */

struct sl_calls_moderations {
    const char *path;
    sl_calls_address *address;
    size_t max_inputs; /* 0: no limit known */
    bool images;
};

size_t sl_calls_moderations_batch(const struct sl_op_in *in);
enum sl_code sl_calls_moderations_build(const struct sl_op_in *in, struct sl_http_request *out,
                                        struct sl_err *err) SL_MUST_CHECK;
enum sl_code sl_calls_moderations_body(struct sl_op_answer *o, char *body, size_t n,
                                       struct sl_err *err) SL_MUST_CHECK;

#define SL_CALLS_MODERATIONS(d)                                                                    \
    {                                                                                              \
        .operation = SL_MODERATE, .name = "moderations", .dialect = &(d),                          \
        .batch = sl_calls_moderations_batch, .build = sl_calls_moderations_build,                  \
        .on_body = sl_calls_moderations_body                                                       \
    }

/* ---- ranking: https://docs.cohere.com/reference/rerank, https://jina.ai/reranker ---- */

struct sl_calls_rerank {
    const char *path;
    sl_calls_address *address;
    const char *documents_key; /* NULL: documents */
    const char *top_n_key;     /* NULL: the best are taken from the answer */
    const char *return_key;    /* return_documents; NULL: texts are taken from the request */
    const char *max_tokens_key;
    bool no_model; /* the address says it */
};

enum sl_code sl_calls_rerank_build(const struct sl_op_in *in, struct sl_http_request *out,
                                   struct sl_err *err) SL_MUST_CHECK;
/* {results | data | rankings: [{index, relevance_score | score | logit}]}, or the array itself. */
enum sl_code sl_calls_rerank_body(struct sl_op_answer *o, char *body, size_t n,
                                  struct sl_err *err) SL_MUST_CHECK;
/* The results in an array. */
enum sl_code sl_calls_read_ranks(struct sl_op_answer *o, struct sl_json *j, int list,
                                 struct sl_err *err) SL_MUST_CHECK;

#define SL_CALLS_RERANK(api_name, d)                                                               \
    {                                                                                              \
        .operation = SL_RERANK, .name = (api_name), .dialect = &(d),                               \
        .build = sl_calls_rerank_build, .on_body = sl_calls_rerank_body                            \
    }

/* ---- models: https://platform.openai.com/docs/api-reference/models ---- */

struct sl_calls_models {
    const char *path;
    const char *page_key; /* of the query, for the page after; NULL: after_id */
    sl_calls_address *address;
};

enum sl_code sl_calls_models_build(const struct sl_op_in *in, struct sl_http_request *out,
                                   struct sl_err *err) SL_MUST_CHECK;
/* {data | models: [{id | name, created, owned_by, ...}]}, or the array itself. */
enum sl_code sl_calls_models_body(struct sl_op_answer *o, char *body, size_t n,
                                  struct sl_err *err) SL_MUST_CHECK;
/* GET base_url/models. */
extern const struct sl_op_api sl_calls_models_api;
/* Seconds since 1970 of "2025-05-14T00:00:00Z"; 0: it is no such time. */
int64_t sl_calls_seconds(const char *rfc3339);

#define SL_CALLS_MODELS(d)                                                                         \
    {                                                                                              \
        .operation = SL_LIST_MODELS, .name = "models", .dialect = &(d),                            \
        .build = sl_calls_models_build, .on_body = sl_calls_models_body                            \
    }

#endif
