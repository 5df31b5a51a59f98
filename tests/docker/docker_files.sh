#!/usr/bin/env bash
# The files of docker/: rules for the Dockerfile, what the compose file must hold, and what is copied into the build.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

export PYTHONDONTWRITEBYTECODE=1
here=$ETAS_SOURCE/tests/docker
file=$ETAS_SOURCE/docker/Dockerfile
compose=$ETAS_SOURCE/docker/compose.yaml
need_python_yaml

# breaks CHECK FILE TEXT SED: the check complains with TEXT about FILE changed by SED.
breaks() {
    mkdir -p broken
    sed "$4" "$2" >"broken/$(basename "$2")"
    ! cmp -s "$2" "broken/$(basename "$2")" || fail "nothing changed by $4"
    expect 1 "$python" "$here/$1.py" "broken/$(basename "$2")"
    grep -qF -- "$3" stdout || fail "no \"$3\" after $4: $(cat stdout)"
}

shows "the Dockerfile keeps the rules"
expect 0 "$python" "$here/check_dockerfile.py" "$file"

shows "and each rule notices what breaks it"
breaks check_dockerfile "$file" 'neither digest nor date' 's/^FROM debian:[^ ]*/FROM debian:bookworm/'
breaks check_dockerfile "$file" 'recommended' 's/--no-install-recommends//'
breaks check_dockerfile "$file" 'lists' 's/&& rm -rf .*/\&\& true/'
breaks check_dockerfile "$file" 'without version' '/^# hadolint/d'
breaks check_dockerfile "$file" 'root' '/^USER/d'
breaks check_dockerfile "$file" 'root' 's/^USER .*/USER root/'
breaks check_dockerfile "$file" 'exec form' 's/^CMD .*/CMD etas-redis-worker/'
breaks check_dockerfile "$file" 'one HEALTHCHECK' '/^HEALTHCHECK/d'
breaks check_dockerfile "$file" 'no label licenses' '/image.licenses/d'
breaks check_dockerfile "$file" 'no stage build' 's/ AS build$//'
breaks check_dockerfile "$file" 'tools of the build' 's/libgsl27/libgsl-dev/'
breaks check_dockerfile "$file" 'ADD' 's/^COPY LICENSE/ADD LICENSE/'

shows "what the Dockerfile copies is there, and .dockerignore lets it through"
"$python" - "$here" "$file" "$ETAS_SOURCE" <<'PYTHON' || fail "see above"
import os, sys
sys.path.insert(0, sys.argv[1])
import dockerfile
kept = [x[1:] for x in open(sys.argv[3] + "/.dockerignore").read().split("\n") if x.startswith("!")]
for item in dockerfile.parse(sys.argv[2]):
    words = item.text.split()
    if item.name == "COPY" and not words[0].startswith("--from"):
        for word in words[:-1]:
            if word not in kept and word.rstrip("/") not in kept:
                sys.exit(f"line {item.line}: .dockerignore leaves {word} out")
for word in kept:
    if not os.path.exists(os.path.join(sys.argv[3], word)):
        sys.exit(f".dockerignore names {word}, which is not there")
PYTHON

shows "the image has the version of the project"
version=$(sed -n 's/^project(etas VERSION \([0-9.]*\).*/\1/p' "$ETAS_SOURCE/CMakeLists.txt")
grep -qF "image.version=\"$version\"" "$file" || fail "not version $version: the label"
grep -qF "image: etas:$version" "$compose" || fail "not version $version: compose.yaml"

shows "the compose file holds what a pool needs"
expect 0 "$python" "$here/check_compose.py" "$compose"

shows "and each rule notices what breaks it"
breaks check_compose "$compose" 'noeviction' 's/noeviction/allkeys-lru/'
breaks check_compose "$compose" 'no time to drain' '/^  worker:/,/^  driver:/s/stop_grace_period: 30s/stop_grace_period: 10s/'
breaks check_compose "$compose" 'shows a password' 's|redis://worker@|redis://worker:secret@|'
breaks check_compose "$compose" 'its secrets are' 's/secrets: \[worker_password\]/secrets: [manager_password]/'
breaks check_compose "$compose" 'has no version' 's/image: redis:.*/image: redis:latest/'
breaks check_compose "$compose" 'unknown keys' 's/^    user: redis/    usr: redis/'
breaks check_compose "$compose" 'volume redis:/data is not there' 's/^  redis:$/  other:/;0,/^  other:$/s//  redis:/'
breaks check_compose "$compose" 'more than it needs' 's/no-new-privileges:true/no-new-privileges:false/'
expect 1 "$python" "$here/check_compose.py" "$file"

shows "the check of a worker's health minds workers only"
expect 0 "$ETAS_SOURCE/docker/etas-worker-health"
done_testing
