"""No message that a client sends is recursive, and none nests deeper than the service unpacks: walks the descriptor set
from the input of every method of every service.

    check_messages.py SOURCE DESCRIPTOR_SET
"""
import pathlib
import sys

MAX_DEPTH = 16  # SL_WIRE_MAX_DEPTH in service/rpc/codec.h

# Field numbers of google/protobuf/descriptor.proto
SET_FILE = 1
FILE_PACKAGE, FILE_MESSAGE, FILE_SERVICE = 2, 4, 6
MESSAGE_NAME, MESSAGE_FIELD, MESSAGE_NESTED = 1, 2, 3
FIELD_NAME, FIELD_TYPE_NAME, FIELD_TYPE = 1, 6, 5
TYPE_GROUP, TYPE_MESSAGE = 10, 11
SERVICE_METHOD = 2
METHOD_INPUT = 2


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """(number, value) of every field: an integer, or the bytes of a length-delimited one."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            size = {1: 8, 5: 4}[wire]
            value, at = data[at:at + size], at + size
        yield number, value


def all_of(data, number):
    return [value for n, value in fields(data) if n == number]


def text_of(data, number):
    return (all_of(data, number) or [b""])[-1].decode()


def collect_messages(data, prefix, into):
    """Adds message name -> [(field name, message name)] for a message and those nested in it."""
    name = "%s.%s" % (prefix, text_of(data, MESSAGE_NAME))
    into[name] = [(text_of(f, FIELD_NAME), text_of(f, FIELD_TYPE_NAME)) for f in all_of(data, MESSAGE_FIELD)
                  if all_of(f, FIELD_TYPE)[-1] in (TYPE_GROUP, TYPE_MESSAGE)]
    for nested in all_of(data, MESSAGE_NESTED):
        collect_messages(nested, name, into)


def load(data):
    """(messages, names of the methods' inputs)"""
    messages, inputs = {}, set()
    for file in all_of(data, SET_FILE):
        package = text_of(file, FILE_PACKAGE)
        for message in all_of(file, FILE_MESSAGE):
            collect_messages(message, "." + package if package else "", messages)
        for service in all_of(file, FILE_SERVICE):
            inputs.update(text_of(method, METHOD_INPUT) for method in all_of(service, SERVICE_METHOD))
    return messages, sorted(inputs)


def depth(messages, name, path, problems):
    """Levels of messages below and with name; problems gets each way back to a message of the path."""
    if name in path:
        problems.append("recursive: " + " > ".join([*path[path.index(name):], name]))
        return 0
    return 1 + max((depth(messages, kind, [*path, name], problems) for _, kind in messages[name]), default=0)


def check(data):
    messages, inputs = load(data)
    problems = []
    for name in inputs:
        levels = depth(messages, name, [], problems)
        if levels > MAX_DEPTH:
            problems.append("%s nests %d deep, more than %d" % (name, levels, MAX_DEPTH))
    return inputs, sorted(set(problems))


def main():
    inputs, problems = check(pathlib.Path(sys.argv[2]).read_bytes())
    print("\n".join(problems) or "%d requests, none recursive" % len(inputs))
    return bool(problems) or not inputs


if __name__ == "__main__":
    sys.exit(main())
