/* A model of a plan: created, changed or kept. */
#include <jansson.h>
#include <string.h>

#include "base/str.h"
#include "registry/import/applying.h"
#include "registry/manage/internal.h"
#include "registry/vault/vault.h"

typedef Sluice__V1__Model model_t;

enum { MAX_BINDING = 512 };

static void error_note(struct sl_applying *s, const char *place, const char *subject,
                       const char *text)
{
    const struct sl_import_about about = {SL_IMPORT_ERROR, place, subject};
    sl_import_note(s->a->plan, &about, "%s", text);
}

bool sl_applying_goes_on(struct sl_applying *s, const char *place, const char *subject,
                         const struct sl_err *err)
{
    switch (err->code) {
    case SL_INVALID_ARGUMENT:
    case SL_NOT_FOUND:
    case SL_FAILED_PRECONDITION:
    case SL_PERMISSION_DENIED:
        error_note(s, place, subject, err->text);
        s->m.violations->count = 0;
        return true;
    default:
        *s->err = *err;
        return false;
    }
}

static const char *owner_of(const struct sl_applying *s)
{
    return s->a->personal ? s->m.principal->id : NULL;
}

/* Aliases that belong to another model by now are left out; an alias taken in the middle of a write would end it all. */
static enum sl_code drop_taken_aliases(struct sl_applying *s, const struct sl_import_model *im,
                                       model_t *m)
{
    char **kept = sl_arena_alloc(s->m.arena, (m->n_aliases + 1) * sizeof(*kept));
    size_t n = 0;
    for (size_t i = 0; i < m->n_aliases; i++) {
        const struct sl_row_name key = {SL_TABLE_MODELS, owner_of(s), m->aliases[i]};
        struct sl_row *row = NULL;
        if (sl_tx_find(s->m.tx, key, s->m.arena, &row, s->err) != SL_OK)
            return s->err->code;
        if (!row || !strcmp(sl_row_text(row, SL_COL_NAME), im->m.name))
            kept[n++] = m->aliases[i];
        else
            error_note(s, im->place, im->m.name,
                       sl_arena_printf(s->m.arena,
                                       "the alias '%.100s' belongs to the stored model "
                                       "'%.100s'",
                                       m->aliases[i], sl_row_text(row, SL_COL_NAME)));
    }
    m->aliases = kept;
    m->n_aliases = n;
    return SL_OK;
}

/* The stored row of the name; *taken where the name is another model's alias. */
static enum sl_code find_stored(struct sl_applying *s, const struct sl_import_model *im,
                                struct sl_row **out, bool *taken)
{
    const struct sl_row_name key = {SL_TABLE_MODELS, owner_of(s), im->m.name};
    *out = NULL;
    if (sl_tx_find(s->m.tx, key, s->m.arena, out, s->err) != SL_OK)
        return s->err->code;
    *taken = *out && strcmp(sl_row_text(*out, SL_COL_NAME), im->m.name) != 0;
    if (*taken)
        error_note(s, im->place, im->m.name,
                   sl_arena_printf(s->m.arena, "the name is an alias of the stored model '%.100s'",
                                   sl_row_text(*out, SL_COL_NAME)));
    return SL_OK;
}

/* ---- keys and headers ---- */

/* A personal model brings its own key: its own entry's, else that of its provider in the same file. */
static const struct sl_import_key *key_of(const struct sl_applying *s,
                                          const struct sl_import_model *im)
{
    if (im->key.literal || im->key.variable || !s->a->personal)
        return &im->key;
    for (const struct sl_import_provider *p = s->a->plan->providers; p; p = p->next) {
        if (!strcmp(p->id, im->m.provider) && p->n_keys)
            return &p->keys[0];
    }
    return &im->key;
}

/* text: a JSON object of the stored ones. */
static bool holds_headers(const char *text, const model_t *m)
{
    json_t *stored = json_loads(text, 0, NULL);
    bool same = json_object_size(stored) == m->n_headers;
    for (size_t i = 0; i < m->n_headers && same; i++) {
        const char *value = json_string_value(json_object_get(stored, m->headers[i]->key));
        same = value && !strcmp(value, m->headers[i]->value);
    }
    json_decref(stored);
    return same;
}

static bool same_headers(struct sl_applying *s, const struct sl_row *before, const model_t *m)
{
    char binding[MAX_BINDING];
    struct sl_str envelope = sl_row_bytes(before, SL_MODELS_HEADERS_SECRET);
    struct sl_secret *stored = NULL;
    struct sl_err none = {0};
    const char *base = sl_manage_base_url(&s->m, sl_row_text(before, SL_MODELS_PROVIDER),
                                          sl_row_text(before, SL_MODELS_BASE_URL));
    const struct sl_vault_place place = {"headers", sl_row_text(before, SL_COL_ID), binding};
    if (!envelope.n || !sl_vault_bind(base, binding, sizeof(binding)) ||
        sl_vault_open(s->m.keyring, &place, envelope.p, envelope.n, &stored, &none) != SL_OK)
        return false;
    bool same = holds_headers(sl_secret_reveal(stored), m);
    sl_secret_unref(stored);
    return same;
}

