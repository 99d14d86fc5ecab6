/* sluice chat: makes the question from arguments, files and standard input, asks, and shows the answer. */
#include "chat.h"

#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "files.h"
#include "request.h"
#include "session.h"

/* Text of one question; requests are at most 64 MiB. */
enum { CHAT_TEXT_MAX = 64 * 1024 * 1024, CHAT_REQUEST_MAX = 64 * 1024 * 1024 };

#define BAD(err, ...) sl_err_set(err, SL_INVALID_ARGUMENT, SL_REASON_INVALID_REQUEST, __VA_ARGS__)

/* An answer in progress. */
struct answer {
    struct chat *chat;
    struct render render;
    bool kept; /* it is in the conversation */
    bool lost; /* it could not be added there */
};

static void keep_message(struct answer *a, const Sluice__V1__Message *message)
{
    if (!a->chat->keep || !message)
        return;
    a->kept = conversation_add_copy(&a->chat->conversation, message);
    a->lost = !a->kept;
}

static bool on_events(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__StreamCompleteResponse *batch =
        (const Sluice__V1__StreamCompleteResponse *)message;
    struct answer *a = ctx;

    for (size_t i = 0; i < batch->n_events && !a->chat->cli->out.error; i++) {
        const Sluice__V1__StreamEvent *event = batch->events[i];

        render_event(&a->render, event);
        if (event->event_case == SLUICE__V1__STREAM_EVENT__EVENT_FINISHED)
            keep_message(a, event->finished->message);
    }
    return !a->chat->cli->out.error;
}

static bool on_response(void *ctx, const ProtobufCMessage *message)
{
    struct answer *a = ctx;

    render_response(&a->render, (const Sluice__V1__CompleteResponse *)message);
    keep_message(a, ((const Sluice__V1__CompleteResponse *)message)->message);
    return !a->chat->cli->out.error;
}

static void judge(struct answer *a, const struct client_status *status, struct chat_result *result)
{
    struct cli *cli = a->chat->cli;

    if (status->code) {
        result->exit_code = cli_fail(cli, status);
        result->signal = status->signal;
    } else if (!a->render.finished) {
        result->exit_code = cli_fail_local(
            cli, EXIT_BROKEN_OFF, "INCOMPLETE",
            "the stream ended without its end marker; part of the answer may be missing");
    } else if (a->lost) {
        result->exit_code =
            cli_fail_local(cli, EXIT_FAILED, "INTERNAL", "the answer is too large for the history");
    } else {
        result->answered = true;
        if (a->chat->keep && !a->kept)
            conversation_add_text(&a->chat->conversation, SLUICE__V1__ROLE__ROLE_ASSISTANT,
                                  a->render.text.n ? a->render.text.p : "");
    }
    if (!result->answered && a->render.text.n)
        result->partial = sl_strdup(a->render.text.p);
}

void chat_ask(struct chat *chat, struct chat_result *result)
{
    const bool whole = chat->cli->o.no_stream;
    struct answer a = {.chat = chat};
    struct client_status status;
    struct client_call call = {
        .path = whole ? "/sluice.v1.Completion/Complete" : "/sluice.v1.Completion/StreamComplete",
        .request = &chat->request.base,
        .reply = whole ? &sluice__v1__complete_response__descriptor
                       : &sluice__v1__stream_complete_response__descriptor,
        .on_message = whole ? on_response : on_events,
        .ctx = &a,
    };

    *result = (struct chat_result){0};
    conversation_fill(&chat->conversation, &chat->request);
    chat->request.include_message = chat->keep && !whole;
    render_init(&a.render, chat->cli);
    cli_call(chat->cli, &call, 0, &status);
    render_end(&a.render);
    judge(&a, &status, result);
    client_status_fini(&status);
    render_fini(&a.render);
}

/* ---- the question ---- */

static enum sl_code add_stdin(struct sl_buf *text, struct sl_err *err)
{
    enum sl_code code = files_read("-", text, err);

    while (code == SL_OK && text->n &&
           (text->p[text->n - 1] == '\n' || text->p[text->n - 1] == '\r'))
        text->p[--text->n] = 0;
    return code;
}

/* Arguments joined by spaces; standard input, in place of '-', is a paragraph of its own. */
static enum sl_code join_arguments(const struct option_list *args, struct sl_buf *text,
                                   struct sl_err *err)
{
    bool stdin_used = false, after_stdin = false;

