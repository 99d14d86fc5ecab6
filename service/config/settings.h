/* The tables behind the configuration: each row is one setting, and parsing, --help,
 * --print-config and the reference page all walk the rows. A field of a list's entries
 * (providers, models, access.keys) is a row like any other. */
#ifndef SL_CONFIG_SETTINGS_H
#define SL_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the comments: the C type at the row's offset. */
enum sl_setting_type {
    SL_SET_TEXT,      /* const char *, never NULL */
    SL_SET_REFERENCE, /* const char *: env:NAME, file:/path (see also row.literal) */
    SL_SET_TEXTS,     /* struct sl_config_strings */
    SL_SET_PAIRS,     /* struct sl_config_pairs */
    SL_SET_JSON,      /* const char *: a mapping, as JSON */
    SL_SET_BOOL,      /* bool */
    SL_SET_MAYBE,     /* int8_t: -1 not said, 0, 1 */
    SL_SET_INT,       /* int64_t */
    SL_SET_SIZE,      /* int64_t, bytes */
    SL_SET_DURATION,  /* int64_t, milliseconds */
    SL_SET_PRICE,     /* int64_t, millionths of a dollar; -1: not set */
    SL_SET_NUMBER,    /* double, with a bool at other_offset that says whether it is set */
    SL_SET_CHOICE,    /* const char *: one of row.words */
    SL_SET_TABLE,     /* pointer to row.table's structs, with their size_t count at other_offset */
};

struct sl_settings;

struct sl_setting {
    const char *key; /* with dots, "server.listen" */
    enum sl_setting_type type;
    size_t offset, other_offset;
    const char *preset;  /* the default as one would write it; NULL: empty, zero, not said */
    const char *shown;   /* the default as the help shows it, where that is not preset */
    int64_t min, max;    /* of numbers; both 0: no bounds */
    const char *words;   /* of a choice: "a|b|c"; of a reference: what else may stand there */
    const char *special; /* a word that stands for -1 in a duration */
    bool lines;          /* SL_SET_TEXT: may hold line breaks */
    bool required;       /* in an entry of a list */
    bool in_variable;    /* SL_SET_REFERENCE: its environment variable holds the secret itself */
    bool reload;         /* a reload takes a change up */
    const char *help;    /* one sentence without its full stop */
    const struct sl_settings *table;
};

struct sl_settings {
    const struct sl_setting *rows; /* sorted by key */
    size_t count;
    size_t size;         /* of an entry; 0 for the root */
    size_t place_offset; /* const char *, where the entry is written */
    const char *noun;    /* "model" */
};

/* The member at an offset that a row names. */
static inline void *sl_settings_at(void *base, size_t offset)
{
    return (char *)base + offset;
}

static inline const void *sl_settings_peek(const void *base, size_t offset)
{
    return (const char *)base + offset;
}

extern const struct sl_settings sl_settings_root;
extern const struct sl_settings sl_settings_jwt;
extern const struct sl_settings sl_settings_keys;
extern const struct sl_settings sl_settings_providers;
extern const struct sl_settings sl_settings_models;

/* NULL if there is no such key. */
const struct sl_setting *sl_settings_find(const struct sl_settings *s, const char *key);
/* Whether some key begins with prefix and a dot. */
bool sl_settings_is_section(const struct sl_settings *s, const char *prefix);
/* The key nearest to one that does not exist, section keys ("server") included: for "did you
 * mean". False if none is close. */
bool sl_settings_nearest(const struct sl_settings *s, const char *key, char *dst, size_t size);

/* "server.max_message" as "SLUICE_SERVER_MAX_MESSAGE" and "--server-max-message". */
void sl_setting_variable(const struct sl_setting *row, char *dst, size_t size);
void sl_setting_flag(const struct sl_setting *row, char *dst, size_t size);
/* Whether environment and flags may set it: all but tables. */
bool sl_setting_is_scalar(const struct sl_setting *row);

#endif
