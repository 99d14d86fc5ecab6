/* POST /images/edits as multipart/form-data (RFC 7578; OpenAI, "Create image edit"): image[] and mask as files, everything
 * else as text. The files are borrowed, not copied. */
#include "adapters/calls/calls.h"

#include <stdio.h>
#include <string.h>

struct form {
    const struct sl_op_in *in;
    struct sl_http_request *out;
    struct sl_err *err;
    const char *boundary;
    bool clashes; /* the boundary stands in something that is sent */
};

/* No content has as many by chance. */
enum { MAX_BOUNDARIES = 16 };

static const struct sl_calls_images *dialect_of(const struct form *f)
{
    return f->in->api->dialect;
}

static void add_text(struct form *f, const char *text)
{
    sl_segs_add(&f->out->body, f->in->build.arena, SL_SEG_RAW, text, strlen(text));
}

static void look_at(struct form *f, const void *content, size_t n)
{
    f->clashes |= memmem(content, n, f->boundary, strlen(f->boundary)) != NULL;
}

static void put_field(struct form *f, const char *name, const char *value)
{
    look_at(f, value, strlen(value));
    add_text(f, sl_arena_printf(f->in->build.arena,
                                "--%s\r\ncontent-disposition: form-data; name=\"%s\"\r\n\r\n",
                                f->boundary, name));
    add_text(f, value);
    add_text(f, "\r\n");
}

static void put_number(struct form *f, const char *name, int64_t v)
{
    put_field(f, name, sl_arena_printf(f->in->build.arena, "%lld", (long long)v));
}

/* "image/png" as a file name's ending. */
static const char *ending(const char *media_type)
{
    const char *slash = strchr(media_type, '/');

    return slash && slash[1] && strspn(slash + 1, "abcdefghijklmnopqrstuvwxyz") == strlen(slash + 1)
               ? slash + 1
               : "bin";
}

static enum sl_code put_file(struct form *f, const char *name, const Sluice__V1__Image *image,
                             const char *field)
{
    struct sl_arena *arena = f->in->build.arena;

    if (image->source_case != SLUICE__V1__IMAGE__SOURCE_DATA)
        return sl_err_field(f->err, SL_INVALID_ARGUMENT, SL_REASON_UNSUPPORTED_PARAMETER, field,
                            "%s takes pictures to edit as bytes only", f->in->adapter->title);
    if (strpbrk(image->media_type, "\r\n\""))
        return sl_err_field(f->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, field,
                            "the media type is not well-formed");
    add_text(f, sl_arena_printf(arena,
                                "--%s\r\ncontent-disposition: form-data; name=\"%s\"; "
                                "filename=\"image.%s\"\r\ncontent-type: %s\r\n\r\n",
                                f->boundary, name, ending(image->media_type), image->media_type));
    look_at(f, image->data.data, image->data.len);
    sl_segs_add(&f->out->body, arena, SL_SEG_RAW, image->data.data, image->data.len);
    add_text(f, "\r\n");
    return SL_OK;
}

static enum sl_code put_files(struct form *f)
{
    const Sluice__V1__GenerateImageRequest *r = f->in->image;
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < r->n_images && code == SL_OK; i++)
        code = put_file(f, r->n_images == 1 ? "image" : "image[]", r->images[i],
                        sl_arena_printf(f->in->build.arena, "images[%zu]", i));
    if (code == SL_OK && r->mask)
        code = put_file(f, "mask", r->mask, "mask");
    return code;
}

static enum sl_code unsupported(struct form *f, const char *field)
{
    return sl_unsupported(&f->in->build, f->err, field, "%s has no %s in edits",
                          f->in->adapter->title, field);
}

static enum sl_code put_words(struct form *f)
{
    const struct sl_calls_images *d = dialect_of(f);
    const Sluice__V1__GenerateImageRequest *r = f->in->image;
    const struct {
        const char *key, *field, *word;
    } rows[] = {
        {"prompt", "prompt", r->prompt},
        {d->size_key, "size", r->size},
        {NULL, "aspect_ratio", r->aspect_ratio},
        {d->quality_key, "quality", r->quality},
        {NULL, "style", r->style},
        {d->background_key, "background", r->background},
        {d->format_key, "output_format", r->output_format},
        {NULL, "negative_prompt", r->negative_prompt},
        {d->end_user_key, "end_user", r->end_user},
    };
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < SL_ARRAY_LEN(rows) && code == SL_OK; i++) {
        if (!rows[i].word[0])
            continue;
        if (rows[i].key)
            put_field(f, rows[i].key, rows[i].word);
        else
            code = unsupported(f, rows[i].field);
    }
    return code;
}

static enum sl_code put_delivery(struct form *f)
{
    const struct sl_calls_images *d = dialect_of(f);
    bool url = f->in->image->delivery == SLUICE__V1__IMAGE_DELIVERY__IMAGE_DELIVERY_URL;

