/* Cohere's embed bodies, which Bedrock carries, too. */
#ifndef SL_ADAPTERS_COHERE_EMBED_H
#define SL_ADAPTERS_COHERE_EMBED_H

#include "adapters/calls/calls.h"

/* Which texts and pictures one request takes (docs.cohere.com/reference/embed: "maximum number of texts per call is 96"). */
size_t sl_cohere_embed_batch(const struct sl_op_in *in);
/* The members of the open object behind model, and its end. v2: input_type and embedding_types always stand there. */
enum sl_code sl_cohere_embed_members(struct nv_build *b, const struct sl_op_in *in,
                                     bool v2) SL_MUST_CHECK;
/* {"embeddings": {"float": [...], ...}} or {"embeddings": [...]}, and "meta". */
enum sl_code sl_cohere_embed_body(struct sl_op_answer *o, char *body, size_t n,
                                  struct sl_err *err) SL_MUST_CHECK;

#endif
