"""Serves recorded exchanges: the scripted provider with one behaviour that answers /<cut>/<case id>/... with the case's
status, headers and body. cut 0: the whole body with its length; n: chunked, n bytes to a chunk, so that events, UTF-8
characters and JSON tokens are split across reads."""
import base64
import json

from scripted_provider import ScriptedProvider

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "upgrade", "trailer",
              "te", "date", "server"}


def response_bytes(response):
    if "body_base64" in response:
        return base64.b64decode(response["body_base64"])
    if "body_text" in response:
        return response["body_text"].encode("utf-8", "surrogatepass")
    if "body" in response:
        return json.dumps(response["body"], ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return b""


class ReplayServer:
    """cases: {id: case}. received(cut, id) gives the requests that came for one."""

    def __init__(self, cases):
        self.cases = cases
        self.seen = {}
        self.provider = ScriptedProvider(default=self._answer)
        self.provider.lists_models = False

    def base(self, cut, case_id):
        return "%s/%d/%s" % (self.provider.url, cut, case_id)

    def received(self, cut, case_id):
        return self.seen.get((cut, case_id), [])

    def _answer(self, x):
        _, cut, case_id, _ = x.seen.path.split("/", 3)
        cut = int(cut)
        self.seen.setdefault((cut, case_id), []).append(x.seen)
        response = self.cases[case_id]["response"]
        headers = [(k, v) for k, v in (response.get("headers") or {}).items() if k.lower() not in HOP_BY_HOP]
        data = response_bytes(response)
        if cut <= 0:
            x.head(response["status"], headers, length=len(data))
            x.send(data)
        else:
            x.head(response["status"], headers)
            for at in range(0, len(data), cut):
                x.send(data[at:at + cut])
        x.end()

    def close(self):
        self.provider.close()
