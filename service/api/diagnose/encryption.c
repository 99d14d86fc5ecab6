/* The keys that secrets are sealed under, and the file that holds them. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "api/diagnose/diagnosis.h"
#include "api/diagnose/rules.h"
#include "registry/rotate/rotate.h"
#include "registry/vault/vault_check.h"

/* The store is asked: what was sealed anew is no change that snapshots take up. */
static void check_sealed(struct sl_diagnosis *d)
{
    const struct sl_keyring *k = d->backend->keyring;
    struct sl_rotate_counts *c = SL_ARENA_NEW(d->arena, struct sl_rotate_counts);
    struct sl_err away = {0};
    if (sl_rotate_count(d->backend->store, c, &away) != SL_OK)
        return;
    int64_t current = sl_rotate_under(c, sl_keyring_id(k, 0));
    int64_t former = 0, unknown = c->damaged;
    for (size_t i = 0; i < c->n; i++)
        *(sl_keyring_has(k, c->keys[i].id) ? &former : &unknown) += c->keys[i].secrets;
    int64_t total = former + unknown;
    former -= current;
    if (unknown)
        sl_findings_add(
            d->findings, SL_FINDING_SEALING_KEY_UNKNOWN, "",
            sl_arena_printf(
                d->arena,
                "%lld stored secrets are sealed under a key that is not in the keyring, "
                "or damaged",
                (long long)unknown),
            "sluiced rotate-keys --dry-run tells which keys; add them behind the current one in "
            "SLUICE_ENCRYPTION_KEYS, or give these secrets anew");
    if (former)
        sl_findings_add(
            d->findings, SL_FINDING_FORMER_KEYS, "",
            sl_arena_printf(d->arena,
                            "%lld of %lld stored secrets are still sealed under former keys, which "
                            "have to stay in the keyring until then",
                            (long long)former, (long long)total),
            "sluiced rotate-keys");
    if (!unknown && !former)
        sl_findings_add(d->findings, SL_FINDING_ENCRYPTION, "",
                        sl_arena_printf(d->arena,
                                        "%lld stored secrets, all sealed under the current key %s",
                                        (long long)current, sl_keyring_id(k, 0)),
                        "");
}

/* Whether the keyring is the store's; where the database is away, that is told of it. */
static void check_value(struct sl_diagnosis *d)
{
    char text[SL_VAULT_CHECK_MAX + 1];
    struct sl_buf unused;
    struct sl_err away = {0}, err = {0};
    if (sl_store_get_meta(d->backend->store, SL_VAULT_CHECK_META, text, sizeof(text), &away) !=
        SL_OK)
        return;
    sl_buf_init(&unused, SL_VAULT_CHECK_MAX);
    if (sl_vault_check_verify(d->backend->keyring, text, &unused, &err) != SL_OK)
        sl_findings_add(
            d->findings, SL_FINDING_CHECK_VALUE_WRONG, "",
            sl_arena_printf(d->arena, "the keyring is not the database's: %s", err.text),
            "start the service with the keys that the database's secrets were sealed "
            "under (SLUICE_ENCRYPTION_KEYS)");
    sl_buf_fini(&unused);
}

static void check_file(struct sl_diagnosis *d)
{
    const char *path = d->backend->setup.key_file;
    struct stat st;
    if (!*path)
        return;
    if (lstat(path, &st)) {
        sl_findings_add(d->findings, SL_FINDING_KEY_FILE_GONE, path,
                        sl_arena_printf(d->arena,
                                        "the file of the encryption key: %s; stored keys "
                                        "are lost when the service ends",
                                        strerror(errno)),
                        "put it back from a copy, with mode 0600");
        return;
    }
    if (sl_rule_is_open(st.st_mode)) {
        sl_findings_add(d->findings, SL_FINDING_KEY_FILE_OPEN, path,
                        "the file of the encryption key can be read by others than its owner",
                        sl_arena_printf(d->arena,
                                        "chmod 600 %s; then, with the service stopped: "
                                        "sluiced rotate-keys --new-key",
                                        path));
        return;
    }
    sl_findings_add(d->findings, SL_FINDING_KEY_FILE, path,
                    "the encryption key lies beside the data it protects; without it stored keys "
                    "are lost",
                    sl_arena_printf(d->arena, "keep a copy of %s elsewhere", path));
}

void sl_diagnose_encryption(struct sl_diagnosis *d)
{
    if (!d->findings->seen[SL_FINDING_DATABASE_AWAY]) { /* each of these would wait for it again */
        check_sealed(d);
        check_value(d);
    }
    check_file(d);
}
