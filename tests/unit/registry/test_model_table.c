/* Tables of models against a plain list: names, aliases, ids, order and counts after any edits, and
 * the same whatever way led there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "registry/model_table.h"

enum { IDS = 400, NAMES = 120 };

struct made {
    struct sl_registry_model entry;
    char name[16], alias[16], id[16];
    const char *aliases[2], *tiers[2];
};

static const struct sl_adapter kind = {.name = "kind"};
static const char *const owners[] = {"", "alice", "bob"};
static struct made *list[IDS]; /* what the table should hold, by id */
static int alive;

static void destroy(struct sl_counted *c)
{
    alive--;
    sl_free(SL_CONTAINER_OF(c, struct made, entry.counted));
}

static uint32_t next_random(void)
{
    static uint32_t state = 1;
    state = state * 1664525 + 1013904223;
    return state >> 8;
}

static struct made *make(unsigned id)
{
    struct made *d = SL_NEW(struct made);
    struct sl_model *m = &d->entry.model;
    sl_counted_init(&d->entry.counted, destroy);
    alive++;
    snprintf(d->id, sizeof(d->id), "id%03u", id);
    snprintf(d->name, sizeof(d->name), "n%03u", next_random() % NAMES);
    snprintf(d->alias, sizeof(d->alias), "n%03u", next_random() % NAMES);
    d->aliases[0] = next_random() % 2 ? d->alias : NULL;
    d->tiers[0] = next_random() % 4 ? NULL : "pro";
    m->id = d->id;
    m->name = d->name;
    m->owner = owners[id % 3];
    m->aliases = d->aliases;
    m->tiers = d->tiers;
    m->adapter = &kind;
    m->target.model_id = d->name;
    m->enabled = true;
    m->deleted_ms = next_random() % 8 ? 0 : 1;
    return d;
}

/* Who has the better claim: a name before an alias, then the lower id, which comes first here. */
static const struct made *holder(const char *owner, const char *name, bool *alias)
{
    for (int pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < IDS; i++) {
            const struct made *d = list[i];
            if (!d || d->entry.model.deleted_ms || strcmp(d->entry.model.owner, owner) != 0)
                continue;
            *alias = pass == 1;
            if (!strcmp(pass ? (d->aliases[0] ? d->alias : "") : d->name, name))
                return d;
        }
    }
    return NULL;
}

static int compare_made(const void *a, const void *b)
{
    const struct made *const *x = a, *const *y = b;
    int c = strcmp((*x)->name, (*y)->name);
    return c ? c : strcmp((*x)->id, (*y)->id);
}

static void compare_order(const struct sl_model_table *t, const char *owner)
{
    const struct made *sorted[IDS];
    size_t n = 0;
    struct sl_model_walk w;
    for (unsigned i = 0; i < IDS; i++) {
        if (list[i] && !strcmp(list[i]->entry.model.owner, owner))
            sorted[n++] = list[i];
    }
    if (n)
        qsort(sorted, n, sizeof(*sorted), compare_made);
    sl_model_table_walk(&w, t, owner, NULL);
    for (size_t i = 0; i < n; i++)
        assert_ptr_equal(sl_model_table_next(&w), &sorted[i]->entry.model);
    assert_null(sl_model_table_next(&w));
    if (!n)
        return;
    size_t from = next_random() % n;
    const struct sl_model_place behind = {sorted[from]->name, sorted[from]->id};
    sl_model_table_walk(&w, t, owner, &behind);
    for (size_t i = from + 1; i < n; i++)
        assert_ptr_equal(sl_model_table_next(&w), &sorted[i]->entry.model);
    assert_null(sl_model_table_next(&w));
}

static void compare_names(const struct sl_model_table *t, const char *owner)
{
    for (unsigned i = 0; i < NAMES; i++) {
        char name[16];
        bool alias = false, by_alias = false;
        snprintf(name, sizeof(name), "n%03u", i);
        const struct made *d = holder(owner, name, &alias);
        const struct sl_model *m = sl_model_table_find(t, owner, name, &by_alias);
        assert_ptr_equal(m, d ? &d->entry.model : NULL);
        if (m)
            assert_int_equal(by_alias, alias);
    }
}

static void compare_targets(const struct sl_model_table *t)
{
    for (unsigned i = 0; i < NAMES; i++) {
        char name[16];
        const struct made *first = NULL;
        snprintf(name, sizeof(name), "n%03u", i);
        for (unsigned k = 0; k < IDS && !first; k++) {
            if (list[k] && k % 3 == 0 && !list[k]->entry.model.deleted_ms && list[k]->tiers[0] &&
                !strcmp(list[k]->name, name))
                first = list[k];
        }
        const struct sl_map_slot *slot = sl_map_find(&t->targets, "kind", name);
        assert_ptr_equal(slot ? slot->value : NULL, first ? &first->entry.counted : NULL);
    }
}

static void compare(const struct sl_model_table *t)
{
    size_t global = 0, personal = 0;
    for (unsigned i = 0; i < IDS; i++) {
        char id[16];
        snprintf(id, sizeof(id), "id%03u", i);
        assert_ptr_equal(sl_model_table_get(t, id), list[i] ? &list[i]->entry.model : NULL);
        if (list[i] && !list[i]->entry.model.deleted_ms)
            ++*(i % 3 ? &personal : &global);
    }
    assert_int_equal(t->n_global, global);
    assert_int_equal(t->n_personal, personal);
    compare_targets(t);
    for (size_t i = 0; i < 3; i++) {
        compare_names(t, owners[i]);
        compare_order(t, owners[i]);
    }
}

static void holds_what_a_list_holds(void **state)
{
    struct sl_model_table now = {.n_global = 0};
    (void)state;
    for (int round = 0; round < 150; round++) {
        struct sl_model_table next = sl_model_table_copy(&now);
        for (unsigned i = 0; i < 1 + next_random() % 12; i++) {
            unsigned id = next_random() % IDS;
            char text[16];
            snprintf(text, sizeof(text), "id%03u", id);
            if (next_random() % 4) {
                list[id] = make(id);
                sl_model_table_put(&next, &list[id]->entry);
            } else {
                list[id] = NULL;
                sl_model_table_remove(&next, text);
            }
        }
        sl_model_table_publish(&next);
        sl_model_table_fini(&now);
        now = next;
        compare(&now);
    }
    sl_model_table_fini(&now);
    assert_int_equal(alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_a_list_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
