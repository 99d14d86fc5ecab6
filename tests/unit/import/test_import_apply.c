/* Storing plans: what a dry run says is what is done, a second time does nothing, and who may not gets nothing; a process
 * that dies in the middle leaves nothing. On both stores. */
#include "unit/import/apply_kit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"

#define TEXT(s) ((char *)(uintptr_t)(s))

static const char *const files[] = {"configmap.yaml",  "litellm.yaml",  "model_config.json",
                                    "llm_models.json", "providers.env", "deepseek.env"};

static void does_what_the_dry_run_says_and_once(void **state)
{
    struct kit *k = *state;
    const char *before = scene_dump(k->s);
    for (size_t i = 0; i < SL_ARRAY_LEN(files); i++) {
        const struct sl_import_done dry =
            kit_imported(k, &(struct kit_import){.name = files[i], .dry = true});
        assert_string_equal(dry.run, "");
        assert_int_equal(dry.revision, 0);
        assert_string_equal(scene_dump(k->s), before);
        const struct sl_import_done done = kit_imported(k, &(struct kit_import){.name = files[i]});
        assert_int_equal(strlen(done.run), 36);
        assert_string_equal(kit_changes(k, &done), kit_changes(k, &dry));
        const char *after = scene_dump(k->s);
        assert_string_not_equal(after, before);
        const struct sl_import_done again = kit_imported(k, &(struct kit_import){.name = files[i]});
        assert_string_equal(again.run, "");
        assert_string_equal(scene_dump(k->s), after);
        before = after;
    }
}

static void keeps_what_a_file_does_not_say(void **state)
{
    struct kit *k = *state;
    Sluice__V1__Model m = SLUICE__V1__MODEL__INIT;
    m.name = TEXT("a");
    m.provider = TEXT("openai");
    m.model_id = TEXT("old");
    m.description = TEXT("ours");
    m.key = TEXT("sk-test-own-0000000001234");
    kit_add_model(k, &k->admin, &m);
    static const char text[] = "model_list: [{model_name: a, litellm_params: {model: openai/new}}]";
    const struct sl_import_done done =
        kit_imported(k, &(struct kit_import){.name = "a.yaml", .text = text});
    assert_string_equal(kit_changes(k, &done), "~model a");
    assert_int_equal(done.changes[0]->n_differences, 1);
    assert_string_equal(done.changes[0]->differences[0], "model_id: old -> new");
    const struct sl_model *now = sl_registry_find(k->registry, "a", NULL);
    assert_string_equal(now->description, "ours");
    assert_string_equal(sl_registry_key_last4(k->registry, now), "1234");
}

/* ---- tiers ---- */

static const char tiers_text[] =
    "{\"models\": {\"a\": {\"model\": \"gpt-4o\", \"allowed_tiers\": [\"pro\", \"gold\"]}}}";

static void makes_missing_tiers(void **state)
{
    struct kit *k = *state;
    struct scene *s = k->s;
    struct sl_tx *tx = scene_admin(s);
    struct sl_row *row = scene_row(s, SL_TABLE_TIERS, NULL, "pro");
    sl_row_set_text(row, SL_TIERS_LIMITS, "{\"requests_per_minute\":3}");
    sl_row_set_int(row, SL_TIERS_RANK, 7);
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    scene_commit(tx);
    const char *notes = NULL;
    struct sl_import_done done;
    EXPECT_OK(
        kit_import(k, &(struct kit_import){.name = "m.json", .text = tiers_text}, &done, &notes));
    assert_string_equal(kit_changes(k, &done), "+tier gold +model a");
    assert_non_null(strstr(notes, "1 m.json:1 gold: the tier is new: it has no limits"));
    tx = scene_reads(s, NULL);
    struct sl_row *gold = NULL, *pro = NULL;
    EXPECT_OK(sl_tx_find(tx, (struct sl_row_name){SL_TABLE_TIERS, NULL, "gold"}, &s->arena, &gold,
                         &s->err));
    EXPECT_OK(sl_tx_find(tx, (struct sl_row_name){SL_TABLE_TIERS, NULL, "pro"}, &s->arena, &pro,
                         &s->err));
    scene_commit(tx);
    assert_string_equal(sl_row_text(gold, SL_TIERS_RIGHTS), "");
    assert_string_equal(sl_row_text(gold, SL_TIERS_LIMITS), "");
    assert_int_equal(sl_row_int(gold, SL_TIERS_RANK), 0);
    assert_int_equal(sl_row_int(pro, SL_TIERS_RANK), 7); /* as it was */
    assert_int_equal(sl_row_int(pro, SL_COL_REVISION), sl_row_int(row, SL_COL_REVISION));
}

