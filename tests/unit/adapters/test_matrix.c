/* The matrix: every field of CompleteRequest against every adapter and every API of it. Each field alone is sent (the
 * request differs from one without it, or from one with another value), or a warning names it, or the build refuses it
 * by name; where the caller says ON_UNSUPPORTED_FAIL, a warning about an unsupported parameter is a refusal. */
#include "matrix_rules.h"

#include <stdio.h>
#include <string.h>

enum { MAX_COMPLAINTS = 50 };

/* ---- the matrix ---- */

struct matrix {
    const struct sl_adapter *adapter;
    const char *model_id;
    unsigned complaints, builds;
};

static void complain(struct matrix *m, const struct matrix_case *c, const char *what,
                     const struct matrix_outcome *o)
{
    char name[MATRIX_NAME];

    matrix_name(c->path, name);
    if (m->complaints++ < MAX_COMPLAINTS)
        print_error("%s/%s %s, role %d, value %d, flavour %d, state of %s: %s: %s%s%s\n",
                    m->adapter->name, m->adapter->api, m->model_id, (int)c->role, c->value,
                    c->flavour, c->provider, name, what, *o->err.text ? ": " : "", o->err.text);
}

static void expect_refusal(struct matrix *m, struct kit *k, const struct matrix_case *c,
                           const struct matrix_outcome *warned)
{
    struct matrix_outcome o;
    const Sluice__V1__Warning *wish = matrix_first_wish(warned);

    matrix_build(k, c, true, &o);
    m->builds++;
    if (wish && o.built)
        complain(m, c, "a warning that is no refusal with ON_UNSUPPORTED_FAIL", warned);
    else if (wish && strcmp(o.err.field, wish->field) != 0 && !matrix_refuses(&o, wish->field))
        complain(m, c,
                 sl_arena_printf(&k->arena, "%s is refused, not %s", o.err.field, wish->field), &o);
    else if (!wish && !o.built)
        complain(m, c, "refused, though there was no such warning", &o);
}

static void try_value(struct matrix *m, struct kit *k, struct matrix_case c)
{
    struct matrix_outcome with, without, other;
    struct matrix_case none = c, another = c;
    char field[MATRIX_NAME];

    none.value = 0;
    another.value = c.value == 1 ? 2 : 1;
    matrix_build(k, &c, false, &with);
    matrix_field(c.path, with.index, field);
    matrix_build(k, &none, false, &without);
    m->builds += 2;
    if (!with.built) {
        bool refused_anyway = !without.built && !strcmp(without.err.text, with.err.text);
        if (!matrix_refuses(&with, field) && !refused_anyway)
            complain(m, &c, "refused without its name", &with);
        return;
    }
    expect_refusal(m, k, &c, &with);
    if (matrix_warns_about(&with, c.path))
        return;
    if (without.built ? strcmp(without.sent, with.sent) != 0 : matrix_values(c.path) == 1)
        return;
    if (!without.built && another.value <= matrix_values(c.path)) {
        matrix_build(k, &another, false, &other);
        m->builds++;
        if (!other.built || strcmp(other.sent, with.sent) != 0)
            return;
    }
    complain(m, &c, "lost in silence", &with);
}

static void try_role(struct matrix *m, const struct matrix_path *path, Sluice__V1__Role role)
{
    for (int flavour = 0; flavour < matrix_flavours(path); flavour++) {
        for (int value = 1; value <= matrix_values(path); value++) {
            struct matrix_case c = {path, role, value, flavour, m->adapter->name};
            struct kit k;
            if (matrix_is_default(m->adapter->name, path, value))
                continue;
            matrix_open_kit(&k, m->adapter, m->model_id);
            try_value(m, &k, c);
            c.provider = "another";
            if (matrix_flavours(path) > 1 && !flavour)
                try_value(m, &k, c);
            kit_fini(&k);
        }
    }
}

/* Who speaks: each role's message is another request, but that a developer may be the system. */
static void try_roles(struct matrix *m, const struct matrix_path *path)
{
    struct matrix_case c = {path, SLUICE__V1__ROLE__ROLE_USER, 0, 0, m->adapter->name};
    struct matrix_outcome said[SLUICE__V1__ROLE__ROLE_TOOL];
    struct kit k;

    matrix_open_kit(&k, m->adapter, m->model_id);
    for (c.value = SLUICE__V1__ROLE__ROLE_SYSTEM; c.value < SLUICE__V1__ROLE__ROLE_TOOL;
         c.value++) {
        struct matrix_outcome *o = &said[c.value];
        matrix_build(&k, &c, false, o);
        m->builds++;
        if (!o->built && !sl_starts_with(o->err.field, "messages"))
            complain(m, &c, "refused without its name", o);
        bool same_as_before = c.value == SLUICE__V1__ROLE__ROLE_DEVELOPER;
        for (int other = 1; other < c.value && o->built && !same_as_before; other++)
            if (said[other].built && !strcmp(said[other].sent, o->sent))
                complain(m, &c, "two roles are one", o);
    }
    kit_fini(&k);
}

static void on_path(void *owner, const struct matrix_path *path)
{
    struct matrix *m = owner;
    const char *first = path->step[0].field->name;

    if (matrix_is_consumed(path) || matrix_is_empty(path) ||
        matrix_is_idle(m->adapter->name, path) || (!strcmp(first, "messages") && path->n == 1))
        return;
    if (!matrix_is_of_message(path)) {
        try_role(m, path, SLUICE__V1__ROLE__ROLE_USER);
        return;
    }
    if (!strcmp(path->step[1].field->name, "role")) {
        try_roles(m, path);
        return;
    }
    for (int role = SLUICE__V1__ROLE__ROLE_SYSTEM; role <= SLUICE__V1__ROLE__ROLE_TOOL; role++)
        try_role(m, path, (Sluice__V1__Role)role);
}

static void try_model(void *owner, const struct sl_adapter *adapter, const char *model_id)
{
    struct matrix *total = owner;
    struct matrix m = {.adapter = adapter, .model_id = model_id};

    matrix_walk(on_path, &m);
    total->complaints += m.complaints;
    total->builds += m.builds;
}

static void nothing_is_lost(void **state)
{
    struct matrix total = {0};

    (void)state;
    matrix_visit_models(try_model, &total);
    print_message("%u requests built\n", total.builds);
    assert_int_equal(total.complaints, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
