/* Creating, changing, deleting and bringing back models. */
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "registry/catalogue/detect.h"
#include "registry/manage/internal.h"
#include "registry/manage/mask.h"
#include "registry/manage/model_row.h"
#include "registry/manage/references.h"
#include "registry/manage/secrets.h"
#include "registry/vault/vault.h"

enum { MAX_BINDING = 512 };

/* One model on its way into the store. */
struct writing {
    const struct sl_manage *m;
    const Sluice__V1__Model *model;
    struct sl_field_mask mask;
    const struct sl_row *before; /* NULL: a new one */
    struct sl_row *row;
    struct sl_row *credential; /* NULL: none is to be stored */
    bool personal;
    struct sl_err *err;
};

/* ---- where it goes ---- */

static const char *now_or_before(const struct writing *w, unsigned column)
{
    if (sl_row_is_set(w->row, column) || !w->before)
        return sl_row_text(w->row, column);
    return sl_row_text(w->before, column);
}

static const char *effective_base_url(const struct writing *w)
{
    return sl_manage_base_url(w->m, now_or_before(w, SL_MODELS_PROVIDER),
                              now_or_before(w, SL_MODELS_BASE_URL));
}

static enum sl_code not_detected(const struct writing *w, const char *name)
{
    return sl_err_field(w->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "model.provider",
                        "model.provider is required: '%.128s' is no name that leads to a provider",
                        name);
}

/* A new model without a provider: its name, or its id at the provider, leads to one. */
static enum sl_code find_provider(struct writing *w)
{
    const Sluice__V1__Model *m = w->model;
    struct sl_detected found;
    const char *name = *m->model_id ? m->model_id : m->name;
    const struct sl_detect_in in = {
        .name = name, .provider = m->provider, .base_model = m->base_model};
    bool known = sl_detect(sl_registry_catalogue(w->m->registry), &in, &found);
    if (*m->provider) {
        if (!*m->model_id)
            sl_row_set_text(w->row, SL_MODELS_MODEL_ID,
                            known && found.model ? found.model_id : m->name);
        return SL_OK;
    }
    if (*m->base_url) { /* some server that nothing else is known of */
        sl_row_set_text(w->row, SL_MODELS_PROVIDER, "custom");
        sl_row_set_text(w->row, SL_MODELS_MODEL_ID, name);
        return SL_OK;
    }
    if (!known || !*found.kind)
        return not_detected(w, name);
    sl_row_set_text(w->row, SL_MODELS_PROVIDER, found.provider_id);
    sl_row_set_text(w->row, SL_MODELS_MODEL_ID, found.model_id);
    return SL_OK;
}

static enum sl_code check_provider(const struct writing *w)
{
    const char *id = now_or_before(w, SL_MODELS_PROVIDER);
    const struct sl_provider *p = sl_registry_provider(w->m->registry, id);
    if (!p)
        return sl_err_field(w->err, SL_NOT_FOUND, SL_REASON_PROVIDER_UNKNOWN, "model.provider",
                            "there is no provider '%.64s'", id);
    const char *api = now_or_before(w, SL_MODELS_API);
    if (*api && !sl_adapter_for_api(p->adapter, api))
        sl_violate(w->m->violations, "model.api", "is '%.64s', which %s does not offer", api,
                   p->adapter->title);
    if (!*effective_base_url(w))
        sl_violate(w->m->violations, "model.base_url", "is required for the provider '%.64s'", id);
    return sl_violations_err(w->m->violations, w->err);
}

/* ---- secrets ---- */

static bool has_stored_secret(const struct writing *w)
{
    return *sl_row_text(w->before, SL_MODELS_CREDENTIAL) ||
           sl_row_bytes(w->before, SL_MODELS_HEADERS_SECRET).n;
}

static bool text_differs(const struct writing *w, unsigned column)
{
    return strcmp(now_or_before(w, column), sl_row_text(w->before, column)) != 0;
}

/* Whether what a stored key is bound to becomes another: where it goes, and how it is shown. */
static bool binding_differs(const struct writing *w)
{
    char was[MAX_BINDING] = "", is[MAX_BINDING] = "";
    const char *before = sl_manage_base_url(w->m, sl_row_text(w->before, SL_MODELS_PROVIDER),
                                            sl_row_text(w->before, SL_MODELS_BASE_URL));
    bool bound = sl_vault_bind(before, was, sizeof(was));
    if (!sl_vault_bind(effective_base_url(w), is, sizeof(is)) || !bound || strcmp(was, is) != 0)
        return true;
    return text_differs(w, SL_MODELS_PROVIDER) || text_differs(w, SL_MODELS_AUTH) ||
           text_differs(w, SL_MODELS_AUTH_HEADER) || sl_field_mask_has(&w->mask, "headers");
}

