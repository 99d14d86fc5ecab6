/* See session.h. A cancelled answer stays in the history as far as it came; a question whose answer failed does not, and
 * /retry asks it again. */
#include "session.h"

#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/utf8.h"
#include "interrupt.h"
#include "lines.h"

enum { SESSION_LINE_MAX = 16 * 1024 * 1024 };

struct session {
    struct chat *chat;
    struct lines *lines;
    struct sl_buf line;
    Sluice__V1__Message *pending; /* what /image and /file have begun; NULL: nothing */
    Sluice__V1__Message *last;    /* the last question, for /retry */
    size_t last_at;               /* its place in the conversation */
    bool over;
    int exit_code;
};

struct session_command {
    const char *name, *value, *help;
    void (*run)(struct session *s, const char *value);
};

static const struct session_command commands[];

static void say(struct session *s, enum term_style style, const char *text)
{
    struct term *err = &s->chat->cli->err;

    term_style(err, style);
    term_printf(err, "%s\n", text);
    term_style(err, TERM_PLAIN);
    term_flush(err);
}

static void leave_by_signal(struct session *s, int signal)
{
    s->over = true;
    s->exit_code = 128 + signal;
}

/* ---- asking ---- */

/* Reads the results of the last answer's tool calls; false where the user gave up. */
static bool read_results(struct session *s)
{
    struct conversation *c = &s->chat->conversation;
    const Sluice__V1__Message *answer = c->list[c->n - 1];
    Sluice__V1__Message *results = conversation_add(c, SLUICE__V1__ROLE__ROLE_TOOL);
    char prompt[128];

    for (size_t i = 0; i < answer->n_parts; i++) {
        const Sluice__V1__Part *part = answer->parts[i];

        if (part->content_case != SLUICE__V1__PART__CONTENT_TOOL_CALL)
            continue;
        snprintf(prompt, sizeof(prompt), "result of %.64s> ", part->tool_call->name);
        if (lines_read(s->lines, prompt, &s->line) != LINES_OK) {
            term_raw(&s->chat->cli->err, "\n", 1);
            return false;
        }
        message_add_tool_result(c, results, part->tool_call, s->line.n ? s->line.p : "");
    }
    return true;
}

static bool calls_tools(const Sluice__V1__Message *m)
{
    for (size_t i = 0; i < m->n_parts; i++) {
        if (m->parts[i]->content_case == SLUICE__V1__PART__CONTENT_TOOL_CALL)
            return true;
    }
    return false;
}

/* Asks, and goes on while the model wants results of tools. */
static void ask(struct session *s)
{
    struct conversation *c = &s->chat->conversation;
    struct chat_result result;
    bool again;

    do {
        chat_ask(s->chat, &result);
        again = result.answered && calls_tools(c->list[c->n - 1]);
        if (again && !read_results(s)) {
            conversation_cut(c, s->last_at);
            again = false;
        } else if (!result.answered && result.signal && result.partial) {
            conversation_add_text(c, SLUICE__V1__ROLE__ROLE_ASSISTANT, result.partial);
        } else if (!result.answered) {
            conversation_cut(c, s->last_at);
        }
        if (result.signal == SIGINT)
            say(s, TERM_DIM, "[cancelled]");
        else if (result.signal)
            leave_by_signal(s, result.signal);
        sl_free(result.partial);
    } while (again);
    if (s->chat->cli->out.error)
        s->over = true;
}

static void ask_text(struct session *s, const char *text)
{
    struct conversation *c = &s->chat->conversation;

    if (sl_utf8_check_text(text, strlen(text)) != strlen(text)) {
        say(s, TERM_RED, "this is not UTF-8 text");
        return;
    }
    s->last_at = c->n;
    if (s->pending)
        conversation_append(c, s->pending);
    else
        conversation_add(c, SLUICE__V1__ROLE__ROLE_USER);
    s->last = c->list[s->last_at];
    s->pending = NULL;
    message_add_text(c, s->last, text);
    ask(s);
}

/* ---- commands ---- */

static void attach(struct session *s, const char *path, bool picture)
{
    struct conversation *c = &s->chat->conversation;
    struct sl_err err = {0};

    if (!s->pending) {
        conversation_add(c, SLUICE__V1__ROLE__ROLE_USER);
        s->pending = c->list[c->n - 1];
        conversation_cut(c, c->n - 1);
    }
    if (message_attach(c, s->pending, path, picture, &err) != SL_OK)
        say(s, TERM_RED, err.text);
    else
        say(s, TERM_DIM, "[added; it goes with your next question]");
}

static void run_clear(struct session *s, const char *value)
{
    (void)value;
    conversation_clear(&s->chat->conversation);
    s->pending = s->last = NULL;
    say(s, TERM_DIM, "[the conversation begins anew]");
}

static void run_file(struct session *s, const char *value)
{
    attach(s, value, false);
}

static void run_help(struct session *s, const char *value)
{
    struct term *err = &s->chat->cli->err;

    (void)value;
    for (const struct session_command *c = commands; c->name; c++)
        term_printf(err, "  /%-7s %-8s %s\n", c->name, c->value ? c->value : "", c->help);
    term_printf(
        err,
        "  A line that ends with '\\' goes on in the next one; '//' begins a question with '/'.\n"
        "  Ctrl-C cancels an answer, or the line; Ctrl-D leaves.\n");
    term_flush(err);
}

static void run_image(struct session *s, const char *value)
{
    attach(s, value, true);
}