    if (!f->in->image->delivery || (sl_calls_is_gpt_image(f->in) && !url))
        return SL_OK;
    if (sl_calls_is_gpt_image(f->in))
        return unsupported(f, "delivery");
    put_field(f, d->delivery_key, url ? d->url_word : d->bytes_word);
    return SL_OK;
}

static enum sl_code put_rest(struct form *f)
{
    const Sluice__V1__GenerateImageRequest *r = f->in->image;

    if (r->_n_case)
        put_number(f, "n", r->n);
    if (r->_output_compression_case)
        put_number(f, "output_compression", r->output_compression);
    if (f->in->build.stream) {
        put_field(f, "stream", "true");
        put_number(f, "partial_images", r->partial_images);
    }
    return r->_seed_case ? unsupported(f, "seed") : SL_OK;
}

/* The field that a key belongs to; NULL if it is free. */
static const char *owner_of(const struct form *f, const char *key)
{
    struct nv_owned owned[SL_CALLS_IMAGES_OWNED];

    if (!strcmp(key, "image") || !strcmp(key, "image[]"))
        return "images";
    sl_calls_images_owned(dialect_of(f), owned);
    for (const struct nv_owned *o = owned; o->key; o++)
        if (!strcmp(o->key, key))
            return o->field;
    if (sl_option_names_models(sl_str(key)))
        return SL_OPTIONS_OF_ENTRY;
    return !strcmp(key, "mask") ? "mask" : NULL;
}

static enum sl_code check_key(struct form *f, const char *key)
{
    const char *owner = owner_of(f, key);

    if (key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_[]")])
        return sl_err_field(f->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            "provider_options_json", "\"%.40s\" cannot name a form's field", key);
    if (owner)
        return sl_err_field(f->err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                            "provider_options_json",
                            "provider_options_json may not hold \"%s\"; use %s", key, owner);
    return SL_OK;
}

/* Members of the options become fields: strings as they are, everything else as JSON. */
static enum sl_code put_options(struct form *f)
{
    const char *json = f->in->build.request->provider_options_json;
    struct sl_json_parser parser;
    struct sl_json j;
    enum sl_code code;

    if (!json[strspn(json, " \t\r\n")])
        return SL_OK;
    char *copy = sl_arena_strdup(f->in->build.arena, json);
    sl_json_parser_init(&parser);
    code = sl_json_parse(&parser, copy, strlen(copy), &j, f->err);
    for (int k = code == SL_OK ? sl_json_first(&j, SL_JSON_ROOT) : -1; k >= 0 && code == SL_OK;
         k = sl_json_next(&j, SL_JSON_ROOT, k)) {
        struct sl_str raw = sl_json_raw(&j, k + 1);
        const char *value = sl_json_type(&j, k + 1) == SL_JSON_STRING
                                ? sl_json_string(&j, k + 1, NULL, NULL)
                                : sl_arena_strndup(f->in->build.arena, raw.p, raw.n);
        const char *key = sl_json_string(&j, k, NULL, NULL);
        code = check_key(f, key);
        if (code == SL_OK)
            put_field(f, key, value);
    }
    sl_json_parser_fini(&parser);
    return code;
}

static void set_content_type(struct form *f)
{
    for (struct sl_header *h = f->out->headers; h; h = h->next)
        if (!strcmp(h->name, "content-type"))
            h->value = sl_arena_printf(f->in->build.arena, "multipart/form-data; boundary=%s",
                                       f->boundary);
}

static enum sl_code write_form(struct form *f)
{
    enum sl_code code;

    put_field(f, "model", f->in->build.target->model_id);
    code = put_words(f);
    if (code == SL_OK)
        code = put_delivery(f);
    if (code == SL_OK)
        code = put_rest(f);
    if (code == SL_OK)
        code = put_options(f);
    if (code == SL_OK)
        code = put_files(f);
    if (code == SL_OK)
        add_text(f, sl_arena_printf(f->in->build.arena, "--%s--\r\n", f->boundary));
    return code;
}

/* Written anew until the boundary stands nowhere in what is sent: a text with it would be read as fields of its own. */
enum sl_code sl_calls_images_form(const struct sl_op_in *in, struct sl_http_request *out,
                                  struct sl_err *err)
{
    for (unsigned i = 0; i < MAX_BOUNDARIES; i++) {
        struct form f = {
            .in = in,
            .out = out,
            .err = err,
            .boundary =
                sl_arena_printf(in->build.arena, "sluice-%lld-%u", (long long)in->build.now_ms, i),
        };
        out->body = (struct sl_segs){.first = NULL};
        enum sl_code code = write_form(&f);
        if (code == SL_OK && !f.clashes)
            set_content_type(&f);
        if (code != SL_OK || !f.clashes)
            return code;
    }
    return sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST,
                      "the request holds every boundary that a form could have");
}
