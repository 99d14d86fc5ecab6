/* Filters of the audit log. */
#include "api/access/audit_filter.h"

#include <string.h>

#include "base/str.h"

static const char *const field_names[] = {
    [SL_AUDIT_ACTOR] = "actor",
    [SL_AUDIT_ACTION] = "action",
    [SL_AUDIT_RESOURCE] = "resource",
    [SL_AUDIT_RESOURCE_ID] = "resource_id",
    [SL_AUDIT_RESOURCE_NAME] = "resource_name",
    [SL_AUDIT_TIME] = "time",
};

struct parser {
    const char *text, *at;
    struct sl_arena *arena;
    struct sl_audit_filter *out;
    struct sl_err *err;
};

static enum sl_code fail(struct parser *p, const char *what)
{
    return sl_err_field(p->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "filter",
                        "the filter has %s at character %zu", what, (size_t)(p->at - p->text) + 1);
}

static void skip_spaces(struct parser *p)
{
    p->at += strspn(p->at, " \t\r\n");
}

static struct sl_str take_word(struct parser *p)
{
    const char *start = p->at;
    p->at += strspn(p->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
    return (struct sl_str){start, (size_t)(p->at - start)};
}

static enum sl_code take_field(struct parser *p, enum sl_audit_field *out)
{
    const char *start = p->at;
    struct sl_str word = take_word(p);
    for (size_t i = 0; i < SL_ARRAY_LEN(field_names); i++) {
        if (sl_str_eq(word, field_names[i])) {
            *out = (enum sl_audit_field)i;
            skip_spaces(p);
            return SL_OK;
        }
    }
    p->at = start;
    return fail(p, "no field (actor, action, resource, resource_id, resource_name, time)");
}

/* '=', '!' for "!=", '<' or '>'. */
static enum sl_code take_operator(struct parser *p, bool is_time, char *out)
{
    size_t n = !strncmp(p->at, "!=", 2) ? 2 : 1;
    if (!*p->at || !strchr(is_time ? "<>" : "=!", *p->at) || (*p->at == '!' && n == 1))
        return fail(p, is_time ? "no '<' or '>'" : "no '=' or '!='");
    *out = *p->at;
    p->at += n;
    skip_spaces(p);
    return SL_OK;
}

static enum sl_code take_quoted(struct parser *p, const char **out)
{
    char *value = sl_arena_alloc(p->arena, strlen(p->at) + 1);
    size_t n = 0;
    for (p->at++; *p->at && *p->at != '"'; p->at++) {
        if (*p->at == '\\' && p->at[1])
            p->at++;
        value[n++] = *p->at;
    }
    if (*p->at != '"')
        return fail(p, "an open quote");
    p->at++;
    value[n] = '\0';
    *out = value;
    return SL_OK;
}

static enum sl_code take_value(struct parser *p, const char **out)
{
    size_t n = strcspn(p->at, " \t\r\n\"");
    if (*p->at == '"')
        return take_quoted(p, out);
    if (!n)
        return fail(p, "no value");
    *out = sl_arena_strndup(p->arena, p->at, n);
    p->at += n;
    return SL_OK;
}

/* ---- times ---- */

/* Days since 1970-01-01 in the Gregorian calendar; years from March, so that the leap day is the last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return 365 * y + y / 4 - y / 100 + y / 400 + of_year - 719468;
}

/* Reads so many digits at text + at. */
static bool digits(const char *text, size_t at, size_t n, int64_t *out)
{
    return strspn(text + at, "0123456789") >= n && sl_parse_i64((struct sl_str){text + at, n}, out);
}

static int64_t days_in(int64_t year, int64_t month)
{
    return days_of(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) -
           days_of(year, month, 1);
}

/* "2026-03-31" and perhaps "T12:00:00Z". */
static bool parse_date(const char *text, int64_t *ms)
{
    int64_t year, month, day, hour = 0, minute = 0, second = 0;
    size_t n = strlen(text);
    if ((n != 10 && n != 20) || text[4] != '-' || text[7] != '-' || !digits(text, 0, 4, &year) ||
        !digits(text, 5, 2, &month) || !digits(text, 8, 2, &day))
        return false;
    if (n == 20 && (text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != 'Z' ||
                    !digits(text, 11, 2, &hour) || !digits(text, 14, 2, &minute) ||
                    !digits(text, 17, 2, &second)))
        return false;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_in(year, month) ||
        hour > 23 || minute > 59 || second > 59)
        return false;
    *ms = ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60000 + second * 1000;
    return true;
}

static enum sl_code set_time(struct parser *p, char op, const char *value)
{
    struct sl_audit_filter *f = p->out;
    int64_t ms = 0;
    if (!parse_date(value, &ms) && (!sl_parse_i64(sl_str(value), &ms) || ms < 0))
        return fail(p, "a time that is none before this place (2026-03-31, or milliseconds)");
    if (op == '<' && (!f->to_ms || ms < f->to_ms))
        f->to_ms = ms ? ms : 1;
    if (op == '>' && ms < INT64_MAX && ms + 1 > f->from_ms)
        f->from_ms = ms + 1;
    return SL_OK;
}

/* ---- conditions ---- */

static enum sl_code take_condition(struct parser *p)
{
    enum sl_audit_field field = SL_AUDIT_ACTOR;
    const char *value = NULL;
    char op = 0;
    if (take_field(p, &field) || take_operator(p, field == SL_AUDIT_TIME, &op) ||
        take_value(p, &value))
        return p->err->code;
    if (field == SL_AUDIT_TIME)
        return set_time(p, op, value);
    if (p->out->n == SL_AUDIT_CONDITIONS)
        return fail(p, "too many conditions");
    p->out->list[p->out->n++] = (struct sl_audit_condition){field, op == '!', value};
    return SL_OK;
}

enum sl_code sl_audit_filter_parse(const char *text, struct sl_arena *arena,
                                   struct sl_audit_filter *out, struct sl_err *err)
{
    struct parser p = {text, text, arena, out, err};
    *out = (struct sl_audit_filter){0};
    if (strlen(text) > SL_AUDIT_FILTER_MAX)
        return fail(&p, "more than 2048 bytes");
    skip_spaces(&p);
    while (*p.at) {
        if (take_condition(&p))
            return err->code;
        skip_spaces(&p);
        if (!*p.at)
            break;
        const char *start = p.at;
        if (!sl_str_eq(take_word(&p), "AND") || !strspn(p.at, " \t\r\n")) {
            p.at = start;
            return fail(&p, "something else than AND");
        }
        skip_spaces(&p);
        if (!*p.at)
            return fail(&p, "no condition behind AND");
    }
    return SL_OK;
}

bool sl_audit_filter_allows(const struct sl_audit_filter *f,
                            const char *const fields[SL_AUDIT_TIME])
{
    for (size_t i = 0; i < f->n; i++) {
        const struct sl_audit_condition *c = &f->list[i];
        if (!strcmp(fields[c->field], c->value) == c->differs)
            return false;
    }
    return true;
}
