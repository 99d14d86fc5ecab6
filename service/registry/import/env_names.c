/* Variables' names, as programs give them: OPENAI_API_KEY, GEMINI_MODEL, AZURE_OPENAI_ENDPOINT, DEFAULT_LLM_MODEL. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "registry/import/env.h"

enum { MAX_WORD = 64 };

const struct sl_catalogue_provider *sl_env_provider(struct sl_env *e, const char *word)
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
static const struct sl_catalogue_provider *by_key_variable(struct sl_env *e, const char *name)
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

static struct sl_env_group *take_group(struct sl_env *e, const struct sl_catalogue_provider *known)
{
    for (struct sl_env_group *g = e->groups; g; g = g->next) {
        if (g->known == known)
            return g;
    }
    struct sl_env_group *g = SL_ARENA_NEW(&e->r->arena, struct sl_env_group);
    g->known = known;
    *e->groups_end = g;
    e->groups_end = &g->next;
    return g;
}

static const struct {
    const char *end;
    enum sl_env_fact fact;
} endings[] = {
    {"_API_KEY", SL_ENV_KEY},
    {"_API_BASE", SL_ENV_BASE},
    {"_BASE_URL", SL_ENV_BASE},
    {"_API_BASE_URL", SL_ENV_BASE},
    {"_ENDPOINT", SL_ENV_BASE},
    {"_API_URL", SL_ENV_BASE},
    {"_DEPLOYMENT_NAME", SL_ENV_MODEL},
    {"_DEPLOYMENT", SL_ENV_MODEL},
    {"_MODEL_ID", SL_ENV_MODEL},
    {"_MODEL_NAME", SL_ENV_MODEL},
    {"_MODEL", SL_ENV_MODEL},
    {"_API_VERSION", SL_ENV_VERSION},
    {"_REGION", SL_ENV_REGION},
    {"_LOCATION", SL_ENV_REGION},
    {"_ORGANIZATION", SL_ENV_ORGANIZATION},
    {"_ORG_ID", SL_ENV_ORGANIZATION},
    {"_PROJECT", SL_ENV_PROJECT},
    {"_PROJECT_ID", SL_ENV_PROJECT},
};

/* "AZURE_OPENAI" of AZURE_OPENAI_API_KEY, in lower case; "" where the name has no such ending. */
static void word_of(const char *name, char word[MAX_WORD], enum sl_env_fact *fact)
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

static void set_fact(struct sl_env *e, struct sl_env_group *g, enum sl_env_fact fact, size_t i)
{
    if (g->line[fact])
        sl_env_note(e, SL_IMPORT_NOT_CARRIED, g->line[fact] - 1,
                    "line %u says the same of %s, and counts", e->lines.list[i].line,
                    g->known->name);
    g->line[fact] = i + 1;
}

void sl_env_classify(struct sl_env *e, size_t i)
{
    static const char *const providers[] = {"LLM_PROVIDER",     "DEFAULT_LLM_PROVIDER",
                                            "DEFAULT_PROVIDER", "MODEL_PROVIDER",
                                            "AI_PROVIDER",      NULL};
    static const char *const models[] = {"DEFAULT_LLM_MODEL", "LLM_MODEL", "DEFAULT_MODEL",
                                         "LLM_MODEL_NAME", NULL};
    const char *name = e->lines.list[i].name;
    char word[MAX_WORD];
    enum sl_env_fact fact = SL_ENV_FACTS;
    if (!*e->lines.list[i].value) {
        sl_env_note(e, SL_IMPORT_NOT_CARRIED, i, "is empty");
        return;
    }
    size_t *chosen = is_one_of(name, providers) ? &e->provider_line
                     : is_one_of(name, models)  ? &e->model_line
                                                : NULL;
    if (chosen) {
        if (*chosen)
            sl_env_note(e, SL_IMPORT_NOT_CARRIED, *chosen - 1,
                        "line %u says another default, and counts", e->lines.list[i].line);
        *chosen = i + 1;
        return;
    }
    word_of(name, word, &fact);
    const struct sl_catalogue_provider *p = by_key_variable(e, name);
    if (p)
        fact = SL_ENV_KEY;
    else if (*word)
        p = sl_env_provider(e, word);
    if (p && fact != SL_ENV_FACTS && *p->kind)
        set_fact(e, take_group(e, p), fact, i);
    else if (p && fact != SL_ENV_FACTS)
        sl_env_note(e, SL_IMPORT_NOT_CARRIED, i, "no adapter speaks to %s", p->name);
    else if (fact == SL_ENV_KEY)
        sl_env_note(e, SL_IMPORT_NOT_CARRIED, i, "no provider is known that has its key there");
}

const char *sl_env_why(struct sl_env *e, size_t i)
{
    char word[MAX_WORD];
    enum sl_env_fact fact = SL_ENV_FACTS;
    const char *name = e->lines.list[i].name, *why = sl_import_why(name);
    word_of(name, word, &fact);
    if (why != sl_import_why("") || !*word)
        return why;
    return sl_arena_printf(&e->r->plan->arena,
                           "no provider '%s' is known here: sluice models create adds a model of "
                           "any address that speaks like OpenAI",
                           word);
}
