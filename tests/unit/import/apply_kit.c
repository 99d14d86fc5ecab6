/* A store with what an import works with. */
#include "unit/import/apply_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "config/load.h"
#include "registry/import/import.h"
#include "registry/load.h"

static const char config_text[] = "secrets: {references: ['env:MY_GEMINI_KEY']}\n";
static const char keys[] = "one:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

static void make_callers(struct kit *k)
{
    k->admin = (struct sl_principal){.id = ADMIN_ID,
                                     .name = "root",
                                     .tier = "",
                                     .roles = SL_ROLE_ADMIN,
                                     .scopes = SL_SCOPES_DEFAULT,
                                     .proof = "api_key",
                                     .key_id = ""};
    k->operator= k->admin;
    k->operator.id = OPERATOR_ID;
    k->operator.name = "op";
    k->operator.roles = SL_ROLE_OPERATOR;
    k->ann = k->admin;
    k->ann.id = ANN_ID;
    k->ann.name = "ann";
    k->ann.roles = SL_ROLE_USER;
}

int kit_set_up(void **state)
{
    struct kit *k = SL_NEW(struct kit);
    struct scene *s;
    if (scene_set_up((void **)&k->s))
        return 1;
    s = k->s;
    setenv("MY_GEMINI_KEY", "sk-test-service-gemini-0001", 1);
    EXPECT_OK(sl_config_parse("s.yaml", config_text, strlen(config_text), &k->config, &s->err));
    EXPECT_OK(sl_catalogue_load(NULL, &k->catalogue, &s->err));
    EXPECT_OK(sl_keyring_parse("keys", keys, strlen(keys), &k->keyring, &s->err));
    const struct sl_reference_rules rules = {&k->config->secret_references, s->folder};
    k->references = sl_references_create(&rules);
    k->secrets = sl_secret_cache_create();
    make_callers(k);
    *state = k;
    kit_refresh(k);
    return 0;
}

int kit_tear_down(void **state)
{
    struct kit *k = *state;
    void *scene = k->s;
    sl_registry_unref(k->registry);
    sl_secret_cache_destroy(k->secrets);
    sl_references_destroy(k->references);
    sl_keyring_unref(k->keyring);
    sl_catalogue_unref(k->catalogue);
    sl_config_destroy(k->config);
    sl_free(k);
    return scene_tear_down(&scene);
}

void kit_refresh(struct kit *k)
{
    struct scene *s = k->s;
    const struct sl_registry_sources from = {.config = k->config,
                                             .catalogue = k->catalogue,
                                             .keyring = k->keyring,
                                             .references = k->references,
                                             .secrets = k->secrets,
                                             .store = s->store};
    sl_registry_unref(k->registry);
    k->registry = NULL;
    EXPECT_OK(sl_registry_create(&from, &k->registry, &s->err));
}

struct sl_manage kit_manage(struct kit *k, const struct sl_principal *p)
{
    k->violations = (struct sl_violations){.arena = &k->s->arena};
    return (struct sl_manage){
        .store = k->s->store,
        .keyring = k->keyring,
        .references = k->references,
        .registry = k->registry,
        .principal = p,
        .peer = "ipv4:192.0.2.1",
        .arena = &k->s->arena,
        .violations = &k->violations,
        .source = "api",
    };
}

/* ---- import ---- */

static struct sl_import_file read_file(struct kit *k, const struct kit_import *i)
{
    enum { MAX = 4 << 20 };
    char path[512];
    if (i->text)
        return (struct sl_import_file){i->name, i->text, strlen(i->text)};
    snprintf(path, sizeof(path), "%s/tests/data/import/%s", SOURCE_DIR, i->name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *text = sl_arena_alloc(&k->s->arena, MAX);
    size_t n = fread(text, 1, MAX, f);
    fclose(f);
    return (struct sl_import_file){i->name, text, n};
}

static const char *notes_text(struct kit *k, const struct sl_import_plan *plan)
{
    const char *text = "";
    for (const struct sl_import_note *n = plan->notes; n; n = n->next)
        text = sl_arena_printf(&k->s->arena, "%s%d %s %s: %s\n", text, (int)n->level, n->place,
                               n->subject, n->message);
    return text;
}

enum sl_code kit_import(struct kit *k, const struct kit_import *i, struct sl_import_done *out,
                        const char **notes)
{
    struct scene *s = k->s;
    const struct sl_import_file file = read_file(k, i);
    const struct sl_import_in in = {.files = &file, .n_files = 1, .catalogue = k->catalogue};
    struct sl_import_plan plan;
    *out = (struct sl_import_done){.run = ""};
    sl_import_plan_init(&plan);
    EXPECT_OK(sl_import_read(&in, &plan, &s->err));
    const struct sl_import_apply a = {
        .m = kit_manage(k, i->by ? i->by : &k->admin),
        .plan = &plan,
        .format = sl_import_format_name(plan.format),
        .file = i->name,
        .personal = i->personal,
        .store = !i->dry,
        .variable = i->variable,
        .owner = i->owner,
    };
    enum sl_code code = sl_import_apply(&a, out, &s->err);
    if (notes)
        *notes = notes_text(k, &plan);
    sl_import_plan_fini(&plan);
    if (code == SL_OK)
        kit_refresh(k);
    return code;
}

struct sl_import_done kit_imported(struct kit *k, const struct kit_import *i)
{
    struct scene *s = k->s;
    struct sl_import_done done;
    EXPECT_OK(kit_import(k, i, &done, NULL));
    return done;
}

enum sl_code kit_undo(struct kit *k, const struct sl_principal *by, struct sl_import_undo undo,
                      struct sl_import_undone *out)
{
    const struct sl_manage m = kit_manage(k, by);
    enum sl_code code = sl_import_undo(&m, &undo, out, &k->s->err);
    if (code == SL_OK)
        kit_refresh(k);
    return code;
}

void kit_add_model(struct kit *k, const struct sl_principal *by, Sluice__V1__Model *model)
{
    struct scene *s = k->s;
    const struct sl_manage m = kit_manage(k, by);
    Sluice__V1__CreateModelRequest request = SLUICE__V1__CREATE_MODEL_REQUEST__INIT;
    struct sl_managed done = {.row = NULL};
    request.model = model;
    request.personal = !(by->roles & SL_ROLE_ADMIN);
    EXPECT_OK(sl_manage_create_model(&m, &request, &done, &s->err));
    kit_refresh(k);
}

void kit_add_user(struct kit *k, const char *name, const char *tier)
{
    struct scene *s = k->s;
    struct sl_tx *tx = scene_admin(s);
    struct sl_row *row = scene_row(s, SL_TABLE_USERS, NULL, name);
    sl_row_set_text(row, SL_USERS_TIER, tier);
    EXPECT_OK(sl_tx_insert(tx, row, &s->err));
    scene_commit(tx);
}

const char *kit_changes(struct kit *k, const struct sl_import_done *done)
{
    static const char marks[] = " +~-=";
    const char *text = "";
    for (size_t i = 0; i < done->n_changes; i++)
        text = sl_arena_printf(&k->s->arena, "%s%s%c%s %s", text, i ? " " : "",
                               marks[done->changes[i]->action], done->changes[i]->kind,
                               done->changes[i]->name);
    return text;
}
