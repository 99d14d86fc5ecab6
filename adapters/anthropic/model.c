/* What the id of a model says about its parameters. Ids put the version after the family
 * (claude-opus-4-7, claude-sonnet-4-5-20250929, claude-sonnet-4@20250514) or before it
 * (claude-3-7-sonnet-20250219); Bedrock and Vertex put words around them.
 *
 * Sources: "Troubleshooting thinking" (which models take which thinking.type), "Adaptive thinking",
 * "Effort", "What's new in Claude Opus 4.7" (no sampling parameters), the migration guide for
 * Claude 4.5 (temperature or top_p) and "Models overview" (longest answers), all under
 * https://platform.claude.com/docs. A Claude without a version is taken for a current one; a name
 * without "claude" belongs to a server that imitates the API, and those know budgets. */
#include "adapters/anthropic/internal.h"

#include <ctype.h>
#include <strings.h>

enum { CLAUDE_3_5 = 305, CLAUDE_3_7 = 307, CLAUDE_4_1 = 401, CLAUDE_4_6 = 406, CLAUDE_4_7 = 407 };

/* A number of one or two digits that stands alone; others are dates. *end is behind it. */
static int short_number(const char *s, const char **end)
{
    int v = 0, n = 0;

    for (; isdigit((unsigned char)s[n]); n++)
        v = n < 3 ? v * 10 + (s[n] - '0') : v;
    *end = s + n;
    return n >= 1 && n <= 2 ? v : -1;
}

/* The first short number after "claude", and the one that follows it directly. */
static int version_of(const char *id)
{
    const char *end;

    for (const char *at = id; *at; at = end) {
        if (!isdigit((unsigned char)*at)) {
            end = at + 1;
            continue;
        }
        int major = short_number(at, &end), minor = -1;
        if (major < 0 || at == id || isalnum((unsigned char)at[-1]))
            continue;
        if ((*end == '-' || *end == '.') && isdigit((unsigned char)end[1]))
            minor = short_number(end + 1, &end);
        return major * 100 + (minor > 0 ? minor : 0);
    }
    return 0;
}

struct am_model am_model_of(const char *id)
{
    const char *claude = strcasestr(id, "claude");
    int version = claude ? version_of(claude + strlen("claude")) : 0;
    struct am_model m = {.version = version, .max_tokens = 4096};

    m.thinking = !version || version >= CLAUDE_3_7;
    m.adaptive = claude && (!version || version >= CLAUDE_4_6);
    m.budget = m.thinking && (!m.adaptive || version == CLAUDE_4_6);
    m.sampling = !claude || (version && version < CLAUDE_4_7);
    m.one_sampling = version >= CLAUDE_4_1;
    if (version >= CLAUDE_3_7 || (claude && !version))
        m.max_tokens = 16384;
    else if (version == CLAUDE_3_5)
        m.max_tokens = 8192;
    return m;
}
