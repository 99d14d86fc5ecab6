/* What a principal may do. Every test asks the principal, and who acts for it as well. */
#include "access/rights.h"

#include <string.h>

#include "access/preferences.h"
#include "base/buf.h"
#include "base/str.h"

struct name {
    const char *text;
    unsigned bit;
};

static const struct name role_table[] = {{"user", SL_ROLE_USER},
                                         {"auditor", SL_ROLE_AUDITOR},
                                         {"operator", SL_ROLE_OPERATOR},
                                         {"admin", SL_ROLE_ADMIN}};
static const struct name scope_table[] = {{"complete", SL_SCOPE_COMPLETE},
                                          {"models", SL_SCOPE_MODELS},
                                          {"admin", SL_SCOPE_ADMIN},
                                          {"act_as", SL_SCOPE_ACT_AS}};

static unsigned find(const struct name table[4], const char *text)
{
    for (size_t i = 0; i < 4; i++) {
        if (!strcmp(table[i].text, text))
            return table[i].bit;
    }
    return 0;
}

static size_t list(const struct name table[4], unsigned bits, const char *names[SL_RIGHTS_NAMES])
{
    size_t n = 0;
    for (size_t i = 0; i < 4; i++) {
        if (bits & table[i].bit)
            names[n++] = table[i].text;
    }
    names[n] = NULL;
    return n;
}

unsigned sl_role_find(const char *name)
{
    return find(role_table, name);
}

unsigned sl_scope_find(const char *name)
{
    return find(scope_table, name);
}

size_t sl_role_names(unsigned roles, const char *names[SL_RIGHTS_NAMES])
{
    return list(role_table, roles, names);
}

size_t sl_scope_names(unsigned scopes, const char *names[SL_RIGHTS_NAMES])
{
    return list(scope_table, scopes, names);
}

/* "admin or operator". */
static void join(char *dst, size_t size, const char *names[SL_RIGHTS_NAMES])
{
    size_t used = 0;
    *dst = '\0';
    for (size_t i = 0; names[i]; i++) {
        sl_copy(dst + used, size - used, i ? " or " : "");
        used += strlen(dst + used);
        sl_copy(dst + used, size - used, names[i]);
        used += strlen(dst + used);
    }
}

static bool matches(const char *const *patterns, const char *text)
{
    for (; *patterns; patterns++) {
        if (sl_glob_match(*patterns, text))
            return true;
    }
    return false;
}

/* "Completion/Complete" of "/sluice.v1.Completion/Complete". */
static const char *short_path(const char *path)
{
    static const char prefix[] = "/sluice.v1.";
    return sl_starts_with(path, prefix) ? path + sizeof(prefix) - 1 : path + (*path == '/');
}

static bool tier_allows_rpc(const struct sl_principal *p, const char *path)
{
    return !p->rights || !*p->rights->rpcs || p->roles & SL_ROLE_ADMIN ||
           matches(p->rights->rpcs, short_path(path));
}

enum sl_code sl_rights_check(const struct sl_principal *p, const struct sl_needs *needs,
                             const char *path, struct sl_err *err)
{
    const char *names[SL_RIGHTS_NAMES];
    char text[64];
    if (needs->scopes && !(p->scopes & needs->scopes)) {
        sl_scope_names(needs->scopes, names);
        join(text, sizeof(text), names);
        return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_SCOPE_MISSING,
                          "%s needs a key of the scope %s", short_path(path), text);
    }
    if (needs->roles && !(p->roles & needs->roles)) {
        sl_role_names(needs->roles, names);
        join(text, sizeof(text), names);
        return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING,
                          "%s needs the role %s%s", short_path(path), text,
                          p->scopes & SL_SCOPE_ADMIN ? "" : ", and a key of the scope admin");
    }
    for (const struct sl_principal *q = p; q && !needs->always; q = q->actor) {
        if (!tier_allows_rpc(q, path))
            return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_RPC_FORBIDDEN,
                              "the tier '%.64s' does not allow %s", q->tier, short_path(path));
    }
    return SL_OK;
}

static bool allows(const struct sl_principal *p, const char *const *patterns, const char *name,
                   const char *const *aliases)
{
    if (!*patterns || p->roles & SL_ROLE_ADMIN || matches(patterns, name))
        return true;
    for (; aliases && *aliases; aliases++) {
        if (matches(patterns, *aliases))
            return true;
    }
    return false;
}

bool sl_rights_allow_model(const struct sl_principal *p, const char *name,
                           const char *const *aliases)
{
    for (; p; p = p->actor) {
        if (p->rights && !allows(p, p->rights->models, name, aliases))
            return false;
    }
    return true;
}

static bool same_list(const char *const *a, const char *const *b)
{
    for (; *a && *b; a++, b++) {
        if (strcmp(*a, *b) != 0)
            return false;
    }
    return !*a && !*b;
}

static const char *const *models_of(const struct sl_principal *p)
{
    static const char *const all[] = {NULL};
    return p->rights ? p->rights->models : all;
}

static bool same_names(const char *const *a, size_t n_a, const char *const *b, size_t n_b)
{
    for (size_t i = 0; n_a == n_b && i < n_a; i++) {
        if (strcmp(a[i], b[i]) != 0)
            return false;
    }
    return n_a == n_b;
}

