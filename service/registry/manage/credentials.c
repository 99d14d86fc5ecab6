/* Credentials as things of their own: several for a provider or a user. */
#include <string.h>

#include "base/str.h"
#include "registry/manage/internal.h"
#include "registry/manage/mask.h"
#include "registry/manage/secrets.h"

static const char *id_of(const char *name)
{
    return sl_starts_with(name, "credentials/") ? name + strlen("credentials/") : name;
}

static void apply(const Sluice__V1__Credential *c, const struct sl_field_mask *mask,
                  struct sl_row *row)
{
    if (sl_field_mask_has(mask, "title") && *c->title)
        sl_row_set_text(row, SL_COL_NAME, c->title);
    if (sl_field_mask_has(mask, "priority"))
        sl_row_set_int(row, SL_CREDENTIALS_PRIORITY, c->priority);
    if (sl_field_mask_has(mask, "enabled"))
        sl_row_set_bool(row, SL_CREDENTIALS_ENABLED, !c->_enabled_case || c->enabled);
}

static enum sl_code begin(const struct sl_manage *m, struct sl_tx **tx, struct sl_managed *out,
                          struct sl_err *err)
{
    struct sl_store_session session = sl_manage_session(m);
    return sl_manage_begin(m, &session, tx, out, err);
}

/* Seals the key anew for the provider; owner NULL: global. */
static enum sl_code seal(const struct sl_manage *m, const Sluice__V1__Credential *c,
                         const char *provider, const char *owner, struct sl_row **out,
                         struct sl_err *err)
{
    if (!sl_registry_provider(m->registry, provider))
        return sl_err_field(err, SL_NOT_FOUND, SL_REASON_PROVIDER_UNKNOWN, "credential.provider",
                            "there is no provider '%.64s'", provider);
    const struct sl_given_key given = {
        .key = c->key,
        .field = "credential.key",
        .base_url = sl_manage_base_url(m, provider, ""),
        .provider = provider,
        .model = "",
        .owner = owner,
    };
    return sl_seal_credential(m, &given, out, err);
}

enum sl_code sl_manage_list_credentials(const struct sl_manage *m, const char *provider,
                                        struct sl_rows *out, struct sl_err *err)
{
    const struct sl_filter filter = {SL_CREDENTIALS_PROVIDER, SL_EQUAL, sl_value_text(provider)};
    const struct sl_query query = {
        .table = SL_TABLE_CREDENTIALS,
        .filters = &filter,
        .n_filters = *provider ? 1 : 0,
    };
    struct sl_tx *tx = NULL;
    struct sl_store_session session = sl_manage_session(m);
    enum sl_code code = sl_store_begin(m->store, &session, false, &tx, err);
    if (code != SL_OK)
        return code;
    return sl_tx_end(tx, sl_tx_list(tx, &query, m->arena, out, err), NULL, err);
}

enum sl_code sl_manage_create_credential(const struct sl_manage *m,
                                         const Sluice__V1__CreateCredentialRequest *request,
                                         struct sl_managed *out, struct sl_err *err)
{
    const Sluice__V1__Credential *c = request->credential;
    struct sl_field_mask mask;
    struct sl_tx *tx = NULL;
    if (!c)
        sl_violate(m->violations, "credential", "is required");
    if (c && !*c->provider)
        sl_violate(m->violations, "credential.provider", "is required");
    enum sl_code code = sl_violations_err(m->violations, err);
    if (code == SL_OK && !request->personal)
        code = sl_manage_need_global(m, "global credentials", err);
    if (code == SL_OK)
        code = seal(m, c, c->provider, request->personal ? m->principal->id : NULL, &out->row, err);
    if (code == SL_OK)
        code = begin(m, &tx, out, err);
    if (code != SL_OK)
        return code;
    sl_field_mask_of_set(&c->base, &mask);
    apply(c, &mask, out->row);
    return sl_manage_end(tx, sl_tx_insert(tx, out->row, err), false, out, err);
}

