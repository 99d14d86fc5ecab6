/* A scanner over the text, one condition at a time. */
#include "api/filter.h"

#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/str.h"

enum { MAX_WORD = 64 };

static const struct {
    const char *name;
    enum sl_filter_field field;
} fields[] = {
    {"api", SL_FIELD_API},           {"deleted", SL_FIELD_DELETED},
    {"enabled", SL_FIELD_ENABLED},   {"model_id", SL_FIELD_MODEL_ID},
    {"name", SL_FIELD_NAME},         {"owner", SL_FIELD_OWNER},
    {"provider", SL_FIELD_PROVIDER}, {"provider_kind", SL_FIELD_PROVIDER_KIND},
    {"source", SL_FIELD_SOURCE},     {"state", SL_FIELD_STATE},
    {"task", SL_FIELD_TASK},
};

struct scanner {
    const char *text, *at;
    struct sl_arena *arena;
    struct sl_err *err;
};

static enum sl_code fail(const struct scanner *s, const char *at, const char *what)
{
    return sl_err_field(s->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "filter",
                        "%s at byte %zu", what, (size_t)(at - s->text) + 1);
}

static void skip_space(struct scanner *s)
{
    s->at += strspn(s->at, " \t");
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("._-/", c));
}

static enum sl_code read_field(struct scanner *s, struct sl_condition *c)
{
    const char *begin = s->at;
    while (is_word_char(*s->at))
        s->at++;
    struct sl_str word = {begin, (size_t)(s->at - begin)};
    if (!word.n)
        return fail(s, begin, "a field is missing");
    if (word.n > 6 && !memcmp(word.p, "label.", 6)) {
        c->field = SL_FIELD_LABEL;
        c->label = sl_arena_strndup(s->arena, word.p + 6, word.n - 6);
        return SL_OK;
    }
    for (size_t i = 0; i < SL_ARRAY_LEN(fields); i++) {
        if (!sl_str_eq(word, fields[i].name))
            continue;
        c->field = fields[i].field;
        return SL_OK;
    }
    return fail(s, begin,
                "there is no such field (name, provider, provider_kind, model_id, owner, source, "
                "api, state, enabled, deleted, task, label.KEY)");
}

static enum sl_code read_relation(struct scanner *s, struct sl_condition *c)
{
    if (*s->at == '=' || *s->at == ':') {
        c->relation = *s->at == '=' ? SL_RELATION_IS : SL_RELATION_CONTAINS;
        s->at++;
        return SL_OK;
    }
    if (s->at[0] == '!' && s->at[1] == '=') {
        c->relation = SL_RELATION_IS_NOT;
        s->at += 2;
        return SL_OK;
    }
    return fail(s, s->at, "'=', '!=' or ':' is missing");
}

static enum sl_code read_value(struct scanner *s, struct sl_condition *c)
{
    const char *begin = s->at;
    if (*begin == '"') {
        const char *end = strchr(begin + 1, '"');
        if (!end)
            return fail(s, begin, "the quote has no end");
        c->value = sl_arena_strndup(s->arena, begin + 1, (size_t)(end - begin - 1));
        s->at = end + 1;
        return SL_OK;
    }
    size_t n = strcspn(begin, " \t\"");
    if (!n)
        return fail(s, begin, "a value is missing");
    c->value = sl_arena_strndup(s->arena, begin, n);
    s->at = begin + n;
    return SL_OK;
}

static enum sl_code check_truth(const struct scanner *s, const char *at,
                                const struct sl_condition *c)
{
    bool truth = c->field == SL_FIELD_ENABLED || c->field == SL_FIELD_DELETED;
    if (truth && strcmp(c->value, "true") != 0 && strcmp(c->value, "false") != 0)
        return fail(s, at, "the value has to be true or false");
    return SL_OK;
}

static enum sl_code read_condition(struct scanner *s, struct sl_condition *c)
{
    if (read_field(s, c))
        return s->err->code;
    skip_space(s);
    if (read_relation(s, c))
        return s->err->code;
    skip_space(s);
    const char *value = s->at;
    if (read_value(s, c))
        return s->err->code;
    return check_truth(s, value, c);
}

static enum sl_code read_and(struct scanner *s)
{
    if (strncasecmp(s->at, "and", 3) != 0 || is_word_char(s->at[3]))
        return fail(s, s->at, "AND is missing");
    s->at += 3;
    skip_space(s);
    return SL_OK;
}

enum sl_code sl_model_filter_parse(const char *text, struct sl_arena *arena,
                                   struct sl_model_filter *out, struct sl_err *err)
{
    struct scanner s = {text, text, arena, err};
    struct sl_model_filter f = {.n = 0};
    if (strlen(text) > SL_FILTER_MAX_TEXT)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "filter",
                            "is longer than %d bytes", SL_FILTER_MAX_TEXT);
    for (skip_space(&s); *s.at; skip_space(&s)) {
        if (f.n && read_and(&s))
            return err->code;
        if (f.n == SL_FILTER_MAX)
            return fail(&s, s.at, "there are more than 16 conditions");
        struct sl_condition *c = &f.list[f.n++];
        if (read_condition(&s, c))
            return err->code;
        f.asks_state |= c->field == SL_FIELD_STATE;
        f.asks_deleted |= c->field == SL_FIELD_DELETED;
    }
    *out = f;
    return SL_OK;
}

/* ---- matching ---- */

static bool is_in(const char *const *list, const char *value)
{
    for (; *list; list++) {
        if (!strcmp(*list, value))
            return true;
    }
    return false;
}

static const char *label_of(const struct sl_model *m, const char *key)
{
    for (size_t i = 0; i < m->n_labels; i++) {
        if (!strcmp(m->labels[i].key, key))
            return m->labels[i].value;
    }
    return "";
}

static const char *text_of(const struct sl_condition *c, const struct sl_filter_subject *s)
{
    const struct sl_model *m = s->model;
    switch (c->field) {
    case SL_FIELD_API:
        return *m->target.api ? m->target.api : m->adapter->api;
    case SL_FIELD_DELETED:
        return m->deleted_ms ? "true" : "false";
    case SL_FIELD_ENABLED:
        return m->enabled ? "true" : "false";
    case SL_FIELD_MODEL_ID:
        return m->target.model_id;
    case SL_FIELD_NAME:
        return m->name;
    case SL_FIELD_OWNER:
        return s->owner;
    case SL_FIELD_PROVIDER:
        return m->provider;
    case SL_FIELD_PROVIDER_KIND:
        return m->adapter->name;
    case SL_FIELD_SOURCE:
        return m->source;
    case SL_FIELD_STATE:
        return s->state;
    case SL_FIELD_LABEL:
        return label_of(m, c->label);
    case SL_FIELD_TASK:
        break;
    }
    return is_in(m->tasks, c->value) ? c->value : "";
}

static bool matches(const struct sl_condition *c, const struct sl_filter_subject *s)
{
    const char *text = text_of(c, s);
    switch (c->relation) {
    case SL_RELATION_IS:
        return !strcmp(text, c->value);
    case SL_RELATION_IS_NOT:
        return strcmp(text, c->value) != 0;
    case SL_RELATION_CONTAINS:
        break;
    }
    return strstr(text, c->value) != NULL;
}

bool sl_model_filter_matches(const struct sl_model_filter *f, const struct sl_filter_subject *s)
{
    if (!f->asks_deleted && s->model->deleted_ms)
        return false;
    for (size_t i = 0; i < f->n; i++) {
        if (!matches(&f->list[i], s))
            return false;
    }
    return true;
}
