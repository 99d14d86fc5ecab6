/* Gemini's calls beside chat. Their dialect is a struct sl_gemini_dialect. */
#ifndef SL_ADAPTERS_GEMINI_OPERATIONS_H
#define SL_ADAPTERS_GEMINI_OPERATIONS_H

#include "adapters/calls/calls.h"
#include "adapters/gemini/internal.h"

/* https://ai.google.dev/api/embeddings */
extern const char *const gm_embed_tasks[]; /* by EmbedTask */
size_t gm_embed_one(const struct sl_op_in *in);
size_t gm_embed_batch(const struct sl_op_in *in);
enum sl_code gm_embed_build(const struct sl_op_in *in, struct sl_http_request *out,
                            struct sl_err *err) SL_MUST_CHECK;
enum sl_code gm_batch_build(const struct sl_op_in *in, struct sl_http_request *out,
                            struct sl_err *err) SL_MUST_CHECK;
enum sl_code gm_embed_body(struct sl_op_answer *o, char *body, size_t n,
                           struct sl_err *err) SL_MUST_CHECK;

/* {"totalTokens", "cachedContentTokenCount"} */
enum sl_code gm_count_body(struct sl_op_answer *o, char *body, size_t n,
                           struct sl_err *err) SL_MUST_CHECK;

/* https://ai.google.dev/gemini-api/docs/image-generation and .../imagen */
bool gm_is_imagen(const struct sl_target *target);
bool gm_is_no_imagen(const struct sl_target *target);
enum sl_code gm_image_build(const struct sl_op_in *in, struct sl_http_request *out,
                            struct sl_err *err) SL_MUST_CHECK;
enum sl_code gm_image_body(struct sl_op_answer *o, char *body, size_t n,
                           struct sl_err *err) SL_MUST_CHECK;
enum sl_code gm_imagen_build(const struct sl_op_in *in, struct sl_http_request *out,
                             struct sl_err *err) SL_MUST_CHECK;
enum sl_code gm_imagen_body(struct sl_op_answer *o, char *body, size_t n,
                            struct sl_err *err) SL_MUST_CHECK;

#endif