static enum sl_code find(const struct sl_manage *m, struct sl_tx *tx, const char *name,
                         struct sl_row **out, struct sl_err *err)
{
    const struct sl_row_key key = {SL_TABLE_CREDENTIALS, id_of(name)};
    struct sl_row *row = NULL;
    struct sl_err none = {0};
    enum sl_code code = sl_tx_get(tx, key, m->arena, &row, &none);
    if (code != SL_OK && code != SL_NOT_FOUND) {
        *err = none;
        return code;
    }
    if (code != SL_OK || sl_row_int(row, SL_COL_DELETED_MS))
        return sl_err_field(err, SL_NOT_FOUND, SL_REASON_NOT_FOUND, "name",
                            "there is no credential '%.64s'", id_of(name));
    if (sl_row_is_null(row, SL_COL_OWNER) &&
        sl_manage_need_global(m, "global credentials", err) != SL_OK)
        return err->code;
    *out = row;
    return SL_OK;
}

static enum sl_code update(const struct sl_manage *m, struct sl_tx *tx,
                           const Sluice__V1__Credential *c, const struct sl_field_mask *mask,
                           struct sl_row **out, struct sl_err *err)
{
    static const unsigned resealed[] = {SL_CREDENTIALS_BINDING, SL_CREDENTIALS_LAST4,
                                        SL_CREDENTIALS_REFERENCE, SL_CREDENTIALS_KEY_ID};
    struct sl_row *before = NULL, *sealed = NULL;
    int64_t etag = 0;
    enum sl_code code = sl_manage_parse_etag(c->etag, &etag, err);
    if (code == SL_OK)
        code = find(m, tx, c->name, &before, err);
    if (code != SL_OK)
        return code;
    struct sl_row *row = sl_row_create(m->arena, SL_TABLE_CREDENTIALS);
    sl_row_set_text(row, SL_COL_ID, sl_row_text(before, SL_COL_ID));
    apply(c, mask, row);
    if (*c->key) {
        const struct sl_reseal reseal = {c->key, before};
        code = sl_reseal_credential(m, &reseal, &sealed, err);
        for (size_t i = 0; i < SL_ARRAY_LEN(resealed) && code == SL_OK; i++)
            sl_row_set_text(row, resealed[i], sl_row_text(sealed, resealed[i]));
        if (code == SL_OK) {
            struct sl_str secret = sl_row_bytes(sealed, SL_CREDENTIALS_SECRET);
            sl_row_set_bytes(row, SL_CREDENTIALS_SECRET, secret.p, secret.n);
        }
    }
    if (code == SL_OK)
        code = sl_tx_update(tx, row, etag, err);
    *out = row;
    return code;
}

enum sl_code sl_manage_update_credential(const struct sl_manage *m,
                                         const Sluice__V1__UpdateCredentialRequest *request,
                                         struct sl_managed *out, struct sl_err *err)
{
    const Sluice__V1__Credential *c = request->credential;
    struct sl_field_mask mask = {.fields = 0};
    struct sl_tx *tx = NULL;
    if (!c)
        sl_violate(m->violations, "credential", "is required");
    else
        sl_field_mask_parse(request->update_mask, &c->base, &mask, m->violations);
    enum sl_code code = sl_violations_err(m->violations, err);
    if (code == SL_OK)
        code = begin(m, &tx, out, err);
    if (code != SL_OK)
        return code;
    return sl_manage_end(tx, update(m, tx, c, &mask, &out->row, err), false, out, err);
}

static enum sl_code delete_credential(const struct sl_manage *m, struct sl_tx *tx, const char *name,
                                      struct sl_row **out, struct sl_err *err)
{
    enum sl_code code = find(m, tx, name, out, err);
    if (code != SL_OK)
        return code;
    const struct sl_row_key key = {SL_TABLE_CREDENTIALS, sl_row_text(*out, SL_COL_ID)};
    const struct sl_filter filter = {SL_MODELS_CREDENTIAL, SL_EQUAL, sl_value_text(key.id)};
    const struct sl_query models = {.table = SL_TABLE_MODELS, .filters = &filter, .n_filters = 1};
    int64_t n = 0;
    code = sl_tx_count(tx, &models, &n, err);
    if (code == SL_OK && n)
        return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_CREDENTIAL_IN_USE, "name",
                            "%lld models use this credential", (long long)n);
    return code == SL_OK ? sl_tx_delete(tx, key, 0, err) : code;
}

enum sl_code sl_manage_delete_credential(const struct sl_manage *m, const char *name,
                                         struct sl_managed *out, struct sl_err *err)
{
    struct sl_tx *tx = NULL;
    enum sl_code code = begin(m, &tx, out, err);
    if (code != SL_OK)
        return code;
    return sl_manage_end(tx, delete_credential(m, tx, name, &out->row, err), false, out, err);
}
