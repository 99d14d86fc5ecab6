/* The references that are in use and what they led to: read once, looked at again when a file
 * changes, and handed out without touching the disk. Any thread; take and poll read the disk, so not
 * on a loop. */
#ifndef SL_REGISTRY_VAULT_REFERENCES_H
#define SL_REGISTRY_VAULT_REFERENCES_H

#include "registry/vault/reference.h"

struct sl_references;

/* The rules are copied. */
struct sl_references *sl_references_create(const struct sl_reference_rules *rules) SL_MUST_CHECK;
/* Accepts NULL. */
void sl_references_destroy(struct sl_references *r);
/* After a reload. The next poll lets go of what is not allowed any more. */
void sl_references_set_rules(struct sl_references *r, const struct sl_reference_rules *rules);

/* Reads the secret and remembers the reference; the caller releases *out. Errors: those of
 * sl_reference_read; SL_RESOURCE_EXHAUSTED past 65536 references. */
enum sl_code sl_references_take(struct sl_references *r, const char *reference,
                                enum sl_reference_from from, struct sl_secret **out,
                                struct sl_err *err) SL_MUST_CHECK;
/* What take, or a poll since, found: the caller releases it. NULL where there is nothing. A short
 * lock, no disk: also for a loop. */
struct sl_secret *sl_references_find(struct sl_references *r, const char *reference,
                                     enum sl_reference_from from);
/* Looks at every reference: a file whose time, size or inode changed is read again, a variable is
 * compared. on_change hears of each new value (err NULL) and of each first failure (the value
 * stays as it was, unless the rules forbid it now). Returns how many values changed. One thread at
 * a time. */
size_t sl_references_poll(struct sl_references *r,
                          void (*on_change)(void *owner, const char *reference,
                                            const struct sl_err *err),
                          void *owner);

#endif
