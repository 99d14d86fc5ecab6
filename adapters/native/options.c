/* Provider options of formats that are a provider's own: members of a JSON object that are added
 * to the body, or to one object in it, unchanged. A key that build writes itself is refused. */
#include "adapters/native/native.h"

#include <string.h>

static bool is_blank(const char *s)
{
    return !s || !s[strspn(s, " \t\r\n")];
}

static enum sl_code parse(struct nv_build *b, const char *json, struct nv_document *doc)
{
    char *copy = sl_arena_strdup(b->in->arena, json);
    enum sl_code code = sl_json_parse(&doc->parser, copy, strlen(copy), &doc->j, b->err);

    doc->there = code == SL_OK;
    return code;
}

enum sl_code nv_options_open(struct nv_build *b, struct nv_options *o)
{
    const char *request = b->request->provider_options_json;
    const char *target = b->in->target->provider_options_json;
    struct sl_err why = {0};
    enum sl_code code = SL_OK;

    o->request.there = o->target.there = false;
    sl_json_parser_init(&o->request.parser);
    sl_json_parser_init(&o->target.parser);
    if (!is_blank(request)) {
        code = nv_check_json(b, request, SL_JSON_OBJECT, "provider_options_json");
        if (code == SL_OK)
            code = parse(b, request, &o->request);
    }
    if (code != SL_OK || is_blank(target))
        return code;
    if (!sl_json_check(target, strlen(target), SL_JSON_OBJECT, &why))
        return sl_err_set(b->err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                          "the model's provider options are no JSON object: %s", why.text);
    return parse(b, target, &o->target);
}

void nv_options_close(struct nv_options *o)
{
    sl_json_parser_fini(&o->request.parser);
    sl_json_parser_fini(&o->target.parser);
}

/* The object whose members are meant; SL_JSON_ABSENT where there is none. */
static int find_object(const struct nv_document *doc, const char *object)
{
    if (!doc->there)
        return SL_JSON_ABSENT;
    return object ? sl_json_present(&doc->j, SL_JSON_ROOT, object) : SL_JSON_ROOT;
}

static bool has(const struct nv_document *doc, const char *object, const char *key)
{
    int at = find_object(doc, object);

    return sl_json_type(&doc->j, at) == SL_JSON_OBJECT && sl_json_member(&doc->j, at, key) >= 0;
}

bool nv_options_has(const struct nv_options *o, const char *object, const char *key)
{
    return (o->request.there && has(&o->request, object, key)) ||
           (o->target.there && has(&o->target, object, key));
}

/* The key with its escapes decoded, without touching the text that is sent. */
static const char *plain_key(struct nv_build *b, const struct sl_json *j, int key)
{
    struct sl_str raw = sl_json_raw(j, key);
    struct sl_json_parser parser;
    struct sl_json copy;
    struct sl_err ignored = {0};
    char *text = sl_arena_strndup(b->in->arena, raw.p, raw.n);

    sl_json_parser_init(&parser);
    if (sl_json_parse(&parser, text, raw.n, &copy, &ignored) == SL_OK)
        text = sl_json_string(&copy, SL_JSON_ROOT, NULL, NULL);
    text = sl_arena_strdup(b->in->arena, text);
    sl_json_parser_fini(&parser);
    return text;
}

static enum sl_code refuse(struct nv_build *b, const struct nv_owned *owned, bool of_request)
{
    if (of_request)
        return sl_err_field(
            b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, "provider_options_json",
            "provider_options_json may not hold \"%s\"; use %s", owned->key, owned->field);
    return sl_err_set(b->err, SL_FAILED_PRECONDITION, SL_REASON_CONFIG_INVALID,
                      "the model's provider options may not hold \"%s\"", owned->key);
}

struct filter {
    const char *object, *inner;
    const struct nv_owned *owned;
    const struct nv_document *before; /* whose keys are left out; NULL: none */
};

/* The members that pass, as the text of an object. */
static enum sl_code collect(struct nv_build *b, const struct nv_document *doc,
                            const struct filter *f, struct sl_str *out)
{
    int object = find_object(doc, f->object);
    struct sl_str all = sl_json_raw(&doc->j, object);
    char *text = sl_arena_zalloc(b->in->arena, all.n + 3);
    size_t n = 1;

    text[0] = '{';
    for (int k = sl_json_first(&doc->j, object); k >= 0; k = sl_json_next(&doc->j, object, k)) {
        struct sl_str raw = sl_json_raw(&doc->j, k), value = sl_json_raw(&doc->j, k + 1);
        const char *key = plain_key(b, &doc->j, k);
        for (const struct nv_owned *owned = f->owned; owned->key; owned++)
            if (!strcmp(owned->key, key))
                return refuse(b, owned, !f->before);
        if (!f->before && !f->object && sl_option_names_models(sl_str(key)))
            return refuse(b, &(struct nv_owned){key, SL_OPTIONS_OF_ENTRY}, true);
        if ((f->inner && !strcmp(f->inner, key)) ||
            (f->before && f->before->there && has(f->before, f->object, key)))
            continue;
        size_t length = (size_t)(value.p + value.n - raw.p);
        if (n > 1)
            text[n++] = ',';
        memcpy(text + n, raw.p, length);
        n += length;
    }
    text[n++] = '}';
    *out = (struct sl_str){text, n};
    return SL_OK;
}

static enum sl_code put_document(struct nv_build *b, const struct nv_document *doc,
                                 const struct filter *f)
{
    struct sl_str members = {"", 0};
    int object = find_object(doc, f->object);

    if (object < 0)
        return SL_OK;
    if (sl_json_type(&doc->j, object) != SL_JSON_OBJECT)
        return sl_err_field(b->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            "provider_options_json", "provider option \"%s\" has to be an object",
                            f->object);
    enum sl_code code = collect(b, doc, f, &members);
    if (code == SL_OK && members.n > 2)
        sl_jw_members(&b->w, members.p, members.n);
    return code;
}

enum sl_code nv_options_put(struct nv_build *b, struct nv_options *o, const char *object,
                            const char *inner, const struct nv_owned *owned)
{
    struct filter f = {object, inner, owned, NULL};
    enum sl_code code = put_document(b, &o->request, &f);

    f.before = &o->request;
    return code == SL_OK ? put_document(b, &o->target, &f) : code;
}