static enum sl_code need_secrets_again(const struct writing *w)
{
    bool key = *sl_row_text(w->before, SL_MODELS_CREDENTIAL) && !*w->model->key &&
               !sl_field_mask_has(&w->mask, "credential");
    bool headers = sl_row_bytes(w->before, SL_MODELS_HEADERS_SECRET).n &&
                   !sl_field_mask_has(&w->mask, "headers");
    if (!key && !headers)
        return SL_OK;
    return sl_err_field(
        w->err, SL_FAILED_PRECONDITION, SL_REASON_KEY_NEEDED, key ? "model.key" : "model.headers",
        "a change of provider, base URL, auth or headers needs the %s again: what is "
        "stored was given for another use",
        key ? "key" : "headers");
}

static enum sl_code check_credential(const struct writing *w, struct sl_tx *tx)
{
    const char *id = w->model->credential;
    struct sl_row *row = NULL;
    if (!sl_field_mask_has(&w->mask, "credential") || !*id)
        return SL_OK;
    if (sl_starts_with(id, "credentials/"))
        id += strlen("credentials/");
    const struct sl_row_key key = {SL_TABLE_CREDENTIALS, id};
    struct sl_err none = {0};
    if (sl_tx_get(tx, key, w->m->arena, &row, &none) != SL_OK ||
        sl_row_int(row, SL_COL_DELETED_MS) || sl_row_is_null(row, SL_COL_OWNER) == w->personal)
        return sl_err_field(w->err, SL_NOT_FOUND, SL_REASON_NOT_FOUND, "model.credential",
                            "there is no credential '%.64s' that this model could use", id);
    return SL_OK;
}

static enum sl_code seal_key(struct writing *w)
{
    if (!sl_field_mask_has(&w->mask, "key") || !*w->model->key)
        return SL_OK;
    const struct sl_given_key given = {
        .key = w->model->key,
        .field = "model.key",
        .base_url = effective_base_url(w),
        .provider = now_or_before(w, SL_MODELS_PROVIDER),
        .model = sl_row_text(w->row, SL_COL_ID),
        .owner = w->personal ? w->m->principal->id : NULL,
    };
    enum sl_code code = sl_seal_credential(w->m, &given, &w->credential, w->err);
    if (code == SL_OK)
        sl_row_set_text(w->row, SL_MODELS_CREDENTIAL, sl_row_text(w->credential, SL_COL_ID));
    return code;
}

static enum sl_code seal_headers(const struct writing *w)
{
    if (!sl_field_mask_has(&w->mask, "headers"))
        return SL_OK;
    const struct sl_given_headers given = {
        .list = w->model->headers,
        .n = w->model->n_headers,
        .field = "model.headers",
        .base_url = effective_base_url(w),
        .column = SL_MODELS_HEADERS_SECRET,
    };
    return sl_seal_headers(w->m, &given, w->row, w->err);
}

/* A model of one's own brings its own key: nobody else's goes to an address that a user chose. */
static enum sl_code check_personal(const struct writing *w)
{
    const struct sl_provider *p =
        sl_registry_provider(w->m->registry, now_or_before(w, SL_MODELS_PROVIDER));
    const char *auth = now_or_before(w, SL_MODELS_AUTH);
    if (!w->personal || !p->adapter->key_required || !strcmp(auth, "none"))
        return SL_OK;
    if (*now_or_before(w, SL_MODELS_CREDENTIAL))
        return SL_OK;
    return sl_err_field(w->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "model.key",
                        "model.key is required: a personal model of %s needs a key of its own",
                        p->adapter->title);
}

/* ---- writing ---- */

static enum sl_code prepare(struct writing *w, struct sl_tx *tx)
{
    const struct sl_model_row fields = {w->model, &w->mask, w->before, w->row, w->m->violations};
    sl_model_row_apply(&fields);
    if (sl_field_mask_has(&w->mask, "credential")) {
        const char *id = w->model->credential;
        sl_row_set_text(w->row, SL_MODELS_CREDENTIAL,
                        sl_starts_with(id, "credentials/") ? id + strlen("credentials/") : id);
    }
    if (w->m->violations->count)
        return sl_violations_err(w->m->violations, w->err);
    enum sl_code code = w->before ? SL_OK : find_provider(w);
    if (code == SL_OK)
        code = check_provider(w);
    if (code == SL_OK)
        code = check_credential(w, tx);
    if (code == SL_OK && w->before && has_stored_secret(w) && binding_differs(w))
        code = need_secrets_again(w);
    if (code == SL_OK)
        code = seal_key(w);
    if (code == SL_OK)
        code = seal_headers(w);
    if (code == SL_OK)
        code = check_personal(w);
    return code;
}

