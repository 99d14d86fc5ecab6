/* What token endpoints answer, and Google's credential files. The first byte says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access/tokens/internal.h"
#include "base/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_file(struct sl_token_source *s, char *text, size_t n)
{
    const struct sl_token_spec spec = {.from = SL_TOKEN_GOOGLE_FILE};
    struct sl_err err = {0};
    enum sl_code code = tk_google_read_file(&spec, s, text, n, &err);
    if ((code == SL_OK) != (err.code == SL_OK))
        abort();
}

static void read_answer(struct sl_token_source *s, char kind, char *text, size_t n)
{
    struct tk_mint m = {
        .source = s, .credential = &s->credential, .wall_ms = INT64_C(1767225600000)};
    struct sl_err err = {0};
    char words[64];
    enum sl_code code = SL_OK;
    sl_json_parser_init(&m.parser);
    if (kind == 'o')
        code = tk_read_oauth(&m, text, n, &err);
    else if (kind == 'j')
        code = tk_read_aws_json(&m, text, n, &err);
    else if (kind == 'x')
        code = tk_read_aws_xml(&m, text, n, &err);
    else
        tk_read_refusal(&m.parser, text, n, words, sizeof(words));
    if (kind != 'r' && (code == SL_OK) != (m.token != NULL))
        abort();
    if (m.token && m.lifetime_ms < 0)
        abort();
    sl_secret_unref(m.token);
    sl_json_parser_fini(&m.parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char kinds[] = "fojxr";
    struct sl_token_source s = {.credential.method = &tk_google_user};
    if (!size)
        return 0;
    char kind = strchr(kinds, data[0]) && data[0] ? (char)data[0] : kinds[data[0] % 5];
    char *text = sl_malloc(size);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    sl_arena_init(&s.arena, SIZE_MAX);
    if (kind == 'f')
        read_file(&s, text, size - 1);
    else
        read_answer(&s, kind, text, size - 1);
    sl_secret_unref(s.credential.secret);
    sl_secret_unref(s.credential.client_secret);
    sl_arena_fini(&s.arena);
    sl_free(text);
    return 0;
}
