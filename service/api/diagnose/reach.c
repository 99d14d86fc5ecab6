/* Trying addresses. */
#include "api/diagnose/reach.h"

#include <string.h>

#include "api/diagnose/rules.h"
#include "base/alloc.h"
#include "base/str.h"
#include "registry/vault/vault.h"

enum {
    PARALLEL = 16,
    LIMIT_MS = 5000, /* of one address: longer than any host that is well takes */
    LEAST_MS = 100,
    ORIGIN_MAX = 300,
    BODY_MAX = 64 * 1024, /* what is read of an answer that nobody looks at */
};

/* ---- gathering ---- */

struct gathering {
    const struct sl_diagnosis *d;
    struct sl_reach_list *out;
};

static bool is_same_way(const struct sl_endpoint *a, const struct sl_endpoint *b)
{
    return a->guard == b->guard && a->insecure == b->insecure && !strcmp(a->proxy, b->proxy) &&
           !strcmp(a->unix_socket, b->unix_socket) && !strcmp(a->connect_to, b->connect_to) &&
           !strcmp(a->ca_file, b->ca_file) && !strcmp(a->client_cert, b->client_cert);
}

static struct sl_reach_target *find(struct sl_reach_list *l, const char *origin,
                                    const struct sl_model *m)
{
    for (size_t i = 0; i < l->n; i++) {
        if (!strcmp(l->list[i].origin, origin) && is_same_way(l->list[i].endpoint, m->endpoint))
            return &l->list[i];
    }
    return NULL;
}

/* A cloud's adapter puts the region into the usual address, so that this is not the one that is asked. */
static bool is_rewritten(const struct sl_model *m)
{
    return m->adapter->tokens && *m->target.region &&
           !strcmp(m->target.base_url, m->adapter->default_base_url);
}

static void on_model(void *owner, const struct sl_model *m)
{
    struct gathering *g = owner;
    const struct sl_diagnosis *d = g->d;
    struct sl_reach_list *l = g->out;
    char origin[ORIGIN_MAX];
    if (!m->enabled || *m->problem || is_rewritten(m) || !sl_registry_has_key(d->registry, m) ||
        !sl_vault_bind(m->target.base_url, origin, sizeof(origin)))
        return;
    struct sl_reach_target *t = find(l, origin, m);
    if (!t && l->n == SL_REACH_MAX) {
        l->left_out++;
        return;
    }
    if (!t) {
        t = &l->list[l->n++];
        *t = (struct sl_reach_target){
            .origin = sl_arena_strdup(d->arena, origin),
            .url = m->target.base_url,
            .name = m->name,
            .subject = sl_diagnosis_subject(d, m),
            .owner = m->owner,
            .endpoint = m->endpoint,
        };
    }
    t->models++;
}

void sl_reach_gather(const struct sl_diagnosis *d, struct sl_reach_list *out)
{
    struct gathering g = {d, out};
    out->n = out->left_out = 0;
    sl_diagnosis_walk(d, on_model, &g);
}

/* ---- trying ---- */

struct trial {
    struct sl_reach *reach;
    const struct sl_reach_target *target;
    struct sl_transfer *transfer; /* NULL: none under way */
};

struct sl_reach {
    struct sl_reach_spec spec;
    struct sl_mail first; /* on its way: nothing is called back before the start returned */
    bool waiting;         /* for that letter */
    bool cancelled;       /* meanwhile: the letter frees it */
    size_t next, running, late;
    struct trial trials[SL_REACH_MAX];
};

static void reach_free(struct sl_reach *r)
{
    sl_registry_unref(r->spec.registry);
    sl_free(r);
}

static const char *advise(const struct sl_reach *r, const struct sl_reach_target *t,
                          const char *remedy)
{
    if (*t->owner || r->spec.may_change)
        return remedy;
    return sl_arena_printf(r->spec.arena, "an administrator can: %s", remedy);
}

static const char *remedy_for(const struct sl_reach *r, const struct sl_reach_target *t,
                              enum sl_finding code)
{
    if (code == SL_FINDING_ENDPOINT)
        return "";
    if (code == SL_FINDING_ENDPOINT_FORBIDDEN)
        return "an administrator can: add the address to upstream.allowed_addresses";
    return advise(r, t,
                  sl_arena_printf(r->spec.arena,
                                  "see that the server runs and that this machine may reach it, "
                                  "then: sluice models test %s",
                                  t->name));
}