static enum sl_code insert(struct writing *w, struct sl_tx *tx)
{
    enum sl_code code = prepare(w, tx);
    if (code == SL_OK)
        code = sl_tx_insert(tx, w->row, w->err);
    if (code == SL_OK && w->credential)
        code = sl_tx_insert(tx, w->credential, w->err);
    return code;
}

static void start_row(struct writing *w)
{
    char id[37];
    w->row = sl_row_create(w->m->arena, SL_TABLE_MODELS);
    sl_uuid7(id);
    sl_row_set_text(w->row, SL_COL_ID, id);
    if (w->personal)
        sl_row_set_text(w->row, SL_COL_OWNER, w->m->principal->id);
    else
        sl_row_set_null(w->row, SL_COL_OWNER);
    sl_row_set_text(w->row, SL_MODELS_SOURCE, w->m->source);
}

enum sl_code sl_manage_create_model(const struct sl_manage *m,
                                    const Sluice__V1__CreateModelRequest *request,
                                    struct sl_managed *out, struct sl_err *err)
{
    const Sluice__V1__Model *model = request->model;
    struct writing w = {.m = m, .model = model, .personal = request->personal, .err = err};
    struct sl_manage_name name = {.name = ""};
    if (!model)
        sl_violate(m->violations, "model", "is required");
    else if (!sl_manage_parse_name(model->name, "models", &name))
        sl_violate(m->violations, "model.name", "is required");
    else
        sl_model_name_check(name.name, "model.name", m->violations);
    if (m->violations->count)
        return sl_violations_err(m->violations, err);
    enum sl_code code = w.personal ? SL_OK : sl_manage_need_global(m, "global models", err);
    if (code != SL_OK)
        return code;
    struct sl_store_session session = sl_manage_session(m);
    struct sl_tx *tx = NULL;
    code = sl_manage_begin(m, &session, &tx, out, err);
    if (code != SL_OK)
        return code;
    sl_field_mask_of_set(&model->base, &w.mask);
    start_row(&w);
    sl_row_set_text(w.row, SL_COL_NAME, name.name);
    code = sl_manage_end(tx, insert(&w, tx), request->validate_only, out, err);
    out->row = w.row;
    return code;
}

/* The credential that the model brought along and no longer uses. */
static enum sl_code drop_credential(const struct writing *w, struct sl_tx *tx)
{
    const char *old = sl_row_text(w->before, SL_MODELS_CREDENTIAL);
    struct sl_row *row = NULL;
    struct sl_err none = {0};
    const struct sl_row_key key = {SL_TABLE_CREDENTIALS, old};
    if (!*old || !strcmp(old, sl_row_text(w->row, SL_MODELS_CREDENTIAL)))
        return SL_OK;
    if (sl_tx_get(tx, key, w->m->arena, &row, &none) != SL_OK)
        return SL_OK; /* gone already */
    if (strcmp(sl_row_text(row, SL_CREDENTIALS_MODEL), sl_row_text(w->row, SL_COL_ID)) != 0)
        return SL_OK; /* others may use it */
    return sl_row_int(row, SL_COL_DELETED_MS) ? SL_OK : sl_tx_delete(tx, key, 0, w->err);
}

static enum sl_code update(struct writing *w, struct sl_tx *tx,
                           const Sluice__V1__UpdateModelRequest *request)
{
    int64_t etag = 0;
    struct sl_row *before = NULL;
    enum sl_code code = sl_manage_parse_etag(w->model->etag, &etag, w->err);
    if (code == SL_OK)
        code = sl_manage_find_model(w->m, tx, w->model->name, &before, w->err);
    if (code != SL_OK)
        return code;
    w->personal = !sl_row_is_null(before, SL_COL_OWNER);
    code = w->personal ? SL_OK : sl_manage_need_global(w->m, "global models", w->err);
    if (code != SL_OK)
        return code;
    w->before = before;
    w->row = sl_row_create(w->m->arena, SL_TABLE_MODELS);
    sl_row_set_text(w->row, SL_COL_ID, sl_row_text(before, SL_COL_ID));
    if (w->mask.renames && sl_model_name_check(request->new_name, "new_name", w->m->violations))
        sl_row_set_text(w->row, SL_COL_NAME, request->new_name);
    code = prepare(w, tx);
    if (code == SL_OK && w->credential)
        code = sl_tx_insert(tx, w->credential, w->err);
    if (code == SL_OK)
        code = sl_tx_update(tx, w->row, etag, w->err);
    return code == SL_OK ? drop_credential(w, tx) : code;
}

