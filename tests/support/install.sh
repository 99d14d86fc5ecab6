# shellcheck shell=bash disable=SC2034
# Sourced by service/run, tests/run and .ci/run: installs the Debian packages that are missing, and nothing else.
#
# A list entry is PACKAGE, or PACKAGE:COMMAND where the command may as well come from elsewhere (a newer Node, a cmake
# from pip). Needs root or sudo only when something is missing.

BUILD_PACKAGES=(
    gcc libc6-dev cmake:cmake ninja-build:ninja pkg-config:pkg-config ccache:ccache
    libgrpc-dev libprotobuf-c-dev protobuf-c-compiler:protoc-gen-c protobuf-compiler:protoc libprotobuf-dev
    libcurl4-openssl-dev libuv1-dev libjansson-dev libedit-dev libyaml-dev libssl-dev libsqlite3-dev libpq-dev
    libmicrohttpd-dev
    ca-certificates python3:python3
)
TEST_PACKAGES=("${BUILD_PACKAGES[@]}" libcmocka-dev python3-venv nodejs:node npm:npm openssl:openssl procps:ps postgresql)
CLANG_PACKAGES=(clang:clang libclang-rt-14-dev llvm:llvm-symbolizer)
CHECK_PACKAGES=("${TEST_PACKAGES[@]}" "${CLANG_PACKAGES[@]}" clang-format:clang-format clang-tidy:clang-tidy
    shellcheck:shellcheck)

say() {
    printf '\n== %s\n' "$*"
}

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Prints the packages of the list that are missing.
missing_packages() {
    local entry package command
    for entry in "$@"; do
        package=${entry%%:*}
        command=${entry#"$package"}
        command=${command#:}
        if [ -n "$command" ] && command -v "$command" >/dev/null 2>&1; then
            continue
        fi
        if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            printf '%s\n' "$package"
        fi
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        fail "this needs root or sudo: $*"
    fi
}

install_packages() {
    local missing
    command -v apt-get >/dev/null 2>&1 ||
        fail "packages come from apt-get (Debian 12); elsewhere install what ${BASH_SOURCE[0]} lists, and use cmake"
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" = 0 ] && return 0
    say "installing packages: ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}"
}

# configure FOLDER [cmake arguments]; what cmake says is shown where it fails.
configure() {
    local folder=$1 launcher=()
    shift
    mkdir -p "$folder"
    command -v ccache >/dev/null 2>&1 && launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache)
    cmake -S "$ROOT" -B "$folder" -G Ninja "${launcher[@]}" "$@" >"$folder/configure.log" 2>&1 || {
        cat "$folder/configure.log"
        return 1
    }
}

# compile FOLDER [cmake --build arguments]: progress on a terminal, else only what goes wrong.
compile() {
    local folder=$1 started=$SECONDS ninja=(-k 0) # all that goes wrong, not the first only
    shift
    [ -t 1 ] || ninja+=(--quiet)
    cmake --build "$folder" -j "$(nproc)" "$@" -- "${ninja[@]}" || return 1
    echo "built in $((SECONDS - started)) s"
}
