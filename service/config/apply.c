/* One function a type for texts; the walk over a mapping for the rest. The only place that knows
 * which C type stands behind a row. */
#include "config/apply.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/utf8.h"
#include "config/config.h"
#include "config/value.h"

enum { MAX_KEY = 128 };

/* A row, the struct it belongs to, and where its new value comes from. */
struct slot {
    const struct sl_apply *a;
    const struct sl_setting *row;
    void *base;
    const char *place;
};

static void *at(const struct slot *s)
{
    return sl_settings_at(s->base, s->row->offset);
}

static void *other(const struct slot *s)
{
    return sl_settings_at(s->base, s->row->other_offset);
}

enum sl_code sl_apply_fail(struct sl_err *err, const char *place, const char *key, const char *fmt,
                           ...)
{
    char what[320];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, key, "%s: %s %s", place,
                        key, what);
}

static enum sl_code fail(const struct slot *s, const char *what)
{
    return sl_apply_fail(s->a->err, s->place, s->row->key, "%s", what);
}

/* The same, saying what was written. Not for references and headers. */
static enum sl_code fail_value(const struct slot *s, const char *what, const char *text)
{
    return sl_apply_fail(s->a->err, s->place, s->row->key, "%s, not '%.60s'", what, text);
}

static void print_bound(char *dst, size_t size, enum sl_setting_type type, int64_t v)
{
    if (type == SL_SET_DURATION)
        sl_value_print_duration(dst, size, v);
    else if (type == SL_SET_SIZE)
        sl_value_print_size(dst, size, v);
    else
        snprintf(dst, size, "%" PRId64, v);
}

static enum sl_code check_bounds(const struct slot *s, int64_t v)
{
    char min[32], max[32];
    const struct sl_setting *row = s->row;
    if ((!row->min && !row->max) || (v >= row->min && v <= row->max))
        return SL_OK;
    print_bound(min, sizeof(min), row->type, row->min);
    print_bound(max, sizeof(max), row->type, row->max);
    return sl_apply_fail(s->a->err, s->place, row->key, "has to be from %s to %s", min, max);
}

static enum sl_code set_whole(const struct slot *s, const char *text)
{
    int64_t v = 0;
    const char *wrong;
    if (s->row->special && !strcmp(text, s->row->special)) {
        *(int64_t *)at(s) = -1;
        return SL_OK;
    }
    if (s->row->type == SL_SET_DURATION)
        wrong = sl_value_duration(text, &v);
    else if (s->row->type == SL_SET_SIZE)
        wrong = sl_value_size(text, &v);
    else if (s->row->type == SL_SET_PRICE)
        wrong = sl_value_price(text, &v);
    else
        wrong = sl_value_int(text, &v);
    if (wrong)
        return fail_value(s, wrong, text);
    enum sl_code code = check_bounds(s, v);
    if (!code)
        *(int64_t *)at(s) = v;
    return code;
}

static enum sl_code set_number(const struct slot *s, const char *text)
{
    double v = 0;
    const char *wrong = sl_value_number(text, &v);
    if (wrong)
        return fail_value(s, wrong, text);
    if (v < (double)s->row->min || v > (double)s->row->max)
        return sl_apply_fail(s->a->err, s->place, s->row->key,
                             "has to be from %" PRId64 " to %" PRId64, s->row->min, s->row->max);
    *(double *)at(s) = v;
    *(bool *)other(s) = true;
    return SL_OK;
}

static enum sl_code set_bool(const struct slot *s, const char *text)
{
    bool v = false;
    const char *wrong = sl_value_bool(text, &v);
    if (wrong)
        return fail_value(s, wrong, text);
    if (s->row->type == SL_SET_MAYBE)
        *(int8_t *)at(s) = v;
    else
        *(bool *)at(s) = v;
    return SL_OK;
}

/* A literal is never repeated in the message: it may be a key that somebody pasted. */
static enum sl_code set_reference(const struct slot *s, const char *text)
{
    const char *word = s->row->words;
    bool prefix = word && word[strlen(word) - 1] == ':';
    bool literal = word && (prefix ? sl_starts_with(text, word) : !strcmp(text, word));
    if (*text && !literal && !(sl_starts_with(text, "env:") && text[4]) &&
        !(sl_starts_with(text, "file:") && text[5]))
        return fail(s, "has to be a reference, as in env:OPENAI_API_KEY or file:/run/secrets/key: "
                       "keys are not written into configuration files (if this one was a real "
                       "key, have it replaced)");
    *(const char **)at(s) = text;
    return SL_OK;
}

