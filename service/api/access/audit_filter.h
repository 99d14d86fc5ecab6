/* Filters of the audit log: conditions joined by AND. Pure. */
#ifndef SL_API_ACCESS_AUDIT_FILTER_H
#define SL_API_ACCESS_AUDIT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum { SL_AUDIT_CONDITIONS = 16, SL_AUDIT_FILTER_MAX = 2048 };

enum sl_audit_field {
    SL_AUDIT_ACTOR,
    SL_AUDIT_ACTION,
    SL_AUDIT_RESOURCE,
    SL_AUDIT_RESOURCE_ID,
    SL_AUDIT_RESOURCE_NAME,
    SL_AUDIT_TIME,
};

struct sl_audit_condition {
    enum sl_audit_field field; /* not the time */
    bool differs;              /* '!=' */
    const char *value;
};

struct sl_audit_filter {
    struct sl_audit_condition list[SL_AUDIT_CONDITIONS];
    size_t n;
    int64_t from_ms, to_ms; /* from <= time < to; 0: any */
};

/* FIELD OP VALUE [AND ...]: fields as in ListAuditEventsRequest.filter, a value bare (to the next space) or in double
 * quotes, in which '\' takes the next character as it is. A time is "2026-03-31" (midnight UTC), "2026-03-31T12:00:00Z" or
 * milliseconds. "" allows all. Values live in the arena. Error: SL_INVALID_ARGUMENT, field "filter", with the place. */
enum sl_code sl_audit_filter_parse(const char *text, struct sl_arena *arena,
                                   struct sl_audit_filter *out, struct sl_err *err) SL_MUST_CHECK;

/* What one event says, in the order of enum sl_audit_field. */
bool sl_audit_filter_allows(const struct sl_audit_filter *f,
                            const char *const fields[SL_AUDIT_TIME]);

#endif
