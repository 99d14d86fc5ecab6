/* The operator's file: what it replaces and adds, and how it is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "registry/catalogue/internal.h"
#include "unit/catalogue/kit.h"

static struct sl_catalogue *parse(const char *text)
{
    struct sl_catalogue *c = NULL;
    struct sl_err err = {0};
    if (sl_catalogue_parse("mine.yaml", text, strlen(text), &c, &err))
        fail_msg("%s", err.text);
    return c;
}

static void changes_a_model(void **state)
{
    struct sl_catalogue *c = parse("models:\n"
                                   "  - provider: openai\n"
                                   "    id: GPT-4o\n"
                                   "    prices: {input: 1.25, cache_write: 0.000001}\n"
                                   "    retires: 2030-01-31\n"
                                   "    successor: anthropic/claude-sonnet-5\n"
                                   "    aliases: [ours]\n"
                                   "    json_schema: false\n");
    const struct sl_catalogue_model *m = sl_catalogue_find(c, "ours");
    char date[11];
    (void)state;
    assert_string_equal(m->id, "gpt-4o"); /* as the provider spells it */
    assert_int_equal(m->prices.input, 1250000);
    assert_int_equal(m->prices.cache_write, 1);
    assert_int_equal(m->prices.output, 10000000); /* left as it was */
    assert_int_equal(m->json_schema, 0);
    assert_int_equal(m->tools, 1);
    sl_catalogue_date_text(m->retires, date);
    assert_string_equal(date, "2030-01-31");
    assert_string_equal(sl_catalogue_successor(c, m, 0)->id, "claude-sonnet-5");
    sl_catalogue_unref(c);
}

static void adds_rows(void **state)
{
    struct sl_catalogue *c =
        parse("order: [house, openai]\n"
              "models:\n"
              "  - {provider: house, id: big, input: [text, image], output: [text],\n"
              "     price_tiers: [{from_tokens: 9, input: 4}, {from_tokens: 3, input: 2}],\n"
              "     prices: {input: 1, output: 5}, context_tokens: 1000}\n"
              "  - {provider: HOUSE, id: gpt-4o, successor: big}\n"
              "  - {provider: house, id: old, served_as: big}\n"
              "providers:\n"
              "  - {id: house, kind: custom, base_url: 'http://10.0.0.7:8000/v1', name: House,\n"
              "     key_variables: [HOUSE_KEY], aliases: [home]}\n"
              "lineups:\n"
              "  - id: ours\n"
              "    default: true\n"
              "    entries: [{role: default, model: home/big, fallback: openai/gpt-4o}]\n"
              "patterns: [{pattern: 'house-*', provider: house}]\n");
    const struct sl_catalogue_model *m = sl_catalogue_model(c, "home", "BIG");
    const struct sl_lineup *u = sl_catalogue_lineup(c, NULL);
    (void)state;
    assert_string_equal(m->provider->name, "House");
    assert_int_equal(m->vision, 1);
    assert_int_equal(m->chat, 1);
    assert_int_equal(m->tools, -1);
    assert_int_equal(sl_catalogue_prices_at(m, 2)->input, 1000000);
    assert_int_equal(sl_catalogue_prices_at(m, 3)->input, 2000000);
    assert_int_equal(sl_catalogue_prices_at(m, 10)->input, 4000000);
    assert_int_equal(sl_catalogue_prices_at(m, 10)->output, 5000000);
    assert_int_equal(m->provider->rank, 0);
    assert_ptr_equal(sl_catalogue_find(c, "gpt-4o")->provider, m->provider); /* the order says so */
    assert_string_equal(sl_catalogue_send_id(sl_catalogue_find(c, "old")), "big");
    assert_int_equal(sl_catalogue_find(c, "old")->context_tokens, 1000);
    assert_string_equal(u->id, "ours");
    assert_string_equal(u->title, "ours");
    assert_ptr_equal(kit_entry(u, "default")->model, m);
    assert_false(sl_catalogue_lineup(c, "january-2026")->is_default);
    assert_string_equal(c->patterns[c->n_patterns - 1].pattern, "house-*");
    sl_catalogue_unref(c);
}

static void takes_nothing(void **state)
{
    static const char *const texts[] = {"", "---\n", "models:\n", "models: []\n", "{}", "# x\n"};
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++)
        sl_catalogue_unref(parse(texts[i]));
}

