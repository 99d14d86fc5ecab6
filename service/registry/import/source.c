/* Paths, marks and the walk over what is left. */
#include "registry/import/source.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

enum { MAX_ARENA = 512 * 1024 * 1024, MAX_NOTE = 400, MAX_PATH = 400 };

enum mark { TOUCHED = 1, DONE = 2 };

struct sl_path_mark {
    const char *path;
    enum mark mark;
    struct sl_path_mark *next;
};

void sl_reader_init(struct sl_import_reader *r, const struct sl_import_in *in,
                    struct sl_import_plan *plan, struct sl_err *err)
{
    *r = (struct sl_import_reader){.in = in, .plan = plan, .err = err};
    sl_arena_init(&r->arena, MAX_ARENA);
}

void sl_reader_fini(struct sl_import_reader *r)
{
    for (struct sl_import_wipe *w = r->wipes; w; w = w->next)
        explicit_bzero(w->text, strlen(w->text));
    sl_arena_fini(&r->arena);
}

/* ---- marks ---- */

static struct sl_path_mark **find_mark(struct sl_import_reader *r, const char *path, size_t n)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (unsigned char)path[i]) * 16777619u;
    struct sl_path_mark **m = &r->marks[hash % SL_PATH_BUCKETS];
    while (*m && (strncmp((*m)->path, path, n) != 0 || (*m)->path[n]))
        m = &(*m)->next;
    return m;
}

static enum mark mark_of(struct sl_import_reader *r, const char *path)
{
    struct sl_path_mark *m = *find_mark(r, path, strlen(path));
    return m ? m->mark : 0;
}

/* Returns what was there before. */
static enum mark set_mark(struct sl_import_reader *r, const char *path, size_t n, enum mark mark)
{
    struct sl_path_mark **at = find_mark(r, path, n), *m = *at;
    enum mark before = m ? m->mark : 0;
    if (!m) {
        m = SL_ARENA_NEW(&r->arena, struct sl_path_mark);
        m->path = sl_arena_strndup(&r->arena, path, n);
        *at = m;
    }
    if (mark > m->mark)
        m->mark = mark;
    return before;
}

static void mark_done(struct sl_import_reader *r, const char *path)
{
    size_t n = strlen(path);
    set_mark(r, path, n, DONE);
    set_mark(r, "", 0, TOUCHED);
    while (n-- > 1) {
        bool cut = path[n] == '.' || path[n] == '[' || path[n] == ' ';
        if (cut && set_mark(r, path, path[n] == ' ' ? n + 1 : n, TOUCHED))
            return; /* what is above was touched, too */
    }
}

/* ---- trees ---- */

enum sl_code sl_at_parse(struct sl_import_reader *r, const struct sl_import_doc *doc,
                         struct sl_str text, struct sl_at *out, struct sl_err *err)
{
    const struct sl_yaml *root = NULL;
    struct sl_err found = {0};
    if (sl_yaml_parse(&r->arena, "", text.p, text.n, &root, &found) == SL_OK) {
        *out = (struct sl_at){doc, root, doc->prefix};
        return SL_OK;
    }
    char *end = found.text; /* ":LINE: what" */
    unsigned long line = *end == ':' ? strtoul(end + 1, &end, 10) : 0;
    const char *what = sl_starts_with(end, ": ") ? end + 2 : end;
    if (!line)
        return sl_err_set(err, found.code, found.reason, "%s: %s", doc->file, what);
    return sl_err_set(err, found.code, found.reason, "%s:%lu: %s", doc->file, line + doc->base,
                      what);
}

static bool is_plain_key(const char *key)
{
    return *key && !key[strcspn(key, ".[]: ")];
}

struct sl_at sl_at_item(struct sl_import_reader *r, struct sl_at at,
                        const struct sl_yaml_item *item, size_t index)
{
    struct sl_at out = {at.doc, item->value, at.path};
    size_t n = strlen(at.path);
    bool first = !n || at.path[n - 1] == ' ';
    char key[MAX_PATH];
    if (!item->key) {
        out.path = sl_arena_printf(&r->arena, "%s[%zu]", at.path, index);
        return out;
    }
    sl_copy(key, sizeof(key), item->key->text);
    out.path = sl_arena_printf(&r->arena, is_plain_key(key) ? "%s%s%s" : "%s%s'%s'", at.path,
                               first ? "" : ".", key);
    return out;
}

