/* Whole files: what they set, and what is said of wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "config/load.h"

static struct sl_config *parse(const char *text)
{
    struct sl_config *c = NULL;
    struct sl_err err = {0};
    if (sl_config_parse("s.yaml", text, strlen(text), &c, &err))
        fail_msg("%s", err.text);
    return c;
}

static void has_defaults(void **state)
{
    struct sl_config *c = parse("");
    (void)state;
    assert_int_equal(c->listen.count, 1);
    assert_string_equal(c->listen.list[0], "127.0.0.1:50051");
    assert_null(c->listen.list[1]);
    assert_int_equal(c->loops, 0);
    assert_int_equal(c->max_message_bytes, 16 << 20);
    assert_int_equal(c->max_concurrent_streams, 1000);
    assert_int_equal(c->reap_tick_ms, 5);
    assert_int_equal(c->drain_announce_ms, -1);
    assert_int_equal(c->drain_deadline_ms, 30000);
    assert_int_equal(c->request_memory_bytes, 256 << 20);
    assert_int_equal(c->stream_buffer_bytes, 256 << 10);
    assert_int_equal(c->slow_reader_ms, 10000);
    assert_int_equal(c->max_header_bytes, 64 << 10);
    assert_int_equal(c->max_line_bytes, 8 << 20);
    assert_int_equal(c->max_event_bytes, 8 << 20);
    assert_int_equal(c->max_body_bytes, 64 << 20);
    assert_int_equal(c->timeouts.connect, 10000);
    assert_int_equal(c->timeouts.first_byte, 60000);
    assert_int_equal(c->timeouts.first_token, 120000);
    assert_int_equal(c->timeouts.idle, 60000);
    assert_int_equal(c->timeouts.total, 600000);
    assert_string_equal(c->log_level, "info");
    assert_string_equal(c->default_model, "");
    assert_false(c->anonymous);
    assert_int_equal(c->n_keys + c->n_providers + c->n_models, 0);
    sl_config_destroy(c);
}

static const char everything[] =
    "server:\n"
    "  listen: ['[::1]:0', 'unix:/run/sluice.sock']\n"
    "  loops: 4\n"
    "  max_message: 64MiB\n"
    "  tls: {certificate: c.pem, key: k.pem, client_ca: ca.pem, require_client_certificate: true}\n"
    "drain.announce: auto\n" /* dots are as good as nesting */
    "data_dir: /tmp/x\n"
    "log: {level: debug}\n"
    "limits: {slow_reader: 0}\n"
    "access:\n"
    "  anonymous: true\n"
    "  keys:\n"
    "    - {name: alice, key: 'env:ALICE', tier: pro, roles: [user, operator]}\n"
    "    - {name: bob, certificate: bob.example}\n"
    "providers:\n"
    "  - id: vllm\n"
    "    kind: custom\n"
    "    base_url: http://gpu:8000/v1//\n"
    "    headers: {x-team: blue, authorization: 'env:VLLM'}\n"
    "    timeouts: {first_token: 5m}\n"
    "    http: 1.1\n"
    "models:\n"
    "  - name: llama\n"
    "    provider: vllm\n"
    "    model_id: meta/llama\n"
    "    aliases: [fast, cheap]\n"
    "    description: |\n"
    "      Two\n"
    "      lines\n"
    "    labels: {team: blue}\n"
    "    tiers: [pro]\n"
    "    capabilities: {tools: true, vision: false}\n"
    "    defaults: {temperature: 0.2, max_output_tokens: 512}\n"
    "    context_tokens: 131072\n"
    "    prices: {input: 0.15, output: 0.6}\n"
    "    quirks: {legacy_max_tokens: true}\n"
    "    timeouts: {total: 0}\n"
    "    provider_options: {top_k: 40, nested: {a: [1, 'x', null]}}\n"
    "  - {name: gpt, provider: openai}\n"
    "default_model: fast\n"
    "x-mine: anything goes\n";

