/* Whole files: how much of each is carried, and that nothing of it is lost without a word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/dotenv.h"
#include "registry/import/entry.h"
#include "registry/import/source.h"
#include "unit/base/cm.h"

static struct sl_catalogue *catalogue;

struct sample {
    char *text;
    size_t n;
};

static bool load(const char *path, struct sample *out)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    out->text = malloc(1 << 20);
    out->n = fread(out->text, 1, 1 << 20, f);
    fclose(f);
    return true;
}

/* ../shared/imports beside the tree, or the folder that the variable names. */
static void path_of(char *dst, size_t size, const char *name)
{
    const char *shared = getenv("SLUICE_SHARED");
    if (!strncmp(name, "data/", 5))
        snprintf(dst, size, "%s/tests/data/import/%s", SOURCE_DIR, name + 5);
    else if (shared)
        snprintf(dst, size, "%s/imports/%s", shared, name);
    else
        snprintf(dst, size, "%s/../shared/imports/%s", SOURCE_DIR, name);
}

struct run {
    struct sample files[2];
    struct sl_import_file in[2];
    size_t n;
    struct sl_import_plan plan;
    struct sl_err err;
    enum sl_code code;
};

static const char *variable(void *owner, const char *name)
{
    (void)owner;
    return strcmp(name, "AWS_REGION") ? NULL : "us-east-1";
}

static bool run_file(struct run *r, const char *name, const char *along)
{
    char path[512];
    memset(r, 0, sizeof(*r));
    for (const char *one = name; one && r->n < 2; one = r->n == 1 ? along : NULL) {
        path_of(path, sizeof(path), one);
        if (!load(path, &r->files[r->n]))
            return false;
        r->in[r->n] = (struct sl_import_file){one, r->files[r->n].text, r->files[r->n].n};
        r->n++;
    }
    const struct sl_import_in in = {
        .files = r->in, .n_files = r->n, .catalogue = catalogue, .variable = variable};
    sl_import_plan_init(&r->plan);
    r->code = sl_import_read(&in, &r->plan, &r->err);
    return true;
}

static void end_run(struct run *r)
{
    sl_import_plan_fini(&r->plan);
    for (size_t i = 0; i < r->n; i++)
        free(r->files[i].text);
}

/* ---- nothing is lost ---- */

static bool covers(const char *subject, const char *path)
{
    size_t n = strlen(subject);
    if (!n || subject[n - 1] == ' ') /* all of a document */
        return !strncmp(subject, path, n);
    return !strncmp(subject, path, n) && (!path[n] || path[n] == '.' || path[n] == '[');
}

static void assert_accounted(const struct sl_import_plan *p, const char *path)
{
    for (const struct sl_import_note *n = p->notes; n; n = n->next) {
        if (covers(n->subject, path))
            return;
    }
    for (const struct sl_import_carried *c = p->carried; c; c = c->next) {
        if (!strcmp(c->path, path))
            return;
    }
    fail_msg("%s is neither carried nor noted", path);
}

static void walk(struct sl_import_reader *r, const struct sl_import_plan *p, struct sl_at at)
{
    size_t i = 0;
    if (!at.node)
        return;
    if (!sl_at_first(at)) {
        assert_accounted(p, at.path);
        return;
    }
    for (const struct sl_yaml_item *item = sl_at_first(at); item; item = item->next)
        walk(r, p, sl_at_item(r, at, item, i++));
}

