/* What requests beside completions have to look like, whatever model they are for. */
#include "api/validate.h"

#include <stdio.h>

#include "api/checks.h"

enum {
    MAX_INPUTS = 2048, /* of Embed */
    MAX_DIMENSIONS = 65536,
    MAX_VERDICTS = 512, /* inputs of Moderate */
    MAX_IMAGES = 10,    /* that are made */
    MAX_SOURCES = 16,   /* pictures to go by */
    MAX_PARTIAL = 3,
    MAX_DOCUMENTS = 10000,
    PATH_MAX_BYTES = 96,
};

/* Texts and images only. */
static void check_parts(struct sl_violations *v, const char *path, Sluice__V1__Part *const *parts,
                        size_t n)
{
    char field[PATH_MAX_BYTES + 32];
    if (!n)
        sl_violate(v, path, "must hold at least one part");
    for (size_t i = 0; i < n; i++) {
        snprintf(field, sizeof(field), "%s[%zu]", path, i);
        if (parts[i]->content_case == SLUICE__V1__PART__CONTENT_IMAGE)
            sl_check_image(v, field, parts[i]->image);
        else if (parts[i]->content_case != SLUICE__V1__PART__CONTENT_TEXT)
            sl_violate(v, field, "must be a text or an image");
    }
}

/* ---- Embed ---- */

static void check_tokens(struct sl_violations *v, const char *path, const Sluice__V1__TokenIds *t)
{
    if (!t->n_ids)
        sl_violate(v, path, "must hold at least one token");
    for (size_t i = 0; i < t->n_ids; i++) {
        if (t->ids[i] < 0) {
            sl_violate(v, path, "may not hold a negative token");
            return;
        }
    }
}

static void check_input(struct sl_violations *v, size_t i, const Sluice__V1__EmbedInput *input)
{
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof(path), "inputs[%zu]", i);
    switch (input->content_case) {
    case SLUICE__V1__EMBED_INPUT__CONTENT_TEXT:
        if (!input->text[0])
            sl_violate(v, path, "may not be an empty text");
        break;
    case SLUICE__V1__EMBED_INPUT__CONTENT_TOKENS:
        check_tokens(v, path, input->tokens);
        break;
    case SLUICE__V1__EMBED_INPUT__CONTENT_IMAGE:
        sl_check_image(v, path, input->image);
        break;
    case SLUICE__V1__EMBED_INPUT__CONTENT_PARTS:
        snprintf(path, sizeof(path), "inputs[%zu].parts.parts", i);
        check_parts(v, path, input->parts->parts, input->parts->n_parts);
        break;
    default:
        sl_violate(v, path, "has no content");
    }
}

static void check_encodings(struct sl_violations *v, const Sluice__V1__EmbedRequest *r)
{
    unsigned seen = 0;
    for (size_t i = 0; i < r->n_encodings; i++) {
        if (r->encodings[i] <= 0 ||
            r->encodings[i] > SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_UBINARY) {
            sl_violate(v, "encodings", "may hold known encodings only");
            return;
        }
        if (seen & 1u << r->encodings[i])
            sl_violate(v, "encodings", "may not name an encoding twice");
        seen |= 1u << r->encodings[i];
    }
    if (seen & 1u << SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_FLOAT &&
        seen & 1u << SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_BASE64)
        sl_violate(v, "encodings", "may not hold both floats and base64: both give floats");
}

