/* A .env file: keys, addresses and models of providers, by the names that programs give their variables
 * (OPENAI_API_KEY, GEMINI_MODEL, AZURE_OPENAI_ENDPOINT, ...), and which model is the default. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/dotenv.h"
#include "base/str.h"
#include "config/url.h"
#include "registry/import/shapes.h"

enum { MAX_WORD = 64 };

enum fact { KEY, BASE, MODEL, VERSION, REGION, ORGANIZATION, PROJECT, FACTS };

/* What a file says of one provider. */
struct group {
    const char *word; /* as the variables begin: "azure_openai" */
    const struct sl_catalogue_provider *known;
    size_t line[FACTS]; /* index + 1 of the last line that says it; 0: none */
    struct group *next;
};

struct env {
    struct sl_import_reader *r;
    const char *file;
    struct sl_dotenv lines;
    bool *done; /* by line */
    struct group *groups, **groups_end;
    size_t provider_line, model_line; /* of the default; index + 1 */
};

/* ---- notes ---- */

static const char *place(struct env *e, size_t i)
{
    return sl_arena_printf(&e->r->plan->arena, "%s:%u", e->file, e->lines.list[i].line);
}

static const char *subject(struct env *e, size_t i)
{
    return sl_arena_strdup(&e->r->plan->arena, e->lines.list[i].name);
}

SL_PRINTF(4, 5)
static void note(struct env *e, enum sl_import_level level, size_t i, const char *fmt, ...)
{
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    const struct sl_import_about about = {level, place(e, i), subject(e, i)};
    sl_import_note(e->r->plan, &about, "%s", text);
    e->done[i] = true;
}

static void carry(struct env *e, size_t i)
{
    struct sl_import_carried *c = SL_ARENA_NEW(&e->r->plan->arena, struct sl_import_carried);
    c->path = subject(e, i);
    c->next = e->r->plan->carried;
    e->r->plan->carried = c;
    e->r->plan->n_carried++;
    e->done[i] = true;
}

static const char *value_of(struct env *e, size_t line)
{
    return line ? e->lines.list[line - 1].value : "";
}

/* ---- whose a variable is ---- */

static const struct sl_catalogue_provider *by_word(struct env *e, const char *word)
{
    static const struct {
        const char *word, *provider;
    } more[] = {{"aws_bedrock", "bedrock"},
                {"azure_anthropic", ""},
                {"zhipu_cn", "zhipuai"},
                {"dashscope_cn", ""},
                {"minimax_cn", "minimax-cn"}};
    char dashed[MAX_WORD];
    const struct sl_catalogue *c = e->r->in->catalogue;
    for (size_t i = 0; i < SL_ARRAY_LEN(more); i++) {
        if (!strcmp(more[i].word, word))
            return *more[i].provider ? sl_catalogue_provider(c, more[i].provider) : NULL;
    }
    const struct sl_catalogue_provider *p = sl_catalogue_provider(c, word);
    sl_copy(dashed, sizeof(dashed), word);
    for (char *d = dashed; *d; d++)
        *d = (char)(*d == '_' ? '-' : *d);
    return p ? p : sl_catalogue_provider(c, dashed);
}

/* Of several with the variable the one that is the kind's default. */
static const struct sl_catalogue_provider *by_key_variable(struct env *e, const char *name)
{
    const struct sl_catalogue *c = e->r->in->catalogue;
    const struct sl_catalogue_provider *found = NULL;
    for (size_t i = 0; i < c->n_providers; i++) {
        const struct sl_catalogue_provider *p = c->providers[i];
        if (sl_import_is_usual_key(p, name) &&
            (!found || (p->kind_default && !found->kind_default)))
            found = p;
    }
    return found;
}

static struct group *take_group(struct env *e, const char *word,
                                const struct sl_catalogue_provider *known)
{
    for (struct group *g = e->groups; g; g = g->next) {
        if (g->known == known)
            return g;
    }
    struct group *g = SL_ARENA_NEW(&e->r->arena, struct group);
    g->word = sl_arena_strdup(&e->r->arena, word);
    g->known = known;
    *e->groups_end = g;
    e->groups_end = &g->next;
    return g;
}

