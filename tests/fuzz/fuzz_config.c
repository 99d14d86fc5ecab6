/* A configuration file. What is taken is printed and read again: it has to be taken then, too,
 * and print the same. What is refused has to say where, in UTF-8. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "config/load.h"

/* Larger print-outs may pass the ceilings of files: aliases are written out in them. */
enum { MAX_AGAIN = 256 * 1024 };

static char *printed(const struct sl_config *c, size_t *n)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, n);
    if (!to)
        abort();
    sl_config_print(c, to);
    fclose(to);
    return text;
}

/* Ends every line where its comment, which says where it came from, begins. A text cannot be
 * taken for one: '#' only stands behind a space outside quotes. */
static void strip(char *text)
{
    char *to = text;
    bool quoted = false, comment = false;
    for (char *c = text; *c; c++) {
        if (*c == '\n')
            quoted = comment = false;
        if (!comment && *c == '\\' && quoted && c[1]) {
            *to++ = *c++;
            *to++ = *c;
            continue;
        }
        if (!comment && *c == '"')
            quoted = !quoted;
        if (!quoted && *c == '#')
            comment = true;
        if (!comment)
            *to++ = *c;
    }
    *to = '\0';
}

static void check_again(const char *text, size_t n)
{
    struct sl_config *c = NULL;
    struct sl_err err = {0};
    size_t again_n = 0;
    if (sl_config_parse("s.yaml", text, n, &c, &err)) {
        fprintf(stderr, "%s\n%s\n", err.text, text);
        abort();
    }
    char *once = strdup(text), *again = printed(c, &again_n);
    strip(once);
    strip(again);
    if (strcmp(once, again)) {
        fprintf(stderr, "%s\n---\n%s\n", once, again);
        abort();
    }
    free(once);
    free(again);
    sl_config_destroy(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sl_config *c = NULL;
    struct sl_err err = {0};
    size_t n = 0;
    if (sl_config_parse("s.yaml", (const char *)data, size, &c, &err)) {
        if (c || !err.text[0] || err.code != SL_INVALID_ARGUMENT ||
            !sl_utf8_valid(err.text, strlen(err.text)))
            abort();
        return 0;
    }
    char *text = printed(c, &n);
    if (n < MAX_AGAIN)
        check_again(text, n);
    free(text);
    sl_config_destroy(c);
    return 0;
}
