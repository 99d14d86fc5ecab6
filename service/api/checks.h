/* The checks that requests of several kinds share. For api/ only; pure. */
#ifndef SL_API_CHECKS_H
#define SL_API_CHECKS_H

#include "api/request_ids.h"
#include "api/validate.h"
#include "base/violations.h"

enum {
    SL_MODEL_NAME_MAX = 256, /* bytes */
    SL_END_USER_MAX = 256,   /* bytes */
    SL_LABELS_MAX = 16,
    SL_LABEL_MAX = 64, /* bytes of a key or a value */
};

/* "" is fine. */
void sl_check_json_object(struct sl_violations *v, const char *field, const char *text);
void sl_check_range(struct sl_violations *v, const char *field, double x, double low, double high);
void sl_check_length(struct sl_violations *v, const char *field, const char *s, size_t max);
/* "" is fine. */
void sl_check_task(struct sl_violations *v, const char *field, const char *task);
/* path: of what holds the image. */
void sl_check_image(struct sl_violations *v, const char *path, const Sluice__V1__Image *image);

/* model, on_unsupported, provider_options_json, request_id and labels, which all requests have. */
#define SL_CHECK_MARKS(v, r)                                                                       \
    do {                                                                                           \
        if ((r)->on_unsupported < 0 ||                                                             \
            (r)->on_unsupported > SLUICE__V1__ON_UNSUPPORTED__ON_UNSUPPORTED_FAIL)                 \
            sl_violate((v), "on_unsupported", "is not a known value");                             \
        sl_check_json_object((v), "provider_options_json", (r)->provider_options_json);            \
        sl_check_length((v), "model", (r)->model, SL_MODEL_NAME_MAX);                              \
        sl_check_length((v), "request_id", (r)->request_id, SL_REQUEST_ID_MAX);                    \
        if ((r)->n_labels > SL_LABELS_MAX)                                                         \
            sl_violate((v), "labels", "may hold at most %d labels", SL_LABELS_MAX);                \
        for (size_t i = 0; i < (r)->n_labels && i < SL_LABELS_MAX; i++) {                          \
            sl_check_length((v), "labels", (r)->labels[i]->key, SL_LABEL_MAX);                     \
            sl_check_length((v), "labels", (r)->labels[i]->value, SL_LABEL_MAX);                   \
        }                                                                                          \
    } while (0)

#endif
