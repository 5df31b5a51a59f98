#!/usr/bin/env bash
# The pool measured: every table of docs/performance.md about it, or the named ones.
#   bench/scale.sh [agents] [stress] [overhead] [efficiency] [throughput] [memory]
# About half an hour on a quiet machine; memory takes 2 GB below $TMPDIR for a while.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- overhead efficiency throughput agents stress memory
echo "$(date -u +%F) $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), load$(cut -d ' ' -f 1-3 /proc/loadavg | sed 's/^/ /'), $(redis-server --version | cut -d ' ' -f 3)"
for part in "$@"; do
    printf '\n== %s\n' "$part"
    case $part in
    agents) "$here/agents.sh" 1000 release steady ;;
    stress) "$here/agents.sh" 1000 release stress ;;
    overhead | efficiency | throughput | memory) "$here/$part.sh" ;;
    *)
        echo "unknown: $part" >&2
        exit 2
        ;;
    esac
done
