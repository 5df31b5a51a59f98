#!/usr/bin/env bash
# Who does what the tutorial says sees what it shows.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

mkdir mine
cd mine
shows "the tutorial, from the catalogue to the pool"
follow=$ETAS_SOURCE/tests/cli/follow_document.py
python3 -B "$follow" "$ETAS_SOURCE/docs/tutorial.md" || {
    redis-cli -s pool.sock shutdown nosave 2>/dev/null || true
    fail "the tutorial"
}

shows "that a line which is not printed is found"
mkdir ../other
cd ../other
printf '%s\n' '```sh' 'echo one; echo two' '```' '```text' 'two' 'one' '```' >wrong.md
expect 1 python3 -B "$follow" wrong.md
complains "not printed, or not at its place: one"
printf '%s\n' '```sh' 'false' '```' >wrong.md
expect 1 python3 -B "$follow" wrong.md
complains "exit code 1"
done_testing
