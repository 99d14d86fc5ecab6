/* What token endpoints answer. OAuth 2.0: RFC 6749, sections 5.1 and 5.2; Google's own errors: {"error": {"message"}};
 * AWS: the JSON of its credentials endpoints ("Container credential provider", "Retrieve security credentials from
 * instance metadata") and the XML of the Security Token Service ("AssumeRole" in its API reference). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "access/tokens/internal.h"
#include "base/str.h"

enum { DEFAULT_LIFETIME_S = 3600, MAX_LIFETIME_S = 7 * 24 * 3600, MAX_FIELD = 16 * 1024 };

static enum sl_code garbage(const struct tk_mint *m, const char *what, struct sl_err *err)
{
    sl_err_set(err, SL_UNAVAILABLE, SL_REASON_PROVIDER_GARBAGE, "%s answered without %s",
               m->credential->method->title, what);
    err->retryable = true;
    return err->code;
}

/* ---- JSON ---- */

static bool parse(struct sl_json_parser *parser, char *body, size_t n, struct sl_json *j)
{
    struct sl_err why = {0};
    return sl_json_parse(parser, body, n, j, &why) == SL_OK &&
           sl_json_type(j, SL_JSON_ROOT) == SL_JSON_OBJECT;
}

/* "" where it is no text, or is longer than any such thing. */
static const char *member(struct sl_json *j, int object, const char *name)
{
    size_t n = 0;
    int value = sl_json_present(j, object, name);
    const char *text = value < 0 ? NULL : sl_json_string(j, value, &n, NULL);
    return text && n < MAX_FIELD ? text : "";
}

/* Seconds, as a number or as a text of one. */
static bool seconds(struct sl_json *j, const char *name, int64_t *out)
{
    int value = sl_json_present(j, SL_JSON_ROOT, name);
    if (value < 0)
        return false;
    if (sl_json_int(j, value, out))
        return true;
    const char *text = sl_json_string(j, value, NULL, NULL);
    return text && sl_parse_i64(sl_str(text), out);
}

static void set_lifetime(struct tk_mint *m, int64_t s)
{
    m->lifetime_ms = (s < 0 ? 0 : s > MAX_LIFETIME_S ? MAX_LIFETIME_S : s) * 1000;
}

static bool fits_a_header(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text <= 0x20 || (unsigned char)*text >= 0x7f)
            return false;
    return true;
}

enum sl_code tk_read_oauth(struct tk_mint *m, char *body, size_t n, struct sl_err *err)
{
    struct sl_json j;
    int64_t s = DEFAULT_LIFETIME_S;
    if (!parse(&m->parser, body, n, &j))
        return garbage(m, "a JSON object", err);
    if (!seconds(&j, "expires_in", &s) && seconds(&j, "expires_on", &s))
        s -= m->wall_ms / 1000;
    const char *token = member(&j, SL_JSON_ROOT, "access_token");
    if (!*token || !fits_a_header(token))
        return garbage(m, "an access_token", err);
    set_lifetime(m, s);
    m->token = sl_secret_create(token, strlen(token));
    return SL_OK;
}

/* ---- AWS ---- */

/* ID:SECRET:TOKEN, as the signer of requests reads it. */
static enum sl_code set_aws(struct tk_mint *m, const char *const parts[3], const char *expiration,
                            struct sl_err *err)
{
    int64_t until = 0;
    struct sl_buf joined;
    for (size_t i = 0; i < 3; i++)
        if (!*parts[i] || !fits_a_header(parts[i]) || (i < 2 && strchr(parts[i], ':')))
            return garbage(m, "an access key", err);
    set_lifetime(m, DEFAULT_LIFETIME_S);
    if (*expiration && !tk_parse_time(expiration, &until))
        return garbage(m, "a time of expiry", err);
    if (*expiration)
        set_lifetime(m, (until - m->wall_ms) / 1000);
    sl_buf_init(&joined, 3 * MAX_FIELD + 3);
    if (sl_buf_printf(&joined, "%s:%s:%s", parts[0], parts[1], parts[2]))
        m->token = sl_secret_create(joined.p, joined.n);
    sl_buf_wipe(&joined);
    return m->token ? SL_OK : garbage(m, "an access key", err);
}

