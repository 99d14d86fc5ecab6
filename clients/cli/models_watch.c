/* sluice models watch: a table, then a line for each change, over breaks of the connection and restarts of the service.
 * What the service tells anew after a break is compared with what is known, so that only what changed is printed. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/str.h"
#include "interrupt.h"
#include "models.h"
#include "sluice/v1/model_registry.pb-c.h"

#define EVENT(name) SLUICE__V1__MODEL_EVENT__TYPE__TYPE_##name

enum { FIRST_PAUSE_MS = 250, LAST_PAUSE_MS = 5000, SLICE_MS = 50 };
enum { CODE_CANCELLED = 1, CODE_UNAVAILABLE = 14 };

/* A model that was told. */
struct known {
    char *key;
    char *name;
    uint8_t *packed; /* NULL: it was removed */
    size_t n;
    bool told; /* in the snapshot that comes now */
};

struct watch {
    struct cli *cli;
    struct known *list;
    size_t n;
    size_t *slots; /* place in the list + 1; 0: free */
    size_t n_slots;
    struct table table;
    bool heard;       /* something, ever */
    bool listed;      /* a snapshot came, ever */
    bool anew;        /* a snapshot comes, and there was something before it */
    bool tabled;      /* a snapshot comes, the first one */
    char token[1024]; /* where to go on */
    int64_t revision;
};

/* ---- what is known ---- */

static size_t *find_slot(const struct watch *w, const char *key)
{
    size_t i = (size_t)sl_hash_text(key, 0) & (w->n_slots - 1);

    while (w->slots[i] && strcmp(w->list[w->slots[i] - 1].key, key) != 0)
        i = (i + 1) & (w->n_slots - 1);
    return &w->slots[i];
}

static void grow(struct watch *w)
{
    w->n_slots = w->n_slots ? 2 * w->n_slots : 64;
    sl_free(w->slots);
    w->slots = sl_calloc(w->n_slots, sizeof(*w->slots));
    w->list = sl_realloc(w->list, w->n_slots / 2 * sizeof(*w->list));
    for (size_t i = 0; i < w->n; i++)
        *find_slot(w, w->list[i].key) = i + 1;
}

static struct known *get(struct watch *w, const char *key)
{
    if (2 * (w->n + 1) > w->n_slots)
        grow(w);

    size_t *slot = find_slot(w, key);

    if (!*slot) {
        w->list[w->n] = (struct known){.key = sl_strdup(key)};
        *slot = ++w->n;
    }
    return &w->list[*slot - 1];
}

static void forget(struct known *k)
{
    sl_free(k->name);
    sl_free(k->packed);
    k->name = NULL;
    k->packed = NULL;
}

/* Whether it says something new. */
static bool keep(struct known *k, const Sluice__V1__Model *m)
{
    size_t n = sluice__v1__model__get_packed_size(m);
    uint8_t *packed = sl_malloc(n ? n : 1);
    bool is_new;

    sluice__v1__model__pack(m, packed);
    is_new = !k->packed || k->n != n || memcmp(k->packed, packed, n) != 0;
    forget(k);
    k->name = sl_strdup(table_bare(m->name));
    k->packed = packed;
    k->n = n;
    return is_new;
}

/* ---- printing ---- */

/* "key missing" of STATE_KEY_MISSING. */
static void state_name(char *dst, size_t size, const Sluice__V1__ModelStatus *s)
{
    const ProtobufCEnumValue *row = protobuf_c_enum_descriptor_get_value(
        &sluice__v1__model_status__state__descriptor, s ? (int)s->state : 0);
    const char *name = row && row->value ? row->name + strlen("STATE_") : "-";

    snprintf(dst, size, "%s", name);
    for (char *c = dst; *c; c++)
        *c = *c == '_' ? ' ' : (char)tolower((unsigned char)*c);
}

static void print_line(struct watch *w, const char *what, const char *name,
                       const Sluice__V1__Model *m)
{
    char clock[16], state[32];
    time_t now = time(NULL);
    struct tm tm;

    strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
    term_printf(&w->cli->out, "%s  %-8s %s", clock, what, name);
    if (m) {
        state_name(state, sizeof(state), m->status);
        term_printf(&w->cli->out, "  %s  %s%s%s", m->provider, state,
                    m->status && *m->status->detail ? ": " : "",
                    m->status ? m->status->detail : "");
    }
    term_printf(&w->cli->out, "\n");
    term_flush(&w->cli->out);
}

static void add_row(struct watch *w, const Sluice__V1__Model *m)
{
    char state[32];

    state_name(state, sizeof(state), m->status);
    table_add(&w->table, (const char *[]){table_bare(m->name), m->provider, m->model_id, state,
                                          m->status ? m->status->detail : ""});
}

/* ---- events ---- */

static void begin_snapshot(struct watch *w)
{
    w->anew = w->heard;
    w->tabled = !w->heard;
    w->listed = true;
    for (size_t i = 0; i < w->n; i++)
        w->list[i].told = false;
}

