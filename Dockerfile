# syntax=docker/dockerfile:1

FROM node:22-bookworm-slim AS front
WORKDIR /build
COPY parindex/ui/package.json parindex/ui/package-lock.json parindex/ui/.npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim-bookworm AS packages
WORKDIR /build
COPY Makefile pyproject.toml requirements.txt ./
# What runs, and not what tests: the dependencies of pyproject.toml at the versions and hashes of the lock.
RUN pip install --no-cache-dir "uv==$(sed -n 's/^UV_VERSION *:= *//p' Makefile)" \
 && python -m venv /opt/venv \
 && uv pip install --no-cache --python /opt/venv/bin/python -r pyproject.toml -c requirements.txt

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=parindex.settings.production \
    DATA_DIR=/data
RUN groupadd --gid 10001 parindex \
 && useradd --uid 10001 --gid parindex --no-create-home --home-dir /nonexistent parindex \
 && install -d -o parindex -g parindex -m 750 /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY manage.py ./
COPY parindex parindex
COPY agencies agencies
COPY evidence evidence
COPY scoring scoring
COPY templates templates
COPY static static
COPY --from=front /build/node_modules parindex/ui/node_modules
# Collected with settings that leave nothing behind: a key made up for this one command.
RUN DJANGO_SETTINGS_MODULE=parindex.settings.collect DATA_DIR=/tmp/collect python manage.py collectstatic --no-input --verbosity 0 \
 && rm -r /tmp/collect
USER parindex
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-m", "parindex.health"]
CMD ["gunicorn", "parindex.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--timeout", "120", "--worker-tmp-dir", "/dev/shm", "--log-level", "warning"]
