/* Snapshots from configurations: what a model inherits, where its key comes from, and who finds
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/secret.h"
#include "config/load.h"
#include "registry/load.h"

static struct sl_registry *make(const char *text)
{
    struct sl_config *c = NULL;
    struct sl_registry *r = NULL;
    struct sl_err err = {0};
    if (sl_config_parse("s.yaml", text, strlen(text), &c, &err) ||
        sl_registry_create(&(struct sl_registry_sources){.config = c, .revision = 7}, &r, &err))
        fail_msg("%s", err.text);
    sl_config_destroy(c); /* nothing is borrowed from it */
    return r;
}

static const struct sl_model *find(const struct sl_registry *r, const char *name)
{
    const struct sl_model *m = sl_registry_find(r, name, NULL);
    if (!m)
        fail_msg("no model '%s'", name);
    return m;
}

static int set_up(void **state)
{
    (void)state;
    unsetenv("OPENAI_API_KEY");
    unsetenv("OPENAI_KEY");
    setenv("SL_TEST_ONE", "sk-test-one", 1);
    setenv("SL_TEST_TWO", "sk-test-two", 1);
    return 0;
}

static const char sample[] =
    "upstream: {proxy: 'http://proxy:3128', ca_file: /ca.pem, timeouts: {idle: 7s}}\n"
    "limits: {max_line: 1MiB, slow_reader: 3s}\n"
    "providers:\n"
    "  - {id: vllm, kind: custom, base_url: 'http://gpu:8000/v1', key: 'env:SL_TEST_ONE', auth: "
    "header,\n"
    "     auth_header: x-key, headers: {A: one, b: two, c: 'env:SL_TEST_TWO'}, organization: org, "
    "     api_version: v-1, "
    "project: prj,\n"
    "     timeouts: {connect: 1s, total: 2s}, http: 1.1, insecure: true, proxy: none, ca_file: "
    "/own.pem,\n"
    "     client_certificate: /c.pem, client_key: /k.pem, connect_to: '10.0.0.1:1'}\n"
    "models:\n"
    "  - {name: zebra, provider: vllm, model_id: z, api: chat_completions, headers: {a: mine}, "
    "aliases: [z1, z2],\n"
    "     labels: {team: blue}, timeouts: {total: 0}, prices: {input: 1, output: 2, cache_read: "
    "0.5},\n"
    "     capabilities: {tools: true, vision: true}, context_tokens: 8192, max_output_tokens: "
    "100,\n"
    "     defaults: {temperature: 0.5, max_output_tokens: 50}, quirks: {legacy_max_tokens: true},\n"
    "     provider_options: {k: 1}, description: striped}\n"
    "  - {name: ant, provider: openai}\n";

static void copies_what_a_model_says(void **state)
{
    (void)state;
    struct sl_registry *r = make(sample);
    assert_int_equal(r->revision, 7);
    assert_int_equal(r->n_models, 2);
    struct sl_registry_walk walk;
    sl_registry_walk(&walk, r, "", NULL);
    assert_string_equal(sl_registry_next(&walk)->name, "ant");
    const struct sl_model *m = sl_registry_next(&walk);
    assert_string_equal(m->name, "zebra");
    assert_null(sl_registry_next(&walk));
    assert_string_equal(m->description, "striped");
    assert_string_equal(m->provider, "vllm");
    assert_string_equal(m->adapter->name, "custom");
    assert_string_equal(m->aliases[1], "z2");
    assert_null(m->aliases[2]);
    assert_int_equal(m->n_labels, 1);
    assert_string_equal(m->labels[0].value, "blue");
    assert_string_equal(m->source, "config");
    assert_int_equal(m->context_tokens, 8192);
    assert_int_equal(m->max_output_tokens, 100);
    assert_true(m->prices.known);
    assert_int_equal(m->prices.cache_read, 500000);
    assert_int_equal(m->prices.cache_write, -1);
    assert_int_equal(m->cap_tools, 1);
    assert_int_equal(m->cap_vision, 1);     /* said */
    assert_int_equal(m->cap_reasoning, 0);  /* the adapter cannot */
    assert_int_equal(m->cap_streaming, -1); /* nobody said, the adapter can */
    assert_false(find(r, "ant")->prices.known);
    sl_registry_unref(r);
}

