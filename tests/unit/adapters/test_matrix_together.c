/* The matrix, fields together: any two settings of a request that offers two functions, and all of them at once. What one
 * setting makes of another is said: a field that is sent alone and not beside another one is warned about or refused. */
#include "matrix_rules.h"

#include <stdio.h>
#include <string.h>

enum { MAX_SETTINGS = 128, MAX_COMPLAINTS = 50 };

struct setting {
    struct matrix_path path;
    int value;
};

struct together {
    const struct sl_adapter *adapter;
    const char *model_id;
    struct setting settings[MAX_SETTINGS]; /* every field but those of messages and tools */
    size_t n;
    unsigned complaints, builds;
};

static void add_setting(void *owner, const struct matrix_path *path)
{
    struct together *t = owner;
    const ProtobufCFieldDescriptor *f = path->step[path->n - 1].field;

    if (!strcmp(path->step[0].field->name, "messages") ||
        !strcmp(path->step[0].field->name, "tools") || matrix_is_consumed(path) ||
        f->type == PROTOBUF_C_TYPE_MESSAGE)
        return;
    for (int value = 1; value <= matrix_values(path); value++) {
        if (value > 1 && f->type != PROTOBUF_C_TYPE_ENUM)
            break;
        assert_true(t->n < MAX_SETTINGS);
        t->settings[t->n++] = (struct setting){*path, value};
    }
}

static const ProtobufCFieldDescriptor *top(const struct setting *s)
{
    return s->path.step[0].field;
}