/* Every scalar of every document; configurations inside texts count as the text. */
static void assert_nothing_lost(struct run *run)
{
    struct sl_import_in in = {.catalogue = catalogue};
    struct sl_import_reader r;
    struct sl_import_plan own;
    struct sl_err err = {0};
    struct sl_str left = {run->in[0].text, run->in[0].n};
    size_t start = 0, n = left.n;
    unsigned documents = 0;
    bool json = run->plan.format == SL_IMPORT_MODEL_CONFIG;
    sl_import_plan_init(&own);
    sl_reader_init(&r, &in, &own, &err);
    if (run->plan.format == SL_IMPORT_ENV) {
        struct sl_dotenv env;
        assert_int_equal(sl_dotenv_parse(&r.arena, "x", left, &env, &err), SL_OK);
        for (size_t i = 0; i < env.n; i++)
            assert_accounted(&run->plan, env.list[i].name);
    }
    while (run->plan.format != SL_IMPORT_ENV && left.n &&
           (!json || (n = sl_import_next_json(left, &start)) > 0)) {
        const char *mark = json || left.n < 4 ? NULL : memmem(left.p + 1, left.n - 1, "\n---\n", 5);
        n = mark ? (size_t)(mark + 1 - left.p) : json ? n : left.n;
        struct sl_import_doc doc = {.file = "x", .prefix = ""};
        if (documents++)
            doc.prefix = sl_arena_printf(&r.arena, "document %u: ", documents);
        struct sl_at root;
        assert_int_equal(sl_at_parse(&r, &doc, (struct sl_str){left.p + start, n}, &root, &err),
                         SL_OK);
        walk(&r, &run->plan, root);
        left = (struct sl_str){left.p + start + n, left.n - start - n};
        start = 0;
    }
    sl_reader_fini(&r);
    sl_import_plan_fini(&own);
}

static void assert_no_secret(const struct sl_import_plan *p)
{
    for (const struct sl_import_note *n = p->notes; n; n = n->next) {
        assert_null(strstr(n->message, "sk-"));
        assert_null(strstr(n->message, "testonly"));
        assert_null(strstr(n->subject, "sk-"));
    }
}

/* ---- files ---- */

static size_t count_notes(const struct sl_import_plan *p, enum sl_import_level level)
{
    size_t n = 0;
    for (const struct sl_import_note *i = p->notes; i; i = i->next)
        n += i->level == level;
    return n;
}

static size_t count_fallbacks(const struct sl_import_plan *p)
{
    size_t n = 0;
    for (const struct sl_import_model *m = p->models; m; m = m->next)
        n += m->m.n_fallback_models;
    return n;
}

static size_t count_aliases(const struct sl_import_plan *p)
{
    size_t n = 0;
    for (const struct sl_import_model *m = p->models; m; m = m->next)
        n += m->m.n_aliases;
    return n;
}

static size_t count_providers(const struct sl_import_plan *p)
{
    size_t n = 0;
    for (const struct sl_import_provider *i = p->providers; i; i = i->next)
        n++;
    return n;
}

static const struct file_case {
    const char *name, *along;
    enum sl_import_format format;
    size_t models, providers, fallbacks, aliases, not_carried, errors;
} file_cases[] = {
#include "unit/import/file_cases.h"
};

static void test_files(void **state)
{
    bool absent = false, print = getenv("SLUICE_PRINT_CASES") != NULL;
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(file_cases); i++) {
        const struct file_case *c = &file_cases[i];
        struct run r;
        if (!run_file(&r, c->name, c->along)) {
            absent = true;
            continue;
        }
        if (r.code != SL_OK)
            fail_msg("%s: %s", c->name, r.err.text);
        assert_nothing_lost(&r);
        assert_no_secret(&r.plan);
        const size_t found[] = {r.plan.n_models,
                                count_providers(&r.plan),
                                count_fallbacks(&r.plan),
                                count_aliases(&r.plan),
                                count_notes(&r.plan, SL_IMPORT_NOT_CARRIED),
                                count_notes(&r.plan, SL_IMPORT_ERROR)};
        const size_t want[] = {c->models,  c->providers,   c->fallbacks,
                               c->aliases, c->not_carried, c->errors};
        if (print) {
            printf("%s %d: %zu, %zu, %zu, %zu, %zu, %zu\n", c->name, (int)r.plan.format, found[0],
                   found[1], found[2], found[3], found[4], found[5]);
            for (struct sl_import_note *n = r.plan.notes; n; n = n->next)
                printf("    %d %s %s: %s\n", (int)n->level, n->place, n->subject, n->message);
            for (struct sl_import_model *m = r.plan.models; m; m = m->next)
                printf("    model %s %s %s '%s' %s%s %s\n", m->m.name, m->m.provider, m->m.model_id,
                       m->m.base_url, m->key.variable ? m->key.variable : "",
                       m->key.literal ? "literal" : "", m->place);
            for (struct sl_import_provider *p = r.plan.providers; p; p = p->next)
                printf("    provider %s '%s' %zu keys %zu patterns %s\n", p->id, p->base_url,
                       p->n_keys, p->n_patterns, p->place);
        } else {
            if (memcmp(found, want, sizeof(want)) != 0 || r.plan.format != c->format)
                fail_msg("%s: format %d, models %zu, providers %zu, fallbacks %zu, aliases %zu, "
                         "not carried %zu, errors %zu",
                         c->name, (int)r.plan.format, found[0], found[1], found[2], found[3],
                         found[4], found[5]);
        }
        end_run(&r);
    }
    if (absent)
        puts("some files of the shared folder are absent and were skipped");
}

