/* Sealing every stored secret anew under the keyring's current key, while services run on the same
 * store: in short transactions, without a new revision, and only where the secret is still what was
 * read. What was done stays done, so that another run goes on where one ended. Blocks; not on a
 * loop. */
#ifndef SL_REGISTRY_ROTATE_ROTATE_H
#define SL_REGISTRY_ROTATE_ROTATE_H

#include "registry/registry.h"
#include "registry/vault/keyring.h"
#include "store/secrets.h"

/* ---- which keys the store's secrets are sealed under ---- */

enum { SL_ROTATE_KEYS = 64 };

struct sl_rotate_counts {
    struct {
        char id[SL_KEY_ID_MAX + 1];
        int64_t secrets;
    } keys[SL_ROTATE_KEYS];
    size_t n;
    int64_t damaged; /* no envelopes, or under still other keys */
};

/* Errors: the store's. */
enum sl_code sl_rotate_count(struct sl_store *s, struct sl_rotate_counts *out,
                             struct sl_err *err) SL_MUST_CHECK;
/* 0 where there is none. */
int64_t sl_rotate_under(const struct sl_rotate_counts *c, const char *id);
/* How many are not under that key. */
int64_t sl_rotate_besides(const struct sl_rotate_counts *c, const char *id);

/* ---- rotation ---- */

/* A secret that could not be opened, never what it is. Borrowed during the call. */
struct sl_rotate_problem {
    const char *table, *id; /* where it lies */
    const char *row;        /* whose it is; the same as id but for import_changes */
    const struct sl_err *why;
};

struct sl_rotate {
    struct sl_store *store;
    const struct sl_keyring *keyring;
    const struct sl_registry *registry; /* providers that are not stored; may be NULL */
    size_t batch;                       /* secrets of a transaction; from 1 */
    /* After each transaction. */
    void (*on_progress)(void *owner, int64_t done, int64_t total);
    /* At the end, for each that is left. */
    void (*on_problem)(void *owner, const struct sl_rotate_problem *problem);
    /* Asked before each transaction: whether to leave it at that. */
    bool (*stop)(void *owner);
    void *owner;
};

struct sl_rotate_result {
    int64_t resealed;
    int64_t problems; /* secrets that nothing opens */
};

/* Ends when no write that is in progress can bring back what was sealed under a former key. The
 * result counts on an error, too. Errors: the store's; SL_CANCELLED, NONE: stop said so;
 * SL_ABORTED, STORE: secrets under a former key keep coming. */
enum sl_code sl_rotate_run(const struct sl_rotate *r, struct sl_rotate_result *out,
                           struct sl_err *err) SL_MUST_CHECK;

#endif