enum sl_code tk_read_aws_json(struct tk_mint *m, char *body, size_t n, struct sl_err *err)
{
    struct sl_json j;
    if (!parse(&m->parser, body, n, &j))
        return garbage(m, "a JSON object", err);
    const char *parts[3] = {member(&j, SL_JSON_ROOT, "AccessKeyId"),
                            member(&j, SL_JSON_ROOT, "SecretAccessKey"),
                            member(&j, SL_JSON_ROOT, "Token")};
    return set_aws(m, parts, member(&j, SL_JSON_ROOT, "Expiration"), err);
}

/* The text of the first element of that name, cut off in place; "" where there is none. */
static char *element(char *body, const char *name)
{
    size_t n = strlen(name);
    for (char *at = body; (at = strchr(at, '<')); at++) {
        if (strncmp(at + 1, name, n) != 0 || at[1 + n] != '>')
            continue;
        char *text = at + n + 2, *end = strchr(text, '<');
        return end ? text : body + strlen(body);
    }
    return body + strlen(body);
}

static void cut(char *text)
{
    text[strcspn(text, "<")] = '\0';
}

enum sl_code tk_read_aws_xml(struct tk_mint *m, char *body, size_t n, struct sl_err *err)
{
    char *found[4] = {element(body, "AccessKeyId"), element(body, "SecretAccessKey"),
                      element(body, "SessionToken"), element(body, "Expiration")};
    (void)n;
    for (size_t i = 0; i < SL_ARRAY_LEN(found); i++)
        cut(found[i]);
    return set_aws(m, (const char *const[3]){found[0], found[1], found[2]}, found[3], err);
}

/* ---- refusals ---- */

static void join(char *out, size_t size, const char *code, const char *message)
{
    char both[1024];
    bool two = *code && *message;
    sl_copy(both, sizeof(both), code);
    if (two)
        sl_copy(both + strlen(both), sizeof(both) - strlen(both), ": ");
    sl_copy(both + strlen(both), sizeof(both) - strlen(both), message);
    sl_copy(out, size, both);
}

static bool read_json_refusal(struct sl_json *j, char *out, size_t size)
{
    int error = sl_json_present(j, SL_JSON_ROOT, "error");
    const char *code, *message;
    if (sl_json_type(j, error) == SL_JSON_OBJECT) {
        code = member(j, error, "status");
        message = member(j, error, "message");
    } else {
        code = member(j, SL_JSON_ROOT, "error");
        message = member(j, SL_JSON_ROOT, "error_description");
        if (!*code)
            code = member(j, SL_JSON_ROOT, "code");
        if (!*message)
            message = member(j, SL_JSON_ROOT, "message");
    }
    join(out, size, code, message);
    return *out != '\0';
}

static void read_xml_refusal(char *body, char *out, size_t size)
{
    char *code = element(body, "Code"), *message = element(body, "Message");
    cut(code);
    cut(message);
    join(out, size, code, message);
}

/* The first line that says something, without what a terminal would obey. */
static void read_text_refusal(char *body, char *out, size_t size)
{
    char line[512];
    size_t n = 0;
    body += strspn(body, " \t\r\n");
    while (body[n] && body[n] != '\n' && n < sizeof(line) - 1) {
        line[n] = (unsigned char)body[n] < 0x20 || (unsigned char)body[n] > 0x7e ? ' ' : body[n];
        n++;
    }
    line[n] = '\0';
    sl_copy(out, size, n ? line : "it said nothing");
}

void tk_read_refusal(struct sl_json_parser *parser, char *body, size_t n, char *out, size_t size)
{
    struct sl_json j;
    out[0] = '\0';
    if (parse(parser, body, n, &j) && read_json_refusal(&j, out, size)) {
        for (char *p = out; *p; p++)
            if ((unsigned char)*p < 0x20 || *p == 0x7f)
                *p = ' ';
        return;
    }
    if (memchr(body, '<', n) && strstr(body, "<Code>"))
        read_xml_refusal(body, out, size);
    if (!*out)
        read_text_refusal(body, out, size);
}
