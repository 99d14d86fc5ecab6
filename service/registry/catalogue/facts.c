/* Reads rows by table: what each type takes, and how it says what is wrong. */
#include "registry/catalogue/facts.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/str.h"
#include "registry/catalogue/catalogue.h"
#include "registry/catalogue/date.h"

enum { MAX_ID = 200, MAX_LIST = 4096 };

static const char *const no_texts[] = {NULL};

static bool wrong(struct sl_fact_reader *r, const char *why)
{
    if (!r->why[0])
        sl_copy(r->why, sizeof(r->why), why);
    return false;
}

const char *sl_fact_copy(struct sl_fact_reader *r, const char *s)
{
    return *s ? sl_arena_strdup(r->arena, s) : "";
}

/* ---- one value ---- */

static bool read_text(struct sl_fact_reader *r, int value, const char **out)
{
    const char *s = sl_json_string(r->json, value, NULL, NULL);
    if (!s)
        return wrong(r, "has to be a text (in quotes, where it looks like something else)");
    *out = sl_fact_copy(r, s);
    return true;
}

static bool read_id(struct sl_fact_reader *r, int value, const char **out)
{
    if (!read_text(r, value, out))
        return false;
    size_t n = strlen(*out);
    bool bad = !n || n > MAX_ID;
    for (size_t i = 0; i < n && !bad; i++)
        bad = (unsigned char)(*out)[i] <= ' ' || (*out)[i] == 0x7f;
    return !bad || wrong(r, "has to be 1 to 200 characters without spaces");
}

static bool read_texts(struct sl_fact_reader *r, int value, const char *const **out)
{
    if (sl_json_type(r->json, value) != SL_JSON_ARRAY)
        return wrong(r, "has to be a list of texts");
    size_t n = (size_t)sl_json_size(r->json, value), i = 0;
    if (n > MAX_LIST)
        return wrong(r, "is too long a list");
    const char **list = sl_arena_zalloc(r->arena, (n + 1) * sizeof(*list));
    for (int k = sl_json_first(r->json, value); k >= 0; k = sl_json_next(r->json, value, k)) {
        if (!read_text(r, k, &list[i++]))
            return false;
    }
    *out = list;
    return true;
}

static bool read_date(struct sl_fact_reader *r, int value, int32_t *out)
{
    const char *s = sl_json_string(r->json, value, NULL, NULL);
    return (s && sl_date_parse(s, out)) || wrong(r, "has to be a date, as in 2026-02-27");
}

static bool read_count(struct sl_fact_reader *r, int value, int32_t *out)
{
    int64_t v = 0;
    if (!sl_json_int(r->json, value, &v) || v < 0 || v > INT32_MAX)
        return wrong(r, "has to be a whole number, 0 or more");
    *out = (int32_t)v;
    return true;
}

static bool read_number(struct sl_fact_reader *r, int value, double *out)
{
    double v = 0;
    if (!sl_json_double(r->json, value, &v) || !isfinite(v) || v < 0)
        return wrong(r, "has to be a number, 0 or more");
    *out = v;
    return true;
}

static bool read_dollars(struct sl_fact_reader *r, int value, int64_t *out)
{
    double v = 0;
    if (!sl_json_double(r->json, value, &v) || !(v >= 0) || v > 1e6)
        return wrong(r, "has to be dollars per million tokens, 0 to 1000000");
    *out = (int64_t)(v * 1e6 + 0.5);
    return true;
}

static bool read_truth(struct sl_fact_reader *r, int value, bool *out)
{
    int64_t v = 0;
    if (sl_json_bool(r->json, value, out))
        return true;
    if (!r->brief || !sl_json_int(r->json, value, &v) || v < 0 || v > 1)
        return wrong(r, "has to be true or false");
    *out = v;
    return true;
}

static bool read_word(struct sl_fact_reader *r, int value, const struct sl_fact_field *f, int *out)
{
    const char *s = sl_json_string(r->json, value, NULL, NULL);
    char words[160] = "has to be one of";
    for (int i = 0; f->words[i]; i++) {
        if (s && !strcmp(s, f->words[i])) {
            *out = i;
            return true;
        }
        size_t n = strlen(words);
        snprintf(words + n, sizeof(words) - n, "%s %s", i ? "," : "", f->words[i]);
    }
    return wrong(r, words);
}

static const struct {
    const char *word;
    char letter;
    uint8_t bit;
} media[] = {{"text", 't', SL_MEDIA_TEXT},
             {"image", 'i', SL_MEDIA_IMAGE},
             {"pdf", 'p', SL_MEDIA_PDF},
             {"audio", 'a', SL_MEDIA_AUDIO},
             {"video", 'v', SL_MEDIA_VIDEO}};

static uint8_t medium(const char *word, size_t n)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(media); i++) {
        if ((n == 1 && *word == media[i].letter) ||
            sl_str_eq((struct sl_str){word, n}, media[i].word))
            return media[i].bit;
    }
    return 0;
}

/* A list of words; in the brief form, letters. */
static bool read_media(struct sl_fact_reader *r, int value, uint8_t *out)
{
    uint8_t all = 0;
    const char *letters = r->brief ? sl_json_string(r->json, value, NULL, NULL) : "";
    for (; letters && *letters; letters++)
        all |= medium(letters, 1);
    if (!r->brief && sl_json_type(r->json, value) != SL_JSON_ARRAY)
        return wrong(r, "has to be a list of text, image, pdf, audio, video");
    for (int k = r->brief ? -1 : sl_json_first(r->json, value); k >= 0;
         k = sl_json_next(r->json, value, k)) {
        const char *word = sl_json_string(r->json, k, NULL, NULL);
        uint8_t bit = word && word[0] && word[1] ? medium(word, strlen(word)) : 0;
        if (!bit)
            return wrong(r, "has to be a list of text, image, pdf, audio, video");
        all |= bit;
    }
    *out = all;
    return true;
}

