/* Page tokens of ListModels: where a page ended, bound to the query that it belongs to. Clients see base64 and no more.
 * Pure. */
#ifndef SL_API_PAGE_TOKEN_H
#define SL_API_PAGE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"

/* The last model of the page before. Strings are borrowed when written, in the arena when read. */
struct sl_page_place {
    uint64_t query;  /* sl_page_query */
    bool personal;   /* it is the caller's own */
    const char *key; /* its value in the order, "" with the order by name */
    const char *name, *id;
};

/* A number for everything that makes a page: filter, order, caller. */
uint64_t sl_page_query(const char *filter, const char *order, const char *caller);
const char *sl_page_token_write(struct sl_arena *arena, const struct sl_page_place *place);
/* False where it is no token, or one of another query. */
bool sl_page_token_read(struct sl_arena *arena, const char *token, uint64_t query,
                        struct sl_page_place *out) SL_MUST_CHECK;

#endif
