/* A provider of a plan: its patterns, its address and its keys. Global only. */
#include <jansson.h>
#include <string.h>

#include "base/str.h"
#include "registry/import/applying.h"

typedef Sluice__V1__Provider provider_t;

static void note(struct sl_applying *s, enum sl_import_level level,
                 const struct sl_import_provider *p, const char *text)
{
    const struct sl_import_about about = {level, p->place, p->id};
    sl_import_note(s->a->plan, &about, "%s", text);
}

/* The stored patterns and those of the plan. */
static void merge_patterns(struct sl_applying *s, const struct sl_import_provider *p,
                           const struct sl_row *before, provider_t *out)
{
    struct sl_import_provider all = {.id = p->id};
    json_t *stored =
        before ? json_loads(sl_row_text(before, SL_PROVIDERS_PATTERNS), 0, NULL) : NULL;
    json_t *one;
    size_t k;
    json_array_foreach(stored, k, one)
    {
        if (json_is_string(one))
            (void)sl_import_add_pattern(s->a->plan, &all, json_string_value(one));
    }
    json_decref(stored);
    if (!p->n_patterns)
        return;
    for (size_t i = 0; i < p->n_patterns; i++) {
        if (!sl_import_add_pattern(s->a->plan, &all, p->patterns[i]))
            note(s, SL_IMPORT_NOT_CARRIED, p,
                 sl_arena_printf(s->m.arena, "the pattern '%.100s' is left out: a provider has 64",
                                 p->patterns[i]));
    }
    out->model_patterns = (char **)(uintptr_t)all.patterns;
    out->n_model_patterns = all.n_patterns;
}

static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

static enum sl_code find_stored(struct sl_applying *s, const struct sl_import_provider *p,
                                struct sl_row **out)
{
    const struct sl_row_name key = {SL_TABLE_PROVIDERS, NULL, p->id};
    *out = NULL;
    return sl_tx_find(s->m.tx, key, s->m.arena, out, s->err);
}

/* ---- more keys ---- */

/* Whether one of the provider's credentials is that key. */
static enum sl_code has_key(struct sl_applying *s, const struct sl_import_provider *p,
                            const struct sl_apply_key *key, bool *out)
{
    const struct sl_filter filters[] = {
        {SL_CREDENTIALS_PROVIDER, SL_EQUAL, sl_value_text(p->id)},
        {.column = SL_COL_OWNER, .op = SL_IS_NULL},
    };
    const struct sl_query query = {
        .table = SL_TABLE_CREDENTIALS, .filters = filters, .n_filters = SL_ARRAY_LEN(filters)};
    struct sl_rows rows = {.count = 0};
    enum sl_code code = sl_tx_list(s->m.tx, &query, s->m.arena, &rows, s->err);
    *out = false;
    for (size_t i = 0; i < rows.count && !*out; i++)
        *out = sl_apply_same_key(s, sl_row_text(rows.list[i], SL_COL_ID), key);
    return code;
}

static enum sl_code add_key(struct sl_applying *s, const struct sl_import_provider *p, size_t i)
{
    Sluice__V1__Credential c = SLUICE__V1__CREDENTIAL__INIT;
    Sluice__V1__CreateCredentialRequest request = SLUICE__V1__CREATE_CREDENTIAL_REQUEST__INIT;
    struct sl_apply_key key;
    struct sl_managed done = {.row = NULL};
    struct sl_err err = {0};
    bool there;
    if (!sl_apply_find_key(s, &p->keys[i], p->id, &key))
        return SL_OK;
    if (has_key(s, p, &key, &there) != SL_OK)
        return s->err->code;
    const char *name = sl_arena_printf(s->m.arena, "%s key %zu", p->id, i + 1);
    Sluice__V1__Change *change = sl_changes_add(&s->changes, "credential", name, p->keys[i].place);
    if (there)
        return SL_OK;
    c.provider = text(p->id);
    c.title = text(name);
    c.key = text(sl_apply_key_text(&key));
    c.priority = (int32_t)i;
    request.credential = &c;
    enum sl_code code = sl_manage_create_credential(&s->m, &request, &done, &err);
    if (code != SL_OK)
        return sl_applying_goes_on(s, p->keys[i].place, name, &err) ? SL_OK : code;
    sl_changes_set(&s->changes, change, SLUICE__V1__CHANGE__ACTION__ACTION_CREATE);
    sl_apply_say_key(s, change, sl_row_text(done.row, SL_COL_ID));
    return SL_OK;
}

/* ---- the provider ---- */

static void say_key(struct sl_applying *s, Sluice__V1__Change *change, const struct sl_row *before,
                    const struct sl_row *after)
{
    const char *credential = sl_row_text(after, SL_PROVIDERS_CREDENTIAL);
    if (before && !strcmp(credential, sl_row_text(before, SL_PROVIDERS_CREDENTIAL)))
        return;
    if (*credential)
        sl_changes_set(&s->changes, change,
                       before ? SLUICE__V1__CHANGE__ACTION__ACTION_UPDATE
                              : SLUICE__V1__CHANGE__ACTION__ACTION_CREATE);
    sl_apply_say_key(s, change, credential);
}

static enum sl_code store(struct sl_applying *s, const struct sl_import_provider *p,
                          const struct sl_row *before, provider_t *message)
{
    Sluice__V1__UpdateProviderRequest request = SLUICE__V1__UPDATE_PROVIDER_REQUEST__INIT;
    struct sl_managed done = {.row = NULL};
    struct sl_err err = {0};
    request.provider = message;
    enum sl_code code = sl_manage_update_provider(&s->m, &request, &done, &err);
    if (code != SL_OK)
        return sl_applying_goes_on(s, p->place, p->id, &err) ? SL_OK : code;
    Sluice__V1__Change *change = sl_changes_add(&s->changes, "provider", p->id, p->place);
    sl_changes_compare(&s->changes, change, before, done.row);
    say_key(s, change, before, done.row);
    return SL_OK;
}

enum sl_code sl_apply_provider(struct sl_applying *s, struct sl_import_provider *p)
{
    provider_t *message = SL_ARENA_NEW(s->m.arena, provider_t);
    struct sl_row *before = NULL;
    struct sl_apply_key key = {.secret = NULL};
    if (s->a->personal) {
        note(s, SL_IMPORT_NOT_CARRIED, p,
             "providers are for administrators; a key of it goes to the models of this file that "
             "it runs");
        return SL_OK;
    }
    enum sl_code code = find_stored(s, p, &before);
    if (code != SL_OK)
        return code;
    sluice__v1__provider__init(message);
    message->name = text(p->id);
    message->base_url = text(p->base_url);
    message->api_version = text(p->api_version);
    message->organization = text(p->organization);
    message->project = text(p->project);
    message->region = text(p->region);
    merge_patterns(s, p, before, message);
    if (p->n_keys && sl_apply_find_key(s, &p->keys[0], p->id, &key))
        message->key = text(sl_apply_key_text(&key));
    bool moved = before && *p->base_url &&
                 strcmp(p->base_url, sl_row_text(before, SL_PROVIDERS_BASE_URL)) != 0;
    if (before && *message->key && !moved &&
        sl_apply_same_key(s, sl_row_text(before, SL_PROVIDERS_CREDENTIAL), &key))
        message->key = text("");
    code = store(s, p, before, message);
    for (size_t i = 1; i < p->n_keys && code == SL_OK; i++)
        code = add_key(s, p, i);
    return code;
}