static const struct {
    const char *end;
    enum fact fact;
} endings[] = {
    {"_API_KEY", KEY},           {"_API_BASE", BASE},    {"_BASE_URL", BASE},
    {"_API_BASE_URL", BASE},     {"_ENDPOINT", BASE},    {"_API_URL", BASE},
    {"_DEPLOYMENT_NAME", MODEL}, {"_DEPLOYMENT", MODEL}, {"_MODEL_ID", MODEL},
    {"_MODEL_NAME", MODEL},      {"_MODEL", MODEL},      {"_API_VERSION", VERSION},
    {"_REGION", REGION},         {"_LOCATION", REGION},  {"_ORGANIZATION", ORGANIZATION},
    {"_ORG_ID", ORGANIZATION},   {"_PROJECT", PROJECT},  {"_PROJECT_ID", PROJECT},
};

/* "AZURE_OPENAI" of AZURE_OPENAI_API_KEY, in lower case; "" where the name has no such ending. */
static void word_of(const char *name, char word[MAX_WORD], enum fact *fact)
{
    size_t n = strlen(name), longest = 0;
    word[0] = 0;
    for (size_t i = 0; i < SL_ARRAY_LEN(endings); i++) {
        size_t m = strlen(endings[i].end);
        if (m >= n || m <= longest || strcasecmp(name + n - m, endings[i].end) != 0)
            continue;
        longest = m;
        *fact = endings[i].fact;
        sl_copy_n(word, MAX_WORD, name, n - m);
    }
    for (char *c = word; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 32 : *c);
}

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list; list++) {
        if (!strcasecmp(name, *list))
            return true;
    }
    return false;
}

static void set_fact(struct env *e, struct group *g, enum fact fact, size_t i)
{
    if (g->line[fact])
        note(e, SL_IMPORT_NOT_CARRIED, g->line[fact] - 1, "line %u says the same of %s, and counts",
             e->lines.list[i].line, g->known->name);
    g->line[fact] = i + 1;
}

static void classify(struct env *e, size_t i)
{
    static const char *const providers[] = {"LLM_PROVIDER",     "DEFAULT_LLM_PROVIDER",
                                            "DEFAULT_PROVIDER", "MODEL_PROVIDER",
                                            "AI_PROVIDER",      NULL};
    static const char *const models[] = {"DEFAULT_LLM_MODEL", "LLM_MODEL", "DEFAULT_MODEL",
                                         "LLM_MODEL_NAME", NULL};
    const char *name = e->lines.list[i].name;
    char word[MAX_WORD];
    enum fact fact = FACTS;
    if (!*e->lines.list[i].value) {
        note(e, SL_IMPORT_NOT_CARRIED, i, "is empty");
        return;
    }
    size_t *chosen = is_one_of(name, providers) ? &e->provider_line
                     : is_one_of(name, models)  ? &e->model_line
                                                : NULL;
    if (chosen) {
        if (*chosen)
            note(e, SL_IMPORT_NOT_CARRIED, *chosen - 1, "line %u says another default, and counts",
                 e->lines.list[i].line);
        *chosen = i + 1;
        return;
    }
    word_of(name, word, &fact);
    const struct sl_catalogue_provider *p = by_key_variable(e, name);
    if (p)
        fact = KEY;
    else if (*word)
        p = by_word(e, word);
    if (p && fact != FACTS && *p->kind)
        set_fact(e, take_group(e, word, p), fact, i);
    else if (p && fact != FACTS)
        note(e, SL_IMPORT_NOT_CARRIED, i, "no adapter speaks to %s", p->name);
    else if (fact == KEY)
        note(e, SL_IMPORT_NOT_CARRIED, i, "no provider is known that has its key there");
}

/* ---- what becomes of it ---- */

/* ".../v1/chat/completions" is the address of one call. */
static char *without_call(struct env *e, const char *url)
{
    static const char *const calls[] = {"/chat/completions", "/v1/messages", "/messages",
                                        "/responses"};
    char *text = sl_arena_strdup(&e->r->plan->arena, url);
    size_t n = strlen(text);
    for (size_t i = 0; i < SL_ARRAY_LEN(calls); i++) {
        size_t m = strlen(calls[i]);
        if (n > m && !strcmp(text + n - m, calls[i])) {
            text[n - m] = 0;
            break;
        }
    }
    return text;
}

static const struct sl_catalogue_provider *at_address(struct env *e, const char *url)
{
    const struct sl_catalogue *c = e->r->in->catalogue;
    for (size_t i = 0; i < c->n_providers; i++) {
        if (*c->providers[i]->base_url && sl_url_same_origin(c->providers[i]->base_url, url))
            return c->providers[i];
    }
    return NULL;
}

