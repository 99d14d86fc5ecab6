/* Sealing what a caller gave. Plaintext lives in sl_secret and in buffers that are wiped. */
#include "registry/manage/secrets.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "registry/vault/vault.h"

enum {
    MAX_HEADERS = 32,
    MAX_HEADER_VALUE = 8 * 1024,
    MAX_BINDING = 512,
    LAST4 = 4,
};

static bool is_reference(const char *key)
{
    return sl_starts_with(key, "env:") || sl_starts_with(key, "file:");
}

static enum sl_code wrong(struct sl_err *err, const char *field, const char *text)
{
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field, "%s %s", field,
                        text);
}

/* ---- credentials ---- */

/* Only where enough of the key stays hidden. */
static void set_last4(struct sl_row *row, const struct sl_secret *secret)
{
    const char *text = sl_secret_reveal(secret);
    size_t n = sl_secret_length(secret);
    char last[LAST4 + 1] = "";
    if (n >= 4 * LAST4)
        sl_copy(last, sizeof(last), text + n - LAST4);
    sl_row_set_text(row, SL_CREDENTIALS_LAST4, last);
}

static enum sl_code set_reference(const struct sl_manage *m, const struct sl_given_key *given,
                                  struct sl_row *row, struct sl_err *err)
{
    enum sl_reference_from from = !given->owner && m->principal->roles & SL_ROLE_ADMIN
                                      ? SL_REFERENCE_ADMIN
                                      : SL_REFERENCE_USER;
    struct sl_secret *secret = NULL;
    enum sl_code code = sl_references_take(m->references, given->key, from, &secret, err);
    if (code != SL_OK) {
        sl_copy(err->field, sizeof(err->field), given->field);
        return code;
    }
    set_last4(row, secret);
    sl_secret_unref(secret);
    sl_row_set_text(row, SL_CREDENTIALS_REFERENCE, given->key);
    return SL_OK;
}

static enum sl_code seal_key(const struct sl_manage *m, const struct sl_given_key *given,
                             struct sl_row *row, struct sl_err *err)
{
    struct sl_secret *secret = sl_secret_create(given->key, strlen(given->key));
    struct sl_buf envelope;
    char key_id[SL_KEY_ID_MAX + 1] = "";
    const struct sl_vault_place place = {"credential", sl_row_text(row, SL_COL_ID),
                                         sl_row_text(row, SL_CREDENTIALS_BINDING)};
    sl_buf_init(&envelope, SL_VAULT_MAX_ENVELOPE);
    enum sl_code code = sl_vault_seal(m->keyring, &place, secret, &envelope, err);
    if (code == SL_OK && sl_vault_key_id(envelope.p, envelope.n, key_id)) {
        sl_row_set_bytes(row, SL_CREDENTIALS_SECRET, envelope.p, envelope.n);
        sl_row_set_text(row, SL_CREDENTIALS_KEY_ID, key_id);
        set_last4(row, secret);
    }
    sl_buf_fini(&envelope);
    sl_secret_unref(secret);
    return code;
}

static enum sl_code check_key(const struct sl_given_key *given, struct sl_err *err)
{
    const char *key = given->key;
    if (!*key || strlen(key) > SL_VAULT_MAX_SECRET)
        return wrong(err, given->field, "must be 1 to 65536 bytes");
    if (key[strcspn(key, "\r\n")] && key[0] != '{') /* a service account's file has lines */
        return wrong(err, given->field, "must be one line");
    return SL_OK;
}

/* The row has its id and its binding. */
static enum sl_code set_key(const struct sl_manage *m, const struct sl_given_key *given,
                            struct sl_row *row, struct sl_err *err)
{
    return is_reference(given->key) ? set_reference(m, given, row, err)
                                    : seal_key(m, given, row, err);
}

enum sl_code sl_seal_credential(const struct sl_manage *m, const struct sl_given_key *given,
                                struct sl_row **out, struct sl_err *err)
{
    char id[37], binding[MAX_BINDING];
    if (check_key(given, err) != SL_OK)
        return err->code;
    if (!sl_vault_bind(given->base_url, binding, sizeof(binding)))
        return wrong(err, given->field, "has no base URL that it could be sent to");
    struct sl_row *row = sl_row_create(m->arena, SL_TABLE_CREDENTIALS);
    sl_uuid7(id);
    sl_row_set_text(row, SL_COL_ID, id);
    if (given->owner)
        sl_row_set_text(row, SL_COL_OWNER, given->owner);
    else
        sl_row_set_null(row, SL_COL_OWNER);
    sl_row_set_text(row, SL_COL_NAME, id);
    sl_row_set_text(row, SL_CREDENTIALS_PROVIDER, given->provider);
    sl_row_set_text(row, SL_CREDENTIALS_MODEL, given->model);
    sl_row_set_text(row, SL_CREDENTIALS_BINDING, binding);
    sl_row_set_text(row, SL_CREDENTIALS_SOURCE, m->source);
    enum sl_code code = set_key(m, given, row, err);
    if (code == SL_OK)
        *out = row;
    return code;
}

