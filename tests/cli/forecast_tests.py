"""Tests of forecasts by their definitions (Savran et al. 2020, Serafini et al. 2024, Rhoades et al.
2011) with numpy and scipy, on random forecasts, against etas evaluate.

    forecast_tests.py N [SEED]
"""
import json
import math
import os
import subprocess
import sys

import numpy as np
from scipy import special, stats

LON, LAT, SIZE, SIDE = 10.0, 40.0, 0.1, 4
MAG, N_MAGS = 3.0, 5
START, END = "2020-01-01T00:00:00", "2020-01-31T00:00:00"
TOLERANCE = 1e-12

west = np.arange(100, 100 + SIDE) / 10
south = np.arange(400, 400 + SIDE) / 10
mags = np.arange(30, 30 + N_MAGS) / 10


# ---- definitions ----


def bins_of(p, edges, open_end):
    eps = np.finfo(float).eps
    first, h = edges[0], edges[1] - edges[0]
    slack = abs(first) * eps
    k = int(math.floor((p - first + abs(p) * eps + slack) / (h - slack)))
    if k >= len(edges):
        k = len(edges) - 1 if open_end else -1
    return max(k, -1)


def grid(catalog):
    """Counts by place and magnitude; places by longitude, then latitude."""
    out = np.zeros((SIDE * SIDE, N_MAGS))
    for lon, lat, mag in catalog:
        i, j, k = bins_of(lon, west, False), bins_of(lat, south, False), bins_of(mag, mags, True)
        if min(i, j, k) >= 0:
            out[i * SIDE + j, k] += 1
    return out


def quantiles(x, observed):
    """Ties count on both sides; a tie is one to TOLERANCE."""
    x = np.asarray(x)
    slack = TOLERANCE * max(1, abs(observed))
    return np.mean(x >= observed - slack), np.mean(x <= observed + slack)


def share_of_ties(x, observed):
    return np.mean(np.abs(np.asarray(x) - observed) <= TOLERANCE * max(1, abs(observed)))


def n_test(forecast, observed):
    x = [c.sum() for c in forecast]
    return "normal", observed.sum(), x, quantiles(x, observed.sum())


def invalid(x=()):
    return "not-valid", None, list(x), (-1, -1)


def places_test(forecast, observed, statistic):
    rates = np.mean(forecast, axis=0).sum(axis=1)
    n_obs, seen = observed.sum(axis=1), rates > 0
    if n_obs.sum() == 0 or not seen.any():
        return invalid()
    x = [s for s in (statistic(c.sum(axis=1)[seen], rates[seen]) for c in forecast) if s is not None]
    status = "undersampled" if n_obs[~seen].sum() > 0 else "normal"
    if n_obs[seen].sum() == 0:
        return invalid(x)
    value = statistic(n_obs[seen], rates[seen])
    return status, value, x, quantiles(x, value)


def s_test(forecast, observed):
    def mean_log_share(n, rates):
        return math.fsum(n * np.log(rates / math.fsum(rates))) / n.sum() if n.sum() > 0 else None

    return places_test(forecast, observed, mean_log_share)


def pl_test(forecast, observed):
    return places_test(forecast, observed,
                       lambda n, rates: math.fsum(n * np.log(rates)) - math.fsum(rates))


def distance(histogram, union, n_obs):
    scaled = np.log10(union * n_obs / union.sum() + 1)
    return math.fsum((np.log10(histogram * n_obs / histogram.sum() + 1) - scaled) ** 2)


def m_test(forecast, observed):
    union, n_obs = np.sum(forecast, axis=0).sum(axis=0), observed.sum()
    if n_obs == 0 or union.sum() == 0:
        return invalid()
    x = [distance(c.sum(axis=0), union, n_obs) for c in forecast if c.sum() > 0]
    value = distance(observed.sum(axis=0), union, n_obs)
    return "normal", value, x, quantiles(x, value)


def log_multinomial(x):
    return special.gammaln(x.sum() + 1) + math.fsum(x * np.log(x / x.sum()) - special.gammaln(x + 1))


def mll_score(histogram, union, n_obs):
    u, c = union + union.sum() / histogram.sum(), histogram + 1
    return 2 * (log_multinomial(u + c) - log_multinomial(u) - log_multinomial(c))


