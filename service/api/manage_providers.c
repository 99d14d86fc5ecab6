/* Writing providers and credentials. */
#include <string.h>

#include "api/manage.h"
#include "api/provider_message.h"

static char *text(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

static enum sl_code reply_provider(struct sl_work *w, const struct sl_managed *done,
                                   struct sl_err *err)
{
    const char *id = sl_row_text(done->row, SL_COL_NAME);
    sl_work_take_up(w, done->revision);
    if (!*id) /* an update leaves the name alone */
        id = ((const Sluice__V1__UpdateProviderRequest *)w->request)->provider->name;
    if (sl_starts_with(id, "providers/"))
        id += strlen("providers/");
    const struct sl_provider *p = sl_registry_provider(w->registry, id);
    Sluice__V1__Provider *message =
        p ? sl_provider_message(w->arena, w->registry, p, w->call->principal) : NULL;
    if (!message)
        return sl_err_set(err, SL_ABORTED, SL_REASON_ETAG_STALE,
                          "the provider was written, and deleted by somebody else at once");
    w->reply = &message->base;
    return SL_OK;
}

enum sl_code sl_create_provider(struct sl_work *w, struct sl_err *err)
{
    struct sl_manage m = sl_work_manage(w);
    struct sl_managed done = {.row = NULL};
    enum sl_code code = sl_manage_create_provider(
        &m, (const Sluice__V1__CreateProviderRequest *)w->request, &done, err);
    return code == SL_OK ? reply_provider(w, &done, err) : code;
}

enum sl_code sl_update_provider(struct sl_work *w, struct sl_err *err)
{
    struct sl_manage m = sl_work_manage(w);
    struct sl_managed done = {.row = NULL};
    enum sl_code code = sl_manage_update_provider(
        &m, (const Sluice__V1__UpdateProviderRequest *)w->request, &done, err);
    return code == SL_OK ? reply_provider(w, &done, err) : code;
}

enum sl_code sl_delete_provider(struct sl_work *w, struct sl_err *err)
{
    Sluice__V1__DeleteProviderResponse *r =
        SL_ARENA_NEW(w->arena, Sluice__V1__DeleteProviderResponse);
    struct sl_manage m = sl_work_manage(w);
    struct sl_managed done = {.row = NULL};
    enum sl_code code = sl_manage_delete_provider(
        &m, (const Sluice__V1__DeleteProviderRequest *)w->request, &done, err);
    if (code != SL_OK)
        return code;
    sluice__v1__delete_provider_response__init(r);
    w->revision = done.revision;
    w->reply = &r->base;
    return SL_OK;
}

/* ---- credentials ---- */

static Sluice__V1__Credential *credential(struct sl_work *w, const struct sl_row *row)
{
    Sluice__V1__Credential *c = SL_ARENA_NEW(w->arena, Sluice__V1__Credential);
    const char *reference = sl_row_text(row, SL_CREDENTIALS_REFERENCE);
    const char *name = sl_row_text(row, SL_COL_NAME);
    sluice__v1__credential__init(c);
    c->name = sl_arena_printf(w->arena, "credentials/%s", sl_row_text(row, SL_COL_ID));
    c->provider = text(sl_row_text(row, SL_CREDENTIALS_PROVIDER));
    c->title = text(strcmp(name, sl_row_text(row, SL_COL_ID)) ? name : "");
    c->last4 = text(sl_row_text(row, SL_CREDENTIALS_LAST4));
    c->binding = text(sl_row_text(row, SL_CREDENTIALS_BINDING));
    c->source = text(*reference ? reference : "stored");
    c->priority = (int32_t)sl_row_int(row, SL_CREDENTIALS_PRIORITY);
    c->enabled = sl_row_bool(row, SL_CREDENTIALS_ENABLED);
    c->_enabled_case = SLUICE__V1__CREDENTIAL___ENABLED_ENABLED;
    c->owner = text(sl_row_is_null(row, SL_COL_OWNER) ? "" : w->call->principal->name);
    c->etag = text(sl_manage_etag(w->arena, sl_row_int(row, SL_COL_REVISION)));
    c->created_ms = sl_row_int(row, SL_COL_CREATED_MS);
    return c;
}

enum sl_code sl_list_credentials(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__ListCredentialsRequest *request =
        (const Sluice__V1__ListCredentialsRequest *)w->request;
    Sluice__V1__ListCredentialsResponse *r =
        SL_ARENA_NEW(w->arena, Sluice__V1__ListCredentialsResponse);
    struct sl_manage m = sl_work_manage(w);
    struct sl_rows rows;
    enum sl_code code = sl_manage_list_credentials(&m, request->provider, &rows, err);
    if (code != SL_OK)
        return code;
    sluice__v1__list_credentials_response__init(r);
    r->credentials = sl_arena_zalloc(w->arena, rows.count * sizeof(*r->credentials));
    for (size_t i = 0; i < rows.count; i++)
        r->credentials[r->n_credentials++] = credential(w, rows.list[i]);
    w->reply = &r->base;
    return SL_OK;
}

enum sl_code sl_create_credential(struct sl_work *w, struct sl_err *err)
{
    struct sl_manage m = sl_work_manage(w);
    struct sl_managed done = {.row = NULL};
    enum sl_code code = sl_manage_create_credential(
        &m, (const Sluice__V1__CreateCredentialRequest *)w->request, &done, err);
    if (code != SL_OK)
        return code;
    w->revision = done.revision;
    w->reply = &credential(w, done.row)->base;
    return SL_OK;
}

enum sl_code sl_update_credential(struct sl_work *w, struct sl_err *err)
{
    struct sl_manage m = sl_work_manage(w);
    struct sl_managed done = {.row = NULL};
    enum sl_code code = sl_manage_update_credential(
        &m, (const Sluice__V1__UpdateCredentialRequest *)w->request, &done, err);
    if (code != SL_OK)
        return code;
    w->revision = done.revision;
    w->reply = &credential(w, done.row)->base;
    return SL_OK;
}

enum sl_code sl_delete_credential(struct sl_work *w, struct sl_err *err)
{
    const Sluice__V1__DeleteCredentialRequest *request =
        (const Sluice__V1__DeleteCredentialRequest *)w->request;
    Sluice__V1__DeleteCredentialResponse *r =
        SL_ARENA_NEW(w->arena, Sluice__V1__DeleteCredentialResponse);
    struct sl_manage m = sl_work_manage(w);
    struct sl_managed done = {.row = NULL};
    enum sl_code code = sl_manage_delete_credential(&m, request->name, &done, err);
    if (code != SL_OK)
        return code;
    sluice__v1__delete_credential_response__init(r);
    w->revision = done.revision;
    w->reply = &r->base;
    return SL_OK;
}