    for (size_t i = 0; i < args->n; i++) {
        bool from_stdin = !strcmp(args->v[i], "-");
        enum sl_code code = SL_OK;

        if (i && !sl_buf_add_str(text, from_stdin || after_stdin ? "\n\n" : " "))
            return BAD(err, "the question is too long");
        if (from_stdin && stdin_used)
            return BAD(err, "standard input can be read only once");
        if (from_stdin)
            code = add_stdin(text, err);
        else if (!sl_buf_add_str(text, args->v[i]))
            return BAD(err, "the question is too long");
        if (code != SL_OK)
            return code;
        stdin_used |= from_stdin;
        after_stdin = from_stdin;
    }
    return SL_OK;
}

static enum sl_code attach_files(struct chat *chat, Sluice__V1__Message *m, struct sl_err *err)
{
    const struct options *o = &chat->cli->o;
    enum sl_code code = SL_OK;

    for (size_t i = 0; code == SL_OK && i < o->image.n; i++)
        code = message_attach(&chat->conversation, m, o->image.v[i], true, err);
    for (size_t i = 0; code == SL_OK && i < o->file.n; i++)
        code = message_attach(&chat->conversation, m, o->file.v[i], false, err);
    return code;
}

static enum sl_code read_question(struct chat *chat, Sluice__V1__Message *m, struct sl_err *err)
{
    const struct options *o = &chat->cli->o;
    struct sl_buf text;
    enum sl_code code;

    sl_buf_init(&text, CHAT_TEXT_MAX);
    code = o->args.n ? join_arguments(&o->args, &text, err) : add_stdin(&text, err);
    if (code == SL_OK && text.n && sl_utf8_check_text(text.p, text.n) != text.n)
        code = BAD(err, "the question is not UTF-8 text; --file and --image add other files");
    if (code == SL_OK && !text.n && !m->n_parts)
        code = BAD(err, "there is nothing to ask");
    if (code == SL_OK && text.n)
        message_add_text(&chat->conversation, m, text.p);
    sl_buf_fini(&text);
    return code;
}

static int ask_once(struct chat *chat)
{
    struct chat_result result;

    chat_ask(chat, &result);
    sl_free(result.partial);
    return result.exit_code;
}

/* Everything but the text of the question. */
static enum sl_code begin(struct chat *chat, Sluice__V1__Message **question, struct sl_err *err)
{
    const struct options *o = &chat->cli->o;
    enum sl_code code;

    conversation_init(&chat->conversation);
    sl_arena_init(&chat->arena, CHAT_REQUEST_MAX);
    if (o->system)
        conversation_set_system(&chat->conversation, o->system);
    *question = conversation_add(&chat->conversation, SLUICE__V1__ROLE__ROLE_USER);
    code = request_prepare(&chat->request, o, &chat->arena, err);
    return code == SL_OK ? attach_files(chat, *question, err) : code;
}

enum sl_code chat_prepare(struct chat *chat, struct sl_err *err)
{
    Sluice__V1__Message *question;
    enum sl_code code = begin(chat, &question, err);

    if (code == SL_OK)
        code = read_question(chat, question, err);
    conversation_fill(&chat->conversation, &chat->request);
    return code;
}

void chat_fini(struct chat *chat)
{
    conversation_fini(&chat->conversation);
    sl_arena_fini(&chat->arena);
}

static int run_chat(struct chat *chat)
{
    const struct options *o = &chat->cli->o;
    bool session = !o->args.n && isatty(STDIN_FILENO);
    struct sl_err err = {0};
    Sluice__V1__Message *question;
    enum sl_code code = begin(chat, &question, &err);

    if (session && o->json)
        return cli_fail_local(chat->cli, EXIT_USAGE, "USAGE",
                              "--json needs a TEXT, or '-' for standard input");
    if (code == SL_OK && session)
        return session_run(chat, question);
    if (code == SL_OK)
        code = read_question(chat, question, &err);
    if (code != SL_OK)
        return cli_fail_local(chat->cli, EXIT_USAGE, "USAGE", err.text);
    return ask_once(chat);
}

int chat_run(struct cli *cli)
{
    struct chat chat = {.cli = cli};
    int code;

    code = run_chat(&chat);
    chat_fini(&chat);
    return code;
}
