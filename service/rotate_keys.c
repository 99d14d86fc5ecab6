/* The rotation of the encryption keys, as a command: what it was told, who may run beside it, what
 * it did. */
#include "rotate_keys.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "commands.h"
#include "config/config.h"
#include "open_store.h"
#include "registry/catalogue/catalogue.h"
#include "registry/load.h"
#include "registry/rotate/rotate.h"
#include "registry/vault/key_file.h"
#include "registry/vault/open_keyring.h"
#include "registry/vault/vault_check.h"

enum { BATCH = 100, MAX_BATCH = 10000 };

struct options {
    bool dry_run, new_key;
    int64_t batch;
};

struct rotating {
    struct options options;
    struct sl_config *config;
    struct sl_store *store;
    struct sl_registry *registry; /* without the store's part */
    struct sl_keyring *keyring;
    bool in_file; /* the keys are in DATA_DIR/encryption.key */
    bool locked;  /* no service runs on the folder */
    int lock;
    char path[SL_KEY_FILE_PATH]; /* of the file */
    bool terminal, line_is_open, began;
};

static void print_help(void)
{
    printf("Usage: sluiced rotate-keys [--dry-run] [--batch N] [--new-key] [--config FILE] "
           "[--SETTING VALUE]...\n\n"
           "Seals every stored secret anew under the first key of SLUICE_ENCRYPTION_KEYS, while "
           "replicas serve.\nWhere it is interrupted, run it again: it goes on from there.\n\n"
           "  --dry-run   count secrets by key, and change nothing\n"
           "  --batch N   secrets of one transaction, 1 to %d; default %d\n"
           "  --new-key   first make a new key in the file DATA_DIR/encryption.key, and drop the "
           "former one at\n"
           "              the end; no service may run meanwhile\n\n"
           "Other flags are those of sluiced --help.\n",
           MAX_BATCH, BATCH);
}

/* ---- arguments ---- */

static enum sl_code read_batch(const char *text, int64_t *out, struct sl_err *err)
{
    if (text && sl_parse_i64((struct sl_str){text, strlen(text)}, out) && *out >= 1 &&
        *out <= MAX_BATCH)
        return SL_OK;
    return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "--batch",
                        "--batch needs a number from 1 to %d", MAX_BATCH);
}

/* Takes the command's own flags out of argv; what is left is the configuration's. */
static enum sl_code read_options(int *argc, char **argv, struct options *o, struct sl_err *err)
{
    int kept = 0;
    *o = (struct options){.batch = BATCH};
    for (int i = 0; i < *argc; i++) {
        enum sl_code code = SL_OK;
        if (!strcmp(argv[i], "--dry-run"))
            o->dry_run = true;
        else if (!strcmp(argv[i], "--new-key"))
            o->new_key = true;
        else if (!strcmp(argv[i], "--batch"))
            code = read_batch(i + 1 < *argc ? argv[++i] : NULL, &o->batch, err);
        else if (sl_starts_with(argv[i], "--batch="))
            code = read_batch(argv[i] + strlen("--batch="), &o->batch, err);
        else
            argv[kept++] = argv[i];
        if (code)
            return code;
    }
    *argc = kept;
    return SL_OK;
}

/* ---- what it says ---- */

static const char *secrets(int64_t n)
{
    return n == 1 ? "secret" : "secrets";
}

static void end_line(struct rotating *r)
{
    if (r->line_is_open)
        putchar('\n');
    r->line_is_open = false;
}

static void on_progress(void *owner, int64_t done, int64_t total)
{
    struct rotating *r = owner;
    printf("%sresealed %" PRId64 " of %" PRId64 "%s", r->terminal ? "\r" : "", done, total,
           r->terminal ? "" : "\n");
    r->line_is_open = r->terminal;
    fflush(stdout);
}

static void on_problem(void *owner, const struct sl_rotate_problem *p)
{
    end_line(owner);
    fprintf(stderr, "sluiced: %s %s", p->table, p->id);
    if (strcmp(p->id, p->row) != 0)
        fprintf(stderr, " (of %s)", p->row);
    fprintf(stderr, ": %s\n", p->why->text);
}

