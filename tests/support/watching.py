"""A follower of WatchModels that keeps what it was told, as a client would."""
import threading

import grpc

import stubs
from env import slack


class Follower:
    """models: {name: Model}; events: all of them; status: how the stream ended. Checks the rules of the stream. read=False:
    nothing is read before start()."""

    def __init__(self, api, read=True, metadata=None, **request):
        self.registry = stubs.load().registry
        self.by_key, self.events, self.messages, self.problems = {}, [], 0, []
        self.whole, self.ended, self.status = False, False, None
        self.token, self.revision, self.snapshots, self.told = "", 0, 0, 0
        self.more = threading.Condition()
        self.call = api.registry.WatchModels(self.registry.WatchModelsRequest(**request), metadata=metadata)
        if read:
            self.start()

    def start(self):
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        try:
            for message in self.call:
                with self.more:
                    self._take(message)
                    self.more.notify_all()
        except grpc.RpcError as error:
            self.status = error
        with self.more:
            self.ended = True
            self.more.notify_all()

    def _check(self, right, *what):
        if not right:
            self.problems.append(what)

    def _take(self, message):
        kind = self.registry.ModelEvent
        assert message.ByteSize() < 3 << 20
        self.messages += 1
        for event in message.events:
            self._check(event.revision >= self.told, "the revision went down", event)
            self.told = event.revision
            self.events.append(event)
            if event.type == kind.TYPE_SNAPSHOT_BEGIN:
                self.by_key, self.whole = {}, False
                self.snapshots += 1
            elif event.type == kind.TYPE_SNAPSHOT_DONE:
                self.whole = True
            elif event.type == kind.TYPE_REMOVED:
                self.by_key.pop(event.key, None)
            else:
                self._check(event.key and event.model.name, "without a name", event)
                self.by_key[event.key] = event.model
        if message.resume_token:
            self.whole = True
            self.token = message.resume_token
            self._check(message.revision >= self.revision, "the stream's revision went down", message.revision)
            self.revision = message.revision

    @property
    def models(self):
        return {model.name.split("/", 1)[1]: model for model in self.by_key.values()}

    def types(self, name=None):
        """The names of the events' types, without the snapshot's; of one model."""
        kind = self.registry.ModelEvent
        return [kind.Type.Name(e.type)[5:] for e in self.events if not kind.Type.Name(e.type).startswith("TYPE_SNAPSHOT")
                and (name is None or e.model.name == "models/" + name)]

    def wait(self, predicate, timeout=10):
        """Until the predicate of this holds, or the stream has ended."""
        with self.more:
            held = self.more.wait_for(lambda: predicate(self) or self.ended, slack(timeout, timeout * 4))
            assert held and predicate(self), "not so; ended: %s; the last events: %s" % (self.status, self.events[-3:])
            assert not self.problems, self.problems
        return self

    def wait_whole(self):
        return self.wait(lambda f: f.whole)

    def wait_end(self, timeout=10):
        with self.more:
            assert self.more.wait_for(lambda: self.ended, slack(timeout, timeout * 4)), "the stream goes on"
        return self.status

    def cancel(self):
        self.call.cancel()
        self.wait_end()
