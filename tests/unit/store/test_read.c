/* Reading: filters, order, pages. */
#include "unit/store/scene.h"

#include <stdio.h>
#include <string.h>

static void add_models(struct scene *s)
{
    static const struct {
        const char *name, *region;
        int64_t context;
    } rows[] = {{"alpha", "eu", 30}, {"beta", "us", 10},   {"alphabet", "eu", 10},
                {"gamma", "", 20},   {"a%pha_", "EU", 10}, {"Alpha", "us", 20}};
    struct sl_tx *tx = scene_admin(s);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_row *row = scene_row(s, SL_TABLE_MODELS, NULL, rows[i].name);
        sl_row_set_text(row, SL_MODELS_REGION, rows[i].region);
        sl_row_set_int(row, SL_MODELS_CONTEXT_TOKENS, rows[i].context);
        if (i % 2)
            sl_row_set_real(row, SL_MODELS_TOP_P, 0.5);
        EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    }
    scene_commit(tx);
}

static const char *names_of(struct scene *s, const struct sl_query *query)
{
    struct sl_rows rows = {NULL, 0};
    char *text = sl_arena_strdup(&s->arena, "");
    struct sl_tx *tx = scene_reads(s, NULL);
    EXPECT_OK(sl_tx_list(tx, query, &s->arena, &rows, &s->err));
    int64_t count = -1;
    EXPECT_OK(sl_tx_count(tx, query, &count, &s->err));
    if (!query->limit && !query->after_id)
        assert_int_equal(count, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        text = sl_arena_printf(&s->arena, "%s%s,", text, sl_row_text(rows.list[i], SL_COL_NAME));
    scene_commit(tx);
    return text;
}

#define TEXT(t)                                                                                    \
    {                                                                                              \
        .type = SL_VALUE_TEXT, .as.s = { t, sizeof(t) - 1 }                                        \
    }
#define INT(n)                                                                                     \
    {                                                                                              \
        .type = SL_VALUE_INT, .as.i = n                                                            \
    }

static void filters(void **state)
{
    static const struct {
        struct sl_filter f;
        const char *names;
    } rows[] = {
        {{SL_COL_NAME, SL_EQUAL, TEXT("beta")}, "beta,"},
        {{SL_COL_NAME, SL_NOT_EQUAL, TEXT("beta")}, "Alpha,a%pha_,alpha,alphabet,gamma,"},
        {{SL_COL_NAME, SL_PREFIX, TEXT("alpha")}, "alpha,alphabet,"},
        {{SL_COL_NAME, SL_PREFIX, TEXT("a%")}, "a%pha_,"},
        {{SL_COL_NAME, SL_CONTAINS, TEXT("pha")}, "Alpha,a%pha_,alpha,alphabet,"},
        {{SL_COL_NAME, SL_CONTAINS, TEXT("' OR 1=1")}, ""},
        {{SL_MODELS_REGION, SL_EQUAL, TEXT("eu")}, "alpha,alphabet,"},
        {{SL_MODELS_CONTEXT_TOKENS, SL_LESS, INT(20)}, "a%pha_,alphabet,beta,"},
        {{SL_MODELS_CONTEXT_TOKENS, SL_LESS_EQUAL, INT(20)}, "Alpha,a%pha_,alphabet,beta,gamma,"},
        {{SL_MODELS_CONTEXT_TOKENS, SL_GREATER, INT(20)}, "alpha,"},
        {{SL_MODELS_CONTEXT_TOKENS, SL_GREATER_EQUAL, INT(20)}, "Alpha,alpha,gamma,"},
        {{SL_MODELS_TOP_P, SL_IS_NULL, INT(0)}, "a%pha_,alpha,alphabet,"},
        {{SL_MODELS_TOP_P, SL_NOT_NULL, INT(0)}, "Alpha,beta,gamma,"},
        {{SL_MODELS_ENABLED, SL_EQUAL, {.type = SL_VALUE_BOOL, .as.b = false}}, ""},
    };
    struct scene *s = *state;
    add_models(s);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_query query = {
            .table = SL_TABLE_MODELS, .filters = &rows[i].f, .n_filters = 1, .order = SL_COL_NAME};
        if (strcmp(names_of(s, &query), rows[i].names) != 0)
            fail_msg("row %zu: %s", i, names_of(s, &query));
    }
}