static void test_template(void **state)
{
    struct run r;
    (void)state;
    if (!run_file(&r, "20-helm-template-configmap.yaml", NULL)) {
        puts("20-helm-template-configmap.yaml is absent and was skipped");
        return;
    }
    assert_int_equal(r.code, SL_INVALID_ARGUMENT);
    assert_non_null(strstr(r.err.text, "20-helm-template-configmap.yaml:1: "));
    assert_non_null(strstr(r.err.text, "render it first"));
    end_run(&r);
}

/* ---- what becomes of values ---- */

static const struct sl_import_model *model(const struct sl_import_plan *p, const char *name)
{
    const struct sl_import_model *m = sl_import_find_model(p, name);
    if (!m)
        fail_msg("there is no model '%s'", name);
    return m;
}

static void test_litellm(void **state)
{
    struct run r;
    (void)state;
    assert_true(run_file(&r, "data/litellm.yaml", NULL));
    const struct sl_import_model *m = model(&r.plan, "gpt-4o");
    assert_string_equal(m->m.provider, "azure");
    assert_string_equal(m->m.model_id, "prod-gpt4o");
    assert_string_equal(m->m.base_url,
                        "https://example-resource.openai.azure.com/openai/deployments");
    assert_string_equal(m->m.api_version, "2024-10-21");
    assert_string_equal(m->m.base_model, "gpt-4o");
    assert_string_equal(sl_secret_reveal(m->key.literal), "sk-test-azure-00000000001");
    assert_int_equal(m->m.prices->input_price_micros_per_mtok, 2500000);
    assert_int_equal(m->m.prices->output_price_micros_per_mtok, 10000000);
    assert_int_equal(m->m.prices->cache_read_price_micros_per_mtok, 1250000);
    assert_true(m->m.capabilities->_vision_case && m->m.capabilities->vision);
    assert_int_equal(m->m.context_tokens, 128000);
    assert_int_equal(m->m.max_output_tokens, 16384);
    assert_string_equal(m->m.aliases[0], "gpt-4");
    assert_string_equal(m->m.fallback_models[0], "gpt-4o-2");
    assert_string_equal(m->m.fallback_models[1], "claude");
    assert_string_equal(m->place, "data/litellm.yaml:3");
    m = model(&r.plan, "gpt-4o-2");
    assert_string_equal(m->m.model_id, "spare-gpt4o");
    assert_string_equal(sl_secret_reveal(m->key.literal), "sk-test-azure-00000000001");
    m = model(&r.plan, "hidden-one");
    assert_string_equal(m->m.name, "claude");
    assert_string_equal(m->key.variable, "ANTHROPIC_API_KEY");
    assert_true(m->usual_key);
    assert_int_equal(m->m.default_max_output_tokens, 4096);
    assert_string_equal(m->m.headers[0]->key, "X-Team");
    assert_string_equal(m->m.provider_options_json, "{\"metadata\":{\"user_id\":\"abc\"}}");
    assert_string_equal(model(&r.plan, "big-context")->key.variable, "MY_GEMINI_KEY");
    m = model(&r.plan, "house");
    assert_string_equal(m->m.base_url, "https://llm.example.com/v1");
    assert_string_equal(m->m.provider, "custom");
    assert_string_equal(sl_secret_reveal(m->key.literal), "sk-test-house-00000000001");
    assert_string_equal(r.plan.providers->id, "groq");
    assert_string_equal(r.plan.providers->patterns[0], "groq/*");
    end_run(&r);
}

