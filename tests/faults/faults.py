"""faults.py SCENARIO [OPTIONS]: runs that are attacked; each ends with the bytes of the serial one. Started by ctest and by
long.sh, which say where programs and sources are: ETAS_BIN, ETAS_FAULTS, ETAS_SOURCE."""
import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import scenarios
import storm
from processes import Away, Failure, Refused
from world import World

SCENARIOS = {"storm": storm.storm, "poison": scenarios.poison, "pools": scenarios.pools, "leases": scenarios.leases,
             "cluster": scenarios.cluster}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", choices=sorted(SCENARIOS))
    parser.add_argument("--seed", type=int, help="the same seed gives the same attacks (default: drawn)")
    parser.add_argument("--minutes", type=float, default=0, help="storm: so long (default: every kind, once)")
    parser.add_argument("--list", action="store_true", help="storm: print the attacks and end")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a run that failed")
    args = parser.parse_args()
    args.seed = args.seed if args.seed is not None else int(os.environ.get("ETAS_FAULT_SEED") or random.randrange(10**6))
    print(f"ETAS_FAULT_SEED={args.seed}", flush=True)
    if args.list:
        return storm.print_list(args)
    folder = tempfile.mkdtemp(prefix="etas-faults-", dir="/tmp")
    world = World(folder, os.environ["ETAS_BIN"], os.environ["ETAS_FAULTS"], os.environ["ETAS_SOURCE"])
    begin, failed = time.monotonic(), True
    try:
        SCENARIOS[args.scenario](world, args)
        failed = False
    except (Failure, Away, Refused, subprocess.TimeoutExpired) as failure:
        print(f"FAILED after {time.monotonic() - begin:.0f} s, seed {args.seed}: {failure}", flush=True)
    finally:
        world.end()
        if failed:
            world.show_logs()
        if failed and args.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if not failed:
        print(f"{args.scenario}: nothing lost, {time.monotonic() - begin:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
