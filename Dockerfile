FROM python:3.12-slim-bookworm

# A mirror of your own, where you have one: --build-arg PIP_INDEX_URL=...
ARG PIP_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TRIAGE_HOME=/var/lib/triage

RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/triage --shell /usr/sbin/nologin triage \
    && install --directory --owner=triage --group=triage --mode=0700 /var/lib/triage

WORKDIR /srv/triage

# Wheels only: nothing is built here, and no compiler is needed. The packages are one layer, which changes with the lock alone.
COPY requirements.lock ./
RUN pip install --require-hashes --only-binary=:all: --requirement requirements.lock

# What is not written here by name is not in the image: no test, no tool, no key.
COPY pyproject.toml requirements.in ./
COPY fixtures/LICENSES fixtures/LICENSES
COPY fixtures/bank fixtures/bank
COPY fixtures/facts fixtures/facts
COPY fixtures/inbox fixtures/inbox
COPY config config
COPY tasks tasks
COPY worker worker
RUN pip install --no-deps --no-build-isolation --editable . \
    && python -m compileall -q config tasks worker

# By number, so that a cluster that forbids root can tell.
USER 10001:10001
VOLUME /var/lib/triage
STOPSIGNAL SIGTERM
CMD ["triage", "--help"]