static void run_model(struct session *s, const char *value)
{
    Sluice__V1__CompleteRequest *request = &s->chat->request;

    if (*value)
        request->model = sl_arena_strdup(&s->chat->arena, value);
    say(s, TERM_DIM, *request->model ? request->model : "[the service's default model]");
}

static void run_quit(struct session *s, const char *value)
{
    (void)value;
    s->over = true;
}

static void run_retry(struct session *s, const char *value)
{
    struct conversation *c = &s->chat->conversation;

    (void)value;
    if (!s->last) {
        say(s, TERM_DIM, "[there is no question to ask again]");
        return;
    }
    conversation_cut(c, s->last_at);
    conversation_append(c, s->last);
    ask(s);
}

static void run_system(struct session *s, const char *value)
{
    conversation_set_system(&s->chat->conversation, value);
    say(s, TERM_DIM, *value ? "[instructions set]" : "[no instructions]");
}

static void run_undo(struct session *s, const char *value)
{
    (void)value;
    if (!s->last || s->last_at >= s->chat->conversation.n) {
        say(s, TERM_DIM, "[there is nothing to take back]");
        return;
    }
    conversation_cut(&s->chat->conversation, s->last_at);
    s->last = NULL;
    say(s, TERM_DIM, "[the last question and its answer are forgotten]");
}

/* Sorted; a value in brackets may be left out. */
static const struct session_command commands[] = {
    {"clear", NULL, "forget the conversation", run_clear},
    {"file", "FILE", "add a document, sound or video to the next question", run_file},
    {"help", NULL, "show this", run_help},
    {"image", "FILE", "add a picture to the next question", run_image},
    {"model", "[NAME]", "show or change the model", run_model},
    {"quit", NULL, "leave", run_quit},
    {"retry", NULL, "ask the last question again", run_retry},
    {"system", "[TEXT]", "set or remove the instructions", run_system},
    {"undo", NULL, "take back the last question", run_undo},
    {.name = NULL},
};

static void run_command(struct session *s, const char *line)
{
    size_t n = strcspn(line, " \t");
    const char *value = line + n + strspn(line + n, " \t");

    for (const struct session_command *c = commands; c->name; c++) {
        bool needs = c->value && c->value[0] != '[';

        if (strncmp(c->name, line, n) != 0 || c->name[n])
            continue;
        if ((needs && !*value) || (!c->value && *value)) {
            say(s, TERM_RED, needs ? "this command needs a value" : "this command takes no value");
            return;
        }
        c->run(s, value);
        return;
    }
    say(s, TERM_RED, "there is no such command; /help lists them");
}

/* ---- the loop ---- */

/* A question may go over several lines. */
static enum lines_result read_question(struct session *s)
{
    struct sl_buf whole;
    enum lines_result result;
    const char *prompt = "> ";
    bool goes_on = true, fits = true;

    sl_buf_init(&whole, SESSION_LINE_MAX);
    do {
        result = lines_read(s->lines, prompt, &s->line);
        goes_on = result == LINES_OK && s->line.n && s->line.p[s->line.n - 1] == '\\';
        if (goes_on)
            s->line.p[s->line.n - 1] = '\n';
        if (result == LINES_OK && s->line.n)
            fits = sl_buf_add(&whole, s->line.p, s->line.n);
        prompt = ". ";
    } while (goes_on && fits);
    sl_buf_fini(&s->line);
    s->line = whole;
    return fits ? result : LINES_INTERRUPTED;
}

static void handle_line(struct session *s)
{
    const char *line = s->line.n ? s->line.p : "";
    size_t blank = strspn(line, " \t\r\n");

    if (!line[blank])
        return;
    if (line[0] == '/' && line[1] != '/')
        run_command(s, line + 1);
    else
        ask_text(s, line[0] == '/' ? line + 1 : line);
}

static void step(struct session *s, struct interrupt_guard *guard)
{
    switch (read_question(s)) {
    case LINES_OK:
        handle_line(s);
        break;
    case LINES_INTERRUPTED:
        say(s, TERM_DIM, "\n[Ctrl-D leaves]");
        break;
    case LINES_END:
        term_raw(&s->chat->cli->err, "\n", 1);
        s->over = true;
        break;
    case LINES_SIGNAL:
        term_raw(&s->chat->cli->err, "\n", 1);
        break;
    }
    if (interrupt_seen(guard) && interrupt_seen(guard) != SIGINT)
        leave_by_signal(s, interrupt_seen(guard));
}

static void greet(struct session *s)
{
    const struct options *o = &s->chat->cli->o;
    char text[256];

    if (o->quiet)
        return;
    snprintf(text, sizeof(text), "[%.100s; /help for help, Ctrl-D to leave]",
             o->model ? o->model : "default model");
    say(s, TERM_DIM, text);
}

int session_run(struct chat *chat, Sluice__V1__Message *first)
{
    struct session s = {.chat = chat};
    struct interrupt_guard guard = {.on_signal = NULL};

    chat->keep = true;
    conversation_cut(&chat->conversation, 0);
    s.pending = first;
    sl_buf_init(&s.line, SESSION_LINE_MAX);
    interrupt_push(&guard);
    s.lines = lines_open();
    greet(&s);
    while (!s.over)
        step(&s, &guard);
    lines_close(s.lines);
    interrupt_pop(&guard);
    sl_buf_fini(&s.line);
    return s.exit_code;
}
