/* TestModel: finds or makes the model, then passes on what the probe tells. */
#include "api/test_model.h"

#include <string.h>

#include "api/ask.h"
#include "api/manage.h"
#include "base/clock.h"
#include "exchange/probe/probe.h"

enum {
    STEP_MS = 30 * 1000,
    MAX_STEP_MS = 300 * 1000,
    TOTAL_MS = 120 * 1000,
    MAX_TOTAL_MS = 600 * 1000,
};

typedef Sluice__V1__TestModelRequest request_t;

struct test {
    struct sl_call *call;
    const request_t *request;
    unsigned steps;
    struct sl_work *work; /* that makes the model; NULL: none runs */
    struct sl_probe *probe;
};

/* ---- the probe ---- */

static void on_step(void *owner, const Sluice__V1__TestModelStep *step)
{
    struct test *t = owner;
    (void)!sl_call_emit(t->call,
                        &step->base); /* a few small messages: however slow the client is */
}

static void on_end(void *owner)
{
    struct test *t = owner;
    t->probe = NULL;
    sl_call_finish(t->call, &(struct sl_status){.code = SL_OK});
}

static const struct sl_probe_ops probe_ops = {.on_step = on_step, .on_end = on_end};

static int64_t or_else(int32_t said, int64_t otherwise)
{
    return said ? said : otherwise;
}

static void begin(struct test *t, struct sl_registry *registry, const struct sl_model *model)
{
    struct sl_call *call = t->call;
    t->probe = sl_probe_start(&(struct sl_probe_spec){
        .arena = call->arena,
        .upstream = call->service->upstream,
        .parser = &call->service->parser,
        .loop = call->loop,
        .registry = registry,
        .model = model,
        .name = sl_arena_printf(call->arena, "models/%s", model->name),
        .call_id = call->id,
        .steps = t->steps,
        .step_ms = or_else(t->request->step_timeout_ms, STEP_MS),
        .total_ms = or_else(t->request->timeout_ms, TOTAL_MS),
        .ops = &probe_ops,
        .owner = t,
        .facts = &call->facts,
    });
}

/* ---- a stored one ---- */

/* Who may change a model also tries it while it is switched off. */
static const struct sl_model *find_disabled(const struct sl_call *call, const char *name)
{
    const struct sl_registry *r = call->service->registry;
    const struct sl_principal *p = call->principal;
    const struct sl_model *m = NULL;
    struct sl_manage_name parsed;
    if (!sl_manage_parse_name(name, "models", &parsed))
        return NULL;
    if (!parsed.global)
        m = sl_registry_find_personal(r, p->id, parsed.name, NULL);
    if (!m && sl_manage_may_write_global(p))
        m = sl_registry_find(r, parsed.name, NULL);
    return m && !m->enabled && !*m->problem && sl_registry_may_use(r, m, p) ? m : NULL;
}

static void test_stored(struct test *t)
{
    struct sl_call *call = t->call;
    struct sl_candidates found = {0};
    struct sl_err err = {0};
    const char *name = t->request->name;
    call->facts.model_asked = name;
    const struct sl_resolve_spec spec = {
        .registry = call->service->registry,
        .principal = call->principal,
        .name = name,
        .conversation = "",
        .now_ms = sl_wall_ms(),
        .arena = call->arena,
    };
    const struct sl_model *model = find_disabled(call, name);
    if (!model && sl_resolve_request(&spec, &found, &err) != SL_OK) {
        sl_call_fail(call, &err);
        return;
    }
    begin(t, call->service->registry, model ? model : found.list[0].model);
}

/* ---- one that is not stored ---- */

enum sl_code sl_test_model_draft(struct sl_work *w, struct sl_err *err)
{
    const request_t *request = (const request_t *)w->request;
    struct sl_manage m = sl_work_manage(w);
    struct sl_draft_rows rows = {.model = NULL};
    enum sl_code code = sl_manage_draft_model(&m, request->model, request->personal, &rows, err);
    if (code != SL_OK)
        return code;
    const struct sl_row *const list[] = {rows.model, rows.credential};
    sl_registry_unref((struct sl_registry *)(uintptr_t)w->registry);
    w->registry = sl_snapshots_with(w->backend->snapshots, list, rows.credential ? 2 : 1);
    const struct sl_model *made = sl_registry_get(w->registry, sl_row_text(rows.model, SL_COL_ID));
    if (!made || *made->problem)
        return sl_err_set(err, SL_FAILED_PRECONDITION, SL_REASON_MODEL_UNUSABLE,
                          "the model cannot be used: %s",
                          made ? made->problem : "it cannot be made");
    w->result = made;
    return SL_OK;
}

static void on_drafted(struct sl_call *call, struct sl_work *w)
{
    struct test *t = call->state;
    t->work = NULL;
    if (w->code != SL_OK)
        sl_work_fail(call, w);
    else
        begin(t, (struct sl_registry *)(uintptr_t)w->registry, w->result);
}

/* What creating it would ask of the caller. */
static enum sl_code may_create(const struct sl_call *call, struct sl_err *err)
{
    static const struct sl_needs needs = {.scopes = SL_SCOPE_MODELS | SL_SCOPE_ADMIN};
    return sl_rights_check(call->principal, &needs, "/sluice.v1.ModelRegistry/CreateModel", err);
}

static void test_draft(struct test *t)
{
    struct sl_err err = {0};
    t->call->facts.model_asked = t->request->model->name;
    if (may_create(t->call, &err) != SL_OK) {
        sl_call_fail(t->call, &err);
        return;
    }
    struct sl_work *w = sl_work_submit(t->call, &t->request->base, on_drafted);
    if (w) /* else the call is over */
        t->work = w;
}

/* ---- the call ---- */

static unsigned check(const request_t *r, struct sl_violations *v)
{
    unsigned steps = 0;
    if (r->target_case == SLUICE__V1__TEST_MODEL_REQUEST__TARGET__NOT_SET)
        sl_violate(v, "name", "is required, or model");
    for (size_t i = 0; i < r->n_steps; i++) {
        unsigned bit = sl_probe_step_find(r->steps[i]);
        if (!bit)
            sl_violate(v, "steps", "holds '%.64s', which is no step", r->steps[i]);
        steps |= bit;
    }
    if (r->step_timeout_ms < 0 || r->step_timeout_ms > MAX_STEP_MS)
        sl_violate(v, "step_timeout_ms", "must be 0 to %d", MAX_STEP_MS);
    if (r->timeout_ms < 0 || r->timeout_ms > MAX_TOTAL_MS)
        sl_violate(v, "timeout_ms", "must be 0 to %d", MAX_TOTAL_MS);
    return steps;
}

void sl_test_model(struct sl_call *call, const ProtobufCMessage *message)
{
    const request_t *r = (const request_t *)message;
    struct sl_violations violations = {.arena = call->arena};
    struct test *t = SL_ARENA_NEW(call->arena, struct test);
    t->call = call;
    t->request = r;
    t->steps = check(r, &violations);
    if (violations.count) {
        sl_ask_refuse(call, &violations);
        return;
    }
    call->state = t;
    if (r->target_case == SLUICE__V1__TEST_MODEL_REQUEST__TARGET_MODEL)
        test_draft(t);
    else
        test_stored(t);
}

void sl_test_model_cancel(struct sl_call *call)
{
    struct test *t = call->state;
    if (!t)
        return;
    if (t->work)
        sl_work_abandon(t->work);
    sl_probe_cancel(t->probe);
    t->work = NULL;
    t->probe = NULL;
}
