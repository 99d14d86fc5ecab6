/* What the steps add up to: usage, cost, and what the registry does not know yet. */
#include <string.h>

#include "exchange/probe/internal.h"

void sl_probe_findings_init(struct sl_probe_findings *f)
{
    *f = (struct sl_probe_findings){.reason = ""};
    memset(f->known, -1, sizeof(f->known));
    sluice__v1__token_usage__init(&f->usage);
}

static int32_t sum(int32_t a, int32_t b)
{
    return b > INT32_MAX - a ? INT32_MAX : a + b;
}

static void add_usage(struct sl_probe_findings *f, const Sluice__V1__TokenUsage *u)
{
    f->has_usage = true;
    f->usage.input_tokens = sum(f->usage.input_tokens, u->input_tokens);
    f->usage.cache_read_tokens = sum(f->usage.cache_read_tokens, u->cache_read_tokens);
    f->usage.cache_write_tokens = sum(f->usage.cache_write_tokens, u->cache_write_tokens);
    f->usage.output_tokens = sum(f->usage.output_tokens, u->output_tokens);
    f->usage.reasoning_tokens = sum(f->usage.reasoning_tokens, u->reasoning_tokens);
    f->usage.estimated |= u->estimated;
    f->reasons |= u->reasoning_tokens > 0;
}

void sl_probe_findings_add(struct sl_probe_findings *f, const probe_step_t *step)
{
    bool failed = step->result == SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_FAILED;
    if (failed && !f->failed)
        f->reason = step->reason;
    f->failed += failed;
    f->passed += step->result == SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_PASSED;
    f->skipped += step->result == SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_SKIPPED;
    f->unsupported += step->result == SLUICE__V1__TEST_MODEL_STEP__RESULT__RESULT_UNSUPPORTED;
    f->attempts += step->attempts;
    if (step->usage)
        add_usage(f, step->usage);
    f->has_cost |= step->_cost_nanos_case != 0;
    f->cost_nanos += step->cost_nanos;
}

/* ---- what the registry does not have ---- */

static void set_known(Sluice__V1__ModelCapabilities *c, const struct sl_model *m)
{
#define SET(field, FIELD)                                                                          \
    if (m->cap_##field >= 0) {                                                                     \
        c->field = m->cap_##field == 1;                                                            \
        c->_##field##_case = SLUICE__V1__MODEL_CAPABILITIES___##FIELD##_##FIELD;                   \
    }
    SET(streaming, STREAMING)
    SET(tools, TOOLS)
    SET(vision, VISION)
    SET(json_schema, JSON_SCHEMA)
    SET(reasoning, REASONING)
    SET(embeddings, EMBEDDINGS)
    SET(images, IMAGES)
#undef SET
}

static void set_found(Sluice__V1__ModelCapabilities *c, const struct sl_probe_findings *f)
{
#define SET(STEP, field, FIELD)                                                                    \
    if (f->known[SL_PROBE_##STEP] >= 0) {                                                          \
        c->field = f->known[SL_PROBE_##STEP] == 1;                                                 \
        c->_##field##_case = SLUICE__V1__MODEL_CAPABILITIES___##FIELD##_##FIELD;                   \
    }
    SET(STREAMING, streaming, STREAMING)
    SET(TOOLS, tools, TOOLS)
    SET(VISION, vision, VISION)
    SET(JSON, json_schema, JSON_SCHEMA)
    SET(EMBEDDING, embeddings, EMBEDDINGS)
    SET(IMAGE, images, IMAGES)
#undef SET
    if (f->reasons) {
        c->reasoning = true;
        c->_reasoning_case = SLUICE__V1__MODEL_CAPABILITIES___REASONING_REASONING;
    }
}

static bool differs(const struct sl_probe_findings *f, const struct sl_model *m)
{
    for (unsigned i = 0; i < SL_PROBE_SUMMARY; i++) {
        if (f->known[i] >= 0 && f->known[i] != sl_probe_capability(m, (enum sl_probe_step)i))
            return true;
    }
    return f->reasons && m->cap_reasoning != 1;
}

static void add_field(struct sl_arena *arena, probe_step_t *s, const char *field)
{
    s->update_mask = *s->update_mask ? sl_arena_printf(arena, "%s,%s", s->update_mask, field)
                                     : sl_arena_strdup(arena, field);
}

static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

static void set_detected(const struct sl_probe_findings *f, struct sl_arena *arena,
                         const struct sl_model *m, probe_step_t *s)
{
    Sluice__V1__Model *d = SL_ARENA_NEW(arena, Sluice__V1__Model);
    sluice__v1__model__init(d);
    if (differs(f, m)) {
        d->capabilities = SL_ARENA_NEW(arena, Sluice__V1__ModelCapabilities);
        sluice__v1__model_capabilities__init(d->capabilities);
        set_known(d->capabilities, m);
        set_found(d->capabilities, f);
        add_field(arena, s, "capabilities");
    }
    if (f->context_tokens && f->context_tokens != m->context_tokens) {
        d->context_tokens = f->context_tokens;
        add_field(arena, s, "context_tokens");
    }
    if (f->max_output_tokens && f->max_output_tokens != m->max_output_tokens) {
        d->max_output_tokens = f->max_output_tokens;
        add_field(arena, s, "max_output_tokens");
    }
    if (*s->update_mask)
        s->detected = d;
}

/* ---- the summary ---- */

static const char *counted(const struct sl_probe_findings *f, struct sl_arena *arena)
{
    const struct {
        unsigned n;
        const char *what;
    } parts[] = {{f->passed, "passed"},
                 {f->failed, "failed"},
                 {f->unsupported, "not supported"},
                 {f->skipped, "skipped"}};
    const char *out = "";
    for (size_t i = 0; i < SL_ARRAY_LEN(parts); i++) {
        if (parts[i].n)
            out = sl_arena_printf(arena, "%s%s%u %s", out, *out ? ", " : "", parts[i].n,
                                  parts[i].what);
    }
    return out;
}

void sl_probe_findings_sum(const struct sl_probe_findings *f, struct sl_arena *arena,
                           const struct sl_model *m, const char *name, probe_step_t *s)
{
    s->model = text(name);
    s->provider = text(m->provider);
    s->base_url = text(m->target.base_url);
    s->reason = text(f->reason);
    s->attempts = f->attempts;
    s->detail = text(counted(f, arena));
    if (f->has_usage) {
        s->usage = SL_ARENA_NEW(arena, Sluice__V1__TokenUsage);
        *s->usage = f->usage;
    }
    if (f->has_cost) {
        s->cost_nanos = f->cost_nanos;
        s->_cost_nanos_case = SLUICE__V1__TEST_MODEL_STEP___COST_NANOS_COST_NANOS;
    }
    set_detected(f, arena, m, s);
    if (!s->detected)
        return;
    s->detected->name = text(name);
    s->detected->provider = text(m->provider);
    s->detected->model_id = text(m->target.model_id);
    s->detected->base_url = text(m->target.base_url);
}
