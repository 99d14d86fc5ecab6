/* Looking for what names a model. */
#include "registry/manage/references.h"

#include <jansson.h>
#include <string.h>

#include "base/str.h"

enum { MAX_REFERENCES = 64 };

struct search {
    const struct sl_manage *m;
    const struct sl_row *model;
    const char **texts; /* room for MAX_REFERENCES and a NULL */
    struct sl_row_key *rows;
    size_t n;
};

/* Whether the text leads to this model: by its name or an alias, said of the same owner's list. */
static bool is_named_by(const struct search *s, const char *text)
{
    bool global = sl_row_is_null(s->model, SL_COL_OWNER);
    if (sl_starts_with(text, "models/"))
        text += strlen("models/");
    if (sl_starts_with(text, "global/")) {
        if (!global)
            return false;
        text += strlen("global/");
    }
    if (!strcmp(text, sl_row_text(s->model, SL_COL_NAME)))
        return true;
    json_t *aliases = json_loads(sl_row_text(s->model, SL_MODELS_ALIASES), 0, NULL), *alias;
    bool found = false;
    size_t i;
    json_array_foreach(aliases, i, alias) found |=
        json_is_string(alias) && !strcmp(json_string_value(alias), text);
    json_decref(aliases);
    return found;
}

static void note(struct search *s, const struct sl_row *row, const char *text)
{
    if (s->n == MAX_REFERENCES)
        return;
    s->rows[s->n] =
        (struct sl_row_key){row->table, sl_arena_strdup(s->m->arena, sl_row_text(row, SL_COL_ID))};
    s->texts[s->n++] = text;
}

static enum sl_code on_default(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct search *s = owner;
    (void)err;
    const char *scope = sl_row_text(row, SL_MODEL_DEFAULTS_SCOPE);
    const char *subject = sl_row_text(row, SL_MODEL_DEFAULTS_SUBJECT);
    if (!is_named_by(s, sl_row_text(row, SL_MODEL_DEFAULTS_MODEL)))
        return SL_OK;
    if (!strcmp(scope, "tier"))
        note(s, row, sl_arena_printf(s->m->arena, "the default of tier %s", subject));
    else if (!strcmp(scope, "user"))
        note(s, row, "the default of its owner");
    else
        note(s, row, "the registry's default");
    return SL_OK;
}

static enum sl_code on_conversation(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct search *s = owner;
    (void)err;
    if (is_named_by(s, sl_row_text(row, SL_CONVERSATIONS_MODEL)))
        note(s, row,
             sl_arena_printf(s->m->arena, "the conversation %s", sl_row_text(row, SL_COL_NAME)));
    return SL_OK;
}

static enum sl_code on_model(void *owner, const struct sl_row *row, struct sl_err *err)
{
    struct search *s = owner;
    (void)err;
    if (!strcmp(sl_row_text(row, SL_COL_ID), sl_row_text(s->model, SL_COL_ID)))
        return SL_OK;
    json_t *list = json_loads(sl_row_text(row, SL_MODELS_FALLBACKS), 0, NULL), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        if (json_is_string(entry) && is_named_by(s, json_string_value(entry))) {
            note(s, row,
                 sl_arena_printf(s->m->arena, "the fallbacks of model %s",
                                 sl_row_text(row, SL_COL_NAME)));
            break;
        }
    }
    json_decref(list);
    return SL_OK;
}

static enum sl_code run(struct search *s, struct sl_tx *tx, struct sl_err *err)
{
    static const struct sl_filter with_fallbacks = {
        SL_MODELS_FALLBACKS, SL_NOT_EQUAL, {.type = SL_VALUE_TEXT, .as.s = {"", 0}}};
    const struct sl_query defaults = {.table = SL_TABLE_MODEL_DEFAULTS};
    const struct sl_query conversations = {.table = SL_TABLE_CONVERSATIONS};
    const struct sl_query models = {
        .table = SL_TABLE_MODELS, .filters = &with_fallbacks, .n_filters = 1};
    s->texts = sl_arena_zalloc(s->m->arena, (MAX_REFERENCES + 1) * sizeof(*s->texts));
    s->rows = sl_arena_zalloc(s->m->arena, MAX_REFERENCES * sizeof(*s->rows));
    enum sl_code code = sl_tx_each(tx, &defaults, on_default, s, err);
    if (code == SL_OK)
        code = sl_tx_each(tx, &conversations, on_conversation, s, err);
    return code == SL_OK ? sl_tx_each(tx, &models, on_model, s, err) : code;
}

enum sl_code sl_model_references(const struct sl_manage *m, struct sl_tx *tx,
                                 const struct sl_row *model, const char *const **out,
                                 struct sl_err *err)
{
    struct search s = {.m = m, .model = model};
    enum sl_code code = run(&s, tx, err);
    if (code == SL_OK)
        *out = s.texts;
    return code;
}

enum sl_code sl_model_references_remove(const struct sl_manage *m, struct sl_tx *tx,
                                        const struct sl_row *model, struct sl_err *err)
{
    struct search s = {.m = m, .model = model};
    enum sl_code code = run(&s, tx, err);
    for (size_t i = 0; i < s.n && code == SL_OK; i++) {
        if (s.rows[i].table != SL_TABLE_MODELS)
            code = sl_tx_delete(tx, s.rows[i], 0, err);
    }
    return code;
}
