/* Creating, changing and deleting providers. */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "config/url.h"
#include "registry/manage/columns.h"
#include "registry/manage/internal.h"
#include "registry/manage/mask.h"
#include "registry/manage/secrets.h"
#include "registry/vault/vault.h"

enum { MAX_ID = 64, MAX_TEXT = 1024, MAX_PATTERNS = 64, MAX_BINDING = 512 };

typedef Sluice__V1__Provider provider_t;

struct writing {
    const struct sl_manage *m;
    const provider_t *provider;
    struct sl_field_mask mask;
    const struct sl_row *before; /* NULL: a new row */
    struct sl_row *row;
    struct sl_row *credential; /* NULL: none is to be stored */
    struct sl_err *err;
};

/* ---- fields ---- */

static bool check_id(const char *id, struct sl_violations *v)
{
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-_");
    if (n && !id[n] && n <= MAX_ID)
        return true;
    sl_violate(v, "provider.name", "must be 1 to %d lower case letters, digits, '-' or '_'",
               MAX_ID);
    return false;
}

static const char *id_of(const char *name)
{
    return sl_starts_with(name, "providers/") ? name + strlen("providers/") : name;
}

struct text_field {
    const char *name, *path;
    size_t offset;
    unsigned column;
};

#define TEXT(field, column)                                                                        \
    {                                                                                              \
#field, "provider." #field, offsetof(provider_t, field), SL_PROVIDERS_##column             \
    }

static const struct text_field texts[] = {
    TEXT(kind, KIND),       TEXT(title, DESCRIPTION),       TEXT(base_url, BASE_URL),
    TEXT(auth, AUTH),       TEXT(auth_header, AUTH_HEADER), TEXT(organization, ORGANIZATION),
    TEXT(project, PROJECT), TEXT(region, REGION),           TEXT(api_version, API_VERSION),
};

static void apply(const struct writing *w)
{
    struct sl_violations *v = w->m->violations;
    const provider_t *p = w->provider;
    for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++) {
        const struct text_field *f = &texts[i];
        if (!sl_field_mask_has(&w->mask, f->name))
            continue;
        const void *at = (const char *)p + f->offset;
        const char *text = *(char *const *)at;
        if (strlen(text) > MAX_TEXT)
            sl_violate(v, f->path, "is longer than %d bytes", MAX_TEXT);
        sl_row_set_text(w->row, f->column, text);
    }
    const char *problem = *p->base_url ? sl_url_problem(p->base_url, true) : NULL;
    if (problem)
        sl_violate(v, "provider.base_url", "%s", problem);
    if (!sl_url_is_label(p->region))
        sl_violate(v, "provider.region",
                   "must be letters, digits, '-' and '.': it becomes a part of a host's name");
    if (p->n_model_patterns > MAX_PATTERNS)
        sl_violate(v, "provider.model_patterns", "has more than %d entries", MAX_PATTERNS);
    if (sl_field_mask_has(&w->mask, "model_patterns"))
        sl_row_set_text(w->row, SL_PROVIDERS_PATTERNS,
                        sl_column_strings(w->m->arena, p->model_patterns, p->n_model_patterns));
    if (sl_field_mask_has(&w->mask, "enabled"))
        sl_row_set_bool(w->row, SL_PROVIDERS_ENABLED, !p->_enabled_case || p->enabled);
}

static const char *now_or_before(const struct writing *w, unsigned column)
{
    if (sl_row_is_set(w->row, column) || !w->before)
        return sl_row_text(w->row, column);
    return sl_row_text(w->before, column);
}

/* Its own base URL, else the kind's. */
static const char *base_url(const struct writing *w)
{
    const char *own = now_or_before(w, SL_PROVIDERS_BASE_URL);
    const struct sl_adapter *adapter = sl_adapter_find(now_or_before(w, SL_PROVIDERS_KIND));
    if (*own)
        return own;
    return adapter && adapter->default_base_url ? adapter->default_base_url : "";
}

