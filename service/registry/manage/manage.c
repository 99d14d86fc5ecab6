/* Names, etags, sessions and rights of those who change the registry. */
#include "registry/manage/internal.h"

#include <string.h>

#include "base/str.h"

enum { UUID_LENGTH = 36 };

bool sl_manage_may_write_global(const struct sl_principal *p)
{
    return p->roles & (SL_ROLE_ADMIN | SL_ROLE_OPERATOR);
}

struct sl_store_session sl_manage_session(const struct sl_manage *m)
{
    const struct sl_principal *p = m->principal;
    return (struct sl_store_session){
        .role = SL_STORE_APP,
        .user = p->id,
        .admin = sl_manage_may_write_global(p),
        .actor = p->actor ? p->actor->name : p->name,
        .peer = m->peer,
        .run = m->run,
    };
}

static bool is_uuid(const char *s)
{
    static const char digits[] = "0123456789abcdef";
    if (strlen(s) != UUID_LENGTH)
        return false;
    for (int i = 0; i < UUID_LENGTH; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s[i] != '-' : !strchr(digits, s[i]))
            return false;
    }
    return true;
}

bool sl_manage_parse_name(const char *text, const char *collection, struct sl_manage_name *out)
{
    size_t n = strlen(collection);
    if (!strncmp(text, collection, n) && text[n] == '/')
        text += n + 1;
    *out = (struct sl_manage_name){.name = text};
    if (sl_starts_with(text, "global/")) {
        out->name = text + strlen("global/");
        out->global = true;
    }
    out->is_id = is_uuid(out->name);
    return *out->name != 0;
}

const char *sl_manage_etag(struct sl_arena *arena, int64_t revision)
{
    return revision ? sl_arena_printf(arena, "%lld", (long long)revision) : "";
}

enum sl_code sl_manage_parse_etag(const char *etag, int64_t *out, struct sl_err *err)
{
    int64_t revision = 0;
    if (*etag && (!sl_parse_i64(sl_str(etag), &revision) || revision <= 0))
        return sl_err_field(err, SL_ABORTED, SL_REASON_ETAG_STALE, "etag",
                            "the etag is none of this service's");
    *out = revision;
    return SL_OK;
}

enum sl_code sl_manage_need_global(const struct sl_manage *m, const char *what, struct sl_err *err)
{
    if (sl_manage_may_write_global(m->principal))
        return SL_OK;
    return sl_err_set(err, SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING,
                      "%s are for administrators and operators", what);
}

static enum sl_code find_own_or_global(const struct sl_manage *m, struct sl_tx *tx,
                                       const struct sl_manage_name *name, struct sl_row **out,
                                       struct sl_err *err)
{
    struct sl_row *row = NULL;
    struct sl_row_name key = {SL_TABLE_MODELS, m->principal->id, name->name};
    if (!name->global && sl_tx_find(tx, key, m->arena, &row, err) != SL_OK)
        return err->code;
    key.owner = NULL;
    if (!row && sl_tx_find(tx, key, m->arena, &row, err) != SL_OK)
        return err->code;
    *out = row;
    return SL_OK;
}

static enum sl_code no_such_model(const struct sl_manage *m, const char *name, struct sl_err *err)
{
    const struct sl_model *model = sl_registry_find(m->registry, name, NULL);
    if (model && !*model->id && sl_registry_may_use(m->registry, model, m->principal))
        return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_NOT_STORED, "name",
                            "the model '%.128s' comes from the %s: change it there, or create a "
                            "stored one of the same name, which takes its place",
                            name,
                            strcmp(model->source, "config") ? model->source : "configuration");
    return sl_err_field(err, SL_NOT_FOUND, SL_REASON_MODEL_NOT_FOUND, "name",
                        "there is no model '%.128s'", name);
}

enum sl_code sl_manage_find_model(const struct sl_manage *m, struct sl_tx *tx, const char *text,
                                  struct sl_row **out, struct sl_err *err)
{
    struct sl_manage_name name;
    struct sl_row *row = NULL;
    if (!sl_manage_parse_name(text, "models", &name))
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "name",
                            "name is required");
    enum sl_code code = find_own_or_global(m, tx, &name, &row, err);
    if (code == SL_OK && !row && name.is_id) {
        const struct sl_row_key key = {SL_TABLE_MODELS, name.name};
        struct sl_err none = {0};
        if (sl_tx_get(tx, key, m->arena, &row, &none) != SL_OK && none.code != SL_NOT_FOUND) {
            *err = none;
            return err->code;
        }
    }
    if (code != SL_OK)
        return code;
    if (!row)
        return no_such_model(m, name.name, err);
    *out = row;
    return SL_OK;
}

enum sl_code sl_manage_begin(const struct sl_manage *m, const struct sl_store_session *session,
                             struct sl_tx **tx, struct sl_managed *out, struct sl_err *err)
{
    out->joined = m->tx != NULL;
    if (!m->tx)
        return sl_store_begin(m->store, session, true, tx, err);
    *tx = m->tx;
    return SL_OK;
}

enum sl_code sl_manage_end(struct sl_tx *tx, enum sl_code code, bool dry, struct sl_managed *out,
                           struct sl_err *err)
{
    int64_t revision = 0;
    if (out->joined)
        return code;
    if (dry && code == SL_OK) {
        sl_tx_rollback(tx);
        return SL_OK;
    }
    code = sl_tx_end(tx, code, &revision, err);
    if (code == SL_OK)
        out->revision = revision;
    return code;
}

const char *sl_manage_base_url(const struct sl_manage *m, const char *provider,
                               const char *own_base_url)
{
    if (*own_base_url)
        return own_base_url;
    const struct sl_provider *p = sl_registry_provider(m->registry, provider);
    return p && p->base_url ? p->base_url : "";
}
