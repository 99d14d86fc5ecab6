/* Preferences, as far as they are about models. */
#include "routing/wishes.h"

#include <string.h>

typedef bool in_list(const struct sl_preferences *p, const char *name);

/* "NAME" is the caller's own model where it has one of that name, "global/NAME" never is. */
static bool is_called(const struct sl_registry *r, const struct sl_principal *p,
                      const struct sl_model *m, const char *name, in_list *in)
{
    char global[sizeof("global/") + 128] = "global/";
    size_t n = strlen(name);
    if (in(p->preferences, name) && (*m->owner || !sl_registry_find_personal(r, p->id, name, NULL)))
        return true;
    if (*m->owner || n > sizeof(global) - sizeof("global/"))
        return false;
    memcpy(global + sizeof("global/") - 1, name, n + 1);
    return in(p->preferences, global);
}

static bool is_listed(const struct sl_registry *r, const struct sl_principal *p,
                      const struct sl_model *m, in_list *in)
{
    if (is_called(r, p, m, m->name, in))
        return true;
    for (const char *const *a = m->aliases; a && *a; a++) {
        if (is_called(r, p, m, *a, in))
            return true;
    }
    return false;
}

bool sl_wishes_hide(const struct sl_registry *r, const struct sl_principal *p,
                    const struct sl_model *m)
{
    return p->preferences && p->preferences->n_hidden && is_listed(r, p, m, sl_preferences_hides);
}

bool sl_wishes_favour(const struct sl_registry *r, const struct sl_principal *p,
                      const struct sl_model *m)
{
    return p->preferences && p->preferences->n_favourites &&
           is_listed(r, p, m, sl_preferences_favours);
}

/* A thousand tokens at N millionths of a dollar for a million of them are N billionths. */
int64_t sl_wishes_price(const struct sl_model *m)
{
    const struct sl_prices *p = &m->prices;
    if (!p->known || p->input < 0)
        return -1;
    return p->input + (p->output > 0 ? p->output : 0);
}

bool sl_wishes_too_dear(const struct sl_principal *p, const struct sl_model *m)
{
    return p->preferences && p->preferences->cost_ceiling_nanos &&
           sl_wishes_price(m) > p->preferences->cost_ceiling_nanos;
}

/* ---- priority ---- */

static int compare(double a, double b)
{
    return (a > b) - (a < b);
}

/* Known prices before unknown ones, then the lower one. */
static int compare_cost(const struct sl_model *a, const struct sl_model *b)
{
    int64_t x = sl_wishes_price(a), y = sl_wishes_price(b);
    if (x < 0 || y < 0)
        return (x >= 0) - (y >= 0);
    return (x < y) - (x > y);
}

static bool is_good_at(const struct sl_model *m, const char *task)
{
    for (const char *const *t = m->tasks; *task && t && *t; t++) {
        if (!strcmp(*t, task))
            return true;
    }
    return false;
}

/* No figure of quality holds across providers: what a model is said to be good at, whether it reasons, and what its
 * provider asks for it have to do. */
static int compare_quality(const char *task, const struct sl_model *a, const struct sl_model *b)
{
    int c = is_good_at(a, task) - is_good_at(b, task);
    if (!c)
        c = (a->cap_reasoning == 1) - (b->cap_reasoning == 1);
    return c ? c : compare((double)sl_wishes_price(a), (double)sl_wishes_price(b));
}

bool sl_wishes_prefer(const struct sl_principal *p, const char *task, const struct sl_model *a,
                      const struct sl_model *b)
{
    switch (p->preferences ? p->preferences->priority : SL_PRIORITY_NONE) {
    case SL_PRIORITY_COST:
        return compare_cost(a, b) > 0;
    case SL_PRIORITY_SPEED:
        return compare(a->speed, b->speed) > 0;
    case SL_PRIORITY_QUALITY:
        return compare_quality(task, a, b) > 0;
    default:
        return false;
    }
}