/* Operators change models, and no tiers; who acts for somebody changes none either. */
static void leaves_tiers_to_administrators(void **state)
{
    struct kit *k = *state;
    struct sl_principal acting = k->admin;
    acting.actor = &k->admin;
    const struct sl_principal *const callers[] = {&k->operator, & acting };
    for (size_t i = 0; i < SL_ARRAY_LEN(callers); i++) {
        struct scene *s = k->s;
        const char *notes = NULL;
        struct sl_import_done done;
        const struct kit_import import = {
            .name = "m.json", .text = tiers_text, .by = callers[i], .dry = true};
        EXPECT_OK(kit_import(k, &import, &done, &notes));
        assert_string_equal(kit_changes(k, &done), "+model a");
        assert_non_null(strstr(notes, "2 m.json:1 pro: there is no tier of that name yet"));
        assert_non_null(strstr(notes, "2 m.json:1 gold: there is no tier of that name yet"));
    }
}

static void says_what_is_wrong_with_a_tiers_name(void **state)
{
    struct kit *k = *state;
    struct scene *s = k->s;
    static const char text[] =
        "{\"models\": {\"a\": {\"model\": \"gpt-4o\", \"allowed_tiers\": [\"two words\"]}}}";
    const char *notes = NULL;
    struct sl_import_done done;
    EXPECT_OK(kit_import(k, &(struct kit_import){.name = "m.json", .text = text}, &done, &notes));
    assert_null(strstr(kit_changes(k, &done), "tier"));
    assert_non_null(strstr(notes, "3 m.json:1 two words: the tier's name may not hold spaces"));
}

/* ---- whose ---- */

static void stores_for_the_caller_alone(void **state)
{
    struct kit *k = *state;
    struct scene *s = k->s;
    struct sl_import_done done;
    const char *before = scene_dump(s), *notes = NULL;
    EXPECT_ERROR(kit_import(k, &(struct kit_import){.name = "model_config.json", .by = &k->ann},
                            &done, NULL),
                 SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING);
    assert_string_equal(scene_dump(s), before);
    EXPECT_OK(kit_import(
        k, &(struct kit_import){.name = "llm_models.json", .by = &k->ann, .personal = true}, &done,
        &notes));
    assert_string_equal(kit_changes(k, &done), "+model local +model house");
    assert_non_null(strstr(notes, "nobody else sees a model of your own"));
    assert_non_null(sl_registry_find_personal(k->registry, ANN_ID, "house", NULL));
    assert_null(sl_registry_find(k->registry, "house", NULL));
    assert_int_equal(k->registry->n_models, 0);
    struct sl_tx *tx = scene_sync(s);
    const struct sl_query tiers = {.table = SL_TABLE_TIERS};
    int64_t n = -1;
    EXPECT_OK(sl_tx_count(tx, &tiers, &n, &s->err));
    scene_commit(tx);
    assert_int_equal(n, 0);
}

/* ---- dying in the middle ---- */

/* Called for each model that names a variable: dies at the third. */
static const char *die_at_the_third(void *owner, const char *name)
{
    int *n = owner;
    (void)name;
    if (++*n == 3)
        (void)raise(SIGKILL);
    return "sk-test-given-000000001234";
}

static void dies_in_the_middle_and_leaves_nothing(void **state)
{
    struct kit *k = *state;
    static const char text[] =
        "model_list:\n"
        "- {model_name: a, litellm_params: {model: openai/a, api_key: os.environ/KEY_A}}\n"
        "- {model_name: b, litellm_params: {model: openai/b, api_key: os.environ/KEY_B}}\n"
        "- {model_name: c, litellm_params: {model: openai/c, api_key: os.environ/KEY_C}}\n";
    int asked = 0, status = 0;
    struct kit_import import = {
        .name = "a.yaml", .text = text, .variable = die_at_the_third, .owner = &asked};
    const char *before = scene_dump(k->s);
    sl_store_close(k->s->store); /* the child opens its own */
    k->s->store = NULL;
    pid_t child = fork();
    if (!child) {
        struct sl_import_done done;
        scene_open(k->s);
        (void)kit_import(k, &import, &done, NULL);
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    scene_open(k->s);
    assert_string_equal(scene_dump(k->s), before);
    import.variable = NULL;
    const struct sl_import_done done = kit_imported(k, &import);
    assert_string_equal(kit_changes(k, &done), "+model a +model b +model c");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(does_what_the_dry_run_says_and_once),
        KIT_TEST(keeps_what_a_file_does_not_say),
        KIT_TEST(makes_missing_tiers),
        KIT_TEST(leaves_tiers_to_administrators),
        KIT_TEST(says_what_is_wrong_with_a_tiers_name),
        KIT_TEST(stores_for_the_caller_alone),
        KIT_TEST(dies_in_the_middle_and_leaves_nothing),
    };
    return SCENE_MAIN(tests, argc, argv);
}
