/* A list of sealed constants, one a key. */
#include "registry/vault/vault_check.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "registry/vault/internal.h"
#include "registry/vault/vault.h"

static const char constant[] = "sluice";
static const struct sl_vault_place place = {"check", "", ""};

enum { MAX_ENVELOPE = SL_VAULT_OVERHEAD + sizeof(constant) };

enum sl_code sl_vault_check_make(const struct sl_keyring *k, struct sl_buf *out, struct sl_err *err)
{
    struct sl_buf envelope;
    char text[SL_BASE64_LENGTH(MAX_ENVELOPE) + 1];
    struct sl_secret *secret = sl_secret_create(constant, sizeof(constant) - 1);
    sl_buf_init(&envelope, MAX_ENVELOPE);
    enum sl_code code = sl_vault_seal(k, &place, secret, &envelope, err);
    if (!code) {
        sl_base64_encode(SL_BASE64_STANDARD, envelope.p, envelope.n, text);
        if (!sl_buf_add_str(out, text))
            code = sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL,
                              "there is no room for a check value");
    }
    sl_buf_fini(&envelope);
    sl_secret_unref(secret);
    return code;
}

static enum sl_code wrong(struct sl_err *err, enum sl_reason reason, const char *id,
                          const char *what)
{
    return sl_err_field(err, SL_FAILED_PRECONDITION, reason, "encryption.keys",
                        "the store's secrets are sealed under the key '%s', %s", id, what);
}

/* One envelope of the list. *current: it is the current key's. */
static enum sl_code verify_one(const struct sl_keyring *k, struct sl_str text, bool *current,
                               struct sl_err *err)
{
    unsigned char envelope[MAX_ENVELOPE];
    char id[SL_KEY_ID_MAX + 1];
    size_t n = 0;
    struct sl_secret *secret = NULL;
    struct sl_err ignored = {0};
    if (!sl_base64_decode(SL_BASE64_STANDARD, text.p, text.n, envelope, sizeof(envelope), &n) ||
        !sl_vault_key_id(envelope, n, id))
        return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_SECRET_UNREADABLE,
                            "encryption.keys", "the store's check value is damaged");
    if (!sl_keyring_has(k, id))
        return wrong(err, SL_REASON_ENCRYPTION_KEY_MISSING, id,
                     "which SLUICE_ENCRYPTION_KEYS does not hold: add it, behind the current one");
    if (sl_vault_open(k, &place, envelope, n, &secret, &ignored))
        return wrong(err, SL_REASON_SECRET_UNREADABLE, id,
                     "and SLUICE_ENCRYPTION_KEYS holds another one of that name");
    *current |= !sl_vault_needs_rotation(k, envelope, n);
    sl_secret_unref(secret);
    return SL_OK;
}

enum sl_code sl_vault_check_verify(const struct sl_keyring *k, const char *text, struct sl_buf *out,
                                   struct sl_err *err)
{
    bool current = false;
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, ",");
        if (verify_one(k, (struct sl_str){at, n}, &current, err))
            return err->code;
        at += n + (at[n] == ',');
    }
    if (current)
        return SL_OK;
    if (*text && !(sl_buf_add_str(out, text) && sl_buf_add_char(out, ',')))
        return sl_err_set(err, SL_INTERNAL, SL_REASON_INTERNAL,
                          "there is no room for a check value");
    return sl_vault_check_make(k, out, err);
}