static void reads_server_and_access(void **state)
{
    struct sl_config *c = parse(everything);
    (void)state;
    assert_int_equal(c->listen.count, 2);
    assert_string_equal(c->listen.list[1], "unix:/run/sluice.sock");
    assert_int_equal(c->loops, 4);
    assert_int_equal(c->max_message_bytes, 64 << 20);
    assert_string_equal(c->tls_client_ca, "ca.pem");
    assert_true(c->tls_require_client_certificate);
    assert_int_equal(c->drain_announce_ms, -1);
    assert_int_equal(c->slow_reader_ms, 0);
    assert_true(c->anonymous);
    assert_int_equal(c->n_keys, 2);
    assert_string_equal(c->keys[0].name, "alice");
    assert_string_equal(c->keys[0].key, "env:ALICE");
    assert_string_equal(c->keys[0].tier, "pro");
    assert_int_equal(c->keys[0].roles.count, 2);
    assert_string_equal(c->keys[0].place, "s.yaml:13");
    assert_string_equal(c->keys[1].certificate, "bob.example");
    assert_string_equal(c->keys[1].roles.list[0], "user");
    sl_config_destroy(c);
}

static void reads_providers_and_models(void **state)
{
    struct sl_config *c = parse(everything);
    (void)state;
    const struct sl_config_provider *p = &c->providers[0];
    assert_int_equal(c->n_providers, 1);
    assert_string_equal(p->base_url, "http://gpu:8000/v1");
    assert_string_equal(p->http, "1.1");
    assert_int_equal(p->headers.count, 2);
    assert_string_equal(p->headers.list[1].value, "env:VLLM");
    assert_int_equal(p->timeouts.first_token, 300000);
    assert_int_equal(p->timeouts.connect, -1);
    const struct sl_config_model *m = &c->models[0];
    assert_int_equal(c->n_models, 2);
    assert_string_equal(m->aliases.list[1], "cheap");
    assert_string_equal(m->description, "Two\nlines\n");
    assert_int_equal(m->tools, 1);
    assert_int_equal(m->vision, 0);
    assert_int_equal(m->reasoning, -1);
    assert_true(m->has_temperature);
    assert_false(m->has_top_p);
    assert_int_equal(m->default_max_output_tokens, 512);
    assert_int_equal(m->prices.input, 150000);
    assert_int_equal(m->prices.output, 600000);
    assert_int_equal(m->prices.cache_read, -1);
    assert_true(m->legacy_max_tokens);
    assert_int_equal(m->timeouts.total, 0);
    assert_int_equal(m->timeouts.idle, -1);
    assert_string_equal(m->provider_options_json,
                        "{\"top_k\":40,\"nested\":{\"a\":[1,\"x\",null]}}");
    assert_string_equal(c->models[1].model_id, "gpt");
    assert_string_equal(c->models[1].provider_options_json, "");
    sl_config_destroy(c);
}

static void reads_json(void **state)
{
    struct sl_config *c = parse("{\"server\": {\"listen\": [\"127.0.0.1:1\"], \"loops\": 2},\n"
                                "\t\"models\": [{\"name\":\"m\",\"provider\":\"openai\"}]}");
    (void)state;
    assert_int_equal(c->loops, 2);
    assert_string_equal(c->models[0].place, "s.yaml:2");
    sl_config_destroy(c);
}

static void leaves_null_unset(void **state)
{
    struct sl_config *c = parse("server:\nlog: {level: ~}\nmodels:\naccess: {keys: null}\n");
    (void)state;
    assert_string_equal(c->log_level, "info");
    assert_int_equal(c->n_models, 0);
    sl_config_destroy(c);
}

static void shares_by_merge_keys(void **state)
{
    struct sl_config *c =
        parse("x-base: &base {provider: openai, tiers: [pro], timeouts: {idle: 5s}}\n"
              "models:\n"
              "  - {<<: *base, name: a}\n"
              "  - {<<: *base, name: b, tiers: [free]}\n");
    (void)state;
    assert_string_equal(c->models[0].tiers.list[0], "pro");
    assert_string_equal(c->models[1].tiers.list[0], "free");
    assert_int_equal(c->models[1].timeouts.idle, 5000);
    sl_config_destroy(c);
}