static void check_kind(const struct writing *w)
{
    const char *kind = now_or_before(w, SL_PROVIDERS_KIND);
    if (!*kind)
        sl_violate(w->m->violations, "provider.kind", "is required");
    else if (!sl_adapter_find(kind))
        sl_violate(w->m->violations, "provider.kind", "is '%.64s', which no adapter speaks", kind);
    else if (!*base_url(w) && strcmp(kind, "bedrock") != 0 && strcmp(kind, "vertex") != 0)
        sl_violate(w->m->violations, "provider.base_url", "is required for this kind");
}

/* ---- secrets ---- */

static bool differs(const struct writing *w, unsigned column)
{
    return strcmp(now_or_before(w, column), sl_row_text(w->before, column)) != 0;
}

static enum sl_code check_binding(const struct writing *w)
{
    char was[MAX_BINDING] = "", is[MAX_BINDING] = "";
    const struct sl_adapter *adapter = sl_adapter_find(sl_row_text(w->before, SL_PROVIDERS_KIND));
    const char *before = sl_row_text(w->before, SL_PROVIDERS_BASE_URL);
    if (!*before && adapter && adapter->default_base_url)
        before = adapter->default_base_url;
    bool bound = sl_vault_bind(before, was, sizeof(was));
    bool other = !sl_vault_bind(base_url(w), is, sizeof(is)) || !bound || strcmp(was, is) != 0 ||
                 differs(w, SL_PROVIDERS_KIND) || differs(w, SL_PROVIDERS_AUTH) ||
                 differs(w, SL_PROVIDERS_AUTH_HEADER);
    bool key = *sl_row_text(w->before, SL_PROVIDERS_CREDENTIAL) && !*w->provider->key &&
               (other || sl_field_mask_has(&w->mask, "headers"));
    bool headers = other && sl_row_bytes(w->before, SL_PROVIDERS_HEADERS_SECRET).n &&
                   !sl_field_mask_has(&w->mask, "headers");
    if (!key && !headers)
        return SL_OK;
    return sl_err_field(w->err, SL_FAILED_PRECONDITION, SL_REASON_KEY_NEEDED,
                        key ? "provider.key" : "provider.headers",
                        "a change of kind, base URL, auth or headers needs the %s again: what is "
                        "stored was given for another use",
                        key ? "key" : "headers");
}

static enum sl_code seal(struct writing *w, const char *id)
{
    enum sl_code code = SL_OK;
    if (sl_field_mask_has(&w->mask, "key") && *w->provider->key) {
        const struct sl_given_key given = {
            .key = w->provider->key,
            .field = "provider.key",
            .base_url = base_url(w),
            .provider = id,
            .model = "",
        };
        code = sl_seal_credential(w->m, &given, &w->credential, w->err);
        if (code == SL_OK)
            sl_row_set_text(w->row, SL_PROVIDERS_CREDENTIAL, sl_row_text(w->credential, SL_COL_ID));
    }
    if (code != SL_OK || !sl_field_mask_has(&w->mask, "headers"))
        return code;
    const struct sl_given_headers given = {
        .list =
            (Sluice__V1__Model__HeadersEntry *const *)w->provider->headers, /* the same fields */
        .n = w->provider->n_headers,
        .field = "provider.headers",
        .base_url = base_url(w),
        .column = SL_PROVIDERS_HEADERS_SECRET,
    };
    return sl_seal_headers(w->m, &given, w->row, w->err);
}

static enum sl_code prepare(struct writing *w, const char *id)
{
    apply(w);
    check_kind(w);
    enum sl_code code = sl_violations_err(w->m->violations, w->err);
    if (code == SL_OK && w->before)
        code = check_binding(w);
    return code == SL_OK ? seal(w, id) : code;
}

/* ---- writing ---- */

static enum sl_code insert(struct writing *w, struct sl_tx *tx, const char *id)
{
    char uuid[37];
    w->row = sl_row_create(w->m->arena, SL_TABLE_PROVIDERS);
    sl_uuid7(uuid);
    sl_row_set_text(w->row, SL_COL_ID, uuid);
    sl_row_set_null(w->row, SL_COL_OWNER);
    sl_row_set_text(w->row, SL_COL_NAME, id);
    sl_row_set_text(w->row, SL_PROVIDERS_SOURCE, w->m->source);
    enum sl_code code = prepare(w, id);
    if (code == SL_OK)
        code = sl_tx_insert(tx, w->row, w->err);
    if (code == SL_OK && w->credential)
        code = sl_tx_insert(tx, w->credential, w->err);
    return code;
}