static bool stop(void *owner)
{
    sigset_t pending;
    (void)owner;
    return !sigpending(&pending) &&
           (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}

/* What is sealed under which key, those of the keyring first. */
static void print_counts(const struct sl_keyring *k, const struct sl_rotate_counts *c)
{
    for (size_t i = 0; i < sl_keyring_count(k); i++) {
        const char *id = sl_keyring_id(k, i);
        int64_t n = sl_rotate_under(c, id);
        printf("%-32s %8" PRId64 " %s%s\n", id, n, secrets(n), i ? "" : ", the current key");
    }
    for (size_t i = 0; i < c->n; i++) {
        if (!sl_keyring_has(k, c->keys[i].id))
            printf("%-32s %8" PRId64 " %s, and the keys do not hold it\n", c->keys[i].id,
                   c->keys[i].secrets, secrets(c->keys[i].secrets));
    }
    if (c->damaged)
        printf("%-32s %8" PRId64 " %s, damaged\n", "(none)", c->damaged, secrets(c->damaged));
}

/* ---- before ---- */

/* Whoever changes the key file is alone on the folder. */
static enum sl_code lock_file(struct rotating *r, struct sl_err *err)
{
    struct sl_err busy = {0};
    if (!r->in_file || r->options.dry_run)
        return SL_OK;
    enum sl_code code = sl_key_file_lock(r->config->data_dir, true, &r->lock, &busy);
    r->locked = code == SL_OK;
    if (code == SL_ABORTED && !r->options.new_key)
        return SL_OK; /* a service runs: the file stays as it is */
    return code ? sl_err_set(err, code, busy.reason, "%s", busy.text) : SL_OK;
}

static enum sl_code add_key(const struct rotating *r, struct sl_err *err)
{
    struct sl_keyring_file file;
    struct sl_keyring *k = NULL;
    bool added = false;
    if (!r->options.new_key || r->options.dry_run)
        return SL_OK;
    enum sl_code code =
        sl_keyring_open(r->config, r->store, &k, &file, err); /* is it the store's? */
    sl_keyring_unref(k);
    if (!code && !file.created)
        code = sl_key_file_add(r->config->data_dir, &added, err);
    if (code)
        return code;
    if (added)
        printf("made a new key in %s: keep a copy\n", file.path);
    else if (!file.created)
        printf("%s holds a new key already: going on from there\n", file.path);
    return SL_OK;
}

/* Nothing is written, nor made: in a new store there is no keyring. */
static enum sl_code look_at_keys(struct rotating *r, struct sl_err *err)
{
    struct sl_keyring_source source;
    struct sl_keyring_file file;
    enum sl_code code = sl_keyring_source_of(r->config, r->store, &source, err);
    if (code || (r->in_file && !source.sealed))
        return code;
    return sl_keyring_load(&source, &r->keyring, &file, err);
}

static enum sl_code open_keys(struct rotating *r, struct sl_err *err)
{
    struct sl_keyring_file file;
    r->in_file = sl_keyring_is_in_file(r->config, r->store);
    if (r->options.new_key && !r->in_file)
        return sl_err_field(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "--new-key",
                            "--new-key is for keys in DATA_DIR/encryption.key: put a new key in "
                            "front of those of encryption.keys yourself, as service/docs/store.md "
                            "has it");
    enum sl_code code = lock_file(r, err);
    if (!code)
        code = add_key(r, err);
    if (code)
        return code;
    if (r->options.dry_run)
        return look_at_keys(r, err);
    code = sl_keyring_open(r->config, r->store, &r->keyring, &file, err);
    if (!code)
        sl_copy(r->path, sizeof(r->path), file.path);
    return code;
}

static enum sl_code open_registry(struct rotating *r, struct sl_err *err)
{
    struct sl_registry_sources from = {.config = r->config};
    enum sl_code code = sl_catalogue_load(r->config->catalogue_file, &from.catalogue, err);
    if (!code)
        code = sl_registry_create(&from, &r->registry, err);
    sl_catalogue_unref(from.catalogue);
    return code;
}

/* ---- after ---- */

/* From now on the store asks for the current key alone. */
static enum sl_code make_check(const struct rotating *r, const char *before, struct sl_err *err)
{
    struct sl_buf now;
    bool done = false;
    sl_buf_init(&now, SL_VAULT_CHECK_MAX);
    enum sl_code code = sl_vault_check_make(r->keyring, &now, err);
    if (!code) {
        const struct sl_meta_swap swap = {SL_VAULT_CHECK_META, before, now.p};
        code = sl_store_swap_meta(r->store, &swap, &done, err);
    }
    sl_buf_fini(&now);
    if (code || done)
        return code;
    return sl_err_set(err, SL_ABORTED, SL_REASON_STORE,
                      "a replica or another rotation began to use another key meanwhile: give "
                      "all of them the same keys, then run it again");
}

static bool needs_former(const struct sl_keyring *k, const struct sl_rotate_counts *c)
{
    for (size_t i = 1; i < sl_keyring_count(k); i++) {
        if (sl_rotate_under(c, sl_keyring_id(k, i)))
            return true;
    }
    return false;
}

static enum sl_code drop_former(const struct rotating *r, struct sl_err *err)
{
    bool dropped = false;
    if (r->in_file && r->locked && sl_key_file_drop(r->config->data_dir, &dropped, err))
        return err->code;
    for (size_t i = 1; i < sl_keyring_count(r->keyring); i++) {
        const char *id = sl_keyring_id(r->keyring, i);
        if (dropped)
            printf("took '%s' out of %s\n", id, r->path);
        else if (r->in_file)
            printf("no secret needs '%s' any more: run this once more when no service runs on %s, "
                   "and it leaves the file\n",
                   id, r->config->data_dir);
        else
            printf("no secret needs '%s' any more: take it out of the keys (%s), then restart "
                   "every replica\n",
                   id, r->config->encryption_keys);
    }
    return SL_OK;
}

/* check: the store's, as it was before the first secret was touched. */
static enum sl_code finish(const struct rotating *r, const char *check, struct sl_err *err)
{
    struct sl_rotate_counts counts;
    enum sl_code code = sl_rotate_count(r->store, &counts, err);
    if (code)
        return code;
    if (!needs_former(r->keyring, &counts)) {
        code = make_check(r, check, err);
        return code ? code : drop_former(r, err);
    }
    for (size_t i = 1; i < sl_keyring_count(r->keyring); i++) {
        const char *id = sl_keyring_id(r->keyring, i);
        int64_t n = sl_rotate_under(&counts, id);
        if (n)
            printf("'%s' has to stay: %" PRId64 " %s\n", id, n, secrets(n));
    }
    return SL_OK;
}

/* ---- the whole ---- */

static enum sl_code count(struct rotating *r, struct sl_err *err)
{
    struct sl_rotate_counts counts;
    if (!r->keyring) {
        puts("there are no secrets, and no keys yet");
        return SL_OK;
    }
    enum sl_code code = sl_rotate_count(r->store, &counts, err);
    if (code)
        return code;
    print_counts(r->keyring, &counts);
    int64_t n = sl_rotate_besides(&counts, sl_keyring_id(r->keyring, 0));
    printf("%" PRId64 " %s to be sealed anew\n", n, secrets(n));
    return SL_OK;
}

static enum sl_code rotate(struct rotating *r, int64_t *problems, struct sl_err *err)
{
    char check[SL_VAULT_CHECK_MAX + 1];
    struct sl_rotate_result result = {.resealed = 0};
    const struct sl_rotate rotation = {.store = r->store,
                                       .keyring = r->keyring,
                                       .registry = r->registry,
                                       .batch = (size_t)r->options.batch,
                                       .on_progress = on_progress,
                                       .on_problem = on_problem,
                                       .stop = stop,
                                       .owner = r};
    enum sl_code code = sl_store_get_meta(r->store, SL_VAULT_CHECK_META, check, sizeof(check), err);
    r->began = true;
    if (!code)
        code = sl_rotate_run(&rotation, &result, err);
    end_line(r);
    printf("resealed %" PRId64 " %s under '%s'\n", result.resealed, secrets(result.resealed),
           sl_keyring_id(r->keyring, 0));
    *problems = result.problems;
    return code ? code : finish(r, check, err);
}

static enum sl_code run(struct rotating *r, int64_t *problems, struct sl_err *err)
{
    enum sl_code code = sl_open_store(r->config, &r->store, err);
    if (!code)
        code = open_keys(r, err);
    if (!code && r->options.dry_run)
        return count(r, err);
    if (!code)
        code = open_registry(r, err);
    return code ? code : rotate(r, problems, err);
}

static void close_all(struct rotating *r)
{
    sl_registry_unref(r->registry);
    sl_keyring_unref(r->keyring);
    sl_store_close(r->store);
    sl_config_destroy(r->config);
    if (r->locked)
        sl_key_file_unlock(r->lock);
}

static void block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGPIPE); /* whoever read the progress went away: no reason to end */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int sl_rotate_keys(int argc, char **argv, char **envp)
{
    struct rotating r = {.terminal = isatty(STDOUT_FILENO) == 1};
    struct sl_config_command command = {0};
    struct sl_err err = {0};
    int64_t problems = 0;
    enum sl_code code = read_options(&argc, argv, &r.options, &err);
    if (!code)
        code = sl_config_load(argc, argv, envp, &command, &r.config, &err);
    if (code)
        return sl_command_complain("configuration", &err);
    if (command.help || command.version || command.check || command.print) {
        print_help();
        sl_config_destroy(r.config);
        return EXIT_SUCCESS;
    }
    block_signals();
    code = run(&r, &problems, &err);
    close_all(&r);
    if (code && r.began)
        fprintf(stderr, "sluiced: what was resealed stays so: run it again to go on\n");
    if (code)
        return sl_command_complain("rotate-keys", &err);
    if (problems)
        fprintf(stderr, "sluiced: %" PRId64 " %s could not be opened: enter them again\n", problems,
                secrets(problems));
    return problems ? EXIT_FAILURE : EXIT_SUCCESS;
}
