/* What a follower is told: a client that keeps what it hears has in the end what is there, however the messages and the
 * changes fall. */
#include "api/watch_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "config/load.h"
#include "registry/difference.h"
#include "registry/load.h"

enum { RING = 64 };

static const char *const all[] = {NULL};
static const char *const only_a[] = {"a*", NULL};
static const struct sl_tier open_tier = {.name = "", .models = all};
static const struct sl_tier a_tier = {.name = "", .models = only_a};
static const struct sl_principal everybody = {
    .id = "u", .name = "u", .tier = "", .rights = &open_tier};
static const struct sl_principal narrow = {.id = "u", .name = "u", .tier = "", .rights = &a_tier};

struct scene {
    struct sl_registry *registry;
    struct sl_change_ring ring;
    int64_t revision;
    struct sl_watch_view view;
    char told[2048]; /* the events: "+a ~b -c" */
    char held[64];   /* names of one letter that the client has: a bit map by letter */
    char token[256];
};

static struct sl_watch_source source(const struct scene *s)
{
    return (struct sl_watch_source){
        .registry = s->registry, .ring = &s->ring, .revision = s->revision, .run = "run"};
}

/* names: a model for each letter; an upper case letter is the model of the lower case one, changed. */
static struct sl_registry *make(const char *names)
{
    char text[4096] = "providers: [{id: box, kind: custom, base_url: 'http://h/v1'}]\nmodels:\n";
    struct sl_config *config = NULL;
    struct sl_registry *r = NULL;
    struct sl_err err = {0};
    size_t n = strlen(text);
    for (; *names; names++)
        n += (size_t)snprintf(text + n, sizeof(text) - n,
                              "  - {name: %c, provider: box, description: '%c'}\n", *names | 32,
                              *names);
    if (sl_config_parse("s.yaml", text, n, &config, &err) ||
        sl_registry_create(&(struct sl_registry_sources){.config = config}, &r, &err))
        fail_msg("%s", err.text);
    sl_config_destroy(config);
    return r;
}

static void on_models(void *owner, const struct sl_model *was, const struct sl_model *is)
{
    struct scene *s = owner;
    struct sl_model_change c = {.revision = s->revision, .only = ""};
    if (was && is && sl_model_is_same(was, is))
        return;
    c.key = sl_model_key(is ? is : was);
    c.was = was ? sl_model_outline(was) : NULL;
    sl_change_ring_add(&s->ring, &c);
}

/* The registry becomes that of these names. */
static void become(struct scene *s, const char *names)
{
    struct sl_registry *was = s->registry;
    s->registry = make(names);
    s->revision++;
    sl_registry_difference(was, s->registry, on_models, s);
    sl_registry_unref(was);
}

static void take(struct scene *s, const Sluice__V1__ModelEvent *e)
{
    static const char signs[] = "?{*}+~-!";
    size_t n = strlen(s->told);
    const char *name = e->model ? strchr(e->model->name, '/') + 1 : "";
    snprintf(s->told + n, sizeof(s->told) - n, "%s%c%s", n ? " " : "", signs[e->type], name);
    if (e->type == SLUICE__V1__MODEL_EVENT__TYPE__TYPE_SNAPSHOT_BEGIN)
        memset(s->held, 0, sizeof(s->held));
    else if (e->model)
        s->held[*name - 'a'] =
            e->type == SLUICE__V1__MODEL_EVENT__TYPE__TYPE_REMOVED ? 0 : *e->model->description;
}

/* One message; true: there is more. */
static bool next(struct scene *s)
{
    const struct sl_watch_source from = source(s);
    Sluice__V1__WatchModelsResponse out;
    struct sl_arena arena;
    sl_arena_init(&arena, SIZE_MAX);
    bool more = sl_watch_view_next(&s->view, &from, &arena, &out);
    for (size_t i = 0; i < out.n_events; i++)
        take(s, out.events[i]);
    snprintf(s->token, sizeof(s->token), "%s", out.resume_token);
    sl_arena_fini(&arena);
    return more;
}

static int compare_words(const void *a, const void *b)
{
    return memcmp(a, b, 2);
}

/* Words of two characters: changes of one revision come in no order. */
static void sort_words(char *text)
{
    char words[64][3];
    size_t n = 0;
    for (const char *at = text; *at; at += strcspn(at, " "), at += *at == ' ')
        snprintf(words[n++], sizeof(words[0]), "%.2s", at);
    qsort(words, n, sizeof(words[0]), compare_words);
    for (size_t i = 0; i < n; i++)
        memcpy(text + 3 * i, words[i], 2);
}

static void check_told(struct scene *s, const char *expected)
{
    char sorted[256];
    *s->told = '\0';
    while (next(s))
        ;
    snprintf(sorted, sizeof(sorted), "%s", expected);
    if (*expected != '{') {
        sort_words(s->told);
        sort_words(sorted);
    }
    assert_string_equal(s->told, sorted);
}