struct sl_at sl_at_get(struct sl_import_reader *r, struct sl_at at, const char *key)
{
    const struct sl_yaml_item *item = sl_at_is(at, SL_YAML_MAP) ? at.node->items : NULL;
    while (item && strcmp(item->key->text, key) != 0)
        item = item->next;
    return item ? sl_at_item(r, at, item, 0) : (struct sl_at){at.doc, NULL, at.path};
}

const char *sl_at_place(struct sl_import_reader *r, struct sl_at at)
{
    unsigned line = at.node ? at.node->line + at.doc->base : 1;
    return sl_arena_printf(&r->plan->arena, "%s:%u", at.doc->file, line);
}

/* ---- values ---- */

static void carry_one(struct sl_import_reader *r, struct sl_at at)
{
    if (mark_of(r, at.path) != DONE) {
        struct sl_import_carried *c = SL_ARENA_NEW(&r->plan->arena, struct sl_import_carried);
        c->path = sl_arena_strdup(&r->plan->arena, at.path);
        c->next = r->plan->carried;
        r->plan->carried = c;
        r->plan->n_carried++;
    }
    mark_done(r, at.path);
}

void sl_at_carry(struct sl_import_reader *r, struct sl_at at)
{
    size_t i = 0;
    if (!at.node)
        return;
    carry_one(r, at);
    for (const struct sl_yaml_item *item = sl_at_first(at); item; item = item->next)
        sl_at_carry(r, sl_at_item(r, at, item, i++));
}

bool sl_at_done(struct sl_import_reader *r, struct sl_at at)
{
    return mark_of(r, at.path) == DONE;
}

const char *sl_at_peek(struct sl_at at)
{
    return sl_at_is(at, SL_YAML_TEXT) && !sl_yaml_is_null(at.node) ? at.node->text : "";
}

const char *sl_at_text(struct sl_import_reader *r, struct sl_at at)
{
    if (!sl_at_is(at, SL_YAML_TEXT) || sl_yaml_is_null(at.node))
        return NULL;
    carry_one(r, at);
    return sl_arena_strdup(&r->plan->arena, at.node->text);
}

const char *sl_at_member(struct sl_import_reader *r, struct sl_at at, const char *key)
{
    return sl_at_text(r, sl_at_get(r, at, key));
}

bool sl_at_number(struct sl_import_reader *r, struct sl_at at, double *out)
{
    const char *text = sl_at_peek(at);
    char *end = NULL;
    if (!at.node || (at.node->kind == SL_YAML_TEXT && sl_yaml_is_null(at.node)))
        return false;
    double v = *text ? strtod(text, &end) : NAN;
    if (!end || *end || !isfinite(v)) {
        sl_at_note(r, SL_IMPORT_ERROR, at, "is no number");
        return false;
    }
    carry_one(r, at);
    *out = v;
    return true;
}

bool sl_at_bool(struct sl_import_reader *r, struct sl_at at, bool *out)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    const char *text = sl_at_peek(at);
    if (!at.node || (at.node->kind == SL_YAML_TEXT && sl_yaml_is_null(at.node)))
        return false;
    for (size_t i = 0; i < SL_ARRAY_LEN(words); i++) {
        if (strcasecmp(text, words[i]) != 0)
            continue;
        carry_one(r, at);
        *out = i & 1;
        return true;
    }
    sl_at_note(r, SL_IMPORT_ERROR, at, "is neither true nor false");
    return false;
}

/* ---- notes ---- */

