/* The filter of ListModels: conditions joined by AND, as model_registry.proto says. Pure. */
#ifndef SL_API_FILTER_H
#define SL_API_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "registry/registry.h"

enum sl_filter_field {
    SL_FIELD_API,
    SL_FIELD_DELETED,
    SL_FIELD_ENABLED,
    SL_FIELD_MODEL_ID,
    SL_FIELD_NAME,
    SL_FIELD_OWNER,
    SL_FIELD_PROVIDER,
    SL_FIELD_PROVIDER_KIND,
    SL_FIELD_SOURCE,
    SL_FIELD_STATE,
    SL_FIELD_TASK,
    SL_FIELD_LABEL,
};

enum sl_filter_relation { SL_RELATION_IS, SL_RELATION_IS_NOT, SL_RELATION_CONTAINS };

struct sl_condition {
    enum sl_filter_field field;
    enum sl_filter_relation relation;
    const char *label; /* key of SL_FIELD_LABEL */
    const char *value;
};

enum { SL_FILTER_MAX = 16, SL_FILTER_MAX_TEXT = 2048 };

struct sl_model_filter {
    size_t n;
    struct sl_condition list[SL_FILTER_MAX];
    bool asks_state; /* some condition is about the state */
    bool
        asks_deleted; /* some condition is about deleted; where none is, deleted models do not match */
};

/* Strings go into the arena. Error: SL_INVALID_ARGUMENT, INVALID_REQUEST, field "filter", with the place (the byte, from 1). */
enum sl_code sl_model_filter_parse(const char *text, struct sl_arena *arena,
                                   struct sl_model_filter *out, struct sl_err *err) SL_MUST_CHECK;

/* What a model does not say of itself. */
struct sl_filter_subject {
    const struct sl_model *model;
    const char *owner; /* name of its user; "": global */
    const char *state; /* "healthy", ...; NULL where !asks_state */
};
bool sl_model_filter_matches(const struct sl_model_filter *f, const struct sl_filter_subject *s);

#endif
