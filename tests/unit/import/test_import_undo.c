/* Taking runs back: every row is what it was, whatever the run did to it; what was changed since stops it, unless forced. On
 * both stores. */
#include "unit/import/apply_kit.h"

#include <string.h>

#include "base/str.h"
#include "store/runs.h"

#define TEXT(s) ((char *)(uintptr_t)(s))

/* Rows that the files below change: models with headers, an alias, a key; a provider with a key and patterns; a default. */
static void store_some(struct kit *k)
{
    struct scene *s = k->s;
    Sluice__V1__Model m = SLUICE__V1__MODEL__INIT;
    Sluice__V1__Model__HeadersEntry header = SLUICE__V1__MODEL__HEADERS_ENTRY__INIT;
    Sluice__V1__Model__HeadersEntry *headers[] = {&header};
    char *aliases[] = {TEXT("big")};
    header.key = TEXT("X-Ours");
    header.value = TEXT("blue");
    m.name = TEXT("claude");
    m.provider = TEXT("anthropic");
    m.model_id = TEXT("claude-old");
    m.headers = headers;
    m.n_headers = 1;
    m.aliases = aliases;
    m.n_aliases = 1;
    kit_add_model(k, &k->admin, &m);
    Sluice__V1__Model keyed = SLUICE__V1__MODEL__INIT;
    keyed.name = TEXT("gpt-4o-2");
    keyed.provider = TEXT("azure");
    keyed.model_id = TEXT("old-deployment");
    keyed.base_url = TEXT("https://example-resource.openai.azure.com/openai/deployments");
    keyed.key = TEXT("sk-test-own-0000000001234");
    kit_add_model(k, &k->admin, &keyed);
    struct sl_manage manage = kit_manage(k, &k->admin);
    Sluice__V1__UpdateProviderRequest request = SLUICE__V1__UPDATE_PROVIDER_REQUEST__INIT;
    Sluice__V1__Provider p = SLUICE__V1__PROVIDER__INIT;
    char *patterns[] = {TEXT("ours-*")};
    struct sl_managed done = {.row = NULL};
    p.name = TEXT("groq");
    p.key = TEXT("sk-test-groq-0000000001");
    p.model_patterns = patterns;
    p.n_model_patterns = 1;
    request.provider = &p;
    EXPECT_OK(sl_manage_update_provider(&manage, &request, &done, &s->err));
    const struct sl_manage_default d = {SLUICE__V1__DEFAULT_SCOPE__DEFAULT_SCOPE_REGISTRY, "",
                                        "claude"};
    EXPECT_OK(sl_manage_set_default(&manage, &d, NULL, &done, &s->err));
    kit_refresh(k);
}

static void restores_row_for_row(void **state)
{
    struct kit *k = *state;
    struct scene *s = k->s;
    static const char *const files[] = {"litellm.yaml",    "configmap.yaml", "model_config.json",
                                        "llm_models.json", "providers.env",  "deepseek.env"};
    store_some(k);
    const char *before = scene_dump(s);
    for (size_t i = 0; i < SL_ARRAY_LEN(files); i++) {
        const struct sl_import_done done = kit_imported(k, &(struct kit_import){.name = files[i]});
        struct sl_import_undone undone;
        assert_string_not_equal(scene_dump(s), before);
        if (!i) {
            const char *changes = kit_changes(k, &done);
            assert_non_null(strstr(changes, "~provider groq"));
            assert_non_null(strstr(changes, "~model claude"));
            assert_non_null(strstr(changes, "~model gpt-4o-2"));
            assert_non_null(strstr(changes, "+model gpt-4o "));
        }
        EXPECT_OK(
            kit_undo(k, &k->admin, (struct sl_import_undo){.run = done.run, .dry = true}, &undone));
        assert_string_not_equal(scene_dump(s), before);
        EXPECT_OK(kit_undo(k, &k->admin, (struct sl_import_undo){.run = done.run}, &undone));
        assert_true(undone.done.n_changes && undone.done.revision > done.revision);
        assert_string_equal(scene_dump(s), before);
        EXPECT_ERROR(kit_undo(k, &k->admin, (struct sl_import_undo){.run = done.run}, &undone),
                     SL_FAILED_PRECONDITION, SL_REASON_NOT_FOUND);
    }
}

/* Each of them changes what the one before it made. */
static void takes_runs_back_one_after_the_other(void **state)
{
    struct kit *k = *state;
    struct scene *s = k->s;
    static const char *const files[] = {"litellm.yaml", "model_config.json", "providers.env",
                                        "llm_models.json"};
    const char *before[SL_ARRAY_LEN(files)];
    struct sl_import_done done[SL_ARRAY_LEN(files)];
    struct sl_import_undone undone;
    for (size_t i = 0; i < SL_ARRAY_LEN(files); i++) {
        before[i] = scene_dump(s);
        done[i] = kit_imported(k, &(struct kit_import){.name = files[i]});
    }
    EXPECT_ERROR(kit_undo(k, &k->admin, (struct sl_import_undo){.run = done[0].run}, &undone),
                 SL_FAILED_PRECONDITION, SL_REASON_CHANGED_SINCE);
    for (size_t i = SL_ARRAY_LEN(files); i-- > 0;) {
        EXPECT_OK(kit_undo(k, &k->admin, (struct sl_import_undo){.run = done[i].run}, &undone));
        assert_string_equal(scene_dump(s), before[i]);
    }
}

