#!/usr/bin/env bash
# A PostgreSQL server of its own for the tests, on a unix socket only, without a password.
#
#     postgres.sh start FOLDER    starts it in FOLDER (made where it is missing) and prints its URL
#     postgres.sh stop FOLDER     stops it
#     postgres.sh remove FOLDER   stops it and removes FOLDER
#
# The URL is of a superuser. As root, everything runs as the user postgres, which PostgreSQL demands; FOLDER then has
# to be within reach of that user. It may lose what it holds in a power cut: nothing waits for the disk.
set -euo pipefail

usage() {
    sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
}

[ $# = 2 ] || usage
command=$1
folder=$2

bin=
for bin in /usr/lib/postgresql/*/bin; do :; done # the last, newest one
[ -x "$bin/initdb" ] || { echo "postgres.sh: PostgreSQL is not installed (Debian: postgresql)" >&2; exit 1; }

as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups env -C / "$@"
    else
        "$@"
    fi
}

start() {
    mkdir -p "$folder"
    [ "$(id -u)" != 0 ] || chown postgres "$folder"
    if [ ! -e "$folder/data/PG_VERSION" ]; then
        as_postgres "$bin/initdb" -D "$folder/data" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
            --no-sync >"$folder.log" 2>&1 || { cat "$folder.log" >&2; exit 1; }
    fi
    if ! as_postgres "$bin/pg_ctl" -D "$folder/data" status >/dev/null 2>&1; then
        as_postgres "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 start -o "-k '$folder' \
            -c listen_addresses='' -c fsync=off -c full_page_writes=off \
            -c max_connections=200 -c log_min_messages=warning" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; exit 1; }
    fi
    rm -f "$folder.log"
    echo "postgresql://postgres@/postgres?host=$folder"
}

stop() {
    if [ -e "$folder/data/postmaster.pid" ]; then
        as_postgres "$bin/pg_ctl" -D "$folder/data" -w -m immediate stop >/dev/null || true
    fi
}

case $command in
start) start ;;
stop) stop ;;
remove)
    stop
    rm -rf "$folder"
    ;;
*) usage ;;
esac