static void says_what_is_wrong(void **state)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"- x", "mine.yaml:1: has to be a mapping of sections"},
        {"model: []", "mine.yaml:1: model is not known"},
        {"\nmodels: 7", "mine.yaml:2: models has to be a list"},
        {"models:\n- 7", "mine.yaml:2: models[0]: has to be a mapping"},
        {"models:\n- {id: x}", "mine.yaml:2: models[0]: needs a provider"},
        {"models:\n- {provider: openai}", "mine.yaml:2: models[0]: needs an id"},
        {"models:\n- provider: nobody\n  id: x", "mine.yaml:2: models[0]: provider is not known"},
        {"models:\n- provider: openai\n  id: x\n  prise: 1",
         "mine.yaml:4: models[0]: prise is not known"},
        {"models:\n- provider: openai\n  id: x\n  prices: {inptu: 1}",
         "mine.yaml:4: models[0]: prices.inptu is not known"},
        {"models:\n- provider: openai\n  id: x\n  prices: {input: -1}",
         "models[0]: prices.input has to be dollars"},
        {"models:\n- provider: openai\n  id: x\n  prices: {input: .nan}",
         "models[0]: prices.input has to be dollars"},
        {"models:\n- provider: openai\n  id: x\n- provider: openai\n  id: y\n  context_tokens: 1.5",
         "mine.yaml:6: models[1]: context_tokens has to be a whole number"},
        {"models:\n- provider: openai\n  id: 4.5", "mine.yaml:3: models[0]: id has to be a text"},
        {"models:\n- provider: openai\n  id: 'a b'",
         "mine.yaml:3: models[0]: id has to be 1 to 200 characters without spaces"},
        {"models:\n- provider: openai\n  id: x\n  tools: 1",
         "mine.yaml:4: models[0]: tools has to be true or false"},
        {"models:\n- provider: openai\n  id: x\n  status: gone",
         "models[0]: status has to be one of active, alpha, beta, deprecated, retired"},
        {"models:\n- provider: openai\n  id: x\n  retires: 2026-02-30",
         "models[0]: retires has to be a date"},
        {"models:\n- provider: openai\n  id: x\n  input: [smell]",
         "models[0]: input has to be a list of text, image"},
        {"models:\n- provider: openai\n  id: x\n  aliases: one",
         "models[0]: aliases has to be a list of texts"},
        {"models:\n- provider: openai\n  id: x\n  price_tiers: [{from: 1}]",
         "models[0]: price_tiers.from is not known"},
        {"providers:\n- {id: x}", "mine.yaml:2: providers[0]: kind is missing"},
        {"providers:\n- id: x\n  kind: telegraph",
         "mine.yaml:3: providers[0]: kind is no kind of provider that is known"},
        {"providers:\n- id: x\n  kind: custom\n  base_url: 'ftp://x'",
         "mine.yaml:4: providers[0]: base_url"},
        {"providers:\n- id: openai\n  base_url: 'https://u:p@x/v1'",
         "mine.yaml:3: providers[0]: base_url"},
        {"order: [nobody]", "mine.yaml:1: order[0]: is no provider that is known"},
        {"lineups:\n- {id: x}", "mine.yaml:2: lineups[0]: entries is missing"},
        {"lineups:\n- {id: x, entries: [{role: a}]}", "mine.yaml:2: an entry without a model in x"},
        {"lineups:\n- {id: x, entries: [{role: a, model: openai/gpt-40}]}",
         "mine.yaml:2: no model is known as openai/gpt-40"},
        {"patterns:\n- {pattern: x}", "mine.yaml:2: patterns[0]: needs a pattern and a provider"},
        {"patterns:\n- {pattern: x, provider: nobody}",
         "mine.yaml:2: no provider is known as nobody"},
        {"models: [", "mine.yaml:"},
    };
    (void)state;
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
        struct sl_catalogue *c = NULL;
        struct sl_err err = {0};
        if (!sl_catalogue_parse("mine.yaml", rows[i].text, strlen(rows[i].text), &c, &err))
            fail_msg("%s: taken", rows[i].text);
        assert_null(c);
        assert_int_equal(err.code, SL_INVALID_ARGUMENT);
        assert_int_equal(err.reason, SL_REASON_CONFIG_INVALID);
        if (!strstr(err.text, rows[i].error))
            fail_msg("%s\n%s", rows[i].text, err.text);
    }
}

static void refuses_circles_of_successors(void **state)
{
    struct sl_catalogue *c = parse("models:\n"
                                   "- {provider: openai, id: a, status: retired, successor: b}\n"
                                   "- {provider: openai, id: b, status: retired, successor: a}\n"
                                   "- {provider: openai, id: s, served_as: s}\n");
    (void)state;
    assert_null(sl_catalogue_successor(c, sl_catalogue_find(c, "a"), 0));
    assert_string_equal(sl_catalogue_send_id(sl_catalogue_find(c, "s")), "s");
    sl_catalogue_unref(c);
}

static void reads_a_file(void **state)
{
    char path[] = "/tmp/sl_catalogue_XXXXXX";
    int fd = mkstemp(path);
    struct sl_catalogue *c = NULL;
    struct sl_err err = {0};
    static const char text[] = "models: [{provider: openai, id: fresh}]\n";
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    assert_int_equal(sl_catalogue_load(path, &c, &err), SL_OK);
    assert_non_null(sl_catalogue_find(c, "fresh"));
    sl_catalogue_unref(c);
    unlink(path);
    c = NULL;
    assert_int_equal(sl_catalogue_load(path, &c, &err), SL_INVALID_ARGUMENT);
    assert_null(c);
    assert_non_null(strstr(err.text, "No such file"));
    assert_string_equal(err.field, "catalogue.file");
}

/* The page on the catalogue names every field of a table, and of those inside it. */
static void on_page(const char *page, const struct sl_fact_table *table)
{
    char name[80];
    for (size_t i = 0; i < table->n_fields; i++) {
        const struct sl_fact_field *f = &table->fields[i];
        snprintf(name, sizeof(name), "`%s`", f->name);
        if (!strstr(page, name))
            fail_msg("catalogue.md lacks %s", name);
        if (f->table)
            on_page(page, f->table);
    }
}

static void the_page_names_every_field(void **state)
{
    static char page[64 * 1024];
    FILE *from = fopen(SOURCE_DIR "/service/docs/catalogue.md", "r");
    (void)state;
    assert_non_null(from);
    size_t n = fread(page, 1, sizeof(page) - 1, from);
    fclose(from);
    assert_in_range(n, 1000, sizeof(page) - 2);
    on_page(page, &sl_catalogue_provider_row);
    on_page(page, &sl_catalogue_model_row);
    on_page(page, &sl_catalogue_lineup_row);
    on_page(page, &sl_catalogue_pattern_row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_a_model),
        cmocka_unit_test(adds_rows),
        cmocka_unit_test(takes_nothing),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(refuses_circles_of_successors),
        cmocka_unit_test(reads_a_file),
        cmocka_unit_test(the_page_names_every_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
