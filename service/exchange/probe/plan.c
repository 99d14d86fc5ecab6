/* Which steps fit a model. */
#include <string.h>

#include "base/str.h"
#include "exchange/probe/internal.h"

static const char *const names[] = {
#define STEP_NAME(name, text) text,
    SL_PROBE_STEPS(STEP_NAME)
#undef STEP_NAME
};

const char *sl_probe_step_name(enum sl_probe_step step)
{
    return names[step];
}

unsigned sl_probe_step_find(const char *name)
{
    for (unsigned i = 0; i < SL_PROBE_SUMMARY; i++) {
        if (!strcmp(names[i], name))
            return 1u << i;
    }
    return 0;
}

/* ---- kinds ---- */

struct kind {
    enum sl_operation operation; /* of all but chat */
    enum sl_probe_step main;     /* the step that asks for what the model is for */
    const char *misfit;          /* why another kind's step is not tried */
};

static const struct kind kinds[] = {
    [SL_PROBE_CHAT] = {SL_LIST_MODELS, SL_PROBE_COMPLETION, "the model is for chat"},
    [SL_PROBE_EMBEDS] = {SL_EMBED, SL_PROBE_EMBEDDING, "the model is for embeddings"},
    [SL_PROBE_RANKS] = {SL_RERANK, SL_PROBE_RERANK, "the model is for ranking"},
    [SL_PROBE_MODERATES] = {SL_MODERATE, SL_PROBE_MODERATION, "the model is for moderation"},
    [SL_PROBE_PAINTS] = {SL_GENERATE_IMAGE, SL_PROBE_IMAGE, "the model is for pictures"},
};

/* By the API that its entry names, where that is one of an operation's. */
static bool kind_by_api(const struct sl_model *m, enum sl_probe_kind *out)
{
    const char *api = m->target.api;
    if (!*api || !strcmp(api, m->adapter->api))
        return false;
    for (size_t i = SL_PROBE_EMBEDS; i < SL_ARRAY_LEN(kinds); i++) {
        const struct sl_op_api *o =
            sl_adapter_operation(m->adapter, kinds[i].operation, &m->target);
        if (!o || strcmp(o->name, api) != 0)
            continue;
        *out = (enum sl_probe_kind)i;
        return true;
    }
    return false;
}

static bool has_task(const struct sl_model *m, const char *task)
{
    for (const char *const *t = m->tasks; t && *t; t++) {
        if (!strcmp(*t, task))
            return true;
    }
    return false;
}

static bool may_chat(const struct sl_model *m)
{
    if (m->facts && m->facts->chat >= 0)
        return m->facts->chat;
    return m->cap_tools == 1 || m->cap_json_schema == 1 || m->cap_reasoning == 1;
}

enum sl_probe_kind sl_probe_kind_of(const struct sl_model *m)
{
    enum sl_probe_kind kind;
    if (kind_by_api(m, &kind))
        return kind;
    if (may_chat(m))
        return SL_PROBE_CHAT;
    if (m->cap_embeddings == 1)
        return SL_PROBE_EMBEDS;
    if (m->cap_images == 1)
        return SL_PROBE_PAINTS;
    if ((m->facts && m->facts->rerank == 1) || has_task(m, "rerank"))
        return SL_PROBE_RANKS;
    return has_task(m, "moderation") || strstr(m->target.model_id, "moderation")
               ? SL_PROBE_MODERATES
               : SL_PROBE_CHAT;
}

/* ---- the plan ---- */

int sl_probe_capability(const struct sl_model *m, enum sl_probe_step step)
{
    switch (step) {
    case SL_PROBE_STREAMING:
        return m->cap_streaming;
    case SL_PROBE_TOOLS:
        return m->cap_tools;
    case SL_PROBE_VISION:
        return m->cap_vision;
    case SL_PROBE_JSON:
        return m->cap_json_schema;
    case SL_PROBE_EMBEDDING:
        return m->cap_embeddings;
    case SL_PROBE_IMAGE:
        return m->cap_images;
    default:
        return -1;
    }
}

static unsigned fitting(enum sl_probe_kind kind)
{
    const unsigned all = SL_PROBE_BIT(ADDRESS) | SL_PROBE_BIT(TLS) | SL_PROBE_BIT(CREDENTIALS) |
                         SL_PROBE_BIT(LISTING);
    if (kind == SL_PROBE_CHAT)
        return all | SL_PROBE_BIT(COMPLETION) | SL_PROBE_BIT(STREAMING) | SL_PROBE_BIT(TOOLS) |
               SL_PROBE_BIT(VISION) | SL_PROBE_BIT(JSON);
    return all | 1u << kinds[kind].main;
}

/* What is left out where nobody asked for it by name. */
static const char *not_by_itself(const struct sl_model *m, enum sl_probe_step step)
{
    if (step == SL_PROBE_IMAGE)
        return "a picture costs more than a few tokens: name the step to try it";
    if (sl_probe_capability(m, step) == 0)
        return "the registry says that the model cannot do it: name the step to try it";
    return NULL;
}

void sl_probe_plan(const struct sl_model *m, unsigned steps, struct sl_probe_plan *out)
{
    *out = (struct sl_probe_plan){.kind = sl_probe_kind_of(m), .steps = steps};
    unsigned fit = fitting(out->kind);
    const unsigned calls = ~(SL_PROBE_BIT(ADDRESS) | SL_PROBE_BIT(TLS) | SL_PROBE_BIT(CREDENTIALS));
    if (!steps)
        out->steps = fit;
    else if (steps & SL_PROBE_BIT(CREDENTIALS) && !(steps & fit & calls))
        out->steps |=
            out->kind == SL_PROBE_PAINTS ? SL_PROBE_BIT(LISTING) : 1u << kinds[out->kind].main;
    for (unsigned i = 0; i < SL_PROBE_SUMMARY; i++) {
        if (!(fit & 1u << i))
            out->skip[i] = kinds[out->kind].misfit;
        else if (!steps)
            out->skip[i] = not_by_itself(m, (enum sl_probe_step)i);
    }
}