static const char *text_of(const struct sl_reach *r, const struct sl_reach_target *t,
                           const struct sl_transfer_result *result, enum sl_finding code)
{
    struct sl_arena *arena = r->spec.arena;
    const char *whom =
        sl_arena_printf(arena, "%s (%s)", t->origin, sl_diagnosis_count(arena, t->models, "model"));
    if (code == SL_FINDING_ENDPOINT)
        return sl_arena_printf(arena, "%s answers within %.0f ms", whom,
                               (double)result->timing.head / 1000);
    if (code == SL_FINDING_ENDPOINT_FAILING)
        return sl_arena_printf(
            arena, "%s answers with HTTP %d: something before it runs, the server itself does not",
            whom, result->head->status);
    return sl_arena_printf(arena, "%s cannot be reached: %s", whom, result->err.text);
}

static void end(struct sl_reach *r)
{
    size_t left = r->late + r->spec.targets->left_out;
    if (left)
        sl_findings_add(
            r->spec.findings, SL_FINDING_ENDPOINTS_SKIPPED, "",
            sl_arena_printf(r->spec.arena, "%zu addresses or models more were not tried", left),
            "sluice models test --all");
    r->spec.on_end(r->spec.owner);
    reach_free(r);
}

static void start_more(struct sl_reach *r);

static void on_done(void *owner, const struct sl_transfer_result *result)
{
    struct trial *t = owner;
    struct sl_reach *r = t->reach;
    enum sl_finding code = sl_rule_endpoint(result->head ? result->head->status : 0, &result->err);
    t->transfer = NULL;
    r->running--;
    sl_findings_add(r->spec.findings, code, t->target->subject, text_of(r, t->target, result, code),
                    remedy_for(r, t->target, code));
    start_more(r);
}

static const struct sl_transfer_ops ops = {.on_done = on_done};

static void start(struct sl_reach *r, struct trial *t, int64_t limit_ms)
{
    static const struct sl_segs nothing;
    t->reach = r;
    r->running++;
    t->transfer = sl_transfer_start(r->spec.upstream,
                                    &(struct sl_transfer_spec){
                                        .endpoint = t->target->endpoint,
                                        .method = "GET",
                                        .url = t->target->url,
                                        .body = &nothing,
                                        .clocks = {.connect_ms = limit_ms, .total_ms = limit_ms},
                                        .caps = {.body = BODY_MAX, .failure = BODY_MAX},
                                        .fresh_connection = true,
                                        .ops = &ops,
                                        .owner = t,
                                    });
}

/* As many as may run, while there is time. */
static void start_more(struct sl_reach *r)
{
    const struct sl_reach_list *l = r->spec.targets;
    while (r->running < PARALLEL && r->next < l->n) {
        int64_t left_ms = (r->spec.deadline_us - sl_loop_now_us(r->spec.loop)) / 1000;
        struct trial *t = &r->trials[r->next];
        if (left_ms < LEAST_MS) {
            r->late += l->n - r->next;
            r->next = l->n;
            break;
        }
        t->target = &l->list[r->next++];
        start(r, t, left_ms < LIMIT_MS ? left_ms : LIMIT_MS);
    }
    if (!r->running && r->next == l->n)
        end(r);
}

static void begin(struct sl_mail *mail)
{
    struct sl_reach *r = SL_CONTAINER_OF(mail, struct sl_reach, first);
    r->waiting = false;
    if (r->cancelled)
        reach_free(r);
    else
        start_more(r);
}

struct sl_reach *sl_reach_start(const struct sl_reach_spec *spec)
{
    struct sl_reach *r = SL_NEW(struct sl_reach);
    r->spec = *spec;
    r->spec.registry = sl_registry_ref(spec->registry);
    r->first.deliver = begin;
    r->waiting = true;
    sl_loop_post(spec->loop, &r->first);
    return r;
}

void sl_reach_cancel(struct sl_reach *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->next; i++)
        sl_transfer_cancel(r->trials[i].transfer);
    r->cancelled = true;
    if (!r->waiting)
        reach_free(r);
}