static bool is_local(const char *kind)
{
    return !strcmp(kind, "ollama") || !strcmp(kind, "vllm") || !strcmp(kind, "lmstudio");
}

/* Reads the address; whose changes where it is another provider's. */
static const char *read_base(struct env *e, struct group *g, struct sl_import_whose *whose)
{
    size_t line = g->line[BASE];
    const char *url = line ? without_call(e, value_of(e, line)) : "";
    const char *why = *url ? sl_import_proxy(url) : NULL;
    if (!*url)
        return "";
    if (sl_url_problem(url, true)) {
        note(e, SL_IMPORT_ERROR, line - 1, "is no address of a provider: %s",
             sl_url_problem(url, true));
        return "";
    }
    if (why && !is_local(whose->kind)) {
        note(e, SL_IMPORT_INFO, line - 1, "the address %s: requests go to %s itself", why,
             whose->provider);
        carry(e, line - 1);
        return "";
    }
    if (!strcmp(whose->kind, "openai")) {
        const struct sl_catalogue_provider *there = at_address(e, url);
        if (there && *there->kind && there != whose->known)
            *whose = (struct sl_import_whose){
                .provider = sl_import_provider_id(there), .kind = there->kind, .known = there};
        else if (!there)
            *whose = (struct sl_import_whose){.provider = "custom", .kind = "custom"};
        if (strcmp(whose->kind, "openai") != 0)
            note(e, SL_IMPORT_INFO, line - 1,
                 "the address is not OpenAI's: key and models became those "
                 "of the provider %s",
                 whose->provider);
    }
    carry(e, line - 1);
    return sl_import_base_url(e->r, whose, url);
}

static void read_key(struct env *e, struct group *g, struct sl_import_provider *p)
{
    size_t line = g->line[KEY];
    const char *text = value_of(e, line);
    struct sl_import_key key = {.literal = NULL};
    if (!line)
        return;
    key.place = place(e, line - 1);
    key.variable = sl_import_variable(e->r->plan, text);
    if (!key.variable && sl_import_is_placeholder(text)) {
        note(e, SL_IMPORT_NOT_CARRIED, line - 1, "is no key but a place for one");
        return;
    }
    if (!key.variable)
        key.literal = sl_import_secret(e->r->plan, text, strlen(text));
    sl_import_add_key(p, &key);
    carry(e, line - 1);
}

static const char *read_text(struct env *e, struct group *g, enum fact fact)
{
    if (!g->line[fact])
        return "";
    carry(e, g->line[fact] - 1);
    return sl_arena_strdup(&e->r->plan->arena, value_of(e, g->line[fact]));
}

static struct sl_import_model *add_model(struct env *e, size_t i,
                                         const struct sl_import_whose *whose, const char *id)
{
    struct sl_import_model *m = sl_import_find_model(e->r->plan, id);
    if (m)
        return m;
    m = sl_import_add_model(e->r->plan, id, place(e, i));
    if (!m)
        return NULL;
    m->m.provider = sl_arena_strdup(&e->r->plan->arena, whose->provider);
    m->m.model_id = sl_arena_strdup(&e->r->plan->arena, id);
    return m;
}

static void read_model(struct env *e, struct group *g, const struct sl_import_whose *whose,
                       const struct sl_import_provider *p)
{
    size_t line = g->line[MODEL];
    const char *id = value_of(e, line);
    if (!line)
        return;
    if (!strcmp(id, "default") || sl_import_is_placeholder(id)) {
        note(e, SL_IMPORT_NOT_CARRIED, line - 1, "is no model's id");
        return;
    }
    if (!*p->base_url && (!strcmp(whose->kind, "azure") || !strcmp(whose->kind, "custom"))) {
        note(e, SL_IMPORT_NOT_CARRIED, line - 1,
             "the model has no address: say it, as AZURE_OPENAI_ENDPOINT does");
        return;
    }
    struct sl_import_model *m = add_model(e, line - 1, whose, id);
    if (!m) {
        note(e, SL_IMPORT_NOT_CARRIED, line - 1, "the file holds more than 5000 models");
        return;
    }
    m->m.base_url = (char *)(uintptr_t)p->base_url;
    m->m.region = (char *)(uintptr_t)p->region;
    m->m.api_version = (char *)(uintptr_t)p->api_version;
    if (p->n_keys && *p->base_url)
        m->key = p->keys[0]; /* bound to the same address */
    carry(e, line - 1);
}

