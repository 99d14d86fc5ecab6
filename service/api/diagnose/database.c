/* Whether the database answers, has what the snapshots have, and tells of changes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "api/diagnose/diagnosis.h"
#include "api/diagnose/rules.h"
#include "base/clock.h"
#include "store/watch.h"

static void add(struct sl_diagnosis *d, enum sl_finding code, const char *message,
                const char *remedy)
{
    sl_findings_add(d->findings, code, sl_store_backend(d->backend->store), message, remedy);
}

static bool is_embedded(const struct sl_diagnosis *d)
{
    return !strcmp(sl_store_backend(d->backend->store), "sqlite");
}

static const char *time_text(const struct sl_diagnosis *d, int64_t ms)
{
    char text[32];
    sl_format_time(text, sizeof(text), ms);
    return sl_arena_strdup(d->arena, text);
}

static void tell_away(struct sl_diagnosis *d, const struct sl_watch_facts *watch,
                      const struct sl_err *err)
{
    const char *since =
        watch->up ? "" : sl_arena_printf(d->arena, " since %s", time_text(d, watch->since_ms));
    add(d, SL_FINDING_DATABASE_AWAY,
        sl_arena_printf(d->arena,
                        "the database is away%s: %s; calls go on from what was last read (revision "
                        "%lld), changes are refused",
                        since, err->text, (long long)sl_registry_store_revision(d->registry)),
        is_embedded(d) ? "look at the disk and the rights of the data directory"
                       : "start PostgreSQL, or mend store.url; the service comes back by itself");
}

/* An open file goes on to be used when its name is gone; the next start finds nothing. */
static void check_file(struct sl_diagnosis *d)
{
    struct stat st;
    const char *path = sl_arena_printf(d->arena, "%s/sluice.db", d->backend->setup.data_dir);
    if (!is_embedded(d) || !stat(path, &st) || errno != ENOENT)
        return;
    add(d, SL_FINDING_DATABASE_FILE_GONE,
        sl_arena_printf(
            d->arena, "the database's file %s is gone: what is stored goes with the process", path),
        "put it back from a copy and start the service again");
}

/* What was written this moment is taken up here and now; what cannot be is the finding. */
static int64_t check_snapshot(struct sl_diagnosis *d, int64_t revision)
{
    struct sl_err err = {0};
    (void)!sl_snapshots_refresh(d->backend->snapshots, revision, &err);
    struct sl_registry *now = sl_snapshots_registry(d->backend->snapshots);
    int64_t has = sl_registry_store_revision(now);
    sl_registry_unref(now);
    if (has < revision)
        add(d, SL_FINDING_SNAPSHOT_BEHIND,
            sl_arena_printf(
                d->arena,
                "the models and keys in use are of revision %lld, the database has %lld%s%s",
                (long long)has, (long long)revision, err.code ? ": " : "", err.text),
            "look into the service's log; kill -HUP reads everything anew");
    return has;
}

static void check_notices(struct sl_diagnosis *d, const struct sl_watch_facts *watch)
{
    if (sl_store_has_notices(d->backend->store) && watch->up &&
        sl_rule_notices_lost(watch->listens, d->now_ms - watch->since_ms))
        add(d, SL_FINDING_NOTICES_LOST,
            "word of other replicas' changes does not come: they are seen a second later",
            "see that PostgreSQL has a connection to spare (max_connections), and that no pooler "
            "in transaction mode stands before it");
}

static void check_clock(struct sl_diagnosis *d)
{
    struct sl_err err = {0};
    int64_t ahead = 0;
    if (sl_store_clock_ahead(d->backend->store, &ahead, &err) != SL_OK ||
        !sl_rule_clocks_differ(ahead))
        return;
    add(d, SL_FINDING_CLOCKS_DIFFER,
        sl_arena_printf(d->arena, "the database's clock is %.1f s %s this machine's",
                        (double)(ahead > 0 ? ahead : -ahead) / 1000,
                        ahead > 0 ? "ahead of" : "behind"),
        "keep both by NTP: timedatectl set-ntp true");
}

static const char *word_text(const struct sl_diagnosis *d, const struct sl_watch_facts *watch)
{
    if (!sl_store_has_notices(d->backend->store))
        return "";
    return watch->heard_ms ? sl_arena_printf(d->arena, ", word of a change came last at %s",
                                             time_text(d, watch->heard_ms))
                           : ", no word of a change yet";
}

static void tell_well(struct sl_diagnosis *d, const struct sl_watch_facts *watch, int64_t revision,
                      int64_t took_us)
{
    struct sl_store_schema schema = sl_store_schema(d->backend->store);
    add(d, SL_FINDING_DATABASE,
        sl_arena_printf(d->arena, "%s answers in %.1f ms: schema %d, revision %lld, in use%s",
                        sl_store_backend(d->backend->store), (double)took_us / 1000, schema.now,
                        (long long)revision, word_text(d, watch)),
        "");
}

void sl_diagnose_database(struct sl_diagnosis *d)
{
    struct sl_watch_facts watch;
    struct sl_err err = {0};
    int64_t revision = 0, began = sl_now_us();
    sl_backend_watch_facts(d->backend, &watch);
    if (sl_store_revision(d->backend->store, &revision, &err) != SL_OK) {
        tell_away(d, &watch, &err);
        return;
    }
    int64_t took_us = sl_now_us() - began;
    check_file(d);
    check_notices(d, &watch);
    check_clock(d);
    if (check_snapshot(d, revision) >= revision)
        tell_well(d, &watch, revision, took_us);
}