static enum sl_code set_choice(const struct slot *s, const char *text)
{
    const char *wrong = sl_value_choice(text, s->row->words);
    if (wrong)
        return sl_apply_fail(s->a->err, s->place, s->row->key, "%s %s, not '%.60s'", wrong,
                             s->row->words, text);
    *(const char **)at(s) = text;
    return SL_OK;
}

/* Texts go on as they are, into log lines and HTTP headers: one line each, unless the row says
 * otherwise. */
static enum sl_code check_line(const struct slot *s, const char *text)
{
    if (!sl_utf8_valid(text, strlen(text)))
        return fail(s, "is no UTF-8");
    for (; *text; text++) {
        size_t n;
        bool line = s->row->lines && (*text == '\n' || *text == '\t');
        if (!line && sl_yaml_unprintable(text, &n))
            return fail(s, "holds a control character");
    }
    return SL_OK;
}

static enum sl_code set_scalar(const struct slot *s, const char *text)
{
    enum sl_code code = check_line(s, text);
    if (code)
        return code;
    switch (s->row->type) {
    case SL_SET_TEXT:
        *(const char **)at(s) = text;
        return SL_OK;
    case SL_SET_REFERENCE:
        return set_reference(s, text);
    case SL_SET_CHOICE:
        return set_choice(s, text);
    case SL_SET_BOOL:
    case SL_SET_MAYBE:
        return set_bool(s, text);
    case SL_SET_NUMBER:
        return set_number(s, text);
    default:
        return set_whole(s, text);
    }
}

static void add_string(struct sl_arena *arena, struct sl_config_strings *list, const char *text)
{
    const char **grown = sl_arena_zalloc(arena, (list->count + 2) * sizeof(*grown));
    if (list->count)
        memcpy(grown, list->list, list->count * sizeof(*grown));
    grown[list->count++] = text;
    list->list = grown;
}

/* "a, b" as two strings. */
static void split(struct sl_arena *arena, struct sl_config_strings *list, const char *text)
{
    while (*text) {
        text += strspn(text, ", ");
        size_t n = strcspn(text, ",");
        size_t kept = n;
        while (kept && text[kept - 1] == ' ')
            kept--;
        if (kept)
            add_string(arena, list, sl_arena_strndup(arena, text, kept));
        text += n;
    }
}

static void empty_list(struct sl_arena *arena, struct sl_config_strings *list)
{
    list->list = sl_arena_zalloc(arena, sizeof(*list->list));
    list->count = 0;
}

enum sl_code sl_apply_text(const struct sl_apply *a, const struct sl_setting *row, void *base,
                           const char *text, bool add, const char *place)
{
    const struct slot s = {a, row, base, place};
    const char *copy = sl_arena_strdup(a->arena, text);
    if (row->type != SL_SET_TEXTS)
        return set_scalar(&s, copy);
    enum sl_code code = check_line(&s, copy);
    if (code)
        return code;
    if (!add)
        empty_list(a->arena, at(&s));
    split(a->arena, at(&s), copy);
    return SL_OK;
}

void sl_apply_presets(const struct sl_settings *settings, void *base, struct sl_arena *arena)
{
    struct sl_err err = {0};
    const struct sl_apply a = {arena, "", &err};
    for (size_t i = 0; i < settings->count; i++) {
        const struct sl_setting *row = &settings->rows[i];
        const struct slot s = {&a, row, base, ""};
        switch (row->type) {
        case SL_SET_TEXT:
        case SL_SET_REFERENCE:
        case SL_SET_CHOICE:
        case SL_SET_JSON:
            *(const char **)at(&s) = row->preset ? row->preset : "";
            break;
        case SL_SET_TEXTS:
            empty_list(arena, at(&s));
            split(arena, at(&s), row->preset ? row->preset : "");
            break;
        case SL_SET_MAYBE:
            *(int8_t *)at(&s) = -1;
            break;
        case SL_SET_PRICE:
            *(int64_t *)at(&s) = -1;
            break;
        default:
            /* a preset that its own row refuses would be a mistake in the table; a test loads
             * them all */
            if (row->preset && set_scalar(&s, row->preset))
                continue;
        }
    }
}

