#!/usr/bin/env python3
"""Writes service/docs/api.md, the API reference, out of the comments of proto/sluice/v1.

    proto/reference.py --write     writes it
    proto/reference.py --check     exits with 1 where it is not what the protos say now

Needs grpcio-tools (tests/requirements.txt); `./tests/run lint` checks with the tests' own Python.
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

PROTO = Path(__file__).resolve().parent
PAGE = PROTO.parent / "service" / "docs" / "api.md"
PACKAGE = "sluice.v1"

HEAD = """\
# API reference

Generated from the comments in [proto/sluice/v1](../../proto/sluice/v1) by `proto/reference.py --write`; the protos are
what counts. Names are those of package `sluice.v1`. A field marked *optional* tells absence from zero; every other scalar
has its zero value where it is not set. [errors.md](errors.md) lists the reasons that errors carry.

"""

# Field numbers of the descriptors, which are the steps of a path in the source info.
MESSAGE, ENUM, SERVICE = 4, 5, 6
FIELD, NESTED, NESTED_ENUM, ONEOF = 2, 3, 4, 8
METHOD, VALUE = 2, 2

Field = descriptor_pb2.FieldDescriptorProto
SCALARS = {getattr(Field, name): name[len("TYPE_"):].lower() for name in Field.Type.keys()}


def read_protos():
    """The descriptors of our own files, with their comments."""
    names = sorted(str(path.relative_to(PROTO)) for path in (PROTO / "sluice" / "v1").glob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "set"
        code = protoc.main(["protoc", f"-I{PROTO}", f"-I{Path(protoc.__file__).parent / '_proto'}", "--include_source_info",
                            f"--descriptor_set_out={out}", *names])
        if code != 0:
            sys.exit(code)
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file


class Page:
    """Collects the text of one page."""

    def __init__(self):
        self.text = []
        self.comments = {}

    def use(self, file):
        """Takes the comments of one file."""
        self.comments = {tuple(place.path): place.leading_comments or place.trailing_comments
                         for place in file.source_code_info.location}

    def comment(self, path):
        """The comment at a path, as lines without their first space."""
        lines = self.comments.get(tuple(path), "").rstrip("\n").split("\n")
        return [line[1:] if line.startswith(" ") else line for line in lines]

    def put(self, *lines):
        """Adds lines."""
        self.text.extend(lines)

    def paragraph(self, path):
        """Adds a comment as text; what is indented in it stays as it stands."""
        lines = self.comment(path)
        if not any(lines):
            return
        inside = False
        for line in lines:
            indented = line.startswith("  ")
            if indented and not inside:
                if self.text and self.text[-1]:
                    self.put("")
                self.put("```text")
            elif inside and not indented and line:
                self.put("```", "")
                indented = False
            elif inside and not line:
                indented = True
            inside = indented
            self.put(line if inside else escape(line))
        if inside:
            self.put("```")
        self.put("")

    def cell(self, path):
        """A comment as one cell of a table."""
        return escape(" ".join(line.strip() for line in self.comment(path) if line.strip())).replace("|", "\\|")


def escape(text):
    """Keeps Markdown from reading what stands between angle brackets, or underscores, outside of code."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(piece if piece.startswith("`") else re.sub(r"([<>*\[\]])", r"\\\1", piece) for piece in pieces)


def link(full_name):
    """A type's name; a link where it is one of ours."""
    name = full_name.lstrip(".")
    if not name.startswith(PACKAGE + "."):
        return f"`{name}`"
    short = name[len(PACKAGE) + 1:]
    return f"[{short}](#{short.lower().replace('.', '')})"


def type_of(field, maps):
    """A field's type, with what it repeats."""
    if field.type_name in maps:
        key, value = maps[field.type_name].field
        return f"map of {type_of(key, maps)} to {type_of(value, maps)}"
    name = link(field.type_name) if field.type_name else SCALARS[field.type]
    if field.label == Field.LABEL_REPEATED:
        return f"repeated {name}"
    if field.proto3_optional:
        return f"optional {name}"
    return name


def put_enum(page, enum, path, outer):
    name = ".".join([*outer, enum.name])
    page.put(f"### {name}", "")
    page.paragraph(path)
    page.put("| value | number | |", "|---|---|---|")
    for i, value in enumerate(enum.value):
        page.put(f"| `{value.name}` | {value.number} | {page.cell([*path, VALUE, i])} |")
    page.put("")


def put_message(page, message, path, outer, package):
    names = [*outer, message.name]
    name = ".".join(names)
    maps = {f".{package}.{name}.{nested.name}": nested for nested in message.nested_type if nested.options.map_entry}
    page.put(f"### {name}", "")
    page.paragraph(path)
    if message.field:
        page.put("| field | type | |", "|---|---|---|")
    for i, field in enumerate(message.field):
        said = page.cell([*path, FIELD, i])
        if field.HasField("oneof_index") and not field.proto3_optional:
            said = f"*One of `{message.oneof_decl[field.oneof_index].name}`.* {said}"
        page.put(f"| `{field.name}` = {field.number} | {type_of(field, maps)} | {said} |")
    page.put("")
    for i, enum in enumerate(message.enum_type):
        put_enum(page, enum, [*path, NESTED_ENUM, i], names)
    for i, nested in enumerate(message.nested_type):
        if not nested.options.map_entry:
            put_message(page, nested, [*path, NESTED, i], names, package)


def put_service(page, service, path):
    page.put(f"### {service.name}", "")
    page.paragraph(path)
    page.put("| RPC | asks | answers | |", "|---|---|---|---|")
    for i, method in enumerate(service.method):
        asks = ("stream of " if method.client_streaming else "") + link(method.input_type)
        answers = ("stream of " if method.server_streaming else "") + link(method.output_type)
        page.put(f"| `{method.name}` | {asks} | {answers} | {page.cell([*path, METHOD, i])} |")
    page.put("")


def reference():
    """The whole page."""
    page = Page()
    files = [file for file in read_protos() if file.package == PACKAGE]
    page.put("## Services", "")
    for file in files:
        page.use(file)
        for i, service in enumerate(file.service):
            put_service(page, service, [SERVICE, i])
    for file in files:
        page.use(file)
        page.put(f"## {file.name}", "")
        page.paragraph([12])  # the comment above `syntax` is the file's
        for i, message in enumerate(file.message_type):
            put_message(page, message, [MESSAGE, i], [], file.package)
        for i, enum in enumerate(file.enum_type):
            put_enum(page, enum, [ENUM, i], [])
    return HEAD + "\n".join(page.text).rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="write service/docs/api.md")
    what.add_argument("--check", action="store_true", help="exit with 1 where it is out of date")
    if parser.parse_args().write:
        PAGE.write_text(reference(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != reference():
        sys.exit("service/docs/api.md is not what the protos say: run proto/reference.py --write")
    else:
        print("API reference: up to date")


if __name__ == "__main__":
    main()