static void check_held(const struct scene *s, const char *names)
{
    char held[64] = {0};
    for (; *names; names++)
        held[(*names | 32) - 'a'] = *names;
    assert_memory_equal(s->held, held, sizeof(held));
}

static void begin(struct scene *s, const char *token, int64_t after)
{
    const struct sl_watch_source from = source(s);
    sl_watch_view_init(&s->view, &everybody, "", &from);
    sl_watch_view_resume(&s->view, &from, after, token);
}

static int set_up(void **state)
{
    static struct scene s;
    s = (struct scene){.registry = make("ab"), .revision = 5};
    sl_change_ring_init(&s.ring, RING, 5);
    begin(&s, "", 0);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    sl_watch_view_fini(&s->view);
    sl_change_ring_fini(&s->ring);
    sl_registry_unref(s->registry);
    return 0;
}

static void tells_a_snapshot_and_changes(void **state)
{
    struct scene *s = *state;
    check_told(s, "{ *a *b }");
    check_told(s, "");
    become(s, "aBc");
    check_told(s, "~b +c");
    become(s, "c");
    check_told(s, "-a -b");
    check_held(s, "c");
}

static void tells_many_changes_as_one(void **state)
{
    struct scene *s = *state;
    check_told(s, "{ *a *b }");
    become(s, "aBc");
    become(s, "abcd");
    become(s, "aBd");
    become(s, "Aed");
    check_told(s, "-c +d ~a -b +e");
    check_held(s, "Aed");
    become(s, "aed");
    become(s, "Aed");
    check_told(s, "~a");
}

static void goes_on_behind_a_token(void **state)
{
    struct scene *s = *state;
    char token[256];
    check_told(s, "{ *a *b }");
    snprintf(token, sizeof(token), "%s", s->token);
    become(s, "aBc");
    sl_watch_view_fini(&s->view);
    begin(s, token, 0);
    check_told(s, "~b +c");
    sl_watch_view_fini(&s->view);
    begin(s, "", 5);
    check_told(s, "~b +c");
    static const struct {
        const char *token;
        int64_t after;
    } unknown[] = {{"", 4}, {"", 7}, {"other.0.5.0", 0}, {"run.0.5.0", 0}, {"run.", 0}, {"run", 0}};
    for (size_t i = 0; i < SL_ARRAY_LEN(unknown); i++) {
        sl_watch_view_fini(&s->view);
        begin(s, unknown[i].token, unknown[i].after);
        check_told(s, "{ *a *b *c }");
    }
}

static void tells_a_change_of_rights(void **state)
{
    struct scene *s = *state;
    check_told(s, "{ *a *b }");
    char *token = sl_strdup(s->token);
    struct sl_watch_source from = source(s);
    sl_watch_view_rights(&s->view, &from, &narrow);
    check_told(s, "-b");
    become(s, "abc");
    check_told(s, "");
    from = source(s);
    sl_watch_view_rights(&s->view, &from, &everybody);
    become(s, "bcd"); /* before it was told */
    check_told(s, "+b +c +d -a +d");
    check_held(s, "bcd");
    from = source(s);
    sl_watch_view_fini(&s->view);
    sl_watch_view_init(&s->view, &narrow, "", &from);
    sl_watch_view_resume(&s->view, &from, 0, token); /* of other rights */
    check_told(s, "{ }");
    sl_free(token);
}

/* Rights that change before the change before was told: from the start. */
static void begins_anew_where_rights_change_twice(void **state)
{
    struct scene *s = *state;
    check_told(s, "{ *a *b }");
    const struct sl_watch_source from = source(s);
    sl_watch_view_rights(&s->view, &from, &narrow);
    sl_watch_view_rights(&s->view, &from, &everybody);
    check_told(s, "{ *a *b }");
}

static void begins_anew_where_changes_are_forgotten(void **state)
{
    struct scene *s = *state;
    check_told(s, "{ *a *b }");
    for (int i = 0; i <= RING / 2; i++)
        become(s, i % 2 ? "ab" : "cd");
    check_told(s, "{ *c *d }");
    check_held(s, "cd");
}

/* Whatever happens between two messages, the client has what is there when it is up to date. */
static void ends_up_with_what_is_there(void **state)
{
    struct scene *s = *state;
    uint32_t random = 4711;
    for (int round = 0; round < 400; round++) {
        char names[32];
        size_t n = 0;
        random = random * 1664525 + 1013904223;
        for (unsigned i = 0; i < 8; i++) {
            unsigned bits = random >> (8 + 2 * i) & 3;
            if (bits)
                names[n++] = (char)((bits == 3 ? 'A' : 'a') + (int)i);
        }
        names[n] = '\0';
        become(s, names);
        if (random >> 28 > 9) /* not each time */
            continue;
        *s->told = '\0';
        while (next(s))
            ;
        check_held(s, names);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_a_snapshot_and_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_many_changes_as_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(goes_on_behind_a_token, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_a_change_of_rights, set_up, tear_down),
        cmocka_unit_test_setup_teardown(begins_anew_where_rights_change_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(begins_anew_where_changes_are_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ends_up_with_what_is_there, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
