/* A keyring against the store's check value. */
#include "registry/vault/open_keyring.h"

#include <string.h>

#include "registry/vault/vault_check.h"

enum { MAX_TRIES = 8 }; /* processes that start at the same moment, each with another key */

bool sl_keyring_is_in_file(const struct sl_config *config, const struct sl_store *store)
{
    return !*config->encryption_keys && !strcmp(sl_store_backend(store), "sqlite");
}

static enum sl_code read_check(struct sl_store *store, char text[SL_VAULT_CHECK_MAX + 1],
                               struct sl_err *err)
{
    return sl_store_get_meta(store, SL_VAULT_CHECK_META, text, SL_VAULT_CHECK_MAX + 1, err);
}

enum sl_code sl_keyring_source_of(const struct sl_config *config, struct sl_store *store,
                                  struct sl_keyring_source *out, struct sl_err *err)
{
    char text[SL_VAULT_CHECK_MAX + 1];
    enum sl_code code = read_check(store, text, err);
    if (code == SL_OK)
        *out = (struct sl_keyring_source){
            .reference = config->encryption_keys,
            .data_dir = strcmp(sl_store_backend(store), "sqlite") ? NULL : config->data_dir,
            .sealed = *text != 0,
        };
    return code;
}

/* Compares the keyring with what the store has; *done false: another process wrote meanwhile. */
static enum sl_code check_once(struct sl_store *store, const struct sl_keyring *k, bool *done,
                               struct sl_err *err)
{
    char before[SL_VAULT_CHECK_MAX + 1];
    struct sl_buf now;
    sl_buf_init(&now, SL_VAULT_CHECK_MAX);
    *done = false;
    enum sl_code code = read_check(store, before, err);
    if (code == SL_OK)
        code = sl_vault_check_verify(k, before, &now, err);
    if (code == SL_OK && !now.n) {
        *done = true;
    } else if (code == SL_OK && *before) {
        const struct sl_meta_swap swap = {SL_VAULT_CHECK_META, before, now.p};
        code = sl_store_swap_meta(store, &swap, done, err);
    } else if (code == SL_OK) {
        code = sl_store_add_meta(store, SL_VAULT_CHECK_META, now.p, done, err);
    }
    sl_buf_fini(&now);
    return code;
}

static enum sl_code check(struct sl_store *store, const struct sl_keyring *k, struct sl_err *err)
{
    bool done = false;
    for (int i = 0; i < MAX_TRIES; i++) {
        if (check_once(store, k, &done, err) != SL_OK)
            return err->code;
        if (done)
            return SL_OK;
    }
    return sl_err_set(err, SL_UNAVAILABLE, SL_REASON_STORE,
                      "the store's check value changes all the time: try again");
}

enum sl_code sl_keyring_open(const struct sl_config *config, struct sl_store *store,
                             struct sl_keyring **out, struct sl_keyring_file *file,
                             struct sl_err *err)
{
    struct sl_keyring_source source;
    struct sl_keyring *k = NULL;
    enum sl_code code = sl_keyring_source_of(config, store, &source, err);
    if (code == SL_OK)
        code = sl_keyring_load(&source, &k, file, err);
    if (code == SL_OK)
        code = check(store, k, err);
    if (code == SL_OK)
        *out = k;
    else
        sl_keyring_unref(k);
    return code;
}
