/* For tests of adapters' calls beside chat: one HTTP request of one API, built to text, and its answer told as text. */
#ifndef SL_TESTS_ADAPTERS_OP_KIT_H
#define SL_TESTS_ADAPTERS_OP_KIT_H

#include "adapters/adapters.h"
#include "base/buf.h"

struct op_kit {
    struct sl_arena arena;
    struct sl_json_parser parser;
    struct sl_warnings warnings;
    struct sl_target target;
    struct sl_secret *key;
    Sluice__V1__CompleteRequest common; /* or the whole one, for token counts */
    Sluice__V1__EmbedRequest embed;
    Sluice__V1__GenerateImageRequest image;
    Sluice__V1__RerankRequest rerank;
    Sluice__V1__ModerateRequest moderate;
    struct sl_op_in in;
    struct sl_op_answer answer;
    struct sl_http_request http;
    struct sl_err err;
    struct sl_buf transcript;
};

/* The API of that name, "": the usual one; fails the test where there is none. base_url is https://api.test/v1. */
void op_kit_init(struct op_kit *k, const char *kind, enum sl_operation operation, const char *api);
void op_kit_fini(struct op_kit *k);
/* "METHOD URL BODY"; NULL with k->err filled. The inputs from in.first on, as many as the API takes at once. */
const char *op_kit_build(struct op_kit *k);
/* What an answer gives, an item a line; NULL with k->err filled:
 *
 *   0 float 0.5 1         1 int8 ff 01        (vectors)
 *   2 0.75 "text"         flagged a=0.5 b     (ranks, verdicts)
 *   14 cached 3           id name 1700000000 ctx=1 out=2 [a b]   (counts, models)
 *   image 0 image/png 3 bytes "revised"       image 0 url=...       partial 0.1 3 bytes     text "words"
 */
const char *op_kit_answer(struct op_kit *k, const char *body);
const char *op_kit_frame(struct op_kit *k, const char *data);
/* A header of the request; NULL if it is not there. */
const char *op_kit_header(const struct op_kit *k, const char *name);
bool op_kit_warned(const struct op_kit *k, const char *field);
/* Inputs, in the arena. */
void op_kit_add_text(struct op_kit *k, const char *text);
Sluice__V1__Image *op_kit_image(struct op_kit *k, const char *data);

#endif