static const struct sl_preferences no_preferences;

static const struct sl_preferences *preferences_of(const struct sl_principal *p)
{
    return p->preferences ? p->preferences : &no_preferences;
}

static bool mark_alike(const struct sl_principal *a, const struct sl_principal *b)
{
    const struct sl_preferences *x = preferences_of(a), *y = preferences_of(b);
    return same_names(x->hidden, x->n_hidden, y->hidden, y->n_hidden) &&
           same_names(x->favourites, x->n_favourites, y->favourites, y->n_favourites);
}

bool sl_rights_see_alike(const struct sl_principal *a, const struct sl_principal *b)
{
    for (; a && b; a = a->actor, b = b->actor) {
        if (strcmp(a->id, b->id) != 0 || strcmp(a->name, b->name) != 0 ||
            strcmp(a->tier, b->tier) != 0 || (a->roles ^ b->roles) & SL_ROLE_ADMIN ||
            !same_list(models_of(a), models_of(b)) || !mark_alike(a, b))
            return false;
    }
    return !a && !b;
}

uint64_t sl_rights_hash_sight(const struct sl_principal *p, uint64_t from)
{
    for (; p; p = p->actor) {
        const char *const texts[] = {p->id, p->name, p->tier, p->roles & SL_ROLE_ADMIN ? "+" : "-"};
        for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++)
            from = sl_hash_text(texts[i], from);
        for (const char *const *m = models_of(p); *m; m++)
            from = sl_hash_text(*m, from);
        const struct sl_preferences *w = preferences_of(p);
        for (size_t i = 0; i < w->n_hidden; i++)
            from = sl_hash_text(w->hidden[i], sl_hash_text("hidden", from));
        for (size_t i = 0; i < w->n_favourites; i++)
            from = sl_hash_text(w->favourites[i], sl_hash_text("favourite", from));
    }
    return from;
}

static const char *const *copy_names(const char *const *names, size_t n, struct sl_arena *arena)
{
    const char **list = sl_arena_zalloc(arena, (n + 1) * sizeof(*list));
    for (size_t i = 0; i < n; i++)
        list[i] = sl_arena_strdup(arena, names[i]);
    return list;
}

static const struct sl_preferences *copy_marks(const struct sl_preferences *from,
                                               struct sl_arena *arena)
{
    struct sl_preferences *to = SL_ARENA_NEW(arena, struct sl_preferences);
    atomic_init(&to->refs, 1);
    to->hidden = copy_names(from->hidden, from->n_hidden, arena);
    to->n_hidden = from->n_hidden;
    to->favourites = copy_names(from->favourites, from->n_favourites, arena);
    to->n_favourites = from->n_favourites;
    return to;
}

const struct sl_principal *sl_rights_copy(const struct sl_principal *p, struct sl_arena *arena)
{
    struct sl_principal *copy = SL_ARENA_NEW(arena, struct sl_principal);
    struct sl_tier *rights = SL_ARENA_NEW(arena, struct sl_tier);
    const char *const *models = models_of(p);
    size_t n = 0;
    while (models[n])
        n++;
    const char *const *list = copy_names(models, n, arena);
    rights->name = rights->title = "";
    rights->models = list;
    rights->tasks = rights->rpcs = list + n;
    copy->id = sl_arena_strdup(arena, p->id);
    copy->name = sl_arena_strdup(arena, p->name);
    copy->tier = sl_arena_strdup(arena, p->tier);
    copy->proof = copy->key_id = "";
    copy->rights = rights;
    copy->roles = p->roles;
    copy->preferences = copy_marks(preferences_of(p), arena);
    copy->actor = p->actor ? sl_rights_copy(p->actor, arena) : NULL;
    return copy;
}

bool sl_rights_allow_task(const struct sl_principal *p, const char *task)
{
    for (; p; p = p->actor) {
        if (p->rights && !allows(p, p->rights->tasks, task, NULL))
            return false;
    }
    return true;
}

static bool in_list(const struct sl_principal *p, const char *const *tiers)
{
    if (!*tiers || p->roles & SL_ROLE_ADMIN)
        return true;
    for (; *tiers; tiers++) {
        if (!strcmp(*tiers, p->tier))
            return true;
    }
    return false;
}

bool sl_rights_in_tiers(const struct sl_principal *p, const char *const *tiers)
{
    for (; p; p = p->actor) {
        if (!in_list(p, tiers))
            return false;
    }
    return true;
}

static int64_t lower(int64_t a, int64_t b)
{
    if (!a || !b)
        return a ? a : b;
    return a < b ? a : b;
}

struct sl_tier_limits sl_rights_limits(const struct sl_principal *p)
{
    struct sl_tier_limits l = {0};
    for (; p; p = p->actor) {
        if (!p->rights)
            continue;
        const struct sl_tier_limits *t = &p->rights->limits;
        l.requests_per_minute = lower(l.requests_per_minute, t->requests_per_minute);
        l.tokens_per_minute = lower(l.tokens_per_minute, t->tokens_per_minute);
        l.concurrent_requests = (int32_t)lower(l.concurrent_requests, t->concurrent_requests);
        l.monthly_cost_nanos = lower(l.monthly_cost_nanos, t->monthly_cost_nanos);
    }
    return l;
}
