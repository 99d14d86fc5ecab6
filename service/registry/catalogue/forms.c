/* Takes ids apart. Sources of the forms:
 * - "ft:gpt-4o-mini-2024-07-18:org:suffix:id": OpenAI, "Fine-tuning"; Mistral, "Fine-tuning"
 * - "us.anthropic.claude-sonnet-4-20250514-v1:0": AWS, "Supported Regions and models for inference profiles"
 * - "publishers/google/models/gemini-2.5-pro", "claude-sonnet-4@20250514": Google, "Model versions and lifecycle"
 * - "llama3:8b": Ollama, "Model names"
 * - "deepseek/deepseek-r1:free": OpenRouter, "Model variants" */
#include "registry/catalogue/forms.h"

#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/str.h"
#include "registry/catalogue/internal.h"

enum { MAX_NAME = 256, MAX_STRIPS = 4 };

bool sl_form_is_fine_tuned(const char *id)
{
    return !strncasecmp(id, "ft:", 3) && id[3] && id[3] != ':';
}

/* ---- endings ---- */

/* Whether the end of s[0..n) has the shape: '9' a digit, another character itself. */
static bool ends_like(const char *s, size_t n, const char *shape)
{
    size_t k = strlen(shape);
    if (n <= k)
        return false;
    for (size_t i = 0; i < k; i++) {
        char c = s[n - k + i];
        if (shape[i] == '9' ? c < '0' || c > '9' : c != shape[i])
            return false;
    }
    return true;
}

/* Cuts one date, version or tag off the end; false where there is none. */
static bool strip_ending(char *s)
{
    static const char *const shapes[] = {
        "-9999-99-99", "-99999999", "@99999999", "-99-9999", "-99-99", "-9999",    "-999",
        "-v9:9",       "-v9",       "-latest",   "-preview", "-exp",   "@default", "-maas",
    };
    size_t n = strlen(s);
    for (size_t i = 0; i < SL_ARRAY_LEN(shapes); i++) {
        if (ends_like(s, n, shapes[i])) {
            s[n - strlen(shapes[i])] = '\0';
            return true;
        }
    }
    char *tag = strrchr(s, ':');
    if (!tag || tag == s || strchr(tag, '/'))
        return false;
    *tag = '\0';
    return true;
}

static const struct sl_catalogue_model *find(const struct sl_catalogue *c,
                                             const struct sl_catalogue_provider *provider,
                                             const char *name)
{
    const struct sl_catalogue_entry *e =
        provider ? sl_catalogue_entry_of(c, provider, name) : sl_catalogue_entry(c, name);
    return e ? e->model : NULL;
}

/* With the endings cut off one by one. */
static const struct sl_catalogue_model *find_stripped(const struct sl_catalogue *c,
                                                      const struct sl_catalogue_provider *provider,
                                                      const char *name)
{
    char s[MAX_NAME];
    if (!sl_copy(s, sizeof(s), name))
        return NULL;
    for (int i = 0; i <= MAX_STRIPS; i++) {
        const struct sl_catalogue_model *m = find(c, provider, s);
        if (m || !strip_ending(s))
            return m;
    }
    return NULL;
}

const struct sl_catalogue_model *sl_form_undated(const struct sl_catalogue *c,
                                                 const struct sl_catalogue_provider *provider,
                                                 const char *id)
{
    return find_stripped(c, provider, id);
}

/* ---- beginnings ---- */

/* Behind the region of an inference profile. */
static const char *skip_region(const char *id)
{
    static const char *const regions[] = {"us.", "eu.", "apac.", "ap.",     "au.",    "ca.",
                                          "jp.", "sa.", "uk.",   "global.", "us-gov."};
    for (size_t i = 0; i < SL_ARRAY_LEN(regions); i++) {
        if (!strncasecmp(id, regions[i], strlen(regions[i])))
            return id + strlen(regions[i]);
    }
    return id;
}

/* Behind "anthropic." where letters alone stand before the dot. */
static const char *skip_vendor(const char *id)
{
    const char *dot = strchr(id, '.');
    for (const char *s = id; dot && s < dot; s++) {
        if (!((*s | 0x20) >= 'a' && (*s | 0x20) <= 'z') && !(s > id && *s >= '0' && *s <= '9'))
            return id;
    }
    return dot && dot > id && dot[1] ? dot + 1 : id;
}

/* BASE of a fine-tuned id, else the last part of a path that ends in models/NAME, else all of it. */
static bool unwrap(const char *id, char *out)
{
    const char *models = strstr(id, "models/");
    if (sl_form_is_fine_tuned(id)) {
        size_t n = strcspn(id + 3, ":");
        return sl_copy_n(out, MAX_NAME, id + 3, n);
    }
    return sl_copy(out, MAX_NAME, models && (models == id || models[-1] == '/') ? models + 7 : id);
}

/* "claude-sonnet-4@20250514" is "claude-sonnet-4-20250514" at its own vendor. */
static void spell_date(char *s)
{
    char *at = strrchr(s, '@');
    if (at)
        *at = '-';
}

static const struct sl_catalogue_model *find_anywhere(const struct sl_catalogue *c, char *name)
{
    const char *s = skip_vendor(name);
    spell_date(name);
    const struct sl_catalogue_model *m = find_stripped(c, NULL, name);
    const char *slash = strrchr(s, '/');
    if (!m && s != name)
        m = find_stripped(c, NULL, s);
    if (!m && slash)
        m = find_stripped(c, NULL, slash + 1);
    return m;
}

const struct sl_catalogue_model *sl_form_base(const struct sl_catalogue *c,
                                              const struct sl_catalogue_provider *provider,
                                              const char *id)
{
    char inner[MAX_NAME], plain[MAX_NAME];
    const struct sl_catalogue_model *m = provider ? find(c, provider, id) : NULL;
    if (m || !unwrap(id, inner))
        return m;
    sl_copy(plain, sizeof(plain), skip_region(inner));
    if (provider) {
        m = find_stripped(c, provider, inner);
        if (!m && strcmp(inner, plain) != 0)
            m = find_stripped(c, provider, plain);
    }
    return m ? m : find_anywhere(c, plain);
}