struct refusal {
    const char *text, *error;
};

static void check_refusals(const struct refusal *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct sl_config *c = NULL;
        struct sl_err err = {0};
        if (sl_config_parse("s.yaml", rows[i].text, strlen(rows[i].text), &c, &err) == SL_OK)
            fail_msg("taken:\n%s", rows[i].text);
        assert_null(c);
        assert_int_equal(err.code, SL_INVALID_ARGUMENT);
        assert_int_equal(err.reason, SL_REASON_CONFIG_INVALID);
        if (strncmp(err.text, rows[i].error, strlen(rows[i].error)))
            fail_msg("'%s'\ninstead of '%s'", err.text, rows[i].error);
    }
}

static void refuses_unknown_keys(void **state)
{
    static const struct refusal rows[] = {
        {"serv: 1", "s.yaml:1: unknown setting 'serv'"},
        {"server:\n  lisen: x",
         "s.yaml:2: unknown setting 'server.lisen'; did you mean 'server.listen'?"},
        {"servr: {}", "s.yaml:1: unknown setting 'servr'; did you mean 'server'?"},
        {"listen: x", "s.yaml:1: unknown setting 'listen'; did you mean 'server.listen'?"},
        {"server: {x-y: 1}", "s.yaml:1: unknown setting 'server.x-y'"},
        {"models:\n  - name: a\n    provider: openai\n    temprature: 1",
         "s.yaml:4: unknown model setting 'temprature'"},
        {"models:\n  - name: a\n    provider: openai\n    timeouts: {iddle: 1s}",
         "s.yaml:4: unknown model setting 'timeouts.iddle'; did you mean 'timeouts.idle'?"},
        {"providers: [{id: openai, base_ulr: x}]",
         "s.yaml:1: unknown provider setting 'base_ulr'; did you mean 'base_url'?"},
        {"access: {keys: [{nam: x}]}", "s.yaml:1: unknown key setting 'nam'; did you mean 'name'?"},
        {"models: [{x-note: 1, name: a, provider: openai}]",
         "s.yaml:1: unknown model setting 'x-note'"},
        {"server:\n  listen: [a:1]\nserver.listen: [b:1]", "s.yaml:3: server.listen is set twice"},
        {"server: {}\nserver: {}", "s.yaml:2: the key 'server' is already in line 1"},
    };
    (void)state;
    check_refusals(rows, SL_ARRAY_LEN(rows));
}

static void refuses_wrong_types(void **state)
{
    static const struct refusal rows[] = {
        {"- a", "s.yaml:1: has to be a mapping of settings"},
        {"server: 3", "s.yaml:1: server has to be a mapping"},
        {"server: {loops: many}", "s.yaml:1: server.loops has to be a whole number, not 'many'"},
        {"server: {loops: '2'}", "s.yaml:1: server.loops takes no text in quotes"},
        {"server: {loops: [2]}", "s.yaml:1: server.loops takes one value, not a list"},
        {"server: {loops: {a: 2}}", "s.yaml:1: server.loops takes a value, not a mapping"},
        {"server: {listen: {a: 2}}", "s.yaml:1: server.listen has to be a list of texts"},
        {"server: {listen: [[a]]}", "s.yaml:1: server.listen has to be a list of texts"},
        {"access: {anonymous: yes}",
         "s.yaml:1: access.anonymous has to be true or false, not 'yes'"},
        {"access: {anonymous: 'true'}", "s.yaml:1: access.anonymous takes no text in quotes"},
        {"models: {a: b}", "s.yaml:1: models has to be a list of mappings"},
        {"models: [a]", "s.yaml:1: models has to be a list of mappings"},
        {"models: [{provider: openai}]", "s.yaml:1: models has a model without 'name'"},
        {"models: [{name: a}]", "s.yaml:1: models has a model without 'provider'"},
        {"models:\n- name: a\n  provider: openai\n  labels: [a]",
         "s.yaml:4: labels has to be a mapping"},
        {"models:\n- name: a\n  provider: openai\n  labels: {a: {}}",
         "s.yaml:4: labels has to be a mapping"},
        {"models: [{name: a, provider: openai, provider_options: '{}'}]",
         "s.yaml:1: provider_options has to be a mapping"},
        {"data_dir: \"a\\nb\"", "s.yaml:1: data_dir holds a control character"},
    };
    (void)state;
    check_refusals(rows, SL_ARRAY_LEN(rows));
}

