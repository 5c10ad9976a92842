# One image for the web process, the worker, the beat and the migrations (docker-compose.yml says which runs what).

FROM node:22-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY static/scss static/scss
RUN mkdir -p static/build && npm run build

FROM python:3.13-slim AS packages
COPY requirements.txt .
# Every package is checked against the hash in the lock.
RUN python -m venv /opt/portal \
 && /opt/portal/bin/pip install --no-cache-dir --no-compile --require-hashes --requirement requirements.txt

FROM python:3.13-slim
# Charts are drawn with Liberation Sans, which is as wide as Arial.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends fonts-liberation \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /portal --shell /usr/sbin/nologin portal
ENV PATH=/opt/portal/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DEBUG=off
WORKDIR /portal
COPY --from=packages /opt/portal /opt/portal
COPY manage.py ./
COPY core core
COPY accounts accounts
COPY milestones milestones
COPY risks risks
COPY board board
COPY pap_portal pap_portal
COPY templates templates
COPY demo demo
COPY static static
COPY --from=assets /build/static/build static/build
# The key only lets the command start; it signs nothing.
RUN SECRET_KEY=only-while-the-image-is-built python manage.py collectstatic --no-input --verbosity 0 \
 && mkdir -p var/media \
 && chown -R portal:portal var
USER portal
VOLUME /portal/var
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["gunicorn", "--config", "python:pap_portal.gunicorn"]
