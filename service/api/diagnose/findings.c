/* Gathering findings. */
#include "api/diagnose/findings.h"

#include <stdlib.h>
#include <string.h>

struct sl_finding_entry {
    enum sl_finding code;
    const char *subject, *message, *remedy;
    size_t place;
};

static const struct {
    const char *name, *topic;
    Sluice__V1__Finding__Level level;
} table[] = {
#define ROW(name, level, topic) {#name, topic, SLUICE__V1__FINDING__LEVEL__LEVEL_##level},
    SL_FINDINGS(ROW)
#undef ROW
};

const char *sl_finding_name(enum sl_finding code)
{
    return table[code].name;
}

void sl_findings_init(struct sl_findings *f, struct sl_arena *arena)
{
    *f = (struct sl_findings){.arena = arena};
}

static void append(struct sl_findings *f, const struct sl_finding_entry *entry)
{
    if (f->n == f->cap) {
        size_t cap = f->cap ? 2 * f->cap : 32;
        struct sl_finding_entry *list = sl_arena_alloc(f->arena, cap * sizeof(*list));
        if (f->n)
            memcpy(list, f->list, f->n * sizeof(*list));
        f->list = list;
        f->cap = cap;
    }
    f->list[f->n] = *entry;
    f->list[f->n].place = f->n;
    f->n++;
}

void sl_findings_add(struct sl_findings *f, enum sl_finding code, const char *subject,
                     const char *message, const char *remedy)
{
    if (++f->seen[code] > SL_FINDINGS_OF_A_CODE)
        return;
    append(f, &(struct sl_finding_entry){code, subject, message, remedy, 0});
}

size_t sl_findings_count(const struct sl_findings *f, enum sl_finding first, enum sl_finding last)
{
    size_t n = 0;
    for (size_t i = first; i <= (size_t)last; i++)
        n += f->seen[i];
    return n;
}

void sl_findings_copy(struct sl_findings *to, const struct sl_findings *from)
{
    for (size_t i = 0; i < from->n; i++) {
        const struct sl_finding_entry *e = &from->list[i];
        append(to, &(struct sl_finding_entry){e->code, sl_arena_strdup(to->arena, e->subject),
                                              sl_arena_strdup(to->arena, e->message),
                                              sl_arena_strdup(to->arena, e->remedy), 0});
    }
    for (size_t i = 0; i < SL_FINDING_COUNT; i++)
        to->seen[i] += from->seen[i];
}

static int compare(const void *a, const void *b)
{
    const struct sl_finding_entry *x = a, *y = b;
    if (strcmp(table[x->code].topic, table[y->code].topic) != 0)
        return x->code < y->code ? -1 : 1; /* topics do not mix in the table */
    if (table[x->code].level != table[y->code].level)
        return table[x->code].level > table[y->code].level ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

static void count_rest(struct sl_findings *f)
{
    for (size_t i = 0; i < SL_FINDING_COUNT; i++) {
        if (f->seen[i] > SL_FINDINGS_OF_A_CODE)
            append(f,
                   &(struct sl_finding_entry){(enum sl_finding)i, "",
                                              sl_arena_printf(f->arena, "and %zu more like these",
                                                              f->seen[i] - SL_FINDINGS_OF_A_CODE),
                                              "", 0});
    }
}

static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

Sluice__V1__DiagnoseResponse *sl_findings_response(struct sl_findings *f)
{
    Sluice__V1__DiagnoseResponse *r = SL_ARENA_NEW(f->arena, Sluice__V1__DiagnoseResponse);
    sluice__v1__diagnose_response__init(r);
    count_rest(f);
    r->findings = sl_arena_zalloc(f->arena, (f->n + 1) * sizeof(*r->findings));
    if (f->n)
        qsort(f->list, f->n, sizeof(*f->list), compare);
    for (size_t i = 0; i < f->n; i++) {
        const struct sl_finding_entry *e = &f->list[i];
        Sluice__V1__Finding *out = SL_ARENA_NEW(f->arena, Sluice__V1__Finding);
        sluice__v1__finding__init(out);
        out->level = table[e->code].level;
        out->topic = text(table[e->code].topic);
        out->code = text(table[e->code].name);
        out->subject = text(e->subject);
        out->message = text(e->message);
        out->remedy = text(e->remedy);
        r->findings[r->n_findings++] = out;
    }
    return r;
}