static void refuses_bad_values(void **state)
{
    static const struct refusal rows[] = {
        {"server: {loops: 65}", "s.yaml:1: server.loops has to be from 0 to 64"},
        {"server: {loops: -1}", "s.yaml:1: server.loops has to be from 0 to 64"},
        {"server: {max_message: 65MiB}",
         "s.yaml:1: server.max_message has to be from 4KiB to 64MiB"},
        {"server: {reap_tick: 11ms}", "s.yaml:1: server.reap_tick has to be from 1ms to 10ms"},
        {"limits: {slow_reader: 10}",
         "s.yaml:1: limits.slow_reader has to be a duration with its unit"},
        {"limits: {slow_reader: inherit}", "s.yaml:1: limits.slow_reader has to be a duration"},
        {"limits: {max_line: big}", "s.yaml:1: limits.max_line has to be a size"},
        {"log: {level: loud}",
         "s.yaml:1: log.level has to be one of debug|info|warn|error, not 'loud'"},
        {"models: [{name: a, provider: openai, prices: {input: cheap}}]",
         "s.yaml:1: prices.input has to be a price"},
        {"models: [{name: a, provider: openai, defaults: {top_p: 1.1}}]",
         "s.yaml:1: defaults.top_p has to be from 0 to 1"},
        {"models: [{name: a, provider: openai, defaults: {temperature: hot}}]",
         "s.yaml:1: defaults.temperature has to be a number"},
        {"providers: [{id: openai, auth: magic}]",
         "s.yaml:1: auth has to be one of bearer|header|none|jwt|google|entra|aws, not 'magic'"},
    };
    (void)state;
    check_refusals(rows, SL_ARRAY_LEN(rows));
}

/* A key that was pasted is refused, with advice, and not repeated: not even where it is no key's
 * place. */
static void never_repeats_keys(void **state)
{
    static const char *const texts[] = {
        "providers: [{id: openai, key: sk-test-0123456789abcdef0123456789}]",
        "models: [{name: a, provider: openai, key: sk-test-0123456789abcdef0123456789}]",
        "access: {keys: [{name: a, key: sk-test-0123456789abcdef0123456789}]}",
        "log: {level: sk-test-0123456789abcdef0123456789}",
        "sk-test-0123456789abcdef0123456789: 1",
        "server: {listen: [sk-test-0123456789abcdef0123456789]}",
        "models: [{name: m, provider: sk-test-0123456789abcdef0123456789}]",
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++) {
        struct sl_config *c = NULL;
        struct sl_err err = {0};
        assert_int_equal(sl_config_parse("s.yaml", texts[i], strlen(texts[i]), &c, &err),
                         SL_INVALID_ARGUMENT);
        if (strstr(err.text, "0123456789abcdef") || strstr(err.field, "0123456789abcdef"))
            fail_msg("%s (%s)", err.text, err.field);
        if (i < 3 && !strstr(err.text, "env:"))
            fail_msg("no advice: %s", err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(reads_server_and_access),
        cmocka_unit_test(reads_providers_and_models),
        cmocka_unit_test(reads_json),
        cmocka_unit_test(leaves_null_unset),
        cmocka_unit_test(shares_by_merge_keys),
        cmocka_unit_test(refuses_unknown_keys),
        cmocka_unit_test(refuses_wrong_types),
        cmocka_unit_test(refuses_bad_values),
        cmocka_unit_test(never_repeats_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