static void names_what_was_changed_since(void **state)
{
    struct kit *k = *state;
    struct scene *s = k->s;
    store_some(k);
    const char *before = scene_dump(s);
    const struct sl_import_done done =
        kit_imported(k, &(struct kit_import){.name = "litellm.yaml"});
    const struct sl_manage manage = kit_manage(k, &k->admin);
    Sluice__V1__UpdateModelRequest update = SLUICE__V1__UPDATE_MODEL_REQUEST__INIT;
    Sluice__V1__DeleteModelRequest delete = SLUICE__V1__DELETE_MODEL_REQUEST__INIT;
    Sluice__V1__Model m = SLUICE__V1__MODEL__INIT;
    struct sl_managed managed = {.row = NULL};
    const char *const *references = NULL;
    m.name = TEXT("claude");
    m.description = TEXT("changed");
    update.model = &m;
    EXPECT_OK(sl_manage_update_model(&manage, &update, &managed, &s->err));
    delete.name = TEXT("house");
    EXPECT_OK(sl_manage_delete_model(&manage, &delete, &managed, &references, &s->err));
    kit_refresh(k);
    const char *changed = scene_dump(s);
    struct sl_import_undone undone;
    s->err = (struct sl_err){0};
    assert_int_equal(kit_undo(k, &k->admin, (struct sl_import_undo){.run = done.run}, &undone),
                     SL_FAILED_PRECONDITION);
    assert_int_equal(s->err.reason, SL_REASON_CHANGED_SINCE);
    assert_non_null(strstr(s->err.text, "models/claude"));
    assert_non_null(strstr(s->err.text, "models/house"));
    s->err = (struct sl_err){0};
    assert_string_equal(scene_dump(s), changed);
    EXPECT_OK(
        kit_undo(k, &k->admin, (struct sl_import_undo){.run = done.run, .dry = true}, &undone));
    assert_true(undone.n_changed_since >= 2);
    assert_string_equal(scene_dump(s), changed);
    EXPECT_OK(
        kit_undo(k, &k->admin, (struct sl_import_undo){.run = done.run, .force = true}, &undone));
    assert_string_equal(scene_dump(s), before);
}

static void is_for_who_may_write_what_it_wrote(void **state)
{
    struct kit *k = *state;
    struct scene *s = k->s;
    struct sl_import_undone undone;
    const char *before = scene_dump(s);
    const struct sl_import_done global =
        kit_imported(k, &(struct kit_import){.name = "model_config.json"});
    const struct sl_import_done own = kit_imported(
        k, &(struct kit_import){.name = "llm_models.json", .by = &k->ann, .personal = true});
    const char *after = scene_dump(s);
    struct sl_principal bob = k->ann;
    bob.id = "01920000-0000-7000-8000-000000000b0b";
    EXPECT_ERROR(
        kit_undo(k, &k->ann, (struct sl_import_undo){.run = global.run, .force = true}, &undone),
        SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING);
    EXPECT_ERROR(kit_undo(k, &bob, (struct sl_import_undo){.run = own.run, .force = true}, &undone),
                 SL_NOT_FOUND, SL_REASON_NOT_FOUND);
    EXPECT_ERROR(kit_undo(k, &k->admin, (struct sl_import_undo){.run = "no-run"}, &undone),
                 SL_NOT_FOUND, SL_REASON_NOT_FOUND);
    assert_string_equal(scene_dump(s), after);
    EXPECT_OK(kit_undo(k, &k->ann, (struct sl_import_undo){.run = own.run}, &undone));
    EXPECT_OK(kit_undo(k, &k->operator,(struct sl_import_undo){.run = global.run}, &undone));
    assert_string_equal(scene_dump(s), before);
}

static void takes_no_tier_from_under_its_users(void **state)
{
    struct kit *k = *state;
    struct scene *s = k->s;
    struct sl_import_undone undone;
    const struct sl_import_done done =
        kit_imported(k, &(struct kit_import){.name = "llm_models.json"});
    assert_non_null(strstr(kit_changes(k, &done), "+tier pro"));
    EXPECT_ERROR(kit_undo(k, &k->operator,(struct sl_import_undo){.run = done.run}, &undone),
                 SL_PERMISSION_DENIED, SL_REASON_ROLE_MISSING);
    kit_add_user(k, "carl", "pro");
    const char *before = scene_dump(s);
    s->err = (struct sl_err){0};
    assert_int_equal(
        kit_undo(k, &k->admin, (struct sl_import_undo){.run = done.run, .force = true}, &undone),
        SL_FAILED_PRECONDITION);
    assert_int_equal(s->err.reason, SL_REASON_TIER_IN_USE);
    assert_string_equal(s->err.text, "1 user has the tier 'pro', which the run made: give them "
                                     "another one first");
    assert_string_equal(scene_dump(s), before);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        KIT_TEST(restores_row_for_row),
        KIT_TEST(takes_runs_back_one_after_the_other),
        KIT_TEST(names_what_was_changed_since),
        KIT_TEST(is_for_who_may_write_what_it_wrote),
        KIT_TEST(takes_no_tier_from_under_its_users),
    };
    return SCENE_MAIN(tests, argc, argv);
}
