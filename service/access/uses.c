/* When API keys were last used: a small table with open addressing. */
#include "access/uses.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

enum { MIN_SLOTS = 64 };

static struct sl_use *slot_of(const struct sl_uses *u, const char *id)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (const char *p = id; *p; p++)
        h = (h ^ (unsigned char)*p) * 1099511628211u;
    size_t i = (h ^ h >> 32) & (u->n_slots - 1);
    while (*u->slots[i].id && strcmp(u->slots[i].id, id) != 0)
        i = (i + 1) & (u->n_slots - 1);
    return &u->slots[i];
}

static void grow(struct sl_uses *u)
{
    struct sl_uses bigger = {.n = u->n, .n_slots = u->n_slots ? 2 * u->n_slots : MIN_SLOTS};
    bigger.slots = sl_calloc(bigger.n_slots, sizeof(*bigger.slots));
    for (size_t i = 0; i < u->n_slots; i++) {
        if (*u->slots[i].id)
            *slot_of(&bigger, u->slots[i].id) = u->slots[i];
    }
    sl_free(u->slots);
    *u = bigger;
}

void sl_uses_note(struct sl_uses *u, const char *key_id, int64_t now_ms)
{
    if (!*key_id)
        return;
    if (2 * (u->n + 1) > u->n_slots && u->n < SL_USES_MAX)
        grow(u);
    struct sl_use *slot = slot_of(u, key_id);
    if (!*slot->id) {
        if (u->n == SL_USES_MAX || !sl_copy(slot->id, sizeof(slot->id), key_id)) {
            *slot->id = '\0';
            return;
        }
        u->n++;
    }
    slot->ms = now_ms;
}

struct sl_uses sl_uses_take(struct sl_uses *u)
{
    struct sl_uses taken = *u;
    *u = (struct sl_uses){0};
    return taken;
}

enum sl_code sl_uses_flush(const struct sl_uses *u, struct sl_store *store, struct sl_err *err)
{
    if (!u->n)
        return SL_OK;
    struct sl_store_use *list = sl_calloc(u->n, sizeof(*list));
    size_t n = 0;
    for (size_t i = 0; i < u->n_slots; i++) {
        if (*u->slots[i].id)
            list[n++] = (struct sl_store_use){u->slots[i].id, u->slots[i].ms};
    }
    enum sl_code code = sl_store_touch(store, list, n, err);
    sl_free(list);
    return code;
}

void sl_uses_fini(struct sl_uses *u)
{
    sl_free(u->slots);
    *u = (struct sl_uses){0};
}