# ---- samples as docs/evaluation.md draws them ----


def philox(seed, counter):
    c, key, mask = list(counter), [seed & 0xFFFFFFFF, seed >> 32], 0xFFFFFFFF
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ key[0], b & mask, (a >> 32) ^ c[3] ^ key[1], a & mask]
        key = [(key[0] + 0x9E3779B9) & mask, (key[1] + 0xBB67AE85) & mask]
    return c


def uniform(seed, sample, k):
    c = philox(seed, [sample & 0xFFFFFFFF, sample >> 32, k // 2, 17 << 24])
    word = c[0] | c[1] << 32 if k % 2 == 0 else c[2] | c[3] << 32
    return min(((word >> 11) + 0.5) * 2.0**-53, 1 - 2.0**-53)


def binomial(n, p, u):
    """Outwards from the most probable value, upwards first."""
    if p >= 1 or n == 0 or p <= 0:
        return n if p >= 1 else 0
    mode = min(math.floor((n + 1) * p), n)
    for step in range(n + 1):
        for k in ((mode,) if step == 0 else (mode + step, mode - step)):
            u -= math.comb(n, k) * p**k * (1 - p) ** (n - k) if 0 <= k <= n else 0
            if u < 0:
                return k
    return mode


def sample(seed, index, union, n):
    out, left = np.zeros(N_MAGS), union.sum()
    for k in range(N_MAGS):
        rest = n - int(out.sum())
        if union[k] > 0 and rest > 0:
            out[k] = binomial(rest, union[k] / left, uniform(seed, index, k))
        left -= union[k]
    return out


def sampled_tests(forecast, observed, scores, seed):
    union, n_obs = np.sum(forecast, axis=0).sum(axis=0), int(observed.sum())
    if n_obs == 0 or union.sum() == 0:
        return [invalid() for _ in scores]
    samples = [sample(seed, i, union, n_obs) for i in range(len(forecast))]
    out = []
    for score in scores:
        x, value = [score(s, union, n_obs) for s in samples], score(observed.sum(axis=0), union, n_obs)
        out.append(("normal", value, x, quantiles(x, value)))
    return out


# ---- two forecasts ----


def gains(a, b, observed):
    a, b = np.mean(a, axis=0), np.mean(b, axis=0)
    x, left_out = [], 0
    for cell in np.argwhere(observed > 0):
        i, k, n = *cell, int(observed[tuple(cell)])
        if a[i, k] > 0 and b[i, k] > 0:
            x += [math.log(a[i, k]) - math.log(b[i, k])] * n
        else:
            left_out += n
    return np.array(x), a.sum() - b.sum(), left_out


def t_quantile(n):
    """Of 0.975; stats.t.ppf has ten digits."""
    x = special.betaincinv(n / 2, 0.5, 0.05)
    return math.sqrt(n * (1 - x) / x)


def t_test(a, b, observed):
    x, more, left_out = gains(a, b, observed)
    n = len(x)
    gain = (x.sum() - more) / n if n > 0 else None
    if n < 2 or np.ptp(x) < 1e-14:
        return "not-valid", gain, [], (-1, -1)
    variance = (x**2).sum() / (n - 1) - x.sum() ** 2 / (n**2 - n)
    error, critical = math.sqrt(variance / n), t_quantile(n - 1)
    return ("undersampled" if left_out else "normal", gain,
            [gain - critical * error, gain + critical * error], (gain / error, critical))


def w_test(a, b, observed):
    x, more, left_out = gains(a, b, observed)
    d = x - more / len(x) if len(x) > 0 else x
    d = d[np.abs(d) > 1e-14]
    n = len(d)
    if n == 0:
        return "not-valid", None, "normal", -1
    ranks = stats.rankdata(np.round(np.abs(d), 12))
    t = min(ranks[d > 0].sum(), ranks[d < 0].sum())
    repeats = np.unique(ranks, return_counts=True)[1]
    variance = n * (n + 1) * (2 * n + 1) - 0.5 * (repeats * (repeats**2 - 1)).sum()
    z = (t - n * (n + 1) / 4) / math.sqrt(variance / 24)
    return "undersampled" if left_out else "normal", z, "normal", 2 * stats.norm.sf(abs(z))


# ---- random forecasts ----


def random_event(rng, places, weights):
    """Often on the edge of a cell, sometimes beyond the grid."""
    lon, lat = divmod(int(rng.choice(places, p=weights)), SIDE)
    digits = rng.integers(0, 100000, 2) if rng.random() < 0.6 else (0, 0)
    lon, lat = lon + digits[0] / 1e5, lat + digits[1] / 1e5
    if rng.random() < 0.03:
        lon += SIDE
    mag = MAG + min(rng.exponential(0.2), 1.5) if rng.random() < 0.98 else 2.9
    return round(LON + lon * SIZE, 6), round(LAT + lat * SIZE, 6), round(mag, 1)


def random_forecast(rng, n, places):
    weights = rng.dirichlet(np.ones(len(places)))
    mean = rng.choice([0, 0.3, 1.5, 6, 12], p=[0.05, 0.2, 0.25, 0.25, 0.25])
    out = []
    for _ in range(n):
        again = out and rng.random() < 0.2
        out.append(out[rng.integers(len(out))] if again
                   else [random_event(rng, places, weights) for _ in range(rng.poisson(mean))])
    return out


def random_places(rng):
    return rng.choice(SIDE * SIDE, rng.integers(1, rng.choice([4, SIDE * SIDE + 1])), replace=False)


def random_observation(rng, a, b):
    """One of the catalogues, or some of all events, perhaps with others."""
    if rng.random() < 0.3:
        return a[rng.integers(len(a))]
    events = [e for catalog in a + b for e in catalog]
    some = [events[k] for k in rng.integers(len(events), size=rng.integers(0, 30))] if events else []
    return some + (random_forecast(rng, 1, random_places(rng))[0] if rng.random() < 0.2 else [])


def write(path, rng, catalogs, header):
    """As any program may: empty catalogues by a row, or by no row."""
    number = 0
    with open(path, "w", encoding="ascii") as out:
        if header:
            out.write("lon,lat,mag,time_string,depth,catalog_id,event_id\n")
        for k, catalog in enumerate(catalogs):
            if not catalog and (rng.random() < 0.5 or k == len(catalogs) - 1 == 0):
                out.write(f",,,,,{k},\n")
            for lon, lat, mag in catalog:
                time = f"2020-01-{rng.integers(1, 31):02d}T{rng.integers(24):02d}:00:00"
                time += ".250000" if rng.random() < 0.5 else ""
                out.write(f"{lon},{lat},{mag},{time},10.0,{k},{number}\n")
                number += 1


def check_numbers(what, got, want, slack=1.0):
    got, want = np.asarray(got, dtype=float), np.asarray(want, dtype=float)
    assert got.shape == want.shape, f"{what}: {len(got)} numbers, not {len(want)}"
    bad = np.abs(got - want) > slack * TOLERANCE * np.maximum(1, np.abs(want))
    assert not bad.any(), f"{what}: {got[bad][:3]}, not {want[bad][:3]}"


def check(key, name, kind, want, slack=1.0):
    status, value, x, q = want
    with open(f"out/{key}_test.json", encoding="ascii") as text:
        got = json.load(text)
    assert list(got) == ["name", "sim_name", "obs_name", "obs_catalog_repr", "quantile",
                         "observed_statistic", "test_distribution", "status", "min_mw", "type"]
    assert got["name"] == name and got["type"] == kind and got["min_mw"] == MAG, got
    assert got["status"] == status, f"{name}: {got['status']}, not {status}"
    assert (got["observed_statistic"] is None) == (value is None), name
    if value is not None:
        check_numbers(name, [got["observed_statistic"]], [value], slack)
    if x == "normal":
        assert got["test_distribution"] == "normal"
    else:
        check_numbers(f"{name}: distribution", got["test_distribution"], x, slack)
    q_got = np.ravel(got["quantile"])
    if key in ("s", "pl") and status != "not-valid" and np.any(np.abs(q_got - q) > 1e-9):
        # a tie by different numbers, ln 2 + ln 8 = 2 ln 4, is one to rounding alone
        assert np.all(q_got <= q) and np.all(q_got >= np.subtract(q, share_of_ties(x, value)) - 1e-9)
        return "tie by rounding"
    check_numbers(f"{name}: quantiles", q_got, np.ravel(q), slack)
    return got["status"]


def evaluate(*arguments):
    subprocess.run(["etas", "evaluate", *arguments], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def one(rng, number):
    size, places = int(rng.integers(1, 40)), random_places(rng)
    forecasts = [random_forecast(rng, size, places),
                 random_forecast(rng, size, places if rng.random() < 0.7 else random_places(rng))]
    observed = random_observation(rng, *forecasts)
    for path, catalogs in zip(("a.csv", "b.csv"), forecasts):
        write(path, rng, catalogs, rng.random() < 0.8)
    write("observed.csv", rng, [observed], True)
    evaluate("a.csv", "--against", "b.csv", "--observed", "observed.csv", "-o", "out",
             "--polygon", "region.json", "--start", START, "--end", END, "--cell-size", str(SIZE),
             "--mag-first", str(MAG), "--mag-step", "0.1", "--mag-last", str(mags[-1]),
             "--n-catalogs", str(size), "--seed", str(number))
    a, b = ([grid(c) for c in f] for f in forecasts)
    o = grid(observed)
    magnitude, slack = "CatalogMagnitudeTestResult", 10 * sum(c.sum() for c in a) + 100
    rm, mll = sampled_tests(a, o, (distance, mll_score), number)
    return (check("n", "Catalog N-Test", "CatalogNumberTestResult", n_test(a, o)),
            check("s", "S-Test", "CatalogSpatialTestResult", s_test(a, o)),
            check("m", "M-Test", magnitude, m_test(a, o)),
            check("pl", "PL-Test", "CatalogPseudolikelihoodTestResult", pl_test(a, o)),
            check("rm", "Resampled M-Test", magnitude, rm),
            # gammaln of the union's counts loses as many digits as they have
            check("mll", "MLL-Test", magnitude, mll, slack),
            check("t", "Paired T-Test", "EvaluationResult", t_test(a, b, o), 100),
            check("w", "W-Test", "EvaluationResult", w_test(a, b, o)))


def check_calibration(files, delta_2):
    evaluate("--calibration", *files, "-o", "out")
    with open("out/calibration_test.json", encoding="ascii") as text:
        got = json.load(text)
    want = stats.kstest(delta_2, "uniform")
    assert got["name"] == "S-Test Calibration Test" and got["type"] == "CalibrationTestResult"
    assert got["test_distribution"] == delta_2 and len(delta_2) < len(files)
    assert abs(got["observed_statistic"] - want.statistic) < 1e-14
    assert abs(got["quantile"] - want.pvalue) < 1e-6 * want.pvalue, (got["quantile"], want.pvalue)


def main():
    n, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with open("region.json", "w", encoding="ascii") as out:
        top, right = LAT + SIDE * SIZE, LON + SIDE * SIZE
        json.dump([[LAT, LON], [LAT, right], [top, right], [top, LON]], out)
    seen, delta_2 = {}, []
    for number in range(n):
        try:
            found = one(np.random.default_rng([seed, number]), number)
        except AssertionError as error:
            sys.exit(f"forecast {number} of seed {seed}: {error}")
        with open("out/s_test.json", encoding="ascii") as text:
            result = json.load(text)
        delta_2 += [] if result["status"] == "not-valid" else [result["quantile"][1]]
        os.rename("out/s_test.json", f"s_{number}.json")
        for place, status in enumerate(found):
            seen[place, status] = seen.get((place, status), 0) + 1
    for place in range(8):
        assert seen.get((place, "normal"), 0) > n / 30, (place, seen)
    assert all(seen.get((place, "not-valid"), 0) > 0 for place in range(1, 8)), seen
    assert all(seen.get((place, "undersampled"), 0) > 0 for place in (1, 3, 6, 7)), seen
    check_calibration([f"s_{number}.json" for number in range(n)], delta_2)
    ties = sum(count for (_, status), count in seen.items() if status == "tie by rounding")
    assert ties <= 0.03 * n, ties
    print(n, "forecasts:", seen)


main()
