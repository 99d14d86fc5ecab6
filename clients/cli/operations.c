/* sluice embed, rerank, moderate and count-tokens: one question each, its answer as lines for people or as JSON. */
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/str.h"
#include "base/utf8.h"
#include "chat.h"
#include "files.h"
#include "operations.h"
#include "report.h"
#include "request.h"

enum { TIMEOUT_S = 120, INPUT_MAX = 64 * 1024 * 1024, INPUTS_MAX = 10000 };

/* ---- what is asked about ---- */

/* Lines of standard input, without those that are empty. */
static enum sl_code add_lines(struct inputs *in, struct sl_err *err)
{
    struct sl_buf text;
    enum sl_code code;
    char *line, *next;

    sl_buf_init(&text, INPUT_MAX);
    code = files_read("-", &text, err);
    for (line = text.p; code == SL_OK && line && *line; line = next) {
        next = line + strcspn(line, "\n");
        size_t n = (size_t)(next - line);
        next += *next == '\n';
        while (n && line[n - 1] == '\r')
            n--;
        if (n && in->n == INPUTS_MAX)
            code = CLI_BAD(err, "there are more than %d lines", INPUTS_MAX);
        else if (n)
            in->list[in->n++] = sl_arena_strndup(&in->arena, line, n);
    }
    if (code == SL_OK && text.n && sl_utf8_check_text(text.p, text.n) != text.n)
        code = CLI_BAD(err, "standard input is not UTF-8 text");
    sl_buf_fini(&text);
    return code;
}

enum sl_code inputs_read(struct inputs *in, const struct option_list *args, size_t first,
                         struct sl_err *err)
{
    enum sl_code code = SL_OK;
    bool stdin_used = false;

    sl_arena_init(&in->arena, SIZE_MAX);
    in->n = 0;
    in->list = sl_arena_alloc(&in->arena, (INPUTS_MAX + 1) * sizeof(*in->list));
    for (size_t i = first; i < args->n && code == SL_OK; i++) {
        if (strcmp(args->v[i], "-") != 0 && in->n < INPUTS_MAX) {
            in->list[in->n++] = (char *)args->v[i];
        } else if (stdin_used) {
            code = CLI_BAD(err, "standard input can be read only once");
        } else {
            stdin_used = true;
            code = add_lines(in, err);
        }
    }
    if (code == SL_OK && args->n <= first)
        code = add_lines(in, err);
    if (code == SL_OK && !in->n)
        code = CLI_BAD(err, "there is nothing to ask about");
    return code;
}

void inputs_fini(struct inputs *in)
{
    sl_arena_fini(&in->arena);
}

enum sl_code operation_check(const struct options *o, struct sl_err *err)
{
    struct sl_err inner = {0};

    if (o->provider_options &&
        !sl_json_check(o->provider_options, strlen(o->provider_options), SL_JSON_OBJECT, &inner))
        return CLI_BAD(err, "--provider-options takes a JSON object: %s", inner.text);
    return SL_OK;
}

int operation_call(struct cli *cli, struct client_call *call)
{
    struct client_status status;
    int code = EXIT_DONE;

    cli_call(cli, call, TIMEOUT_S, &status);
    if (status.code)
        code = cli_fail(cli, &status);
    client_status_fini(&status);
    return code;
}

void operation_end(struct cli *cli, const Sluice__V1__TokenUsage *usage,
                   const Sluice__V1__CallReport *report, Sluice__V1__Warning **warnings,
                   size_t n_warnings)
{
    struct report r = {.finish_reason = SLUICE__V1__FINISH_REASON__FINISH_REASON_STOP,
                       .raw_finish_reason = "",
                       .complete = true,
                       .usage = usage,
                       .report = (Sluice__V1__CallReport *)report};

    if (!cli->o.quiet)
        report_warnings(&cli->err, warnings, n_warnings);
    if (cli->o.verbose)
        report_summary(&cli->err, &r);
}

/* ---- embed ---- */

static bool on_embeddings(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__EmbedResponse *reply = (const Sluice__V1__EmbedResponse *)message;
    struct cli *cli = ctx;

    if (cli->o.json) {
        cli_print_json(cli, message);
        return !cli->out.error;
    }
    for (size_t i = 0; i < reply->n_embeddings && !cli->out.error; i++) {
        const Sluice__V1__Embedding *e = reply->embeddings[i];
        bool is_signed = e->encoding == SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_INT8 ||
                         e->encoding == SLUICE__V1__EMBEDDING_ENCODING__EMBEDDING_ENCODING_BINARY;
        for (size_t k = 0; k < e->n_values; k++)
            term_printf(&cli->out, "%s%.9g", k ? " " : "", (double)e->values[k]);
        for (size_t k = 0; k < e->data.len; k++)
            term_printf(&cli->out, "%s%d", k ? " " : "",
                        is_signed ? (int)(int8_t)e->data.data[k] : (int)e->data.data[k]);
        term_printf(&cli->out, "\n");
    }
    operation_end(cli, reply->usage, reply->report, reply->warnings, reply->n_warnings);
    return !cli->out.error;
}

