/* From the configuration to an open store: references become what they stand for. */
#include "open_store.h"

#include "base/secret.h"
#include "base/str.h"

static bool is_reference(const char *text)
{
    return sl_starts_with(text, "env:") || sl_starts_with(text, "file:");
}

/* *out stays NULL where nothing is referred to. */
static enum sl_code resolve(const char *setting, const char *text, struct sl_secret **out,
                            struct sl_err *err)
{
    struct sl_err why = {0};
    if (!is_reference(text) || !sl_config_secret(text, out, &why))
        return SL_OK;
    return sl_err_field(err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID, setting, "%s: %s",
                        setting, why.text);
}

enum sl_code sl_open_store(const struct sl_config *config, struct sl_store **out,
                           struct sl_err *err)
{
    struct sl_secret *url = NULL, *password = NULL;
    enum sl_code code = resolve("store.url", config->store_url, &url, err);
    if (!code)
        code = resolve("store.password", config->store_password, &password, err);
    if (!code) {
        const struct sl_store_options options = {
            .data_dir = config->data_dir,
            .url = url ? sl_secret_reveal(url) : config->store_url,
            .password = sl_secret_reveal(password),
            .pool_size = (size_t)config->store_pool_size,
            .connect_timeout_ms = config->store_connect_timeout_ms,
            .statement_timeout_ms = config->store_statement_timeout_ms,
        };
        code = sl_store_open(&options, out, err);
    }
    sl_secret_unref(url);
    sl_secret_unref(password);
    return code;
}