static void end_snapshot(struct watch *w)
{
    for (size_t i = 0; i < w->n && w->anew; i++) {
        if (w->list[i].told || !w->list[i].packed)
            continue;
        print_line(w, "removed", w->list[i].name, NULL);
        forget(&w->list[i]);
    }
    if (w->tabled)
        table_print(&w->table, &w->cli->out);
    term_flush(&w->cli->out);
    w->anew = w->tabled = false;
}

static void take_model(struct watch *w, const Sluice__V1__ModelEvent *e)
{
    struct known *k = get(w, e->key);
    const char *name = table_bare(e->model->name);
    bool was_there = k->packed != NULL;

    k->told = true;
    if (e->type == EVENT(REMOVED)) {
        if (was_there || !w->listed) /* where nothing was listed, it may be an old acquaintance */
            print_line(w, "removed", was_there ? k->name : name, NULL);
        forget(k);
    } else if (keep(k, e->model)) {
        if (e->type == EVENT(SNAPSHOT) && w->tabled)
            add_row(w, e->model);
        else
            print_line(w,
                       e->type == EVENT(STATUS)                 ? "status"
                       : was_there || e->type == EVENT(CHANGED) ? "changed"
                                                                : "added",
                       name, e->model);
    }
}

static void take_event(struct watch *w, const Sluice__V1__ModelEvent *e)
{
    if (w->cli->o.json)
        cli_print_json(w->cli, &e->base);
    else if (e->type == EVENT(SNAPSHOT_BEGIN))
        begin_snapshot(w);
    else if (e->type == EVENT(SNAPSHOT_DONE))
        end_snapshot(w);
    else if (e->model && *e->key)
        take_model(w, e);
}

static bool on_message(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__WatchModelsResponse *r = (const Sluice__V1__WatchModelsResponse *)message;
    struct watch *w = ctx;

    for (size_t i = 0; i < r->n_events && !w->cli->out.error; i++)
        take_event(w, r->events[i]);
    if (*r->resume_token && strlen(r->resume_token) < sizeof(w->token)) {
        snprintf(w->token, sizeof(w->token), "%s", r->resume_token);
        w->revision = r->revision;
        w->heard = true;
    }
    return !w->cli->out.error;
}

/* ---- the command ---- */

/* The signal that ended the pause, 0: none did. */
static int pause_ms(int ms)
{
    struct interrupt_guard guard = {.on_signal = NULL};

    interrupt_push(&guard);
    for (; ms > 0 && !interrupt_seen(&guard); ms -= SLICE_MS)
        nanosleep(&(struct timespec){.tv_nsec = SLICE_MS * 1000000L}, NULL);
    interrupt_pop(&guard);
    return guard.signal;
}

/* A call that comes while the service stops may be cancelled by it, where neither we nor a signal did. */
static bool is_lost(const struct client_status *s)
{
    return !s->signal && !s->stopped && (s->code == CODE_UNAVAILABLE || s->code == CODE_CANCELLED);
}

/* Until something ends it that another try would not mend. */
static int follow(struct watch *w, struct client_call *call,
                  Sluice__V1__WatchModelsRequest *request)
{
    struct client_status status;
    int pause = FIRST_PAUSE_MS, code, signal;

    for (;;) {
        request->resume_token = w->token;
        cli_call(w->cli, call, 0, &status);
        if (!w->heard || !is_lost(&status))
            break;
        if (status.answered) {
            verbs_say(w->cli, "sluice: note: the connection is lost; trying again");
            pause = FIRST_PAUSE_MS;
        }
        client_status_fini(&status);
        signal = pause_ms(pause);
        if (signal)
            return 128 + signal;
        pause = 2 * pause < LAST_PAUSE_MS ? 2 * pause : LAST_PAUSE_MS;
    }
    code = status.code ? cli_fail(w->cli, &status) : EXIT_DONE;
    client_status_fini(&status);
    return code;
}

int models_watch(struct cli *cli, const char *const *args, size_t n)
{
    Sluice__V1__WatchModelsRequest request = SLUICE__V1__WATCH_MODELS_REQUEST__INIT;
    struct watch w = {.cli = cli};
    struct client_call call = {
        .path = "/sluice.v1.ModelRegistry/WatchModels",
        .request = &request.base,
        .reply = &sluice__v1__watch_models_response__descriptor,
        .on_message = on_message,
        .ctx = &w,
    };
    int code;

    (void)args;
    (void)n;
    table_init(&w.table, (const char *[]){"NAME", "PROVIDER", "MODEL", "STATE", "DETAIL", NULL});
    request.after_revision = cli->o.since.v;
    if (cli->o.filter)
        request.filter = (char *)cli->o.filter;
    code = follow(&w, &call, &request);
    if (w.heard)
        verbs_say(cli, "told up to revision %" PRId64 ": --since %" PRId64 " goes on from there",
                  w.revision, w.revision);
    for (size_t i = 0; i < w.n; i++) {
        forget(&w.list[i]);
        sl_free(w.list[i].key);
    }
    sl_free(w.list);
    sl_free(w.slots);
    table_fini(&w.table);
    return code;
}
