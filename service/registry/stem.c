/* Spellings of one model. Too little is a way around its entry, too much keeps callers from another model's bare id. */
#include "registry/stem.h"

#include <string.h>

#include "base/compiler.h"
#include "base/str.h"

/* What is left out of ids, by kind. */
static const struct rule {
    const char *kind;
    bool path;          /* all up to the last '/' */
    bool region;        /* "us." */
    const char *suffix; /* ":" : from the first one on; ":latest": that */
} rules[] = {
    /* "models/ID", "tunedModels/ID"; "publishers/google/models/ID" */
    {"gemini", true, false, NULL},
    {"vertex", true, false, NULL},
    /* Inference profiles: "us.ID", and ARNs (Amazon Bedrock, "Supported cross-Region inference profiles") */
    {"bedrock", true, true, NULL},
    /* "ID:nitro" (OpenRouter, "Model Variants"), "ID:groq" (Hugging Face, "Inference Providers") */
    {"openrouter", false, false, ":"},
    {"huggingface", false, false, ":"},
    {"ollama", false, false, ":latest"},
};

static const char *const regions[] = {"us.", "eu.", "apac.",   "au.",
                                      "ca.", "jp.", "us-gov.", "global."};

static const struct rule *rule_of(const char *kind)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(rules); i++) {
        if (!strcmp(rules[i].kind, kind))
            return &rules[i];
    }
    return NULL;
}

static struct sl_str without_region(struct sl_str s)
{
    for (size_t i = 0; i < SL_ARRAY_LEN(regions); i++) {
        size_t n = strlen(regions[i]);
        if (s.n > n && !memcmp(s.p, regions[i], n))
            return (struct sl_str){s.p + n, s.n - n};
    }
    return s;
}

static size_t length_without(struct sl_str s, const char *suffix)
{
    size_t n = strlen(suffix);
    if (n == 1) {
        const char *at = memchr(s.p, *suffix, s.n);
        return at ? (size_t)(at - s.p) : s.n;
    }
    return s.n > n && !memcmp(s.p + s.n - n, suffix, n) ? s.n - n : s.n;
}

static char *lower(char *s)
{
    for (char *c = s; *c; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return s;
}

const char *sl_id_stem(const char *kind, const char *id, struct sl_arena *arena)
{
    const struct rule *r = rule_of(kind);
    struct sl_str s = sl_str(lower(sl_arena_strdup(arena, id)));
    const char *slash = r && r->path ? strrchr(s.p, '/') : NULL;
    if (slash && slash[1])
        s = sl_str(slash + 1);
    if (r && r->region)
        s = without_region(s);
    if (r && r->suffix)
        s.n = length_without(s, r->suffix);
    bool same = s.n == strlen(id) && !memcmp(s.p, id, s.n);
    return same ? id : sl_arena_strndup(arena, s.p, s.n);
}

static bool is_segment(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c <= ' ' || c == 0x7f)
            return false;
    }
    return n && !(n == 1 && *p == '.') && !(n == 2 && p[0] == '.' && p[1] == '.');
}

bool sl_id_is_plain(const char *id)
{
    for (;; id++) {
        size_t n = strcspn(id, "/");
        if (!is_segment(id, n))
            return false;
        id += n;
        if (!*id)
            return true;
    }
}
