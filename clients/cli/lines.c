/* See lines.h. Ctrl-C reaches a waiting prompt through a pipe that the signal thread writes to; libedit asks for each
 * character, so that one poll waits for both. */
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#ifdef SLUICE_HAVE_LIBEDIT
#include <histedit.h>
#endif

#include "base/alloc.h"
#include "interrupt.h"

enum { LINES_HISTORY = 500, LINES_PASTE_MS = 10 };

struct lines {
    int wake[2];
    const char *prompt;
    bool interrupted;
#ifdef SLUICE_HAVE_LIBEDIT
    EditLine *editor;
    History *history;
#endif
};

static void on_signal(void *ctx)
{
    struct lines *l = ctx;

    (void)!write(l->wake[1], "", 1);
}

/* One byte of standard input: 1, 0 at its end or -1. Sets interrupted. */
static int read_byte(struct lines *l, char *byte)
{
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = l->wake[0], .events = POLLIN}};

    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return -1;
        if (fds[1].revents) {
            l->interrupted = true;
            return -1;
        }
        if (fds[0].revents) {
            ssize_t n = read(STDIN_FILENO, byte, 1);

            if (n >= 0 || errno != EINTR)
                return (int)n;
        }
    }
}

static bool more_is_there(void)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};

    return poll(&fd, 1, LINES_PASTE_MS) > 0 && fd.revents & POLLIN;
}

#ifdef SLUICE_HAVE_LIBEDIT

static int read_character(EditLine *editor, wchar_t *out)
{
    struct lines *l;
    mbstate_t state = {0};
    char byte;

    el_get(editor, EL_CLIENTDATA, &l);
    for (;;) {
        int n = read_byte(l, &byte);
        size_t used;

        if (n <= 0)
            return n;
        used = mbrtowc(out, &byte, 1, &state);
        if (used == (size_t)-2)
            continue;
        if (used == (size_t)-1)
            *out = L'\xfffd';
        return 1;
    }
}

static char *get_prompt(EditLine *editor)
{
    struct lines *l;

    el_get(editor, EL_CLIENTDATA, &l);
    return (char *)l->prompt;
}

static void open_editor(struct lines *l)
{
    HistEvent event;

    l->editor = el_init("sluice", stdin, isatty(STDOUT_FILENO) ? stdout : stderr, stderr);
    l->history = history_init();
    if (!l->editor)
        return;
    history(l->history, &event, H_SETSIZE, LINES_HISTORY);
    history(l->history, &event, H_SETUNIQUE, 1);
    el_set(l->editor, EL_CLIENTDATA, l);
    el_set(l->editor, EL_PROMPT, get_prompt);
    el_set(l->editor, EL_EDITOR, "emacs");
    el_set(l->editor, EL_HIST, history, l->history);
    el_set(l->editor, EL_GETCFN, read_character);
    el_set(l->editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_source(l->editor, NULL); /* the user's .editrc */
}

static void close_editor(struct lines *l)
{
    if (l->editor)
        el_end(l->editor);
    history_end(l->history);
}

/* Adds a line to out; false at the end of input. */
static bool read_line(struct lines *l, struct sl_buf *out)
{
    int n = 0;
    const char *line;

    /* el_gets shows the prompt first and takes the terminal over then: a quick Ctrl-D in between would be lost */
    el_set(l->editor, EL_PREP_TERM, 1);
    line = el_gets(l->editor, &n);
    if (!line || n <= 0 || l->interrupted)
        return false;
    if (line[n - 1] == '\n')
        n--;
    return sl_buf_add(out, line, (size_t)n);
}

static void remember(struct lines *l, const char *line)
{
    HistEvent event;

    history(l->history, &event, H_ENTER, line);
}

#else

static void open_editor(struct lines *l)
{
    (void)l;
}

static void close_editor(struct lines *l)
{
    (void)l;
}

static bool read_line(struct lines *l, struct sl_buf *out)
{
    char byte;
    int n;

    fputs(l->prompt, stderr);
    fflush(stderr);
    while ((n = read_byte(l, &byte)) == 1 && byte != '\n') {
        if (!sl_buf_add_char(out, byte))
            return false;
    }
    return n == 1 || (!n && out->n);
}

static void remember(struct lines *l, const char *line)
{
    (void)l;
    (void)line;
}

#endif

struct lines *lines_open(void)
{
    struct lines *l = SL_NEW(struct lines);

    if (pipe2(l->wake, O_CLOEXEC | O_NONBLOCK))
        l->wake[0] = l->wake[1] = -1;
    open_editor(l);
    return l;
}

void lines_close(struct lines *l)
{
    if (!l)
        return;
    close_editor(l);
    close(l->wake[0]);
    close(l->wake[1]);
    sl_free(l);
}

enum lines_result lines_read(struct lines *l, const char *prompt, struct sl_buf *out)
{
    struct interrupt_guard guard = {.on_signal = on_signal, .ctx = l};
    char drop[16];
    bool got;

    sl_buf_reset(out, 4096);
    l->prompt = prompt;
    l->interrupted = false;
    interrupt_push(&guard);
    got = read_line(l, out);
    while (got && more_is_there()) {
        l->prompt = "";
        got = sl_buf_add_char(out, '\n') && read_line(l, out);
    }
    interrupt_pop(&guard);
    while (read(l->wake[0], drop, sizeof(drop)) > 0)
        continue;
    if (guard.signal)
        return guard.signal == SIGINT ? LINES_INTERRUPTED : LINES_SIGNAL;
    if (out->n)
        remember(l, out->p);
    return got || out->n ? LINES_OK : LINES_END;
}