static enum sl_code begin(const struct writing *w, struct sl_tx **tx, struct sl_managed *out)
{
    struct sl_store_session session = sl_manage_session(w->m);
    if (sl_violations_err(w->m->violations, w->err) != SL_OK)
        return w->err->code;
    if (sl_manage_need_global(w->m, "providers", w->err) != SL_OK)
        return w->err->code;
    return sl_manage_begin(w->m, &session, tx, out, w->err);
}

enum sl_code sl_manage_create_provider(const struct sl_manage *m,
                                       const Sluice__V1__CreateProviderRequest *request,
                                       struct sl_managed *out, struct sl_err *err)
{
    struct writing w = {.m = m, .provider = request->provider, .err = err};
    struct sl_tx *tx = NULL;
    if (!w.provider)
        sl_violate(m->violations, "provider", "is required");
    else if (check_id(id_of(w.provider->name), m->violations))
        sl_field_mask_of_set(&w.provider->base, &w.mask);
    enum sl_code code = begin(&w, &tx, out);
    if (code != SL_OK)
        return code;
    code = sl_manage_end(tx, insert(&w, tx, id_of(w.provider->name)), false, out, err);
    out->row = w.row;
    return code;
}

static enum sl_code find(const struct writing *w, struct sl_tx *tx, const char *id,
                         struct sl_row **out)
{
    const struct sl_row_name key = {SL_TABLE_PROVIDERS, NULL, id};
    *out = NULL;
    return sl_tx_find(tx, key, w->m->arena, out, w->err);
}

static enum sl_code no_such_provider(const struct writing *w, const char *id)
{
    return sl_err_field(w->err, SL_NOT_FOUND, SL_REASON_PROVIDER_UNKNOWN, "name",
                        "there is no provider '%.64s'", id);
}

/* What the configuration or the kind says becomes the row, so that the change changes nothing else. */
static enum sl_code take_over(struct writing *w, struct sl_tx *tx, const char *id)
{
    const struct sl_provider *p = sl_registry_provider(w->m->registry, id);
    if (!p)
        return no_such_provider(w, id);
    provider_t *copy = sl_arena_alloc(w->m->arena, sizeof(*copy));
    *copy = *w->provider;
    if (!*copy->kind)
        copy->kind = (char *)(uintptr_t)p->adapter->name;
    if (!sl_field_mask_has(&w->mask, "base_url"))
        copy->base_url = (char *)(uintptr_t)(p->base_url ? p->base_url : "");
    w->provider = copy;
    struct sl_field_mask more;
    sl_field_mask_of_set(&copy->base, &more);
    w->mask.fields |= more.fields;
    return insert(w, tx, id);
}

static enum sl_code update(struct writing *w, struct sl_tx *tx)
{
    const char *id = id_of(w->provider->name);
    struct sl_row *before = NULL;
    int64_t etag = 0;
    enum sl_code code = sl_manage_parse_etag(w->provider->etag, &etag, w->err);
    if (code == SL_OK)
        code = find(w, tx, id, &before);
    if (code != SL_OK)
        return code;
    if (!before)
        return take_over(w, tx, id);
    w->before = before;
    w->row = sl_row_create(w->m->arena, SL_TABLE_PROVIDERS);
    sl_row_set_text(w->row, SL_COL_ID, sl_row_text(before, SL_COL_ID));
    code = prepare(w, id);
    if (code == SL_OK && w->credential)
        code = sl_tx_insert(tx, w->credential, w->err);
    if (code == SL_OK)
        code = sl_tx_update(tx, w->row, etag, w->err);
    if (code != SL_OK || !w->credential || !*sl_row_text(before, SL_PROVIDERS_CREDENTIAL))
        return code;
    const struct sl_row_key old = {SL_TABLE_CREDENTIALS,
                                   sl_row_text(before, SL_PROVIDERS_CREDENTIAL)};
    struct sl_err none = {0};
    code = sl_tx_delete(tx, old, 0, &none);
    return code == SL_NOT_FOUND ? SL_OK : code;
}