static void test_model_config(void **state)
{
    struct run r;
    (void)state;
    assert_true(run_file(&r, "data/model_config.json", NULL));
    static const struct {
        const char *name, *provider, *base_url;
        bool key;
    } want[] = {
        {"gpt-4o", "openai", "", false},
        {"claude-sonnet-4-5", "anthropic", "", true},
        {"gemini-2.5-flash", "gemini", "", false},
        {"deepseek-chat", "deepseek", "", false},
        {"gpt-4o-mini", "openai", "", false},
        {"mistral-large-latest", "mistral", "", true},
        {"llama3.1:8b", "custom", "https://llm.example.com/v1", true},
        {"openrouter/anthropic/claude-3.5-haiku", "openrouter", "", false},
    };
    for (size_t i = 0; i < SL_ARRAY_LEN(want); i++) {
        const struct sl_import_model *m = model(&r.plan, want[i].name);
        assert_string_equal(m->m.provider, want[i].provider);
        assert_string_equal(m->m.base_url, want[i].base_url);
        assert_int_equal(m->key.literal != NULL, want[i].key);
    }
    assert_string_equal(r.plan.default_model, "gemini-2.5-flash");
    assert_null(sl_import_find_model(&r.plan, "house-model-7b"));
    end_run(&r);
}

static void test_env(void **state)
{
    struct run r;
    (void)state;
    assert_true(run_file(&r, "data/providers.env", NULL));
    assert_string_equal(r.plan.default_model, "gpt-4o");
    const struct sl_import_model *m = model(&r.plan, "prod-gpt4o");
    assert_string_equal(m->m.base_url,
                        "https://example-resource.openai.azure.com/openai/deployments");
    end_run(&r);
    assert_true(run_file(&r, "data/deepseek.env", NULL));
    assert_string_equal(r.plan.providers->id, "deepseek");
    assert_string_equal(r.plan.providers->base_url, "");
    assert_string_equal(model(&r.plan, "deepseek-chat")->m.provider, "deepseek");
    assert_string_equal(r.plan.default_model, "deepseek-chat");
    end_run(&r);
}

static void test_llm_models(void **state)
{
    struct run r;
    (void)state;
    assert_true(run_file(&r, "data/llm_models.json", NULL));
    assert_string_equal(r.plan.default_model, "gpt-4o");
    const struct sl_import_model *m = model(&r.plan, "fast");
    assert_int_equal(m->m.n_allowed_tiers, 3);
    assert_string_equal(m->m.description, "short answers");
    assert_string_equal(model(&r.plan, "local")->m.base_url, "http://ollama:11434");
    assert_string_equal(r.plan.tiers->name, "pro");
    end_run(&r);
}

/* ---- errors ---- */

static void test_errors(void **state)
{
    static const struct {
        const char *name, *text, *error;
    } cases[] = {
        {"a.yaml", "model_list:\n\t- x", "a.yaml:2: "},
        {"a.yaml", "model_list: [\n", "a.yaml:2: "},
        {"a.yaml", "a: 1\na: 2\n", "a.yaml:2: the key 'a' is already in line 1"},
        {"m.json", "{\"model_name\": \"x\",\n\"model_url\": }{", "m.json:"},
        {".env", "A=1\nB\n", ".env:2: there is no '=' behind the name"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
        const struct sl_import_file file = {cases[i].name, cases[i].text, strlen(cases[i].text)};
        const struct sl_import_in in = {.files = &file, .n_files = 1, .catalogue = catalogue};
        struct sl_import_plan plan;
        struct sl_err err = {0};
        sl_import_plan_init(&plan);
        assert_int_equal(sl_import_read(&in, &plan, &err), SL_INVALID_ARGUMENT);
        if (strncmp(err.text, cases[i].error, strlen(cases[i].error)) != 0)
            fail_msg("'%s' is not '%s'", err.text, cases[i].error);
        sl_import_plan_fini(&plan);
    }
}

static int setup(void **state)
{
    struct sl_err err = {0};
    (void)state;
    return sl_catalogue_load(NULL, &catalogue, &err) == SL_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    sl_catalogue_unref(catalogue);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),   cmocka_unit_test(test_template),
        cmocka_unit_test(test_litellm), cmocka_unit_test(test_model_config),
        cmocka_unit_test(test_env),     cmocka_unit_test(test_llm_models),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