/* ---- the file ---- */

static const char *place_of(const struct sl_apply *a, const struct sl_yaml *node)
{
    return sl_arena_printf(a->arena, "%s:%u", a->file, node->line);
}

static enum sl_code apply_texts(const struct slot *s, const struct sl_yaml *node)
{
    struct sl_config_strings *list = at(s);
    size_t n = node->kind == SL_YAML_LIST ? node->count : 1;
    if (node->kind == SL_YAML_MAP)
        return fail(s, "has to be a list of texts");
    list->list = sl_arena_zalloc(s->a->arena, (n + 1) * sizeof(*list->list));
    list->count = 0;
    if (node->kind == SL_YAML_TEXT) {
        list->list[list->count++] = node->text;
        return check_line(s, node->text);
    }
    for (const struct sl_yaml_item *i = node->items; i; i = i->next) {
        const struct slot item = {s->a, s->row, s->base, place_of(s->a, i->value)};
        if (i->value->kind != SL_YAML_TEXT || sl_yaml_is_null(i->value))
            return fail(&item, "has to be a list of texts");
        if (check_line(&item, i->value->text))
            return s->a->err->code;
        list->list[list->count++] = i->value->text;
    }
    return SL_OK;
}

static enum sl_code apply_pairs(const struct slot *s, const struct sl_yaml *node)
{
    struct sl_config_pairs *pairs = at(s);
    if (node->kind != SL_YAML_MAP)
        return fail(s, "has to be a mapping of names to texts");
    pairs->list = sl_arena_zalloc(s->a->arena, (node->count + 1) * sizeof(*pairs->list));
    for (const struct sl_yaml_item *i = node->items; i; i = i->next) {
        const struct slot item = {s->a, s->row, s->base, place_of(s->a, i->key)};
        if (i->value->kind != SL_YAML_TEXT)
            return fail(&item, "has to be a mapping of names to texts");
        if (check_line(&item, i->key->text) || check_line(&item, i->value->text))
            return s->a->err->code;
        const char *value = sl_yaml_is_null(i->value) ? "" : i->value->text;
        pairs->list[pairs->count++] = (struct sl_config_pair){i->key->text, value};
    }
    return SL_OK;
}

static enum sl_code apply_json(const struct slot *s, const struct sl_yaml *node)
{
    if (node->kind != SL_YAML_MAP)
        return fail(s, "has to be a mapping");
    const char *json = sl_yaml_to_json(node, s->a->arena);
    if (!json)
        return fail(s, "is too long");
    *(const char **)at(s) = json;
    return SL_OK;
}

/* Of a required row: a text or a list of them. */
static bool is_empty(const struct sl_setting *row, const void *entry)
{
    const void *at = sl_settings_peek(entry, row->offset);
    if (row->type == SL_SET_TEXTS)
        return !((const struct sl_config_strings *)at)->count;
    return !**(const char *const *)at;
}

static enum sl_code apply_entry(const struct slot *s, void *entry, const struct sl_yaml *node)
{
    const struct sl_settings *t = s->row->table;
    const char *place = place_of(s->a, node);
    const char **slot = sl_settings_at(entry, t->place_offset);
    *slot = place;
    if (node->kind != SL_YAML_MAP)
        return sl_apply_fail(s->a->err, place, s->row->key, "has to be a list of mappings");
    sl_apply_presets(t, entry, s->a->arena);
    if (sl_apply_map(s->a, t, entry, node, NULL))
        return s->a->err->code;
    for (size_t i = 0; i < t->count; i++) {
        const struct sl_setting *row = &t->rows[i];
        if (row->required && is_empty(row, entry))
            return sl_apply_fail(s->a->err, place, s->row->key, "has a %s without '%s'", t->noun,
                                 row->key);
    }
    return SL_OK;
}

static enum sl_code apply_table(const struct slot *s, const struct sl_yaml *node)
{
    if (node->kind != SL_YAML_LIST)
        return fail(s, "has to be a list of mappings");
    size_t size = s->row->table->size;
    char *entries = sl_arena_zalloc(s->a->arena, (node->count + 1) * size);
    size_t n = 0;
    for (const struct sl_yaml_item *i = node->items; i; i = i->next, n++) {
        enum sl_code code = apply_entry(s, entries + n * size, i->value);
        if (code)
            return code;
    }
    *(void **)at(s) = entries;
    *(size_t *)other(s) = n;
    return SL_OK;
}