static bool is_elsewhere(const model_t *m, const struct sl_row *before)
{
    return strcmp(m->provider, sl_row_text(before, SL_MODELS_PROVIDER)) != 0 ||
           strcmp(m->base_url, sl_row_text(before, SL_MODELS_BASE_URL)) != 0;
}

/* Takes out of the message what is stored already and would only be sealed anew. */
static void leave_secrets(struct sl_applying *s, const struct sl_row *before, model_t *m,
                          const struct sl_apply_key *key)
{
    if (is_elsewhere(m, before))
        return;
    bool headers = m->n_headers && !same_headers(s, before, m);
    if (!headers) {
        m->n_headers = 0;
        m->headers = NULL;
    }
    if (*m->key && !headers && sl_apply_same_key(s, sl_row_text(before, SL_MODELS_CREDENTIAL), key))
        m->key = (char *)(uintptr_t) "";
}

/* ---- writing ---- */

static enum sl_code create(struct sl_applying *s, model_t *m, struct sl_row **after,
                           struct sl_err *err)
{
    Sluice__V1__CreateModelRequest request = SLUICE__V1__CREATE_MODEL_REQUEST__INIT;
    struct sl_managed done = {.row = NULL};
    request.model = m;
    request.personal = s->a->personal;
    enum sl_code code = sl_manage_create_model(&s->m, &request, &done, err);
    *after = done.row;
    return code;
}

static enum sl_code update(struct sl_applying *s, const struct sl_row *before, model_t *m,
                           struct sl_row **after, struct sl_err *err)
{
    Sluice__V1__UpdateModelRequest request = SLUICE__V1__UPDATE_MODEL_REQUEST__INIT;
    struct sl_managed done = {.row = NULL};
    request.model = m;
    m->name = (char *)(uintptr_t)sl_row_text(before, SL_COL_ID);
    enum sl_code code = sl_manage_update_model(&s->m, &request, &done, err);
    *after = done.row;
    return code;
}

static enum sl_code store(struct sl_applying *s, struct sl_import_model *im,
                          const struct sl_row *before, model_t *m)
{
    struct sl_row *after = NULL;
    struct sl_err err = {0};
    enum sl_code code = before ? update(s, before, m, &after, &err) : create(s, m, &after, &err);
    if (code != SL_OK)
        return sl_applying_goes_on(s, im->place, im->m.name, &err) ? SL_OK : code;
    Sluice__V1__Change *change = sl_changes_add(&s->changes, "model", im->m.name, im->place);
    sl_changes_compare(&s->changes, change, before, after);
    const char *credential = sl_row_text(after, SL_MODELS_CREDENTIAL);
    if (!before || strcmp(credential, sl_row_text(before, SL_MODELS_CREDENTIAL)) != 0) {
        if (*credential)
            sl_changes_set(&s->changes, change,
                           before ? SLUICE__V1__CHANGE__ACTION__ACTION_UPDATE
                                  : SLUICE__V1__CHANGE__ACTION__ACTION_CREATE);
        sl_apply_say_key(s, change, credential);
    }
    sl_apply_say_keyless(s, im, after);
    return SL_OK;
}

enum sl_code sl_apply_model(struct sl_applying *s, struct sl_import_model *im)
{
    model_t *m = sl_arena_alloc(s->m.arena, sizeof(*m));
    struct sl_row *before = NULL;
    struct sl_apply_key key = {.secret = NULL};
    bool taken = false;
    *m = im->m;
    if (s->a->personal) /* nobody else sees it; sl_import_apply says so */
        m->n_allowed_tiers = 0;
    enum sl_code code = find_stored(s, im, &before, &taken);
    if (code != SL_OK || taken)
        return code;
    if (before && s->a->only_new) {
        sl_changes_add(&s->changes, "model", im->m.name, im->place);
        return SL_OK;
    }
    code = drop_taken_aliases(s, im, m);
    if (code != SL_OK)
        return code;
    bool usual = im->usual_key && !s->a->personal;
    bool given =
        s->a->variable && im->key.variable && s->a->variable(s->a->owner, im->key.variable);
    if ((!usual || given) && sl_apply_find_key(s, key_of(s, im), im->m.name, &key))
        m->key = (char *)(uintptr_t)sl_apply_key_text(&key);
    if (before)
        leave_secrets(s, before, m, &key);
    return store(s, im, before, m);
}