static void fills_the_target(void **state)
{
    (void)state;
    struct sl_registry *r = make(sample);
    const struct sl_target *t = &find(r, "zebra")->target;
    assert_string_equal(t->provider, "vllm");
    assert_string_equal(t->base_url, "http://gpu:8000/v1");
    assert_string_equal(t->model_id, "z");
    assert_string_equal(t->api, "chat_completions");
    assert_int_equal(t->auth, SL_AUTH_HEADER);
    assert_string_equal(t->auth_header, "x-key");
    assert_string_equal(sl_secret_reveal(t->key), "sk-test-one");
    assert_string_equal(t->organization, "org");
    assert_string_equal(t->api_version, "v-1");
    assert_string_equal(t->project, "prj");
    assert_true(t->has_temperature && !t->has_top_p && t->has_max_output_tokens);
    assert_int_equal(t->max_output_tokens, 50);
    assert_true(t->legacy_max_tokens && !t->no_stream_options && !t->no_developer_role);
    assert_string_equal(t->provider_options_json, "{\"k\":1}");
    t = &find(r, "ant")->target;
    assert_string_equal(t->base_url, "https://api.openai.com/v1");
    assert_string_equal(t->model_id, "ant");
    assert_string_equal(t->api, ""); /* the usual one */
    assert_string_equal(t->provider_options_json, "");
    assert_false(t->has_temperature || t->has_max_output_tokens);
    sl_registry_unref(r);
}

/* The model's own win over the provider's, whatever their case; values behind references are
 * secret. */
static void joins_headers(void **state)
{
    (void)state;
    struct sl_registry *r = make(sample);
    const struct sl_header *h = find(r, "zebra")->target.headers;
    assert_string_equal(h->name, "b");
    assert_string_equal(h->value, "two");
    assert_false(h->secret);
    h = h->next;
    assert_string_equal(h->name, "c");
    assert_string_equal(h->value, "sk-test-two");
    assert_true(h->secret);
    h = h->next;
    assert_string_equal(h->name, "a");
    assert_string_equal(h->value, "mine");
    assert_null(h->next);
    assert_null(find(r, "ant")->target.headers);
    sl_registry_unref(r);
}

static void inherits_clocks_and_endpoints(void **state)
{
    (void)state;
    struct sl_registry *r = make(sample);
    const struct sl_model *m = find(r, "zebra");
    assert_int_equal(m->clocks->connect_ms, 1000);
    assert_int_equal(m->clocks->total_ms, 0);
    assert_int_equal(m->clocks->idle_ms, 7000);
    assert_int_equal(m->clocks->first_token_ms, 120000);
    assert_int_equal(m->clocks->slow_reader_ms, 3000);
    assert_int_equal(m->caps->line, 1 << 20);
    assert_int_equal(m->endpoint->http, SL_HTTP_1_1);
    assert_true(m->endpoint->insecure);
    assert_string_equal(m->endpoint->ca_file, "/own.pem");
    assert_string_equal(m->endpoint->client_cert, "/c.pem");
    assert_string_equal(m->endpoint->client_key, "/k.pem");
    assert_string_equal(m->endpoint->proxy, "");
    assert_string_equal(m->endpoint->connect_to, "10.0.0.1:1");
    m = find(r, "ant");
    assert_int_equal(m->endpoint->http, SL_HTTP_ANY);
    assert_string_equal(m->endpoint->proxy, "http://proxy:3128");
    assert_string_equal(m->endpoint->ca_file, "/ca.pem");
    assert_int_equal(m->clocks->total_ms, 600000);
    sl_registry_unref(r);
}

/* Where a key comes from; a reference that leads nowhere leaves the model without one, and says
 * so. */
