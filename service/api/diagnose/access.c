/* Settings that let more people in than may be meant, and tiers that let nobody do anything. */
#include <string.h>
#include <sys/stat.h>

#include "api/diagnose/diagnosis.h"
#include "api/diagnose/rules.h"

static void check_settings(struct sl_diagnosis *d)
{
    const struct sl_backend_setup *setup = &d->backend->setup;
    if (atomic_load(&setup->anonymous))
        sl_findings_add(
            d->findings, SL_FINDING_ANONYMOUS_ACCESS, "access.anonymous",
            "everybody on this machine is let in without a key",
            "take access.anonymous out of the configuration, and: kill -HUP the service");
    if (*setup->plain_address)
        sl_findings_add(d->findings, SL_FINDING_TLS_OFF, "server.tls",
                        sl_arena_printf(d->arena,
                                        "keys and prompts go over the network in the clear: %s is "
                                        "open to other machines, and TLS is off",
                                        setup->plain_address),
                        "set server.tls.certificate and server.tls.key, or listen on 127.0.0.1 "
                        "behind something that ends TLS");
}

/* The first administrator's key is made to be replaced. */
static void check_admin_key(struct sl_diagnosis *d)
{
    const char *path = sl_arena_printf(d->arena, "%s/admin.key", d->backend->setup.data_dir);
    struct stat st;
    if (lstat(path, &st))
        return;
    if (sl_rule_is_open(st.st_mode))
        sl_findings_add(d->findings, SL_FINDING_ADMIN_KEY_FILE_OPEN, path,
                        "the administrator's key can be read by others than its owner",
                        sl_arena_printf(d->arena,
                                        "chmod 600 %s, and make a new key: "
                                        "sluice users create NAME --role admin",
                                        path));
    else
        sl_findings_add(d->findings, SL_FINDING_ADMIN_KEY_FILE, path,
                        "the first administrator's key is still on the disk: the CLI on this "
                        "machine uses it",
                        "sluice users create NAME --role admin, use that key, and remove the file");
}

/* ---- tiers ---- */

static bool allows_any(const struct sl_diagnosis *d, const char *name)
{
    const struct sl_principal p = {.id = "",
                                   .name = "",
                                   .tier = name,
                                   .rights = sl_access_tier(d->access, name),
                                   .roles = SL_ROLE_USER};
    struct sl_registry_walk w;
    sl_registry_walk(&w, d->registry, "", NULL);
    for (const struct sl_model *m; (m = sl_registry_next(&w));) {
        if (!m->deleted_ms && m->enabled && sl_registry_may_use(d->registry, m, &p))
            return true;
    }
    return false;
}

static void check_tier(struct sl_diagnosis *d, const char *name)
{
    if (allows_any(d, name))
        return;
    sl_findings_add(
        d->findings, SL_FINDING_TIER_EMPTY, sl_arena_printf(d->arena, "tiers/%s", name),
        sl_arena_printf(d->arena, "the tier %s allows none of the models", name),
        sl_arena_printf(d->arena, "sluice tiers update %s --allow-model PATTERN", name));
}

static void check_tiers(struct sl_diagnosis *d)
{
    struct sl_configured_key key;
    const struct sl_tier *tier;
    if (!d->registry->n_models)
        return; /* told already */
    for (size_t i = 0; (tier = sl_access_nth_tier(d->access, i)); i++)
        check_tier(d, tier->name);
    for (size_t i = 0; sl_access_configured_key(d->access, i, &key); i++) {
        if (*key.tier && !sl_access_tier(d->access, key.tier) && !(key.roles & SL_ROLE_ADMIN))
            check_tier(d, key.tier);
    }
}

void sl_diagnose_access(struct sl_diagnosis *d)
{
    check_settings(d);
    check_admin_key(d);
    check_tiers(d);
    if (!sl_findings_count(d->findings, SL_FINDING_ANONYMOUS_ACCESS, SL_FINDING_ANONYMOUS_ACCESS) &&
        !sl_findings_count(d->findings, SL_FINDING_ADMIN_KEY_FILE_OPEN, SL_FINDING_TIER_EMPTY))
        sl_findings_add(d->findings, SL_FINDING_ACCESS, "",
                        "nobody gets in without a key, and every tier allows something", "");
}
