"""What /metrics says, read strictly: Prometheus' own parser, and the rules of the format that it lets pass."""
import urllib.error
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

TYPE = "text/plain; version=0.0.4; charset=utf-8"


def get(address, path="/metrics", method="GET", timeout=30):
    """(status, headers, body) of the operators' port."""
    request = urllib.request.Request("http://%s%s" % (address, path), method=method,
                                     data=b"x" if method in ("POST", "PUT") else None)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=timeout) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


class Scrape:
    """One reading. value() of a series; since() of what was added after an earlier reading."""

    def __init__(self, address):
        status, headers, self.text = get(address)
        assert status == 200, self.text
        assert headers["Content-Type"] == TYPE
        assert self.text.endswith("\n")
        self.families = list(text_string_to_metric_families(self.text))
        self.samples = {}
        for family in self.families:
            for sample in family.samples:
                key = (sample.name, frozenset(sample.labels.items()))
                assert key not in self.samples, "twice: %s" % (key,)
                self.samples[key] = sample.value
        self.check()

    def check(self):
        heads = [line.split(" ", 3) for line in self.text.splitlines() if line.startswith("#")]
        helps = [head[2] for head in heads if head[1] == "HELP"]
        types = {head[2]: head[3] for head in heads if head[1] == "TYPE"}
        assert sorted(helps) == sorted(types) and len(set(helps)) == len(helps)
        lines = [line for line in self.text.splitlines() if not line.startswith("#")]
        assert len(lines) == len(self.samples)
        for family in self.families:
            assert family.documentation.endswith("."), family.name
            for sample in family.samples:
                self.check_sample(family, sample)

    def check_sample(self, family, sample):
        if family.type == "counter":
            assert sample.name.endswith("_total") and sample.value >= 0, sample
        if family.type != "histogram" or not sample.name.endswith("_count"):
            return
        buckets = sorted((float(dict(labels)["le"]), value) for (name, labels), value in self.samples.items()
                         if name == family.name + "_bucket" and sample.labels.items() <= dict(labels).items())
        counts = [value for _, value in buckets]
        assert counts == sorted(counts) and buckets[-1] == (float("inf"), sample.value), sample

    def value(self, name, **labels):
        """None where there is no such series."""
        return self.samples.get((name, frozenset(labels.items())))

    def all(self, name):
        """{(label values by name), ...: value} of a metric."""
        return {labels: value for (each, labels), value in self.samples.items() if each == name}

    def since(self, before, names):
        """What was added to series of these metrics: {(name, label=value, ...): more}."""
        out = {}
        for (name, labels), value in self.samples.items():
            more = value - before.samples.get((name, labels), 0)
            if name in names and more:
                out[(name, *("%s=%s" % pair for pair in sorted(labels)))] = more
        return out