static void read_group(struct env *e, struct group *g)
{
    struct sl_import_plan *plan = e->r->plan;
    struct sl_import_whose whose = {
        .provider = sl_import_provider_id(g->known), .kind = g->known->kind, .known = g->known};
    size_t first = 0;
    for (int f = 0; f < FACTS; f++) {
        if (g->line[f] && (!first || g->line[f] < first))
            first = g->line[f];
    }
    const char *base = read_base(e, g, &whose);
    struct sl_import_provider *p =
        sl_import_take_provider(plan, whose.provider, place(e, first - 1));
    if (*base)
        p->base_url = base;
    read_key(e, g, p);
    const char *version = read_text(e, g, VERSION), *region = read_text(e, g, REGION);
    p->api_version = *version ? version : p->api_version;
    p->region = *region ? region : p->region;
    const char *organization = read_text(e, g, ORGANIZATION), *project = read_text(e, g, PROJECT);
    p->organization = *organization ? organization : p->organization;
    p->project = *project ? project : p->project;
    read_model(e, g, &whose, p);
}

/* ---- the default ---- */

static void set_default(struct env *e, size_t line, const struct sl_import_model *m)
{
    e->r->plan->default_model = m->m.name;
    e->r->plan->default_place = place(e, line - 1);
    carry(e, line - 1);
}

static void read_default(struct env *e)
{
    struct sl_import_plan *plan = e->r->plan;
    const char *word = value_of(e, e->provider_line), *id = value_of(e, e->model_line);
    struct sl_import_whose whose = {.provider = NULL};
    if (*id) {
        const struct sl_import_what what = {id, word, ""};
        sl_import_find_whose(e->r, &what, &whose);
        struct sl_import_model *m =
            whose.provider && strcmp(whose.kind, "azure") != 0 && strcmp(whose.kind, "custom") != 0
                ? add_model(e, e->model_line - 1, &whose, whose.model_id)
                : sl_import_find_model(plan, id);
        if (m) {
            set_default(e, e->model_line, m);
            if (e->provider_line)
                carry(e, e->provider_line - 1);
        } else {
            note(e, SL_IMPORT_NOT_CARRIED, e->model_line - 1, "its name leads to no provider");
        }
        return;
    }
    const struct sl_catalogue_provider *p = *word ? by_word(e, word) : NULL;
    for (struct group *g = e->groups; g && p; g = g->next) {
        struct sl_import_model *m = g->known == p && g->line[MODEL]
                                        ? sl_import_find_model(plan, value_of(e, g->line[MODEL]))
                                        : NULL;
        if (m)
            set_default(e, e->provider_line, m);
    }
    if (e->provider_line && !e->done[e->provider_line - 1])
        note(e, SL_IMPORT_NOT_CARRIED, e->provider_line - 1,
             "a default is a model here, and the file names none of that provider");
}

/* ---- the file ---- */

static void read_rest(struct env *e)
{
    for (size_t i = 0; i < e->lines.n; i++) {
        if (!e->done[i])
            note(e, SL_IMPORT_NOT_CARRIED, i, "%s", sl_import_why(e->lines.list[i].name));
        struct sl_import_wipe *w = SL_ARENA_NEW(&e->r->arena, struct sl_import_wipe);
        w->text = e->lines.list[i].value;
        w->next = e->r->wipes;
        e->r->wipes = w;
    }
}

enum sl_code sl_import_env(struct sl_import_reader *r)
{
    const struct sl_import_file *f = &r->in->files[0];
    struct env e = {.r = r, .file = sl_arena_strdup(&r->plan->arena, f->name)};
    e.groups_end = &e.groups;
    if (sl_dotenv_parse(&r->arena, e.file, (struct sl_str){f->text, f->n}, &e.lines, r->err) !=
        SL_OK)
        return r->err->code;
    e.done = sl_arena_zalloc(&r->arena, e.lines.n + 1);
    for (size_t i = 0; i < e.lines.n; i++)
        classify(&e, i);
    for (struct group *g = e.groups; g; g = g->next)
        read_group(&e, g);
    if (e.provider_line || e.model_line)
        read_default(&e);
    read_rest(&e);
    if (!r->plan->n_models && !r->plan->providers) {
        const struct sl_import_about about = {
            SL_IMPORT_ERROR, sl_arena_printf(&r->plan->arena, "%s:1", e.file), "API_KEY"};
        sl_import_note(r->plan, &about, "the file holds no key and no model of a provider");
    }
    return SL_OK;
}
