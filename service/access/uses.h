/* When API keys were last used: noted where the calls are, without a lock, and written to the store now and then. A set
 * of notes belongs to one thread; what was taken from it, to whoever took it. */
#ifndef SL_ACCESS_USES_H
#define SL_ACCESS_USES_H

#include <stddef.h>
#include <stdint.h>

#include "access/api_key.h"
#include "base/err.h"
#include "store/store.h"

/* Keys that are noted between two flushes; the rest of that minute's are not (a later one is). */
enum { SL_USES_MAX = 64 * 1024 };

struct sl_use {
    char id[SL_API_KEY_ID_MAX + 1]; /* "" : a free slot */
    int64_t ms;
};

struct sl_uses {
    struct sl_use *slots;
    size_t n, n_slots; /* n_slots: a power of two, at least twice n; 0: nothing was noted */
};

/* Notes that the key was used; "" is none. now_ms grows. Some 30 ns. */
void sl_uses_note(struct sl_uses *u, const char *key_id, int64_t now_ms);
/* Moves all notes out. */
struct sl_uses sl_uses_take(struct sl_uses *u);
/* Writes them: may block. Errors: the store's. */
enum sl_code sl_uses_flush(const struct sl_uses *u, struct sl_store *store,
                           struct sl_err *err) SL_MUST_CHECK;
void sl_uses_fini(struct sl_uses *u);

#endif
