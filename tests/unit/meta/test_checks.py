"""The checks of the source find what they look for.

    test_checks.py COMPILER
"""
import pathlib
import sys
import tempfile
import unittest

import check_banned
import check_headers
import check_import_page
import check_layers
import check_messages

COMPILER = sys.argv.pop(1) if len(sys.argv) > 1 else "cc"


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.source = pathlib.Path(folder.name)

    def write(self, path, text):
        file = self.source / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


class Layers(Tree):
    def problems(self, path, include):
        self.write(path, "#include %s\n" % include)
        return check_layers.check(self.source)[1]

    def test_down_is_fine(self):
        self.assertEqual(self.problems("service/api/x.c", '"exchange/exchange.h"'), [])
        self.assertEqual(self.problems("service/main.c", '"rpc/server.h"'), [])
        self.assertEqual(self.problems("adapters/x.c", '"sluice/v1/chat.pb-c.h"'), [])

    def test_up_is_not(self):
        self.assertEqual(len(self.problems("service/exchange/x.c", '"api/call.h"')), 1)

    def test_adapters_know_base_only(self):
        self.assertEqual(len(self.problems("adapters/x.c", '"registry/registry.h"')), 1)

    def test_grpc_in_rpc_only(self):
        self.assertEqual(self.problems("service/rpc/x.c", "<grpc/grpc.h>"), [])
        self.assertEqual(len(self.problems("service/api/x.c", "<grpc/grpc.h>")), 1)

    def test_curl_in_upstream_only(self):
        self.assertEqual(self.problems("service/upstream/x.c", "<curl/curl.h>"), [])
        self.assertEqual(len(self.problems("service/telemetry/x.c", "<curl/curl.h>")), 1)

    def test_unknown_module(self):
        self.assertEqual(len(self.problems("service/attic/x.c", '"base/buf.h"')), 1)


class ImportPage(Tree):
    def problems(self, code):
        self.write("service/registry/import/x.c", code)
        self.write("service/registry/import/why.c", '"of its own kind";')
        self.write("service/docs/migration.md", "| `the key of ... is\n not there` | set it |\n")
        return list(check_import_page.missing(self.source))

    def test_what_is_explained(self):
        self.assertEqual(self.problems('f("the key of %s is not "\n  "there", "word", \'"\');'), [])

    def test_what_is_not(self):
        self.assertEqual(len(self.problems('f("the key of %s is lost");')), 1)
        self.assertEqual(len(self.problems('f("another text", "and one more");')), 2)

    def test_comments_say_nothing(self):
        self.assertEqual(self.problems('/* "a text that is none" */'), [])


class Banned(Tree):
    def problems(self, path, text):
        self.write(path, text)
        return check_banned.check(self.source)[1]

    def test_call(self):
        self.assertEqual(self.problems("service/api/x.c", "\n\nint a = atoi (s);\n"),
                         ["service/api/x.c:3: atoi is banned"])

    def test_names_that_end_alike_members_strings_and_comments(self):
        self.assertEqual(self.problems("service/api/x.c", """
            /* strcpy(a, b) */ // gets(x)
            sl_free(p); q->free(p); c = '"'; log("sprintf(x)"); on_signal(1);
        """), [])

    def test_heap_belongs_to_base(self):
        self.assertEqual(self.problems("service/base/x.c", "p = malloc(1);"), [])
        self.assertEqual(len(self.problems("adapters/x.c", "p = malloc(1);")), 1)


    def test_all_rows_are_for_few(self):
        self.assertEqual(self.problems("service/registry/rotate/x.c", "role = SL_STORE_SYNC;"), [])
        self.assertEqual(len(self.problems("service/api/x.c", "role = SL_STORE_SYNC;")), 1)
        self.assertEqual(len(self.problems("service/registry/x.c", "role = SL_STORE_SYNC;")), 2)


class Headers(Tree):
    def problems(self):
        return check_headers.check(self.source, COMPILER, str(self.source), [])[1]

    def test_alone(self):
        self.write("service/base/x.h", "#ifndef X\n#define X\n#include <stddef.h>\nstruct x { size_t n; };\n#endif\n")
        self.assertEqual(self.problems(), [])

    def test_needs_another(self):
        self.write("service/base/x.h", "#ifndef X\n#define X\nstruct x { size_t n; };\n#endif\n")
        self.assertEqual(len(self.problems()), 1)

    def test_no_guard(self):
        self.write("service/base/x.h", "struct x { int n; };\n")
        self.assertEqual(len(self.problems()), 1)


def field(number, value):
    """A length-delimited field, or a varint below 128."""
    return bytes([number << 3, value]) if isinstance(value, int) else bytes([number << 3 | 2, len(value)]) + value


def message(name, *kinds):
    """A DescriptorProto whose fields are messages of these kinds."""
    return field(1, name) + b"".join(field(2, field(1, b"f") + field(5, 11) + field(6, kind)) for kind in kinds)


class Messages(unittest.TestCase):
    def problems(self, *messages):
        service = field(1, b"S") + field(2, field(1, b"M") + field(2, b".p.A"))
        file = field(2, b"p") + b"".join(field(4, m) for m in messages) + field(6, service)
        return check_messages.check(field(1, file))[1]

    def test_flat(self):
        self.assertEqual(self.problems(message(b"A", b".p.B", b".p.B"), message(b"B")), [])

    def test_recursive_through_another(self):
        self.assertEqual(self.problems(message(b"A", b".p.B"), message(b"B", b".p.A")), ["recursive: .p.A > .p.B > .p.A"])

    def test_recursion_that_no_method_reaches(self):
        self.assertEqual(self.problems(message(b"A"), message(b"B", b".p.B")), [])


if __name__ == "__main__":
    unittest.main()
