/* Seeding: models for the keys that are there, once, and taken back row for row. On both stores. */
#include "unit/import/apply_kit.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define TEXT(s) ((char *)(uintptr_t)(s))

static enum sl_code seed(struct kit *k, const char *lineup, bool dry, struct sl_import_done *out,
                         const char **notes)
{
    struct scene *s = k->s;
    struct sl_import_plan plan;
    sl_import_plan_init(&plan);
    const struct sl_import_apply a = {
        .m = kit_manage(k, &k->admin),
        .plan = &plan,
        .format = "seed",
        .file = lineup,
        .store = !dry,
        .only_new = true,
    };
    enum sl_code code = sl_import_seed(&a.m, lineup, &plan, &s->err);
    if (code == SL_OK)
        code = sl_import_apply(&a, out, &s->err);
    *notes = "";
    for (const struct sl_import_note *n = plan.notes; n; n = n->next)
        *notes = sl_arena_printf(&s->arena, "%s%s\n", *notes, n->message);
    sl_import_plan_fini(&plan);
    if (code == SL_OK)
        kit_refresh(k);
    return code;
}

static void seeds_once_and_back(void **state)
{
    struct kit *k = *state;
    struct scene *s = k->s;
    struct sl_import_done dry, done, again;
    struct sl_import_undone undone;
    const char *before = scene_dump(s), *notes;
    EXPECT_OK(seed(k, "", true, &dry, &notes));
    assert_string_equal(scene_dump(s), before);
    assert_non_null(strstr(notes, "is left out: the key of "));
    EXPECT_OK(seed(k, "", false, &done, &notes));
    assert_string_equal(kit_changes(k, &done), kit_changes(k, &dry));
    assert_int_equal(strlen(done.run), 36);
    assert_true(done.n_changes > 1);
    for (size_t i = 0; i < done.n_changes; i++) {
        const struct sl_model *m = sl_registry_find(k->registry, done.changes[i]->name, NULL);
        assert_true(!strcmp(done.changes[i]->kind, "default") ||
                    (m && !strcmp(m->source, "seed") && !strcmp(m->provider, "openai")));
    }
    const char *after = scene_dump(s);
    EXPECT_OK(seed(k, "", false, &again, &notes));
    assert_string_equal(again.run, "");
    assert_string_equal(scene_dump(s), after);
    EXPECT_OK(kit_undo(k, &k->admin, (struct sl_import_undo){.run = done.run}, &undone));
    assert_string_equal(scene_dump(s), before);
    EXPECT_ERROR(seed(k, "none-such", false, &done, &notes), SL_NOT_FOUND, SL_REASON_NOT_FOUND);
}

/* A stored model of a seed's name is somebody's decision. */
static void leaves_stored_models_as_they_are(void **state)
{
    struct kit *k = *state;
    struct scene *s = k->s;
    struct sl_import_done dry, done;
    const char *notes, *name = NULL;
    EXPECT_OK(seed(k, "", true, &dry, &notes));
    for (size_t i = 0; i < dry.n_changes && !name; i++)
        name = !strcmp(dry.changes[i]->kind, "model") ? dry.changes[i]->name : NULL;
    assert_non_null(name);
    Sluice__V1__Model m = SLUICE__V1__MODEL__INIT;
    m.name = TEXT(name);
    m.provider = TEXT("openai");
    m.model_id = TEXT("something-else");
    kit_add_model(k, &k->admin, &m);
    EXPECT_OK(seed(k, "", false, &done, &notes));
    const char *kept = sl_arena_printf(&s->arena, "=model %s", name);
    assert_non_null(strstr(kit_changes(k, &done), kept));
    assert_string_equal(sl_registry_find(k->registry, name, NULL)->target.model_id,
                        "something-else");
}

/* Of the tester's environment nothing would be left out of a line-up. */
static void keep_one_key(void)
{
    const char *url = getenv("SLUICE_TEST_POSTGRES");
    char *kept = url ? strdup(url) : NULL;
    (void)clearenv();
    if (kept)
        setenv("SLUICE_TEST_POSTGRES", kept, 1);
    free(kept);
    setenv("OPENAI_API_KEY", "sk-test-openai-00000000001", 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(seeds_once_and_back),
        KIT_TEST(leaves_stored_models_as_they_are),
    };
    keep_one_key();
    return SCENE_MAIN(tests, argc, argv);
}