static void refuses_other_queries(void **state)
{
    static const struct {
        struct sl_filter f;
        unsigned order;
    } rows[] = {
        {{SL_MODELS_COLUMNS, SL_EQUAL, TEXT("")}, SL_COL_ID},
        {{SL_MODELS_LAST_USED_MS, SL_EQUAL, INT(0)}, SL_COL_ID},
        {{SL_MODELS_HEADERS_SECRET, SL_EQUAL, {.type = SL_VALUE_BYTES}}, SL_COL_ID},
        {{SL_MODELS_CONTEXT_TOKENS, SL_PREFIX, TEXT("1")}, SL_COL_ID},
        {{SL_MODELS_CONTEXT_TOKENS, SL_EQUAL, TEXT("1")}, SL_COL_ID},
        {{SL_COL_NAME, SL_EQUAL, TEXT("a")}, SL_MODELS_TOP_P},
        {{SL_COL_NAME, SL_EQUAL, TEXT("a")}, SL_MODELS_LAST_USED_MS},
        {{SL_COL_NAME, SL_EQUAL, TEXT("a")}, SL_MODELS_COLUMNS},
    };
    struct scene *s = *state;
    struct sl_tx *tx = scene_reads(s, NULL);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_rows none = {NULL, 0};
        struct sl_query query = {.table = SL_TABLE_MODELS,
                                 .filters = &rows[i].f,
                                 .n_filters = 1,
                                 .order = rows[i].order};
        EXPECT_ERROR(sl_tx_list(tx, &query, &s->arena, &none, &s->err), SL_INVALID_ARGUMENT,
                     SL_REASON_INVALID_REQUEST);
    }
    scene_commit(tx); /* and the transaction goes on */
}

/* Page by page, whatever the order, every row comes once. */
static void pages(void **state)
{
    static const struct {
        unsigned order;
        bool descending;
        const char *names;
    } rows[] = {
        {SL_COL_NAME, false, "Alpha,a%pha_,alpha,alphabet,beta,gamma,"},
        {SL_COL_NAME, true, "gamma,beta,alphabet,alpha,a%pha_,Alpha,"},
        {SL_COL_ID, false, "alpha,beta,alphabet,gamma,a%pha_,Alpha,"},
        {SL_MODELS_CONTEXT_TOKENS, false, "beta,alphabet,a%pha_,gamma,Alpha,alpha,"},
        {SL_MODELS_CONTEXT_TOKENS, true, "alpha,Alpha,gamma,a%pha_,alphabet,beta,"},
    };
    struct scene *s = *state;
    add_models(s);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_query query = {.table = SL_TABLE_MODELS,
                                 .order = rows[i].order,
                                 .descending = rows[i].descending,
                                 .limit = 2};
        char *text = sl_arena_strdup(&s->arena, "");
        struct sl_rows page = {NULL, 0};
        do {
            struct sl_tx *tx = scene_reads(s, NULL);
            EXPECT_OK(sl_tx_list(tx, &query, &s->arena, &page, &s->err));
            scene_commit(tx);
            for (size_t k = 0; k < page.count; k++) {
                struct sl_row *row = page.list[k];
                text = sl_arena_printf(&s->arena, "%s%s,", text, sl_row_text(row, SL_COL_NAME));
                query.after_id = sl_row_text(row, SL_COL_ID);
                query.after = row->v[query.order];
            }
        } while (page.count == 2);
        assert_string_equal(text, rows[i].names);
    }
}

static enum sl_code stop_at_second(void *owner, const struct sl_row *row, struct sl_err *err)
{
    int *seen = owner;
    (void)row;
    return ++*seen == 2 ? sl_err_set(err, SL_CANCELLED, SL_REASON_NONE, "enough") : SL_OK;
}

static void stops_a_walk_on_request(void **state)
{
    struct scene *s = *state;
    struct sl_query query = {.table = SL_TABLE_MODELS, .order = SL_UNORDERED};
    int seen = 0;
    add_models(s);
    struct sl_tx *tx = scene_reads(s, NULL);
    EXPECT_ERROR(sl_tx_each(tx, &query, stop_at_second, &seen, &s->err), SL_CANCELLED,
                 SL_REASON_NONE);
    assert_int_equal(seen, 2);
    int64_t count = 0;
    EXPECT_OK(sl_tx_count(tx, &query, &count, &s->err)); /* the transaction goes on */
    assert_int_equal(count, 6);
    scene_commit(tx);
}

/* A reader does not see what is written beside it. */
static void sees_one_state(void **state)
{
    struct scene *s = *state;
    add_models(s);
    struct sl_tx *tx = scene_reads(s, NULL);
    assert_int_equal(sl_tx_revision(tx), 1);
    scene_add(s, SL_TABLE_MODELS, NULL, "late");
    int64_t count = 0;
    EXPECT_OK(sl_tx_count(tx, &(struct sl_query){.table = SL_TABLE_MODELS}, &count, &s->err));
    assert_int_equal(count, 6);
    scene_commit(tx);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(filters),        SCENE_TEST(refuses_other_queries),
        SCENE_TEST(pages),          SCENE_TEST(stops_a_walk_on_request),
        SCENE_TEST(sees_one_state),
    };
    return SCENE_MAIN(tests, argc, argv);
}
