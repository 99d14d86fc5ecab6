/* What a file is, and reading it. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "registry/import/source.h"

static const struct {
    const char *name;
    enum sl_code (*parse)(struct sl_import_reader *r);
} formats[] = {
    [SL_IMPORT_UNKNOWN] = {"", NULL},
    [SL_IMPORT_LITELLM] = {"litellm", sl_import_litellm},
    [SL_IMPORT_MODEL_CONFIG] = {"model_config", sl_import_model_config},
    [SL_IMPORT_LLM_MODELS] = {"llm_models", sl_import_llm_models},
    [SL_IMPORT_ENV] = {"env", sl_import_env},
};

const char *sl_import_format_name(enum sl_import_format format)
{
    return formats[format].name;
}

static bool contains(const char *text, size_t n, const char *what)
{
    return memmem(text, n, what, strlen(what)) != NULL;
}

/* A line NAME=VALUE. */
static bool has_assignment(const char *text, size_t n)
{
    const char *end = text + n;
    for (const char *line = text; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line)), *c = line;
        stop = stop ? stop : end;
        if (stop - c > 7 && !strncmp(c, "export ", 7))
            c += 7;
        const char *name = c;
        while (c < stop &&
               (*c == '_' || (*c >= '0' && *c <= '9') || ((*c | 32) >= 'a' && (*c | 32) <= 'z')))
            c++;
        if (c > name) {
            while (c < stop && *c == ' ')
                c++;
            if (c < stop && *c == '=')
                return true;
        }
        line = stop + 1;
    }
    return false;
}

static bool is_env_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    size_t n = strlen(base);
    return sl_starts_with(base, ".env") || (n > 4 && !strcmp(base + n - 4, ".env"));
}

enum sl_import_format sl_import_detect(const char *name, const char *text, size_t n)
{
    size_t i = 0;
    if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
        i = 3;
    while (i < n && strchr(" \t\r\n", text[i]))
        i++;
    bool json = i < n && (text[i] == '{' || text[i] == '[');
    bool list = contains(text, n, "model_list");
    if (json && !list && contains(text, n, "\"model_name\"") && contains(text, n, "\"model_url\""))
        return SL_IMPORT_MODEL_CONFIG;
    if (json && !list)
        return SL_IMPORT_LLM_MODELS;
    if (is_env_name(name) || (!json && !list && has_assignment(text, n)))
        return SL_IMPORT_ENV;
    return SL_IMPORT_LITELLM;
}

static enum sl_code refuse(struct sl_err *err, const char *name, const char *what)
{
    return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_CONFIG_INVALID, "%s: %s", name, what);
}

/* Providers of which nothing is said that would have to be stored. */
static void drop_empty(struct sl_import_plan *plan)
{
    struct sl_import_provider **at = &plan->providers;
    while (*at) {
        const struct sl_import_provider *p = *at;
        bool empty = !p->n_keys && !p->n_patterns && !*p->base_url && !*p->api_version &&
                     !*p->organization && !*p->project && !*p->region;
        if (empty)
            *at = p->next;
        else
            at = &(*at)->next;
    }
    plan->providers_end = at;
}

enum sl_code sl_import_read(const struct sl_import_in *in, struct sl_import_plan *plan,
                            struct sl_err *err)
{
    struct sl_import_reader r;
    if (!in->n_files)
        return refuse(err, "files", "no file is given");
    for (size_t i = 0; i < in->n_files; i++) {
        if (in->files[i].n > SL_IMPORT_MAX_BYTES)
            return refuse(err, in->files[i].name, "longer than 8 MiB");
    }
    const struct sl_import_file *file = &in->files[0];
    plan->format = in->format ? in->format : sl_import_detect(file->name, file->text, file->n);
    sl_reader_init(&r, in, plan, err);
    enum sl_code code = formats[plan->format].parse(&r);
    sl_reader_fini(&r);
    drop_empty(plan);
    if (code == SL_OK && plan->n_notes > SL_IMPORT_MAX_NOTES)
        return refuse(err, file->name,
                      "holds too much that is not carried: more than 20000 entries");
    return code;
}