/* The place of a word in a list of choices, from 1; 0: none was given. */
static int place_of(const char *word, const char *const *choices)
{
    for (int i = 0; word && choices[i]; i++)
        if (!strcmp(choices[i], word))
            return i + 1;
    return 0;
}

static void set_embed_options(Sluice__V1__EmbedRequest *r, const struct options *o,
                              Sluice__V1__EmbeddingEncoding *encoding)
{
    static const char *const tasks[] = {"search-document", "search-query",      "classification",
                                        "clustering",      "similarity",        "code-query",
                                        "question",        "fact-verification", NULL};
    static const char *const truncates[] = {"none", "start", "end", NULL};
    static const char *const encodings[] = {"float",  "base64",  "int8", "uint8",
                                            "binary", "ubinary", NULL};

    OPERATION_COMMON(r, o);
    if (o->end_user)
        r->end_user = (char *)o->end_user;
    if (o->dimensions.set) {
        r->dimensions = (int32_t)o->dimensions.v;
        r->_dimensions_case = SLUICE__V1__EMBED_REQUEST___DIMENSIONS_DIMENSIONS;
    }
    r->task = (Sluice__V1__EmbedTask)place_of(o->task, tasks);
    r->truncate = (Sluice__V1__EmbedTruncate)place_of(o->truncate, truncates);
    *encoding = (Sluice__V1__EmbeddingEncoding)place_of(o->encoding, encodings);
    r->encodings = encoding;
    r->n_encodings = *encoding != 0;
}

static int embed(struct cli *cli, struct inputs *in)
{
    Sluice__V1__EmbedRequest request = SLUICE__V1__EMBED_REQUEST__INIT;
    Sluice__V1__EmbeddingEncoding encoding;

    set_embed_options(&request, &cli->o, &encoding);
    request.inputs = sl_arena_alloc(&in->arena, in->n * sizeof(*request.inputs));
    for (; request.n_inputs < in->n; request.n_inputs++) {
        Sluice__V1__EmbedInput *input = SL_ARENA_NEW(&in->arena, Sluice__V1__EmbedInput);
        sluice__v1__embed_input__init(input);
        input->content_case = SLUICE__V1__EMBED_INPUT__CONTENT_TEXT;
        input->text = in->list[request.n_inputs];
        request.inputs[request.n_inputs] = input;
    }
    return operation_call(cli, &(struct client_call){
                                   .path = "/sluice.v1.Completion/Embed",
                                   .request = &request.base,
                                   .reply = &sluice__v1__embed_response__descriptor,
                                   .on_message = on_embeddings,
                                   .ctx = cli,
                               });
}

/* Reads the inputs from argument first on, and runs with them. */
static int with_inputs(struct cli *cli, size_t first, int (*run)(struct cli *, struct inputs *))
{
    struct inputs in;
    struct sl_err err = {0};
    int code = EXIT_USAGE;

    if (inputs_read(&in, &cli->o.args, first, &err) == SL_OK &&
        operation_check(&cli->o, &err) == SL_OK)
        code = run(cli, &in);
    else
        cli_fail_local(cli, EXIT_USAGE, "USAGE", err.text);
    inputs_fini(&in);
    return code;
}

int embed_run(struct cli *cli)
{
    return with_inputs(cli, 0, embed);
}

/* ---- rerank ---- */

static bool on_ranks(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__RerankResponse *reply = (const Sluice__V1__RerankResponse *)message;
    struct cli *cli = ctx;

    if (cli->o.json) {
        cli_print_json(cli, message);
        return !cli->out.error;
    }
    for (size_t i = 0; i < reply->n_results && !cli->out.error; i++)
        term_printf(&cli->out, "%.6g\t%" PRId32 "\t%s\n", reply->results[i]->relevance_score,
                    reply->results[i]->index, reply->results[i]->document);
    operation_end(cli, reply->usage, reply->report, reply->warnings, reply->n_warnings);
    return !cli->out.error;
}