static bool read_json(struct sl_fact_reader *r, int value, const char **out)
{
    if (sl_json_type(r->json, value) != SL_JSON_OBJECT)
        return wrong(r, "has to be a mapping");
    struct sl_str raw = sl_json_raw(r->json, value);
    *out = sl_arena_strndup(r->arena, raw.p, raw.n);
    return true;
}

/* ---- rows ---- */

static bool read_fields(struct sl_fact_reader *r, int object, const struct sl_fact_table *table,
                        void *to, bool top);

static bool read_rows(struct sl_fact_reader *r, int value, const struct sl_fact_field *f, char *to)
{
    const struct sl_fact_table *t = f->table;
    if (sl_json_type(r->json, value) != SL_JSON_ARRAY)
        return wrong(r, "has to be a list of mappings");
    size_t n = (size_t)sl_json_size(r->json, value), i = 0;
    if (n > MAX_LIST)
        return wrong(r, "is too long a list");
    char *list = sl_arena_zalloc(r->arena, (n + 1) * t->size);
    for (int k = sl_json_first(r->json, value); k >= 0; k = sl_json_next(r->json, value, k)) {
        char *row = list + i++ * t->size;
        if (t->preset)
            memcpy(row, t->preset, t->size);
        if (!read_fields(r, k, t, row, false))
            return false;
        sl_fact_fill(t, row);
    }
    memcpy(to + f->offset, &list, sizeof(list));
    memcpy(to + f->count_offset, &n, sizeof(n));
    return true;
}

static bool read_value(struct sl_fact_reader *r, int value, const struct sl_fact_field *f, char *to)
{
    void *at = to + f->offset;
    bool truth = false;
    switch (f->type) {
    case SL_FACT_TEXT:
        return read_text(r, value, at);
    case SL_FACT_ID:
        return read_id(r, value, at);
    case SL_FACT_TEXTS:
        return read_texts(r, value, at);
    case SL_FACT_DATE:
        return read_date(r, value, at);
    case SL_FACT_COUNT:
        return read_count(r, value, at);
    case SL_FACT_NUMBER:
        return read_number(r, value, at);
    case SL_FACT_DOLLARS:
        return read_dollars(r, value, at);
    case SL_FACT_FLAG:
        if (!read_truth(r, value, &truth))
            return false;
        *(int8_t *)at = truth;
        return true;
    case SL_FACT_BOOL:
        return read_truth(r, value, at);
    case SL_FACT_WORD:
        return read_word(r, value, f, at);
    case SL_FACT_MEDIA:
        return read_media(r, value, at);
    case SL_FACT_JSON:
        return read_json(r, value, at);
    case SL_FACT_ROW:
        return read_fields(r, value, f->table, at, false);
    case SL_FACT_ROWS:
        return read_rows(r, value, f, to);
    }
    return true;
}

static const struct sl_fact_field *find_field(const struct sl_fact_reader *r,
                                              const struct sl_fact_table *table, const char *key)
{
    for (size_t i = 0; i < table->n_fields; i++) {
        const char *name = r->brief ? table->fields[i].brief : table->fields[i].name;
        if (name && !strcmp(name, key))
            return &table->fields[i];
    }
    return NULL;
}

/* The field's name before what is wrong with it, outermost first. */
static bool blame(struct sl_fact_reader *r, const char *key, bool top)
{
    char why[sizeof(r->why)];
    if (top)
        sl_copy(r->key, sizeof(r->key), key);
    const char *joint = strncmp(r->why, "has ", 4) && strncmp(r->why, "is ", 3) ? "." : " ";
    snprintf(why, sizeof(why), "%.80s%s%.160s", key, joint, r->why);
    sl_copy(r->why, sizeof(r->why), why);
    return false;
}

static bool read_fields(struct sl_fact_reader *r, int object, const struct sl_fact_table *table,
                        void *to, bool top)
{
    if (sl_json_type(r->json, object) != SL_JSON_OBJECT)
        return wrong(r, "has to be a mapping");
    for (int k = sl_json_first(r->json, object); k >= 0; k = sl_json_next(r->json, object, k)) {
        const char *key = sl_json_string(r->json, k, NULL, NULL);
        const struct sl_fact_field *f = find_field(r, table, key);
        if (!f) {
            wrong(r, "is not known");
            return blame(r, key, top);
        }
        if (sl_json_type(r->json, k + 1) != SL_JSON_NULL && !read_value(r, k + 1, f, to))
            return blame(r, key, top);
    }
    return true;
}

bool sl_fact_read(struct sl_fact_reader *r, int object, const struct sl_fact_table *table, void *to)
{
    r->key[0] = r->why[0] = '\0';
    return read_fields(r, object, table, to, true);
}

void sl_fact_fill(const struct sl_fact_table *table, void *row)
{
    for (size_t i = 0; i < table->n_fields; i++) {
        const struct sl_fact_field *f = &table->fields[i];
        void *at = (char *)row + f->offset;
        const char **text = at;
        const char *const **texts = at;
        if ((f->type == SL_FACT_TEXT || f->type == SL_FACT_ID || f->type == SL_FACT_JSON) && !*text)
            *text = "";
        if (f->type == SL_FACT_TEXTS && !*texts)
            *texts = no_texts;
        if (f->type == SL_FACT_ROW)
            sl_fact_fill(f->table, at);
    }
}