static void finds_keys(void **state)
{
    static const struct {
        const char *providers, *model;
        const char *reference, *key; /* key NULL: none */
        enum sl_auth auth;
    } rows[] = {
        {"", "provider: openai", "env:OPENAI_API_KEY", NULL, SL_AUTH_DEFAULT},
        {"", "provider: openai, key: 'env:SL_TEST_ONE'", "env:SL_TEST_ONE", "sk-test-one",
         SL_AUTH_DEFAULT},
        {"", "provider: openai, key: none", "", NULL, SL_AUTH_NONE},
        {"", "provider: ollama", "", NULL, SL_AUTH_NONE},
        {"{id: openai}", "provider: openai", "env:OPENAI_API_KEY", NULL, SL_AUTH_DEFAULT},
        {"{id: openai, key: 'env:SL_TEST_ONE', auth: bearer}", "provider: openai",
         "env:SL_TEST_ONE", "sk-test-one", SL_AUTH_BEARER},
        {"{id: openai, key: 'env:SL_TEST_ONE'}", "provider: openai, key: 'env:SL_TEST_TWO'",
         "env:SL_TEST_TWO", "sk-test-two", SL_AUTH_DEFAULT},
        {"{id: openai, key: 'env:SL_TEST_ONE'}", "provider: openai, key: none", "", NULL,
         SL_AUTH_NONE},
        {"{id: openai, key: 'file:/nonexistent'}", "provider: openai", "file:/nonexistent", NULL,
         SL_AUTH_DEFAULT},
        {"{id: openai, auth: none}", "provider: openai", "", NULL, SL_AUTH_NONE},
        {"{id: openai, base_url: 'http://elsewhere'}", "provider: openai", "", NULL, SL_AUTH_NONE},
        {"{id: openai, base_url: 'https://api.openai.com/v2'}", "provider: openai",
         "env:OPENAI_API_KEY", NULL, SL_AUTH_DEFAULT},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        char text[512];
        snprintf(text, sizeof(text), "providers: [%s]\nmodels: [{name: m, %s}]", rows[i].providers,
                 rows[i].model);
        struct sl_registry *r = make(text);
        const struct sl_model *m = find(r, "m");
        const char *key = sl_secret_reveal(m->target.key);
        if (strcmp(m->key_reference, rows[i].reference) || m->target.auth != rows[i].auth ||
            !key != !rows[i].key || (key && strcmp(key, rows[i].key)))
            fail_msg("%s: '%s', auth %d, key %s", text, m->key_reference, (int)m->target.auth,
                     key ? "there" : "missing");
        sl_registry_unref(r);
    }
}

static void takes_the_usual_variable_that_is_set(void **state)
{
    (void)state;
    setenv("OPENAI_KEY", "sk-test-three", 1);
    struct sl_registry *r = make("models: [{name: m, provider: openai}]");
    assert_string_equal(find(r, "m")->key_reference, "env:OPENAI_KEY");
    assert_string_equal(sl_secret_reveal(find(r, "m")->target.key), "sk-test-three");
    sl_registry_unref(r);
    setenv("OPENAI_API_KEY", "sk-test-four", 1);
    r = make("models: [{name: m, provider: openai}]");
    assert_string_equal(find(r, "m")->key_reference, "env:OPENAI_API_KEY");
    sl_registry_unref(r);
    set_up(NULL);
}

