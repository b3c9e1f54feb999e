from datetime import date

import numpy

from scenarios.advisor.models import Series, Source

SOURCE = Source(file="made.csv", sha256="0", table="nav", rows="all")


def made(values, name="A", first=date(2024, 1, 2)):
    days = numpy.busday_offset(numpy.datetime64(first), numpy.arange(len(values)), roll="forward")
    return Series(name, days, numpy.asarray(values, dtype=float), SOURCE)


def grown(returns):
    return numpy.cumprod(numpy.r_[1.0, 1.0 + numpy.asarray(returns)])


def wavy(count, seed=1, scale=0.01, drift=0.0003):
    return made(grown(numpy.random.default_rng(seed).normal(drift, scale, count - 1)))
