/* The log: JSON lines on stderr, one object a line: "time", "level", "msg", then the fields in the
 * order given. Any thread. A line is written with one write(2); lines of SL_LOG_CALL may be
 * gathered per thread and written together by sl_log_flush (the loop does so at the end of each
 * turn). Never a prompt, an answer or a key. */
#ifndef SL_BASE_LOG_H
#define SL_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

enum sl_log_level { SL_LOG_DEBUG, SL_LOG_INFO, SL_LOG_WARN, SL_LOG_ERROR };

/* One field of a line. Build with the macros below. */
struct sl_log_field {
    const char *name;
    enum { SL_LOG_F_STR, SL_LOG_F_INT, SL_LOG_F_DOUBLE, SL_LOG_F_BOOL } kind;
    union {
        const char *s; /* NULL: the field is left out */
        int64_t i;
        double d;
        bool b;
    } v;
};

#define SL_F_STR(field, value) ((struct sl_log_field){(field), SL_LOG_F_STR, {.s = (value)}})
#define SL_F_INT(field, value) ((struct sl_log_field){(field), SL_LOG_F_INT, {.i = (value)}})
#define SL_F_DOUBLE(field, value) ((struct sl_log_field){(field), SL_LOG_F_DOUBLE, {.d = (value)}})
#define SL_F_BOOL(field, value) ((struct sl_log_field){(field), SL_LOG_F_BOOL, {.b = (value)}})

/* Lines below the level are not written. Default SL_LOG_INFO. Any thread. */
void sl_log_set_level(enum sl_log_level level);
bool sl_log_enabled(enum sl_log_level level);
/* Where lines go; default 2. For tests. */
void sl_log_set_fd(int fd);
/* Writes a line at once. */
void sl_log_fields(enum sl_log_level level, const char *msg, const struct sl_log_field *fields,
                   unsigned count);
/* The same, gathered until sl_log_flush or until 16 KiB are there. */
void sl_log_gather(enum sl_log_level level, const char *msg, const struct sl_log_field *fields,
                   unsigned count);
/* Writes what this thread has gathered. */
void sl_log_flush(void);

/* sl_log(SL_LOG_INFO, "listening", SL_F_STR("address", a), SL_F_INT("port", p)); at least one
 * field. */
#define sl_log(level, msg, ...)                                                                    \
    do {                                                                                           \
        if (sl_log_enabled(level)) {                                                               \
            const struct sl_log_field sl_log_fields_[] = {__VA_ARGS__};                            \
            sl_log_fields(level, msg, sl_log_fields_,                                              \
                          sizeof(sl_log_fields_) / sizeof(sl_log_fields_[0]));                     \
        }                                                                                          \
    } while (0)

#endif