static int rerank(struct cli *cli, struct inputs *in)
{
    Sluice__V1__RerankRequest request = SLUICE__V1__RERANK_REQUEST__INIT;

    OPERATION_COMMON(&request, &cli->o);
    request.query = (char *)cli->o.args.v[0];
    request.documents = in->list;
    request.n_documents = in->n;
    request.return_documents = true;
    if (cli->o.top.set) {
        request.top_n = (int32_t)cli->o.top.v;
        request._top_n_case = SLUICE__V1__RERANK_REQUEST___TOP_N_TOP_N;
    }
    return operation_call(cli, &(struct client_call){
                                   .path = "/sluice.v1.Completion/Rerank",
                                   .request = &request.base,
                                   .reply = &sluice__v1__rerank_response__descriptor,
                                   .on_message = on_ranks,
                                   .ctx = cli,
                               });
}

int rerank_run(struct cli *cli)
{
    if (!cli->o.args.n)
        return cli_fail_local(cli, EXIT_USAGE, "USAGE",
                              "sluice rerank takes a QUERY and documents");
    return with_inputs(cli, 1, rerank);
}

/* ---- moderate ---- */

static void print_verdict(struct term *out, const Sluice__V1__ModerateResult *v)
{
    size_t n = 0;

    term_printf(out, "%s\t", v->flagged ? "flagged" : "fine");
    for (size_t i = 0; i < v->n_categories; i++) {
        const Sluice__V1__ModerateCategory *c = v->categories[i];
        if (!c->flagged)
            continue;
        term_printf(out, "%s%s", n++ ? ", " : "", c->name);
        if (c->_score_case)
            term_printf(out, " %.3g", c->score);
    }
    term_printf(out, "%s\n", n ? "" : "-");
}

static bool on_verdicts(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__ModerateResponse *reply = (const Sluice__V1__ModerateResponse *)message;
    struct cli *cli = ctx;

    if (cli->o.json) {
        cli_print_json(cli, message);
        return !cli->out.error;
    }
    for (size_t i = 0; i < reply->n_results && !cli->out.error; i++)
        print_verdict(&cli->out, reply->results[i]);
    operation_end(cli, reply->usage, reply->report, reply->warnings, reply->n_warnings);
    return !cli->out.error;
}

static int moderate(struct cli *cli, struct inputs *in)
{
    Sluice__V1__ModerateRequest request = SLUICE__V1__MODERATE_REQUEST__INIT;

    OPERATION_COMMON(&request, &cli->o);
    request.inputs = sl_arena_alloc(&in->arena, in->n * sizeof(*request.inputs));
    for (; request.n_inputs < in->n; request.n_inputs++) {
        Sluice__V1__ModerateInput *input = SL_ARENA_NEW(&in->arena, Sluice__V1__ModerateInput);
        sluice__v1__moderate_input__init(input);
        input->parts = sl_arena_alloc(&in->arena, sizeof(*input->parts));
        input->parts[0] = SL_ARENA_NEW(&in->arena, Sluice__V1__Part);
        input->n_parts = 1;
        sluice__v1__part__init(input->parts[0]);
        input->parts[0]->content_case = SLUICE__V1__PART__CONTENT_TEXT;
        input->parts[0]->text = in->list[request.n_inputs];
        request.inputs[request.n_inputs] = input;
    }
    return operation_call(cli, &(struct client_call){
                                   .path = "/sluice.v1.Completion/Moderate",
                                   .request = &request.base,
                                   .reply = &sluice__v1__moderate_response__descriptor,
                                   .on_message = on_verdicts,
                                   .ctx = cli,
                               });
}

int moderate_run(struct cli *cli)
{
    return with_inputs(cli, 0, moderate);
}

/* ---- count-tokens ---- */

static bool on_count(void *ctx, const ProtobufCMessage *message)
{
    const Sluice__V1__CountTokensResponse *reply = (const Sluice__V1__CountTokensResponse *)message;
    struct cli *cli = ctx;

    if (cli->o.json) {
        cli_print_json(cli, message);
        return !cli->out.error;
    }
    term_printf(&cli->out, "%" PRId32 "\n", reply->input_tokens);
    if (reply->estimated && !cli->o.quiet)
        term_printf(&cli->err, "sluice: note: nobody counted, this is an estimate\n");
    operation_end(cli, NULL, reply->report, reply->warnings, reply->n_warnings);
    return !cli->out.error;
}

int count_tokens_run(struct cli *cli)
{
    struct chat chat = {.cli = cli};
    struct sl_err err = {0};
    int code = EXIT_USAGE;

    if (chat_prepare(&chat, &err) == SL_OK)
        code = operation_call(cli, &(struct client_call){
                                       .path = "/sluice.v1.Completion/CountTokens",
                                       .request = &chat.request.base,
                                       .reply = &sluice__v1__count_tokens_response__descriptor,
                                       .on_message = on_count,
                                       .ctx = cli,
                                   });
    else
        cli_fail_local(cli, EXIT_USAGE, "USAGE", err.text);
    chat_fini(&chat);
    return code;
}
