/* Pages of models: favourites, then by name straight from the snapshot's order, two lists merged (the caller's own, and the
 * global ones); in another order all that match are gathered and sorted. */
#include "api/list_models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/filter.h"
#include "api/model_message.h"
#include "api/page_token.h"
#include "api/service.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "registry/last_used.h"
#include "routing/wishes.h"
#include "sluice/v1/model_registry.pb-c.h"

#define FAVOURITE "favourite"

enum { DEFAULT_PAGE = 100, MAX_PAGE = 1000 };

enum order { FAVOURITES_FIRST, BY_NAME, BY_CREATED, BY_UPDATED, BY_LAST_USED, BY_PROVIDER };

struct entry {
    const struct sl_model *model;
    const char *key; /* its value in the order; "" by name, FAVOURITE for those that come first */
};

struct listing {
    struct sl_call *call;
    const struct sl_registry *registry;
    const struct sl_principal *principal;
    struct sl_model_filter filter;
    enum order order;
    bool descending, show_hidden;
    size_t page;
    uint64_t query;
    const struct sl_page_place *behind; /* NULL: the first page */
    struct sl_page_place place;
    struct entry *list; /* on the heap */
    size_t n, cap;
};

/* ---- the request ---- */

static enum sl_code wrong(struct sl_err *err, const char *field, const char *what)
{
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field, "%s", what);
}

static enum sl_code read_order(struct listing *l, const char *text, struct sl_err *err)
{
    if (!*text)
        return SL_OK;
    static const char *const names[] = {"name", "created", "updated", "last_used", "provider"};
    size_t n = strcspn(text, " ");
    l->descending = !strcmp(text + n, " desc");
    if (text[n] && !l->descending && strcmp(text + n, " asc") != 0)
        return wrong(err, "order_by",
                     "may have ' desc' or ' asc' behind the field, and nothing else");
    for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
        if (strlen(names[i]) != n || memcmp(names[i], text, n) != 0)
            continue;
        l->order = (enum order)(BY_NAME + i);
        return SL_OK;
    }
    return wrong(err, "order_by", "has to be name, created, updated, last_used or provider");
}

static enum sl_code read_request(struct listing *l, const Sluice__V1__ListModelsRequest *r,
                                 struct sl_err *err)
{
    if (r->page_size < 0 || r->page_size > MAX_PAGE)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "page_size",
                            "must be between 0 and %d", MAX_PAGE);
    l->page = r->page_size ? (size_t)r->page_size : DEFAULT_PAGE;
    if (sl_model_filter_parse(r->filter, l->call->arena, &l->filter, err) ||
        read_order(l, r->order_by, err))
        return err->code;
    l->show_hidden = r->show_hidden;
    l->query = sl_page_query(r->filter, r->order_by, l->principal->id) ^ l->show_hidden;
    if (!*r->page_token)
        return SL_OK;
    if (!sl_page_token_read(l->call->arena, r->page_token, l->query, &l->place))
        return wrong(err, "page_token", "is not the next_page_token of a page of this query");
    l->behind = &l->place;
    return SL_OK;
}

/* ---- what is listed ---- */

static const char *state_name(const struct listing *l, const struct sl_model *m)
{
    return sl_model_state_name(sl_model_state_at(l->registry, m, sl_wall_ms(), sl_now_us()).state);
}

static bool is_listed(const struct listing *l, const struct sl_model *m)
{
    const struct sl_filter_subject subject = {
        .model = m,
        .owner = *m->owner ? l->principal->name : "",
        .state = l->filter.asks_state ? state_name(l, m) : NULL,
    };
    return sl_registry_may_use(l->registry, m, l->principal) &&
           (l->show_hidden || !sl_wishes_hide(l->registry, l->principal, m)) &&
           sl_model_filter_matches(&l->filter, &subject);
}

static const char *key_of(const struct listing *l, const struct sl_model *m)
{
    int64_t ms = l->order == BY_CREATED   ? m->created_ms
                 : l->order == BY_UPDATED ? m->updated_ms
                                          : sl_registry_last_used(m);
    if (l->order <= BY_NAME)
        return "";
    if (l->order == BY_PROVIDER)
        return m->provider;
    return sl_arena_printf(l->call->arena, "%020lld", (long long)ms);
}

static const char *id_of(const struct sl_model *m)
{
    return *m->id ? m->id : m->name;
}

static void add(struct listing *l, const struct sl_model *m, const char *key)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 64;
        l->list = sl_realloc(l->list, l->cap * sizeof(*l->list));
    }
    l->list[l->n++] = (struct entry){m, key};
}

/* ---- by name ---- */

/* One's own come before global ones of the same name. */
static bool comes_first(const struct sl_model *own, const struct sl_model *global)
{
    return !global || (own && strcmp(own->name, global->name) <= 0);
}

static void start_walk(const struct listing *l, struct sl_registry_walk *w, bool personal)
{
    const struct sl_page_place *b = l->behind;
    struct sl_model_place place = {b ? b->name : "", b ? b->id : ""};
    /* of the other list: all of that name, or none of it */
    if (b && b->personal != personal)
        place.id = personal ? "\xff" : "";
    sl_registry_walk(w, l->registry, personal ? l->principal->id : "", b ? &place : NULL);
}

static bool is_favourite(const struct listing *l, const struct sl_model *m)
{
    return l->order == FAVOURITES_FIRST && !m->deleted_ms &&
           sl_wishes_favour(l->registry, l->principal, m);
}

