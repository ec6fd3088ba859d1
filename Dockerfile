# The worker and its guard: what the Jobs of kubectl-scalardl run. `npm run build` makes dist/worker.mjs, dist/guard.mjs and both
# images.
#   worker      no database tools: for databases whose cloud makes the backup
#   worker-sql  with pg_dump and pg_restore
ARG NODE_IMAGE=docker.io/library/node:26-trixie-slim

# pg_dump refuses a server that is newer than itself, so they are of the newest PostgreSQL that Debian has: of its next release,
# with the library that they share. All else stays of this one. The programs alone: the package wants Perl for its wrappers.
FROM ${NODE_IMAGE} AS sql-tools
ARG POSTGRESQL=18
ARG POSTGRESQL_FROM=forky
RUN apt-get update \
 && mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1) \
 && echo "deb $mirror $POSTGRESQL_FROM main" >/etc/apt/sources.list.d/postgresql.list \
 && printf 'Package: *\nPin: release n=%s\nPin-Priority: 100\n' "$POSTGRESQL_FROM" >/etc/apt/preferences.d/postgresql \
 && apt-get update \
 && apt-get install --yes --no-install-recommends "libpq5/$POSTGRESQL_FROM" liblz4-1 libzstd1 zlib1g \
 && cd /tmp && apt-get download "postgresql-client-$POSTGRESQL/$POSTGRESQL_FROM" \
 && dpkg-deb --fsys-tarfile "postgresql-client-${POSTGRESQL}_"*.deb \
  | tar --extract --directory /usr/local/bin --strip-components 6 \
    "./usr/lib/postgresql/$POSTGRESQL/bin/pg_dump" "./usr/lib/postgresql/$POSTGRESQL/bin/pg_restore" \
 && pg_dump --version && pg_restore --version \
 && rm -rf /tmp/* /etc/apt/sources.list.d/postgresql.list /etc/apt/preferences.d/postgresql \
    /var/lib/apt/lists/* /var/cache/apt/* /var/log/*

FROM sql-tools AS worker-sql
COPY dist/worker.mjs dist/worker.mjs.licenses.txt dist/guard.mjs dist/guard.mjs.licenses.txt LICENSE /opt/kubectl-scalardl/
USER 65532:65532
ENV NODE_ENV=production
ENTRYPOINT ["node", "/opt/kubectl-scalardl/worker.mjs"]

FROM ${NODE_IMAGE} AS worker
COPY dist/worker.mjs dist/worker.mjs.licenses.txt dist/guard.mjs dist/guard.mjs.licenses.txt LICENSE /opt/kubectl-scalardl/
USER 65532:65532
ENV NODE_ENV=production
ENTRYPOINT ["node", "/opt/kubectl-scalardl/worker.mjs"]