enum sl_code sl_manage_update_provider(const struct sl_manage *m,
                                       const Sluice__V1__UpdateProviderRequest *request,
                                       struct sl_managed *out, struct sl_err *err)
{
    struct writing w = {.m = m, .provider = request->provider, .err = err};
    struct sl_tx *tx = NULL;
    if (!w.provider)
        sl_violate(m->violations, "provider", "is required");
    else if (check_id(id_of(w.provider->name), m->violations))
        sl_field_mask_parse(request->update_mask, &w.provider->base, &w.mask, m->violations);
    if (w.mask.renames)
        sl_violate(m->violations, "update_mask", "names 'new_name': a provider keeps its id");
    enum sl_code code = begin(&w, &tx, out);
    if (code != SL_OK)
        return code;
    code = sl_manage_end(tx, update(&w, tx), false, out, err);
    out->row = w.row;
    return code;
}

/* ---- deleting ---- */

static enum sl_code delete_all(const struct writing *w, struct sl_tx *tx,
                               const struct sl_query *query)
{
    struct sl_rows rows;
    enum sl_code code = sl_tx_list(tx, query, w->m->arena, &rows, w->err);
    for (size_t i = 0; i < rows.count && code == SL_OK; i++) {
        const struct sl_row_key key = {query->table, sl_row_text(rows.list[i], SL_COL_ID)};
        code = sl_tx_delete(tx, key, 0, w->err);
    }
    return code;
}

static enum sl_code delete_provider(const struct writing *w, struct sl_tx *tx, const char *id,
                                    bool force, struct sl_managed *out)
{
    const struct sl_filter models_of[] = {
        {SL_MODELS_PROVIDER, SL_EQUAL, sl_value_text(id)},
        {.column = SL_COL_OWNER, .op = SL_IS_NULL},
    };
    const struct sl_filter credentials_of[] = {
        {SL_CREDENTIALS_PROVIDER, SL_EQUAL, sl_value_text(id)},
        {.column = SL_COL_OWNER, .op = SL_IS_NULL},
    };
    const struct sl_query models = {.table = SL_TABLE_MODELS, .filters = models_of, .n_filters = 2};
    const struct sl_query credentials = {
        .table = SL_TABLE_CREDENTIALS, .filters = credentials_of, .n_filters = 2};
    int64_t n = 0;
    enum sl_code code = find(w, tx, id, &out->row);
    if (code == SL_OK && !out->row)
        return no_such_provider(w, id);
    if (code == SL_OK)
        code = sl_tx_count(tx, &models, &n, w->err);
    if (code == SL_OK && n && !force)
        return sl_err_field(w->err, SL_FAILED_PRECONDITION, SL_REASON_PROVIDER_IN_USE, "name",
                            "%lld models name the provider '%.64s': delete them first, or delete "
                            "with force",
                            (long long)n, id);
    if (code == SL_OK)
        code = delete_all(w, tx, &models);
    if (code == SL_OK)
        code = delete_all(w, tx, &credentials);
    if (code != SL_OK)
        return code;
    const struct sl_row_key key = {SL_TABLE_PROVIDERS, sl_row_text(out->row, SL_COL_ID)};
    return sl_tx_delete(tx, key, 0, w->err);
}

enum sl_code sl_manage_delete_provider(const struct sl_manage *m,
                                       const Sluice__V1__DeleteProviderRequest *request,
                                       struct sl_managed *out, struct sl_err *err)
{
    struct writing w = {.m = m, .err = err};
    struct sl_tx *tx = NULL;
    enum sl_code code = begin(&w, &tx, out);
    if (code != SL_OK)
        return code;
    return sl_manage_end(tx, delete_provider(&w, tx, id_of(request->name), request->force, out),
                         false, out, err);
}