/* What stands in quotes is a text, and no number or truth value. */
static bool needs_plain(enum sl_setting_type type)
{
    return type == SL_SET_BOOL || type == SL_SET_MAYBE || type == SL_SET_INT ||
           type == SL_SET_NUMBER || type == SL_SET_PRICE;
}

static enum sl_code apply_value(const struct slot *s, const struct sl_yaml *node)
{
    switch (s->row->type) {
    case SL_SET_TEXTS:
        return apply_texts(s, node);
    case SL_SET_PAIRS:
        return apply_pairs(s, node);
    case SL_SET_JSON:
        return apply_json(s, node);
    case SL_SET_TABLE:
        return apply_table(s, node);
    default:
        break;
    }
    if (node->kind != SL_YAML_TEXT)
        return fail(s, node->kind == SL_YAML_LIST ? "takes one value, not a list"
                                                  : "takes a value, not a mapping");
    if (!node->plain && needs_plain(s->row->type))
        return fail(s, "takes no text in quotes");
    return set_scalar(s, node->text);
}

/* The walk over one entry (or the root): which rows were met already, and what is being filled. */
struct walk {
    const struct sl_apply *a;
    const struct sl_settings *s;
    void *base;
    const char **places; /* NULL: nobody asks */
    bool *seen;          /* one a row */
};

static enum sl_code walk_section(const struct walk *w, const char *prefix,
                                 const struct sl_yaml *map);

static enum sl_code unknown(const struct walk *w, const char *key, const struct sl_yaml *node)
{
    char buffer[64];
    const char *near = sl_settings_nearest(w->s, key, buffer, sizeof(buffer)) ? buffer : NULL;
    const char *noun = w->s->noun;
    return sl_err_field(w->a->err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, key,
                        "%s: unknown %s%ssetting '%.80s'%s%s%s", place_of(w->a, node),
                        noun ? noun : "", noun ? " " : "", key, near ? "; did you mean '" : "",
                        near ? near : "", near ? "'?" : "");
}

static enum sl_code walk_row(const struct walk *w, const struct sl_setting *row,
                             const struct sl_yaml_item *pair)
{
    size_t index = (size_t)(row - w->s->rows);
    const char *place = place_of(w->a, pair->key);
    const struct slot slot = {w->a, row, w->base, place};
    if (w->seen[index])
        return fail(&slot, "is set twice");
    w->seen[index] = true;
    if (sl_yaml_is_null(pair->value))
        return SL_OK;
    if (w->places)
        w->places[index] = place;
    return apply_value(&slot, pair->value);
}

static enum sl_code walk_pair(const struct walk *w, const char *prefix,
                              const struct sl_yaml_item *pair)
{
    char key[MAX_KEY];
    if (!*prefix && w->places && sl_starts_with(pair->key->text, "x-"))
        return SL_OK;
    int n = snprintf(key, sizeof(key), "%s%s%s", prefix, *prefix ? "." : "", pair->key->text);
    if (n < 0 || (size_t)n >= sizeof(key))
        return unknown(w, pair->key->text, pair->key);
    const struct sl_setting *row = sl_settings_find(w->s, key);
    if (row)
        return walk_row(w, row, pair);
    if (!sl_settings_is_section(w->s, key))
        return unknown(w, key, pair->key);
    if (sl_yaml_is_null(pair->value))
        return SL_OK;
    if (pair->value->kind != SL_YAML_MAP)
        return sl_apply_fail(w->a->err, place_of(w->a, pair->key), key, "has to be a mapping");
    return walk_section(w, key, pair->value);
}

static enum sl_code walk_section(const struct walk *w, const char *prefix,
                                 const struct sl_yaml *map)
{
    for (const struct sl_yaml_item *i = map->items; i; i = i->next) {
        enum sl_code code = walk_pair(w, prefix, i);
        if (code)
            return code;
    }
    return SL_OK;
}

enum sl_code sl_apply_map(const struct sl_apply *a, const struct sl_settings *s, void *base,
                          const struct sl_yaml *map, const char **places)
{
    bool *seen = sl_calloc(s->count, sizeof(*seen));
    const struct walk w = {a, s, base, places, seen};
    enum sl_code code = walk_section(&w, "", map);
    sl_free(seen);
    return code;
}