static void picks_a_default(void **state)
{
    static const struct {
        const char *text, *name; /* name NULL: none */
    } rows[] = {
        {"", NULL},
        {"models: [{name: b, provider: openai}]", NULL},
        {"models: [{name: c, provider: openai}, {name: b, provider: ollama}, {name: a, provider: "
         "ollama}]",
         "a"},
        {"models: [{name: b, provider: openai, key: 'env:SL_TEST_ONE'}, {name: a, provider: "
         "ollama}]",
         "a"},
        {"models: [{name: b, provider: openai}, {name: a, provider: ollama}]\ndefault_model: b",
         "b"},
        {"models: [{name: b, provider: openai, aliases: [x]}]\ndefault_model: x", "b"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_registry *r = make(rows[i].text);
        const char *name = r->default_model ? r->default_model->name : NULL;
        if (!name != !rows[i].name || (name && strcmp(name, rows[i].name)))
            fail_msg("'%s' for: %s", name ? name : "none", rows[i].text);
        sl_registry_unref(r);
    }
}

static uint64_t pool_key(const char *provider_fields, const char *model_fields)
{
    char text[512];
    snprintf(text, sizeof(text),
             "providers: [{id: openai%s}]\nmodels: [{name: m, provider: openai%s}]",
             provider_fields, model_fields);
    struct sl_registry *r = make(text);
    uint64_t key = find(r, "m")->endpoint->pool_key;
    sl_registry_unref(r);
    return key;
}

/* What may share a connection has the same pool key, and nothing else has. */
static void tells_pools_apart(void **state)
{
    static const struct {
        const char *provider, *model;
    } other[] = {
        {"", ", key: 'env:SL_TEST_ONE'"},
        {"", ", key: 'env:SL_TEST_TWO'"},
        {", base_url: 'https://a'", ""},
        {", http: 1.1", ""},
        {", insecure: true", ""},
        {", ca_file: /a", ""},
        {", client_certificate: /a, client_key: /b", ""},
        {", client_certificate: /b, client_key: /a", ""},
        {", proxy: 'http://p:1'", ""},
        {", unix_socket: /a", ""},
        {", connect_to: 'a:1'", ""},
    };
    uint64_t seen[SL_ARRAY_LEN(other) + 1] = {pool_key("", "")};
    (void)state;
    assert_int_equal(pool_key("", ", model_id: x, labels: {a: b}, timeouts: {idle: 1s}"), seen[0]);
    for (size_t i = 0; i < SL_ARRAY_LEN(other); i++) {
        seen[i + 1] = pool_key(other[i].provider, other[i].model);
        for (size_t k = 0; k <= i; k++)
            assert_true(seen[k] != seen[i + 1]);
    }
}

static void changes_the_pool_with_a_certificate_file(void **state)
{
    char path[] = "/tmp/sluice-ca-XXXXXX", fields[64];
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    snprintf(fields, sizeof(fields), ", ca_file: %s", path);
    uint64_t before = pool_key(fields, "");
    assert_true(pool_key(fields, "") == before);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    assert_true(pool_key(fields, "") != before);
    unlink(path);
}

static void finds_by_name_and_alias(void **state)
{
    (void)state;
    struct sl_registry *r = make(sample);
    bool by_alias = true;
    assert_string_equal(sl_registry_find(r, "zebra", &by_alias)->name, "zebra");
    assert_false(by_alias);
    assert_string_equal(sl_registry_find(r, "z2", &by_alias)->name, "zebra");
    assert_true(by_alias);
    assert_null(sl_registry_find(r, "Zebra", NULL));
    assert_null(sl_registry_find(r, "", NULL));
    sl_registry_unref(r);
    r = make("");
    assert_null(sl_registry_find(r, "zebra", NULL));
    sl_registry_unref(r);
}

static void finds_each_of_many(void **state)
{
    enum { MODELS = 2000 };
    (void)state;
    char *text = malloc(MODELS * 64 + 16);
    size_t n = (size_t)snprintf(text, 16, "models:\n");
    for (int i = 0; i < MODELS; i++)
        n += (size_t)snprintf(text + n, 64, "- {name: m%d, provider: ollama, aliases: [a%d]}\n", i,
                              i);
    struct sl_registry *r = make(text);
    for (int i = 0; i < MODELS; i++) {
        char name[16], alias[16];
        snprintf(name, sizeof(name), "m%d", i);
        snprintf(alias, sizeof(alias), "a%d", i);
        assert_string_equal(find(r, name)->name, name);
        assert_ptr_equal(find(r, alias), find(r, name));
    }
    free(text);
    sl_registry_unref(r);
}

static void minds_tiers(void **state)
{
    const struct sl_principal free_user = {.tier = "free", .roles = SL_ROLE_USER},
                              pro = {.tier = "pro", .roles = SL_ROLE_USER},
                              nobody = {.tier = "", .roles = SL_ROLE_USER},
                              admin = {.tier = "", .roles = SL_ROLE_ADMIN};
    (void)state;
    struct sl_registry *r =
        make("models: [{name: open, provider: ollama},\n"
             "  {name: closed, provider: ollama, aliases: [shut], tiers: [pro, enterprise]}]");
    const struct sl_model *closed = find(r, "closed"), *open = find(r, "open");
    assert_true(sl_registry_may_use(r, open, &nobody));
    assert_true(sl_registry_may_use(r, open, &free_user));
    assert_false(sl_registry_may_use(r, closed, &free_user));
    assert_false(sl_registry_may_use(r, closed, &nobody));
    assert_true(sl_registry_may_use(r, closed, &pro));
    assert_true(sl_registry_may_use(r, closed, &admin));
    assert_string_equal(sl_registry_nearest(r, "close", &pro), "closed");
    assert_string_equal(sl_registry_nearest(r, "shat", &pro), "shut");
    assert_null(sl_registry_nearest(r, "close", &nobody)); /* what one may not use is not offered */
    assert_null(sl_registry_nearest(r, "something-else", &pro));
    sl_registry_unref(r);
}

static void is_counted(void **state)
{
    (void)state;
    struct sl_registry *r = make(sample);
    assert_ptr_equal(sl_registry_ref(r), r);
    sl_registry_unref(r);
    assert_string_equal(sl_secret_reveal(find(r, "zebra")->target.key), "sk-test-one");
    sl_registry_unref(r);
    sl_registry_unref(NULL);
}

static void refuses_references_that_lead_nowhere(void **state)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"providers: [{id: openai, headers: {a: 'env:SL_TEST_NOT_SET'}}]\nmodels: [{name: m, "
         "provider: openai}]",
         "s.yaml:1: headers lead nowhere: the environment variable SL_TEST_NOT_SET is not set"},
        {"models:\n  - {name: m, provider: openai, headers: {a: 'file:/nonexistent'}}",
         "s.yaml:2: headers lead nowhere: the file /nonexistent"},
        {"upstream: {proxy: 'env:SL_TEST_NOT_SET'}\nmodels: [{name: m, provider: openai}]",
         "upstream.proxy leads nowhere: "},
        {"providers: [{id: openai, proxy: 'env:SL_TEST_NOT_SET'}]\nmodels: [{name: m, provider: "
         "openai}]",
         "s.yaml:1: proxy leads nowhere: "},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_config *c = NULL;
        struct sl_registry *r = NULL;
        struct sl_err err = {0};
        assert_int_equal(sl_config_parse("s.yaml", rows[i].text, strlen(rows[i].text), &c, &err),
                         SL_OK);
        assert_int_equal(sl_registry_create(&(struct sl_registry_sources){.config = c}, &r, &err),
                         SL_INVALID_ARGUMENT);
        assert_null(r);
        if (strncmp(err.text, rows[i].error, strlen(rows[i].error)))
            fail_msg("'%s' instead of '%s'", err.text, rows[i].error);
        sl_config_destroy(c);
    }
}

static void follows_a_proxy_reference(void **state)
{
    (void)state;
    setenv("SL_TEST_PROXY", "http://me:pw@proxy:1", 1);
    struct sl_registry *r =
        make("upstream: {proxy: 'env:SL_TEST_PROXY'}\nmodels: [{name: m, provider: openai}]");
    assert_string_equal(find(r, "m")->endpoint->proxy, "http://me:pw@proxy:1");
    sl_registry_unref(r);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(copies_what_a_model_says),
        TEST(fills_the_target),
        TEST(joins_headers),
        TEST(inherits_clocks_and_endpoints),
        TEST(finds_keys),
        TEST(takes_the_usual_variable_that_is_set),
        TEST(picks_a_default),
        TEST(tells_pools_apart),
        TEST(changes_the_pool_with_a_certificate_file),
        TEST(finds_by_name_and_alias),
        TEST(finds_each_of_many),
        TEST(minds_tiers),
        TEST(is_counted),
        TEST(refuses_references_that_lead_nowhere),
        TEST(follows_a_proxy_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
