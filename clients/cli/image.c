/* sluice image: makes pictures, and writes them to files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "conversation.h"
#include "operations.h"

enum { IMAGE_MAX = 64 * 1024 * 1024, PATH_MAX_BYTES = 4096, PROMPT_MAX = 1024 * 1024 };

struct image {
    struct cli *cli;
    FILE *file; /* being written; NULL: none */
    char path[PATH_MAX_BYTES];
    int code; /* EXIT_FAILED where a file could not be written */
    bool finished;
};

/* ---- files ---- */

/* "image/png" as a file name's ending; "bin" where it is not known. */
static const char *ending(const char *media_type)
{
    if (!strcmp(media_type, "image/jpeg"))
        return "jpg";
    if (!strcmp(media_type, "image/webp"))
        return "webp";
    return !*media_type || !strcmp(media_type, "image/png") ? "png" : "bin";
}

/* --output as it is for the first picture; "-2" before its ending for the second. */
static void make_path(struct image *m, const Sluice__V1__ImageChunk *chunk)
{
    const char *out = m->cli->o.output;
    const char *slash = out ? strrchr(out, '/') : NULL;
    const char *dot = out ? strrchr(slash ? slash : out, '.') : NULL;

    if (!out)
        snprintf(m->path, sizeof(m->path), "image-%d.%s", chunk->index + 1,
                 ending(chunk->media_type));
    else if (!chunk->index)
        snprintf(m->path, sizeof(m->path), "%s", out);
    else
        snprintf(m->path, sizeof(m->path), "%.*s-%d%s", dot ? (int)(dot - out) : (int)strlen(out),
                 out, chunk->index + 1, dot ? dot : "");
}

static bool file_failed(struct image *m)
{
    char text[PATH_MAX_BYTES + 128];

    snprintf(text, sizeof(text), "%s: %s", m->path, strerror(errno));
    m->code = cli_fail_local(m->cli, EXIT_FAILED, "OUTPUT", text);
    return false;
}

static bool write_piece(struct image *m, const Sluice__V1__ImageChunk *chunk)
{
    bool to_stdout = m->cli->o.output && !strcmp(m->cli->o.output, "-");

    if (to_stdout) {
        term_raw(&m->cli->out, (const char *)chunk->data.data, chunk->data.len);
        return !m->cli->out.error;
    }
    if (!m->file) {
        make_path(m, chunk);
        m->file = fopen(m->path, "wb");
        if (!m->file)
            return file_failed(m);
    }
    if (fwrite(chunk->data.data, 1, chunk->data.len, m->file) != chunk->data.len)
        return file_failed(m);
    if (!chunk->last)
        return true;
    bool ok = fclose(m->file) == 0;
    m->file = NULL;
    if (!ok)
        return file_failed(m);
    term_printf(&m->cli->out, "%s\n", m->path);
    return !m->cli->out.error;
}

/* ---- events ---- */

static bool on_event(struct image *m, const Sluice__V1__ImageEvent *e)
{
    struct cli *cli = m->cli;

    if (e->event_case == SLUICE__V1__IMAGE_EVENT__EVENT_FINISHED)
        m->finished = true;
    if (cli->o.json) {
        cli_print_json(cli, &e->base);
        return !cli->out.error;
    }
    switch (e->event_case) {
    case SLUICE__V1__IMAGE_EVENT__EVENT_IMAGE:
        if (e->image->partial)
            return true;
        if (*e->image->revised_prompt && !cli->o.quiet)
            term_printf(&cli->err, "sluice: note: the prompt became: %s\n",
                        e->image->revised_prompt);
        if (e->image->source_case != SLUICE__V1__IMAGE_CHUNK__SOURCE_URL)
            return write_piece(m, e->image);
        term_printf(&cli->out, "%s\n", e->image->url);
        break;
    case SLUICE__V1__IMAGE_EVENT__EVENT_TEXT:
        if (!cli->o.quiet)
            term_printf(&cli->err, "%s\n", e->text);
        break;
    case SLUICE__V1__IMAGE_EVENT__EVENT_FINISHED:
        operation_end(cli, e->finished->usage, e->finished->report, e->finished->warnings,
                      e->finished->n_warnings);
        break;
    default:
        break;
    }
    return !cli->out.error;
}

