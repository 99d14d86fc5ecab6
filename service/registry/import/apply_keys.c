/* Keys of a plan: where each comes from, and whether what is stored is the same. */
#include <string.h>

#include "base/str.h"
#include "registry/import/applying.h"
#include "registry/vault/vault.h"

static void note(struct sl_applying *s, enum sl_import_level level, const struct sl_import_key *key,
                 const char *subject, const char *text)
{
    const struct sl_import_about about = {level, key->place ? key->place : "",
                                          sl_arena_strdup(&s->a->plan->arena, subject)};
    sl_import_note(s->a->plan, &about, "%s", text);
}

/* A variable that the caller gave along. */
static bool from_caller(struct sl_applying *s, const struct sl_import_key *key, const char *subject,
                        struct sl_apply_key *out)
{
    const struct sl_import_apply *a = s->a;
    const char *value = a->variable ? a->variable(a->owner, key->variable) : NULL;
    if (!value || !*value)
        return false;
    out->secret = sl_import_secret(a->plan, value, strlen(value));
    note(s, SL_IMPORT_INFO, key, subject,
         sl_arena_printf(s->m.arena,
                         "the value of %s that was given along is stored, encrypted; later changes "
                         "of the variable are not followed",
                         key->variable));
    return true;
}

static bool from_service(struct sl_applying *s, const struct sl_import_key *key,
                         const char *subject, struct sl_apply_key *out)
{
    const struct sl_principal *p = s->m.principal;
    struct sl_secret *secret = NULL;
    struct sl_err err = {0};
    const char *reference = sl_arena_printf(s->m.arena, "env:%s", key->variable);
    enum sl_reference_from from =
        p->roles & SL_ROLE_ADMIN && !s->a->personal ? SL_REFERENCE_ADMIN : SL_REFERENCE_USER;
    if (sl_references_take(s->m.references, reference, from, &secret, &err) == SL_OK) {
        sl_secret_unref(secret);
        out->reference = reference;
        return true;
    }
    note(s, SL_IMPORT_NOT_CARRIED, key, subject,
         sl_arena_printf(s->m.arena,
                         "the key is not stored: %.200s; give the value along (sluice import --env "
                         "FILE), or store it afterwards",
                         err.text));
    return false;
}

bool sl_apply_find_key(struct sl_applying *s, const struct sl_import_key *key, const char *subject,
                       struct sl_apply_key *out)
{
    *out = (struct sl_apply_key){.secret = key->literal};
    if (key->literal || !key->variable || from_caller(s, key, subject, out))
        return true;
    return from_service(s, key, subject, out);
}

/* Whether a key of the provider is in the plan, or was spoken of. */
static bool knows_of_key(struct sl_applying *s, const char *provider)
{
    for (const struct sl_import_provider *p = s->a->plan->providers; p; p = p->next) {
        if (!strcmp(p->id, provider) && p->n_keys)
            return true;
    }
    for (const struct sl_keyless *k = s->keyless; k; k = k->next) {
        if (!strcmp(k->provider, provider))
            return true;
    }
    return false;
}

void sl_apply_say_keyless(struct sl_applying *s, const struct sl_import_model *im,
                          const struct sl_row *row)
{
    const struct sl_provider *p =
        sl_registry_provider(s->m.registry, sl_row_text(row, SL_MODELS_PROVIDER));
    bool own = *sl_row_text(row, SL_MODELS_CREDENTIAL) || *sl_row_text(row, SL_MODELS_BASE_URL);
    if (!p || own || !*p->key_variable || sl_registry_provider_has_key(s->m.registry, p) ||
        knows_of_key(s, p->id))
        return;
    struct sl_keyless *k = SL_ARENA_NEW(s->m.arena, struct sl_keyless);
    *k = (struct sl_keyless){p->id, s->keyless};
    s->keyless = k;
    const struct sl_import_about about = {SL_IMPORT_INFO, im->place, im->m.name};
    sl_import_note(s->a->plan, &about,
                   "there is no key of %s yet: set %s where the service runs, or sluice providers "
                   "update %s --provider-key-file FILE",
                   p->id, p->key_variable, p->id);
}

static struct sl_row *credential_row(struct sl_applying *s, const char *id)
{
    const struct sl_row_key key = {SL_TABLE_CREDENTIALS, id};
    struct sl_row *row = NULL;
    struct sl_err none = {0};
    if (!*id || sl_tx_get(s->m.tx, key, s->m.arena, &row, &none) != SL_OK)
        return NULL;
    return sl_row_int(row, SL_COL_DELETED_MS) ? NULL : row;
}

bool sl_apply_same_key(struct sl_applying *s, const char *credential, const struct sl_apply_key *k)
{
    struct sl_row *row = credential_row(s, credential);
    struct sl_secret *stored = NULL;
    struct sl_err none = {0};
    if (!row)
        return false;
    if (!k->secret)
        return k->reference && !strcmp(sl_row_text(row, SL_CREDENTIALS_REFERENCE), k->reference);
    const struct sl_vault_place place = {"credential", credential,
                                         sl_row_text(row, SL_CREDENTIALS_BINDING)};
    struct sl_str envelope = sl_row_bytes(row, SL_CREDENTIALS_SECRET);
    if (!envelope.n ||
        sl_vault_open(s->m.keyring, &place, envelope.p, envelope.n, &stored, &none) != SL_OK)
        return false;
    bool same = !strcmp(sl_secret_reveal(stored), sl_secret_reveal(k->secret));
    sl_secret_unref(stored);
    return same;
}

void sl_apply_say_key(struct sl_applying *s, Sluice__V1__Change *change, const char *credential)
{
    struct sl_row *row = credential_row(s, credential);
    if (!row)
        return;
    const char *reference = sl_row_text(row, SL_CREDENTIALS_REFERENCE);
    const char *last4 = sl_row_text(row, SL_CREDENTIALS_LAST4);
    sl_changes_say(&s->changes, change,
                   *reference ? sl_arena_printf(s->m.arena, "key: %s", reference)
                              : sl_arena_printf(s->m.arena, "key: ...%s", last4));
}