static void gather_by_name(struct listing *l)
{
    struct sl_registry_walk own, global;
    start_walk(l, &own, true);
    start_walk(l, &global, false);
    const struct sl_model *a = *l->principal->id ? sl_registry_next(&own) : NULL;
    const struct sl_model *b = sl_registry_next(&global);
    while ((a || b) && l->n <= l->page) {
        bool first = comes_first(a, b) && a;
        const struct sl_model *m = first ? a : b;
        if (is_listed(l, m) && !is_favourite(l, m))
            add(l, m, "");
        if (first)
            a = sl_registry_next(&own);
        else
            b = sl_registry_next(&global);
    }
}

/* ---- in another order ---- */

static int compare(const struct entry *a, const struct entry *b)
{
    int c = strcmp(a->key, b->key);
    if (!c)
        c = strcmp(a->model->name, b->model->name);
    if (!c)
        c = (*a->model->owner == '\0') - (*b->model->owner == '\0');
    return c ? c : strcmp(id_of(a->model), id_of(b->model));
}

static int compare_up(const void *a, const void *b)
{
    return compare(a, b);
}

static int compare_down(const void *a, const void *b)
{
    return compare(b, a);
}

static void gather_all(struct listing *l)
{
    const char *const owners[] = {l->principal->id, ""};
    for (size_t i = *l->principal->id ? 0 : 1; i < SL_ARRAY_LEN(owners); i++) {
        struct sl_registry_walk w;
        sl_registry_walk(&w, l->registry, owners[i], NULL);
        for (const struct sl_model *m; (m = sl_registry_next(&w));) {
            if (is_listed(l, m))
                add(l, m, key_of(l, m));
        }
    }
    if (l->n)
        qsort(l->list, l->n, sizeof(*l->list), l->descending ? compare_down : compare_up);
}

/* How many of the sorted entries the pages before had. */
static size_t count_seen(const struct listing *l, const struct sl_page_place *b)
{
    if (!b)
        return 0;
    const struct sl_model last = {.name = b->name, .id = b->id, .owner = b->personal ? "." : ""};
    const struct entry place = {&last, b->key};
    size_t n = 0;
    while (n < l->n) {
        int c = compare(&l->list[n], &place);
        if (l->descending ? c < 0 : c > 0)
            break;
        n++;
    }
    return n;
}

/* ---- favourites ---- */

static const struct sl_model *find_favourite(const struct listing *l, const char *name)
{
    const struct sl_model *m = NULL;
    bool global = sl_starts_with(name, "global/");
    if (!global)
        m = sl_registry_find_personal(l->registry, l->principal->id, name, NULL);
    return m ? m : sl_registry_find(l->registry, global ? name + strlen("global/") : name, NULL);
}

static bool has(const struct listing *l, const struct sl_model *m)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->list[i].model == m)
            return true;
    }
    return false;
}

/* Then the others by name. Gives how many of the first ones the pages before had. */
static size_t gather_favourites(struct listing *l)
{
    const struct sl_preferences *wishes = l->principal->preferences;
    const struct sl_page_place *behind = l->behind;
    bool among_others = behind && strcmp(behind->key, FAVOURITE) != 0;
    for (size_t i = 0; wishes && !among_others && i < wishes->n_favourites; i++) {
        const struct sl_model *m = find_favourite(l, wishes->favourites[i]);
        if (m && is_listed(l, m) && !has(l, m)) /* by its name and an alias */
            add(l, m, FAVOURITE);
    }
    if (l->n)
        qsort(l->list, l->n, sizeof(*l->list), compare_up);
    size_t seen = among_others ? 0 : count_seen(l, behind);
    l->behind = among_others ? behind : NULL;
    l->page += seen; /* of what is gathered */
    gather_by_name(l);
    l->page -= seen;
    return seen;
}

/* ---- the reply ---- */

static const char *next_token(const struct listing *l, const struct entry *last)
{
    const struct sl_page_place place = {
        .query = l->query,
        .personal = *last->model->owner != '\0',
        .key = last->key,
        .name = last->model->name,
        .id = id_of(last->model),
    };
    return sl_page_token_write(l->call->arena, &place);
}

static void reply(struct listing *l, size_t from)
{
    Sluice__V1__ListModelsResponse r = SLUICE__V1__LIST_MODELS_RESPONSE__INIT;
    size_t left = l->n - from, n = left < l->page ? left : l->page;
    r.models = sl_arena_zalloc(l->call->arena, (n + 1) * sizeof(*r.models));
    for (; r.n_models < n; r.n_models++)
        r.models[r.n_models] = sl_model_message(l->call->arena, l->registry,
                                                l->list[from + r.n_models].model, l->principal);
    if (left > n)
        r.next_page_token = (char *)(uintptr_t)next_token(l, &l->list[from + n - 1]);
    sl_call_reply(l->call, &r.base);
}

void sl_list_models(struct sl_call *call, const ProtobufCMessage *message)
{
    struct listing l = {
        .call = call, .registry = call->service->registry, .principal = call->principal};
    struct sl_err err = {0};
    if (read_request(&l, (const Sluice__V1__ListModelsRequest *)message, &err)) {
        sl_call_fail(call, &err);
        return;
    }
    size_t from = 0;
    if (l.order == FAVOURITES_FIRST) {
        from = gather_favourites(&l);
    } else if (l.order == BY_NAME && !l.descending) {
        gather_by_name(&l);
    } else {
        gather_all(&l);
        from = count_seen(&l, l.behind);
    }
    reply(&l, from);
    sl_free(l.list);
}
