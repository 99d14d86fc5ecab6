"""What every wire format shares: the class that a format derives from, and the comparison of JSON values.

A format knows one provider API: how its recorded requests become CompleteRequests, in what form two requests are
compared, and how its token counts are read. The table of formats is in __init__.py; README.md one folder up says how to
add one.
"""
import base64
import binascii
import json
import re
from urllib.parse import parse_qsl, urlsplit

DATA_URL = re.compile(r"data:([^;,]*)((?:;[^;,]*)*?)(;base64)?,(.*)", re.DOTALL)  # RFC 2397


class Untranslatable(Exception):
    """A recorded request that neither a field nor provider_options_json can say. It fails the case."""


class Format:
    """One wire format. A subclass sets the first three and writes request() and canonical()."""

    apis = ()            # the values of a case's `api` that are of this format
    api = ""             # the model's `api` in Sluice's configuration
    suffix = ""          # what the adapter adds to the base URL; base_path() and query() are the general form
    content_type = "application/json"
    # a request that every model answers, for cases whose own request cannot be compared
    simple_body = {"messages": [{"role": "user", "content": "Hello"}]}
    # members of `expected` that compare_more() looks at, and those that describe the recording only
    more_expected = frozenset()
    ignored_expected = frozenset()
    # members of expected.usage beyond the common ones that usage() reads
    more_usage = frozenset()
    # members of expected.tool_calls[] that compare_more() looks at
    more_call = frozenset()
    # providers that are shown their key in another way than `authorization: Bearer KEY`: the header's name
    key_headers = {}
    # a call beside chat: derived from formats/operation.py
    operation = False

    def rpc(self, case):
        """The RPC that asks for it."""
        return "StreamComplete" if case.stream else "Complete"

    def path(self, case):
        return urlsplit((case.recorded or {}).get("url") or "").path

    def base_path(self, case):
        """The recorded path without what the adapter adds: it goes into the model's base URL."""
        path = self.path(case)
        if not path:
            return "/v1"
        if not path.endswith(self.suffix):
            raise Untranslatable("the recorded path %s does not end with %s" % (path, self.suffix))
        return path[:-len(self.suffix)] if self.suffix else path

    def base_query(self, case):
        """What of the recorded query belongs into the base URL, with its '?'; "" where the adapter writes it all."""
        return ""

    def query(self, case):
        """The query that the provider has to receive."""
        return dict(parse_qsl(urlsplit((case.recorded or {}).get("url") or "").query, keep_blank_values=True))

    def model_id(self, case):
        """The model's id at the provider."""
        body = case.body
        return (body.get("model") if isinstance(body, dict) else None) or "recorded"

    def request(self, stubs, case, body):
        """(CompleteRequest, what its model's configuration needs besides, for example {"quirks": {...}}) for a
        recorded body. Raises Untranslatable."""
        raise NotImplementedError

    def canonical(self, body, case):
        """The body in a form in which two that mean the same are equal."""
        raise NotImplementedError

    def key_header(self, case, key):
        """(name, value) of the header that shows the key."""
        name = self.key_headers.get(case.kind)
        return (name, key) if name else ("authorization", "Bearer " + key)

    def expected_headers(self, case):
        """Recorded headers, lower case, that go into the model's `headers` and have to arrive; those of the transport
        are taken away by the runner."""
        return {k.lower(): v for k, v in ((case.recorded or {}).get("headers") or {}).items()}

    def usage(self, wanted):
        """Sluice's disjoint buckets for expected.usage: the names of TokenUsage's fields, and their values."""
        raise NotImplementedError

    def citations(self, citations):
        """The citations of the answer as expected.citations has them: each source's own object."""
        return [json.loads(c.provider_json or "null") for c in citations]

    def expected(self, expected):
        """The case's `expected` in Sluice's terms, where those put a thing in another place."""
        return expected

    def error_class(self, error, provider):
        """(gRPC codes, reasons) for an error whose code is the provider's own word; None where the general rules hold."""
        return None

    def compare_more(self, comparison):
        """Compares the members of `expected` that only this format has; comparison.check() notes a difference."""


def data_url(url):
    """(media type, bytes) of a plain base64 data: URL. None for any other address, which is passed on as it is; so are
    data: URLs whose bytes a recorder cut out."""
    match = DATA_URL.fullmatch(url)
    if not match:
        return None
    media, parameters, coded, text = match.groups()
    if not coded or parameters or not media:
        return None
    try:
        return media, base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def canonical_url(url):
    """An address; a data: URL by its bytes."""
    inline = data_url(url)
    return ["data", inline[0], inline[1].hex()] if inline else url


def canonical_arguments(text):
    """Arguments are compared as JSON; what is no JSON is compared as text."""
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return text


def keys_known(obj, known, where):
    extra = set(obj) - set(known)
    if extra:
        raise Untranslatable("%s has fields that no message can carry: %s" % (where, ", ".join(sorted(extra))))


def differences(wanted, got, path=""):
    """Lines that say where two JSON values differ; numbers by value, objects by key, lists by place."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        out = []
        for key in list(wanted) + [k for k in got if k not in wanted]:
            where = "%s.%s" % (path, key) if path else str(key)
            if key not in got:
                out.append("%s: missing, awaited %s" % (where, short(wanted[key])))
            elif key not in wanted:
                out.append("%s: not awaited, got %s" % (where, short(got[key])))
            else:
                out += differences(wanted[key], got[key], where)
        return out
    if isinstance(wanted, list) and isinstance(got, list):
        out = []
        if len(wanted) != len(got):
            out.append("%s: %d elements, awaited %d" % (path, len(got), len(wanted)))
        for index, (a, b) in enumerate(zip(wanted, got)):
            out += differences(a, b, "%s[%d]" % (path, index))
        return out
    same = wanted == got and isinstance(wanted, bool) == isinstance(got, bool)
    return [] if same else ["%s: awaited %s, got %s" % (path or "value", short(wanted), short(got))]


def short(value, limit=300):
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return text if len(text) <= limit else text[:limit] + "… (%d characters)" % len(text)
