"""check_compose.py FILE: what the pool's compose file must hold; prints what is broken, exits 1."""
import os
import re
import sys

import yaml

KEYS = set("build cap_drop command depends_on environment healthcheck image profiles read_only restart secrets "
           "security_opt stop_grace_period tmpfs user volumes".split())
PROGRAMS = {"redis": "redis-server", "init": "etas-redis-manager", "worker": "etas-redis-worker", "driver": "etas",
            "manager": "etas-redis-manager"}
SECRETS = {"redis": "pool_users", "init": "manager_password", "worker": "worker_password",
           "driver": "driver_password", "manager": "manager_password"}
CONDITIONS = ("service_healthy", "service_completed_successfully", "service_started")


def seconds(text):
    found = re.fullmatch(r"(\d+)s", str(text))
    return int(found[1]) if found else -1


def check_service(name, service, top):
    if set(service) - KEYS:
        yield f"unknown keys {sorted(set(service) - KEYS)}"
    command = service.get("command")
    if not isinstance(command, list) or not all(isinstance(x, str) for x in command):
        yield "the command is no list of strings"
    elif command[0] != PROGRAMS[name]:
        yield f"runs {command[0]}"
    if service.get("secrets") != [SECRETS[name]] or SECRETS[name] not in top["secrets"]:
        yield f"its secrets are {service.get('secrets')}"
    elif f"/run/secrets/{SECRETS[name]}" not in command:
        yield "does not use its secret"
    shown = repr(command) + repr(service.get("environment"))
    if re.search(r"requirepass|--password\b(?!-file)|:[^/@']+@|PASSWORD", shown):
        yield "shows a password"
    if not re.search(r":\d+\.\d+\.\d+", service.get("image", "")):
        yield f"image {service.get('image')} has no version"
    if service.get("restart") not in ("no", "on-failure", "unless-stopped"):
        yield f"restart is {service.get('restart')!r}"
    if service.get("cap_drop") != ["ALL"] or service.get("read_only") is not True or \
            service.get("security_opt") != ["no-new-privileges:true"]:
        yield "may do more than it needs"
    health = service.get("healthcheck") or {}
    if health != {"disable": True} and (health.get("test") or [""])[0] not in ("CMD", "CMD-SHELL"):
        yield "no check of its health"
    for other, what in service.get("depends_on", {}).items():
        if other not in top["services"] or what.get("condition") not in CONDITIONS:
            yield f"waits for {other}: {what}"
        elif what["condition"] == "service_healthy" and "test" not in top["services"][other]["healthcheck"]:
            yield f"waits for the health of {other}, which has no check"
    for volume in service.get("volumes", []):
        if re.match(r"\w+:", volume) and volume.split(":")[0] not in top["volumes"]:
            yield f"volume {volume} is not there"


def check(path):
    with open(path, encoding="utf-8") as file:
        top = yaml.safe_load(file)
    services = top["services"]
    if set(services) != set(PROGRAMS):
        yield f"services {sorted(services)}"
        return
    for name, service in services.items():
        for text in check_service(name, service, top):
            yield f"{name}: {text}"
    redis = services["redis"].get("command", [])
    for option, value in (("--maxmemory-policy", "noeviction"), ("--appendonly", "yes"),
                          ("--aclfile", "/run/secrets/pool_users")):
        if option not in redis or redis[redis.index(option) + 1] != value:
            yield f"redis: not {option} {value}"
    if not services["redis"]["image"].startswith("redis:7."):
        yield "redis: not version 7"
    for name in ("worker", "driver"):
        # A worker gives up handing its results over after 20 seconds.
        if seconds(services[name].get("stop_grace_period")) <= 20:
            yield f"{name}: no time to drain"
    if "container_name" in services["worker"] or "ports" in services["worker"]:
        yield "worker: cannot be scaled"
    if services["worker"]["healthcheck"].get("test", [0, 0])[1] != "etas-worker-health":
        yield "worker: its health is not that of the pool"
    if any("profiles" in services[name] for name in ("redis", "init", "worker")):
        yield "`up` does not start the pool"
    build = services["worker"]["build"]
    folder = os.path.join(os.path.dirname(path), build["context"])
    if not os.path.isfile(os.path.join(folder, build["dockerfile"])):
        yield f"worker: no {build['dockerfile']}"
    for name, secret in top["secrets"].items():
        if not secret.get("file", "").startswith("./secrets/"):
            yield f"secret {name} is no file of secrets/"


def main():
    broken = list(check(sys.argv[1]))
    print("\n".join(broken))
    sys.exit(1 if broken else 0)


main()
