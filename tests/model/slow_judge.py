"""A slow judge of event tables, written from the rules of the records alone; it shares no code with the engine.

It walks through the records one by one with a list of pending arrivals and running infusions, moves the state with
SciPy, and makes a steady state by really giving the doses of the past `reach` hours.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm

EPS = 1e-12


def by_expm(matrix):
    """Mover for dy/dt = A·y + r with A from the quantities."""
    kept = {}

    def move(p, y, r, start, end):
        n, key = len(y), (*p.values(), *r, round(end - start, 12))
        if key not in kept:
            a = matrix(p)
            big = np.zeros((n + 1, n + 1))
            big[:n, :n], big[:n, n] = a, r
            kept[key] = expm(big * (end - start))
        return (kept[key] @ np.append(y, 1.0))[:n]

    return move


def by_ode(rhs):
    """Mover for any right-hand side rhs(t, y, p), by DOP853 with tight tolerances."""

    def move(p, y, r, start, end):
        done = solve_ivp(
            lambda t, x: rhs(t, x, p) + r, (start, end), y, method="DOP853", rtol=1e-11, atol=1e-13, max_step=np.inf
        )
        assert done.success
        return done.y[:, -1]

    return move


class Judge:
    """States after every record of one person."""

    def __init__(self, n, quantities, entry, move, rule="nocb", reach=300.0):
        self.n, self.quantities, self.entry, self.move = n, quantities, entry, move
        self.rule, self.reach = rule, reach

    def walk(self, s):
        self.s, self.now, self.y = s, float(s.time[0]), np.zeros(self.n)
        self.running, self.pending, states = [], [], []
        for i in range(len(s)):
            self.advance(float(s.time[i]), i)
            evid = int(s.evid[i])
            if evid in (3, 4):
                self.y, self.running, self.pending = np.zeros(self.n), [], []
            if evid in (1, 4):
                self.dose(i)
            states.append(self.y.copy())
        return np.array(states)

    def between(self, i):
        """Record whose covariates hold on the way to record i."""
        if self.rule == "nocb":
            return int(np.flatnonzero(self.s.time == self.s.time[i])[0])
        return int(np.flatnonzero(self.s.time < self.s.time[i])[-1])

    def advance(self, to, i):
        """Give everything that arrives up to (and at) `to`, moving in between."""
        while True:
            p = self.quantities(self.s, self.between(i)) if to > self.now else None
            times = [to] + [x[0] for x in self.pending] + [x[0] for x in self.running]
            stop = min(times)
            if stop > self.now:
                self.y = self.move(p, self.y, self.input(), self.now, stop)
                self.now = stop
            ended = [x for x in self.running if x[0] <= self.now]
            self.running = [x for x in self.running if x[0] > self.now]
            arrived = [x for x in self.pending if x[0] <= self.now]
            self.pending = [x for x in self.pending if x[0] > self.now]
            for x in arrived:
                self.arrive(x)
            if not ended and not arrived and self.now >= to:
                return

    def input(self):
        r = np.zeros(self.n)
        for _, cmt, rate in self.running:
            r[cmt] += rate
        return r

    def arrive(self, x):
        time, cmt, amount, rate, duration = x
        if rate > 0:
            if duration > 0:
                self.running.append((time + duration, cmt, rate))
        else:
            self.y[cmt] += amount

    def one(self, i, at):
        """(lag, compartment, amount, rate, duration) of the dose of record i with the covariates of record `at`."""
        s, cmt = self.s, max(int(self.s.cmt[i]), 1) - 1
        f, lag, dur, r = self.entry(self.s, at, cmt)
        amount, code = f * s.amt[i], s.rate[i]
        if code > 0:
            return lag, cmt, amount, code, amount / code
        if code == -1:
            return lag, cmt, amount, r, amount / r
        if code == -2:
            return lag, cmt, amount, amount / dur, dur
        return lag, cmt, amount, 0.0, 0.0

    def dose(self, i):
        s, t = self.s, float(self.s.time[i])
        lag, *what = self.one(i, i)
        if s.ss[i]:
            if s.ss[i] == 1:
                self.y, self.running, self.pending = np.zeros(self.n), [], []
            self.steady(i, lag, what)
        if s.amt[i] > 0:
            (self.pending.append if lag > 0 else self.arrive)((t + lag, *what))
        for k in range(1, int(s.addl[i]) + 1):
            at = t + k * float(s.ii[i])
            if at > s.time[-1]:
                break
            same = s.time >= at if self.rule == "nocb" else s.time < at
            lag, *what = self.one(i, int(np.flatnonzero(same)[0 if self.rule == "nocb" else -1]))
            self.pending.append((at + lag, *what))

    def steady(self, i, lag, what):
        """Give the past doses to an empty system; add the state, and let their infusions run on."""
        s, t = self.s, float(self.s.time[i])
        p = self.quantities(s, i)
        cmt, amount, rate, duration = what
        if s.ii[i] == 0:
            y, r = np.zeros(self.n), np.zeros(self.n)
            r[cmt] = rate
            self.y = self.y + self.move(p, y, r, 0.0, self.reach)
            return
        count = int(np.ceil(self.reach / s.ii[i]))
        starts = t + lag - np.arange(count, 0, -1) * float(s.ii[i])
        moments = sorted({*starts, *(x for x in starts + duration if x < t), t})
        y, now = np.zeros(self.n), moments[0]
        for stop in moments:
            r = np.zeros(self.n)
            r[cmt] = rate * np.sum((starts <= now + EPS) & (starts + duration > now + EPS))
            if stop > now + EPS:
                y = self.move(p, y, r, now, stop)
                now = stop
            if rate == 0 and np.min(np.abs(starts - stop)) < EPS:
                y[cmt] += amount
        self.y = self.y + y
        self.running += [(x + duration, cmt, rate) for x in starts if rate > 0 and x + duration > t]
