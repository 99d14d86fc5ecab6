/* SLUICE_* variables, and which of them are not settings. */
#include <string.h>

#include "base/str.h"
#include "config/apply.h"
#include "config/flags.h"
#include "config/settings.h"

enum { MAX_VARIABLE = 128 };

/* Variables of this name are somebody else's: of the sluice CLI, of the tests, and those that
 * Kubernetes puts into every pod of a namespace with a Service whose name begins with "sluice"
 * (SLUICE_PORT=tcp://10.0.0.1:50051 and its kin). */
static const char *const others[] = {
    "SLUICE_CONFIG",         "SLUICE_ADDRESS",
    "SLUICE_API_KEY*",       "SLUICE_MODEL",
    "SLUICE_TLS*",           "SLUICE_CA*",
    "SLUICE_CLI_*",          "SLUICE_BUILD",
    "SLUICE_SANITIZE*",      "SLUICE_COVERAGE",
    "SLUICE_FUZZ",           "SLUICE_TEST*",
    "SLUICE_BENCH*",         "SLUICE_WIRE*",
    "SLUICE_RUN_*",          "SLUICE_PORT",
    "SLUICE_PORT_*",         "SLUICE_*_PORT",
    "SLUICE_*PORT_*_TCP*",   "SLUICE_SERVICE_*",
    "SLUICE_*_SERVICE_HOST", "SLUICE_*_SERVICE_PORT*",
};

static bool is_others(const char *name)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(others); i++) {
        if (sl_glob_match(others[i], name))
            return true;
    }
    return false;
}

static bool names(const char *reference, const char *name)
{
    return sl_starts_with(reference, "env:") && !strcmp(reference + 4, name);
}

static bool pairs_name(const struct sl_config_pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (names(pairs->list[i].value, name))
            return true;
    }
    return false;
}

/* Whether a reference of the configuration reads the variable. */
static bool is_referred_to(const struct sl_config *c, const char *name)
{
    bool found = names(c->proxy, name) || names(c->encryption_keys, name) ||
                 names(c->store_url, name) || names(c->store_password, name);
    for (size_t i = 0; i < c->n_keys; i++)
        found |= names(c->keys[i].key, name);
    for (size_t i = 0; i < c->n_providers; i++)
        found |= names(c->providers[i].key, name) || names(c->providers[i].proxy, name) ||
                 pairs_name(&c->providers[i].headers, name);
    for (size_t i = 0; i < c->n_models; i++)
        found |= names(c->models[i].key, name) || pairs_name(&c->models[i].headers, name);
    return found;
}

static const struct sl_setting *find_row(const char *name, bool scalar)
{
    for (size_t i = 0; i < sl_settings_root.count; i++) {
        char variable[MAX_VARIABLE];
        const struct sl_setting *row = &sl_settings_root.rows[i];
        sl_setting_variable(row, variable, sizeof(variable));
        if (sl_setting_is_scalar(row) == scalar && !strcmp(variable, name))
            return row;
    }
    return NULL;
}

static enum sl_code unknown(const char *name, struct sl_err *err)
{
    char near[MAX_VARIABLE] = "";
    size_t nearest = strlen(name) / 3 + 1;
    if (find_row(name, false))
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, name,
                            "%s can only be set in the configuration file", name);
    for (size_t i = 0; i < sl_settings_root.count; i++) {
        char variable[MAX_VARIABLE];
        sl_setting_variable(&sl_settings_root.rows[i], variable, sizeof(variable));
        size_t d = sl_edit_distance(variable, name);
        if (d < nearest) {
            nearest = d;
            sl_copy(near, sizeof(near), variable);
        }
    }
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, name,
                        "unknown environment variable %s%s%s%s", name,
                        *near ? "; did you mean " : "", near, *near ? "?" : "");
}

static enum sl_code apply_variable(struct sl_config *c, const char *name, const char *value,
                                   struct sl_err *err)
{
    const struct sl_apply a = {&c->arena, "", err};
    const struct sl_setting *row = find_row(name, true);
    if (!row)
        return is_others(name) || is_referred_to(c, name) ? SL_OK : unknown(name, err);
    const char **place = &c->places[row - sl_settings_root.rows];
    *place = sl_arena_strdup(&c->arena, name);
    /* a secret stays where it is: the configuration only knows where to find it */
    if (row->in_variable)
        value = sl_arena_printf(&c->arena, "env:%s", name);
    return sl_apply_text(&a, row, c, value, false, *place);
}

enum sl_code sl_environment_apply(struct sl_config *c, char *const *envp, struct sl_err *err)
{
    enum sl_code code = SL_OK;
    for (; !code && envp && *envp; envp++) {
        char name[MAX_VARIABLE];
        size_t n = strcspn(*envp, "=");
        /* an empty variable is one that is not set, as composed environments have them */
        if (!sl_starts_with(*envp, "SLUICE_") || !(*envp)[n] || !(*envp)[n + 1])
            continue;
        if (!sl_copy_n(name, sizeof(name), *envp, n))
            return unknown(name, err);
        code = apply_variable(c, name, *envp + n + 1, err);
    }
    return code;
}
