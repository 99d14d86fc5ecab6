/* The JSON columns of users, keys and tiers. Roles and scopes are lists of plain words, read by the million at start: a
 * scan for words instead of a parser. */
#include "access/row_json.h"

#include <stdio.h>
#include <string.h>

#include "access/rights.h"
#include "base/json.h"
#include "base/str.h"

enum { WORD_MAX = 16 };

/* The bits of the words in a JSON list of strings; *any: there was a word. */
static unsigned bits_of(const char *json, unsigned (*find)(const char *name), bool *any)
{
    char word[WORD_MAX];
    unsigned bits = 0;
    *any = false;
    for (const char *open = strchr(json, '"'); open;) {
        const char *close = strchr(open + 1, '"');
        if (!close)
            break;
        *any = true;
        if (sl_copy_n(word, sizeof(word), open + 1, (size_t)(close - open - 1)))
            bits |= find(word);
        open = strchr(close + 1, '"');
    }
    return bits;
}

unsigned sl_row_roles(const struct sl_row *user)
{
    bool any;
    return bits_of(sl_row_text(user, SL_USERS_ROLES), sl_role_find, &any);
}

unsigned sl_row_scopes(const struct sl_row *key)
{
    bool any;
    unsigned bits = bits_of(sl_row_text(key, SL_API_KEYS_SCOPES), sl_scope_find, &any);
    return any ? bits : SL_SCOPES_DEFAULT;
}

/* ---- tiers ---- */

/* A column that is parsed, its text copied: parsing changes it. The parser is the caller's to end, where it was opened. */
struct column {
    struct sl_json_parser parser;
    struct sl_json json;
    struct sl_arena *arena;
    bool there;
};

static enum sl_code open_column(struct column *c, const struct sl_row *row, unsigned column,
                                struct sl_err *err)
{
    struct sl_str text = sl_row_bytes(row, column);
    struct sl_err why = {0};
    sl_json_parser_init(&c->parser);
    c->there = text.n != 0;
    if (!c->there)
        return SL_OK;
    if (sl_json_parse(&c->parser, sl_arena_strndup(c->arena, text.p, text.n), text.n, &c->json,
                      &why)) {
        sl_json_parser_fini(&c->parser);
        return sl_err_set(err, SL_INTERNAL, SL_REASON_STORE, "the tier '%.64s' cannot be read: %s",
                          sl_row_text(row, SL_COL_NAME), why.text);
    }
    return SL_OK;
}

static const char *const *strings(struct column *c, const char *member)
{
    int list = c->there ? sl_json_member(&c->json, SL_JSON_ROOT, member) : SL_JSON_ABSENT;
    size_t n = 0;
    const char **out =
        sl_arena_zalloc(c->arena, ((size_t)sl_json_size(&c->json, list) + 1) * sizeof(*out));
    for (int i = sl_json_first(&c->json, list); i >= 0; i = sl_json_next(&c->json, list, i)) {
        const char *s = sl_json_string(&c->json, i, NULL, NULL);
        if (s)
            out[n++] = sl_arena_strdup(c->arena, s);
    }
    return out;
}

static int64_t number(struct column *c, const char *member)
{
    int64_t v = 0;
    if (c->there)
        (void)sl_json_int(&c->json, sl_json_member(&c->json, SL_JSON_ROOT, member), &v);
    return v > 0 ? v : 0;
}

enum sl_code sl_row_tier(const struct sl_row *row, struct sl_arena *arena, struct sl_tier *out,
                         struct sl_err *err)
{
    struct column c = {.arena = arena};
    struct sl_tier t = {
        .name = sl_arena_strdup(arena, sl_row_text(row, SL_COL_NAME)),
        .title = sl_arena_strdup(arena, sl_row_text(row, SL_TIERS_DESCRIPTION)),
        .rank = (int32_t)sl_row_int(row, SL_TIERS_RANK),
    };
    if (open_column(&c, row, SL_TIERS_RIGHTS, err))
        return err->code;
    t.models = strings(&c, "models");
    t.tasks = strings(&c, "tasks");
    t.rpcs = strings(&c, "rpcs");
    sl_json_parser_fini(&c.parser);
    if (open_column(&c, row, SL_TIERS_LIMITS, err))
        return err->code;
    t.limits.requests_per_minute = number(&c, "requests_per_minute");
    t.limits.tokens_per_minute = number(&c, "tokens_per_minute");
    t.limits.concurrent_requests = (int32_t)number(&c, "concurrent_requests");
    t.limits.monthly_cost_nanos = number(&c, "monthly_cost_nanos");
    sl_json_parser_fini(&c.parser);
    *out = t;
    return SL_OK;
}

/* ---- writing ---- */

static const char *words(struct sl_arena *arena, const char *const *names)
{
    char text[128];
    size_t n = 0;
    for (size_t i = 0; names[i]; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\"%s\"", i ? "," : "", names[i]);
    return n ? sl_arena_printf(arena, "[%s]", text) : "";
}

const char *sl_json_of_roles(struct sl_arena *arena, unsigned roles)
{
    const char *names[SL_RIGHTS_NAMES];
    sl_role_names(roles, names);
    return words(arena, names);
}

const char *sl_json_of_scopes(struct sl_arena *arena, unsigned scopes)
{
    const char *names[SL_RIGHTS_NAMES];
    sl_scope_names(scopes, names);
    return words(arena, names);
}

static void write_list(struct sl_json_writer *w, const char *key, const char *const *list)
{
    if (!list || !*list)
        return;
    sl_jw_key(w, key);
    sl_jw_array(w);
    for (; *list; list++)
        sl_jw_string(w, *list);
    sl_jw_array_end(w);
}

struct text {
    struct sl_segs segs;
    struct sl_json_writer w;
};

static void begin(struct text *t, struct sl_arena *arena)
{
    *t = (struct text){0};
    sl_jw_init(&t->w, arena, &t->segs);
    sl_jw_object(&t->w);
}

static const char *end(struct text *t)
{
    sl_jw_object_end(&t->w);
    sl_jw_finish(&t->w);
    return sl_segs_text(&t->segs, t->w.arena);
}

const char *sl_json_of_rights(struct sl_arena *arena, const struct sl_tier *tier)
{
    struct text t;
    begin(&t, arena);
    write_list(&t.w, "models", tier->models);
    write_list(&t.w, "tasks", tier->tasks);
    write_list(&t.w, "rpcs", tier->rpcs);
    return end(&t);
}

static void write_number(struct sl_json_writer *w, const char *key, int64_t v)
{
    if (!v)
        return;
    sl_jw_key(w, key);
    sl_jw_int(w, v);
}

const char *sl_json_of_limits(struct sl_arena *arena, const struct sl_tier_limits *l)
{
    struct text t;
    begin(&t, arena);
    write_number(&t.w, "requests_per_minute", l->requests_per_minute);
    write_number(&t.w, "tokens_per_minute", l->tokens_per_minute);
    write_number(&t.w, "concurrent_requests", l->concurrent_requests);
    write_number(&t.w, "monthly_cost_nanos", l->monthly_cost_nanos);
    return end(&t);
}