enum sl_code sl_manage_update_model(const struct sl_manage *m,
                                    const Sluice__V1__UpdateModelRequest *request,
                                    struct sl_managed *out, struct sl_err *err)
{
    struct writing w = {.m = m, .model = request->model, .err = err};
    if (!request->model)
        sl_violate(m->violations, "model", "is required");
    else
        sl_field_mask_parse(request->update_mask, &request->model->base, &w.mask, m->violations);
    if (m->violations->count)
        return sl_violations_err(m->violations, err);
    struct sl_store_session session = sl_manage_session(m);
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_manage_begin(m, &session, &tx, out, err);
    if (code != SL_OK)
        return code;
    code = sl_manage_end(tx, update(&w, tx, request), request->validate_only, out, err);
    out->row = w.row;
    return code;
}

/* ---- trying ---- */

static atomic_llong drafts = 1;

/* Whether the owner has a model of that very name. */
static enum sl_code has_stored(const struct writing *w, struct sl_tx *tx, const char *name,
                               bool *out)
{
    struct sl_row *row = NULL;
    const char *owner = w->personal ? w->m->principal->id : NULL;
    const struct sl_row_name key = {SL_TABLE_MODELS, owner, name};
    enum sl_code code = sl_tx_find(tx, key, w->m->arena, &row, w->err);
    *out = row && !strcmp(sl_row_text(row, SL_COL_NAME), name);
    return code;
}

/* As the store has it now, under a revision that no cache of opened secrets knows. */
static enum sl_code read_back(const struct sl_manage *m, struct sl_tx *tx, struct sl_row_key key,
                              struct sl_row **out, struct sl_err *err)
{
    enum sl_code code = sl_tx_get(tx, key, m->arena, out, err);
    if (code == SL_OK)
        sl_row_set_int(*out, SL_COL_REVISION, -(int64_t)atomic_fetch_add(&drafts, 1));
    return code;
}

static enum sl_code write_draft(struct writing *w, struct sl_tx *tx, const char *name)
{
    Sluice__V1__Model copy = *w->model;
    Sluice__V1__UpdateModelRequest request = SLUICE__V1__UPDATE_MODEL_REQUEST__INIT;
    bool stored = false;
    enum sl_code code = has_stored(w, tx, name, &stored);
    if (code != SL_OK)
        return code;
    sl_field_mask_of_set(&w->model->base, &w->mask);
    if (!stored) {
        start_row(w);
        sl_row_set_text(w->row, SL_COL_NAME, name);
        return insert(w, tx);
    }
    copy.name = sl_arena_printf(w->m->arena, "%s%s", w->personal ? "" : "global/", name);
    copy.etag = sl_arena_strdup(w->m->arena, "");
    w->model = request.model = &copy;
    return update(w, tx, &request);
}

static enum sl_code make_draft(struct writing *w, struct sl_tx *tx, const char *name,
                               struct sl_draft_rows *out)
{
    const Sluice__V1__Model *model = w->model;
    enum sl_code code = write_draft(w, tx, name);
    w->model = model;
    if (code != SL_OK)
        return code;
    const struct sl_row_key row = {SL_TABLE_MODELS, sl_row_text(w->row, SL_COL_ID)};
    code = read_back(w->m, tx, row, &out->model, w->err);
    if (code != SL_OK || !w->credential)
        return code;
    const struct sl_row_key key = {SL_TABLE_CREDENTIALS, sl_row_text(w->credential, SL_COL_ID)};
    return read_back(w->m, tx, key, &out->credential, w->err);
}

enum sl_code sl_manage_draft_model(const struct sl_manage *m, const Sluice__V1__Model *model,
                                   bool personal, struct sl_draft_rows *out, struct sl_err *err)
{
    struct writing w = {.m = m, .model = model, .personal = personal, .err = err};
    struct sl_manage_name name = {.name = ""};
    if (!sl_manage_parse_name(*model->name ? model->name : "unsaved", "models", &name))
        sl_violate(m->violations, "model.name", "is not a name");
    else
        sl_model_name_check(name.name, "model.name", m->violations);
    if (m->violations->count)
        return sl_violations_err(m->violations, err);
    enum sl_code code = personal ? SL_OK : sl_manage_need_global(m, "global models", err);
    if (code != SL_OK)
        return code;
    struct sl_store_session session = sl_manage_session(m);
    struct sl_tx *tx = NULL;
    code = sl_store_begin(m->store, &session, true, &tx, err);
    if (code != SL_OK)
        return code;
    code = make_draft(&w, tx, name.name, out);
    sl_tx_rollback(tx);
    return code;
}

