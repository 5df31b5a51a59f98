#!/usr/bin/env bash
# Two million events through a server of 16 MB: never above the run's mark, also while the driver is
# stopped again and again; workers wait, nothing is lost, the bytes are the serial run's.
set -euo pipefail

exec bash "$ETAS_SOURCE/bench/memory.sh" 2000000 - 16mb