/* Copies one field of the request. */
static void take(Sluice__V1__CompleteRequest *to, const Sluice__V1__CompleteRequest *from,
                 const ProtobufCFieldDescriptor *f)
{
    static const size_t size[] = {
        [PROTOBUF_C_TYPE_DOUBLE] = sizeof(double),
        [PROTOBUF_C_TYPE_INT64] = sizeof(int64_t),
        [PROTOBUF_C_TYPE_INT32] = sizeof(int32_t),
        [PROTOBUF_C_TYPE_BOOL] = sizeof(protobuf_c_boolean),
        [PROTOBUF_C_TYPE_STRING] = sizeof(char *),
        [PROTOBUF_C_TYPE_MESSAGE] = sizeof(void *),
    };
    bool list = f->label == PROTOBUF_C_LABEL_REPEATED;
    size_t n = list ? sizeof(void *) : size[f->type];

    assert_true(n > 0);
    memcpy((char *)to + f->offset, (const char *)from + f->offset, n);
    if (list || f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        memcpy((char *)to + f->quantifier_offset, (const char *)from + f->quantifier_offset,
               list ? sizeof(size_t) : sizeof(uint32_t));
}

/* Puts a setting into the request. value 0: as if it were not set. */
static void put(struct together *t, struct kit *k, const struct setting *s, int value)
{
    struct matrix_case c = {&s->path, SLUICE__V1__ROLE__ROLE_USER, value, 0, t->adapter->name};
    size_t index;
    const Sluice__V1__CompleteRequest *from = matrix_request(&k->arena, &c, &index);

    if (!k->request.n_messages) {
        k->request.messages = from->messages;
        k->request.n_messages = from->n_messages;
        kit_function(k, "f", "{\"type\":\"object\"}");
        kit_function(k, "g", "{\"type\":\"object\"}");
    }
    take(&k->request, from, top(s));
}

static void complain(struct together *t, const struct setting *a, const struct setting *b,
                     const struct matrix_outcome *o, const char *what)
{
    char name[MATRIX_NAME], other[MATRIX_NAME] = "all others";

    matrix_name(&a->path, name);
    if (b)
        matrix_name(&b->path, other);
    if (t->complaints++ < MAX_COMPLAINTS)
        print_error("%s/%s %s: %s=%d beside %s=%d: %s: %s\n", t->adapter->name, t->adapter->api,
                    t->model_id, name, a->value, other, b ? b->value : 0, what, o->err.text);
}

static bool needs_no_word(const struct together *t, const struct setting *s)
{
    return matrix_is_idle(t->adapter->name, &s->path) ||
           matrix_is_default(t->adapter->name, &s->path, s->value);
}

/* Settings that say nothing beside another one. */
static const struct {
    const char *name, *beside;
    int value; /* of the other one */
    const char *why;
} moot[] = {
    {"parallel_tool_calls", "tool_choice.mode", 2, "no tool may be called"},
    {"logprobs", "top_logprobs", 1, "which implies it"},
};

/* b NULL: beside all others. */
static bool is_moot(const struct setting *a, const struct setting *b)
{
    char name[MATRIX_NAME], other[MATRIX_NAME] = "";

    matrix_name(&a->path, name);
    if (b)
        matrix_name(&b->path, other);
    for (size_t i = 0; i < SL_ARRAY_LEN(moot); i++)
        if (!strcmp(moot[i].name, name) &&
            (!b || (!strcmp(moot[i].beside, other) && moot[i].value == b->value)))
            return true;
    return false;
}

/* ---- two ---- */

static void build_pair(struct together *t, struct kit *k, const struct setting *a, int value,
                       const struct setting *b, struct matrix_outcome *out)
{
    sluice__v1__complete_request__init(&k->request);
    put(t, k, b, b->value);
    put(t, k, a, value);
    matrix_build_request(k, out);
    t->builds++;
}

static void try_pair(struct together *t, const struct setting *a, const struct setting *b)
{
    struct matrix_outcome both, one;
    char name[MATRIX_NAME], other[MATRIX_NAME];
    struct kit k;

    matrix_open_kit(&k, t->adapter, t->model_id);
    matrix_field(&a->path, 0, name);
    matrix_field(&b->path, 0, other);
    build_pair(t, &k, a, a->value, b, &both);
    if (!both.built) {
        if (!matrix_refuses(&both, name) && !matrix_refuses(&both, other))
            complain(t, a, b, &both, "refused without a name");
    } else if (!matrix_warns_about(&both, &a->path) && !needs_no_word(t, a) && !is_moot(a, b)) {
        build_pair(t, &k, a, 0, b, &one);
        if (one.built && !strcmp(one.sent, both.sent))
            complain(t, a, b, &both, "lost in silence");
    }
    kit_fini(&k);
}

static void try_pairs(void *owner, const struct sl_adapter *adapter, const char *model_id)
{
    struct together *t = owner;

    t->adapter = adapter;
    t->model_id = model_id;
    for (size_t a = 0; a < t->n; a++)
        for (size_t b = 0; b < t->n; b++)
            if (top(&t->settings[a]) != top(&t->settings[b]))
                try_pair(t, &t->settings[a], &t->settings[b]);
}

static void two_fields_do_not_hide_each_other(void **state)
{
    struct together t = {0};

    (void)state;
    matrix_walk(add_setting, &t);
    matrix_visit_models(try_pairs, &t);
    print_message("%u requests built\n", t.builds);
    assert_int_equal(t.complaints, 0);
}

/* ---- all ---- */

/* One value of each top-level field, but for those named in left_out. */
static void build_all(struct together *t, struct kit *k, const char *left_out,
                      const struct setting *without, struct matrix_outcome *out)
{
    sluice__v1__complete_request__init(&k->request);
    for (size_t i = 0; i < t->n; i++) {
        const struct setting *s = &t->settings[i];
        if (!strstr(left_out, top(s)->name))
            put(t, k, s, s == without ? 0 : s->value);
    }
    matrix_build_request(k, out);
    t->builds++;
}

/* Leaves out what is refused by name, until the request is sent. */
static const char *find_sendable(struct together *t, struct kit *k, struct matrix_outcome *out)
{
    const char *left_out = "";

    for (int tries = 0; tries < 16; tries++) {
        build_all(t, k, left_out, NULL, out);
        if (out->built)
            return left_out;
        const char *field = out->refused.count ? out->refused.list[0].field : out->err.field;
        assert_true(field[0] != '\0');
        left_out =
            sl_arena_printf(&k->arena, "%s %.*s", left_out, (int)strcspn(field, ".["), field);
    }
    fail_msg("%s/%s refuses everything:%s", t->adapter->name, t->adapter->api, left_out);
    return left_out;
}

static void try_all(void *owner, const struct sl_adapter *adapter, const char *model_id)
{
    struct together *t = owner;
    struct matrix_outcome all, less;
    struct kit k;

    t->adapter = adapter;
    t->model_id = model_id;
    matrix_open_kit(&k, adapter, model_id);
    const char *left_out = find_sendable(t, &k, &all);
    for (size_t i = 0; i < t->n; i++) {
        const struct setting *s = &t->settings[i];
        bool last = i + 1 == t->n || top(s) != top(&t->settings[i + 1]);
        if (!last || strstr(left_out, top(s)->name) || needs_no_word(t, s) || is_moot(s, NULL) ||
            matrix_warns_about(&all, &s->path))
            continue;
        build_all(t, &k, left_out, s, &less);
        if (less.built && !strcmp(less.sent, all.sent))
            complain(t, s, NULL, &all, "lost in silence");
    }
    kit_fini(&k);
}

static void everything_in_one_request(void **state)
{
    struct together t = {0};

    (void)state;
    matrix_walk(add_setting, &t);
    matrix_visit_models(try_all, &t);
    assert_int_equal(t.complaints, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_fields_do_not_hide_each_other),
        cmocka_unit_test(everything_in_one_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