/* ---- deleting ---- */

static enum sl_code in_use(const char *const *references, const char *name, struct sl_err *err)
{
    return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_MODEL_IN_USE, "name",
                        "the model '%.96s' is named by %.200s%s: change that, or delete with force",
                        name, references[0], references[1] ? " and more" : "");
}

static enum sl_code delete_model(const struct sl_manage *m, struct sl_tx *tx,
                                 const Sluice__V1__DeleteModelRequest *request,
                                 struct sl_managed *out, const char *const **references,
                                 struct sl_err *err)
{
    int64_t etag = 0;
    enum sl_code code = sl_manage_parse_etag(request->etag, &etag, err);
    if (code == SL_OK)
        code = sl_manage_find_model(m, tx, request->name, &out->row, err);
    if (code == SL_OK && sl_row_is_null(out->row, SL_COL_OWNER))
        code = sl_manage_need_global(m, "global models", err);
    if (code == SL_OK)
        code = sl_model_references(m, tx, out->row, references, err);
    if (code == SL_OK && **references && !request->force)
        code = in_use(*references, sl_row_text(out->row, SL_COL_NAME), err);
    if (code == SL_OK && **references)
        code = sl_model_references_remove(m, tx, out->row, err);
    if (code != SL_OK)
        return code;
    const struct sl_row_key key = {SL_TABLE_MODELS, sl_row_text(out->row, SL_COL_ID)};
    return sl_tx_delete(tx, key, etag, err);
}

enum sl_code sl_manage_delete_model(const struct sl_manage *m,
                                    const Sluice__V1__DeleteModelRequest *request,
                                    struct sl_managed *out, const char *const **references,
                                    struct sl_err *err)
{
    struct sl_store_session session = sl_manage_session(m);
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_manage_begin(m, &session, &tx, out, err);
    if (code != SL_OK)
        return code;
    return sl_manage_end(tx, delete_model(m, tx, request, out, references, err), false, out, err);
}

/* The last deleted one of that name. */
static enum sl_code find_deleted(const struct sl_manage *m, struct sl_tx *tx,
                                 const struct sl_manage_name *name, struct sl_row **out,
                                 struct sl_err *err)
{
    const struct sl_filter filter = {name->is_id ? SL_COL_ID : SL_COL_NAME, SL_EQUAL,
                                     sl_value_text(name->name)};
    const struct sl_query query = {
        .table = SL_TABLE_MODELS,
        .rows = SL_ROWS_DELETED,
        .filters = &filter,
        .n_filters = 1,
        .order = SL_COL_DELETED_MS,
        .descending = true,
    };
    struct sl_rows rows;
    enum sl_code code = sl_tx_list(tx, &query, m->arena, &rows, err);
    if (code != SL_OK)
        return code;
    for (size_t i = 0; i < rows.count; i++) {
        if (name->global && !sl_row_is_null(rows.list[i], SL_COL_OWNER))
            continue;
        *out = rows.list[i];
        return SL_OK;
    }
    return sl_err_field(err, SL_NOT_FOUND, SL_REASON_MODEL_NOT_FOUND, "name",
                        "there is no deleted model '%.128s'", name->name);
}

static enum sl_code undelete(const struct sl_manage *m, struct sl_tx *tx, const char *text,
                             struct sl_managed *out, struct sl_err *err)
{
    struct sl_manage_name name;
    if (!sl_manage_parse_name(text, "models", &name))
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "name",
                            "name is required");
    enum sl_code code = find_deleted(m, tx, &name, &out->row, err);
    if (code == SL_OK && sl_row_is_null(out->row, SL_COL_OWNER))
        code = sl_manage_need_global(m, "global models", err);
    if (code != SL_OK)
        return code;
    const struct sl_row_key key = {SL_TABLE_MODELS, sl_row_text(out->row, SL_COL_ID)};
    return sl_tx_restore(tx, key, err);
}

enum sl_code sl_manage_undelete_model(const struct sl_manage *m, const char *name,
                                      struct sl_managed *out, struct sl_err *err)
{
    struct sl_store_session session = sl_manage_session(m);
    struct sl_tx *tx = NULL;
    enum sl_code code = sl_manage_begin(m, &session, &tx, out, err);
    if (code != SL_OK)
        return code;
    return sl_manage_end(tx, undelete(m, tx, name, out, err), false, out, err);
}