enum sl_code sl_reseal_credential(const struct sl_manage *m, const struct sl_reseal *reseal,
                                  struct sl_row **out, struct sl_err *err)
{
    const struct sl_row *before = reseal->before;
    const struct sl_given_key given = {
        .key = reseal->key,
        .field = "credential.key",
        .owner = sl_row_is_null(before, SL_COL_OWNER) ? NULL : sl_row_text(before, SL_COL_OWNER),
    };
    if (check_key(&given, err) != SL_OK)
        return err->code;
    struct sl_row *row = sl_row_create(m->arena, SL_TABLE_CREDENTIALS);
    sl_row_set_text(row, SL_COL_ID, sl_row_text(before, SL_COL_ID));
    sl_row_set_text(row, SL_CREDENTIALS_BINDING, sl_row_text(before, SL_CREDENTIALS_BINDING));
    enum sl_code code = set_key(m, &given, row, err);
    if (code == SL_OK)
        *out = row;
    return code;
}

/* ---- headers ---- */

static bool check_header(const struct sl_manage *m, const struct sl_given_headers *given,
                         const Sluice__V1__Model__HeadersEntry *h)
{
    static const char token[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_!#$%&'*+.^`|~";
    if (!h->key[0] || strlen(h->key) > 128 || h->key[strspn(h->key, token)])
        sl_violate(m->violations, given->field, "holds '%.64s', which is no header's name", h->key);
    else if (strlen(h->value) > MAX_HEADER_VALUE || h->value[strcspn(h->value, "\r\n")])
        sl_violate(m->violations, given->field, "holds a value of '%.64s' that no header can have",
                   h->key);
    else
        return true;
    return false;
}

static struct sl_secret *headers_text(const struct sl_given_headers *given)
{
    json_t *object = json_object();
    for (size_t i = 0; i < given->n; i++)
        json_object_set_new(object, given->list[i]->key, json_string(given->list[i]->value));
    struct sl_buf text;
    sl_buf_init(&text, SL_VAULT_MAX_SECRET);
    size_t n = json_dumpb(object, NULL, 0, JSON_COMPACT);
    char *at = sl_buf_room(&text, n);
    struct sl_secret *secret = NULL;
    if (at) {
        json_dumpb(object, at, n, JSON_COMPACT);
        text.n = n;
        secret = sl_secret_create(text.p, text.n);
    }
    json_decref(object);
    sl_buf_wipe(&text);
    return secret;
}

static enum sl_code seal_headers(const struct sl_manage *m, const struct sl_given_headers *given,
                                 struct sl_row *row, struct sl_err *err)
{
    char binding[MAX_BINDING];
    if (!sl_vault_bind(given->base_url, binding, sizeof(binding)))
        return wrong(err, given->field, "have no base URL that they could be sent to");
    struct sl_secret *secret = headers_text(given);
    if (!secret)
        return wrong(err, given->field, "are longer than 65536 bytes together");
    const struct sl_vault_place place = {"headers", sl_row_text(row, SL_COL_ID), binding};
    struct sl_buf envelope;
    sl_buf_init(&envelope, SL_VAULT_MAX_ENVELOPE);
    enum sl_code code = sl_vault_seal(m->keyring, &place, secret, &envelope, err);
    if (code == SL_OK)
        sl_row_set_bytes(row, given->column, envelope.p, envelope.n);
    sl_buf_fini(&envelope);
    sl_secret_unref(secret);
    return code;
}

enum sl_code sl_seal_headers(const struct sl_manage *m, const struct sl_given_headers *given,
                             struct sl_row *row, struct sl_err *err)
{
    if (!given->n) {
        sl_row_set_bytes(row, given->column, "", 0);
        return SL_OK;
    }
    if (given->n > MAX_HEADERS)
        sl_violate(m->violations, given->field, "has more than %d entries", MAX_HEADERS);
    for (size_t i = 0; i < given->n && i < MAX_HEADERS; i++) {
        if (!check_header(m, given, given->list[i]))
            break;
    }
    if (m->violations->count)
        return sl_violations_err(m->violations, err);
    return seal_headers(m, given, row, err);
}