void sl_at_note(struct sl_import_reader *r, enum sl_import_level level, struct sl_at at,
                const char *fmt, ...)
{
    char text[MAX_NOTE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    const struct sl_import_about about = {level, sl_at_place(r, at),
                                          sl_arena_strdup(&r->plan->arena, at.path)};
    sl_import_note(r->plan, &about, "%s", text);
    if (level == SL_IMPORT_INFO)
        carry_one(r, at);
    else
        mark_done(r, at.path);
}

static bool is_empty(struct sl_at at)
{
    return at.node->kind == SL_YAML_TEXT ? sl_yaml_is_null(at.node) || !*at.node->text
                                         : !at.node->items;
}

/* Whose members are settings each of its own. */
static bool is_section(const char *path)
{
    static const char *const sections[] = {
        "litellm_settings", "router_settings", "general_settings", "environment_variables",
        "litellm_params",   "model_info",      "credential_values"};
    const char *dot = strrchr(path, '.');
    for (size_t k = 0; k < SL_ARRAY_LEN(sections); k++) {
        if (!strcmp(dot ? dot + 1 : path, sections[k]))
            return true;
    }
    return false;
}

void sl_at_rest(struct sl_import_reader *r, struct sl_at root)
{
    size_t i = 0;
    if (!root.node || mark_of(r, root.path) == DONE || r->plan->n_notes > SL_IMPORT_MAX_NOTES)
        return;
    const char *own = root.path + strlen(root.doc->prefix);
    bool descend = mark_of(r, root.path) == TOUCHED || !*own || is_section(own);
    if (!is_empty(root) && descend && root.node->kind != SL_YAML_TEXT) {
        for (const struct sl_yaml_item *item = root.node->items; item; item = item->next)
            sl_at_rest(r, sl_at_item(r, root, item, i++));
        return;
    }
    sl_at_note(r, SL_IMPORT_NOT_CARRIED, root, "%s",
               is_empty(root) ? "is empty" : sl_import_why(root.path));
}

/* ---- keys and variables ---- */

static bool is_variable(const char *s, size_t n)
{
    if (!n || n > 128 || (*s >= '0' && *s <= '9'))
        return false;
    for (size_t i = 0; i < n; i++) {
        bool letter = (s[i] | 32) >= 'a' && (s[i] | 32) <= 'z';
        if (!letter && s[i] != '_' && !(s[i] >= '0' && s[i] <= '9'))
            return false;
    }
    return true;
}

const char *sl_import_variable(struct sl_import_plan *p, const char *text)
{
    static const struct {
        const char *before;
        char after;
    } forms[] = {{"os.environ/", 0}, {"${", '}'}, {"$", 0}, {"env:", 0}};
    for (size_t i = 0; i < SL_ARRAY_LEN(forms); i++) {
        const char *name = text + strlen(forms[i].before);
        if (!sl_starts_with(text, forms[i].before))
            continue;
        size_t n = strlen(name);
        if (forms[i].after && (!n || name[--n] != forms[i].after))
            continue;
        if (is_variable(name, n))
            return sl_arena_strndup(&p->arena, name, n);
    }
    return NULL;
}

void sl_at_key(struct sl_import_reader *r, struct sl_at at, struct sl_import_key *out)
{
    const char *text = sl_at_peek(at);
    if (!*text)
        return;
    out->place = sl_at_place(r, at);
    carry_one(r, at);
    out->variable = sl_import_variable(r->plan, text);
    if (out->variable) {
        struct sl_at said = sl_at_get(r, r->environment, out->variable);
        if (!*sl_at_peek(said) || sl_import_variable(r->plan, sl_at_peek(said)))
            return;
        out->variable = NULL;
        text = sl_at_peek(said);
        carry_one(r, said);
    }
    struct sl_import_wipe *w = SL_ARENA_NEW(&r->arena, struct sl_import_wipe);
    out->literal = sl_import_secret(r->plan, text, strlen(text));
    w->text = (char *)(uintptr_t)text; /* in the reading's own arena */
    w->next = r->wipes;
    r->wipes = w;
}

const char *sl_at_resolved(struct sl_import_reader *r, struct sl_at at)
{
    const char *text = sl_at_peek(at);
    if (!*text)
        return NULL;
    const char *name = sl_import_variable(r->plan, text);
    if (!name)
        return sl_at_text(r, at);
    struct sl_at said = sl_at_get(r, r->environment, name);
    if (*sl_at_peek(said) && !sl_import_variable(r->plan, sl_at_peek(said))) {
        carry_one(r, at);
        return sl_at_text(r, said);
    }
    const char *value = r->in->variable ? r->in->variable(r->in->owner, name) : NULL;
    if (!value || !*value) {
        sl_at_note(
            r, SL_IMPORT_ERROR, at,
            "is the value of %s, which is not known here: give it (sluice import --env FILE), "
            "or write the value into the file",
            name);
        return NULL;
    }
    sl_at_note(r, SL_IMPORT_INFO, at, "was taken from %s; later changes of it are not followed",
               name);
    return sl_arena_strdup(&r->plan->arena, value);
}