static bool on_events(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__GenerateImageResponse *batch =
        (const Sluice__V1__GenerateImageResponse *)message;
    struct image *m = ctx;

    for (size_t i = 0; i < batch->n_events; i++)
        if (!on_event(m, batch->events[i]))
            return false;
    return true;
}

/* ---- the question ---- */

#define SET(request, name, NAME, value)                                                            \
    ((request)->_##name##_case = SLUICE__V1__GENERATE_IMAGE_REQUEST___##NAME##_##NAME,             \
     (request)->name = (value))

static void set_options(Sluice__V1__GenerateImageRequest *r, const struct options *o)
{
    const struct {
        char **field;
        const char *value;
    } rows[] = {
        {&r->size, o->size},
        {&r->aspect_ratio, o->aspect_ratio},
        {&r->quality, o->quality},
        {&r->style, o->style},
        {&r->background, o->background},
        {&r->output_format, o->output_format},
        {&r->negative_prompt, o->negative_prompt},
        {&r->end_user, o->end_user},
    };

    OPERATION_COMMON(r, o);
    for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
        if (rows[i].value)
            *rows[i].field = (char *)rows[i].value;
    if (o->count.set)
        SET(r, n, N, (int32_t)o->count.v);
    if (o->seed.set)
        SET(r, seed, SEED, o->seed.v);
    if (o->url)
        r->delivery = SLUICE__V1__IMAGE_DELIVERY__IMAGE_DELIVERY_URL;
}

/* Pictures to go by, as parts of a message that only carries them here. */
static enum sl_code attach(struct conversation *c, Sluice__V1__GenerateImageRequest *r,
                           const struct options *o, struct sl_err *err)
{
    Sluice__V1__Message *m = conversation_add(c, SLUICE__V1__ROLE__ROLE_USER);
    enum sl_code code = SL_OK;

    for (size_t i = 0; i < o->image.n && code == SL_OK; i++)
        code = message_attach(c, m, o->image.v[i], true, err);
    if (code == SL_OK && o->mask)
        code = message_attach(c, m, o->mask, true, err);
    if (code != SL_OK)
        return code;
    r->images = sl_arena_alloc(&c->arena, (m->n_parts + 1) * sizeof(*r->images));
    for (; r->n_images < o->image.n; r->n_images++)
        r->images[r->n_images] = m->parts[r->n_images]->image;
    r->mask = o->mask ? m->parts[o->image.n]->image : NULL;
    return SL_OK;
}

static enum sl_code join(const struct option_list *args, struct sl_buf *text, struct sl_err *err)
{
    for (size_t i = 0; i < args->n; i++)
        if (!sl_buf_printf(text, "%s%s", i ? " " : "", args->v[i]))
            return CLI_BAD(err, "the prompt is too long");
    if (!text->n)
        return CLI_BAD(err, "sluice image takes a PROMPT");
    return SL_OK;
}

static int ask(struct cli *cli, const Sluice__V1__GenerateImageRequest *request)
{
    struct image m = {.cli = cli};
    int code = operation_call(cli, &(struct client_call){
                                       .path = "/sluice.v1.Completion/GenerateImage",
                                       .request = &request->base,
                                       .reply = &sluice__v1__generate_image_response__descriptor,
                                       .on_message = on_events,
                                       .ctx = &m,
                                   });

    if (m.file) { /* half a picture is none */
        fclose(m.file);
        remove(m.path);
    }
    if (m.code)
        return m.code;
    if (code == EXIT_DONE && !m.finished)
        return cli_fail_local(cli, EXIT_BROKEN_OFF, "INCOMPLETE",
                              "the stream ended without its end marker");
    return code;
}

int image_run(struct cli *cli)
{
    Sluice__V1__GenerateImageRequest request = SLUICE__V1__GENERATE_IMAGE_REQUEST__INIT;
    struct conversation c;
    struct sl_buf prompt;
    struct sl_err err = {0};
    int code = EXIT_USAGE;

    conversation_init(&c);
    sl_buf_init(&prompt, PROMPT_MAX);
    set_options(&request, &cli->o);
    if (join(&cli->o.args, &prompt, &err) == SL_OK && operation_check(&cli->o, &err) == SL_OK &&
        attach(&c, &request, &cli->o, &err) == SL_OK) {
        request.prompt = prompt.p;
        code = ask(cli, &request);
    } else {
        cli_fail_local(cli, EXIT_USAGE, "USAGE", err.text);
    }
    sl_buf_fini(&prompt);
    conversation_fini(&c);
    return code;
}