bool sl_validate_embed(const Sluice__V1__EmbedRequest *r, struct sl_violations *out)
{
    if (!r->n_inputs)
        sl_violate(out, "inputs", "must hold at least one input");
    if (r->n_inputs > MAX_INPUTS)
        sl_violate(out, "inputs", "may hold at most %d inputs", MAX_INPUTS);
    for (size_t i = 0; i < r->n_inputs && i < MAX_INPUTS; i++)
        check_input(out, i, r->inputs[i]);
    if (r->_dimensions_case)
        sl_check_range(out, "dimensions", r->dimensions, 1, MAX_DIMENSIONS);
    check_encodings(out, r);
    if (r->task < 0 || r->task > SLUICE__V1__EMBED_TASK__EMBED_TASK_FACT_VERIFICATION)
        sl_violate(out, "task", "is not a known task");
    if (r->truncate < 0 || r->truncate > SLUICE__V1__EMBED_TRUNCATE__EMBED_TRUNCATE_END)
        sl_violate(out, "truncate", "is not a known value");
    sl_check_length(out, "end_user", r->end_user, SL_END_USER_MAX);
    SL_CHECK_MARKS(out, r);
    return out->count == 0;
}

/* ---- GenerateImage ---- */

static void check_sources(struct sl_violations *v, const Sluice__V1__GenerateImageRequest *r)
{
    char path[PATH_MAX_BYTES];
    if (r->n_images > MAX_SOURCES)
        sl_violate(v, "images", "may hold at most %d pictures", MAX_SOURCES);
    for (size_t i = 0; i < r->n_images && i < MAX_SOURCES; i++) {
        snprintf(path, sizeof(path), "images[%zu]", i);
        sl_check_image(v, path, r->images[i]);
    }
    if (r->mask)
        sl_check_image(v, "mask", r->mask);
    if (r->mask && !r->n_images)
        sl_violate(v, "mask", "needs images");
}

bool sl_validate_image(const Sluice__V1__GenerateImageRequest *r, struct sl_violations *out)
{
    if (!r->prompt[0])
        sl_violate(out, "prompt", "is required");
    check_sources(out, r);
    if (r->_n_case)
        sl_check_range(out, "n", r->n, 1, MAX_IMAGES);
    if (r->_output_compression_case)
        sl_check_range(out, "output_compression", r->output_compression, 0, 100);
    if (r->_partial_images_case)
        sl_check_range(out, "partial_images", r->partial_images, 0, MAX_PARTIAL);
    if (r->delivery < 0 || r->delivery > SLUICE__V1__IMAGE_DELIVERY__IMAGE_DELIVERY_URL)
        sl_violate(out, "delivery", "is not a known value");
    sl_check_length(out, "end_user", r->end_user, SL_END_USER_MAX);
    SL_CHECK_MARKS(out, r);
    return out->count == 0;
}

/* ---- Rerank, Moderate ---- */

bool sl_validate_rerank(const Sluice__V1__RerankRequest *r, struct sl_violations *out)
{
    if (!r->query[0])
        sl_violate(out, "query", "is required");
    if (!r->n_documents)
        sl_violate(out, "documents", "must hold at least one document");
    if (r->n_documents > MAX_DOCUMENTS)
        sl_violate(out, "documents", "may hold at most %d documents", MAX_DOCUMENTS);
    if (r->_top_n_case && r->top_n < 1)
        sl_violate(out, "top_n", "must be at least 1");
    if (r->_max_tokens_per_document_case && r->max_tokens_per_document < 1)
        sl_violate(out, "max_tokens_per_document", "must be at least 1");
    SL_CHECK_MARKS(out, r);
    return out->count == 0;
}

bool sl_validate_moderate(const Sluice__V1__ModerateRequest *r, struct sl_violations *out)
{
    char path[PATH_MAX_BYTES];
    if (!r->n_inputs)
        sl_violate(out, "inputs", "must hold at least one input");
    if (r->n_inputs > MAX_VERDICTS)
        sl_violate(out, "inputs", "may hold at most %d inputs", MAX_VERDICTS);
    for (size_t i = 0; i < r->n_inputs && i < MAX_VERDICTS; i++) {
        snprintf(path, sizeof(path), "inputs[%zu].parts", i);
        check_parts(out, path, r->inputs[i]->parts, r->inputs[i]->n_parts);
    }
    SL_CHECK_MARKS(out, r);
    return out->count == 0;
}
